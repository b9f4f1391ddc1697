//! The steps of a login.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::web;
use reqwest::Url;
use tenure_api::{OpenReader, Pool};
use tenure_domain::tenant::{MemberId, TenantKey};
use tenure_domain::{ApplicationId, ListingId, MerchantId, Sealed, TenantId};
use tenure_journal::vault::Vault;
use tenure_journal::{Clock, ReadError, ReadLog, StreamId, Subject};
use tenure_koogallery::login::{
    CasCallback, Centre, CentreError, CentreUser, Client, LoginCode, Tokens, browser, cas, token,
    user,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

use crate::caller::{Caller, CallerError};
use crate::ended::Ended;
use crate::facts::Standing;
use crate::metrics::Metrics;
use crate::people::People;
use crate::random_id::{IdDigest, RandomId};
use crate::renewal::Renewals;
use crate::session::{CentreAccess, Session};
use crate::settings::Settings;
use crate::state_cookie::StateCookie;
use crate::store::{Store, StoreError};
use crate::trouble::Trouble;

/// Finds the streams that may be about an enterprise, for a listing. What it finds is where to
/// look; what counts stands in the streams.
pub type FindStreams = Box<
    dyn Fn(&ListingId, &TenantId) -> Result<Vec<StreamId>, Box<dyn Error + Send + Sync>>
        + Send
        + Sync,
>;

/// The most connections to the journal.
const CONNECTIONS_MAX: usize = 8;

/// The most instances of one enterprise that are looked at. One enterprise has one, or a few if it
/// bought several times.
const STREAMS_MAX: usize = 100;

/// The most logins of one enterprise that are under way at once, for a listing.
const LOGINS_OF_ENTERPRISE_MAX: usize = 4;

/// What logins are made of.
pub struct Parts {
    /// How the members of each listing's buyers log in.
    pub settings: BTreeMap<ListingId, Settings>,
    /// Opens the journal for reading.
    pub open_reader: OpenReader,
    /// Finds the streams of an enterprise.
    pub find_streams: FindStreams,
    /// Opens what is sealed.
    pub vault: Vault,
    /// Keeps sessions.
    pub store: Store,
    /// The present instant.
    pub clock: Arc<dyn Clock>,
    /// What is counted.
    pub metrics: Metrics,
}

/// Why logins cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Centres cannot be called.
    #[error("authentication centres cannot be called")]
    Caller(#[from] CallerError),
    /// The sessions cannot be read.
    #[error("the sessions cannot be counted")]
    Store(#[from] StoreError),
}

/// Logs members in, and knows their sessions.
pub struct Login {
    listings: BTreeMap<ListingId, Listing>,
    pub(crate) journal: Arc<Pool<Box<dyn ReadLog>>>,
    find_streams: Arc<FindStreams>,
    pub(crate) people: People,
    pub(crate) store: Store,
    pub(crate) caller: Caller,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) metrics: Metrics,
    pub(crate) renewals: Renewals,
}

pub(crate) struct Listing {
    pub(crate) settings: Settings,
    permits: Semaphore,
    /// Of those enterprises that have logins under way.
    permits_of_enterprises: Mutex<BTreeMap<TenantId, Arc<Semaphore>>>,
}

/// Room for a login, as long as it is under way.
struct Permit<'a> {
    _of_listing: SemaphorePermit<'a>,
    _of_enterprise: OwnedSemaphorePermit,
}

/// Where a browser is sent to log in.
#[derive(Debug)]
pub(crate) struct Start {
    pub(crate) location: String,
    /// What it must come back with.
    pub(crate) cookie: Option<StateCookie>,
}

/// With whom and where a member of an enterprise logs in.
struct Chosen {
    merchant: MerchantId,
    key: TenantKey,
    centre: Centre,
    client_id: Box<str>,
    secret: Sealed,
}

