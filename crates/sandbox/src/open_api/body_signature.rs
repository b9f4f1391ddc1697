//! The signature of the body of a usage push.
//!
//! The marketplace's usage page says: `ts={ts}&nonce={nonce}&body={body}` is signed with the
//! access key of the base interface, and the body has its members in natural order.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use sha2::Sha256;

/// The three headers that carry it.
#[derive(Debug, Clone, Copy)]
pub(super) struct BodySignature<'a> {
    pub(super) signature: &'a str,
    pub(super) ts: &'a str,
    pub(super) nonce: &'a str,
}

impl BodySignature<'_> {
    /// Whether it is that of the body under the key.
    pub(super) fn verifies(&self, key: &SecretString, body: &Value) -> bool {
        let Ok(claimed) = STANDARD.decode(self.signature) else {
            return false;
        };
        let key = key.expose_secret().as_bytes();
        let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length");
        let Self {
            signature: _,
            ts,
            nonce,
        } = self;
        mac.update(format!("ts={ts}&nonce={nonce}&body={}", sorted(body)).as_bytes());
        mac.verify_slice(&claimed).is_ok()
    }
}

/// Compact JSON with the members of every object in ascending order: that of this JSON library's
/// maps.
fn sorted(body: &Value) -> String {
    body.to_string()
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;
    use serde_json::{Value, json};

    use super::{BodySignature, sorted};

    const BODY: &str = r#"{"usage_records":[{"begin_time":"20220809T080000Z","end_time":"20220809T090000Z","instance_id":"7f141bf1-aec8-4859-8323-fb3a8ad50721","metering_sn":"c4a7b0de-0001-4000-8000-000000000001","record_time":"20220809T091000Z","usage_value":"99"}]}"#;

    #[test]
    fn the_vector_verifies_and_nothing_else_does() {
        let key = SecretString::from("11111111-2222-3333-4444-555555555555");
        let signature = BodySignature {
            signature: "LlYrtBMyVIJQ+zoigc6mDGIL0Iq8rPR27cqJVMXj1J4=",
            ts: "1709690865879",
            nonce: "6c63c221-1f6b-4141-8ff4-22f5dfe82b65",
        };
        let body: Value = serde_json::from_str(BODY).unwrap();
        assert!(signature.verifies(&key, &body));
        assert!(!signature.verifies(&SecretString::from("another"), &body));
        assert!(!signature.verifies(&key, &json!({ "usage_records": [] })));
        let later = BodySignature {
            ts: "1709690865880",
            ..signature
        };
        assert!(!later.verifies(&key, &body));
        let undecodable = BodySignature {
            signature: "%",
            ..signature
        };
        assert!(!undecodable.verifies(&key, &body));
    }

    #[test]
    fn members_are_sorted_at_every_depth() {
        let body: Value = serde_json::from_str(r#"{"b":[{"d":1,"c":"é/"}],"a":null}"#).unwrap();
        assert_eq!(sorted(&body), r#"{"a":null,"b":[{"c":"é/","d":1}]}"#);
    }
}
