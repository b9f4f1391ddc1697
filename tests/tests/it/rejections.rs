//! Calls that are turned away: the documented code, one receipt with the reason, and no event.

use chrono::TimeDelta;
use secrecy::SecretString;
use tenure_sandbox::body::{Body, OrderLine, refresh_license_code, update_license_code_status};
use tenure_sandbox::clock::real_now;
use tenure_sandbox::signer::{Inner, SignedCall, Stamp, Style, sign, sign_text, signature};

use crate::service::{Answer, BASE_KEY, LICENSE_KEY, Service, day};

fn freeze() -> Body {
    update_license_code_status("PLTEST0001", "FREEZE")
}

fn renewal() -> Body {
    let order = OrderLine::first_of("CS2211181819B4LVS");
    refresh_license_code("RENEWAL", "PLTEST0001", &order, None, day("2036-01-02"))
}

/// What a case came to, beside what it should.
struct Cases {
    service: Service,
    expected: Vec<String>,
}

impl Cases {
    fn start() -> Self {
        Self {
            service: Service::start(),
            expected: Vec::new(),
        }
    }

    /// A call that must be turned away.
    async fn check(&mut self, call: SignedCall, code: &str, reason: &str) {
        self.service.send(&call).await.is(code);
        self.expected.push(format!("rejected: {reason}"));
    }

    async fn check_body(&mut self, body: Body, code: &str, reason: &str) {
        let call = self.service.signed("cad-pro", &body);
        self.check(call, code, reason).await;
    }

    /// A body, correctly signed as it is, must be turned away.
    async fn check_text(&mut self, text: &str, code: &str, reason: &str) {
        let call = sign_text(
            &self.service.address("cad-pro"),
            &LICENSE_KEY.into(),
            "updateLicenseCodeStatus",
            text.to_owned(),
            text,
            &Style::default(),
            &self.service.stamp(),
        );
        self.check(call, code, reason).await;
    }

    fn signed_with(&self, key: &str, stamp: &Stamp) -> SignedCall {
        let key = SecretString::from(key);
        let address = self.service.address("cad-pro");
        sign(&address, &key, &freeze(), &Style::default(), stamp)
    }

    /// Every call has one receipt with its reason, and nothing has happened.
    async fn end(self) {
        assert_eq!(self.service.verdicts(), self.expected);
        assert!(self.service.records_after(0).await.is_empty());
    }
}

#[tokio::test]
async fn what_is_not_signed_rightly_is_turned_away() {
    let mut cases = Cases::start();
    let stamp = || Stamp {
        timestamp_ms: real_now().timestamp_millis(),
        nonce: "AVeryUnusualNonce".to_owned(),
    };
    for key in ["another-key", BASE_KEY] {
        let call = cases.signed_with(key, &stamp());
        cases.check(call, "000001", "wrong_signature").await;
    }
    let mut tampered = cases.signed_with(LICENSE_KEY, &stamp());
    tampered.body = tampered.body.replace("PLTEST0001", "PLTEST0002");
    cases.check(tampered, "000001", "wrong_signature").await;
    let base = Body::new("releaseInstance").with("instanceId", "i-1");
    let call = cases.service.signed("codes-only", &base);
    cases.check(call, "000001", "wrong_family").await;
    let call = cases.service.signed("cad-max", &freeze());
    cases.check(call, "000001", "unknown_listing").await;
    for (name, code, reason) in [
        ("signature", "000001", "missing_signature"),
        ("nonce", "000002", "missing_nonce"),
        ("timestamp", "000002", "missing_timestamp"),
    ] {
        let call = cases.signed_with(LICENSE_KEY, &stamp());
        cases
            .check(call.without_parameter(name), code, reason)
            .await;
    }
    cases.end().await;
}

#[tokio::test]
async fn what_is_not_of_this_moment_is_turned_away() {
    let mut cases = Cases::start();
    for (seconds, reason) in [(-61, "stale_timestamp"), (120, "future_timestamp")] {
        let at = real_now() + TimeDelta::seconds(seconds);
        let stamp = Stamp {
            timestamp_ms: at.timestamp_millis(),
            ..cases.service.stamp()
        };
        let call = cases.signed_with(LICENSE_KEY, &stamp);
        cases.check(call, "000002", reason).await;
    }
    let mut in_words = cases.signed_with(LICENSE_KEY, &cases.service.stamp());
    for (name, value) in &mut in_words.parameters {
        if *name == "timestamp" {
            "yesterday".clone_into(value);
        }
    }
    cases.check(in_words, "000002", "malformed_timestamp").await;
    let stamp = Stamp {
        nonce: "N".repeat(300),
        ..cases.service.stamp()
    };
    let call = cases.signed_with(LICENSE_KEY, &stamp);
    cases.check(call, "000002", "malformed_nonce").await;
    cases.end().await;
}

