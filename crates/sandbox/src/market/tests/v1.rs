//! The words of SaaS V1.0 and License 1.0 for the same lives.

use chrono::TimeDelta;

use super::{market, purchase, start};
use crate::call::Call;
use crate::market::{Callback, Change, Charging, Market, MarketError, Protocol, Purchase, Sale};

fn told_by(protocol: Protocol) -> Market {
    let mut market = market();
    market.tell_by("cad", protocol).unwrap();
    market
}

fn sold(market: &mut Market, charging: Charging, purchase: Purchase) -> (Sale, Call) {
    let sold = market.sell_instance_by(charging, "cad", purchase, start());
    let (sale, callbacks) = sold.unwrap();
    market.provisioned(&sale.order.order, "instance-1".to_owned());
    let [notice, bought] = <[Callback; 2]>::try_from(callbacks).unwrap();
    assert!(
        matches!(notice.call, Call::V2(_)),
        "orders are told of in V2.0"
    );
    (sale, bought.call)
}

/// What follows from changes after a month of thirty-two days, when the term is over.
fn told(market: &mut Market, changes: impl IntoIterator<Item = Change>) -> Vec<String> {
    let over = start() + TimeDelta::days(32);
    let mut titles = Vec::new();
    for change in changes {
        let callbacks = market.change("instance-1", change, over).unwrap();
        let calls = callbacks.into_iter().map(|callback| callback.call);
        titles.extend(
            calls
                .filter(|call| matches!(call, Call::V1(_)))
                .map(|call| call.title()),
        );
    }
    titles
}

#[test]
fn a_freeze_at_the_end_of_the_term_is_another_one_than_a_freeze_in_between() {
    let mut market = told_by(Protocol::SaasV1);
    sold(&mut market, Charging::Period, purchase());
    let renew = || Change::Renew { months: 1 };
    assert_eq!(
        told(&mut market, [Change::Expire, renew()]),
        ["expireInstance", "refreshInstance"],
        "the renewal itself gives back what its end took"
    );
    assert_eq!(
        told(&mut market, [Change::Freeze, Change::Unfreeze]),
        ["instanceStatus FREEZE", "instanceStatus NORMAL"]
    );
    assert_eq!(
        told(&mut market, [Change::Freeze, renew()]),
        [
            "instanceStatus FREEZE",
            "refreshInstance",
            "instanceStatus NORMAL"
        ]
    );
}

#[test]
fn the_end_of_a_term_is_told_when_its_time_has_come() {
    let mut market = told_by(Protocol::SaasV1);
    sold(&mut market, Charging::Period, purchase());
    let early = market.change("instance-1", Change::Expire, start());
    assert!(matches!(early, Err(MarketError::Term(_))));
    let titles = |callbacks: Vec<Callback>| -> Vec<String> {
        callbacks
            .iter()
            .map(|callback| callback.call.title())
            .collect()
    };
    let over = start() + TimeDelta::days(32);
    assert_eq!(titles(market.sweep(over)), ["expireInstance"]);
    let gone = over + TimeDelta::days(15);
    let released = market.sweep(gone);
    let [Callback { call, .. }] = released.as_slice() else {
        panic!("{released:?}");
    };
    assert_eq!(call.title(), "releaseInstance");
    let purchase_order = market.sale("instance-1").unwrap().order.order.as_str();
    assert_eq!(call.value_of("orderId"), Some(purchase_order));
}

#[test]
fn a_purchase_says_how_it_is_paid() {
    let said = |charging, trial| {
        let mut market = told_by(Protocol::SaasV1);
        let purchase = Purchase {
            trial,
            months: 24,
            ..purchase()
        };
        sold(&mut market, charging, purchase).1
    };
    let by_period = said(Charging::Period, false);
    for (name, value) in [
        ("activity", "newInstance"),
        ("chargingMode", "1"),
        ("periodType", "year"),
        ("periodNumber", "2"),
        ("expireTime", "20280102030405"),
        ("amount", "2"),
    ] {
        assert_eq!(by_period.value_of(name), Some(value), "{name}");
    }
    assert_eq!(by_period.value_of("trialFlag"), None);
    assert_eq!(
        said(Charging::Period, true).value_of("trialFlag"),
        Some("1")
    );
    for (charging, number) in [(Charging::OneTime, "3"), (Charging::OnDemand, "0")] {
        let call = said(charging, false);
        assert_eq!(call.value_of("chargingMode"), Some(number));
        assert_eq!(call.value_of("expireTime"), None);
    }
}

#[test]
fn a_refund_is_less_than_nothing_and_names_the_purchase_where_it_ends_all() {
    let mut market = told_by(Protocol::SaasV1);
    let (sale, _) = sold(&mut market, Charging::Period, purchase());
    let mut change = |change| {
        let callbacks = market.change("instance-1", change, start()).unwrap();
        callbacks.into_iter().next_back().unwrap().call
    };
    change(Change::Renew { months: 1 });
    let cancelled = change(Change::CancelRenewal);
    assert_eq!(cancelled.value_of("orderAmount"), Some("-199.000"));
    assert_eq!(cancelled.value_of("expireTime"), Some("20260202030405"));
    let upgraded = change(Change::Upgrade {
        product: "OFFI0000002".to_owned(),
        amount: 5,
    });
    assert_eq!(upgraded.title(), "upgrade");
    assert_ne!(upgraded.value_of("orderId"), Some(&*sale.order.order));
    let gone = change(Change::Unsubscribe);
    assert_eq!(gone.title(), "releaseInstance");
    assert_eq!(gone.value_of("orderId"), Some(&*sale.order.order));
}

#[test]
fn license_1_0_has_words_for_renewals_and_ends_only() {
    let mut market = told_by(Protocol::LicenseV1);
    let (_, bought) = sold(&mut market, Charging::Period, purchase());
    assert_eq!(bought.title(), "getLicense");
    assert_eq!(
        told(
            &mut market,
            [
                Change::Expire,
                Change::Renew { months: 12 },
                Change::Unsubscribe
            ]
        ),
        ["expireLicense", "refreshLicense", "releaseLicense"]
    );
    sold(&mut market, Charging::Period, purchase());
    for change in [
        Change::Freeze,
        Change::Unfreeze,
        Change::Query,
        Change::Convert { months: 1 },
        Change::Upgrade {
            product: "OFFI0000002".to_owned(),
            amount: 5,
        },
    ] {
        let refused = market.change("instance-1", change, start());
        assert_eq!(refused.err(), Some(MarketError::NotApplicable));
    }
    let trial = Purchase {
        trial: true,
        ..purchase()
    };
    let refused = market.sell_instance("cad", trial, start());
    assert_eq!(refused.err(), Some(MarketError::NotApplicable));
}

#[test]
fn what_was_sold_keeps_its_protocol_and_codes_have_the_young_one() {
    let mut market = told_by(Protocol::SaasV1);
    sold(&mut market, Charging::Period, purchase());
    let (code, _) = market.sell_code("cad", purchase(), start()).unwrap();
    assert_eq!(code.protocol, Protocol::V2);
    market.tell_by("cad", Protocol::V2).unwrap();
    assert_eq!(told(&mut market, [Change::Query]), ["queryInstance"]);
    let refused = market.apply_for_license("instance-1", None, start());
    assert_eq!(refused.err(), Some(MarketError::NotApplicable));
}
