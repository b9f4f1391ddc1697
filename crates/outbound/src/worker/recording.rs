//! Handing what came of an attempt to the journal.

use tenure_journal::transact::{Call, Done};
use tenure_journal::{Clock, Queue, Unavailable};
use tokio::sync::oneshot;

use crate::activator::RECORDING_SECONDS_MAX;

/// Records a call, and waits until it is on disk. Whoever waits may stop; it is recorded all the
/// same.
pub(crate) async fn record(
    queue: &Queue,
    clock: &dyn Clock,
    call: Call,
) -> Result<Done, Unavailable> {
    let (reply_to, reply) = oneshot::channel();
    let deadline = clock.now().plus_seconds(RECORDING_SECONDS_MAX);
    queue.submit(
        call,
        deadline,
        Box::new(move |done| drop(reply_to.send(done))),
    )?;
    reply.await.map_err(|_gone| Unavailable::Stopped)?
}
