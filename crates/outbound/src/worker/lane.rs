//! When one listing attempts which item: plain data and instants, nothing that waits.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use tenure_domain::Instant;

/// How long a lane waits after what, in seconds. Of two numbers, the first is for the first time
/// and is doubled with every further one, up to the second.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pauses {
    /// After a failure that mends itself: nothing is attempted.
    pub(crate) rest: (i64, i64),
    /// After access was denied: nothing is attempted.
    pub(crate) denied: i64,
    /// Until an item is attempted again that was answered, and is pending still.
    pub(crate) answered: (i64, i64),
    /// Until an item is attempted again that was denied.
    pub(crate) denied_item: (i64, i64),
    /// Until an item is attempted again that fails while others are answered.
    pub(crate) failed_item: (i64, i64),
    /// How many failures in a row a person should know of.
    pub(crate) failures_max: u32,
}

impl Pauses {
    /// For work that needs the marketplace: its failures mend themselves, and a denied access is
    /// for a person.
    pub(crate) const MARKETPLACE: Self = Self {
        rest: (1, 5 * 60),
        denied: 60 * 60,
        answered: (60, 6 * 60 * 60),
        denied_item: (60 * 60, 6 * 60 * 60),
        failed_item: (60, 60 * 60),
        failures_max: u32::MAX,
    };

    /// For work that needs the merchant's own webhook: it is asked again soon, since a buyer waits,
    /// and a person is told of its third failure.
    pub(crate) const WEBHOOK: Self = Self {
        rest: (1, 5 * 60),
        denied: 5 * 60,
        answered: (60, 60 * 60),
        denied_item: (60, 60 * 60),
        failed_item: (60, 60 * 60),
        failures_max: 3,
    };
}

/// How often an item fails, while others are answered, before it is put off.
const FAILURES_BORNE: u32 = 3;

/// The most items whose delays are remembered: with [`ROWS_BESIDE`] as many as the read model
/// tells at once.
const DELAYS_MAX: usize = 10_000;

/// How many pending items are looked at beside those that may be put off.
const ROWS_BESIDE: usize = 100;

/// How often the pending items are looked at though nothing tells of new ones, in seconds.
const LOOK_EVERY_SECONDS: i64 = 60;

/// How an attempt ended, as far as it matters for the next ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The item is done, or was.
    Done,
    /// It was answered, and attempting it again leads to nothing for so many seconds.
    Later(i64),
    /// Nobody was asked, and it should be attempted in so many seconds.
    NotYet(i64),
    /// Attempting the same again leads to nothing for a while; other items it may.
    Final,
    /// The other side, the way to it or the journal failed: it may mend itself.
    Failed,
    /// The other side denies this item. It may be the item, or all of them.
    ItemDenied,
    /// The other side lets us do nothing.
    Denied,
}

/// One listing's turn-taking: at most one attempt at a time, in a steady pace, of the oldest item
/// that is not put off.
#[derive(Debug)]
pub(crate) struct Lane {
    pauses: Pauses,
    spacing_micros: i64,
    /// The pace: no look and no attempt before it.
    next_at: Instant,
    /// After failures: no attempt before it.
    rests_until: Instant,
    /// How often it failed in a row.
    failures: u32,
    /// Whether the next look may find something new.
    looks: bool,
    /// When it looks though nothing told it to.
    looks_at: Instant,
    is_busy: bool,
    /// How many attempts were answered, so that two moments can be told apart.
    answered: u32,
    /// The item that was denied last, if that may mean all of them: nothing was answered since.
    denied: Option<Key>,
    /// Whether it rests because it is denied access or failed too often, or has rested so and
    /// attempted nothing since.
    is_stopped: bool,
    /// When it was last told the time.
    seen_at: Instant,
    delays: BTreeMap<Key, Delay>,
    jitter: Jitter,
}

/// An item that was attempted.
#[derive(Debug, Clone, Copy)]
struct Delay {
    /// How often.
    tries: u32,
    /// How often it was answered, and it is still pending.
    answers: u32,
    /// How often it failed, not counting the failures in a row with nothing answered between them:
    /// those are no fault of the item.
    failures: u32,
    /// How often it was denied.
    denials: u32,
    /// [`Lane::answered`] when it last failed or was denied.
    failed_at: Option<u32>,
    /// The stable code of what came of the last attempt.
    heard: Option<&'static str>,
    /// It is put off until then.
    until: Instant,
}

