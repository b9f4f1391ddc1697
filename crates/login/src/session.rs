//! A session, as it is kept.

use tenure_domain::tenant::{MemberId, Role};
use tenure_domain::{ApplicationId, Instant, ListingId, SealKey};
use tenure_journal::{Position, StreamId};

/// What is kept of a session: what it rests on, and nothing that says who it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Session {
    /// The listing through which the member logged in.
    pub(crate) listing: ListingId,
    /// The enterprise, for one instance.
    pub(crate) stream: StreamId,
    /// The application.
    pub(crate) application: ApplicationId,
    /// The member.
    pub(crate) member: MemberId,
    /// How often the member had been granted access when the session began. Under another number
    /// it is none.
    pub(crate) grants: u32,
    /// How far the journal had come when the session began. Whatever it rests on must have stayed
    /// good since.
    pub(crate) since: Position,
    /// The role that the centre told at the login. The lower of it and what the kit tells counts.
    pub(crate) centre_role: Option<Role>,
    /// When it is over, whatever else is.
    pub(crate) ends_at: Instant,
    /// What the centre gave. CAS gives nothing.
    pub(crate) access: Option<CentreAccess>,
}

/// The centre's part of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CentreAccess {
    /// When the access token runs out.
    pub(crate) ends_at: Instant,
    /// When it is to be renewed, or to be tried again.
    pub(crate) renew_at: Instant,
    /// The refresh token, if there is one.
    pub(crate) refresh: Option<SealedToken>,
}

/// A token that the vault sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SealedToken {
    /// The key.
    pub(crate) key: SealKey,
    /// The token, sealed.
    pub(crate) bytes: Box<[u8]>,
}

/// How long before its end an access token is renewed, in seconds.
const RENEWED_BEFORE_SECONDS: u32 = 300;

impl CentreAccess {
    /// The part of a session that tokens of an age give. A token that lives shortly is renewed at
    /// half its life, and not at every question.
    pub(crate) fn new(now: Instant, expires_in_seconds: u32, refresh: Option<SealedToken>) -> Self {
        let before = RENEWED_BEFORE_SECONDS.min(expires_in_seconds / 2);
        let ends_at = now.plus_seconds(i64::from(expires_in_seconds));
        Self {
            ends_at,
            renew_at: ends_at.plus_seconds(-i64::from(before)),
            refresh,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(expires_in_seconds: u32, renew_after_seconds: i64) {
        let access = CentreAccess::new(Instant::EPOCH, expires_in_seconds, None);
        assert_eq!(access.renew_at, Instant::from_seconds(renew_after_seconds));
        let ends_at = Instant::from_seconds(i64::from(expires_in_seconds));
        assert_eq!(access.ends_at, ends_at);
    }

    #[test]
    fn a_token_is_renewed_five_minutes_before_its_end_or_at_half_its_life() {
        check(7_200, 6_900);
        check(600, 300);
        check(60, 30);
        check(0, 0);
    }
}
