//! Questions about licenses and orders, and the operator's word.

use tenure_domain::{Family, Intent, OrderDetails, OrderKind};
use tenure_journal::vault::Owner;
use tenure_testkit::{activation, customer, details, order_line, term_change};

use crate::scene::{Scene, check_shape, license, merchant};

/// A code that was activated at 1000 s until 5000 s, renewed at 2000 s until 9000 s and frozen at
/// 3000 s; an instance that is not ready, bought at 4000 s; and an order announced before all.
pub(crate) fn played() -> Scene {
    let scene = Scene::new();
    scene.announce_order(1);
    let code = |intent| scene.apply("acme", "PLTEST0001", Family::LicenseCode, intent);
    code(Intent::Activate(activation(1, 5_000)));
    scene.at(2_000);
    code(Intent::Renew(term_change(2, 9_000)));
    scene.at(3_000);
    code(Intent::Freeze);
    scene.at(4_000);
    let purchase = Intent::Purchase {
        order: order_line(3),
        ready: false,
        details: None,
    };
    let done = scene.apply("acme", "instance-1", Family::Saas, purchase);
    scene.fold(done.head);
    scene
}

#[actix_web::test]
async fn a_license_is_shown_whole() {
    let scene = played();
    check_shape(
        "license",
        &scene.ask("/v1/licenses/PLTEST0001").await.json(),
    );
}

#[actix_web::test]
async fn its_records_explain_it() {
    let scene = played();
    let answer = scene.ask("/v1/licenses/PLTEST0001/records").await;
    check_shape("license_records", &answer.json());
}

#[actix_web::test]
async fn a_list_has_the_same_licenses_and_says_how_much_it_knows() {
    let scene = played();
    check_shape("licenses", &scene.ask("/v1/licenses").await.json());
}

#[actix_web::test]
async fn an_order_tells_its_lines_and_licenses() {
    let scene = played();
    check_shape(
        "order",
        &scene.ask("/v1/orders/CS2211181819T0001").await.json(),
    );
    let unknown = scene.ask("/v1/orders/CS2211181819T0009").await.problem();
    assert_eq!(unknown, (404, "unknown_order".to_owned()));
}

/// What was played, and then at 5000 s the marketplace told what two of the orders are.
fn told() -> Scene {
    let scene = played();
    scene.at(5_000);
    let learn = |id, family, told| {
        let intent = Intent::LearnOrder(Box::new(told));
        scene.apply("acme", id, family, intent)
    };
    let _done = learn("PLTEST0001", Family::LicenseCode, details(1));
    let gift = OrderDetails {
        kind: OrderKind::other("GIFT"),
        customer: Some(customer(2)),
        ordered_at: None,
        quantity: None,
        charging: None,
        ..details(3)
    };
    let done = learn("instance-1", Family::Saas, gift);
    scene.fold(done.head);
    scene
}

#[actix_web::test]
async fn an_order_tells_what_the_marketplace_told_of_it() {
    let scene = told();
    for (shape, order) in [("order_known", 1), ("order_hardly_known", 3)] {
        let target = format!("/v1/orders/CS2211181819T000{order}");
        check_shape(shape, &scene.ask(&target).await.json());
    }
}

#[actix_web::test]
async fn what_the_marketplace_told_of_an_order_is_a_record_of_the_license() {
    let scene = told();
    let records = scene.ask("/v1/records?after=6").await.json();
    check_shape("records_of_orders", &records["records"]);
}

#[actix_web::test]
async fn licenses_are_found_by_who_bought_them() {
    let scene = told();
    assert_eq!(ids(&scene, "customer=customer-0001").await, ["PLTEST0001"]);
    assert_eq!(ids(&scene, "customer=customer-0002").await, ["instance-1"]);
    assert_eq!(ids(&scene, "customer=customer-0003").await, [""; 0]);
    assert_eq!(ids(&scene, "q=customer-0002").await, ["instance-1"]);
    let license = scene.ask("/v1/licenses/PLTEST0001").await.json();
    assert_eq!(license["customer_id"], "customer-0001");
    assert_eq!(license["product_id"], "PRODTEST0001");
    assert_eq!(license["status"], "suspended");
    assert_eq!(license["expires_at"], "1970-01-01T02:30:00Z");
    let before = scene.ask("/v1/licenses/PLTEST0001?as_of=6").await.json();
    assert_eq!(before["customer_id"], serde_json::Value::Null);
}

