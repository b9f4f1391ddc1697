//! Waiting for the journal without holding a thread for each who waits.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tenure_journal::{Position, Watch};

/// How long the thread sleeps at most before it looks whether it is to stop.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The head of the journal, to be waited for by any number of tasks. One thread tells them all.
pub(crate) struct Heads {
    head: tokio::sync::watch::Receiver<Position>,
    stopping: Arc<AtomicBool>,
    watch: Arc<Watch>,
}

/// What a wait came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Waited {
    /// The journal has come that far.
    Reached,
    /// Time is up, or the service stops.
    InVain,
}

impl Heads {
    pub(crate) fn follow(watch: Arc<Watch>) -> io::Result<Self> {
        let stopping = Arc::new(AtomicBool::new(false));
        let (sender, head) = tokio::sync::watch::channel(watch.seen().head);
        let (stop, source) = (Arc::clone(&stopping), Arc::clone(&watch));
        std::thread::Builder::new()
            .name("api-heads".to_owned())
            .spawn(move || {
                while !stop.load(Ordering::SeqCst) {
                    let seen = source.seen();
                    sender.send_replace(seen.head);
                    source.wait_until(LOOK_EVERY, |now| {
                        now.commits != seen.commits || stop.load(Ordering::SeqCst)
                    });
                }
            })?;
        Ok(Self {
            head,
            stopping,
            watch,
        })
    }

    /// The last position of the journal.
    pub(crate) fn position(&self) -> Position {
        self.watch.seen().head
    }

    /// Waits until the journal holds `position`, at most for `limit`.
    pub(crate) async fn reach(&self, position: Position, limit: Duration) -> Waited {
        let mut head = self.head.clone();
        let reached = head.wait_for(|head| *head >= position);
        match tokio::time::timeout(limit, reached).await {
            Ok(Ok(_head)) => Waited::Reached,
            // The thread has gone, or time is up.
            Ok(Err(_)) | Err(_) => Waited::InVain,
        }
    }

    /// Sends everybody who waits away.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        self.watch.wake();
    }
}

impl Drop for Heads {
    fn drop(&mut self) {
        self.stop();
    }
}

impl fmt::Debug for Heads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Heads")
            .field("head", &*self.head.borrow())
            .finish_non_exhaustive()
    }
}
