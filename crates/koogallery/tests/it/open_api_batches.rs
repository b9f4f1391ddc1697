//! The open APIs that speak of several codes at once.

use tenure_domain::{LicenseId, OrderId, Quantity};
use tenure_koogallery::OpenApiError;
use tenure_koogallery::open_api::activate_v2::{self, BatchActivated, Codes};
use tenure_koogallery::open_api::bounded::{BoundError, List, Text};
use tenure_koogallery::open_api::query::{self, Further, HeartbeatInfo, LicenseInfo};
use tenure_koogallery::open_api::query_v2::{self, Told};
use tenure_koogallery::open_api::software_usage::{
    self, ActiveClients, ActiveClientsError, ClientId, Reported, UsageReport,
};
use tenure_koogallery::open_api::{CodeStatus, OpenApiRequest};
use tenure_koogallery::wire::answer_time;

fn code(text: &str) -> LicenseId {
    LicenseId::parse(text).unwrap()
}

pub(crate) fn codes(texts: &[&str]) -> Codes {
    List::new(texts.iter().map(|text| code(text)).collect()).unwrap()
}

pub(crate) fn client_report(of: &str, clients: &[&str]) -> UsageReport {
    let clients: Vec<_> = clients
        .iter()
        .map(|client| ClientId::parse(client).unwrap())
        .collect();
    let of_code = (code(of), List::new(clients).unwrap());
    UsageReport::Clients(List::new(vec![of_code]).unwrap())
}

fn text(request: OpenApiRequest) -> String {
    String::from_utf8(request.body.unwrap()).unwrap()
}

#[test]
fn a_batch_has_1_to_100_codes() {
    let batch = |length: usize| {
        let codes = (0..length).map(|number| code(&format!("PLTEST{number:04}")));
        Codes::new(codes.collect())
    };
    assert_eq!(batch(0), Err(BoundError::Empty));
    assert!(batch(1).is_ok());
    assert_eq!(batch(101), Err(BoundError::TooMuch { max: 100 }));
    let full = text(query_v2::request(&batch(100).unwrap()));
    assert_eq!(full.matches("PLTEST").count(), 100);
}

#[test]
fn a_batch_without_a_time_is_active_now() {
    assert_eq!(
        text(activate_v2::request(&codes(&["PLTEST0001"]), None)),
        r#"{"license_list":["PLTEST0001"]}"#
    );
}

