use tenure_domain::{Family, MerchantId};

use super::*;

const START: Instant = Instant::from_seconds(1_767_323_045);

fn order(number: u32) -> Pending {
    let line = tenure_testkit::order_line(number);
    Pending {
        merchant: MerchantId::parse("acme").unwrap(),
        license: tenure_testkit::code(number),
        family: Family::Saas,
        listing: tenure_testkit::listing(),
        order: line.order,
        line: Some(line.line),
    }
}

fn orders(numbers: std::ops::RangeInclusive<u32>) -> Vec<Pending> {
    numbers.map(order).collect()
}

fn lane() -> Lane {
    Lane::new(5, 1, START)
}

fn after(millis: i64) -> Instant {
    plus_micros(START, millis * 1_000)
}

/// Asks once, as soon as the lane may, and notes how it ended; says about what and when.
fn ask(lane: &mut Lane, pending: &[Pending], ending: Ending) -> (Pending, Instant) {
    for _ in 0..1_000 {
        let now = lane.looks_at().expect("no question is under way");
        if let Some(order) = lane.choose(pending, now) {
            lane.note(&order, ending, None, now);
            return (order, now);
        }
    }
    panic!("it asks about nothing");
}

fn seconds(from: Instant, to: Instant) -> i64 {
    to.micros_since(from) / 1_000_000
}

#[test]
fn the_oldest_order_is_asked_about_first_in_a_steady_pace() {
    let (mut lane, pending) = (lane(), orders(1..=3));
    for (number, millis) in [(1, 0), (2, 200), (3, 400)] {
        let (asked, at) = ask(&mut lane, &pending, Ending::Known);
        assert_eq!((asked, at), (order(number), after(millis)));
    }
}

#[test]
fn one_question_is_under_way_at_most() {
    let (mut lane, pending) = (lane(), orders(1..=2));
    let asked = lane.choose(&pending, START).unwrap();
    assert_eq!(lane.looks_at(), None);
    lane.wake();
    assert_eq!(lane.looks_at(), None);
    lane.note(&asked, Ending::Known, None, after(900));
    assert_eq!(lane.looks_at(), Some(after(200)));
}

#[test]
fn with_nothing_to_ask_it_looks_when_it_is_told_to_or_after_a_minute() {
    let mut lane = lane();
    assert_eq!(lane.choose(&[], START), None);
    assert_eq!(lane.looks_at(), Some(START.plus_seconds(60)));
    lane.wake();
    assert_eq!(lane.looks_at(), Some(after(200)));
}

#[test]
fn an_order_without_details_is_asked_about_after_growing_times_and_blocks_no_other() {
    let mut lane = lane();
    let mut gaps = Vec::new();
    let (_, mut last) = ask(&mut lane, &orders(1..=1), Ending::Final);
    for number in 2..=4 {
        let (asked, at) = ask(&mut lane, &orders(1..=number), Ending::Known);
        assert_eq!(asked, order(number));
        assert!(seconds(last, at) < 2);
    }
    for _ in 0..11 {
        let (asked, at) = ask(&mut lane, &orders(1..=1), Ending::Final);
        assert_eq!(asked, order(1));
        gaps.push(seconds(last, at) / 60);
        last = at;
    }
    assert_eq!(gaps, [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360]);
}

#[test]
fn an_order_that_stays_pending_though_it_is_known_is_not_asked_about_at_once() {
    let mut lane = lane();
    let (_, first) = ask(&mut lane, &orders(1..=1), Ending::Known);
    let (_, second) = ask(&mut lane, &orders(1..=1), Ending::Known);
    let (_, third) = ask(&mut lane, &orders(1..=1), Ending::Known);
    assert_eq!((seconds(first, second), seconds(second, third)), (60, 120));
}

#[test]
fn after_failures_it_rests_ever_longer_and_asks_about_another_order() {
    let (mut lane, pending) = (lane(), orders(1..=2));
    let (mut asked, mut rests) = (Vec::new(), Vec::new());
    let (first, mut last) = ask(&mut lane, &pending, Ending::Failed);
    asked.push(first);
    for _ in 0..12 {
        let (order, at) = ask(&mut lane, &pending, Ending::Failed);
        asked.push(order);
        rests.push(at.micros_since(last));
        last = at;
    }
    let alternating = [order(1), order(2)].into_iter().cycle();
    assert_eq!(asked, alternating.take(13).collect::<Vec<_>>());
    for (rest, longest) in rests
        .iter()
        .zip([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300])
    {
        let longest = longest * 1_000_000;
        assert!((longest / 2).max(1_000_000) <= *rest && *rest <= longest);
    }
    assert_ne!(
        rests[9], rests[10],
        "two rests of the same length: no jitter"
    );

    ask(&mut lane, &pending, Ending::Known);
    let (_, before) = ask(&mut lane, &pending, Ending::Failed);
    let (_, at) = ask(&mut lane, &pending, Ending::Failed);
    assert_eq!(seconds(before, at), 1, "an answer ends the row of failures");
}

#[test]
fn the_same_seed_gives_the_same_rests() {
    let rests = |seed| {
        let mut lane = Lane::new(5, seed, START);
        let ends: Vec<_> = (0..10)
            .map(|_| ask(&mut lane, &orders(1..=1), Ending::Failed).1)
            .collect();
        ends
    };
    assert_eq!(rests(7), rests(7));
    assert_ne!(rests(7), rests(8));
}

#[test]
fn failures_do_not_put_an_order_off_for_hours() {
    let mut lane = lane();
    for _ in 0..20 {
        ask(&mut lane, &orders(1..=1), Ending::Failed);
    }
    let (_, last) = ask(&mut lane, &orders(1..=1), Ending::Final);
    let (_, at) = ask(&mut lane, &orders(1..=1), Ending::Final);
    assert_eq!(seconds(last, at), 60);
}

