//! What was used of the instances that `queryInstance` asks about.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tenure_domain::{Instant, LicenseId, MerchantId};
use tenure_koogallery::UsageInfo;

use crate::callback::Ingress;
use crate::listing::Listing;

/// The most instances that are told to have used a package.
const USERS_MAX: usize = 100;

/// How long an answer waits for what was used: it has four seconds for everything.
const FINDING_TIME_MAX: Duration = Duration::from_millis(1_500);

/// Finds what was used of instances: of one that is paid by use all of it, of a package what each
/// instance took from it, at most so many. The journal has no such order, so that whoever looks
/// after the read model is asked.
#[derive(Clone)]
pub struct FindUsage(Arc<Find>);

/// What was used, of each instance.
type Found = BTreeMap<LicenseId, Vec<UsageInfo>>;
type Cause = Box<dyn Error + Send + Sync>;
type Find = dyn Fn(&MerchantId, &[LicenseId], usize) -> Result<Found, Cause> + Send + Sync;

impl FindUsage {
    /// Wraps whoever finds it. May block.
    pub fn new(
        find: impl Fn(&MerchantId, &[LicenseId], usize) -> Result<Found, Cause> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(find))
    }
}

impl fmt::Debug for FindUsage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FindUsage")
    }
}

impl Ingress {
    /// What was used of each instance. Nothing, if it cannot be read in time: the rest of the answer
    /// does not wait for it, and the marketplace asks again.
    pub(crate) async fn usage(
        &self,
        listing: &Listing,
        arrived_at: Instant,
        ids: Vec<LicenseId>,
    ) -> Found {
        let Some(FindUsage(find)) = self.find_usage.clone() else {
            return Found::new();
        };
        let merchant = listing.merchant.clone();
        let finding = tokio::task::spawn_blocking(move || find(&merchant, &ids, USERS_MAX));
        let time_left = self.time_left(arrived_at).min(FINDING_TIME_MAX);
        let failure: Cause = match tokio::time::timeout(time_left, finding).await {
            Ok(Ok(Ok(found))) => return found,
            Ok(Ok(Err(unreadable))) => unreadable,
            Ok(Err(panicked)) => panicked.into(),
            Err(late) => late.into(),
        };
        tracing::warn!(listing = %listing.id, error = failure, "an answer is without what was used");
        Found::new()
    }
}
