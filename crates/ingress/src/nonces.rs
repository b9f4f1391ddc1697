//! The nonces of the last two minutes, which survive a restart because receipts do.

use std::sync::{Mutex, PoisonError};

use tenure_domain::Instant;
use tenure_journal::{ReadError, ReadLog, Receipt};
use tenure_koogallery::{NonceMemory, NonceRefused, SignatureParameters};

/// How far back receipts are read for nonces, in seconds: a timestamp may lie a minute ahead or
/// behind, so a call may come again for two minutes.
const REMEMBERED_SECONDS: i64 = 120;

/// The most nonces remembered: two minutes at eight thousand calls a second.
const NONCES_MAX: usize = 1_000_000;

/// Receipts read at a time.
const PAGE: usize = 1_000;

/// Nonces that were used, for all listings.
#[derive(Debug)]
pub(crate) struct Nonces(Mutex<NonceMemory>);

impl Nonces {
    /// Remembers the nonces of the receipts of the last two minutes.
    pub(crate) fn from_receipts(log: &mut dyn ReadLog, now: Instant) -> Result<Self, ReadError> {
        let mut memory = NonceMemory::new(NONCES_MAX);
        let since = now.plus_seconds(-REMEMBERED_SECONDS);
        let mut before = None;
        loop {
            let receipts = log.receipts_before(before, PAGE)?;
            let Some(oldest) = receipts.last() else { break };
            let (oldest_at, oldest_id) = (oldest.arrived_at, oldest.id);
            for receipt in receipts
                .iter()
                .filter(|it| it.authentic && it.arrived_at >= since)
            {
                remember(&mut memory, receipt);
            }
            if oldest_at < since {
                break;
            }
            before = Some(oldest_id);
        }
        Ok(Self(Mutex::new(memory)))
    }

    pub(crate) fn remember(
        &self,
        listing: &str,
        nonce: &str,
        now: Instant,
    ) -> Result<(), NonceRefused> {
        self.memory().remember(listing, nonce, now)
    }

    /// Forgets a nonce of a call that could not be recorded: it may be made again as it is.
    pub(crate) fn forget(&self, listing: &str, nonce: &str) {
        self.memory().forget(listing, nonce);
    }

    pub(crate) fn len(&self) -> usize {
        self.memory().len()
    }

    fn memory(&self) -> std::sync::MutexGuard<'_, NonceMemory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A receipt whose nonce cannot be remembered is one whose nonce was remembered before.
fn remember(memory: &mut NonceMemory, receipt: &Receipt) {
    if let Ok(parameters) = SignatureParameters::parse(&receipt.parameters)
        && let Err(refused) =
            memory.remember(&receipt.listing, &parameters.nonce, receipt.arrived_at)
    {
        tracing::debug!(receipt = %receipt.id, ?refused, "a nonce was not remembered again");
    }
}