/// Asks for the code with these parameters; status and end of the term.
async fn reading(scene: &Scene, parameters: &str) -> (String, String) {
    let target = format!("/v1/licenses/PLTEST0001?{parameters}");
    let license = scene.ask(&target).await.json();
    let text = |name: &str| license[name].as_str().unwrap().to_owned();
    (text("status"), text("expires_at"))
}

#[actix_web::test]
async fn at_asks_what_holds_and_as_of_what_was_known() {
    let scene = played();
    let first_end = "1970-01-01T01:23:20Z".to_owned();
    let second_end = "1970-01-01T02:30:00Z".to_owned();
    for (parameters, status, end) in [
        ("at=1970-01-01T00:20:00Z", "active", &first_end),
        ("at=1970-01-01T00:40:00Z", "active", &second_end),
        ("at=1970-01-01T01:00:00Z", "suspended", &second_end),
        ("as_of=4", "active", &second_end),
        ("as_of=3", "active", &first_end),
        ("as_of=3&at=1970-01-01T01:30:00Z", "expired", &first_end),
        ("as_of=4&at=1970-01-01T01:30:00Z", "active", &second_end),
        ("as_of=1970-01-01T00:30:00Z", "active", &first_end),
        ("as_of=1970-01-01T08:30:00%2B08:00", "active", &first_end),
    ] {
        let expected = (status.to_owned(), end.clone());
        assert_eq!(reading(&scene, parameters).await, expected, "{parameters}");
    }
}

#[track_caller]
fn check(answer: &crate::scene::Answer, status: u16, code: &str, part: &str) {
    let (found_status, found_code, detail) = answer.problem_with_detail();
    assert_eq!(
        (found_status, found_code.as_str()),
        (status, code),
        "{detail}"
    );
    assert!(detail.contains(part), "{detail}");
}

#[actix_web::test]
async fn a_question_that_has_no_answer_says_why() {
    let scene = played();
    let code = "/v1/licenses/PLTEST0001";
    for (target, status, problem, part) in [
        (
            "/v1/licenses/PLTEST9999".to_owned(),
            404,
            "unknown_license",
            "no license",
        ),
        (format!("{code}?as_of=1"), 404, "unknown_license", "then"),
        (
            format!("{code}?at=1969-01-01T00:00:00Z"),
            404,
            "unknown_license",
            "then",
        ),
        (
            format!("{code}?as_of=7"),
            400,
            "position_beyond_head",
            "ends at 6",
        ),
        (
            format!("{code}?as_of=1970-01-02T00:00:00Z"),
            400,
            "as_of_in_future",
            "at may",
        ),
        (
            format!("{code}?at=yesterday"),
            400,
            "malformed_parameter",
            "RFC 3339",
        ),
        (
            format!("{code}?asof=1"),
            400,
            "unknown_parameter",
            "\"as_of\"",
        ),
        (
            format!("{code}?at=1970-01-01T00:00:00Z&at=1970-01-01T00:00:00Z"),
            400,
            "repeated_parameter",
            "at",
        ),
        (
            format!("{code}?listing=nowhere"),
            404,
            "unknown_listing",
            "nowhere",
        ),
        (
            format!("{code}?listing=other-pro"),
            404,
            "unknown_license",
            "no license",
        ),
        (
            format!("/v1/licenses/{}", "x".repeat(65)),
            400,
            "malformed_id",
            "64",
        ),
        (
            "/v1/licenses/a%0Ab".to_owned(),
            400,
            "malformed_id",
            "character",
        ),
        (
            "/v1/licenses?limit=201".to_owned(),
            400,
            "malformed_parameter",
            "1 to 200",
        ),
        (
            "/v1/licenses?limit=0".to_owned(),
            400,
            "malformed_parameter",
            "1 to 200",
        ),
        (
            "/v1/licenses?cursor=nonsense".to_owned(),
            400,
            "malformed_cursor",
            "begin again",
        ),
        (
            "/v1/licenses?status=alive".to_owned(),
            400,
            "malformed_parameter",
            "suspended",
        ),
        (
            "/v1/licenses?custmer=x".to_owned(),
            400,
            "unknown_parameter",
            "\"customer\"",
        ),
        (
            "/v1/licenses?q=".to_owned(),
            400,
            "malformed_parameter",
            "empty",
        ),
    ] {
        check(&scene.ask(&target).await, status, problem, part);
    }
}

