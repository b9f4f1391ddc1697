//! What a person must look after.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tenure_domain::ListingId;

/// A listing that a worker does nothing for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// The stable name of the worker: `order_query`, `provisioning`.
    pub worker: &'static str,
    /// The listing.
    pub listing: ListingId,
    /// What the listing does not do, as words after its name: `asks about no orders`.
    pub means: &'static str,
    /// The stable code of what it was told, or of what failed.
    pub reason: &'static str,
}

/// Which listings rest for which worker, and why. Clones share it; all workers have one.
#[derive(Debug, Clone, Default)]
pub struct Alarms(Arc<Mutex<Raised>>);

/// By worker and listing.
type Raised = BTreeMap<(&'static str, ListingId), Alarm>;

impl Alarms {
    /// Every alarm that has not ended.
    pub fn all(&self) -> Vec<Alarm> {
        let raised = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        raised.values().cloned().collect()
    }

    /// Raises an alarm; says whether there was none before of this worker and listing.
    pub fn raise(&self, alarm: Alarm) -> bool {
        let mut raised = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (alarm.worker, alarm.listing.clone());
        raised.insert(key, alarm).is_none()
    }

    /// Ends an alarm; says whether there was one.
    pub fn end(&self, worker: &'static str, listing: &ListingId) -> bool {
        let mut raised = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        raised.remove(&(worker, listing.clone())).is_some()
    }
}
