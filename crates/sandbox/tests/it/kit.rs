//! The joint-operation kit: what the debugging page finds, the flow that is played, and what a
//! running sandbox tells.

use std::sync::Arc;

use tenure_sandbox::check::{Family, Outcome, Report, Target, check, names_of_scenes};
use tenure_sandbox::clock::{Clock, real_now};
use tenure_sandbox::kit::Version;
use tenure_sandbox::kit::play::play_kit;
use tenure_sandbox::market::{Founding, Keys, Listing, Market, Protocol, Round};
use tenure_sandbox::play::{Stage, Step};
use tenure_sandbox::probes::probe;

use crate::client;

mod merchant;
mod serve;

use merchant::{Manner, Merchant, public_key};

const FAMILIES: [Family; 2] = [Family::Kit, Family::KitV1];

async fn checked(manner: Manner, family: Family) -> Report {
    let (target, _merchant) = Merchant::start(manner);
    check(&client(), &target, family).await
}

fn failed(report: &Report) -> Vec<&str> {
    report.failures().map(|case| case.name.as_str()).collect()
}

#[actix_web::test]
async fn a_merchant_by_the_book_passes() {
    for family in FAMILIES {
        let report = checked(Manner::Good, family).await;
        assert!(report.passed(), "{report}");
        assert_eq!(report.not_run, [""; 0]);
    }
}

#[actix_web::test]
async fn a_merchant_that_always_says_yes_fails_every_negative_case() {
    for family in FAMILIES {
        let report = checked(Manner::Naive, family).await;
        for case in &report.cases {
            let right = case.expectation == "success"
                || case.expectation.contains("000000")
                // Its HTTP library refuses.
                || case.expectation == "a refusal";
            assert_eq!(case.outcome == Outcome::Passed, right, "{}", case.name);
        }
    }
}

#[actix_web::test]
async fn cases_with_a_secret_are_not_run_without_a_public_key() {
    for family in FAMILIES {
        let (target, merchant) = Merchant::start(Manner::Good);
        let target = Target {
            public_key: None,
            ..target
        };
        let report = check(&client(), &target, family).await;
        assert!(report.passed(), "{report}");
        assert_eq!(merchant.secrets(), [""; 0]);
        let secret = "applicationSync, the secret in OAEP with SHA-1 and MGF1 with SHA-1";
        assert!(report.not_run.iter().any(|name| name == secret));
        assert!(!report.cases.iter().any(|case| case.name == secret));
        let (text, count) = (report.to_string(), report.not_run.len());
        assert!(text.contains(&format!("not run {secret}\n")), "{text}");
        assert!(text.contains(&format!("{count} cases were not run: they need")));
        assert!(text.ends_with(&format!("{0} of {0} cases passed\n", report.cases.len())));
        let skipped = format!(r#"skipped="{count}""#);
        assert!(report.junit().to_string().contains(&skipped));
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["not_run"].as_array().unwrap().len(), count);
    }
}

#[actix_web::test]
async fn a_merchant_that_forgets_nonces_fails_their_case() {
    let report = checked(Manner::AnyNonce, Family::Kit).await;
    assert_eq!(
        failed(&report),
        ["a nonce for the second time, with another body"]
    );
}

#[actix_web::test]
async fn a_merchant_that_knows_one_padding_fails_the_others() {
    let report = checked(Manner::OnePadding, Family::Kit).await;
    assert_eq!(
        failed(&report),
        [
            "applicationSync, the secret in OAEP with SHA-256 and MGF1 with SHA-1",
            "applicationSync, the secret in OAEP with SHA-1 and MGF1 with SHA-1",
        ]
    );
}

#[actix_web::test]
async fn a_merchant_that_counts_bytes_fails_with_chinese_names() {
    let report = checked(Manner::Bytes, Family::Kit).await;
    assert_eq!(
        failed(&report),
        ["singleOrgSync with a name of 128 Chinese characters"]
    );
}

#[actix_web::test]
async fn a_merchant_that_deletes_only_what_is_there_fails_repeated_deletions() {
    let report = checked(Manner::StrictDeletion, Family::KitV1).await;
    assert_eq!(
        failed(&report),
        [
            "tenantSync delete, repeated",
            "tenantSync delete of what never was",
            "tenantSync create after a deletion",
        ]
    );
}

#[actix_web::test]
async fn the_same_request_must_have_the_same_answer() {
    let report = checked(Manner::Another, Family::Kit).await;
    assert_eq!(failed(&report), ["the very same request twice"]);
}

#[actix_web::test]
async fn a_merchant_that_verifies_as_for_orders_serves_only_what_is_signed_so() {
    let report = checked(Manner::OrderSignature, Family::Kit).await;
    let failed = failed(&report);
    assert!(failed.contains(&"tenantSync create"));
    assert!(failed.contains(&"the signature of the order interfaces"));
}