#[tokio::test]
async fn a_nonce_serves_once_also_after_a_restart_and_after_a_kill() {
    let mut service = Service::start();
    let call = service.signed("cad-pro", &freeze());
    service.send(&call).await.is("000000");
    service.send(&call).await.is("000001");
    service.restart();
    service.send(&call).await.is("000001");
    service.kill();
    service.run();
    service.send(&call).await.is("000001");
    assert_eq!(
        service.verdicts(),
        [
            "applied",
            "rejected: replayed_nonce",
            "rejected: replayed_nonce",
            "rejected: replayed_nonce"
        ]
    );
    assert_eq!(service.events("PLTEST0001").await, ["issued", "suspended"]);
}

#[tokio::test]
async fn a_body_that_is_not_what_the_tables_say_is_turned_away() {
    let mut cases = Cases::start();
    for text in [
        "",
        "{\"activity\":",
        "[]",
        "{\"activity\":\"updateLicenseCodeStatus\",\"license\":\"PLTEST0001\",\
         \"status\":\"FREEZE\",\"status\":\"UNFREEZE\"}",
        "{\"activity\":\"updateLicenseCodeStatus\",\"license\":\"PL\\u0000\",\
         \"status\":\"FREEZE\"}",
    ] {
        cases.check_text(text, "000002", "malformed_body").await;
    }
    for body in [
        freeze().without("license"),
        freeze().without("status"),
        freeze().without("activity"),
        freeze().with("license", ""),
        freeze().with("license", "X".repeat(300)),
        freeze().with("license", 7),
        freeze().with("status", "MELT"),
        freeze().with("testFlag", "001"),
        renewal().without("orderId"),
        renewal().without("orderLineId"),
        renewal().without("scene"),
        renewal().with("expireTime", "20270229000000"),
        renewal().with("expireTime", "2".repeat(21)),
        renewal().with("productId", "P".repeat(300)),
    ] {
        // A body without an activity is the marketplace's all the same: any key shows that.
        let call = sign(
            &cases.service.address("cad-pro"),
            &LICENSE_KEY.into(),
            &body,
            &Style::default(),
            &cases.service.stamp(),
        );
        cases.check(call, "000002", "malformed_body").await;
    }
    let unknown = freeze().with("activity", "sandboxActivity");
    cases
        .check_text(&unknown.sorted(), "000002", "unsupported_activity")
        .await;
    let body = Body::new("queryInstance").with("instanceId", vec!["i"; 101].join(","));
    cases.check_body(body, "000002", "malformed_body").await;
    cases.end().await;
}

#[tokio::test]
async fn bytes_that_are_no_text_are_turned_away_and_kept() {
    let mut cases = Cases::start();
    let bytes = b"{\"activity\":\"updateLicenseCodeStatus\",\"license\":\"\xff\xfe\"}";
    let stamp = cases.service.stamp();
    let digits = signature(&LICENSE_KEY.into(), &stamp, bytes, Inner::Hmac);
    let url = format!(
        "{}?signature={digits}&timestamp={}&nonce={}",
        cases.service.address("cad-pro"),
        stamp.timestamp_ms,
        stamp.nonce
    );
    let response = reqwest::Client::new().post(url).body(bytes.to_vec());
    let response = response.send().await.unwrap();
    let status = response.status().as_u16();
    Answer::read(status, &response.bytes().await.unwrap()).is("000002");
    cases.expected.push("rejected: malformed_body".to_owned());
    let receipts = cases.service.tenure_json(&["receipts", "list"]);
    let path = format!("/v1/receipts/{}", receipts[0]["id"].as_str().unwrap());
    let shown = cases.service.get_json(&path).await;
    assert_eq!(shown["body"]["encoding"], "base64");
    assert_eq!(shown["authentic"], true);
    cases.end().await;
}

#[tokio::test]
async fn a_compressed_body_and_another_method_are_turned_away() {
    let mut cases = Cases::start();
    let mut call = cases.service.signed("cad-pro", &freeze());
    call.headers.push(("Content-Encoding", "gzip".to_owned()));
    cases
        .check(call, "000002", "unsupported_content_encoding")
        .await;
    let http = reqwest::Client::new();
    let url = cases.service.signed("cad-pro", &freeze()).url();
    for request in [http.patch(&url), http.put(&url), http.delete(&url)] {
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let answer = Answer::read(status, &response.bytes().await.unwrap());
        assert_eq!((answer.status, answer.code.as_str()), (405, "000002"));
        cases.expected.push("rejected: wrong_method".to_owned());
    }
    cases.end().await;
}
