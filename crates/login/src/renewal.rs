//! Whether a session is still good, and the renewal of what the centre gave for it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::rt;
use tenure_domain::tenant::{Member, Role};
use tenure_domain::{Instant, ListingId};
use tenure_koogallery::login::{Centre, CentreError, Client, token};
use tokio::sync::Mutex as AsyncMutex;

use crate::ended::Ended;
use crate::facts::Standing;
use crate::login::{Login, blocking};
use crate::people::People;
use crate::random_id::IdDigest;
use crate::session::{CentreAccess, Session};
use crate::trouble::Trouble;

/// How long a renewal that brought nothing is not tried again, in seconds. The session is good
/// meanwhile.
const RETRY_SECONDS: i64 = 30;

/// Renewals that are under way: one for a session.
#[derive(Debug, Default)]
pub(crate) struct Renewals(Mutex<BTreeMap<IdDigest, Arc<AsyncMutex<()>>>>);

impl Renewals {
    fn of(&self, id: IdDigest) -> Arc<AsyncMutex<()>> {
        let mut under_way = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Those that nobody holds but this map are over.
        under_way.retain(|_, lock| Arc::strong_count(lock) > 1);
        Arc::clone(under_way.entry(id).or_default())
    }
}

/// A session that is good now.
#[derive(Debug)]
pub(crate) struct Good {
    pub(crate) session: Session,
    pub(crate) standing: Standing,
    pub(crate) member: Member,
    /// The lower of what the kit told and what the centre told.
    pub(crate) role: Role,
}

impl Login {
    /// Looks whether a session is good: whether the journal's facts say so, and the centre still
    /// vouches for it. Ends it if not.
    pub(crate) async fn look(
        self: &Arc<Self>,
        id: IdDigest,
        session: Session,
    ) -> Result<Result<Good, Ended>, Trouble> {
        let listing = session.listing.clone();
        let looked = match self.rest(session).await? {
            Ok(good) if good.session.is_to_be_renewed_at(self.clock.now()) => {
                // A task of its own: a refresh token that was used is kept though whoever asked
                // has gone.
                let login = Arc::clone(self);
                let running = rt::spawn(async move { login.renew(id, good).await });
                running.await.map_err(|_panicked| Trouble::Internal)??
            },
            looked => looked,
        };
        self.ended_if_not_good(id, &listing, looked).await
    }

    /// Looks whether the journal's facts say that a session is good, and asks no centre: what waits
    /// for the exchange of its ticket has just come from there. Ends it if not.
    pub(crate) async fn look_at_facts(
        &self,
        id: IdDigest,
        session: Session,
    ) -> Result<Result<Good, Ended>, Trouble> {
        let listing = session.listing.clone();
        let looked = self.rest(session).await?;
        self.ended_if_not_good(id, &listing, looked).await
    }

    async fn ended_if_not_good(
        &self,
        id: IdDigest,
        listing: &ListingId,
        looked: Result<Good, Ended>,
    ) -> Result<Result<Good, Ended>, Trouble> {
        if let Err(ended) = looked {
            self.forget(id).await?;
            self.metrics.ended(listing, ended.code());
        }
        Ok(looked)
    }

    /// Ends a session, whether or not there is one.
    pub(crate) async fn forget(&self, id: IdDigest) -> Result<(), Trouble> {
        let store = self.store.clone();
        let count = blocking(move || {
            store.end(id)?;
            Ok(store.count()?)
        })
        .await?;
        self.metrics.sessions(count);
        Ok(())
    }

    /// Folds what a session rests on.
    pub(crate) async fn standing(&self, session: &Session) -> Result<Option<Standing>, Trouble> {
        let (stream, application) = (session.stream.clone(), session.application.clone());
        let now = self.clock.now();
        let reading = self
            .journal
            .ask(move |log| Standing::read(&mut **log, &stream, &application, now));
        Ok(reading.await?)
    }

    async fn rest(&self, session: Session) -> Result<Result<Good, Ended>, Trouble> {
        let Some(standing) = self.standing(&session).await? else {
            return Ok(Err(Ended::Unbound));
        };
        Ok(rests_on(session, standing))
    }

