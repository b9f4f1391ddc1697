//! Every activity of SaaS V1.0 and License 1.0: what its parameters ask of the domain, and how each
//! of them may be at fault.

use tenure_domain::{ChargingMode, Family, Intent, LicenseId, OrderKind};
use tenure_koogallery::call::Settings;
use tenure_koogallery::v1::{self, Activity, Rejected, Verified, auth_token};
use tenure_koogallery::{Environment, Fault, Rejection, Request};

use crate::caller::{BASE, key, listing, ring};

const ARRIVED: i64 = 1_790_000_000;

/// Parameters of a call that is right.
type Call = Vec<(&'static str, &'static str)>;

fn call(activity: &'static str, parameters: &[(&'static str, &'static str)]) -> Call {
    let mut call = vec![("activity", activity), ("timeStamp", "20260921131320000")];
    call.extend(parameters);
    call
}

/// The call without a parameter, and with it in the end unless its new value is none.
fn with(call: &Call, name: &'static str, value: Option<&'static str>) -> Call {
    let others = call.iter().copied().filter(|(known, _)| *known != name);
    others.chain(value.map(|value| (name, value))).collect()
}

fn read(call: &Call) -> Result<Verified, Rejected> {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(call);
    let token = auth_token::sign(&key(BASE), &v1::Parameters::parse(&query.finish()));
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(call).append_pair("authToken", &token);
    let arrived_at = tenure_domain::Instant::from_seconds(ARRIVED);
    let settings = v1::Settings::default();
    v1::read(&ring(BASE), &settings, 0, &query.finish(), arrived_at)
}

fn request(call: &Call) -> Request {
    let verified = read(call).unwrap();
    assert_eq!(verified.environment, Environment::Real);
    v1::request::from_notification(
        &listing(),
        &Settings::default(),
        verified.activity,
        verified.notification,
        tenure_domain::Instant::from_seconds(ARRIVED),
    )
}

/// What a call wants, of which license of which family.
fn wanted(call: &Call) -> (LicenseId, Family, Intent) {
    match request(call) {
        Request::License { id, command } => {
            assert_eq!(command.at.micros(), ARRIVED * 1_000_000);
            assert_eq!(command.listing, listing());
            (id, command.family, command.intent)
        },
        other @ (Request::Order { .. }
        | Request::LicenseFile(_)
        | Request::Query { .. }
        | Request::ChangeCheck { .. }) => panic!("{other:?}"),
    }
}

fn purchase(activity: &'static str) -> Call {
    call(
        activity,
        &[
            ("customerId", "68cbc86abc2018ab880d92f36422fa0e"),
            ("businessId", "61e834ba-7b97-4418-b8f7-e5345137278c"),
            ("orderId", "CS1906666666ABCDE"),
            ("productId", "00301-666666-0--0"),
        ],
    )
}

fn refresh(activity: &'static str) -> Call {
    call(
        activity,
        &[
            ("orderId", "CS1906666666ABCDF"),
            ("instanceId", "huaiweitest123456"),
            ("expireTime", "20270102155959"),
        ],
    )
}

fn ended(activity: &'static str) -> Call {
    call(activity, &[("instanceId", "huaiweitest123456")])
}

fn upgrade() -> Call {
    call(
        "upgrade",
        &[
            ("instanceId", "huaiweitest123456"),
            ("orderId", "CS1906666666ABCDG"),
            ("skuCode", "d0abcd12-1234-5678-ab90-11ab012aaaa1"),
            ("productId", "00301-666666-0--1"),
        ],
    )
}

fn instance_status() -> Call {
    call(
        "instanceStatus",
        &[
            ("instanceId", "huaiweitest123456"),
            ("instanceStatus", "FREEZE"),
        ],
    )
}

fn query() -> Call {
    call("queryInstance", &[("instanceId", "a,b , c")])
}

fn every_call() -> [Call; 11] {
    [
        purchase("newInstance"),
        refresh("refreshInstance"),
        ended("expireInstance"),
        ended("releaseInstance"),
        upgrade(),
        instance_status(),
        query(),
        purchase("getLicense"),
        refresh("refreshLicense"),
        ended("expireLicense"),
        ended("releaseLicense"),
    ]
}

