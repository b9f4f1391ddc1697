//! Being woken by the journal, as a task that must not block.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tenure_journal::Watch;
use tokio::sync::watch;

/// How long the thread sleeps at most before it looks whether it is to stop.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Tells a task that something was committed.
#[derive(Debug)]
pub(super) struct Wakes {
    commits: watch::Receiver<u64>,
    stopping: Arc<AtomicBool>,
    watch: Arc<Watch>,
}

impl Wakes {
    /// Starts the thread that waits in the task's place.
    pub(super) fn follow(watch: Arc<Watch>, worker: &str) -> io::Result<Self> {
        let stopping = Arc::new(AtomicBool::new(false));
        let (sender, commits) = watch::channel(watch.seen().commits);
        let (stop, source) = (Arc::clone(&stopping), Arc::clone(&watch));
        std::thread::Builder::new()
            .name(format!("{worker}-wakes"))
            .spawn(move || {
                while !stop.load(Ordering::SeqCst) {
                    let seen = source.seen();
                    sender.send_if_modified(|last| {
                        std::mem::replace(last, seen.commits) != seen.commits
                    });
                    source.wait_until(LOOK_EVERY, |now| {
                        now.commits != seen.commits || stop.load(Ordering::SeqCst)
                    });
                }
            })?;
        Ok(Self {
            commits,
            stopping,
            watch,
        })
    }

    /// Waits until something was committed since it was last waited for; for ever, once the thread
    /// has gone.
    pub(super) async fn next(&mut self) {
        if self.commits.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Wakes {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::SeqCst);
        self.watch.wake();
    }
}
