use tenure_outbound::webhook::{Allowed, ChangeQuestion};

use super::*;
use crate::marketplace::clock;

/// What an application that says this decides, and what it was asked.
async fn ask(says: Says) -> (Result<Allowed, &'static str>, Vec<Asked>) {
    let application = Marketplace::saying(vec![says]);
    let webhook = webhook(&application.address.to_string(), &clock());
    let question = ChangeQuestion {
        name: "signature=1&nonce=2".to_owned(),
        license: json!({ "id": "i-1" }),
        product_info: json!({ "productId": "PRODTEST0002" }),
    };
    let decided = webhook.ask_change(question).await;
    (decided, application.asked())
}

#[tokio::test]
async fn an_application_decides_whether_a_license_may_change() {
    let (decided, asked) = ask(Says::Answer(200, r#"{"allowed":true}"#)).await;
    let allowed = Allowed {
        allowed: true,
        reason: None,
    };
    assert_eq!(decided, Ok(allowed));
    assert_eq!(
        verified(&asked[0], clock().now()),
        json!({
            "event": "license.change_check",
            "license": { "id": "i-1" },
            "product_info": { "productId": "PRODTEST0002" },
        })
    );
    let (decided, _) = ask(Says::Answer(
        200,
        r#"{"allowed":false,"reason":"no smaller plan"}"#,
    ))
    .await;
    assert_eq!(decided.unwrap().reason.as_deref(), Some("no smaller plan"));
}

#[tokio::test]
async fn whatever_else_it_says_is_no_decision() {
    for (status, body, code) in [
        (200, "yes", "webhook_answer_unreadable"),
        (200, r#"{"allowed":"yes"}"#, "webhook_answer_unreadable"),
        (500, r#"{"allowed":true}"#, "webhook_refused"),
        (302, "", "webhook_refused"),
    ] {
        let (decided, _) = ask(Says::Answer(status, body)).await;
        assert_eq!(decided, Err(code), "{status} {body}");
    }
    let (decided, _) = ask(Says::Nothing).await;
    assert_eq!(decided, Err("webhook_timed_out"));
}
