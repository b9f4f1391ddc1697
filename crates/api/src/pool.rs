//! A bounded number of connections for questions.

use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::web;
use tokio::sync::Semaphore;

use crate::problem::Problem;

/// How long a question waits for a connection.
const PATIENCE: Duration = Duration::from_secs(2);

/// Opens a connection.
pub(crate) type Open<T> = Box<dyn Fn() -> Result<T, Box<dyn Error + Send + Sync>> + Send + Sync>;

/// Connections that are opened when they are needed and kept for the next question.
pub struct Pool<T> {
    open: Open<T>,
    idle: Mutex<Vec<T>>,
    permits: Arc<Semaphore>,
}

impl<T: Send + 'static> Pool<T> {
    /// Opens nothing yet; at most this many connections at a time.
    pub fn new(connections_max: usize, open: Open<T>) -> Arc<Self> {
        Arc::new(Self {
            open,
            idle: Mutex::new(Vec::new()),
            permits: Arc::new(Semaphore::new(connections_max)),
        })
    }

    /// Asks on a thread that may block. A connection that failed is not used
    /// again.
    pub async fn ask<R, E>(
        self: &Arc<Self>,
        question: impl FnOnce(&mut T) -> Result<R, E> + Send + 'static,
    ) -> Result<R, Problem>
    where
        R: Send + 'static,
        E: Into<Problem>,
    {
        let waiting = Arc::clone(&self.permits).acquire_owned();
        let Ok(Ok(permit)) = tokio::time::timeout(PATIENCE, waiting).await else {
            return Err(Problem::unavailable(
                "busy",
                "too many questions at once: try again",
            ));
        };
        let pool = Arc::clone(self);
        // The permit goes along: a question goes on after whoever asked it has gone.
        let answered = web::block(move || {
            let answer = pool.answer(question);
            drop(permit);
            answer
        });
        answered.await.map_err(|_blocking| Problem::internal())?
    }

    fn answer<R, E: Into<Problem>>(
        &self,
        question: impl FnOnce(&mut T) -> Result<R, E>,
    ) -> Result<R, Problem> {
        let idle = self.idle().pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => (self.open)().map_err(|error| {
                tracing::error!(%error, "no connection for a question");
                Problem::unavailable(
                    "storage_unavailable",
                    "the storage cannot be opened: try again",
                )
            })?,
        };
        let answer = question(&mut connection).map_err(Into::into);
        if !answer.as_ref().is_err_and(Problem::is_ours) {
            self.idle().push(connection);
        }
        answer
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<T>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> fmt::Debug for Pool<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").finish_non_exhaustive()
    }
}