impl Lane {
    /// A lane of at most `per_second` attempts a second. The seed decides how long it rests after
    /// failures.
    pub(crate) fn new(pauses: Pauses, per_second: u32, seed: u64, now: Instant) -> Self {
        Self {
            pauses,
            spacing_micros: 1_000_000 / i64::from(per_second.max(1)),
            next_at: now,
            rests_until: now,
            failures: 0,
            looks: true,
            looks_at: now,
            is_busy: false,
            answered: 0,
            denied: None,
            is_stopped: false,
            seen_at: now,
            delays: BTreeMap::new(),
            jitter: Jitter(seed),
        }
    }

    /// There may be new pending items.
    pub(crate) fn wake(&mut self) {
        self.looks = true;
    }

    /// Tells the lane the time. A clock that was put back would make it wait for as long as that
    /// again, so what it waits for is put back as well.
    pub(crate) fn see(&mut self, now: Instant) {
        let back = self.seen_at.micros_since(now);
        self.seen_at = now;
        if back <= 0 {
            return;
        }
        let delays = self.delays.values_mut().map(|delay| &mut delay.until);
        let own = [&mut self.next_at, &mut self.rests_until, &mut self.looks_at];
        for instant in delays.chain(own) {
            *instant = plus_micros(*instant, -back);
        }
    }

    /// Whether a person should look after it: it is denied access, as far as is known, or fails
    /// again and again.
    pub(crate) fn is_stopped(&self) -> bool {
        self.is_stopped
    }

