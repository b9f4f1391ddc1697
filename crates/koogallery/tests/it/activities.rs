//! Every activity, field by field: a good body, and the same body with one thing wrong.

use serde_json::{Map, Value, json};
use tenure_domain::{
    Command, Family, Instant, Intent, LicenseId, OrderId, OrderLine, OrderLineId, ProductId,
    TermChange, WhenAbsent, order,
};
use tenure_koogallery::notification::change::{Refresh, Release, TargetStatus};
use tenure_koogallery::request::instance_id;
use tenure_koogallery::{
    Activity, Environment, Fault, InterfaceType, Notification, Rejection, Request, Settings,
    Verified, call,
};

use crate::caller::{self, BASE, GENERAL, LICENSE, NONCE, TIMESTAMP};

const ORDER: &str = "CS2211181819B4LVS";
const LINE: &str = "CS2211181819B4LVS-000001";

fn body(activity: Activity) -> Map<String, Value> {
    let id = "10e758d0-31ad-4c4b-8f1b-81d03469a10e";
    let body = match activity {
        Activity::NewInstance => {
            json!({"orderId": ORDER, "orderLineId": LINE, "businessId": "87b94795-0603-4e24-8ae5-69420d60e3c8"})
        },
        Activity::QueryInstance => json!({"instanceId": format!("{id},i-2")}),
        Activity::RefreshInstance => {
            json!({"instanceId": id, "orderId": ORDER, "orderLineId": LINE, "scene": "RENEWAL", "expireTime": "20270523155959", "productId": "OFFI0000001"})
        },
        Activity::UpdateInstanceStatus => json!({"instanceId": id, "status": "FREEZE"}),
        Activity::ReleaseInstance | Activity::UpgradeInstance => {
            json!({"instanceId": id, "orderId": ORDER, "orderLineId": LINE})
        },
        Activity::ChangeInstanceCheck => {
            json!({"instanceId": id, "productInfo": {"productId": "OFFI0000001", "linearValue": 10}})
        },
        Activity::GetLicenseAsync => {
            json!({"instanceId": id, "eventId": "EV-1", "effectiveTime": "2023-10-27 10:30:15 z", "expireTime": "2027-05-23 15:59:59 z", "deviceFingerprint": "00-1B-63|S4EV|PF2|BFEB"})
        },
        Activity::RefreshLicenseCode => {
            json!({"license": "PLTEST0001", "orderId": ORDER, "orderLineId": LINE, "scene": "RENEWAL", "expireTime": "20270523155959", "productId": "OFFI0000001"})
        },
        Activity::UpdateLicenseCodeStatus => json!({"license": "PLTEST0001", "status": "FREEZE"}),
        Activity::ReleaseLicenseCode => {
            json!({"license": "PLTEST0001", "orderId": ORDER, "orderLineId": LINE})
        },
        Activity::OrderNotify => json!({"orderId": ORDER, "orderLineId": LINE, "testFlag": "0"}),
    };
    let Value::Object(mut body) = body else {
        unreachable!("a body is an object");
    };
    body.insert("activity".to_owned(), json!(activity.name()));
    body
}

fn key_of(activity: Activity) -> &'static str {
    match activity.interface() {
        InterfaceType::Base => BASE,
        InterfaceType::License => LICENSE,
        InterfaceType::General => GENERAL,
        InterfaceType::Kit => unreachable!("no activity is signed with the key of the kit"),
    }
}

fn changed(activity: Activity, field: &str, value: Option<Value>) -> String {
    let mut body = body(activity);
    match value {
        Some(value) => body.insert(field.to_owned(), value),
        None => body.remove(field),
    };
    Value::Object(body).to_string()
}

fn accepted(activity: Activity, body: &str) -> Verified {
    let verified = caller::call(key_of(activity), body.as_bytes()).unwrap();
    assert_eq!(verified.notification.activity(), activity);
    assert_eq!(verified.interface, activity.interface());
    assert_eq!(verified.nonce, NONCE);
    verified
}

fn with(activity: Activity, field: &str, value: Value) -> Notification {
    accepted(activity, &changed(activity, field, Some(value))).notification
}