#[actix_web::test]
async fn answers_of_v1_are_signed() {
    let report = checked(Manner::Unsigned, Family::KitV1).await;
    let why = |name: &str| {
        let mut cases = report.cases.iter();
        cases.find(|case| case.name == name).unwrap().why.clone()
    };
    let missing = Some("the header Body-Sign is missing".to_owned());
    assert_eq!(why("tenantSync create"), missing);
    assert_eq!(why("tenantSync with flag 9"), missing);
    assert_eq!(why("signed with another key"), None);
}

#[actix_web::test]
async fn only_calls_about_what_is_made_up_are_real() {
    for family in FAMILIES {
        let (target, merchant) = Merchant::start(Manner::Good);
        check(&client(), &target, family).await;
        for body in merchant.bodies() {
            let is_test = body.contains(r#""testFlag":1"#)
                || body.contains(r#""testFlag": 1"#)
                // Not understood, or not a call at all.
                || body.contains(r#""testFlag":7"#)
                || body.is_empty();
            assert!(is_test || body.contains("MADE-UP"), "{body}");
        }
    }
}

fn listing(target: Target) -> Listing {
    Listing {
        name: "cad".to_owned(),
        url: target.url,
        keys: Keys {
            kit: Some(target.key),
            kit_public_key: Some(public_key()),
            ..Keys::default()
        },
        protocol: Protocol::default(),
    }
}

#[actix_web::test]
async fn a_listing_with_a_key_of_the_kit_is_probed_by_its_scenes() {
    let (target, merchant) = Merchant::start(Manner::Good);
    let market = Market::new(vec![listing(target)], 7).shared();
    let made = probe(&client(), &market, "cad", real_now(), Round::ByHand).await;
    let made = made.unwrap().unwrap();
    assert_eq!(made.failures, []);
    assert_eq!(made.cases, names_of_scenes(Family::Kit).len());
    let bodies = merchant.bodies();
    assert!(!bodies.is_empty());
    for body in bodies {
        assert!(body.contains(r#""testFlag":1"#), "{body}");
    }
}

async fn played(manner: Manner, version: Version) -> (Vec<Step>, Arc<Merchant>) {
    let (target, merchant) = Merchant::start(manner);
    let (market, clock) = (
        Market::new(vec![listing(target)], 7).shared(),
        Clock::start(1),
    );
    let client = client();
    let stage = Stage {
        client: &client,
        market: &market,
        clock: &clock,
        listing: "cad",
    };
    let founding = Founding {
        listing: "cad".to_owned(),
        version,
        is_test: false,
        instance: "i-1".to_owned(),
        application: "app-9".to_owned(),
        login_address: String::new(),
        code: "example".to_owned(),
        name: "示例企业".to_owned(),
    };
    let domain_name = |tenant: &str| format!("https://{tenant}.example.com");
    let state_of = async |tenant: String| Some(merchant.state(&tenant));
    let steps = play_kit(&stage, founding, domain_name, state_of).await;
    (steps, merchant)
}

#[actix_web::test]
async fn the_flow_is_played_in_order_and_understood() {
    let (steps, merchant) = played(Manner::Good, Version::V2).await;
    let told: Vec<_> = steps
        .iter()
        .map(|step| format!("{}: {}", step.call, step.state.as_deref().unwrap()))
        .collect();
    assert_eq!(
        told,
        [
            "tenantSync create: 示例企业 0/0",
            "applicationSync create: 示例企业 0/0",
            "allOrgSync: 示例企业 1/0",
            "singleOrgSync create: 示例企业 2/0",
            "singleOrgSync create: 示例企业 3/0",
            "singleOrgSync modify: 示例企业 3/0",
            "singleOrgSync modify: 示例企业 3/0",
            "singleOrgSync delete: 示例企业 2/0",
            "authSync create: 示例企业 2/2",
            "authSync modify: 示例企业 2/2",
            "tenantSync modify: Example, renamed 2/2",
            "authSync withdraw: Example, renamed 2/1",
            "authSync withdraw: Example, renamed 2/1",
            "authSync delete: Example, renamed 2/0",
            "tenantSync delete: unknown",
        ]
    );
    for step in &steps {
        assert_eq!((step.family, step.result_code.as_str()), ("kit", "000000"));
        assert_eq!(step.failure, None, "{step:?}");
        assert_eq!(step.license.len(), 32);
    }
    assert_eq!(merchant.secrets()[0].len(), 40);
}

#[actix_web::test]
async fn the_flow_of_v1_has_no_withdrawal() {
    let (steps, _merchant) = played(Manner::Good, Version::V1).await;
    let calls: Vec<_> = steps.iter().map(|step| step.call.as_str()).collect();
    assert!(!calls.iter().any(|call| call.ends_with("withdraw")));
    for step in &steps {
        assert_eq!((step.family, &step.failure), ("kit-v1", &None), "{step:?}");
    }
    assert_eq!(steps.last().unwrap().state.as_deref(), Some("unknown"));
}

#[actix_web::test]
async fn failures_are_steps_too() {
    let (steps, _merchant) = played(Manner::OrderSignature, Version::V2).await;
    for step in steps {
        assert_eq!(step.failure.as_deref(), Some("result code 000001"));
    }
}
