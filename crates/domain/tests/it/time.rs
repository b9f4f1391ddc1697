//! Instants, at the ends of what they can hold.

use proptest::prelude::*;
use tenure_domain::Instant;

#[test]
fn instants_saturate_at_their_ends() {
    let first = Instant::from_micros(i64::MIN);
    assert_eq!(Instant::from_seconds(i64::MAX), Instant::MAX);
    assert_eq!(Instant::from_seconds(i64::MIN), first);
    assert_eq!(Instant::MAX.plus_seconds(1), Instant::MAX);
    assert_eq!(Instant::EPOCH.plus_seconds(i64::MAX), Instant::MAX);
    assert_eq!(first.plus_seconds(-1), first);
    assert_eq!(Instant::MAX.micros_since(first), i64::MAX);
    assert_eq!(first.micros_since(Instant::MAX), i64::MIN);
}

#[test]
fn milliseconds_are_rounded_towards_the_past() {
    for (micros, millis) in [
        (1_999, 1),
        (1_000, 1),
        (0, 0),
        (-1, -1),
        (-1_000, -1),
        (-1_001, -2),
    ] {
        assert_eq!(Instant::from_micros(micros).millis(), millis, "{micros}µs");
    }
}

proptest! {
    #[test]
    fn later_by_seconds_is_as_much_later(micros in -1_i64 << 50..1_i64 << 50, seconds: u32) {
        let earlier = Instant::from_micros(micros);
        let later = earlier.plus_seconds(i64::from(seconds));
        prop_assert_eq!(later.micros_since(earlier), i64::from(seconds) * 1_000_000);
        prop_assert!(earlier <= later);
    }
}