#[test]
fn every_activity_is_read_as_itself_with_the_least_that_it_needs() {
    let activities = every_call().map(|call| read(&call).unwrap().activity);
    assert_eq!(activities, Activity::ALL);
}

#[test]
fn every_parameter_of_the_least_is_needed() {
    for call in every_call() {
        for (name, _) in call.iter().filter(|(name, _)| *name != "timeStamp") {
            for value in [None, Some("")] {
                let rejected = read(&with(&call, name, value)).unwrap_err();
                let expected = Rejection::MalformedParameter {
                    field: name,
                    fault: Fault::Missing,
                };
                assert_eq!(rejected.rejection, expected, "{name} of {call:?}");
                assert!(rejected.key.is_some());
            }
        }
    }
}

#[test]
fn the_order_of_a_purchase_is_its_line_too_and_names_its_instance() {
    let (id, family, intent) = wanted(&purchase("newInstance"));
    // Computed with Python's uuid5 over cad-pro, CS1906666666ABCDE and CS1906666666ABCDE.
    assert_eq!(id.as_str(), "d7a8b225-c7ec-5228-a958-6daa38aa716a");
    assert_eq!(family, Family::Saas);
    let Intent::Purchase { order, ready, .. } = intent else {
        panic!("{intent:?}");
    };
    assert!(ready);
    assert_eq!(order.order.as_str(), "CS1906666666ABCDE");
    assert_eq!(order.line.as_str(), "CS1906666666ABCDE");
    // Another request, another period, the same order.
    let again = with(&purchase("newInstance"), "businessId", Some("another"));
    assert_eq!(wanted(&with(&again, "productId", Some("p-2"))).0, id);
    let other = with(&again, "orderId", Some("CS1906666666ABCDX"));
    assert_ne!(wanted(&other).0, id);
}

#[test]
fn a_purchase_tells_what_its_order_is() {
    let details = |call: &Call| {
        let Intent::Purchase { order, details, .. } = wanted(call).2 else {
            panic!("a purchase");
        };
        let details = *details.unwrap();
        assert_eq!(details.order, order);
        details
    };
    let least = details(&purchase("newInstance"));
    let customer = least.customer.unwrap();
    assert_eq!(customer.as_str(), "68cbc86abc2018ab880d92f36422fa0e");
    assert_eq!(least.product.unwrap().as_str(), "00301-666666-0--0");
    assert_eq!(least.kind, OrderKind::New);
    assert_eq!(
        (least.sku, least.quantity, least.charging),
        (None, None, None)
    );
    assert_eq!((least.ordered_at, least.expires_at), (None, None));

    let mut most = purchase("getLicense");
    most.extend([
        ("skuCode", "d0abcd12"),
        ("amount", "12"),
        ("chargingMode", "1"),
        ("expireTime", "20270102155959"),
        ("trialFlag", "1"),
    ]);
    let told = details(&most);
    assert_eq!(told.kind, OrderKind::Trial);
    assert_eq!(told.sku.unwrap().as_str(), "d0abcd12");
    assert_eq!(told.quantity.unwrap().units(), 12);
    assert_eq!(told.charging, Some(ChargingMode::Period));
    let expires_at = tenure_domain::Instant::from_seconds(1_798_905_599);
    assert_eq!(told.expires_at, Some(expires_at));

    let none = details(&with(&most, "amount", Some("0")));
    assert_eq!(none.quantity, None);
    for (number, mode) in [
        ("0", Some(ChargingMode::OnDemand)),
        ("3", Some(ChargingMode::OneTime)),
        ("7", None),
    ] {
        let told = details(&with(&most, "chargingMode", Some(number)));
        assert_eq!(told.charging, mode);
    }
}

#[test]
fn what_is_paid_per_use_has_an_instance_for_each_product() {
    let per_use = with(&purchase("newInstance"), "chargingMode", Some("0"));
    let id = wanted(&per_use).0;
    assert_eq!(id.as_str(), "82b2a125-d59e-5ca2-8e49-8b72cc70d516");
    let other = with(&per_use, "productId", Some("00301-666666-0--1"));
    assert_ne!(wanted(&other).0, id);
    assert_eq!(wanted(&per_use).0, id);
    for mode in ["1", "3", "7"] {
        let other = with(&purchase("newInstance"), "chargingMode", Some(mode));
        assert_eq!(wanted(&other).0, wanted(&purchase("newInstance")).0);
    }
}