impl Login {
    /// Puts it together. The process must have a TLS provider installed by then.
    pub fn new(parts: Parts) -> Result<Self, StartError> {
        let listings = parts.settings.into_iter().map(|(id, settings)| {
            let permits = Semaphore::new(settings.logins_at_once);
            let listing = Listing {
                settings,
                permits,
                permits_of_enterprises: Mutex::default(),
            };
            (id, listing)
        });
        parts.metrics.sessions(parts.store.count()?);
        Ok(Self {
            listings: listings.collect(),
            journal: Pool::new(CONNECTIONS_MAX, parts.open_reader),
            find_streams: Arc::new(parts.find_streams),
            people: People::new(parts.vault),
            store: parts.store,
            caller: Caller::new()?,
            clock: parts.clock,
            metrics: parts.metrics,
            renewals: Renewals::default(),
        })
    }

    /// A listing whose buyers' members can log in.
    pub(crate) fn listing(&self, text: &str) -> Option<(&ListingId, &Listing)> {
        self.listings.get_key_value(&ListingId::parse(text).ok()?)
    }

    /// Where the browser logs in: at the marketplace's own page, or at the centre of an enterprise
    /// if it is known.
    pub(crate) async fn start(
        &self,
        id: &ListingId,
        tenant: Option<&TenantId>,
    ) -> Result<Start, Trouble> {
        let listing = self.known(id)?;
        let settings = &listing.settings;
        let Some(tenant) = tenant else {
            return Ok(Start {
                location: browser::portal(&settings.portal, &settings.application),
                cookie: None,
            });
        };
        let permit = listing.permit(tenant)?;
        let standings = self.standings(id, &settings.application, tenant).await?;
        let chosen = choose(&standings, settings)?;
        drop(permit);
        let cookie = StateCookie::draw(tenant).ok_or(Trouble::Internal)?;
        let callback = settings.callback_url(id);
        Ok(Start {
            location: browser::authorize(
                &chosen.centre,
                &chosen.client_id,
                &callback,
                &cookie.state,
            ),
            cookie: Some(cookie),
        })
    }

    /// Logs in who came back with a code, and returns where the browser goes.
    pub(crate) async fn finish(
        &self,
        id: &ListingId,
        tenant: &TenantId,
        code: &LoginCode,
    ) -> Result<Url, Trouble> {
        let listing = self.known(id)?;
        let settings = &listing.settings;
        let _permit = listing.permit(tenant)?;
        let standings = self.standings(id, &settings.application, tenant).await?;
        let chosen = choose(&standings, settings)?;
        let digest = IdDigest::of(&["code", id.as_str(), code.as_str()]);
        self.use_up(digest, id, tenant).await?;
        let tokens = self.exchange_code(id, settings, &chosen, code).await;
        let tokens = self.unless_refused(digest, tokens).await?;
        let request = user::request(&tokens.access);
        let answer = self.caller.send_twice(&chosen.centre, &request).await?;
        let user = user::read(answer.status, &answer.body)?;
        self.begin(id, settings, standings, chosen, user, Some(tokens))
            .await
    }

    /// Logs in who came back with a ticket of CAS, and returns where the browser goes.
    pub(crate) async fn finish_cas(
        &self,
        id: &ListingId,
        callback: &CasCallback,
    ) -> Result<Url, Trouble> {
        let listing = self.known(id)?;
        let settings = &listing.settings;
        let _permit = listing.permit(&callback.tenant)?;
        let standings = self
            .standings(id, &settings.application, &callback.tenant)
            .await?;
        let chosen = choose(&standings, settings)?;
        let ticket = &callback.ticket;
        let digest = IdDigest::of(&["ticket", id.as_str(), ticket.as_str()]);
        self.use_up(digest, id, &callback.tenant).await?;
        let service = settings.cas_url(id) + &callback.service_end;
        let request = cas::request(&service, ticket);
        let answer = self.caller.send(&chosen.centre, &request).await?;
        let user = cas::read(answer.status, &answer.body).map_err(Trouble::from);
        let user = self.unless_refused(digest, user).await?;
        self.begin(id, settings, standings, chosen, user, None)
            .await
    }

    fn known(&self, id: &ListingId) -> Result<&Listing, Trouble> {
        self.listings.get(id).ok_or(Trouble::Internal)
    }

