//! `Body-Sign`: how a merchant signs its answers in V1.0.
//!
//! The marketplace's guide says: `sign_type="HMAC-SHA256", signature="…"`, both values in quotes,
//! the HMAC-SHA256 of the answer's bytes under the access key, in Base64. Its list of errors says
//! that the header's name must be spelt so, too.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use crate::client::Failure;

/// The header, with the only spelling that the marketplace reads.
pub const HEADER: &str = "Body-Sign";

/// What is wrong with the signature of an answer; nothing when it is right.
pub fn check(headers: &[(String, String)], key: &SecretString, body: &[u8]) -> Result<(), Failure> {
    let (name, value) = headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(HEADER))
        .ok_or(Failure::BodySignAbsent)?;
    if name != HEADER {
        return Err(Failure::BodySignMisspelt(name.clone()));
    }
    let signature = quoted_signature(value).ok_or(Failure::BodySignMalformed)?;
    let signature = STANDARD
        .decode(signature)
        .map_err(|_base64| Failure::BodySignMalformed)?;
    mac(key, body)
        .verify_slice(&signature)
        .map_err(|_other| Failure::BodySignWrong)
}

fn mac(key: &SecretString, body: &[u8]) -> Hmac<Sha256> {
    let key = key.expose_secret().as_bytes();
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length");
    mac.update(body);
    mac
}

/// The signature in a header, between its quotes. Merchants write it with and without a blank after
/// the comma and after `signature=`.
fn quoted_signature(value: &str) -> Option<&str> {
    value
        .trim()
        .strip_prefix(r#"sign_type="HMAC-SHA256","#)?
        .trim_start()
        .strip_prefix("signature=")?
        .trim_start()
        .strip_prefix('"')?
        .strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::{Failure, check};

    const REFERENCE: &str = "11111111-2222-3333-4444-555555555555";
    const LICENSE: &str = "d0c5a1b2-3e4f-4a5b-8c6d-7e8f90a1b2c3";
    const SHORT: &str = r#"{"resultCode":"000000","resultMsg":"success."}"#;
    const SHORT_SIGNED: &str = "L/JAMYMOtEE0VoqAgKbG+BCX0H30qmzV1QOIl3pUMRs=";

    fn signed(name: &str, value: &str, key: &str, body: &str) -> Result<(), Failure> {
        let headers = [
            ("Content-Type".to_owned(), "application/json".to_owned()),
            (name.to_owned(), value.to_owned()),
        ];
        check(&headers, &SecretString::from(key), body.as_bytes())
    }

    #[test]
    fn vectors() {
        for (key, body, signature) in [
            (
                REFERENCE,
                r#"{"resultCode":"000000","resultMsg":"success.","encryptType":"1","instanceId":"03pf80c2bae96vc49b80b917bea776d7","appInfo":{"frontEndUrl":"https://www.example.com","adminUrl":"https://admin.example.com","userName":"A1b2C3d4E5f6G7h8qiIFCqgGovQMhd0c8aSEBd517iviUJuWhQLj9SVbc90="}}"#,
                "Y6uoicNj5++Y3RyNmqC9ZkNEaTmsvAFzUt4eZ12TxvM=",
            ),
            (LICENSE, SHORT, SHORT_SIGNED),
            (
                LICENSE,
                r#"{"resultCode":"000000","resultMsg":"success.","license":"ABCD-EFGH","instanceId":"03pf80c2-bae9-6vc4-9b80-b917bea776d7"}"#,
                "d4Dz8NB4O19cq4VgawuF3V8DiOQHcOL9rpmzUHOYpMQ=",
            ),
        ] {
            let value = format!(r#"sign_type="HMAC-SHA256", signature="{signature}""#);
            assert_eq!(signed("Body-Sign", &value, key, body), Ok(()));
            let longer = format!("{body}\n");
            assert_eq!(
                signed("Body-Sign", &value, key, &longer),
                Err(Failure::BodySignWrong)
            );
        }
    }

    #[test]
    fn blanks_are_free_and_quotes_are_not() {
        let direct = |text: String| signed("Body-Sign", &text, LICENSE, SHORT);
        let of_type = r#"sign_type="HMAC-SHA256""#;
        for rest in [r#", signature=""#, r#",signature=""#, r#", signature= ""#] {
            assert_eq!(direct(format!("{of_type}{rest}{SHORT_SIGNED}\"")), Ok(()));
        }
        for text in [
            format!("{of_type}, signature={SHORT_SIGNED}"),
            format!("sign_type=HMAC-SHA256, signature=\"{SHORT_SIGNED}\""),
            format!("{of_type}, signature=\"not Base64\""),
            SHORT_SIGNED.to_owned(),
        ] {
            assert_eq!(direct(text), Err(Failure::BodySignMalformed));
        }
    }

    #[test]
    fn the_name_is_spelt_in_one_way() {
        let value = format!(r#"sign_type="HMAC-SHA256", signature="{SHORT_SIGNED}""#);
        for name in ["body-sign", "Body-sign"] {
            assert_eq!(
                signed(name, &value, LICENSE, SHORT),
                Err(Failure::BodySignMisspelt(name.to_owned()))
            );
        }
        assert_eq!(
            signed("Signature", &value, LICENSE, SHORT),
            Err(Failure::BodySignAbsent)
        );
    }
}
