//! Probes of production addresses: what is replayed, and what failing days lead to.
//!
//! The marketplace's License 2.0 guide says: every morning and every afternoon the saved debugging
//! cases of every product on sale are replayed; five days of failures in a row freeze trading and
//! hide the product. It does not say when a day of two probes counts as failed: here one failed
//! probe is enough, and a day has passed when its afternoon has and nothing failed before.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

use super::{Interface, Listing, Market, MarketError, Protocol};
use crate::check::{Family, Target, names_of_scenes};

/// How many failing days in a row freeze trading.
pub const FAILING_DAYS_MAX: u32 = 5;

/// When a listing is probed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Round {
    /// The first probe of a day.
    Morning,
    /// The second one.
    Afternoon,
    /// A person wanted to know; it counts for no day.
    ByHand,
}

/// A replayed case that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProbeFailure {
    /// The family of the case.
    pub family: Family,
    /// Its name.
    pub case: String,
    /// Why it failed.
    pub why: String,
}

/// One replay of all saved cases of a listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Probe {
    /// When it was due, in the market's time.
    pub at: DateTime<Utc>,
    /// Which of the day's probes it was.
    pub round: Round,
    /// How many cases were replayed.
    pub cases: usize,
    /// Those that failed.
    pub failures: Vec<ProbeFailure>,
}

/// The cases of a family that are replayed, and where.
#[derive(Debug, Clone)]
pub struct Probed {
    /// The family.
    pub family: Family,
    /// The production address with the family's key.
    pub target: Target,
    /// The names of the cases.
    pub cases: BTreeSet<String>,
}

/// How the probes of a listing stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProbeView {
    /// The listing.
    pub listing: String,
    /// How the merchant is told of instances.
    pub protocol: Protocol,
    /// The names of the cases that are replayed, by family.
    pub cases: BTreeMap<Family, BTreeSet<String>>,
    /// The failing days in a row.
    pub failing_days: u32,
    /// When trading was frozen; none while the product is on sale.
    pub frozen_at: Option<DateTime<Utc>>,
    /// The last probe.
    pub last: Option<Probe>,
}

/// What is known of the probes of a listing.
#[derive(Debug, Default)]
pub(super) struct Probing {
    /// What a person saved; of a family that is not named, every scene.
    saved: BTreeMap<Family, BTreeSet<String>>,
    failing_days: u32,
    last_failing_day: Option<NaiveDate>,
    frozen_at: Option<DateTime<Utc>>,
    last: Option<Probe>,
}

impl Probing {
    fn note(&mut self, probe: Probe) {
        let (day, failed) = (probe.at.date_naive(), !probe.failures.is_empty());
        let failed_before = self.last_failing_day == Some(day);
        match probe.round {
            Round::Morning | Round::Afternoon if failed && !failed_before => {
                self.last_failing_day = Some(day);
                self.failing_days += 1;
                if self.failing_days >= FAILING_DAYS_MAX {
                    self.frozen_at.get_or_insert(probe.at);
                }
            },
            Round::Afternoon if !failed_before => self.failing_days = 0,
            Round::Morning | Round::Afternoon | Round::ByHand => {},
        }
        self.last = Some(probe);
    }

    /// The cases by family, for the families that a listing has.
    fn cases(&self, listing: &Listing) -> BTreeMap<Family, BTreeSet<String>> {
        let by_default = listing.families().into_iter();
        let mut cases: BTreeMap<_, _> = by_default
            .map(|family| (family, names_of_scenes(family)))
            .collect();
        cases.extend(self.saved.clone());
        cases.retain(|_, names| !names.is_empty());
        cases
    }
}

impl Market {
    /// How the probes of every listing stand.
    pub fn probes(&self) -> Vec<ProbeView> {
        let view = |listing: &Listing| {
            let unknown = Probing::default();
            let probing = self.probings.get(&listing.name).unwrap_or(&unknown);
            ProbeView {
                listing: listing.name.clone(),
                protocol: listing.protocol,
                cases: probing.cases(listing),
                failing_days: probing.failing_days,
                frozen_at: probing.frozen_at,
                last: probing.last.clone(),
            }
        };
        self.listings().map(view).collect()
    }

    /// What a probe of a listing replays.
    pub fn probed(&self, listing: &str) -> Result<Vec<Probed>, MarketError> {
        let listing = self.listing(listing).ok_or(MarketError::UnknownListing)?;
        let unknown = Probing::default();
        let probing = self.probings.get(&listing.name).unwrap_or(&unknown);
        let cases = probing.cases(listing).into_iter();
        let probed = cases.filter_map(|(family, cases)| {
            let target = listing.target(family)?;
            Some(Probed {
                family,
                target,
                cases,
            })
        });
        Ok(probed.collect())
    }

    /// The listings that are probed: those on sale.
    pub fn on_sale(&self) -> Vec<String> {
        let names = self.listings().map(|listing| listing.name.clone());
        names
            .filter(|name| self.expect_trading(name).is_ok())
            .collect()
    }

    /// The production address of a listing with the key of a family.
    pub fn target(&self, listing: &str, family: Family) -> Result<Target, MarketError> {
        let listing = self.listing(listing).ok_or(MarketError::UnknownListing)?;
        listing.target(family).ok_or(MarketError::NoKey)
    }

