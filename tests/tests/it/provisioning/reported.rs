//! What the merchant reports over the API.

use super::*;

/// Reports that an instance of `cad-manual` is ready.
async fn report(service: &Service, id: &str, body: &Value) -> (u16, Value) {
    let path = format!("/v1/licenses/{id}/provisioned");
    service.post_json(&path, body).await
}

async fn bought(service: &Service) -> String {
    let order = OrderLine::first_of(ORDER);
    let bought = service
        .call_to("cad-manual", &new_instance("business-1", &order))
        .await;
    bought.is("000004");
    bought.json["instanceId"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_is_reported_is_told_to_the_buyer_until_something_else_is() {
    let mut service = Service::start();
    let id = bought(&service).await;
    let (_, access) = ready();
    let (status, told) = report(&service, &id, &access).await;
    assert_eq!((status, &told["outcome"]), (200, &json!("recorded")));
    check_told(&query(&service, "cad-manual", &id).await);

    let (_, again) = report(&service, &id, &access).await;
    assert_eq!(again["outcome"], "already_applied");
    // Saying nothing takes nothing back.
    let (_, nothing) = report(&service, &id, &json!({})).await;
    assert_eq!(nothing["outcome"], "already_applied");
    check_told(&query(&service, "cad-manual", &id).await);

    let other = json!({ "front_end_url": "https://t8.app.example.com" });
    let (_, moved) = report(&service, &id, &other).await;
    assert_eq!(moved["outcome"], "recorded");
    let told = query(&service, "cad-manual", &id).await;
    assert_eq!(told, json!({ "frontEndUrl": "https://t8.app.example.com" }));
    assert_eq!(
        service.events(&id).await,
        ["purchased", "provisioned", "access_told", "access_told"]
    );
    service.stop();
    let journal = std::fs::read(service.file("journal.db")).unwrap();
    assert_eq!(place_of(PASSWORD, &journal), None);
}

#[tokio::test]
async fn what_no_buyer_can_be_told_is_turned_away_and_leaves_no_trace() {
    let service = Service::start();
    let id = bought(&service).await;
    for (body, detail) in [
        (json!([]), "not a JSON object"),
        (json!({ "password": PASSWORD }), "front_end_url is missing"),
        (
            json!({ "front_end_url": "app.example.com" }),
            "front_end_url is not an address that begins with https:// or http://",
        ),
        (
            json!({ "front_end_url": "https://a", "pasword": PASSWORD }),
            "a member other than front_end_url, admin_url, user_name, password and memo",
        ),
        (
            json!({ "front_end_url": "https://a", "password": "x".repeat(129) }),
            "password has more than 128 characters",
        ),
    ] {
        let (status, problem) = report(&service, &id, &body).await;
        assert_eq!(status, 400, "{body}");
        assert_eq!(problem["code"], "malformed_access", "{body}");
        assert_eq!(problem["detail"], detail, "{body}");
    }
    assert_eq!(service.events(&id).await, ["purchased"]);
    let (status, _) = report(&service, "i-unknown", &ready().1).await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn a_hundred_instances_are_told_at_once_each_with_its_own() {
    let service = Service::start();
    let mut ids = Vec::new();
    for number in 0..100 {
        let order = OrderLine::first_of(format!("CS22111818{number:05}"));
        let bought = service
            .call_to("cad-manual", &new_instance("business-1", &order))
            .await;
        ids.push(bought.json["instanceId"].as_str().unwrap().to_owned());
    }
    // Of the last, the merchant tells nothing, and it is ready all the same.
    for (number, id) in ids.iter().enumerate().take(99) {
        let access = json!({ "front_end_url": format!("https://t{number}.example.com") });
        assert_eq!(report(&service, id, &access).await.0, 200);
    }
    assert_eq!(report(&service, &ids[99], &json!({})).await.0, 200);
    let all = service
        .call_to("cad-manual", &query_instance(&ids.join(",")))
        .await;
    all.is("000000");
    let info = all.json["info"].as_array().unwrap();
    assert_eq!(info.len(), 100);
    for (number, info) in info.iter().enumerate().take(99) {
        let expected = format!("https://t{number}.example.com");
        assert_eq!(info["appInfo"]["frontEndUrl"], *expected);
    }
    let last = &info[99]["appInfo"]["frontEndUrl"];
    assert_eq!(*last, "https://app.example.com");
}

#[tokio::test]
async fn whoever_asks_is_answered_in_time_while_somebody_holds_the_vault() {
    let service = Service::start();
    let id = bought(&service).await;
    assert_eq!(report(&service, &id, &ready().1).await.0, 200);
    let ask = || async {
        let asked = query_instance(&id);
        let answer = service.call_to("cad-manual", &asked);
        tokio::time::timeout(Duration::from_secs(5), answer).await
    };
    let vault = Connection::open(service.file("vault.db")).unwrap();
    vault.execute_batch("BEGIN EXCLUSIVE").unwrap();
    // One waits for the vault, the others for one another; the marketplace waits five seconds.
    let (first, second, third) = tokio::join!(ask(), ask(), ask());
    for answer in [first, second, third] {
        answer.expect("an answer in time").is("000005");
    }
    vault.execute_batch("ROLLBACK").unwrap();
    check_told(&query(&service, "cad-manual", &id).await);
}
