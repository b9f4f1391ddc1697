use super::*;

const START: Instant = Instant::from_seconds(1_767_323_045);

/// Items are told apart by their hash; a number will do.
type Item = u32;

const NOTHING: &[Item] = &[];

fn items(numbers: std::ops::RangeInclusive<u32>) -> Vec<Item> {
    numbers.collect()
}

fn lane() -> Lane {
    lane_of(Pauses::MARKETPLACE)
}

fn lane_of(pauses: Pauses) -> Lane {
    Lane::new(pauses, 5, 1, START)
}

fn after(millis: i64) -> Instant {
    plus_micros(START, millis * 1_000)
}

/// Attempts once, as soon as the lane may, and notes how it ended; says what and when.
fn attempt(lane: &mut Lane, pending: &[Item], ending: Ending) -> (Item, Instant) {
    for _ in 0..1_000 {
        let now = lane.looks_at().expect("no question is under way");
        if let Some(item) = lane.choose(pending, now) {
            lane.note(&item, ending, None, now);
            return (item, now);
        }
    }
    panic!("it attempts nothing");
}

fn seconds(from: Instant, to: Instant) -> i64 {
    to.micros_since(from) / 1_000_000
}

#[test]
fn the_oldest_item_is_attempted_first_in_a_steady_pace() {
    let (mut lane, pending) = (lane(), items(1..=3));
    for (number, millis) in [(1, 0), (2, 200), (3, 400)] {
        let (attempted, at) = attempt(&mut lane, &pending, Ending::Done);
        assert_eq!((attempted, at), (number, after(millis)));
    }
}

#[test]
fn one_attempt_is_under_way_at_most() {
    let (mut lane, pending) = (lane(), items(1..=2));
    let attempted = lane.choose(&pending, START).unwrap();
    assert_eq!(lane.looks_at(), None);
    lane.wake();
    assert_eq!(lane.looks_at(), None);
    lane.note(&attempted, Ending::Done, None, after(900));
    assert_eq!(lane.looks_at(), Some(after(200)));
}

#[test]
fn with_nothing_to_do_it_looks_when_it_is_told_to_or_after_a_minute() {
    let mut lane = lane();
    assert_eq!(lane.choose::<Item>(&[], START), None);
    assert_eq!(lane.looks_at(), Some(START.plus_seconds(60)));
    lane.wake();
    assert_eq!(lane.looks_at(), Some(after(200)));
}

#[test]
fn an_item_that_cannot_be_done_is_attempted_after_growing_times_and_blocks_no_other() {
    let mut lane = lane();
    let mut gaps = Vec::new();
    let (_, mut last) = attempt(&mut lane, &items(1..=1), Ending::Final);
    for number in 2..=4 {
        let (attempted, at) = attempt(&mut lane, &items(1..=number), Ending::Done);
        assert_eq!(attempted, number);
        assert!(seconds(last, at) < 2);
    }
    for _ in 0..11 {
        let (attempted, at) = attempt(&mut lane, &items(1..=1), Ending::Final);
        assert_eq!(attempted, 1);
        gaps.push(seconds(last, at) / 60);
        last = at;
    }
    assert_eq!(gaps, [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360]);
}

#[test]
fn an_item_that_stays_pending_though_it_is_done_is_not_attempted_at_once() {
    let mut lane = lane();
    let (_, first) = attempt(&mut lane, &items(1..=1), Ending::Done);
    let (_, second) = attempt(&mut lane, &items(1..=1), Ending::Done);
    let (_, third) = attempt(&mut lane, &items(1..=1), Ending::Done);
    assert_eq!((seconds(first, second), seconds(second, third)), (60, 120));
}

#[test]
fn after_failures_it_rests_ever_longer_and_attempts_another_item() {
    let (mut lane, pending) = (lane(), items(1..=2));
    let (mut attempted, mut rests) = (Vec::new(), Vec::new());
    let (first, mut last) = attempt(&mut lane, &pending, Ending::Failed);
    attempted.push(first);
    for _ in 0..12 {
        let (item, at) = attempt(&mut lane, &pending, Ending::Failed);
        attempted.push(item);
        rests.push(at.micros_since(last));
        last = at;
    }
    let alternating = [1, 2].into_iter().cycle();
    assert_eq!(attempted, alternating.take(13).collect::<Vec<_>>());
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

    attempt(&mut lane, &pending, Ending::Done);
    let (_, before) = attempt(&mut lane, &pending, Ending::Failed);
    let (_, at) = attempt(&mut lane, &pending, Ending::Failed);
    assert_eq!(seconds(before, at), 1, "an answer ends the row of failures");
}

