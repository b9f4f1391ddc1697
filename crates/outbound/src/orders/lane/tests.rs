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
            lane.note(&order, ending, now);
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
    lane.note(&asked, Ending::Known, after(900));
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
fn what_it_remembers_is_bounded_and_the_rest_is_asked_about_all_the_same() {
    let (mut lane, pending) = (lane(), orders(1..=1_000));
    let mut asked = BTreeSet::new();
    for _ in 0..1_000 {
        let now = lane.looks_at().unwrap();
        let order = lane.choose(&pending[..lane.rows_wanted().min(1_000)], now);
        let order = order.unwrap();
        lane.note(&order, Ending::Final, START);
        asked.insert(key(&order));
        assert!(lane.delays.len() <= DELAYS_MAX);
    }
    assert!(asked.len() > DELAYS_MAX, "{}", asked.len());
    let due = START.plus_seconds(60);
    lane.forget_others(&pending[..10], false, after(0));
    assert_eq!(lane.delays.len(), DELAYS_MAX);
    lane.forget_others(&pending[990..], false, due);
    assert!(lane.delays.len() <= 10);
    lane.forget_others(&[], true, START);
    assert!(lane.delays.is_empty());
}
