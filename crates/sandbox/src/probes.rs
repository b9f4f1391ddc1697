//! Replays the saved debugging cases of every listing on sale, twice a day of the market's time.
//!
//! A replayed case is the saved one with `testFlag=1`, and with the timestamp, the nonce and the
//! signature of the moment. What failing days lead to is [`crate::market`]'s part.

use std::collections::BTreeSet;
use std::sync::{MutexGuard, PoisonError};

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};

use crate::check::{Family, Outcome, Report, names_of_accepted, names_of_scenes, replay};
use crate::client::Client;
use crate::market::{Market, MarketError, Probe, ProbeFailure, Probed, Round, SharedMarket};

/// The hours of the two probes, in UTC: ten and three o'clock in China. The guide does not say when.
const HOURS: [(u32, Round); 2] = [(2, Round::Morning), (7, Round::Afternoon)];

/// How far back probes that were due are made up for when the clock is moved: far enough for five
/// failing days.
const CATCH_UP_DAYS: i64 = 6;

/// Probes all listings when it is time.
#[derive(Debug)]
pub struct Prober {
    client: Client,
    market: SharedMarket,
    done_until: DateTime<Utc>,
}

impl Prober {
    /// One whose first probe is the first that is due after `now`.
    pub fn new(client: Client, market: SharedMarket, now: DateTime<Utc>) -> Self {
        Self {
            client,
            market,
            done_until: now,
        }
    }

    /// Makes all probes that are due by `now` and not yet made, in their order.
    pub async fn probe_due(&mut self, now: DateTime<Utc>) {
        for (at, round) in due(self.done_until, now) {
            self.done_until = at;
            let on_sale = lock(&self.market).on_sale();
            for listing in on_sale {
                // It was a listing a moment ago, and listings do not go away.
                if let Ok(Some(made)) = probe(&self.client, &self.market, &listing, at, round).await
                {
                    let failed = made.failures.len();
                    tracing::info!(listing, ?round, %at, cases = made.cases, failed, "probed");
                }
            }
        }
        self.done_until = self.done_until.max(now);
    }
}

/// The probes after an instant and up to another one.
fn due(after: DateTime<Utc>, until: DateTime<Utc>) -> Vec<(DateTime<Utc>, Round)> {
    let after = after.max(until - TimeDelta::days(CATCH_UP_DAYS));
    let days = after.date_naive().iter_days();
    let days = days.take_while(|day| *day <= until.date_naive());
    let rounds = days.flat_map(|day| {
        HOURS.into_iter().filter_map(move |(hour, round)| {
            let time = NaiveTime::from_hms_opt(hour, 0, 0)?;
            Some((day.and_time(time).and_utc(), round))
        })
    });
    rounds
        .filter(|(at, _)| after < *at && *at <= until)
        .collect()
}

/// Replays all cases of a listing once, and notes how that went. Nothing for a listing that has
/// no cases.
pub async fn probe(
    client: &Client,
    market: &SharedMarket,
    listing: &str,
    at: DateTime<Utc>,
    round: Round,
) -> Result<Option<Probe>, MarketError> {
    let probed = lock(market).probed(listing)?;
    let (mut cases, mut failures) = (0, Vec::new());
    for Probed {
        family,
        target,
        cases: names,
    } in probed
    {
        let report = replay(client, &target, family, &names).await;
        cases += report.cases.len();
        failures.extend(report.failures().map(|case| ProbeFailure {
            family,
            case: case.name.clone(),
            why: case.why.clone().unwrap_or_default(),
        }));
    }
    if cases == 0 {
        return Ok(None);
    }
    let probe = Probe {
        at,
        round,
        cases,
        failures,
    };
    lock(market).note_probe(listing, probe.clone());
    Ok(Some(probe))
}

/// Debugs one case of a family, or all its scenes, and saves those that pass: from then on probes
/// replay them.
pub async fn debug_and_save(
    client: &Client,
    market: &SharedMarket,
    listing: &str,
    family: Family,
    case: Option<&str>,
) -> Result<Report, MarketError> {
    let names = match case {
        None => names_of_scenes(family),
        Some(case) => {
            let known = names_of_accepted(family).take(case);
            BTreeSet::from([known.ok_or(MarketError::UnknownCase)?])
        },
    };
    let target = lock(market).target(listing, family)?;
    let report = replay(client, &target, family, &names).await;
    let cases = report.cases.iter();
    let passed: BTreeSet<String> = cases
        .filter(|case| case.outcome == Outcome::Passed)
        .map(|case| case.name.clone())
        .collect();
    if !passed.is_empty() {
        lock(market).save_cases(listing, family, passed);
    }
    Ok(report)
}

fn lock(market: &SharedMarket) -> MutexGuard<'_, Market> {
    // Every change of the market is complete before anything can panic.
    market.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};

    use super::{Round, due};

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_has_two_probes_each_once() {
        let (morning, afternoon) = (at("2026-01-02T02:00:00Z"), at("2026-01-02T07:00:00Z"));
        let midnight = at("2026-01-02T00:00:00Z");
        assert_eq!(due(midnight, morning - TimeDelta::seconds(1)), []);
        assert_eq!(due(midnight, morning), [(morning, Round::Morning)]);
        assert_eq!(due(morning, afternoon), [(afternoon, Round::Afternoon)]);
        assert_eq!(due(afternoon, midnight + TimeDelta::days(1)), []);
        assert_eq!(due(afternoon, afternoon), []);
    }

    #[test]
    fn what_was_missed_long_ago_is_not_made_up_for() {
        let start = at("2026-01-02T00:00:00Z");
        assert_eq!(due(start, start + TimeDelta::days(5)).len(), 10);
        let late = due(start, start + TimeDelta::days(100));
        assert_eq!(late.len(), 12);
        assert!(late.iter().all(|(at, _)| *at > start + TimeDelta::days(94)));
    }
}
