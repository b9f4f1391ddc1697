//! Listings that a person must look after.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tenure_domain::ListingId;

/// Which listings do not ask any more, and why. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Alarms(Arc<Mutex<BTreeMap<ListingId, &'static str>>>);

impl Alarms {
    /// Every listing that does not ask, with the stable code of what the marketplace said.
    pub fn all(&self) -> Vec<(ListingId, &'static str)> {
        let alarms = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        alarms
            .iter()
            .map(|(listing, code)| (listing.clone(), *code))
            .collect()
    }

    /// Raises an alarm; says whether it was silent before.
    pub fn raise(&self, listing: &ListingId, code: &'static str) -> bool {
        let mut alarms = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        alarms.insert(listing.clone(), code).is_none()
    }

    /// Ends an alarm; says whether there was one.
    pub fn end(&self, listing: &ListingId) -> bool {
        let mut alarms = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        alarms.remove(listing).is_some()
    }
}
