//! The order query.

use serde_json::{Value, json};
use tenure_sandbox::market::{Change, Charging, MOCK_ORDERS};
use tenure_sandbox::open_api::{Settings, Spelling};

use super::{Caller, Scene, purchase};

impl Caller {
    async fn order(&self, query: &str) -> (u16, Value) {
        self.call("/v1/order/query", query, "").await
    }
}

fn ask(scene: &Scene) -> Caller {
    let mut caller = Caller::new(scene.caller.address);
    caller.method = "GET";
    caller
}

#[track_caller]
fn assert_result(answer: &(u16, Value), status: u16, code: &str) {
    let told = (answer.0, &answer.1["resultCode"]);
    assert_eq!(told, (status, &json!(code)), "{answer:?}");
}

#[actix_web::test]
async fn an_order_is_told_with_its_line_and_its_buyer() {
    let scene = Scene::start();
    let caller = ask(&scene);
    let sale = scene.sell();
    let query = format!(
        "orderId={}&orderLineId={}",
        sale.order.order, sale.order.line
    );
    let answer = caller.order(&query).await;
    assert_result(&answer, 200, "MKT.0000");
    let order = &answer.1["orderInfo"];
    assert_eq!(
        (&order["orderId"], &order["orderType"]),
        (&json!(sale.order.order), &json!("NEW"))
    );
    let is_time = |value: &Value| {
        let text = value.as_str().unwrap();
        text.len() == 14 && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    assert!(is_time(&order["createTime"]));
    let line = &order["orderLine"][0];
    assert!(is_time(&line["expireTime"]));
    assert_eq!(
        (
            &line["chargingMode"],
            &line["periodType"],
            &line["periodNumber"]
        ),
        (&json!("PERIOD"), &json!("month"), &json!(1))
    );
    let product = &line["productInfo"][0];
    assert_eq!(
        (&product["productId"], &product["linearValue"]),
        (&json!("OFFI0000001"), &json!(2))
    );
    assert_eq!(product["skuCode"].as_str().unwrap().len(), 36);
    let buyer = &order["buyerInfo"];
    assert_eq!(buyer["customerId"], "68cbc86abc2018ab");
    for name in ["customerName", "userId", "userName", "mobilePhone"] {
        assert!(
            buyer[name].as_str().is_some_and(|text| !text.is_empty()),
            "{name}"
        );
    }
    assert!(buyer["email"].as_str().unwrap().ends_with("@example.com"));
    assert!(order["extendParams"][0]["name"].is_string());
}

#[actix_web::test]
async fn every_change_with_an_order_can_be_asked_for() {
    let scene = Scene::start();
    let caller = ask(&scene);
    let trial = tenure_sandbox::market::Purchase {
        trial: true,
        ..purchase()
    };
    let now = scene.clock.now();
    let sale = scene.market().sell_instance("cad", trial, now).unwrap().0;
    scene
        .market()
        .provisioned(&sale.order.order, "instance-1".to_owned());
    scene.change("instance-1", Change::Convert { months: 12 });
    scene.change("instance-1", Change::Renew { months: 24 });
    scene.change(
        "instance-1",
        Change::Upgrade {
            product: "OFFI0000002".to_owned(),
            amount: 3,
        },
    );
    scene.change("instance-1", Change::Unsubscribe);
    let orders: Vec<String> = scene
        .market()
        .orders()
        .iter()
        .map(|order| order.line.order.clone())
        .collect();
    let expected = [
        ("TRIAL", json!(["month", 1])),
        ("TRIAL_TO_FORMAL", json!(["year", 1])),
        ("RENEW", json!(["year", 2])),
        ("CHANGE", json!([null, null])),
        ("UNSUBSCRIBE", json!([null, null])),
    ];
    assert_eq!(orders.len(), expected.len());
    for (order, (kind, period)) in orders.iter().zip(expected) {
        let (_, answer) = caller.order(&format!("orderId={order}")).await;
        let told = &answer["orderInfo"];
        let line = &told["orderLine"][0];
        assert_eq!(told["orderType"], kind);
        assert_eq!(
            json!([line["periodType"], line["periodNumber"]]),
            period,
            "{kind}"
        );
    }
    let once = scene.sell_instance("cad", Charging::OneTime, "instance-2");
    let (_, answer) = caller.order(&format!("orderId={}", once.order.order)).await;
    let line = &answer["orderInfo"]["orderLine"][0];
    assert_eq!(
        (&line["chargingMode"], line.get("expireTime")),
        (&json!("ONE_TIME"), None)
    );
}

#[actix_web::test]
async fn the_mock_orders_are_answered_to_everybody() {
    let scene = Scene::start();
    let caller = ask(&scene);
    let mut told = Vec::new();
    for mock in MOCK_ORDERS {
        let id = mock.id;
        let query = format!("orderId={id}&orderLineId={id}-000001");
        let answer = caller.order(&query).await;
        assert_result(&answer, 200, "MKT.0000");
        let order = &answer.1["orderInfo"];
        let line = &order["orderLine"][0];
        assert_eq!(
            line.get("expireTime").is_some(),
            mock.charging.has_term(),
            "{id}"
        );
        told.push(json!([
            id,
            order["orderType"],
            line["chargingMode"],
            line["periodType"]
        ]));
    }
    assert_eq!(
        json!(told),
        json!([
            ["MOCKPERIODYEARNEW", "NEW", "PERIOD", "year"],
            ["MOCKONETIMENEW", "NEW", "ONE_TIME", null],
            ["MOCKONDEMAND", "NEW", "ON_DEMAND", null],
            ["MOCKONDEMANDPKG", "NEW", "ON_DEMAND_PKG", "month"],
            ["MOCKPERIODDAYTRIAL", "TRIAL", "PERIOD", "day"],
            [
                "MOCKMONTYTRIALTOFORMAL",
                "TRIAL_TO_FORMAL",
                "PERIOD",
                "month"
            ],
            ["MOCKMONTYUNSUBSCRIBE", "UNSUBSCRIBE", "PERIOD", "month"],
            ["MOCKMONTYRENEW", "RENEW", "PERIOD", "month"],
            ["MOCKMONTYCHANGE", "CHANGE", "PERIOD", "month"],
        ])
    );
}

#[actix_web::test]
async fn a_wrong_query_has_a_code_of_its_own() {
    let scene = Scene::start();
    let caller = ask(&scene);
    let sale = scene.sell();
    let known = sale.order.order;
    let long = "C".repeat(65);
    for (query, status, code) in [
        (String::new(), 400, "MKT.0101"),
        ("orderLineId=CS0-000001".to_owned(), 400, "MKT.0101"),
        (format!("orderId={known}&orderid={known}"), 400, "MKT.0101"),
        (format!("orderId={known}&orderId={known}"), 400, "MKT.0101"),
        ("orderId=".to_owned(), 500, "MKT.0100"),
        (format!("orderId={long}"), 500, "MKT.0100"),
        (
            format!("orderId={known}&orderLineId={long}"),
            500,
            "MKT.0100",
        ),
        ("orderId=CS0".to_owned(), 500, "MKT.9001"),
        (
            format!("orderId={known}&orderLineId=CS0-000001"),
            500,
            "MKT.9001",
        ),
        ("orderId=mockperiodyearnew".to_owned(), 500, "MKT.9001"),
    ] {
        assert_result(&caller.order(&query).await, status, code);
    }
    let posted = scene
        .caller
        .call("/v1/order/query", &format!("orderId={known}"), "")
        .await;
    Caller::assert_code(&posted, 405, "95000002");
    let mut stranger = ask(&scene);
    stranger.credentials.access_key_id = "AKOTHER".to_owned();
    Caller::assert_code(
        &stranger.order(&format!("orderId={known}")).await,
        401,
        "APIGW.0301",
    );
}

#[actix_web::test]
async fn an_answer_is_spelled_as_it_is_set() {
    let scene = Scene::start();
    let caller = ask(&scene);
    let spelled = async |spelling| {
        scene.manner.set(Settings {
            spelling,
            ..Settings::default()
        });
        let found = caller.order("orderId=MOCKONDEMAND").await.1;
        let missed = caller.order("orderId=CS0").await.1;
        let name = if found.get("resultCode").is_some() {
            "resultCode"
        } else {
            "error_code"
        };
        assert!(
            found
                .get(name.replace("Code", "Msg").replace("_code", "_msg"))
                .is_some()
        );
        (name, found[name].as_str().unwrap().to_owned(), missed)
    };
    for (spelling, name, success, failure) in [
        (Spelling::Documented, "resultCode", "MKT.0000", "MKT.9001"),
        (
            Spelling::MktResultCode,
            "resultCode",
            "MKT.0000",
            "MKT.9001",
        ),
        (Spelling::MktErrorCode, "error_code", "MKT.0000", "MKT.9001"),
        (
            Spelling::CbcResultCode,
            "resultCode",
            "CBC.0000",
            "CBC.9001",
        ),
        (Spelling::CbcErrorCode, "error_code", "CBC.0000", "CBC.9001"),
    ] {
        let told = spelled(spelling).await;
        assert_eq!((told.0, told.1.as_str()), (name, success), "{spelling:?}");
        assert_eq!(told.2[name], failure, "{spelling:?}");
        assert!(told.2["extra_info"].is_string());
    }
    let mut drawn = std::collections::BTreeSet::new();
    scene.manner.set(Settings {
        spelling: Spelling::Drawn,
        ..Settings::default()
    });
    for _ in 0..40 {
        let answer = caller.order("orderId=MOCKONDEMAND").await.1;
        let names = ["resultCode", "error_code"];
        drawn.insert(names.map(|name| answer[name].as_str().map(str::to_owned)));
    }
    assert_eq!(drawn.len(), 4, "{drawn:?}");
}