async fn ids(scene: &Scene, parameters: &str) -> Vec<String> {
    let page = scene
        .ask(&format!("/v1/licenses?{parameters}"))
        .await
        .json();
    let licenses = page["licenses"].as_array().unwrap();
    licenses
        .iter()
        .map(|license| license["id"].as_str().unwrap().to_owned())
        .collect()
}

#[actix_web::test]
async fn a_list_is_filtered_and_paged() {
    let scene = played();
    let (code, instance) = (["PLTEST0001"], ["instance-1"]);
    assert_eq!(ids(&scene, "status=suspended").await, code);
    assert_eq!(ids(&scene, "status=provisioning").await, instance);
    assert_eq!(ids(&scene, "order=CS2211181819T0002").await, code);
    assert_eq!(
        ids(&scene, "expires_before=1970-01-01T02:30:01Z").await,
        code
    );
    assert_eq!(ids(&scene, "q=INSTANCE").await, instance);
    assert_eq!(ids(&scene, "listing=other-pro").await, [""; 0]);

    let first = scene.ask("/v1/licenses?limit=1").await.json();
    assert_eq!(first["licenses"][0]["id"], "PLTEST0001");
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = scene
        .ask(&format!("/v1/licenses?limit=1&cursor={cursor}"))
        .await;
    assert_eq!(second.json()["licenses"][0]["id"], "instance-1");
}

#[actix_web::test]
async fn ids_may_hold_anything_that_an_address_can_carry() {
    let scene = Scene::new();
    for (id, written) in [
        ("a/b", "a%2Fb"),
        ("50%", "50%25"),
        ("%2F", "%252F"),
        ("授权 码", "%E6%8E%88%E6%9D%83%20%E7%A0%81"),
    ] {
        let intent = Intent::Activate(activation(1, 5_000));
        let _done = scene.apply("acme", id, Family::LicenseCode, intent);
        let license = scene.ask(&format!("/v1/licenses/{written}")).await.json();
        assert_eq!(license["id"], id);
    }
}

#[actix_web::test]
async fn an_id_that_two_merchants_have_needs_a_listing() {
    let scene = Scene::new();
    for merchant in ["acme", "other"] {
        let intent = Intent::Activate(activation(1, 5_000));
        let _done = scene.apply(merchant, "PLTEST0001", Family::LicenseCode, intent);
    }
    check(
        &scene.ask("/v1/licenses/PLTEST0001").await,
        409,
        "ambiguous",
        "listing=",
    );
    let one = scene.ask("/v1/licenses/PLTEST0001?listing=other-pro").await;
    assert_eq!(one.json()["position"], 4);
}

#[actix_web::test]
async fn a_position_that_does_not_come_is_waited_for_in_vain() {
    let scene = played();
    let (one, list) = futures(&scene).await;
    check(&one, 503, "not_yet", "position 7");
    check(&list, 503, "not_yet", "position 7");
    assert_eq!(one.headers["retry-after"], "1");
    let license = scene.ask("/v1/licenses/PLTEST0001?min_position=6").await;
    assert_eq!(license.json()["as_of"]["position"], 6);
}