#[test]
fn the_same_seed_gives_the_same_rests() {
    let rests = |seed| {
        let mut lane = Lane::new(Pauses::MARKETPLACE, 5, seed, START);
        let ends: Vec<_> = (0..10)
            .map(|_| attempt(&mut lane, &items(1..=1), Ending::Failed).1)
            .collect();
        ends
    };
    assert_eq!(rests(7), rests(7));
    assert_ne!(rests(7), rests(8));
}

#[test]
fn failures_do_not_put_an_item_off_for_hours() {
    let mut lane = lane();
    for _ in 0..20 {
        attempt(&mut lane, &items(1..=1), Ending::Failed);
    }
    let (_, last) = attempt(&mut lane, &items(1..=1), Ending::Final);
    let (_, at) = attempt(&mut lane, &items(1..=1), Ending::Final);
    assert_eq!(seconds(last, at), 60);
}

#[test]
fn a_listing_that_is_denied_access_attempts_again_after_an_hour() {
    let (mut lane, pending) = (lane(), items(1..=2));
    let (_, denied) = attempt(&mut lane, &pending, Ending::Denied);
    lane.wake();
    let (_, at) = attempt(&mut lane, &pending, Ending::Denied);
    assert_eq!(seconds(denied, at), 3_600);
}

#[test]
fn a_denied_item_is_put_off_alone_when_another_is_answered() {
    let (mut lane, pending) = (lane(), items(1..=3));
    let (_, mut last) = attempt(&mut lane, &pending, Ending::ItemDenied);
    let (attempted, at) = attempt(&mut lane, &pending, Ending::Done);
    assert_eq!((attempted, at), (2, after(200)));
    assert!(!lane.is_stopped());

    let mut gaps = Vec::new();
    for number in 4..=8 {
        // Others are answered in between, and nothing else is pending when this one is denied.
        attempt(&mut lane, &[number], Ending::Done);
        let (_, at) = attempt(&mut lane, &items(1..=1), Ending::ItemDenied);
        assert_eq!(lane.choose(&items(1..=1), at), None);
        assert!(!lane.is_stopped());
        gaps.push(seconds(last, at) / 3_600);
        last = at;
    }
    assert_eq!(gaps, [1, 2, 4, 6, 6]);
}

#[test]
fn a_second_denied_item_in_a_row_stops_the_listing_for_an_hour() {
    let (mut lane, pending) = (lane(), items(1..=3));
    attempt(&mut lane, &pending, Ending::ItemDenied);
    assert!(!lane.is_stopped());
    let (attempted, denied) = attempt(&mut lane, &pending, Ending::ItemDenied);
    assert_eq!(attempted, 2);
    assert!(lane.is_stopped());
    let (attempted, at) = attempt(&mut lane, &pending, Ending::Done);
    assert_eq!((attempted, seconds(denied, at)), (3, 3_600));
    assert!(!lane.is_stopped());
}

#[test]
fn a_denied_item_stops_the_listing_if_there_is_no_other() {
    let (mut lane, pending) = (lane(), items(1..=1));
    let (_, denied) = attempt(&mut lane, &pending, Ending::ItemDenied);
    assert_eq!(lane.choose(&pending, after(200)), None);
    assert!(lane.is_stopped());
    let rested = plus_micros(denied.plus_seconds(3_600), 200_000);
    assert_eq!(lane.looks_at(), Some(rested));
    lane.forget_others(NOTHING, true, denied.plus_seconds(3_601));
    assert!(!lane.is_stopped(), "nothing is pending any more");
}

#[test]
fn a_failure_ends_a_stop() {
    let mut lane = lane();
    attempt(&mut lane, &items(1..=1), Ending::Denied);
    assert!(lane.is_stopped());
    attempt(&mut lane, &items(1..=1), Ending::Failed);
    assert!(!lane.is_stopped());
}

#[test]
fn an_item_that_fails_while_others_are_answered_is_put_off() {
    let mut lane = lane();
    let (mut gaps, mut last) = (Vec::new(), START);
    for number in 2..=12 {
        attempt(&mut lane, &[number], Ending::Done);
        let (_, at) = attempt(&mut lane, &items(1..=1), Ending::Failed);
        gaps.push(seconds(last, at) / 60);
        last = at;
    }
    assert_eq!(gaps, [0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60]);
}

