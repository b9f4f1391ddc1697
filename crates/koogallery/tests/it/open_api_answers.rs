//! Every reader of an answer, on bytes of every kind.

use proptest::prelude::*;
use serde_json::Value;
use tenure_domain::Instant;
use tenure_koogallery::open_api::{
    ANSWER_BYTES_MAX, OpenApiError, activate, activate_v2, clock_skew_seconds, query, query_v2,
    software_usage, upload, usage,
};

use crate::open_api_batches::codes;

/// What every reader makes of an answer, as far as it is an error.
fn errors(status: u16, body: &[u8]) -> [Option<OpenApiError>; 7] {
    let asked = codes(&["PLTEST0001", "PLTEST0002"]);
    [
        activate::read(status, body).err(),
        activate_v2::read(status, body).err(),
        query::read(status, body).err(),
        query_v2::read(&asked, status, body).err(),
        software_usage::read(status, body).err(),
        upload::read(status, body).err(),
        usage::read(status, body).err(),
    ]
}

/// JSON of the kind that an answer may be, two deep and with JSON in its texts.
fn json() -> impl Strategy<Value = Value> {
    let names = prop::sample::select(vec![
        "error_code",
        "resultCode",
        "data",
        "license_code_info",
        "license_code",
        "license",
        "status",
        "amount",
        "expire_time",
        "activate_time",
        "check_fail_list",
        "x",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        prop::sample::select(vec![
            "92020000",
            "MKT.0000",
            "CBC.0250",
            "PLTEST0001",
            "ALIVE",
            "20270102155959",
            "",
        ])
        .prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(names.clone().prop_map(str::to_owned), inner.clone(), 0..8)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
            inner.prop_map(|value| Value::from(value.to_string())),
        ]
    })
}

proptest! {
    #[test]
    fn no_bytes_make_a_reader_panic(
        status in any::<u16>(),
        body in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        for error in errors(status, &body) {
            // Bytes without a code are no success.
            prop_assert!(error.is_some());
        }
    }

    #[test]
    fn no_json_makes_a_reader_panic_and_none_but_a_200_is_a_success(
        status in prop_oneof![Just(200), any::<u16>()],
        body in json(),
    ) {
        let succeeded = errors(status, body.to_string().as_bytes()).contains(&None);
        let names_a_code = body.get("error_code").is_some() || body.get("resultCode").is_some();
        prop_assert!(!succeeded || (status == 200 && names_a_code), "{}", body);
    }

    #[test]
    fn a_success_with_any_data_is_read(data in json()) {
        let body = serde_json::json!({ "error_code": "92020000", "data": data }).to_string();
        let [activated, batch, _query, queried, reported, uploaded, pushed] = errors(200, body.as_bytes());
        let known = [activated, batch, queried, reported, uploaded, pushed];
        prop_assert_eq!(known, [const { None }; 6]);
    }

    #[test]
    fn a_code_that_nobody_knows_is_kept_as_text(code in "[A-Z]{1,4}\\.[A-Z]{4}") {
        prop_assume!(!code.starts_with("APIG"));
        let body = format!(r#"{{"resultCode":"{code}","resultMsg":"text"}}"#);
        for error in errors(200, body.as_bytes()) {
            prop_assert_eq!(error, Some(OpenApiError::Other { status: 200, code: code.clone() }));
        }
    }

    #[test]
    fn no_date_makes_the_skew_panic(text in ".{0,40}|[A-Za-z]{3}, [0-9]{1,6} [A-Z][a-z]{2} [0-9]{1,6} [0-9:]{1,9} GMT") {
        for at in [Instant::EPOCH, Instant::MAX, Instant::from_micros(i64::MIN)] {
            if let Some(skew) = clock_skew_seconds(&text, at) {
                prop_assert!(skew.unsigned_abs() <= i64::MAX.unsigned_abs() / 1_000_000 + 1);
            }
        }
    }
}

#[test]
fn an_answer_that_is_too_large_is_refused_by_every_reader() {
    let mut body = br#"{"error_code":"92020000","data":{"status":"ALIVE"}}"#.to_vec();
    body.resize(ANSWER_BYTES_MAX, b' ');
    assert_eq!(errors(200, &body), [const { None }; 7]);
    body.push(b' ');
    assert_eq!(
        errors(200, &body),
        [const { Some(OpenApiError::Unreadable) }; 7]
    );
}

#[test]
fn depth_is_bounded() {
    let deep = [r#"{"error_code":"92020000","data":"#, &"[".repeat(100_000)].concat();
    let deep = [deep, "]".repeat(100_000), "}".to_owned()].concat();
    assert_eq!(
        errors(200, deep.as_bytes()),
        [const { Some(OpenApiError::Unreadable) }; 7]
    );
}