    /// What the journal tells of an enterprise, for each instance that it is bound to; where a
    /// client was told last comes first. What test calls told comes behind everything real: what
    /// the merchant makes up while debugging must not lead real members elsewhere.
    async fn standings(
        &self,
        listing: &ListingId,
        application: &ApplicationId,
        tenant: &TenantId,
    ) -> Result<Vec<Standing>, Trouble> {
        let find = Arc::clone(&self.find_streams);
        let asked = (listing.clone(), tenant.clone());
        let mut streams = blocking(move || {
            let (listing, tenant) = asked;
            let mut streams = find(&listing, &tenant).map_err(Trouble::Index)?;
            streams.retain(|stream| match &stream.subject {
                Subject::Tenant(key) => key.listing == listing && key.tenant == tenant,
                Subject::License(_) | Subject::Order(_) | Subject::Usage(_) => false,
            });
            Ok(streams)
        })
        .await?;
        streams.truncate(STREAMS_MAX);
        let (application, now) = (application.clone(), self.clock.now());
        let reading = self.journal.ask(move |log| {
            let standings = streams.iter().filter_map(|stream| {
                Standing::read(&mut **log, stream, &application, now).transpose()
            });
            standings.collect::<Result<Vec<_>, ReadError>>()
        });
        let mut standings = reading.await?;
        standings
            .sort_by_key(|standing| (standing.key.partition, Reverse(standing.client_position())));
        Ok(standings)
    }

    /// Takes note that a code or ticket is used now; refuses one that was used before.
    async fn use_up(
        &self,
        code: IdDigest,
        listing: &ListingId,
        tenant: &TenantId,
    ) -> Result<(), Trouble> {
        let (store, now) = (self.store.clone(), self.clock.now());
        let enterprise = IdDigest::of(&["enterprise", listing.as_str(), tenant.as_str()]);
        let remembering = blocking(move || Ok(store.remember_code(code, enterprise, now)?));
        if remembering.await? {
            Ok(())
        } else {
            Err(Trouble::CodeUsed)
        }
    }

    /// Forgets a code or ticket that the centre itself refused. What it accepted stays remembered,
    /// and so does one of which nothing was heard.
    async fn unless_refused<T>(
        &self,
        code: IdDigest,
        told: Result<T, Trouble>,
    ) -> Result<T, Trouble> {
        if let Err(Trouble::Centre(CentreError::InvalidGrant | CentreError::InvalidTicket)) = told {
            let store = self.store.clone();
            blocking(move || Ok(store.forget_code(code)?)).await?;
        }
        told
    }

    async fn exchange_code(
        &self,
        id: &ListingId,
        settings: &Settings,
        chosen: &Chosen,
        code: &LoginCode,
    ) -> Result<Tokens, Trouble> {
        let (people, sealed) = (self.people.clone(), chosen.secret.clone());
        let secret = blocking(move || Ok(people.client_secret(&sealed)?)).await?;
        let client = Client {
            id: &chosen.client_id,
            secret: &secret,
        };
        let request = token::exchange(client, code, &settings.callback_url(id));
        let answer = self.caller.send(&chosen.centre, &request).await?;
        Ok(token::read(answer.status, &answer.body)?)
    }

    /// Begins a session for a user whom a centre vouches for, if the journal knows it as a member
    /// that may use the application.
    async fn begin(
        &self,
        id: &ListingId,
        settings: &Settings,
        standings: Vec<Standing>,
        chosen: Chosen,
        user: CentreUser,
        tokens: Option<Tokens>,
    ) -> Result<Url, Trouble> {
        let now = self.clock.now();
        let (people, store, listing) = (self.people.clone(), self.store.clone(), id.clone());
        let application = settings.application.clone();
        let ends_at = now.plus_seconds(i64::from(settings.session_seconds));
        let ticket_ends_at = now.plus_seconds(i64::from(settings.ticket_seconds));
        let (ticket, count) = blocking(move || {
            let (merchant, tenant) = (&chosen.merchant, &chosen.key.tenant);
            if user.tenant.as_ref().is_some_and(|told| told != tenant) {
                return Err(Trouble::OtherEnterprise);
            }
            let member_id = people.member_id(merchant, tenant, &user.user_name)?;
            let (standing, grants) = admit(&standings, &application, &chosen, member_id)?;
            let access = tokens.map(|tokens| {
                let refresh = tokens.refresh.as_ref();
                let refresh = refresh.map(|token| {
                    let key = people.key(merchant, tenant)?;
                    People::seal_token(&key, token)
                });
                let refresh = refresh.transpose()?;
                Ok::<_, Trouble>(CentreAccess::new(now, tokens.expires_in_seconds, refresh))
            });
            let session = Session {
                listing,
                stream: standing.stream.clone(),
                application,
                member: member_id,
                grants,
                since: standing.head,
                centre_role: user.role,
                ends_at,
                access: access.transpose()?,
            };
            let ticket = RandomId::draw().map_err(|_no_randomness| Trouble::Internal)?;
            store.begin(ticket.digest(), ticket_ends_at, &session, now)?;
            Ok((ticket, store.count()?))
        })
        .await?;
        self.metrics.sessions(count);
        let mut location = settings.application_url.clone();
        location
            .query_pairs_mut()
            .append_pair("ticket", ticket.expose());
        Ok(location)
    }
}

