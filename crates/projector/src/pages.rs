//! Reads a journal page by page on a thread of its own, so that reading and folding share the
//! work of two cores. Events are read by the thread that folds, which has less to do.

use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use tenure_journal::{Position, ReadError, ReadLog, ReceiptId, UnreadRecord};

use crate::receipts::Thin;

/// Records and receipts that are read at a time.
pub(crate) const PAGE: usize = 2_000;
/// Pages that may wait to be folded.
const PAGES_WAITING_MAX: usize = 4;

/// Records, and the receipts of all calls up to the last of them that are not in earlier pages.
#[derive(Debug, Default)]
pub(crate) struct Page {
    pub(crate) records: Vec<UnreadRecord>,
    pub(crate) receipts: Vec<Thin>,
}

/// Whether receipts are read too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receipts {
    /// All of them, each before the next page of records.
    Read,
    /// None: licenses and orders rest on records alone.
    Skipped,
}

/// Reads the records up to and including `up_to`, and gives page after page to `fold`.
pub(crate) fn each<E: From<ReadError>>(
    log: &mut dyn ReadLog,
    up_to: Position,
    receipts: Receipts,
    mut fold: impl FnMut(Page) -> Result<(), E>,
) -> Result<(), E> {
    thread::scope(|scope| {
        let (pages, waiting) = sync_channel(PAGES_WAITING_MAX);
        let reader = Reader {
            log,
            pages,
            last_receipt: None,
            receipts,
        };
        scope.spawn(move || reader.run(up_to));
        // Leaving early drops the receiver, which ends the reader at its next page.
        waiting.into_iter().try_for_each(|page| fold(page?))
    })
}

struct Reader<'a> {
    log: &'a mut dyn ReadLog,
    pages: SyncSender<Result<Page, ReadError>>,
    last_receipt: Option<ReceiptId>,
    receipts: Receipts,
}

/// Nobody waits for pages any more.
struct Unwanted;

impl Reader<'_> {
    fn run(mut self, up_to: Position) {
        // Both ends are known to the other side: it has the pages, or the error, or left.
        let (Ok(()) | Err(Unwanted)) = self.read(up_to);
    }

    fn read(&mut self, up_to: Position) -> Result<(), Unwanted> {
        let mut after = Position::START;
        while after < up_to {
            let read = self
                .log
                .read_unread_after(after, PAGE)
                .and_then(|mut records| {
                    records.retain(|record| record.position <= up_to);
                    let last = records.last().ok_or_else(|| missing(after, up_to))?;
                    after = last.position;
                    Ok(records)
                });
            let page = read.and_then(|records| self.with_receipts(records));
            self.send(page)?;
        }
        while self.receipts == Receipts::Read {
            let read = self.read_receipts();
            let ended = read.as_ref().is_ok_and(Vec::is_empty);
            self.send(read.map(|receipts| Page {
                records: Vec::new(),
                receipts,
            }))?;
            if ended {
                break;
            }
        }
        Ok(())
    }

    fn with_receipts(&mut self, records: Vec<UnreadRecord>) -> Result<Page, ReadError> {
        let last = records.iter().map(|record| record.receipt_id).max();
        let mut receipts = Vec::new();
        while self.receipts == Receipts::Read && self.last_receipt < last {
            let read = self.read_receipts()?;
            if read.is_empty() {
                break;
            }
            receipts.extend(read);
        }
        Ok(Page { records, receipts })
    }

    fn read_receipts(&mut self) -> Result<Vec<Thin>, ReadError> {
        let receipts = self.log.receipts_after(self.last_receipt, PAGE)?;
        self.last_receipt = receipts.last().map(|last| last.id).or(self.last_receipt);
        Ok(receipts.iter().map(Thin::of).collect())
    }

    /// Sends a page; an error is the last thing that is sent.
    fn send(&self, page: Result<Page, ReadError>) -> Result<(), Unwanted> {
        let failed = page.is_err();
        match self.pages.send(page) {
            Ok(()) if !failed => Ok(()),
            Ok(()) | Err(_) => Err(Unwanted),
        }
    }
}

fn missing(after: Position, up_to: Position) -> ReadError {
    ReadError::Corrupt {
        what: format!("records {} to {up_to} are missing", after.next()),
    }
}
