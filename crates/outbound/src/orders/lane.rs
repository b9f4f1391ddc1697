//! When one listing asks about which order: plain data and instants, nothing that waits.

use std::collections::{BTreeMap, BTreeSet};

use tenure_domain::{Instant, LicenseId, OrderId, OrderLineId};

use super::Pending;

/// The shortest and the longest rest after a failure that mends itself, in seconds.
const REST_SECONDS: (i64, i64) = (1, 5 * 60);

/// How long a listing does not ask after the marketplace denied it access, in seconds.
const DENIED_SECONDS: i64 = 60 * 60;

/// The shortest and the longest time until an order is asked about again that the marketplace
/// had no details of, in seconds.
const DELAY_SECONDS: (i64, i64) = (60, 6 * 60 * 60);

/// The most orders whose delays are remembered: with [`ROWS_BESIDE`] as many as a page of the
/// read model has.
const DELAYS_MAX: usize = 900;

/// How many pending orders are looked at beside those that may be put off.
const ROWS_BESIDE: usize = 100;

/// How often the pending orders are looked at though nothing tells of new ones, in seconds.
const LOOK_EVERY_SECONDS: i64 = 60;

/// How a question ended, as far as it matters for the next ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The order is known now, or was.
    Known,
    /// Asking the same again leads to nothing for a while; about other orders it may.
    Final,
    /// The marketplace, the way to it or the journal failed: it may mend itself.
    Failed,
    /// The marketplace lets us ask nothing.
    Denied,
}

/// One listing's turn-taking: at most one question at a time, in a steady pace, about the oldest
/// order that is not put off.
#[derive(Debug)]
pub(crate) struct Lane {
    spacing_micros: i64,
    /// The pace: no look and no question before it.
    next_at: Instant,
    /// After failures: no question before it.
    rests_until: Instant,
    /// How often it failed in a row.
    failures: u32,
    /// Whether the next look may find something new.
    looks: bool,
    /// When it looks though nothing told it to.
    looks_at: Instant,
    is_asking: bool,
    delays: BTreeMap<Key, Delay>,
    jitter: Jitter,
}

/// An order that was asked about.
#[derive(Debug, Clone, Copy)]
struct Delay {
    /// How often.
    tries: u32,
    /// How often the marketplace answered, and it is still pending.
    answers: u32,
    /// It is put off until then.
    until: Instant,
}

impl Lane {
    /// A lane that asks at most `per_second` questions a second. The seed decides how long it rests
    /// after failures.
    pub(crate) fn new(per_second: u32, seed: u64, now: Instant) -> Self {
        Self {
            spacing_micros: 1_000_000 / i64::from(per_second.max(1)),
            next_at: now,
            rests_until: now,
            failures: 0,
            looks: true,
            looks_at: now,
            is_asking: false,
            delays: BTreeMap::new(),
            jitter: Jitter(seed),
        }
    }

    /// There may be new pending orders.
    pub(crate) fn wake(&mut self) {
        self.looks = true;
    }

    /// Since when it may look at the pending orders; `None` while a question is under way.
    pub(crate) fn looks_at(&self) -> Option<Instant> {
        let told = if self.looks {
            self.next_at
        } else {
            self.looks_at
        };
        (!self.is_asking).then_some(told.max(self.next_at).max(self.rests_until))
    }

    /// How many pending orders are enough to find one that is not put off.
    pub(crate) fn rows_wanted(&self) -> usize {
        self.delays.len() + ROWS_BESIDE
    }

