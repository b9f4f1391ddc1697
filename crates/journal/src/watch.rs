//! Tells followers that the journal moved.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::position::Position;

/// The head of the journal, to be waited on.
#[derive(Debug, Default)]
pub struct Watch {
    seen: Mutex<Seen>,
    moved: Condvar,
}

/// How far the journal has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Seen {
    /// Counts commits, those that brought receipts only included.
    pub commits: u64,
    /// The last position.
    pub head: Position,
}

impl Watch {
    /// Tells everybody who waits that a commit brought the head to `head`.
    pub fn announce(&self, head: Position) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.commits += 1;
        seen.head = head;
        self.moved.notify_all();
    }

    /// Wakes everybody who waits though nothing was committed: to stop, for example.
    pub fn wake(&self) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.commits += 1;
        self.moved.notify_all();
    }

    /// How far the journal has come.
    pub fn seen(&self) -> Seen {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `enough`, at most for `limit`; returns what was seen last.
    pub fn wait_until(&self, limit: Duration, enough: impl Fn(Seen) -> bool) -> Seen {
        let guard = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let (seen, _timeout) = self
            .moved
            .wait_timeout_while(guard, limit, |seen| !enough(*seen))
            .unwrap_or_else(PoisonError::into_inner);
        *seen
    }
}