    /// Renews the access token of a session, unless somebody did so while this waited for its turn.
    async fn renew(&self, id: IdDigest, good: Good) -> Result<Result<Good, Ended>, Trouble> {
        let lock = self.renewals.of(id);
        let _turn = lock.lock().await;
        let (store, listing) = (self.store.clone(), good.session.listing.clone());
        let now = self.clock.now();
        let kept = blocking(move || Ok(store.find(id, &listing, now)?)).await?;
        let Some(session) = kept else {
            return Ok(Err(Ended::Over));
        };
        let good = Good { session, ..good };
        let Some(access) = good.session.access.clone() else {
            return Ok(Ok(good));
        };
        if access.renew_at > now {
            return Ok(Ok(good));
        }
        let listing = &good.session.listing;
        let (next, outcome) = match self.renewed(&good, &access).await {
            Ok(None) => (Err(Ended::AccessExpired), "no_refresh_token"),
            Ok(Some(access)) => (Ok(access), "renewed"),
            Err(Trouble::Centre(CentreError::InvalidGrant)) => {
                (Err(Ended::CentreRefused), "invalid_grant")
            },
            Err(trouble) => {
                tracing::warn!(
                    %listing,
                    reason = trouble.code(),
                    advice = trouble.advice(),
                    "an access token was not renewed"
                );
                (Err(Ended::AccessExpired), trouble.code())
            },
        };
        self.metrics.renewal(listing, outcome);
        let next = match next {
            // Trouble on the way ends nothing before the access token does.
            Err(Ended::AccessExpired) if access.ends_at > now => CentreAccess {
                renew_at: now.plus_seconds(RETRY_SECONDS).min(access.ends_at),
                ..access
            },
            Err(ended) => return Ok(Err(ended)),
            Ok(access) => access,
        };
        self.keep(id, good, next).await.map(Ok)
    }

    async fn keep(&self, id: IdDigest, good: Good, next: CentreAccess) -> Result<Good, Trouble> {
        let (store, kept) = (self.store.clone(), next.clone());
        blocking(move || Ok(store.renew(id, &kept)?)).await?;
        let session = Session {
            access: Some(next),
            ..good.session
        };
        Ok(Good { session, ..good })
    }

    /// Asks the centre for a new access token, with the client as it is told now. `None` if there
    /// is nothing to ask with.
    async fn renewed(
        &self,
        good: &Good,
        access: &CentreAccess,
    ) -> Result<Option<CentreAccess>, Trouble> {
        let Some(sealed) = access.refresh.clone() else {
            return Ok(None);
        };
        let bound = good.standing.bound(&good.session.application)?;
        let settings = self.settings_of(&good.session.listing)?;
        let centre = Centre::find(&bound.binding.domain, &settings.trusted_centres);
        let centre = centre.ok_or(Trouble::NotCallable)?;
        let (people, client_secret) = (self.people.clone(), bound.client.secret.clone());
        let merchant = good.standing.stream.merchant.clone();
        let tenant = good.standing.key.tenant.clone();
        // All that the vault has to give is there before the centre is asked, which may take the
        // refresh token for used from then on.
        let (secret, refresh, key) = blocking(move || {
            let refresh = people.open_token(&sealed)?;
            let secret = people.client_secret(&client_secret)?;
            Ok((secret, refresh, people.key(&merchant, &tenant)?))
        })
        .await?;
        let client = Client {
            id: &bound.client.id,
            secret: &secret,
        };
        let answer = self
            .caller
            .send(&centre, &token::renew(client, &refresh))
            .await?;
        let tokens = token::read(answer.status, &answer.body)?;
        // One that does not rotate goes on.
        let refresh = match tokens.refresh {
            Some(fresh) => Some(People::seal_token(&key, &fresh)?),
            None => access.refresh.clone(),
        };
        let (now, expires_in_seconds) = (self.clock.now(), tokens.expires_in_seconds);
        Ok(Some(CentreAccess::new(now, expires_in_seconds, refresh)))
    }

    fn settings_of(&self, listing: &ListingId) -> Result<&crate::settings::Settings, Trouble> {
        let found = self.listing(listing.as_str());
        found
            .map(|(_, listing)| &listing.settings)
            .ok_or(Trouble::Internal)
    }
}

impl Session {
    fn is_to_be_renewed_at(&self, now: Instant) -> bool {
        let access = self.access.as_ref();
        access.is_some_and(|access| {
            access.renew_at <= now && (access.refresh.is_some() || access.ends_at <= now)
        })
    }
}

/// Whether the facts still say what they said when the session began, and never said otherwise
/// since.
fn rests_on(session: Session, standing: Standing) -> Result<Good, Ended> {
    standing.bound(&session.application)?;
    let member = standing
        .member(&session.application, session.member)?
        .clone();
    if member.grants != session.grants {
        return Err(Ended::GrantedAnew);
    }
    standing.stayed_good_after(session.since, &session.application, session.member)?;
    let role = session
        .centre_role
        .map_or(member.account.role, |told| told.min(member.account.role));
    Ok(Good {
        session,
        standing,
        member,
        role,
    })
}