impl Listing {
    /// Room for one more login. There is a bound, since each waits for somebody else's server; and
    /// one for each enterprise, so that one whose server is slow stops no other.
    fn permit(&self, tenant: &TenantId) -> Result<Permit<'_>, Trouble> {
        let of_enterprise = self.permits_of(tenant).try_acquire_owned();
        let of_enterprise = of_enterprise.map_err(|_all_taken| Trouble::Busy)?;
        let of_listing = self.permits.try_acquire();
        Ok(Permit {
            _of_listing: of_listing.map_err(|_all_taken| Trouble::Busy)?,
            _of_enterprise: of_enterprise,
        })
    }

    fn permits_of(&self, tenant: &TenantId) -> Arc<Semaphore> {
        let permits = self.permits_of_enterprises.lock();
        let mut permits = permits.unwrap_or_else(PoisonError::into_inner);
        // Those that nobody holds but this map have no login under way.
        permits.retain(|_, it| Arc::strong_count(it) > 1);
        let fresh = || Arc::new(Semaphore::new(LOGINS_OF_ENTERPRISE_MAX));
        Arc::clone(permits.entry(tenant.clone()).or_insert_with(fresh))
    }
}

/// The client with which members of an enterprise log in: of several the newest whose centre may
/// be called.
fn choose(standings: &[Standing], settings: &Settings) -> Result<Chosen, Trouble> {
    let mut reason = None;
    for standing in standings {
        match standing.bound(&settings.application) {
            Ok(bound) => {
                let trusted = &settings.trusted_centres;
                let Some(centre) = Centre::find(&bound.binding.domain, trusted) else {
                    reason = reason.or(Some(Trouble::NotCallable));
                    continue;
                };
                return Ok(Chosen {
                    merchant: standing.stream.merchant.clone(),
                    key: standing.key.clone(),
                    centre,
                    client_id: bound.client.id.clone(),
                    secret: bound.client.secret.clone(),
                });
            },
            Err(ended) => reason = reason.or(Some(ended.into())),
        }
    }
    Err(reason.unwrap_or(Trouble::Ended(Ended::Unbound)))
}

/// The instance for which a member may use the application: of several with the client that the
/// login went through, the newest that knows the member. Tells too how often the member was
/// granted access.
fn admit<'a>(
    standings: &'a [Standing],
    application: &ApplicationId,
    chosen: &Chosen,
    member: MemberId,
) -> Result<(&'a Standing, u32), Ended> {
    let mut reason = None;
    for standing in standings {
        let bound = standing.bound(application);
        let is_alike = standing.stream.merchant == chosen.merchant
            && standing.key.partition == chosen.key.partition;
        if is_alike && bound.is_ok_and(|bound| bound.client.id == chosen.client_id) {
            match standing.member(application, member) {
                Ok(member) => return Ok((standing, member.grants)),
                Err(ended) => reason = reason.or(Some(ended)),
            }
        }
    }
    Err(reason.unwrap_or(Ended::MemberWithdrawn))
}

/// Does what blocks on a thread for that.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Trouble> + Send + 'static,
) -> Result<T, Trouble> {
    let done = web::block(work).await;
    done.map_err(|_panicked| Trouble::Internal)?
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let listings: Vec<_> = self.listings.keys().collect();
        f.debug_struct("Login")
            .field("listings", &listings)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
