//! What a call is, what it asks, and what is kept of it. Blocks.

use actix_web::web::Bytes;
use tenure_domain::tenant::{Others, Partition, TenantKey};
use tenure_domain::{SealKey, TenantId};
use tenure_journal::vault::{DataKey, Owner, VaultError};
use tenure_journal::{Decided, Verdict, transact};
use tenure_koogallery::kit::{
    self, Interface, Marks, Novelty, Proof, Rejected, SecretError, Trace, Verified, contexts,
};
use tenure_koogallery::{AccessKey, Environment, NonceRefused, Rejection, ResultCode};

use super::KitCall;
use super::command::{CommandError, command};
use crate::body::Taken;
use crate::callback::Ingress;
use crate::exchange::Incoming;
use crate::listing::Listing;
use crate::requests::Prepared;

/// A call that may go to the journal.
pub(super) struct Judged {
    /// The key that proved it.
    pub(super) key: Option<AccessKey>,
    /// What is asked, and how it is answered.
    pub(super) prepared: Prepared,
    /// The key that its body is sealed with.
    pub(super) sealed_with: Option<SealKey>,
    /// What is remembered of it, if it has a nonce and is to have an effect.
    pub(super) marks: Option<Marks>,
    /// Whether it was the first to use its nonce.
    pub(super) is_first: bool,
}

