//! The debugging page finds what is wrong, and only that.

use tenure_sandbox::check::{Family, Report, check};

use crate::client;
use crate::merchant::{Manner, Merchant};

const FAMILIES: [Family; 4] = [
    Family::License,
    Family::Saas,
    Family::OnlineLicense,
    Family::Order,
];

fn failed(report: &Report) -> Vec<&str> {
    report.failures().map(|case| case.name.as_str()).collect()
}

#[actix_web::test]
async fn a_merchant_by_the_book_passes() {
    for family in FAMILIES {
        let (target, _merchant) = Merchant::start(Manner::Good);
        let report = check(&client(), &target, family).await;
        assert!(report.passed(), "{report}");
        assert!(report.to_string().ends_with("cases passed\n"));
    }
}

#[actix_web::test]
async fn a_merchant_that_always_says_yes_fails_every_negative_case() {
    for family in FAMILIES {
        let (target, _merchant) = Merchant::start(Manner::Naive);
        let report = check(&client(), &target, family).await;
        assert!(!report.passed());
        for case in &report.cases {
            let right = case.expectation == "success" || case.expectation.contains("000000");
            assert_eq!(case.why.is_none(), right, "{}", case.name);
        }
    }
}

#[actix_web::test]
async fn a_merchant_that_knows_one_reading_of_the_signature_fails_that_case() {
    let (target, _merchant) = Merchant::start(Manner::RawBytesOnly);
    let report = check(&client(), &target, Family::License).await;
    assert_eq!(
        failed(&report),
        ["unsorted body signed over its sorted form"]
    );
}

#[actix_web::test]
async fn answers_of_another_content_type_never_count() {
    let (target, _merchant) = Merchant::start(Manner::PlainText);
    let report = check(&client(), &target, Family::Order).await;
    assert_eq!(failed(&report).len(), report.cases.len());
    let why = report.cases[0].why.as_deref().unwrap();
    assert_eq!(why, "content type `text/plain` instead of application/json");
}

#[actix_web::test]
async fn only_calls_about_made_up_rights_are_real() {
    for family in FAMILIES {
        let (target, merchant) = Merchant::start(Manner::Good);
        check(&client(), &target, family).await;
        for (_, body) in merchant.calls() {
            assert!(
                body.contains(r#""testFlag":"1""#) || body.contains("MADE-UP"),
                "{body}"
            );
        }
    }
}

#[actix_web::test]
async fn a_report_is_json_for_programs() {
    let (target, _merchant) = Merchant::start(Manner::Good);
    let report = serde_json::to_value(check(&client(), &target, Family::Order).await).unwrap();
    assert_eq!(report["family"], "order");
    assert_eq!(report["cases"][0]["name"], "orderNotify");
    assert_eq!(report["cases"][0]["outcome"], "passed");
}
