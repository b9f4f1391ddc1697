//! How many reports of a license go in one request.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use tenure_domain::{LicenseId, MerchantId};

use super::Pending;

/// The size from which on every batch is as large as it may be.
const FULL: usize = 1_000;

/// The most reports of a batch, of licenses whose batches were denied as a whole. Where many
/// reports are denied, each would else be looked for from the largest size on.
#[derive(Debug, Default)]
pub(super) struct Sizes(Mutex<BTreeMap<(MerchantId, LicenseId), usize>>);

impl Sizes {
    /// The most reports of the next batch.
    pub(super) fn of(&self, of: &Pending) -> usize {
        let sizes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sizes.get(&key(of)).copied().unwrap_or(usize::MAX)
    }

    /// Notes that a batch of so many was denied as a whole: half of it is tried.
    pub(super) fn denied(&self, of: &Pending, reports: usize) {
        let mut sizes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sizes.insert(key(of), reports.div_ceil(2));
    }

    /// Notes that a batch was taken: the next may be twice as large.
    pub(super) fn taken(&self, of: &Pending) {
        let mut sizes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(size) = sizes.remove(&key(of)).map(|size| size.saturating_mul(2))
            && size < FULL
        {
            sizes.insert(key(of), size);
        }
    }
}

fn key(of: &Pending) -> (MerchantId, LicenseId) {
    (of.merchant.clone(), of.license.clone())
}