    /// Chooses among the pending orders, oldest first, and begins to ask about one.
    pub(crate) fn choose(&mut self, pending: &[Pending], now: Instant) -> Option<Pending> {
        self.next_at = plus_micros(now, self.spacing_micros);
        let chosen = pending
            .iter()
            .filter_map(|order| match self.delays.get(&key(order)) {
                Some(delay) => (delay.until <= now).then_some((delay.tries, order)),
                None => Some((0, order)),
            })
            // Of several with as many tries this is the first, which is the oldest.
            .min_by_key(|(tries, _)| *tries);
        self.is_asking = chosen.is_some();
        if chosen.is_none() {
            self.looks = false;
            let later = self.delays.values().map(|delay| delay.until);
            let due = later.filter(|until| *until > now).min();
            let by_itself = now.plus_seconds(LOOK_EVERY_SECONDS);
            self.looks_at = due.map_or(by_itself, |due| due.min(by_itself));
        }
        chosen.map(|(_, order)| order.clone())
    }

    /// Notes how the question about an order ended.
    pub(crate) fn note(&mut self, order: &Pending, ending: Ending, now: Instant) {
        self.is_asking = false;
        self.looks = true;
        let mut delay = self.delays.remove(&key(order)).unwrap_or(Delay {
            tries: 0,
            answers: 0,
            until: now,
        });
        delay.tries = delay.tries.saturating_add(1);
        delay.until = match ending {
            Ending::Known | Ending::Final => {
                self.failures = 0;
                delay.answers = delay.answers.saturating_add(1);
                now.plus_seconds(doubled(DELAY_SECONDS, delay.answers))
            },
            Ending::Failed => {
                self.failures = self.failures.saturating_add(1);
                let rest = self.jitter.shorten(doubled(REST_SECONDS, self.failures));
                self.rests_until = plus_micros(now, rest);
                // Others go first, in case it is this order that the marketplace fails over.
                now
            },
            Ending::Denied => {
                self.rests_until = now.plus_seconds(DENIED_SECONDS);
                now
            },
        };
        self.delays.insert(key(order), delay);
        if self.delays.len() > DELAYS_MAX {
            self.forget_one();
        }
    }

    /// Forgets the delay that would have ended first.
    fn forget_one(&mut self) {
        let first = self.delays.iter().min_by_key(|(_, delay)| delay.until);
        if let Some(first) = first.map(|(key, _)| key.clone()) {
            self.delays.remove(&first);
        }
    }

    /// Forgets the delays of orders that are not among the pending ones. If there may be more of
    /// these than were found, it forgets only those whose time is over.
    pub(crate) fn forget_others(&mut self, pending: &[Pending], are_all: bool, now: Instant) {
        let found: BTreeSet<_> = pending.iter().map(key).collect();
        self.delays
            .retain(|key, delay| found.contains(key) || !are_all && delay.until > now);
    }
}

/// What tells one pending order of a listing from another.
type Key = (LicenseId, OrderId, Option<OrderLineId>);

fn key(order: &Pending) -> Key {
    let Pending {
        license,
        order,
        line,
        ..
    } = order;
    (license.clone(), order.clone(), line.clone())
}

/// The shortest time, doubled with every try after the first, up to the longest.
fn doubled((shortest, longest): (i64, i64), tries: u32) -> i64 {
    let factor = 1_i64
        .checked_shl(tries.saturating_sub(1).min(32))
        .unwrap_or(i64::MAX);
    shortest.saturating_mul(factor).min(longest)
}

fn plus_micros(instant: Instant, micros: i64) -> Instant {
    Instant::from_micros(instant.micros().saturating_add(micros))
}

/// Numbers that look random, the same for the same seed (`SplitMix64`).
#[derive(Debug)]
struct Jitter(u64);

impl Jitter {
    /// A time in microseconds between half of so many seconds and all of them, and never under
    /// the shortest rest: so that many who failed at once do not come back at once.
    fn shorten(&mut self, seconds: i64) -> i64 {
        let whole = seconds.saturating_mul(1_000_000);
        let half = whole / 2;
        let range = u64::try_from(half).unwrap_or(0) + 1;
        let taken = i64::try_from(self.next() % range).unwrap_or(0);
        (whole - taken).max(REST_SECONDS.0 * 1_000_000)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests;
