//! What the centre gave out: codes, tokens, tickets and sessions.

use chrono::{DateTime, Utc};

use super::kept::Kept;
use crate::random::{Random, mix};

/// The most of each that are kept; the oldest gives way.
const GRANTS_MAX: usize = 10_000;

/// The letters of codes and tokens: none has to be escaped anywhere.
const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// The length of codes and tokens.
const LENGTH: usize = 43;

/// Who signed in, and to what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Grant {
    pub(super) tenant_id: String,
    pub(super) client_id: String,
    pub(super) user_name: String,
    pub(super) scope: String,
}

/// What stands behind a code.
#[derive(Debug, Clone)]
pub(super) struct Code {
    pub(super) grant: Grant,
    /// The address that the code was sent to.
    pub(super) redirect_uri: String,
    expires_at: DateTime<Utc>,
}

/// What stands behind a token.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) grant: Grant,
    expires_at: DateTime<Utc>,
}

/// What stands behind a CAS ticket.
#[derive(Debug, Clone)]
pub(super) struct Ticket {
    pub(super) tenant_id: String,
    pub(super) user_name: String,
    /// The service that the ticket was sent to.
    pub(super) service: String,
    pub(super) signed_in_at: DateTime<Utc>,
    pub(super) expires_at: DateTime<Utc>,
}

/// A browser that is signed in.
#[derive(Debug, Clone)]
pub(super) struct Session {
    pub(super) tenant_id: String,
    pub(super) user_name: String,
    pub(super) signed_in_at: DateTime<Utc>,
}

/// All that was given out.
#[derive(Debug)]
pub(super) struct Grants {
    random: Random,
    codes: Kept<Code>,
    access_tokens: Kept<Token>,
    refresh_tokens: Kept<Token>,
    tickets: Kept<Ticket>,
    sessions: Kept<Session>,
}

impl Grants {
    /// Nothing is given out yet. What is given out is another for each instant of beginning.
    pub(super) fn new(begun_at: DateTime<Utc>) -> Self {
        Self {
            random: Random::new(mix(begun_at.timestamp_micros().unsigned_abs())),
            codes: Kept::new(GRANTS_MAX),
            access_tokens: Kept::new(GRANTS_MAX),
            refresh_tokens: Kept::new(GRANTS_MAX),
            tickets: Kept::new(GRANTS_MAX),
            sessions: Kept::new(GRANTS_MAX),
        }
    }

    pub(super) fn issue_code(
        &mut self,
        grant: Grant,
        redirect_uri: String,
        expires_at: DateTime<Utc>,
    ) -> String {
        let code = Code {
            grant,
            redirect_uri,
            expires_at,
        };
        let name = self.name();
        self.codes.keep(&name, code);
        name
    }

    /// What a code stands for. It is used up, whatever comes of it.
    pub(super) fn redeem_code(&mut self, name: &str, now: DateTime<Utc>) -> Option<Code> {
        self.codes.take(name).filter(|code| now < code.expires_at)
    }

    pub(super) fn issue_access_token(&mut self, grant: Grant, expires_at: DateTime<Utc>) -> String {
        let name = self.name();
        self.access_tokens.keep(&name, Token { grant, expires_at });
        name
    }

    /// Who an access token is about.
    pub(super) fn bearer(&self, name: &str, now: DateTime<Utc>) -> Option<&Grant> {
        let token = self.access_tokens.find(name)?;
        (now < token.expires_at).then_some(&token.grant)
    }

    pub(super) fn issue_refresh_token(
        &mut self,
        grant: Grant,
        expires_at: DateTime<Utc>,
    ) -> String {
        let name = self.name();
        self.refresh_tokens.keep(&name, Token { grant, expires_at });
        name
    }

    /// Who a refresh token is about.
    pub(super) fn renewing(&self, name: &str, now: DateTime<Utc>) -> Option<&Grant> {
        let token = self.refresh_tokens.find(name)?;
        (now < token.expires_at).then_some(&token.grant)
    }

    /// Forgets a refresh token.
    pub(super) fn drop_refresh_token(&mut self, name: &str) {
        self.refresh_tokens.take(name);
    }

    pub(super) fn issue_ticket(&mut self, ticket: Ticket) -> String {
        let name = format!("ST-{}", self.name());
        self.tickets.keep(&name, ticket);
        name
    }

    /// What a ticket stands for. It is used up, whatever comes of it.
    pub(super) fn redeem_ticket(&mut self, name: &str, now: DateTime<Utc>) -> Option<Ticket> {
        self.tickets
            .take(name)
            .filter(|ticket| now < ticket.expires_at)
    }

    pub(super) fn open_session(&mut self, session: Session) -> String {
        let name = self.name();
        self.sessions.keep(&name, session);
        name
    }

    pub(super) fn session(&self, name: &str) -> Option<&Session> {
        self.sessions.find(name)
    }

    pub(super) fn close_session(&mut self, name: &str) {
        self.sessions.take(name);
    }

    fn name(&mut self) -> String {
        self.random.text(LETTERS, LENGTH)
    }
}
