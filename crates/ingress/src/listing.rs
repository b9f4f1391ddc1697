//! What the configuration says about the production addresses.

use std::collections::BTreeMap;

use tenure_domain::file::FileRules;
use tenure_domain::{ListingId, MerchantId};
use tenure_koogallery::{AppInfo, Keys, Settings, v1};

use crate::change::ChangeCheck;
use crate::kit;

/// One production address of one merchant.
#[derive(Debug, Clone)]
pub struct Listing {
    /// The last segment of the address.
    pub id: ListingId,
    /// Whose it is.
    pub merchant: MerchantId,
    /// The keys of its interfaces.
    pub keys: Keys,
    /// What the guides leave open, decided for this address.
    pub settings: Settings,
    /// Where the buyer finds the application.
    pub app_info: Option<AppInfo>,
    /// What `changeInstanceCheck` is told about a license that exists.
    pub change_check: ChangeCheck,
    /// What the guides leave to the merchant about license files.
    pub file_rules: FileRules,
    /// What counts for calls of SaaS V1.0 and License 1.0 alone.
    pub v1: v1::Settings,
    /// What counts for calls of the joint-operation kit alone.
    pub kit: kit::Settings,
}

/// All production addresses, by the last segment of the address.
#[derive(Debug, Clone, Default)]
pub struct Listings(BTreeMap<ListingId, Listing>);

impl Listings {
    /// Collects listings; of two with one id, the later counts.
    pub fn new(listings: impl IntoIterator<Item = Listing>) -> Self {
        Self(
            listings
                .into_iter()
                .map(|listing| (listing.id.clone(), listing))
                .collect(),
        )
    }

    /// The listing that an address names.
    pub fn find(&self, segment: &str) -> Option<&Listing> {
        self.0.get(&ListingId::parse(segment).ok()?)
    }

    /// Every listing.
    pub fn iter(&self) -> impl Iterator<Item = &Listing> {
        self.0.values()
    }
}
