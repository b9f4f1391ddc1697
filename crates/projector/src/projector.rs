//! The thread that follows the journal.

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tenure_journal::{Clock, Position, ReadError, ReadLog, Watch};

use crate::progress::Progress;
use crate::store::{self, Folded, Store, StoreError};

/// Opens the journal for reading; called again after every failure.
pub type OpenReader =
    Box<dyn Fn() -> Result<Box<dyn ReadLog>, Box<dyn Error + Send + Sync>> + Send>;

/// Records and receipts that are folded in one transaction.
const PAGE: usize = 4_000;

/// How long the projector waits for word of a commit before it looks by itself: other nodes write
/// to the journal too, and nobody here hears of that.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long the projector waits after a failure.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// A running projector. Stops when it is dropped.
#[derive(Debug)]
pub struct Projector {
    progress: Arc<Progress>,
    stopping: Arc<AtomicBool>,
    watch: Arc<Watch>,
    thread: Option<JoinHandle<()>>,
}

/// Why a projector could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The read model could not be opened.
    #[error("the read model cannot be opened")]
    Store(#[from] StoreError),
    /// There is no thread to be had.
    #[error("the projector's thread cannot be started")]
    Thread(#[from] std::io::Error),
}

impl Projector {
    /// Opens the read model at `path`, and starts a thread that folds what the journal holds and
    /// whatever is appended to it. Failures to read or write do not end it: they are logged once,
    /// shown in [`Progress::trouble`], and tried again.
    pub fn start(
        path: PathBuf,
        open: OpenReader,
        watch: Arc<Watch>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StartError> {
        let store = store::open_for_folding(&path)?;
        let position = store.folded()?.position;
        let progress = Arc::new(Progress::new(Arc::clone(&watch), clock, position));
        let stopping = Arc::new(AtomicBool::new(false));
        let follower = Follower {
            path,
            open,
            watch: Arc::clone(&watch),
            progress: Arc::clone(&progress),
            stopping: Arc::clone(&stopping),
            store: Some(store),
            log: None,
        };
        let thread = thread::Builder::new()
            .name("projector".to_owned())
            .spawn(move || follower.run())?;
        Ok(Self {
            progress,
            stopping,
            watch,
            thread: Some(thread),
        })
    }

    /// How far it is.
    pub fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.progress)
    }

    /// Ends it after the transaction that is under way, and waits for that.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.stopping.store(true, Ordering::SeqCst);
        self.watch.wake();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the projector's thread panicked");
        }
    }
}

impl Drop for Projector {
    fn drop(&mut self) {
        self.end();
    }
}

