//! Calls that hold a client secret. Those that must succeed need the merchant's public key.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::sample::{MADE_UP, Sample};
use super::scenes::life;
use super::{Case, Plan};
use crate::kit::secret::{Padding, PublicKey};
use crate::kit::{Flag, Version};

/// The marketplace's sample project answers so when it cannot decrypt.
const UNDECRYPTABLE: &[&str] = &["000101"];

const INVALID: &[&str] = &["000002"];

/// The bytes of whatever a key of 3072 bits encrypts.
const ENCRYPTED_BYTES: usize = 384;

/// Plans secrets that cannot be decrypted, and what needs one that can.
pub(super) fn plan(sample: &Sample<'_>, plan: &mut Plan) {
    let needing_key = [scenes(sample), missing_members(sample)].concat();
    if sample.public_key.is_some() {
        plan.cases.extend(needing_key);
    } else {
        let named = needing_key.into_iter();
        plan.not_run
            .extend(named.map(|case| (case.name, case.expectation)));
    }
    plan.cases.extend(undecryptable(sample));
}

/// Every scene of `applicationSync`, and every padding.
fn scenes(sample: &Sample<'_>) -> Vec<Case> {
    let usual = Padding::default();
    let of = |sample: &Sample<'_>, flag| sample.application(flag, usual);
    let unknown = of(&sample.of_enterprise(MADE_UP), Flag::Delete);
    let may_modify = sample.version() == Version::V2;
    let mut cases = life(|flag| of(sample, flag), unknown, may_modify);
    cases.extend(Padding::ALL.map(|padding| {
        let name = format!("applicationSync, the secret in {padding}");
        Case::good(name, sample.application(Flag::Create, padding))
    }));
    let early = sample.of_enterprise("sandbox-application-first");
    cases.extend([
        Case::good(
            "applicationSync before tenantSync",
            of(&early, Flag::Create),
        ),
        Case::good(
            "tenantSync after applicationSync",
            early.tenant(Flag::Create),
        )
        .after(vec![of(&early, Flag::Create)]),
        Case::good(
            "applicationSync of a credential, whose instance is empty",
            of(&sample.of_instance(""), Flag::Create),
        ),
        Case::good(
            "a real deletion by applicationSync of what is made up",
            of(&sample.for_real(), Flag::Delete),
        ),
    ]);
    cases
}

fn missing_members(sample: &Sample<'_>) -> Vec<Case> {
    let create = || sample.application(Flag::Create, Padding::default());
    let mut cases: Vec<Case> = ["tenantId", "appId", "clientId", "clientSecret", "flag"]
        .into_iter()
        .map(|name| {
            let title = format!("applicationSync without {name}");
            Case::bad(title, create().without(name), INVALID)
        })
        .collect();
    for (name, characters_max) in [("tenantId", 64), ("appId", 64), ("clientId", 64)] {
        let title = format!(
            "applicationSync with {name} of {} characters",
            characters_max + 1
        );
        let long = "x".repeat(characters_max + 1);
        cases.push(Case::bad(title, create().with(name, long), INVALID));
    }
    let unknown = create().with("flag", 9);
    cases.push(Case::bad("applicationSync with flag 9", unknown, INVALID));
    cases
}

fn undecryptable(sample: &Sample<'_>) -> Vec<Case> {
    let bytes = sample
        .public_key
        .map_or(ENCRYPTED_BYTES, PublicKey::encrypted_bytes);
    // Less than every modulus of its length, and nothing that was encrypted.
    let noise = |bytes: usize| STANDARD.encode(vec![0x11; bytes]);
    [
        ("a secret that is not Base64", "not Base64!".to_owned()),
        ("a secret of another length", noise(bytes / 2)),
        ("a secret that no key has encrypted", noise(bytes)),
    ]
    .into_iter()
    .map(|(name, secret)| {
        let call = sample.application_with(&secret, Flag::Create);
        Case::bad(name, call, UNDECRYPTABLE)
    })
    .collect()
}