#[track_caller]
fn check_activation(status: u16, code: &str, expected: Result<BatchActivated, OpenApiError>) {
    let body = format!(r#"{{"error_code":"{code}","error_msg":"text"}}"#);
    assert_eq!(
        activate_v2::read(status, body.as_bytes()),
        expected,
        "{code}"
    );
}

#[test]
fn an_activation_of_a_batch_tells_whether_to_look_at_each_code() {
    check_activation(200, "92020000", Ok(BatchActivated::All));
    for (code, error) in [
        ("92020003", OpenApiError::IllegalState),
        ("92020004", OpenApiError::NotClaimed),
        ("92020005", OpenApiError::UnknownCode),
        ("92020020", OpenApiError::UnknownCode),
    ] {
        check_activation(200, code, Ok(BatchActivated::OneByOne(error)));
    }
    check_activation(200, "92020001", Err(OpenApiError::Unavailable));
    check_activation(400, "95000001", Err(OpenApiError::InvalidParameter));
    check_activation(401, "APIGW.0301", Err(OpenApiError::Denied));
    assert_eq!(activate_v2::read(200, b"OK"), Err(OpenApiError::Unreadable));
}

#[test]
fn a_query_of_a_batch_names_the_codes() {
    let request = query_v2::request(&codes(&["PLTEST0001", "PLTEST0002"]));
    assert_eq!(
        request.target(),
        "/api/mkp-openapi-public/global/v2/license/heartbeat"
    );
    assert_eq!(
        text(request),
        r#"{"license_list":["PLTEST0001","PLTEST0002"]}"#
    );
}

fn alive(of: &str) -> Told {
    Told::Info(LicenseInfo {
        code: Some(code(of)),
        status: CodeStatus::Alive,
        activated_at: None,
        expires_at: answer_time("20270102155959"),
        product: None,
        order: Some(OrderId::parse("CS2601020304ABCDE").unwrap()),
        quantity: Some(Quantity::parse(2).unwrap()),
    })
}

const ALIVE: &str = r#"{"license_code":"PLTEST0001","status":"ALIVE","expire_time":"20270102155959","order_id":" CS2601020304ABCDE","amount":"2","new":1}"#;

#[track_caller]
fn check_told(data: &str, expected: [Told; 3]) {
    let asked = codes(&["PLTEST0001", "PLTEST0002", "PLTEST0003"]);
    let body = format!(r#"{{"error_code":"92020000","error_msg":"success","data":{data}}}"#);
    let told = query_v2::read(&asked, 200, body.as_bytes());
    assert_eq!(told, Ok(expected.to_vec()), "{data}");
}

#[test]
fn a_query_of_a_batch_tells_of_each_code_apart() {
    let refused = r#"{"license":"PLTEST0002","error_code":"92020011","error_msg":"text"}"#;
    let unreadable = r#"{"license_code":"PLTEST0003","error_code":"92020000"}"#;
    check_told(
        &format!("[{unreadable},{refused},{ALIVE}]"),
        [
            alive("PLTEST0001"),
            Told::Refused(OpenApiError::NotActivated),
            Told::Nothing,
        ],
    );
}

#[test]
fn the_items_of_a_batch_stand_in_any_form() {
    let in_a_text = serde_json::to_string(&format!("[{ALIVE}]")).unwrap();
    for data in [
        format!("[{ALIVE}]"),
        format!(r#"{{"license_list":[{ALIVE}],"total":1}}"#),
        format!(r#"{{"any":[null],"other":[{ALIVE}]}}"#),
        format!(r#"{{"in_a_text":{in_a_text}}}"#),
        in_a_text,
        ALIVE.to_owned(),
    ] {
        check_told(&data, [alive("PLTEST0001"), Told::Nothing, Told::Nothing]);
    }
    for data in [
        "null",
        "[]",
        "{}",
        "7",
        r#""x""#,
        "[[]]",
        r#"[{"license":[]}]"#,
    ] {
        check_told(data, [Told::Nothing, Told::Nothing, Told::Nothing]);
    }
}

#[test]
fn the_first_item_about_a_code_counts_and_strangers_do_not() {
    let other = r#"{"license_code":"PLTEST0001","status":"RELEASED"}"#;
    let stranger = r#"{"license_code":"PLTEST0009","status":"ALIVE"}"#;
    check_told(
        &format!("[{stranger},{ALIVE},{other}]"),
        [alive("PLTEST0001"), Told::Nothing, Told::Nothing],
    );
}

#[test]
fn a_batch_that_failed_tells_nothing() {
    let body = br#"{"error_code":"92020020","error_msg":"Invalid license code exists."}"#;
    assert_eq!(
        query_v2::read(&codes(&["PLTEST0001"]), 200, body),
        Err(OpenApiError::UnknownCode)
    );
}

#[test]
fn a_query_can_still_tell_who_uses_a_code() {
    let mut info = HeartbeatInfo {
        third_party_account: Text::parse("zhang.san").unwrap(),
        ip: None,
        further: Further::default(),
    };
    assert_eq!(
        text(query::request_with(&code("PLTEST0001"), &info)),
        r#"{"heartbeatInfo":{"thirdPartyAccount":"zhang.san"},"license":"PLTEST0001"}"#
    );
    info.ip = Some(Text::parse("192.0.2.7").unwrap());
    info.further.add("version", "4.1").unwrap();
    for defined in ["ip", "thirdPartyAccount"] {
        assert!(info.further.add(defined, "x").is_err(), "{defined}");
    }
    assert_eq!(
        text(query::request_with(&code("PLTEST0001"), &info)),
        r#"{"heartbeatInfo":{"thirdPartyAccount":"zhang.san","ip":"192.0.2.7","version":"4.1"},"license":"PLTEST0001"}"#
    );
    let shown = format!("{info:?}");
    assert!(
        !shown.contains("zhang") && !shown.contains("4.1"),
        "{shown}"
    );
}

#[test]
fn accounts_and_addresses_are_bounded() {
    assert!(ClientId::parse(&"a".repeat(256)).is_ok());
    assert!(ClientId::parse(&"a".repeat(257)).is_err());
    assert!(Text::<32>::parse(&"1".repeat(32)).is_ok());
    assert!(Text::<32>::parse(&"1".repeat(33)).is_err());
}

#[test]
fn numbers_of_clients_have_one_to_nine_digits() {
    let number = |number| ActiveClients::parse(number);
    assert_eq!(number(0), Err(ActiveClientsError));
    assert!(number(1).is_ok());
    assert_eq!(number(1_000_000_000), Err(ActiveClientsError));
    let most = (code("PLTEST0001"), number(999_999_999).unwrap());
    let report = UsageReport::Numbers(List::new(vec![most]).unwrap());
    assert_eq!(
        text(software_usage::request(&report)),
        r#"{"usage_info":[{"license":"PLTEST0001","software_usage_Info":[{"active_num":999999999}]}]}"#
    );
}

#[test]
fn a_report_has_an_entry_a_client() {
    assert_eq!(
        text(software_usage::request(&client_report(
            "PLTEST0001",
            &["a\"b", "设备"]
        ))),
        r#"{"usage_info":[{"license":"PLTEST0001","software_usage_Info":[{"id":"a\"b"},{"id":"设备"}]}]}"#
    );
}

#[test]
fn a_report_has_at_most_100_codes_with_100_clients_each() {
    let clients = |length: usize| {
        let clients = (0..length).map(|number| ClientId::parse(&format!("c{number}")).unwrap());
        List::<ClientId, 100>::new(clients.collect())
    };
    assert_eq!(clients(101), Err(BoundError::TooMuch { max: 100 }));
    let full = (code("PLTEST0001"), clients(100).unwrap());
    assert!(List::<_, 100>::new(vec![full.clone(); 101]).is_err());
    let report = UsageReport::Clients(List::new(vec![full; 100]).unwrap());
    let sent = text(software_usage::request(&report));
    assert_eq!(sent.matches(r#"{"id":"#).count(), 10_000);
}

#[track_caller]
fn check_reported(data: &str, expected: Reported) {
    let body = format!(r#"{{"error_code":"92020000","error_msg":"success"{data}}}"#);
    let reported = software_usage::read(200, body.as_bytes());
    assert!(reported == Ok(expected), "{data}");
}

#[test]
fn what_failed_a_check_is_kept_as_json() {
    for data in [
        "",
        r#","data":null"#,
        r#","data":{}"#,
        r#","data":{"check_fail_list":[],"check_fail_num":0,"check_fail_any":false}"#,
        r#","data":{"check_fail_list":null,"check_fail_text":" [] ","check_fail_map":{}}"#,
        r#","data":{"other":[1]}"#,
    ] {
        check_reported(data, Reported::All);
    }
    check_reported(
        r#","data":{"check_fail_list":["PLTEST0001"],"x":1,"check_fail_num":1}"#,
        Reported::CheckFailed(
            r#"{"check_fail_list":["PLTEST0001"],"check_fail_num":1}"#.to_owned(),
        ),
    );
    check_reported(
        r#","data":"{\"check_fail_list\":[{\"license\":\"PL\\\"1\"}]}""#,
        Reported::CheckFailed(r#"{"check_fail_list":[{"license":"PL\"1"}]}"#.to_owned()),
    );
    let shown = format!("{:?}", Reported::CheckFailed("PLTEST0001".to_owned()));
    assert!(!shown.contains("PLTEST0001"), "{shown}");
}
