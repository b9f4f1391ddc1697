//! How far the projector is, to be asked and to be waited for.

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tenure_domain::Instant;
use tenure_journal::{Clock, Position, Watch};

/// How far the projector is behind the journal. Shared between the projector, which tells, and
/// everybody who asks.
pub struct Progress {
    told: Mutex<Told>,
    moved: Condvar,
    watch: Arc<Watch>,
    clock: Arc<dyn Clock>,
}

#[derive(Debug, Clone, Default)]
struct Told {
    /// The last record folded.
    position: Position,
    /// The last record known to exist.
    head: Position,
    /// When the oldest record that is not folded was recorded, as far as it was read.
    behind_since: Option<Instant>,
    /// Why nothing can be folded.
    trouble: Option<String>,
}

impl Progress {
    pub(crate) fn new(watch: Arc<Watch>, clock: Arc<dyn Clock>, position: Position) -> Self {
        let told = Told {
            position,
            ..Told::default()
        };
        Self {
            told: Mutex::new(told),
            moved: Condvar::new(),
            watch,
            clock,
        }
    }

    /// The last position folded.
    pub fn position(&self) -> Position {
        self.told().position
    }

    /// How many records are not folded yet.
    pub fn lag_records(&self) -> u64 {
        let told = self.told();
        let head = told.head.max(self.watch.seen().head);
        head.number().saturating_sub(told.position.number())
    }

    /// How old the oldest record is that is not folded yet, in whole seconds; 0 when there is
    /// none. Until that record could be read, the time since it was first missed.
    pub fn lag_seconds(&self) -> u64 {
        let now = self.clock.now();
        let micros = self
            .told()
            .behind_since
            .map(|since| now.micros_since(since));
        u64::try_from(micros.unwrap_or(0) / 1_000_000).unwrap_or(0)
    }

    /// Why nothing can be folded, if that is so.
    pub fn trouble(&self) -> Option<String> {
        self.told().trouble.clone()
    }

    /// Waits until `position` is folded, at most for `timeout`; says whether it is.
    pub fn wait_for(&self, position: Position, timeout: Duration) -> bool {
        self.wait_until(timeout, |folded| folded >= position)
    }

    /// Waits until `enough`, which is asked whenever something was folded or a file was exchanged, at
    /// most for `timeout`; says whether it is.
    pub fn wait_until(&self, timeout: Duration, enough: impl Fn(Position) -> bool) -> bool {
        let (told, _timeout) = self
            .moved
            .wait_timeout_while(self.told(), timeout, |told| !enough(told.position))
            .unwrap_or_else(PoisonError::into_inner);
        enough(told.position)
    }

    /// Tells where the journal ends.
    pub(crate) fn saw_head(&self, head: Position) {
        let mut told = self.told();
        told.head = head;
        if told.position >= head {
            told.behind_since = None;
        } else {
            told.behind_since.get_or_insert_with(|| self.clock.now());
        }
    }

    /// Tells when the next record to be folded was recorded.
    pub(crate) fn is_behind_since(&self, recorded_at: Instant) {
        self.told().behind_since = Some(recorded_at);
    }

    /// Tells how far the fold is. Goes back when a file is made anew.
    pub(crate) fn folded(&self, position: Position) {
        let mut told = self.told();
        told.position = position;
        if position >= told.head {
            told.behind_since = None;
        }
        self.moved.notify_all();
    }

    /// Tells that nothing can be folded; says whether that was so before.
    pub(crate) fn is_in_trouble(&self, trouble: String) -> bool {
        let mut told = self.told();
        if told.position < told.head.max(self.watch.seen().head) {
            told.behind_since.get_or_insert_with(|| self.clock.now());
        }
        told.trouble.replace(trouble).is_some()
    }

    /// Tells that folding works; says whether it did not before.
    pub(crate) fn is_well(&self) -> bool {
        self.told().trouble.take().is_some()
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = self.told().clone();
        f.debug_struct("Progress")
            .field("told", &told)
            .finish_non_exhaustive()
    }
}
