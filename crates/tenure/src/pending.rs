//! Reading what workers are to do, from the read model.

use std::error::Error;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tenure_journal::Watch;
use tenure_projector::{Progress, Queries, QueryError};

/// How long a look waits for the read model to have folded what woke it. The stop waits for a
/// look, so it is short.
const FOLD_PATIENCE: Duration = Duration::from_millis(300);

/// Finds in the read model what is pending. Every worker has one, because it blocks.
pub(crate) struct Pending {
    path: PathBuf,
    /// Opened at the first look: the projector may have to make the file before.
    opened: Mutex<Option<Queries>>,
    progress: Arc<Progress>,
    watch: Arc<Watch>,
}

/// What a look into the read model brought.
pub(crate) struct Looked<T> {
    pub(crate) found: Vec<T>,
    /// Whether something was recorded that the read model had not folded.
    pub(crate) is_late: bool,
}

impl Pending {
    /// Reads the read model in a file, which is folded as far as `progress` tells.
    pub(crate) fn new(path: PathBuf, progress: Arc<Progress>, watch: Arc<Watch>) -> Self {
        Self {
            path,
            opened: Mutex::new(None),
            progress,
            watch,
        }
    }

    /// Asks the read model. One that is late tells of what is done by now, which does no harm.
    pub(crate) fn find<T>(
        &self,
        ask: impl FnOnce(&mut Queries) -> Result<Vec<T>, QueryError>,
    ) -> Result<Vec<T>, Box<dyn Error + Send + Sync>> {
        self.look(ask).map(|looked| looked.found)
    }

    /// Asks the read model, and tells whether it knew everything that was recorded when asked.
    pub(crate) fn look<T>(
        &self,
        ask: impl FnOnce(&mut Queries) -> Result<Vec<T>, QueryError>,
    ) -> Result<Looked<T>, Box<dyn Error + Send + Sync>> {
        let head = self.watch.seen().head;
        let is_late = !self.progress.wait_for(head, FOLD_PATIENCE);
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        let queries = match opened.take() {
            Some(queries) => queries,
            None => Queries::open(&self.path)?,
        };
        let found = ask(opened.insert(queries))?;
        Ok(Looked { found, is_late })
    }
}