#[test]
fn a_clock_that_steps_back_holds_up_nothing() {
    let day = -24 * 3_600;
    let (mut lane, pending) = (lane(), items(1..=1));
    attempt(&mut lane, &pending, Ending::Final);
    lane.see(START.plus_seconds(day));
    let (_, at) = attempt(&mut lane, &pending, Ending::Denied);
    assert_eq!(seconds(START, at), day + 60);
    lane.see(plus_micros(at, -5_000_000));
    let rested = lane.looks_at().unwrap();
    assert_eq!(seconds(at, rested), 3_595);
}

#[test]
fn what_it_remembers_is_bounded_and_what_is_put_off_stays_put_off() {
    let count = u32::try_from(DELAYS_MAX).unwrap() + 50;
    let mut lane = Lane::new(Pauses::MARKETPLACE, 1_000_000, 1, START);
    for number in 1..count {
        let attempted = lane.choose(&[number], START);
        if let Some(attempted) = attempted {
            lane.note(&attempted, Ending::Final, None, START);
        }
    }
    assert_eq!(lane.delays.len(), DELAYS_MAX);
    // Neither the newest item nor one that is put off is attempted before the first is due.
    let pending = [1, 2, count];
    let due = START.plus_seconds(60);
    assert_eq!(lane.looks_at(), Some(due));
    assert_eq!(lane.choose(&pending, after(59_999)), None);
    assert_eq!(lane.choose(&pending, due), Some(1));
    lane.note(&1, Ending::Final, None, due);
}

#[test]
fn what_is_no_longer_pending_is_forgotten() {
    let (mut lane, pending) = (lane(), items(1..=20));
    for _ in &pending {
        attempt(&mut lane, &pending, Ending::Final);
    }
    lane.forget_others(&pending[..10], false, after(4_000));
    assert_eq!(lane.delays.len(), 20, "they are put off still");
    lane.forget_others(&pending[..10], false, after(70_000));
    assert_eq!(lane.delays.len(), 10);
    lane.forget_others(NOTHING, true, after(70_000));
    assert!(lane.delays.is_empty());
}

#[test]
fn what_was_promised_for_later_is_left_alone_until_then() {
    let mut lane = lane();
    let (_, mut last) = attempt(&mut lane, &items(1..=1), Ending::Later(3_600));
    for number in 2..=4 {
        assert_eq!(attempt(&mut lane, &[1, number], Ending::Done).0, number);
        let (attempted, at) = attempt(&mut lane, &items(1..=1), Ending::Later(3_600));
        assert_eq!(
            (attempted, seconds(last, at)),
            (1, 3_600),
            "it grows no longer"
        );
        last = at;
    }
}

#[test]
fn what_comes_too_early_is_put_off_alone_and_tells_nothing_of_the_other_side() {
    let mut lane = lane_of(Pauses {
        failures_max: 1,
        ..Pauses::MARKETPLACE
    });
    attempt(&mut lane, &[1], Ending::Failed);
    let (_, before) = attempt(&mut lane, &[2], Ending::NotYet(3));
    assert!(lane.is_stopped());
    let (attempted, at) = attempt(&mut lane, &[2], Ending::Done);
    assert_eq!((attempted, seconds(before, at)), (2, 3));
}

#[test]
fn so_many_failures_in_a_row_as_a_person_should_know_of_stop_it_until_one_is_answered() {
    let mut lane = lane_of(Pauses {
        failures_max: 3,
        ..Pauses::MARKETPLACE
    });
    let stops = [Ending::Failed, Ending::Failed, Ending::Failed, Ending::Done];
    let stops = stops.map(|ending| {
        attempt(&mut lane, &items(1..=1), ending);
        lane.is_stopped()
    });
    assert_eq!(stops, [false, false, true, false]);
    for _ in 0..3 {
        attempt(&mut lane, &items(1..=1), Ending::Failed);
    }
    let (_, last) = attempt(&mut lane, &items(1..=1), Ending::Failed);
    assert!(lane.is_stopped());
    lane.forget_others(NOTHING, true, last);
    assert!(!lane.is_stopped(), "nothing is pending any more");
}
