//! The usage statistics of codes.

use serde_json::{Value, json};
use tenure_sandbox::market::Change;

use super::{Caller, Scene};

impl Caller {
    async fn statistics(&self, body: Value) -> (u16, Value) {
        self.call("/v2/license/software-usage-info", "", &body.to_string())
            .await
    }
}

fn of(code: &str, entries: Value) -> Value {
    json!({ "license": code, "software_usage_Info": entries })
}

#[actix_web::test]
async fn clients_count_once_a_day_and_the_latest_number_counts() {
    let scene = Scene::start();
    let code = scene.sell().name().unwrap().to_owned();
    scene.change(&code, Change::Claim);
    let report = async |entries| {
        let answer = scene
            .caller
            .statistics(json!({ "usage_info": [of(&code, entries)] }))
            .await;
        Caller::assert_code(&answer, 200, "92020000");
        answer.1
    };
    let failed = report(json!([{ "id": "device-7" }])).await;
    let told = json!([{ "license": code, "error_code": "92020011" }]);
    assert_eq!(failed["data"]["check_fail_list"], told);
    assert!(scene.market().clients().is_empty());

    scene
        .caller
        .activate(&json!({ "license": code }).to_string())
        .await;
    assert_eq!(
        report(json!([{ "id": "device-7" }, { "id": "device-8" }]))
            .await
            .get("data"),
        None
    );
    report(json!([{ "id": "device-7" }])).await;
    report(json!([{ "active_num": 12 }])).await;
    report(json!([{ "active_num": 15 }])).await;
    let active = scene.market().clients()[&code].clone();
    assert_eq!((active.named.len(), active.number), (2, Some(15)));

    let mixed = json!({ "usage_info": [of("PLTEST0001", json!([{ "id": "device-7" }])), of(&code, json!([{ "id": "device-9" }]))] });
    let answer = scene.caller.statistics(mixed).await;
    assert_eq!(
        answer.1["data"]["check_fail_list"][0]["error_code"],
        "92020005"
    );
    assert_eq!(scene.market().clients()[&code].named.len(), 3);
}

#[actix_web::test]
async fn a_report_is_by_name_or_by_number_and_bounded() {
    let caller = Scene::start().caller;
    let one = |entries| json!({ "usage_info": [of("PLTEST0001", entries)] });
    let many = |count: usize| (0..count).map(|number| json!({ "id": format!("device-{number}") }));
    let codes = |count: usize| {
        let codes = (0..count).map(|_| of("PLTEST0001", json!([{ "id": "device-7" }])));
        json!({ "usage_info": codes.collect::<Vec<_>>() })
    };
    for wrong in [
        json!({}),
        json!({ "usage_info": [] }),
        one(json!([])),
        one(json!([{}])),
        one(json!([{ "id": "" }])),
        one(json!([{ "id": "d".repeat(257) }])),
        one(json!([{ "id": "device-7", "active_num": 1 }])),
        one(json!([{ "active_num": 1 }, { "active_num": 2 }])),
        one(json!([{ "active_num": 1_000_000_000 }])),
        one(json!([{ "active_num": -1 }])),
        one(Value::Array(many(101).collect())),
        codes(101),
        json!({ "usage_info": [of("", json!([{ "id": "device-7" }]))] }),
        json!({ "usage_info": [{ "license": "PLTEST0001", "software_usage_info": [{ "id": "a" }] }] }),
        json!({ "usage_info": [
            of("PLTEST0001", json!([{ "id": "device-7" }])),
            of("PLTEST0001", json!([{ "active_num": 1 }])),
        ] }),
    ] {
        Caller::assert_code(&caller.statistics(wrong).await, 400, "95000001");
    }
    for right in [
        one(Value::Array(many(100).collect())),
        codes(100),
        one(json!([{ "active_num": 999_999_999 }])),
    ] {
        Caller::assert_code(&caller.statistics(right).await, 200, "92020000");
    }
}
