//! The scripted flows reach a merchant call by call.

use tenure_sandbox::check::Target;
use tenure_sandbox::clock::Clock;
use tenure_sandbox::market::{Keys, Listing, Market, Protocol};
use tenure_sandbox::play::{Stage, Step, play};

use crate::client;
use crate::merchant::{Manner, Merchant};

async fn played(manner: Manner) -> Vec<Step> {
    let (Target { url, key, .. }, _merchant) = Merchant::start(manner);
    let keys = Keys {
        base: Some(key.clone()),
        license: Some(key.clone()),
        general: Some(key),
        ..Keys::default()
    };
    let listing = Listing {
        name: "cad".to_owned(),
        url,
        keys,
        protocol: Protocol::V2,
    };
    let (market, clock) = (Market::new(vec![listing], 7).shared(), Clock::start(1));
    let client = client();
    let stage = Stage {
        client: &client,
        market: &market,
        clock: &clock,
        listing: "cad",
    };
    let activate = async |code: String| {
        let activated = market.lock().unwrap().activate(&code, clock.now());
        activated
            .map(|_info| "92020000".to_owned())
            .map_err(|error| error.to_string())
    };
    let status_of = async |license: String| Some(format!("state of {license}"));
    play(&stage, activate, status_of).await
}

fn calls(steps: &[Step], family: &str) -> Vec<String> {
    steps
        .iter()
        .filter(|step| step.family == family)
        .map(|step| step.call.clone())
        .collect()
}

#[actix_web::test]
async fn every_flow_is_played_in_order() {
    let steps = played(Manner::Naive).await;
    assert_eq!(
        calls(&steps, "license"),
        [
            "activate",
            "refreshLicenseCode RENEWAL",
            "refreshLicenseCode UNSUBSCRIBE_RENEWAL_PERIOD",
            "updateLicenseCodeStatus FREEZE",
            "refreshLicenseCode RENEWAL",
            "updateLicenseCodeStatus UNFREEZE",
            "releaseLicenseCode",
        ]
    );
    assert_eq!(
        calls(&steps, "saas"),
        [
            "newInstance",
            "queryInstance",
            "refreshInstance TRIAL_TO_FORMAL",
            "refreshInstance RENEWAL",
            "updateInstanceStatus FREEZE",
            "updateInstanceStatus UNFREEZE",
            "upgradeInstance",
            "refreshInstance UNSUBSCRIBE_RENEWAL_PERIOD",
            "releaseInstance",
            "newInstance",
            "releaseInstance",
        ]
    );
    let orders = calls(&steps, "order");
    assert_eq!(orders.len(), 11, "every purchase and what else is ordered");
    assert!(orders.iter().all(|call| call == "orderNotify"));
    for step in &steps {
        assert_eq!(step.failure, None, "{step:?}");
        assert_eq!(step.state, Some(format!("state of {}", step.license)));
        assert!(
            step.call == "orderNotify"
                || step.license.starts_with("PL")
                || step.license.starts_with("i-CS"),
            "{step:?}"
        );
    }
}

#[actix_web::test]
async fn failures_are_steps_too() {
    // Real calls for rights that this merchant does not know.
    let steps = played(Manner::Good).await;
    let frozen = steps
        .iter()
        .find(|step| step.call == "updateLicenseCodeStatus FREEZE")
        .unwrap();
    assert_eq!(frozen.result_code, "000003");
    assert_eq!(frozen.failure.as_deref(), Some("result code 000003"));
}

#[actix_web::test]
async fn an_instance_that_is_not_ready_is_asked_for_again() {
    let steps = played(Manner::Slow).await;
    let code = |call| {
        &steps
            .iter()
            .find(|step| step.call == call)
            .unwrap()
            .result_code
    };
    assert_eq!(code("newInstance"), "000004");
    assert_eq!(code("queryInstance"), "000000");
}
