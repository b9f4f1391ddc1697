//! The nonces of the last two minutes, which survive a restart because receipts do.

use std::sync::{Mutex, PoisonError};

use tenure_domain::Instant;
use tenure_journal::{ReadError, ReadLog, Receipt, Verdict};
use tenure_koogallery::kit::{self, Interface, Marks, Novelty, Trace};
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

    /// Takes note of a call of the kit.
    pub(crate) fn remember_kit(
        &self,
        listing: &str,
        marks: &Marks,
        now: Instant,
    ) -> Result<Novelty, NonceRefused> {
        kit::remember(&mut self.memory(), listing, marks, now)
    }

    /// Takes note that a call of the kit has its effect. Where there is no room for that, the same
    /// call is decided anew, as if its answer were still to come.
    pub(crate) fn remember_kit_answer(&self, listing: &str, marks: &Marks, now: Instant) {
        let noted = kit::remember_answer(&mut self.memory(), listing, marks, now);
        if let Err(refused) = noted {
            tracing::debug!(listing, ?refused, "an answer was not remembered");
        }
    }

    /// Forgets a call of the kit that had no effect: it may be made again as it is.
    pub(crate) fn forget_kit(&self, listing: &str, marks: &Marks) {
        kit::forget(&mut self.memory(), listing, marks);
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
    let kit = receipt.activity.as_deref().and_then(Interface::from_path);
    let remembered = if kit.is_some() {
        remember_kit(memory, receipt)
    } else if let Ok(parameters) = SignatureParameters::parse(&receipt.parameters) {
        memory.remember(&receipt.listing, &parameters.nonce, receipt.arrived_at)
    } else {
        Ok(())
    };
    if let Err(refused) = remembered {
        tracing::debug!(receipt = %receipt.id, ?refused, "a nonce was not remembered again");
    }
}

/// Only calls that had their effect used up their nonces.
fn remember_kit(memory: &mut NonceMemory, receipt: &Receipt) -> Result<(), NonceRefused> {
    let trace = Trace::from_text(&receipt.parameters);
    let had_effect = matches!(
        receipt.verdict,
        Verdict::Applied | Verdict::AlreadyApplied | Verdict::Probe
    );
    let (Some(nonce), Some(call), true) = (trace.nonce, trace.call, had_effect) else {
        return Ok(());
    };
    let (marks, at) = (Marks::of(&nonce, call), receipt.arrived_at);
    match kit::remember(memory, &receipt.listing, &marks, at)? {
        Novelty::New | Novelty::Underway => {
            kit::remember_answer(memory, &receipt.listing, &marks, at)
        },
        Novelty::Answered => Ok(()),
    }
}