fn plain(activity: Activity) -> Notification {
    accepted(activity, &Value::Object(body(activity)).to_string()).notification
}

/// Expects that a body is turned away, that we know where it came from, and what was wrong.
#[track_caller]
fn refused(activity: Activity, body: &str, field: &'static str, fault: Fault) {
    let rejected = caller::call(key_of(activity), body.as_bytes()).unwrap_err();
    let expected = Rejection::MalformedBody { field, fault };
    assert_eq!(rejected.rejection, expected, "{body}");
    assert!(rejected.authentic);
}

const ID: (&str, usize) = ("instanceId", 64);
const CODE: (&str, usize) = ("license", 64);
const ORDER_ID: (&str, usize) = ("orderId", 64);
const ORDER_LINE_ID: (&str, usize) = ("orderLineId", 64);
const PRODUCT_ID: (&str, usize) = ("productId", 64);
const SCENE: (&str, usize) = ("scene", 64);
const STATUS: (&str, usize) = ("status", 32);
const EXPIRE_TIME: (&str, usize) = ("expireTime", 20);

type FieldRow = (&'static str, usize);

/// The field tables: mandatory and optional texts with their lengths.
fn table(activity: Activity) -> (Vec<FieldRow>, Vec<FieldRow>) {
    match activity {
        Activity::NewInstance => (vec![ORDER_ID, ORDER_LINE_ID, ("businessId", 64)], vec![]),
        // A query has a list, whose length is that of each id in it: tested on its own.
        Activity::QueryInstance | Activity::ChangeInstanceCheck => (vec![ID], vec![]),
        Activity::RefreshInstance => (
            vec![ID, ORDER_ID, ORDER_LINE_ID, SCENE, EXPIRE_TIME],
            vec![PRODUCT_ID],
        ),
        Activity::UpdateInstanceStatus => (vec![ID, STATUS], vec![]),
        Activity::ReleaseInstance => (vec![ID], vec![ORDER_ID, ORDER_LINE_ID]),
        Activity::UpgradeInstance => (vec![ID, ORDER_ID, ORDER_LINE_ID], vec![]),
        Activity::GetLicenseAsync => (
            vec![ID, ("eventId", 64), ("effectiveTime", 32)],
            vec![("expireTime", 32), ("deviceFingerprint", 1_024)],
        ),
        Activity::RefreshLicenseCode => (
            vec![CODE, ORDER_ID, ORDER_LINE_ID, SCENE, EXPIRE_TIME],
            vec![PRODUCT_ID],
        ),
        Activity::UpdateLicenseCodeStatus => (vec![CODE, STATUS], vec![]),
        Activity::ReleaseLicenseCode => (vec![CODE], vec![ORDER_ID, ORDER_LINE_ID]),
        Activity::OrderNotify => (vec![ORDER_ID, ORDER_LINE_ID], vec![]),
    }
}

#[test]
fn mandatory_fields_are_missing_when_absent_null_or_blank() {
    for activity in Activity::ALL {
        for (field, _) in table(activity).0 {
            for value in [None, Some(Value::Null), Some(json!(""))] {
                let body = changed(activity, field, value);
                refused(activity, &body, field, Fault::Missing);
            }
        }
    }
}

#[test]
fn optional_fields_may_be_absent_null_or_blank() {
    for activity in Activity::ALL {
        for (field, _) in table(activity).1 {
            let absent = accepted(activity, &changed(activity, field, None)).notification;
            assert_ne!(absent, plain(activity));
            assert_eq!(with(activity, field, Value::Null), absent);
            assert_eq!(with(activity, field, json!("")), absent);
        }
    }
}

#[test]
fn fields_are_texts() {
    for activity in Activity::ALL {
        let (mandatory, optional) = table(activity);
        for (field, _) in mandatory.into_iter().chain(optional) {
            for value in [json!(1), json!(true), json!(["a"]), json!({"a": "b"})] {
                let body = changed(activity, field, Some(value));
                refused(activity, &body, field, Fault::WrongType);
            }
        }
    }
}

#[test]
fn fields_have_the_lengths_of_the_tables() {
    for activity in Activity::ALL {
        let (mandatory, optional) = table(activity);
        for (field, characters_max) in mandatory.into_iter().chain(optional) {
            let long = json!("码".repeat(characters_max + 1));
            let body = changed(activity, field, Some(long));
            refused(activity, &body, field, Fault::TooLong);
            // These have few values, and are tested on their own.
            if !["status", "expireTime", "effectiveTime"].contains(&field) {
                with(activity, field, json!("码".repeat(characters_max)));
            }
        }
    }
}

#[test]
fn names_that_occur_twice_are_refused_and_foreign_ones_not_repeated() {
    for activity in Activity::ALL {
        for field in ["activity", "orderId", "testFlag"] {
            let body = format!(
                r#"{{"{field}":"a","{field}":"b",{}"#,
                Value::Object(body(activity))
                    .to_string()
                    .trim_start_matches('{')
            );
            refused(activity, &body, field, Fault::Duplicate);
        }
    }
    let body = r#"{"activity":"newInstance","foreign":1,"foreign":1}"#;
    refused(Activity::NewInstance, body, "body", Fault::Duplicate);
}

#[test]
fn unknown_fields_are_ignored() {
    for activity in Activity::ALL {
        let deep = format!("{}{}", "[".repeat(1_000), "]".repeat(1_000));
        let known = Value::Object(body(activity)).to_string();
        let more = known.replacen('{', &format!(r#"{{"new":{deep},"newer":null,"#), 1);
        assert_eq!(accepted(activity, &more).notification, plain(activity));
    }
}

#[test]
fn control_characters_in_ids_are_refused() {
    let body = changed(Activity::OrderNotify, "orderId", Some(json!("a\nb")));
    refused(Activity::OrderNotify, &body, "orderId", Fault::BadCharacter);
}

#[test]
fn only_a_test_flag_of_1_is_a_test() {
    for activity in Activity::ALL {
        let environment =
            |value| accepted(activity, &changed(activity, "testFlag", value)).environment;
        assert_eq!(environment(Some(json!("1"))), Environment::Test);
        assert_eq!(environment(Some(json!(1))), Environment::Test);
        for real in [
            None,
            Some(Value::Null),
            Some(json!("0")),
            Some(json!(0)),
            Some(json!("")),
        ] {
            assert_eq!(environment(real), Environment::Real);
        }
        let body = changed(activity, "testFlag", Some(json!("100")));
        refused(activity, &body, "testFlag", Fault::TooLong);
        let body = changed(activity, "testFlag", Some(json!(true)));
        refused(activity, &body, "testFlag", Fault::WrongType);
    }
}

#[test]
fn expire_time_is_a_date_that_exists() {
    for activity in [Activity::RefreshInstance, Activity::RefreshLicenseCode] {
        for text in ["20270229000000", "2027-05-23", "2027052315595", "tomorrow"] {
            let body = changed(activity, "expireTime", Some(json!(text)));
            refused(activity, &body, "expireTime", Fault::BadValue);
        }
        with(activity, "expireTime", json!("20270523155959123"));
    }
}

#[test]
fn a_status_is_frozen_or_unfrozen() {
    let target = |activity, status: &str| {
        let (Notification::UpdateInstanceStatus(change)
        | Notification::UpdateLicenseCodeStatus(change)) = with(activity, "status", json!(status))
        else {
            unreachable!("a change of status is read as one");
        };
        change.to
    };
    for activity in [
        Activity::UpdateInstanceStatus,
        Activity::UpdateLicenseCodeStatus,
    ] {
        assert_eq!(target(activity, "FREEZE"), TargetStatus::Frozen);
        assert_eq!(target(activity, "UNFREEZE"), TargetStatus::Unfrozen);
        assert_eq!(target(activity, "NORMAL"), TargetStatus::Unfrozen);
        for status in ["freeze", "ALIVE", " "] {
            let body = changed(activity, "status", Some(json!(status)));
            refused(activity, &body, "status", Fault::BadValue);
        }
    }
}

#[test]
fn a_query_names_1_to_100_instances() {
    let ids = |list: String| {
        let Notification::QueryInstance(query) =
            with(Activity::QueryInstance, "instanceId", json!(list))
        else {
            unreachable!("a query is read as one");
        };
        query.ids.len()
    };
    assert_eq!(ids(" i-1 ,, i-2,".to_owned()), 2);
    let list = |count: usize| vec!["i".repeat(64); count].join(",");
    assert_eq!(ids(list(100)), 100);
    for (list, fault) in [
        (list(101), Fault::TooLong),
        (format!("i-1,{}", "i".repeat(65)), Fault::TooLong),
        (" , ".to_owned(), Fault::Missing),
    ] {
        let body = changed(Activity::QueryInstance, "instanceId", Some(json!(list)));
        refused(Activity::QueryInstance, &body, "instanceId", fault);
    }
}

#[test]
fn a_change_check_needs_a_product_of_whatever_shape() {
    let activity = Activity::ChangeInstanceCheck;
    with(activity, "productInfo", json!({}));
    for missing in [None, Some(Value::Null)] {
        let body = changed(activity, "productInfo", missing);
        refused(activity, &body, "productInfo", Fault::Missing);
    }
    for wrong in [json!("OFFI0000001"), json!([])] {
        let body = changed(activity, "productInfo", Some(wrong));
        refused(activity, &body, "productInfo", Fault::WrongType);
    }
}

fn order_line() -> OrderLine {
    OrderLine {
        order: OrderId::parse(ORDER).unwrap(),
        line: OrderLineId::parse(LINE).unwrap(),
    }
}

fn instance() -> LicenseId {
    LicenseId::parse("10e758d0-31ad-4c4b-8f1b-81d03469a10e").unwrap()
}

fn code() -> LicenseId {
    LicenseId::parse("PLTEST0001").unwrap()
}

fn term_change(scene: &str) -> TermChange {
    TermChange {
        scene: scene.into(),
        order: order_line(),
        expires_at: Instant::from_seconds(1_811_087_999),
        expires_at_received: "20270523155959".into(),
        grace_seconds: 0,
        product: Some(ProductId::parse("OFFI0000001").unwrap()),
    }
}

fn request(notification: Notification) -> Request {
    Request::from_notification(
        &caller::listing(),
        &Settings::default(),
        notification,
        Instant::from_seconds(7),
    )
}

#[track_caller]
fn asks(notification: Notification, family: Family, id: LicenseId, intent: Intent) {
    let command = Command {
        listing: caller::listing(),
        family,
        at: Instant::from_seconds(7),
        when_absent: WhenAbsent::Remember,
        intent,
    };
    assert_eq!(request(notification), Request::License { id, command });
}

#[test]
fn instance_calls_become_commands() {
    let saas = Family::Saas;
    asks(
        plain(Activity::NewInstance),
        saas,
        instance_id(&caller::listing(), &order_line()),
        Intent::Purchase {
            order: order_line(),
            ready: true,
            details: None,
        },
    );
    asks(
        plain(Activity::RefreshInstance),
        saas,
        instance(),
        Intent::Renew(term_change("RENEWAL")),
    );
    asks(
        plain(Activity::UpdateInstanceStatus),
        saas,
        instance(),
        Intent::Freeze,
    );
    asks(
        plain(Activity::ReleaseInstance),
        saas,
        instance(),
        Intent::Release {
            order: Some(order_line()),
        },
    );
    asks(
        plain(Activity::UpgradeInstance),
        saas,
        instance(),
        Intent::Upgrade {
            order: order_line(),
            details: None,
        },
    );
    assert_eq!(
        request(plain(Activity::QueryInstance)),
        Request::Query {
            ids: vec![instance(), LicenseId::parse("i-2").unwrap()]
        }
    );
    assert_eq!(
        request(plain(Activity::ChangeInstanceCheck)),
        Request::ChangeCheck { id: instance() }
    );
}

#[test]
fn code_calls_become_commands_of_their_own_family() {
    let family = Family::LicenseCode;
    asks(
        plain(Activity::RefreshLicenseCode),
        family,
        code(),
        Intent::Renew(term_change("RENEWAL")),
    );
    asks(
        with(
            Activity::UpdateLicenseCodeStatus,
            "status",
            json!("UNFREEZE"),
        ),
        family,
        code(),
        Intent::Unfreeze,
    );
    let activity = Activity::ReleaseLicenseCode;
    asks(
        plain(activity),
        family,
        code(),
        Intent::Release {
            order: Some(order_line()),
        },
    );
    asks(
        with(activity, "orderLineId", Value::Null),
        family,
        code(),
        Intent::Release { order: None },
    );
}

#[test]
fn a_release_keeps_what_it_was_told_about_the_order() {
    assert_eq!(
        with(Activity::ReleaseLicenseCode, "orderLineId", Value::Null),
        Notification::ReleaseLicenseCode(Release {
            id: code(),
            order: Some(OrderId::parse(ORDER).unwrap()),
            line: None,
        })
    );
}

#[test]
fn an_order_notification_becomes_a_command_for_the_order() {
    assert_eq!(
        request(plain(Activity::OrderNotify)),
        Request::Order {
            order: order_line(),
            command: order::Command::Notify {
                listing: caller::listing(),
                order: order_line(),
            },
        }
    );
}

#[test]
fn scenes_become_intents_and_an_unknown_one_renews() {
    for (activity, family, id) in [
        (Activity::RefreshInstance, Family::Saas, instance()),
        (Activity::RefreshLicenseCode, Family::LicenseCode, code()),
    ] {
        let check = |scene: &str, intent: fn(TermChange) -> Intent| {
            let notification = with(activity, "scene", json!(scene));
            asks(notification, family, id.clone(), intent(term_change(scene)));
        };
        check("RENEWAL", Intent::Renew);
        check("RENEWAL_CHANGE", Intent::Renew);
        check("UNSUBSCRIBE_RENEWAL_PERIOD", Intent::CancelRenewal);
        check("TRIAL_TO_FORMAL", Intent::ConvertToPaid);
        check("SOMETHING_NEW", Intent::Renew);
    }
}

#[test]
fn settings_reach_the_command() {
    let settings = Settings {
        expire_time_offset_minutes: 480,
        grace_seconds: 60,
        when_absent: WhenAbsent::Refuse,
        instance_family: Family::OnlineLicense,
        ready_at_once: false,
        ..Settings::default()
    };
    let ask = |activity| {
        let body = Value::Object(body(activity)).to_string();
        let signature = tenure_koogallery::signature::sign(
            &caller::key(key_of(activity)),
            NONCE,
            TIMESTAMP,
            body.as_bytes(),
        );
        let verified = call::read(
            &caller::listing(),
            &caller::keys(),
            &settings,
            &caller::query(&signature, TIMESTAMP, NONCE),
            body.as_bytes(),
            caller::instant(TIMESTAMP),
        )
        .unwrap();
        let at = Instant::EPOCH;
        match Request::from_notification(&verified.listing, &settings, verified.notification, at) {
            Request::License { command, .. } => command,
            other @ (Request::Order { .. }
            | Request::LicenseFile(_)
            | Request::Query { .. }
            | Request::ChangeCheck { .. }) => {
                unreachable!("{other:?}")
            },
        }
    };
    let purchase = ask(Activity::NewInstance);
    assert_eq!(purchase.family, Family::OnlineLicense);
    assert_eq!(purchase.when_absent, WhenAbsent::Refuse);
    assert_eq!(
        purchase.intent,
        Intent::Purchase {
            order: order_line(),
            ready: false,
            details: None,
        }
    );
    let refresh = ask(Activity::RefreshLicenseCode);
    assert_eq!(refresh.family, Family::LicenseCode);
    assert_eq!(
        refresh.intent,
        Intent::Renew(TermChange {
            expires_at: Instant::from_seconds(1_811_087_999 - 8 * 3_600),
            grace_seconds: 60,
            ..term_change("RENEWAL")
        })
    );
}

#[test]
fn a_refresh_keeps_the_text_of_its_time() {
    let Notification::RefreshLicenseCode(Refresh {
        expires_at,
        expires_at_received,
        ..
    }) = with(
        Activity::RefreshLicenseCode,
        "expireTime",
        json!("20270523155959007"),
    )
    else {
        unreachable!("a refresh is read as one");
    };
    assert_eq!(&*expires_at_received, "20270523155959007");
    assert_eq!(expires_at, Instant::from_micros(1_811_087_999_007_000));
}
