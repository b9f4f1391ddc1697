//! How the centre answers: what the documents leave open, and faults.
//!
//! What a call meets depends on the seed and on how many calls came before it, so a run repeats.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::random::mix;

/// The most that an answer is held back.
const SLOW_MS_MAX: u32 = 120_000;

/// What can be changed while the sandbox runs. Without faults, and documented, from the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Whether a renewal makes a new refresh token and ends the one before.
    pub rotates_refresh_tokens: bool,
    /// Whether the way back from `authorize` names the `tenant`, as the page on the workbench has
    /// it; the generic page has it not.
    pub authorize_names_tenant: bool,
    /// How long codes and tickets are good for. No document says.
    pub code_seconds: u32,
    /// How long an access token is good for.
    pub access_token_seconds: u32,
    /// How long a refresh token is good for.
    pub refresh_token_seconds: u32,
    /// How late a slow answer comes, in milliseconds; two minutes at most.
    pub slow_ms: u32,
    /// What happens to calls of `token`.
    pub token: TokenFaults,
    /// What happens to calls that ask whom a token or a ticket is about.
    pub person: PersonFaults,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            rotates_refresh_tokens: true,
            authorize_names_tenant: true,
            code_seconds: 5 * 60,
            access_token_seconds: 2 * 60 * 60,
            refresh_token_seconds: 30 * 24 * 60 * 60,
            slow_ms: 0,
            token: TokenFaults::default(),
            person: PersonFaults::default(),
        }
    }
}

impl Settings {
    pub(super) fn code_until(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        after(now, self.code_seconds)
    }

    pub(super) fn access_token_until(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        after(now, self.access_token_seconds)
    }

    pub(super) fn refresh_token_until(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        after(now, self.refresh_token_seconds)
    }

    pub(super) fn delay(&self) -> Duration {
        Duration::from_millis(u64::from(self.slow_ms.min(SLOW_MS_MAX)))
    }
}

fn after(now: DateTime<Utc>, seconds: u32) -> DateTime<Utc> {
    now.checked_add_signed(TimeDelta::seconds(i64::from(seconds)))
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// Percentages of all calls; what exceeds 100 together is cut off in the order of the fields.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TokenFaults {
    /// Fails with 500, and does nothing.
    pub internal_percent: u8,
    /// Fails with 403 and a right client, as was seen; does nothing.
    pub forbidden_percent: u8,
    /// Answers late; what was asked for is done.
    pub slow_percent: u8,
    /// Answers with half of the JSON; what was asked for is done.
    pub malformed_percent: u8,
    /// Gives no refresh token, as one printed example does.
    pub no_refresh_token_percent: u8,
    /// Gives an access token that has expired already.
    pub expired_percent: u8,
}

/// Percentages of all calls; what exceeds 100 together is cut off in the order of the fields.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PersonFaults {
    /// Fails with 500.
    pub internal_percent: u8,
    /// Answers late.
    pub slow_percent: u8,
    /// Answers with half of the body.
    pub malformed_percent: u8,
    /// Names another enterprise.
    pub other_tenant_percent: u8,
    /// Names no more than the printed example of `userinfo` does.
    pub brief_percent: u8,
}

/// What a call meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    Internal,
    Forbidden,
    Slow,
    Malformed,
    NoRefreshToken,
    Expired,
    OtherTenant,
    Brief,
}

/// The settings, and the seed of what they leave open.
#[derive(Debug)]
pub struct Manner {
    seed: u64,
    drawn: AtomicU64,
    settings: Mutex<Settings>,
}

impl Manner {
    /// The default settings.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            drawn: AtomicU64::new(0),
            settings: Mutex::default(),
        }
    }

    /// The settings.
    pub fn settings(&self) -> Settings {
        *self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Replaces the settings.
    pub fn set(&self, settings: Settings) {
        *self.settings.lock().unwrap_or_else(PoisonError::into_inner) = settings;
    }

    /// What the next call of `token` meets.
    pub(super) fn token_fault(&self) -> Option<Fault> {
        let TokenFaults {
            internal_percent,
            forbidden_percent,
            slow_percent,
            malformed_percent,
            no_refresh_token_percent,
            expired_percent,
        } = self.settings().token;
        self.draw(&[
            (internal_percent, Fault::Internal),
            (forbidden_percent, Fault::Forbidden),
            (slow_percent, Fault::Slow),
            (malformed_percent, Fault::Malformed),
            (no_refresh_token_percent, Fault::NoRefreshToken),
            (expired_percent, Fault::Expired),
        ])
    }

    /// What the next question about a person meets.
    pub(super) fn person_fault(&self) -> Option<Fault> {
        let PersonFaults {
            internal_percent,
            slow_percent,
            malformed_percent,
            other_tenant_percent,
            brief_percent,
        } = self.settings().person;
        self.draw(&[
            (internal_percent, Fault::Internal),
            (slow_percent, Fault::Slow),
            (malformed_percent, Fault::Malformed),
            (other_tenant_percent, Fault::OtherTenant),
            (brief_percent, Fault::Brief),
        ])
    }

    fn draw(&self, ladder: &[(u8, Fault)]) -> Option<Fault> {
        let drawn = self.drawn.fetch_add(1, Ordering::Relaxed);
        let mut drawn = mix(self.seed ^ mix(drawn)) % 100;
        for (percent, fault) in ladder {
            match drawn.checked_sub(u64::from(*percent)) {
                Some(rest) => drawn = rest,
                None => return Some(*fault),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, Manner, Settings, TokenFaults};

    fn drawn(token: TokenFaults) -> Vec<Option<Fault>> {
        let manner = Manner::new(7);
        manner.set(Settings {
            token,
            ..Settings::default()
        });
        (0..1000).map(|_| manner.token_fault()).collect()
    }

    #[test]
    fn percentages_are_of_all_calls() {
        let drawn = drawn(TokenFaults {
            internal_percent: 10,
            expired_percent: 20,
            ..TokenFaults::default()
        });
        let count = |fault| drawn.iter().filter(|it| **it == fault).count();
        for (fault, percent) in [
            (Some(Fault::Internal), 10_usize),
            (Some(Fault::Expired), 20),
            (None, 70),
        ] {
            let found = count(fault);
            assert!(found.abs_diff(percent * 10) < 50, "{fault:?}: {found}");
        }
        assert_eq!(count(Some(Fault::Slow)), 0);
    }

    #[test]
    fn what_exceeds_a_hundred_is_cut_off() {
        let drawn = drawn(TokenFaults {
            internal_percent: 100,
            slow_percent: 100,
            ..TokenFaults::default()
        });
        assert!(drawn.iter().all(|it| *it == Some(Fault::Internal)));
    }
}