#[test]
fn a_license_is_bought_like_an_instance_in_a_family_of_its_own() {
    let (id, family, intent) = wanted(&purchase("getLicense"));
    assert_eq!(id, wanted(&purchase("newInstance")).0);
    assert_eq!(family, Family::OnlineLicense);
    assert!(matches!(intent, Intent::Purchase { .. }));
}

#[test]
fn a_new_end_is_a_renewal_a_refund_or_a_trial_that_was_bought() {
    for activity in ["refreshInstance", "refreshLicense"] {
        let plain = refresh(activity);
        for (call, scene) in [
            (plain.clone(), "RENEWAL"),
            (with(&plain, "orderAmount", Some("99.5")), "RENEWAL"),
            (with(&plain, "orderAmount", Some("0")), "RENEWAL"),
            (with(&plain, "trialToFormal", Some("0")), "RENEWAL"),
            (
                with(&plain, "orderAmount", Some("-99.5")),
                "UNSUBSCRIBE_RENEWAL_PERIOD",
            ),
            (with(&plain, "trialToFormal", Some("1")), "TRIAL_TO_FORMAL"),
        ] {
            let (id, family, intent) = wanted(&call);
            assert_eq!(id.as_str(), "huaiweitest123456");
            let of_license = activity == "refreshLicense";
            assert_eq!(family == Family::OnlineLicense, of_license);
            let (change, right) = match (&intent, scene) {
                (Intent::Renew(change), "RENEWAL")
                | (Intent::CancelRenewal(change), "UNSUBSCRIBE_RENEWAL_PERIOD")
                | (Intent::ConvertToPaid(change), "TRIAL_TO_FORMAL") => (change, true),
                _ => panic!("{intent:?} for {scene}"),
            };
            assert!(right);
            assert_eq!(&*change.scene, scene);
            assert_eq!(change.order.order.as_str(), "CS1906666666ABCDF");
            assert_eq!(change.order.line.as_str(), "CS1906666666ABCDF");
            assert_eq!(&*change.expires_at_received, "20270102155959");
            assert_eq!(change.expires_at.micros(), 1_798_905_599_000_000);
            assert_eq!(change.product, None);
        }
        let call = with(&plain, "productId", Some("00301-666666-0--1"));
        let Intent::Renew(change) = wanted(&call).2 else {
            panic!("a renewal");
        };
        assert_eq!(change.product.unwrap().as_str(), "00301-666666-0--1");
    }
}

#[test]
fn ends_and_statuses_are_those_of_v2() {
    for (call, intent) in [
        (ended("expireInstance"), Intent::Expire),
        (ended("expireLicense"), Intent::Expire),
        (ended("releaseInstance"), Intent::Release { order: None }),
        (ended("releaseLicense"), Intent::Release { order: None }),
        (instance_status(), Intent::Freeze),
        (
            with(&instance_status(), "instanceStatus", Some("NORMAL")),
            Intent::Unfreeze,
        ),
    ] {
        let (id, _, made) = wanted(&call);
        assert_eq!(id.as_str(), "huaiweitest123456");
        assert_eq!(made, intent);
    }
}

#[test]
fn an_upgrade_tells_what_is_licensed_from_now_on() {
    let told = |call: &Call| {
        let (id, _, intent) = wanted(call);
        assert_eq!(id.as_str(), "huaiweitest123456");
        let Intent::Upgrade { order, details } = intent else {
            panic!("{intent:?}");
        };
        assert_eq!(order.order.as_str(), "CS1906666666ABCDG");
        assert_eq!(order.line.as_str(), "CS1906666666ABCDG");
        let details = *details.unwrap();
        assert_eq!(details.order, order);
        assert_eq!(details.kind, OrderKind::Change);
        let sku = details.sku.unwrap();
        assert_eq!(sku.as_str(), "d0abcd12-1234-5678-ab90-11ab012aaaa1");
        assert_eq!(details.product.unwrap().as_str(), "00301-666666-0--1");
        assert_eq!((details.ordered_at, details.customer), (None, None));
        assert_eq!((details.charging, details.expires_at), (None, None));
        details.quantity.map(tenure_domain::Quantity::units)
    };
    assert_eq!(told(&upgrade()), None);
    assert_eq!(told(&with(&upgrade(), "amount", Some("12"))), Some(12));
    assert_eq!(told(&with(&upgrade(), "amount", Some("0"))), None);
}

