//! The life of codes and instances, and the calls that follow from it.

mod bounds;
mod v1;

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;

use super::{
    Callback, Change, CodeError, Keys, Listing, Market, MarketError, Protocol, Purchase, SaleState,
    TermError,
};

fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_767_323_045, 0).unwrap()
}

fn market() -> Market {
    let key = |text: &str| Some(SecretString::from(text));
    let keys = Keys {
        base: key("base"),
        license: key("license"),
        general: key("general"),
        ..Keys::default()
    };
    let url = "https://example.com/in".to_owned();
    Market::new(
        vec![Listing {
            name: "cad".to_owned(),
            url,
            keys,
            protocol: Protocol::V2,
        }],
        7,
    )
}

fn purchase() -> Purchase {
    Purchase {
        customer: "68cbc86abc2018ab".to_owned(),
        product: "OFFI0000001".to_owned(),
        amount: 2,
        months: 1,
        trial: false,
    }
}

fn activities(callbacks: &[Callback]) -> Vec<String> {
    let word = |callback: &Callback| {
        let call = &callback.call;
        let scene = call.value_of("scene").or_else(|| call.value_of("status"));
        scene.unwrap_or_else(|| call.activity()).to_owned()
    };
    callbacks.iter().map(word).collect()
}

#[test]
fn a_code_is_activated_once_and_only_after_the_claim() {
    let (mut market, now) = (market(), start());
    let (sale, callbacks) = market.sell_code("cad", purchase(), now).unwrap();
    assert_eq!(activities(&callbacks), ["orderNotify"]);
    let code = sale.name().unwrap().to_owned();
    assert_eq!(market.activate(&code, now), Err(CodeError::Unclaimed));
    assert_eq!(market.heartbeat(&code, now), Err(CodeError::NotActivated));
    assert_eq!(market.activate("PLTEST0001", now), Err(CodeError::Unknown));
    assert!(market.change(&code, Change::Claim, now).unwrap().is_empty());
    let info = market.activate(&code, now).unwrap();
    assert_eq!(
        (info.status, info.expire_time.as_str(), info.amount),
        ("ALIVE", "20260202030405", 2)
    );
    assert_eq!(market.activate(&code, now), Err(CodeError::IllegalState));
    assert_eq!(market.heartbeat(&code, now).unwrap().status, "ALIVE");
    assert_eq!(
        market.sale(&code).unwrap().state_at(now),
        SaleState::Activated
    );
}

#[test]
fn a_renewal_can_be_cancelled_before_its_period_begins() {
    let (mut market, now) = (market(), start());
    let (sale, _) = market.sell_code("cad", purchase(), now).unwrap();
    let code = sale.name().unwrap().to_owned();
    let cancelled = market.change(&code, Change::CancelRenewal, now);
    assert_eq!(
        cancelled.err(),
        Some(MarketError::Term(TermError::NothingToCancel))
    );
    let renewed = market
        .change(&code, Change::Renew { months: 12 }, now)
        .unwrap();
    assert_eq!(activities(&renewed), ["orderNotify", "RENEWAL"]);
    assert_eq!(
        renewed[1].call.value_of("expireTime"),
        Some("20270202030405")
    );
    let cancelled = market.change(&code, Change::CancelRenewal, now).unwrap();
    assert_eq!(
        cancelled[1].call.value_of("expireTime"),
        Some("20260202030405")
    );
    market
        .change(&code, Change::Renew { months: 12 }, now)
        .unwrap();
    let begun = now + TimeDelta::days(60);
    assert!(market.change(&code, Change::CancelRenewal, begun).is_err());
}

#[test]
fn time_freezes_and_releases_and_a_renewal_in_between_gives_back() {
    let (mut market, now) = (market(), start());
    let (sale, _) = market.sell_code("cad", purchase(), now).unwrap();
    let code = sale.name().unwrap().to_owned();
    assert!(market.sweep(now).is_empty());
    let expired = now + TimeDelta::days(32);
    assert_eq!(activities(&market.sweep(expired)), ["FREEZE"]);
    assert!(market.sweep(expired).is_empty());
    let renewed = market
        .change(&code, Change::Renew { months: 1 }, expired)
        .unwrap();
    assert_eq!(activities(&renewed), ["orderNotify", "RENEWAL", "UNFREEZE"]);
    let over = expired + TimeDelta::days(60);
    assert_eq!(
        activities(&market.sweep(over)),
        ["FREEZE", "releaseLicenseCode"]
    );
    assert!(market.sweep(over).is_empty());
    assert_eq!(market.heartbeat(&code, over).unwrap().status, "RELEASED");
    let late = market.change(&code, Change::Renew { months: 1 }, over);
    assert_eq!(late.err(), Some(MarketError::Term(TermError::Released)));
}

#[test]
fn an_instance_has_a_life_once_the_merchant_has_named_it() {
    let (mut market, now) = (market(), start());
    let trial = Purchase {
        trial: true,
        ..purchase()
    };
    let (sale, callbacks) = market.sell_instance("cad", trial, now).unwrap();
    assert_eq!(activities(&callbacks), ["orderNotify", "newInstance"]);
    let order = sale.order.order;
    let early = market.change(&order, Change::Freeze, now);
    assert_eq!(early.err(), Some(MarketError::NotProvisioned));
    market.provisioned(&order, "instance-1".to_owned());
    let paid = market
        .change("instance-1", Change::Convert { months: 12 }, now)
        .unwrap();
    assert_eq!(activities(&paid), ["orderNotify", "TRIAL_TO_FORMAL"]);
    let again = market.change("instance-1", Change::Convert { months: 12 }, now);
    assert_eq!(again.err(), Some(MarketError::NotApplicable));
    assert_eq!(
        market.change("instance-1", Change::Claim, now).err(),
        Some(MarketError::NotApplicable)
    );
    let gone = market
        .change("instance-1", Change::Unsubscribe, now)
        .unwrap();
    assert_eq!(activities(&gone), ["orderNotify", "releaseInstance"]);
    assert!(gone[1].call.value_of("orderId").is_some());
}

#[test]
fn an_interface_without_a_key_is_not_called() {
    let keys = Keys::default();
    let url = "https://example.com/in".to_owned();
    let mut market = Market::new(
        vec![Listing {
            name: "cad".to_owned(),
            url,
            keys,
            protocol: Protocol::V2,
        }],
        7,
    );
    let (_, callbacks) = market.sell_instance("cad", purchase(), start()).unwrap();
    assert!(callbacks.is_empty());
    let unknown = market.sell_code("other", purchase(), start());
    assert_eq!(unknown.err(), Some(MarketError::UnknownListing));
}
