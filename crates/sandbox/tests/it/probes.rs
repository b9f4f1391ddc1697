//! Saved debugging cases are replayed twice a day, and five failing days have consequences.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use tenure_sandbox::check::{Family, Target, names_of_scenes};
use tenure_sandbox::market::{
    FAILING_DAYS_MAX, Keys, Listing, Market, MarketError, ProbeView, Protocol, Purchase, Round,
    SharedMarket,
};
use tenure_sandbox::probes::{Prober, debug_and_save, probe};

use crate::merchant::{Manner, Merchant};
use crate::serve::Running;
use crate::{client, merchant_v1};

fn midnight() -> DateTime<Utc> {
    "2026-01-02T00:00:00Z".parse().unwrap()
}

/// A market with a listing `cad` that has a key for authorization codes alone.
fn market(target: Target) -> SharedMarket {
    let keys = Keys {
        license: Some(target.key),
        ..Keys::default()
    };
    let listing = Listing {
        name: "cad".to_owned(),
        url: target.url,
        keys,
        protocol: Protocol::V2,
    };
    Market::new(vec![listing], 7).shared()
}

fn view(market: &SharedMarket) -> ProbeView {
    market.lock().unwrap().probes().remove(0)
}

fn buy(market: &SharedMarket) -> Result<(), MarketError> {
    let purchase = Purchase {
        customer: "68cbc86abc2018ab".to_owned(),
        product: "OFFI0000001".to_owned(),
        amount: 1,
        months: 1,
        trial: false,
    };
    let mut market = market.lock().unwrap();
    market.sell_code("cad", purchase, midnight()).map(drop)
}