    /// Saves cases of a family. The first ones that are saved take the place of its scenes, which
    /// are replayed as long as nobody chooses.
    pub fn save_cases(&mut self, listing: &str, family: Family, names: BTreeSet<String>) {
        let probing = self.probings.entry(listing.to_owned()).or_default();
        probing.saved.entry(family).or_default().extend(names);
    }

    /// Forgets all cases of a family.
    pub fn forget_cases(&mut self, listing: &str, family: Family) -> Result<(), MarketError> {
        self.listing(listing).ok_or(MarketError::UnknownListing)?;
        let probing = self.probings.entry(listing.to_owned()).or_default();
        probing.saved.insert(family, BTreeSet::new());
        Ok(())
    }

    /// Notes how a probe went, and freezes trading at the fifth failing day in a row.
    pub fn note_probe(&mut self, listing: &str, probe: Probe) {
        let probing = self.probings.entry(listing.to_owned()).or_default();
        probing.note(probe);
    }

    /// Gives a frozen product back to trading, with no failing day to its name.
    pub fn lift_freeze(&mut self, listing: &str) -> Result<(), MarketError> {
        self.listing(listing).ok_or(MarketError::UnknownListing)?;
        let probing = self.probings.entry(listing.to_owned()).or_default();
        (probing.frozen_at, probing.failing_days) = (None, 0);
        Ok(())
    }

    /// Nothing is sold on a listing whose trading is frozen.
    pub(super) fn expect_trading(&self, listing: &str) -> Result<(), MarketError> {
        let probing = self.probings.get(listing);
        match probing.and_then(|probing| probing.frozen_at) {
            Some(_) => Err(MarketError::TradingFrozen),
            None => Ok(()),
        }
    }
}

impl Listing {
    /// The families that its keys and its protocol offer.
    fn families(&self) -> Vec<Family> {
        let of_instances = match self.protocol {
            Protocol::V2 => Family::Saas,
            Protocol::SaasV1 => Family::SaasV1,
            Protocol::LicenseV1 => Family::LicenseV1,
        };
        [Family::License, of_instances, Family::Order, Family::Kit]
            .into_iter()
            .filter(|family| self.target(*family).is_some())
            .collect()
    }

    fn target(&self, family: Family) -> Option<Target> {
        let interface = match family {
            Family::License => Interface::License,
            Family::Order => Interface::General,
            Family::Saas | Family::OnlineLicense | Family::SaasV1 | Family::LicenseV1 => {
                Interface::Base
            },
            Family::Kit | Family::KitV1 => Interface::Kit,
        };
        let destination = self.destination(interface)?;
        Some(Target {
            url: destination.url,
            key: destination.key,
            public_key: self.keys.kit_public_key.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};

    use super::{FAILING_DAYS_MAX, Probe, ProbeFailure, Probing, Round};
    use crate::check::Family;

    /// A day's probes by hour: true for one that passed.
    fn probe(probing: &mut Probing, day: i64, round: Round, passed: bool) {
        let start = DateTime::<Utc>::from_timestamp(1_767_319_200, 0).unwrap();
        let failure = ProbeFailure {
            family: Family::License,
            case: "releaseLicenseCode".to_owned(),
            why: "HTTP status 500 instead of 200".to_owned(),
        };
        probing.note(Probe {
            at: start + TimeDelta::days(day),
            round,
            cases: 1,
            failures: if passed { Vec::new() } else { vec![failure] },
        });
    }

    #[test]
    fn a_day_counts_once_and_one_failed_probe_is_enough() {
        let mut probing = Probing::default();
        probe(&mut probing, 0, Round::Morning, false);
        probe(&mut probing, 0, Round::Afternoon, false);
        assert_eq!(probing.failing_days, 1);
        probe(&mut probing, 1, Round::Morning, true);
        probe(&mut probing, 1, Round::Afternoon, false);
        assert_eq!(probing.failing_days, 2);
        probe(&mut probing, 2, Round::Morning, false);
        probe(&mut probing, 2, Round::Afternoon, true);
        assert_eq!(probing.failing_days, 3);
    }

    #[test]
    fn a_passing_day_resets_the_count_in_its_afternoon() {
        let mut probing = Probing::default();
        for day in 0..4 {
            probe(&mut probing, day, Round::Morning, false);
        }
        probe(&mut probing, 4, Round::Morning, true);
        assert_eq!(probing.failing_days, 4);
        probe(&mut probing, 4, Round::Afternoon, true);
        assert_eq!((probing.failing_days, probing.frozen_at), (0, None));
    }

    #[test]
    fn the_fifth_failing_day_freezes_and_probes_by_hand_count_for_no_day() {
        let mut probing = Probing::default();
        for day in 0..i64::from(FAILING_DAYS_MAX) {
            assert_eq!(probing.frozen_at, None);
            probe(&mut probing, day, Round::Afternoon, false);
            probe(&mut probing, day, Round::ByHand, true);
        }
        assert!(probing.frozen_at.is_some());
        probe(&mut probing, 9, Round::ByHand, false);
        assert_eq!(probing.failing_days, FAILING_DAYS_MAX);
        assert_eq!(probing.last.unwrap().round, Round::ByHand);
    }
}