/// Why a call can not be judged now: it may come again as it is.
#[derive(Debug, thiserror::Error)]
enum NotNow {
    /// The vault said no.
    #[error("the vault does not seal what a call tells")]
    Vault(#[from] VaultError),
    /// Every nonce that is remembered may still be replayed.
    #[error("there is no room for one more nonce")]
    NoncesFull,
}

/// A call that is kept, and the key of whom it is about.
struct Kept {
    incoming: Incoming,
    trace: Trace,
    sealed_with: Option<SealKey>,
}

/// Judges a call, and seals what is kept of it; `None` if that cannot be done now.
pub(super) fn judge(
    ingress: &Ingress,
    listing: &Listing,
    call: KitCall,
    interface: Interface,
) -> Option<(Incoming, Judged)> {
    let read = kit::read(
        call.version,
        interface,
        &listing.keys.kit,
        &call.proof.as_headers(),
        &call.incoming.body.bytes,
        call.incoming.arrived_at,
    );
    let judged = match read {
        Ok(verified) => judge_verified(ingress, listing, call, verified),
        Err(rejected) => judge_rejected(ingress, listing, call, rejected),
    };
    judged
        .inspect_err(|error| tracing::error!(error = %chain(error), "a call of the kit waits"))
        .ok()
}

fn judge_rejected(
    ingress: &Ingress,
    listing: &Listing,
    call: KitCall,
    rejected: Rejected,
) -> Result<(Incoming, Judged), NotNow> {
    let Rejected { rejection, key } = rejected;
    // What a stranger says is nobody's to keep.
    let tenant = key
        .as_ref()
        .and_then(|_| kit::tenant_named(&call.incoming.body.bytes));
    let owner = tenant.map(|tenant| Owner::tenant(&listing.merchant, &tenant));
    let data_key = owner
        .map(|owner| ingress.kit.vault.key(&owner))
        .transpose()?;
    let kept = Kept::of(call, data_key.as_ref())?;
    let judged = Judged::noted(Prepared::rejection(rejection), key);
    Ok(kept.with(judged))
}

fn judge_verified(
    ingress: &Ingress,
    listing: &Listing,
    call: KitCall,
    verified: Verified,
) -> Result<(Incoming, Judged), NotNow> {
    let tenant = verified.notification.tenant().tenant.clone();
    let data_key = ingress
        .kit
        .vault
        .key(&Owner::tenant(&listing.merchant, &tenant))?;
    let arrived_at = call.incoming.arrived_at;
    let mut kept = Kept::of(call, Some(&data_key))?;
    let (name, key) = (listing.id.as_str(), Some(verified.key.clone()));
    let call_digest = data_key
        .digest(contexts::CALL, &verified.fingerprint)
        .bytes();
    let marks = match &verified.proof {
        Proof::Signature { nonce, .. } => Some(Marks::of(nonce, call_digest)),
        Proof::AuthToken { .. } => None,
    };
    let novelty = marks.as_ref().map_or(Ok(Novelty::New), |marks| {
        ingress.nonces.remember_kit(name, marks, arrived_at)
    });
    let is_first = match novelty {
        Ok(Novelty::New) => true,
        Ok(Novelty::Underway) => false,
        Ok(Novelty::Answered) => {
            return Ok(kept.with(Judged::noted(repeated(verified.environment), key)));
        },
        Err(NonceRefused::Seen) => {
            let prepared = Prepared::rejection(Rejection::ReplayedNonce);
            return Ok(kept.with(Judged::noted(prepared, key)));
        },
        Err(NonceRefused::Full) => return Err(NotNow::NoncesFull),
    };
    let asked = ask(listing, &verified, &data_key, tenant);
    let forget = || {
        if let Some(marks) = marks.as_ref().filter(|_| is_first) {
            ingress.nonces.forget_kit(name, marks);
        }
    };
    match asked {
        Ok(prepared) => {
            kept.trace.call = marks.is_some().then_some(call_digest);
            let judged = Judged {
                marks,
                is_first,
                ..Judged::noted(prepared, key)
            };
            Ok(kept.with(judged))
        },
        // It had no effect, and may come once more: the merchant may find the right key meanwhile.
        Err(CommandError::Secret(error)) => {
            forget();
            Ok(kept.with(Judged::noted(secret_refused(error), key)))
        },
        Err(CommandError::Vault(error)) => {
            forget();
            Err(error.into())
        },
    }
}

/// What the journal is asked.
fn ask(
    listing: &Listing,
    verified: &Verified,
    data_key: &DataKey,
    tenant: TenantId,
) -> Result<Prepared, CommandError> {
    let (partition, others) = match verified.environment {
        Environment::Real => (Partition::Real, listing.kit.departments),
        Environment::Test => (Partition::Test, Others::Keep),
    };
    let command = command(verified, data_key, &listing.kit.private_keys, others)?;
    let key = TenantKey {
        listing: listing.id.clone(),
        partition,
        instance: verified.notification.tenant().instance.clone(),
        tenant,
    };
    Ok(Prepared {
        request: transact::Request::Tenant {
            merchant: listing.merchant.clone(),
            key,
            command,
        },
        answer: Box::new(|decided| answer(decided).to_json()),
    })
}

/// Nothing is ever refused of what was understood.
fn answer(decided: &Decided<'_>) -> kit::Answer {
    match decided {
        Decided::Tenant(_)
        | Decided::Noted
        | Decided::License { .. }
        | Decided::Order(_)
        | Decided::Usage(_) => kit::Answer::success(),
        Decided::Unreadable => kit::Answer::of(ResultCode::InternalError),
    }
}

/// The answer that the same call had before: every call that is remembered was answered so.
fn repeated(environment: Environment) -> Prepared {
    let verdict = match environment {
        Environment::Real => Verdict::AlreadyApplied,
        Environment::Test => Verdict::Probe,
    };
    noted(verdict, "repeated_call", kit::Answer::success())
}

fn secret_refused(error: SecretError) -> Prepared {
    let reason = match error {
        SecretError::NotBase64 => "secret_not_base64",
        SecretError::WrongLength => "secret_of_another_length",
        SecretError::Undecryptable => "secret_undecryptable",
        SecretError::NotText => "secret_not_text",
        SecretError::NoRandomness => "no_randomness",
    };
    let answer = kit::Answer::secret_refused(error);
    noted(Verdict::Rejected, reason, answer)
}

fn noted(verdict: Verdict, reason: &str, answer: kit::Answer) -> Prepared {
    Prepared {
        request: transact::Request::Noted {
            verdict,
            reason: Some(reason.into()),
        },
        answer: Box::new(move |_decided| answer.to_json()),
    }
}

impl Judged {
    /// A call that the journal has nothing to decide about, or whose nonce does not count.
    fn noted(prepared: Prepared, key: Option<AccessKey>) -> Self {
        Self {
            key,
            prepared,
            sealed_with: None,
            marks: None,
            is_first: false,
        }
    }
}

impl Kept {
    /// Seals the body of a call; where nobody is known whom it is about, nothing of it is kept.
    fn of(call: KitCall, key: Option<&DataKey>) -> Result<Self, VaultError> {
        let trace = call.trace();
        let mut incoming = call.incoming;
        let body = std::mem::take(&mut incoming.body);
        let sealed = key
            .map(|key| key.seal(contexts::RECEIPT_BODY, &body.bytes))
            .transpose()?;
        let sealed_with = sealed.as_ref().map(|sealed| sealed.key);
        let bytes = sealed.map_or_else(Bytes::new, |sealed| Bytes::from_owner(sealed.bytes));
        incoming.body = Taken { bytes, ..body };
        Ok(Self {
            incoming,
            trace,
            sealed_with,
        })
    }

    fn with(mut self, judged: Judged) -> (Incoming, Judged) {
        self.incoming.query = self.trace.to_text();
        let sealed_with = self.sealed_with;
        (
            self.incoming,
            Judged {
                sealed_with,
                ..judged
            },
        )
    }
}

/// An error and what is behind it.
fn chain(error: &NotNow) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