/// Both waits at once: they take five seconds each.
async fn futures(scene: &Scene) -> (crate::scene::Answer, crate::scene::Answer) {
    tokio::join!(
        scene.ask("/v1/licenses/PLTEST0001?min_position=7"),
        scene.ask("/v1/licenses?min_position=7")
    )
}

#[actix_web::test]
async fn the_operator_says_that_an_instance_is_ready() {
    let scene = played();
    let target = "/v1/licenses/instance-1/provisioned";
    let first = scene.post(target).await;
    assert_eq!(first.json()["outcome"], "recorded");
    assert_eq!(first.headers["tenure-position"], "7");
    let license = scene.ask("/v1/licenses/instance-1").await.json();
    assert_eq!(license["status"], "active");
    let records = scene.ask("/v1/records?after=6").await.json();
    assert_eq!(records["records"][0]["actor"], "operator");

    let receipt = first.headers["tenure-receipt-id"].to_str().unwrap();
    let receipt = scene.ask(&format!("/v1/receipts/{receipt}")).await.json();
    assert_eq!(receipt["verdict"], "applied");
    assert_eq!(receipt["activity"], "provisioned");
    assert_eq!(receipt["answer"]["content"], first.text);

    let again = scene.post(target).await;
    assert_eq!(again.json()["outcome"], "already_applied");
}

#[actix_web::test]
async fn an_authorization_code_is_not_provisioned() {
    let scene = played();
    let issued = scene.apply("acme", "PLTEST0002", Family::LicenseCode, Intent::Unfreeze);
    let refused = scene.post("/v1/licenses/PLTEST0002/provisioned").await;
    check(&refused, 409, "not_provisionable", "activated");
    assert_eq!(refused.headers["tenure-position"], issued.head.to_string());
    let unknown = scene.post("/v1/licenses/PLTEST0003/provisioned").await;
    check(&unknown, 404, "unknown_license", "no license");
    let long = scene
        .request(reqwest::Method::POST, "/v1/licenses/PLTEST0002/provisioned")
        .body("x".repeat(32 * 1024 + 1));
    check(&scene.send(long).await, 413, "body_too_large", "32768");
}

#[actix_web::test]
async fn what_the_operator_tells_of_an_application_is_kept_sealed() {
    let scene = played();
    let told = r#"{"front_end_url":"https://t7.example.com","password":"first-password-7"}"#;
    let tell = |body: &str| {
        let target = "/v1/licenses/instance-1/provisioned";
        let request = scene.request(reqwest::Method::POST, target);
        scene.send(request.body(body.to_owned()))
    };
    let first = tell(told).await;
    assert_eq!(first.json()["outcome"], "recorded");
    // Another order of the members says the same.
    let again = r#"{"password":"first-password-7","front_end_url":"https://t7.example.com"}"#;
    assert_eq!(tell(again).await.json()["outcome"], "already_applied");
    let other = told.replace("t7", "t8");
    assert_eq!(tell(&other).await.json()["outcome"], "recorded");

    let records = scene.ask("/v1/licenses/instance-1/records").await;
    assert!(!records.text.contains("first-password-7"));
    let records = records.json();
    let told_records = &records["records"].as_array().unwrap()[2..];
    for record in told_records {
        assert_eq!(record["event"], "access_told");
        assert_eq!(record["data"], serde_json::json!({}));
    }
    assert_eq!(told_records.len(), 2);
    // Whoever may read receipts may read what was told.
    let receipt = first.headers["tenure-receipt-id"].to_str().unwrap();
    let receipt = scene.ask(&format!("/v1/receipts/{receipt}")).await.json();
    assert_eq!(receipt["body"]["content"], told);
    scene
        .vault
        .destroy(&Owner::license(&merchant("acme"), &license("instance-1")))
        .unwrap();
    let receipt = receipt["id"].as_str().unwrap();
    let receipt = scene.ask(&format!("/v1/receipts/{receipt}")).await.json();
    assert_eq!(receipt["body"]["encoding"], "erased");
}