#[actix_web::test]
async fn every_scene_is_replayed_twice_a_day_as_a_test_call_freshly_signed() {
    let (target, merchant) = Merchant::start(Manner::Good);
    let market = market(target);
    let mut prober = Prober::new(client(), Arc::clone(&market), midnight());
    prober.probe_due(midnight() + TimeDelta::hours(1)).await;
    assert_eq!((merchant.calls().len(), view(&market).last), (0, None));
    let scenes = names_of_scenes(Family::License).len();
    for (hours, round, calls) in [
        (2, Round::Morning, scenes),
        (6, Round::Morning, scenes),
        (7, Round::Afternoon, 2 * scenes),
        (24, Round::Afternoon, 2 * scenes),
    ] {
        prober.probe_due(midnight() + TimeDelta::hours(hours)).await;
        let last = view(&market).last.unwrap();
        assert_eq!((last.round, merchant.calls().len()), (round, calls));
        assert_eq!((last.cases, last.failures), (scenes, vec![]));
    }
    let calls = merchant.calls();
    let signatures: BTreeSet<_> = calls.iter().map(|(signature, _)| signature).collect();
    assert_eq!(signatures.len(), calls.len());
    assert!(
        calls
            .iter()
            .all(|(_, body)| body.contains(r#""testFlag":"1""#))
    );
}

#[actix_web::test]
async fn five_failing_days_freeze_trading_until_a_person_lifts_that() {
    let (target, merchant) = Merchant::start(Manner::Failing(usize::MAX));
    let market = market(target);
    let mut prober = Prober::new(client(), Arc::clone(&market), midnight());
    for day in 1..FAILING_DAYS_MAX {
        prober
            .probe_due(midnight() + TimeDelta::days(day.into()))
            .await;
        assert_eq!(view(&market).failing_days, day);
        assert_eq!(buy(&market), Ok(()));
    }
    prober.probe_due(midnight() + TimeDelta::days(5)).await;
    let frozen = view(&market);
    assert_eq!(
        frozen.frozen_at,
        Some("2026-01-06T02:00:00Z".parse().unwrap())
    );
    let last = frozen.last.unwrap();
    assert_eq!(last.failures.len(), last.cases);
    assert_eq!(last.failures[0].why, "result code 000005");
    let refused = buy(&market).unwrap_err();
    assert_eq!(refused, MarketError::TradingFrozen);
    assert!(refused.to_string().contains("failed on 5 days in a row"));

    // What is not on sale is not probed, but by hand.
    let before = merchant.calls().len();
    prober.probe_due(midnight() + TimeDelta::days(6)).await;
    assert_eq!(merchant.calls().len(), before);
    let by_hand = probe(&client(), &market, "cad", midnight(), Round::ByHand).await;
    assert!(!by_hand.unwrap().unwrap().failures.is_empty());
    market.lock().unwrap().lift_freeze("cad").unwrap();
    assert_eq!(view(&market).failing_days, 0);
    assert_eq!(buy(&market), Ok(()));
}

#[actix_web::test]
async fn a_passing_day_resets_the_count() {
    let scenes = names_of_scenes(Family::License).len();
    // Two days of two probes fail, then everything succeeds.
    let (target, _merchant) = Merchant::start(Manner::Failing(4 * scenes));
    let market = market(target);
    let mut prober = Prober::new(client(), Arc::clone(&market), midnight());
    prober.probe_due(midnight() + TimeDelta::days(2)).await;
    assert_eq!(view(&market).failing_days, 2);
    let morning = midnight() + TimeDelta::hours(2 * 24 + 3);
    prober.probe_due(morning).await;
    assert_eq!(view(&market).failing_days, 2);
    prober.probe_due(morning + TimeDelta::hours(5)).await;
    assert_eq!(view(&market).failing_days, 0);
}

#[actix_web::test]
async fn what_passes_is_saved_and_what_is_saved_is_replayed() {
    let (target, merchant) = Merchant::start(Manner::RawBytesOnly);
    let market = market(target);
    let save = async |family, case| {
        let (client, market) = (client(), Arc::clone(&market));
        debug_and_save(&client, &market, "cad", family, case).await
    };
    let spelt = "unsorted body signed over its sorted form";
    assert!(!save(Family::License, Some(spelt)).await.unwrap().passed());
    let all = view(&market).cases;
    assert_eq!(
        all[&Family::License],
        names_of_scenes(Family::License),
        "it was not saved"
    );

    let renewal = "refreshLicenseCode RENEWAL";
    assert!(save(Family::License, Some(renewal)).await.unwrap().passed());
    let again = "refreshLicenseCode RENEWAL, repeated";
    assert!(save(Family::License, Some(again)).await.unwrap().passed());
    let saved = BTreeSet::from([renewal.to_owned(), again.to_owned()]);
    assert_eq!(view(&market).cases[&Family::License], saved);
    let before = merchant.calls().len();
    let made = probe(&client(), &market, "cad", midnight(), Round::ByHand).await;
    let made = made.unwrap().unwrap();
    assert_eq!((made.cases, made.failures), (2, vec![]));
    assert_eq!(
        merchant.calls().len(),
        before + 3,
        "a repetition is two calls"
    );

    let unknown = save(Family::License, Some("signed with another key")).await;
    assert_eq!(unknown.err(), Some(MarketError::UnknownCase));
    let keyless = save(Family::Saas, None).await;
    assert_eq!(keyless.err(), Some(MarketError::NoKey));
    market
        .lock()
        .unwrap()
        .forget_cases("cad", Family::License)
        .unwrap();
    let nothing = probe(&client(), &market, "cad", midnight(), Round::ByHand).await;
    assert_eq!(nothing, Ok(None));
}

#[actix_web::test]
async fn a_listing_that_is_told_by_v1_0_is_probed_by_v1_0() {
    let (target, merchant) = merchant_v1::Merchant::start(merchant_v1::Manner::Good).await;
    let market = market(target.clone());
    let keys = Keys {
        base: Some(target.key),
        ..Keys::default()
    };
    let listing = Listing {
        name: "cad".to_owned(),
        url: target.url,
        keys,
        protocol: Protocol::SaasV1,
    };
    *market.lock().unwrap() = Market::new(vec![listing], 7);
    let made = probe(&client(), &market, "cad", midnight(), Round::ByHand).await;
    let made = made.unwrap().unwrap();
    assert_eq!(made.failures, vec![]);
    assert_eq!(made.cases, names_of_scenes(Family::SaasV1).len());
    let calls = merchant.calls();
    assert_eq!(calls.len(), made.cases);
    assert!(calls.iter().all(|call| call["testFlag"] == "1"));
}

/// Waits until a listing is as expected.
async fn listing_once(sandbox: &Running, is_so: impl Fn(&Value) -> bool) -> Value {
    loop {
        let listing = sandbox.list("/listings").await[0].clone();
        if is_so(&listing) {
            return listing;
        }
    }
}

#[actix_web::test]
async fn moving_the_clock_of_a_server_makes_its_probes_and_shows_what_came_of_them() {
    let sandbox = Running::start(Manner::Failing(usize::MAX));
    sandbox.post("/clock", json!({ "advance_days": 1 })).await;
    let failing = |listing: &Value| listing["last"]["failures"][0].is_object();
    let listing = listing_once(&sandbox, failing).await;
    assert_eq!(listing["frozen_at"], Value::Null);
    sandbox.post("/clock", json!({ "advance_days": 5 })).await;
    listing_once(&sandbox, |listing| listing["frozen_at"].is_string()).await;
    let page = sandbox.page().await;
    assert!(page.contains("frozen and hidden since") && page.contains("5 of 5"));
    assert!(
        !page.contains("<option>cad"),
        "what is hidden is not offered"
    );
    let (status, refused) = sandbox.post("/codes", json!({ "listing": "cad" })).await;
    assert_eq!(status, 409);
    let why = refused["error"].as_str().unwrap();
    assert!(why.contains("trading of the listing is frozen"), "{why}");

    let (_, made) = sandbox.post("/listings/cad/probe", json!({})).await;
    assert_eq!(made["round"], "by_hand");
    let case = json!({ "family": "order", "case": "orderNotify" });
    let (_, report) = sandbox.post("/listings/cad/save", case).await;
    assert_eq!(report["cases"][0]["outcome"], "failed");
    let family = json!({ "family": "order" });
    assert_eq!(sandbox.post("/listings/cad/forget", family).await.0, 200);
    assert_eq!(
        sandbox.list("/listings").await[0]["cases"]["order"],
        Value::Null
    );
    assert_eq!(sandbox.post("/listings/cad/lift", json!({})).await.0, 200);
    let (status, _) = sandbox.post("/codes", json!({ "listing": "cad" })).await;
    assert_eq!(status, 200);
    assert!(sandbox.page().await.contains("<option>cad"));
    sandbox.end().await;
}