/// Why the thread could not go on; passes, or does not, but is tried again.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error("the journal cannot be opened")]
    Open(#[source] Box<dyn Error + Send + Sync>),
    #[error("the journal cannot be followed")]
    Read(#[from] ReadError),
    #[error("the read model cannot be kept up to date")]
    Store(#[from] StoreError),
}

struct Follower {
    path: PathBuf,
    open: OpenReader,
    watch: Arc<Watch>,
    progress: Arc<Progress>,
    stopping: Arc<AtomicBool>,
    store: Option<Store>,
    log: Option<Box<dyn ReadLog>>,
}

impl Follower {
    fn run(mut self) {
        while !self.is_stopping() {
            let seen = self.watch.seen();
            match self.catch_up() {
                Ok(()) => {
                    if self.progress.is_well() {
                        tracing::info!("the projector follows the journal again");
                    }
                    self.watch.wait_until(LOOK_EVERY, |now| {
                        now.commits != seen.commits || self.is_stopping()
                    });
                },
                Err(trouble) => {
                    self.recover_from(&trouble);
                    self.watch.wait_until(RETRY_AFTER, |_| self.is_stopping());
                },
            }
        }
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    /// Folds until nothing is left. Both connections are kept only if nothing goes wrong.
    fn catch_up(&mut self) -> Result<(), Trouble> {
        let (mut store, mut log) = self.opened()?;
        self.follow(&mut store, log.as_mut(), Some(&self.progress))?;
        if !self.is_stopping() && store::rebuilt(&self.path).exists() {
            store = self.exchanged(store, log.as_mut())?;
        }
        self.store = Some(store);
        self.log = Some(log);
        Ok(())
    }

    fn follow(
        &self,
        store: &mut Store,
        log: &mut dyn ReadLog,
        progress: Option<&Progress>,
    ) -> Result<(), Trouble> {
        let mut folded = store.folded()?;
        loop {
            let head = log.head()?.position;
            progress.inspect(|it| it.saw_head(head));
            // The receipts of all records up to the head were committed with them or before, so
            // the rows are there when the records name their licenses.
            folded = self.follow_receipts(store, log, folded)?;
            while folded.position < head && !self.is_stopping() {
                let mut records = log.read_after(folded.position, PAGE)?;
                records.retain(|record| record.position <= head);
                let next = records.first().ok_or_else(|| missing(folded, head))?;
                progress.inspect(|it| it.is_behind_since(next.recorded_at));
                folded = store.fold_records(&records)?;
                progress.inspect(|it| it.folded(folded.position));
            }
            if self.is_stopping() || log.head()?.position <= folded.position {
                return Ok(());
            }
        }
    }

    /// Brings the read model that was rebuilt beside the live one up to date, and puts it in its
    /// place: nobody who asked before sees less afterwards. One that is of no use is deleted.
    fn exchanged(&self, live: Store, log: &mut dyn ReadLog) -> Result<Store, Trouble> {
        let path = store::rebuilt(&self.path);
        let opened = store::open_existing(&path).and_then(|store| Ok((store.folded()?, store)));
        let mut fresh = match opened {
            Ok((folded, store)) if is_of(folded, log)? => store,
            Ok(_) | Err(_) => {
                tracing::warn!(path = %path.display(), "what was rebuilt is of another journal or version: it is deleted");
                store::remove(&path)?;
                // Nothing moved, but whoever waits for what was rebuilt looks again.
                self.progress.folded(live.folded()?.position);
                return Ok(live);
            },
        };
        self.follow(&mut fresh, log, None)?;
        if self.is_stopping() || !live.settle()? {
            return Ok(live);
        }
        let position = fresh.folded()?.position;
        let exchanged = store::exchange(&self.path, live, fresh)?;
        self.progress.saw_head(position);
        self.progress.folded(position);
        tracing::info!(
            position = position.number(),
            "a read model that was rebuilt took the place of the live one"
        );
        Ok(exchanged)
    }

    fn follow_receipts(
        &self,
        store: &mut Store,
        log: &mut dyn ReadLog,
        mut folded: Folded,
    ) -> Result<Folded, Trouble> {
        loop {
            let receipts = log.receipts_after(folded.receipt_id, PAGE)?;
            if receipts.is_empty() || self.is_stopping() {
                return Ok(folded);
            }
            folded = store.fold_receipts(&receipts)?;
        }
    }

    /// The connections that are open, or new ones.
    fn opened(&mut self) -> Result<(Store, Box<dyn ReadLog>), Trouble> {
        let store = match self.store.take() {
            Some(store) => store,
            None => store::open_for_folding(&self.path)?,
        };
        if let Some(log) = self.log.take() {
            return Ok((store, log));
        }
        let mut log = (self.open)().map_err(Trouble::Open)?;
        let folded = store.folded()?;
        if is_of(folded, log.as_mut())? {
            return Ok((store, log));
        }
        tracing::warn!(
            path = %self.path.display(),
            position = folded.position.number(),
            "the read model was folded from another journal: it is made anew"
        );
        drop(store);
        let store = store::replace(&self.path)?;
        self.progress.folded(Position::START);
        Ok((store, log))
    }

    fn recover_from(&self, trouble: &Trouble) {
        if let Trouble::Store(error) = trouble
            && error.is_damage()
            && let Err(error) = store::replace(&self.path)
        {
            let why: &dyn Error = &error;
            tracing::error!(why, "the damaged read model cannot be replaced");
        }
        if !self.progress.is_in_trouble(with_causes(trouble)) {
            let why: &dyn Error = trouble;
            tracing::error!(
                why,
                "the projector cannot follow the journal, and tries again"
            );
        }
    }
}

/// Whether the records folded are those that the journal holds: a journal that was restored from
/// an older copy, or exchanged, is not what the read model tells about.
fn is_of(folded: Folded, log: &mut dyn ReadLog) -> Result<bool, ReadError> {
    let Some(previous) = folded.position.number().checked_sub(1) else {
        return Ok(true);
    };
    let last = log.read_after(Position::new(previous), 1)?.pop();
    Ok(last.map(|last| last.record_id) == folded.record_id)
}

fn missing(folded: Folded, head: Position) -> ReadError {
    ReadError::Corrupt {
        what: format!("records {} to {head} are missing", folded.position.next()),
    }
}

fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}