#[test]
fn a_listing_that_is_denied_access_asks_again_after_an_hour() {
    let (mut lane, pending) = (lane(), orders(1..=2));
    let (_, denied) = ask(&mut lane, &pending, Ending::Denied);
    lane.wake();
    let (_, at) = ask(&mut lane, &pending, Ending::Denied);
    assert_eq!(seconds(denied, at), 3_600);
}

#[test]
fn a_denied_order_is_put_off_alone_when_another_is_answered() {
    let (mut lane, pending) = (lane(), orders(1..=3));
    let (_, mut last) = ask(&mut lane, &pending, Ending::OrderDenied);
    let (asked, at) = ask(&mut lane, &pending, Ending::Known);
    assert_eq!((asked, at), (order(2), after(200)));
    assert!(!lane.is_stopped());

    let mut gaps = Vec::new();
    for number in 4..=8 {
        // Others are answered in between, and nothing else is pending when this one is denied.
        ask(&mut lane, &[order(number)], Ending::Known);
        let (_, at) = ask(&mut lane, &orders(1..=1), Ending::OrderDenied);
        assert_eq!(lane.choose(&orders(1..=1), at), None);
        assert!(!lane.is_stopped());
        gaps.push(seconds(last, at) / 3_600);
        last = at;
    }
    assert_eq!(gaps, [1, 2, 4, 6, 6]);
}

#[test]
fn a_second_denied_order_in_a_row_stops_the_listing_for_an_hour() {
    let (mut lane, pending) = (lane(), orders(1..=3));
    ask(&mut lane, &pending, Ending::OrderDenied);
    assert!(!lane.is_stopped());
    let (asked, denied) = ask(&mut lane, &pending, Ending::OrderDenied);
    assert_eq!(asked, order(2));
    assert!(lane.is_stopped());
    let (asked, at) = ask(&mut lane, &pending, Ending::Known);
    assert_eq!((asked, seconds(denied, at)), (order(3), 3_600));
    assert!(!lane.is_stopped());
}

#[test]
fn a_denied_order_stops_the_listing_if_there_is_no_other_to_ask_about() {
    let (mut lane, pending) = (lane(), orders(1..=1));
    let (_, denied) = ask(&mut lane, &pending, Ending::OrderDenied);
    assert_eq!(lane.choose(&pending, after(200)), None);
    assert!(lane.is_stopped());
    let rested = plus_micros(denied.plus_seconds(3_600), 200_000);
    assert_eq!(lane.looks_at(), Some(rested));
    lane.forget_others(&[], true, denied.plus_seconds(3_601));
    assert!(!lane.is_stopped(), "nothing is pending any more");
}

#[test]
fn a_failure_ends_a_stop() {
    let mut lane = lane();
    ask(&mut lane, &orders(1..=1), Ending::Denied);
    assert!(lane.is_stopped());
    ask(&mut lane, &orders(1..=1), Ending::Failed);
    assert!(!lane.is_stopped());
}

#[test]
fn an_order_that_fails_while_others_are_answered_is_put_off() {
    let mut lane = lane();
    let (mut gaps, mut last) = (Vec::new(), START);
    for number in 2..=12 {
        ask(&mut lane, &[order(number)], Ending::Known);
        let (_, at) = ask(&mut lane, &orders(1..=1), Ending::Failed);
        gaps.push(seconds(last, at) / 60);
        last = at;
    }
    assert_eq!(gaps, [0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60]);
}

#[test]
fn a_clock_that_steps_back_holds_up_nothing() {
    let day = -24 * 3_600;
    let (mut lane, pending) = (lane(), orders(1..=1));
    ask(&mut lane, &pending, Ending::Final);
    lane.see(START.plus_seconds(day));
    let (_, at) = ask(&mut lane, &pending, Ending::Denied);
    assert_eq!(seconds(START, at), day + 60);
    lane.see(plus_micros(at, -5_000_000));
    let rested = lane.looks_at().unwrap();
    assert_eq!(seconds(at, rested), 3_595);
}

#[test]
fn what_it_remembers_is_bounded_and_what_is_put_off_stays_put_off() {
    let count = u32::try_from(DELAYS_MAX).unwrap() + 50;
    let mut lane = Lane::new(1_000_000, 1, START);
    for number in 1..count {
        let asked = lane.choose(&[order(number)], START);
        if let Some(asked) = asked {
            lane.note(&asked, Ending::Final, None, START);
        }
    }
    assert_eq!(lane.delays.len(), DELAYS_MAX);
    // Neither the newest order nor one that is put off is asked about before the first is due.
    let pending = [order(1), order(2), order(count)];
    let due = START.plus_seconds(60);
    assert_eq!(lane.looks_at(), Some(due));
    assert_eq!(lane.choose(&pending, after(59_999)), None);
    assert_eq!(lane.choose(&pending, due), Some(order(1)));
    lane.note(&order(1), Ending::Final, None, due);
}

#[test]
fn what_is_no_longer_pending_is_forgotten() {
    let (mut lane, pending) = (lane(), orders(1..=20));
    for _ in &pending {
        ask(&mut lane, &pending, Ending::Final);
    }
    lane.forget_others(&pending[..10], false, after(4_000));
    assert_eq!(lane.delays.len(), 20, "they are put off still");
    lane.forget_others(&pending[..10], false, after(70_000));
    assert_eq!(lane.delays.len(), 10);
    lane.forget_others(&[], true, after(70_000));
    assert!(lane.delays.is_empty());
}