    /// The stable code of what came of the last attempt of an item, if it brought nothing.
    pub(crate) fn heard(&self, item: &impl Hash) -> Option<&'static str> {
        self.delays.get(&key(item))?.heard
    }

    /// Since when it may look at the pending items; `None` while an attempt is under way.
    pub(crate) fn looks_at(&self) -> Option<Instant> {
        let told = if self.looks {
            self.next_at
        } else {
            self.looks_at
        };
        (!self.is_busy).then_some(told.max(self.next_at).max(self.rests_until))
    }

    /// How many pending items are enough to find one that is not put off.
    pub(crate) fn rows_wanted(&self) -> usize {
        self.delays.len() + ROWS_BESIDE
    }

    /// Chooses among the pending items, oldest first, and begins to attempt one.
    ///
    /// Once it remembers as many as it can, it attempts those only: an item whose delay were
    /// forgotten would be attempted at full pace, for ever.
    pub(crate) fn choose<T: Hash + Clone>(&mut self, pending: &[T], now: Instant) -> Option<T> {
        self.see(now);
        self.next_at = plus_micros(now, self.spacing_micros);
        let is_full = self.delays.len() >= DELAYS_MAX;
        let chosen = pending
            .iter()
            .filter_map(|item| match self.delays.get(&key(item)) {
                Some(delay) => (delay.until <= now).then_some((delay.tries, item)),
                None => (!is_full).then_some((0, item)),
            })
            // Of several with as many tries this is the first, which is the oldest.
            .min_by_key(|(tries, _)| *tries);
        self.is_busy = chosen.is_some();
        if chosen.is_none() {
            self.looks = false;
            let later = self.delays.values().map(|delay| delay.until);
            let due = later.filter(|until| *until > now).min();
            let by_itself = now.plus_seconds(LOOK_EVERY_SECONDS);
            self.looks_at = due.map_or(by_itself, |due| due.min(by_itself));
            if self.denied.is_some() && !pending.is_empty() {
                // No other item shows that it was about that one.
                self.stop(now);
            }
        }
        chosen.map(|(_, item)| item.clone())
    }

    /// Notes how the attempt of an item ended; `heard` is the stable code of what came of it, if it
    /// brought nothing.
    pub(crate) fn note(
        &mut self,
        item: &impl Hash,
        ending: Ending,
        heard: Option<&'static str>,
        now: Instant,
    ) {
        self.see(now);
        self.is_busy = false;
        self.looks = true;
        let key = key(item);
        let mut delay = self.delays.remove(&key).unwrap_or_default();
        delay.tries = delay.tries.saturating_add(1);
        delay.heard = heard;
        delay.until = now;
        match ending {
            Ending::Done | Ending::Final => self.note_answer(&mut delay, now),
            Ending::Later(seconds) => {
                self.note_answer(&mut delay, now);
                delay.until = now.plus_seconds(seconds);
            },
            Ending::NotYet(seconds) => delay.until = now.plus_seconds(seconds),
            Ending::Failed => self.note_failure(&mut delay, now),
            Ending::ItemDenied => self.note_denial(key, &mut delay, now),
            Ending::Denied => self.stop(now),
        }
        self.delays.insert(key, delay);
    }

    fn note_answer(&mut self, delay: &mut Delay, now: Instant) {
        self.failures = 0;
        self.answered = self.answered.wrapping_add(1);
        self.denied = None;
        self.is_stopped = false;
        delay.answers = delay.answers.saturating_add(1);
        delay.failures = 0;
        delay.denials = 0;
        delay.failed_at = None;
        delay.until = now.plus_seconds(doubled(self.pauses.answered, delay.answers));
    }

    /// Others go first, in case it is this item that the other side fails over; and once others were
    /// answered between its failures, it is.
    fn note_failure(&mut self, delay: &mut Delay, now: Instant) {
        self.failures = self.failures.saturating_add(1);
        self.is_stopped = self.failures >= self.pauses.failures_max;
        let longest = doubled(self.pauses.rest, self.failures);
        let rest = self.jitter.shorten(longest, self.pauses.rest.0);
        self.rests_until = plus_micros(now, rest);
        if delay.failed_at.replace(self.answered) != Some(self.answered) {
            delay.failures = delay.failures.saturating_add(1);
        }
        if let Some(beyond) = delay.failures.checked_sub(FAILURES_BORNE) {
            delay.until = now.plus_seconds(doubled(self.pauses.failed_item, beyond + 1));
        }
    }

    /// Puts the item off. A denial of a second item in a row is one of the listing; one of an item
    /// that was denied before, with others answered since, is none.
    fn note_denial(&mut self, key: Key, delay: &mut Delay, now: Instant) {
        delay.denials = delay.denials.saturating_add(1);
        delay.until = now.plus_seconds(doubled(self.pauses.denied_item, delay.denials));
        let before = delay.failed_at.replace(self.answered);
        if delay.denials > 1 && before != Some(self.answered) {
            return;
        }
        if self.denied.replace(key).is_some_and(|other| other != key) {
            self.stop(now);
        }
    }

    /// Rests because the listing is denied access.
    fn stop(&mut self, now: Instant) {
        self.is_stopped = true;
        self.rests_until = now.plus_seconds(self.pauses.denied);
    }

    /// Forgets the delays of items that are not among the pending ones. If there may be more of
    /// these than were found, it forgets only those whose time is over. With nothing pending, no
    /// denial is of any matter.
    pub(crate) fn forget_others(&mut self, pending: &[impl Hash], are_all: bool, now: Instant) {
        self.see(now);
        if pending.is_empty() {
            self.denied = None;
            self.is_stopped = false;
        }
        let found: BTreeSet<_> = pending.iter().map(key).collect();
        self.delays
            .retain(|key, delay| found.contains(key) || !are_all && delay.until > now);
    }
}

/// What tells one pending item of a listing from another: its hash, because thousands are
/// remembered. Two items with the same one would share their delays, and nothing else.
type Key = u64;

fn key(item: &impl Hash) -> Key {
    let mut hasher = DefaultHasher::new();
    item.hash(&mut hasher);
    hasher.finish()
}

impl Default for Delay {
    fn default() -> Self {
        Self {
            tries: 0,
            answers: 0,
            failures: 0,
            denials: 0,
            failed_at: None,
            heard: None,
            until: Instant::EPOCH,
        }
    }
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
    /// A time in microseconds between half of so many seconds and all of them, and never under so
    /// many as `shortest`: so that many who failed at once do not come back at once.
    fn shorten(&mut self, seconds: i64, shortest: i64) -> i64 {
        let whole = seconds.saturating_mul(1_000_000);
        let half = whole / 2;
        let range = u64::try_from(half).unwrap_or(0) + 1;
        let taken = i64::try_from(self.next() % range).unwrap_or(0);
        (whole - taken).max(shortest.saturating_mul(1_000_000))
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