#[test]
fn a_query_names_instances_in_their_order() {
    let Request::Query { ids } = request(&query()) else {
        panic!("a query");
    };
    let ids: Vec<_> = ids.iter().map(LicenseId::as_str).collect();
    assert_eq!(ids, ["a", "b", "c"]);
}

#[test]
fn only_1_is_a_test() {
    let environment = |flag| {
        let call = with(&query(), "testFlag", Some(flag));
        read(&call).unwrap().environment
    };
    assert_eq!(environment("1"), Environment::Test);
    assert_eq!(environment("0"), Environment::Real);
    assert_eq!(environment(""), Environment::Real);
}

#[test]
fn every_parameter_at_fault_is_named() {
    let new = purchase("newInstance");
    let renewal = refresh("refreshInstance");
    let long: &'static str = "x".repeat(2_000).leak();
    for (call, name, value, fault) in [
        (&new, "customerId", long, Fault::TooLong),
        (&new, "businessId", long, Fault::TooLong),
        (&new, "orderId", long, Fault::TooLong),
        (&new, "orderId", "a\nb", Fault::BadCharacter),
        (&new, "productId", long, Fault::TooLong),
        (&new, "chargingMode", "x", Fault::BadValue),
        (&new, "testFlag", "yes", Fault::TooLong),
        (&renewal, "instanceId", long, Fault::TooLong),
        (&renewal, "expireTime", "2027-01-02", Fault::BadValue),
        (&renewal, "expireTime", long, Fault::TooLong),
        (&renewal, "trialToFormal", "yes", Fault::TooLong),
        (&renewal, "orderAmount", "-", Fault::BadValue),
        (&renewal, "orderAmount", long, Fault::TooLong),
        (&renewal, "productId", long, Fault::TooLong),
        (&ended("releaseLicense"), "instanceId", long, Fault::TooLong),
        (&upgrade(), "skuCode", long, Fault::TooLong),
        (&upgrade(), "amount", "many", Fault::BadValue),
        (
            &instance_status(),
            "instanceStatus",
            "freeze",
            Fault::BadValue,
        ),
        (&query(), "instanceId", ",,", Fault::Missing),
        (
            &query(),
            "instanceId",
            "a,".repeat(101).leak(),
            Fault::TooLong,
        ),
        (&query(), "instanceId", long, Fault::TooLong),
    ] {
        let rejected = read(&with(call, name, Some(value))).unwrap_err();
        let expected = Rejection::MalformedParameter { field: name, fault };
        assert_eq!(rejected.rejection, expected, "{name}={value}");
        assert_eq!(rejected.rejection.result_code().code(), "000002");
    }
}

#[test]
fn what_decides_nothing_turns_no_call_away() {
    let long: &'static str = "x".repeat(2_000).leak();
    let said = |call: &Call| read(call).unwrap().notification;
    for (activity, names) in [
        (
            "newInstance",
            &[
                "amount",
                "bandWidth",
                "customerName",
                "diskSize",
                "email",
                "expireTime",
                "mobilePhone",
                "orderAmount",
                "periodNumber",
                "periodType",
                "provisionType",
                "saasExtendParams",
                "skuCode",
                "trialFlag",
                "userId",
                "userName",
            ][..],
        ),
        ("refreshInstance", &["periodNumber", "periodType"]),
        ("expireInstance", &["orderId"]),
        ("releaseInstance", &["orderAmount", "orderId"]),
        ("expireLicense", &["orderId"]),
        ("releaseLicense", &["orderAmount", "orderId"]),
    ] {
        let plain = every_call()
            .into_iter()
            .find(|call| read(call).unwrap().activity.name() == activity)
            .unwrap();
        for name in names {
            for value in [long, "a\nb"] {
                let odd = with(&plain, name, Some(value));
                assert_eq!(said(&odd), said(&plain), "{name}={value} of {activity}");
            }
        }
    }
    let plain = purchase("newInstance");
    // Without padding, encoded once too often, no list, no names.
    for value in ["W10", "%5B%5D", "e30=", "W3sibmFtZSI6MX1d"] {
        let odd = with(&plain, "saasExtendParams", Some(value));
        assert_eq!(said(&odd), said(&plain), "{value}");
    }
}
