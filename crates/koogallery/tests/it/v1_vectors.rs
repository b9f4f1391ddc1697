//! Tokens, signatures and ciphertexts of V1.0. Computed with Python's `hmac`, the ciphers with
//! Java itself.

use secrecy::ExposeSecret;
use tenure_koogallery::v1::cipher::{CipherError, Plain, decrypt, encrypt};
use tenure_koogallery::v1::{self, Activity, EncryptType, Iv, Notification, Parameters};
use tenure_koogallery::v1::{auth_token, body_sign};
use tenure_koogallery::{AccessKey, Environment, KeyRing};

use crate::caller::{BASE, LICENSE, key, ring};

/// A query with its token verifies with its key, and with no other.
#[track_caller]
fn check_token(text: &str, query: &str, token: &str) {
    let unsigned = Parameters::parse(query);
    assert_eq!(auth_token::sign(&key(text), &unsigned), token);
    let token = token.replace('+', "%2B");
    for query in [
        format!("{query}&authToken={token}"),
        format!("authToken={}&{query}", token.replace("%2B", "+")),
    ] {
        let signed = Parameters::parse(&query);
        assert!(auth_token::verify(&ring(text), &signed).is_some());
        assert!(auth_token::verify(&ring("another-key"), &signed).is_none());
        assert!(auth_token::verify(&KeyRing::default(), &signed).is_none());
    }
}

#[test]
fn tokens() {
    check_token(
        BASE,
        "p1=1&p2=2&p3=3&timeStamp=201706211855321",
        "8hK+b/7Z9v4jSh+c8NSIcKW0Nmm7RkSHE0z9xn6sIKI=",
    );
    // The same in another order.
    check_token(
        BASE,
        "timeStamp=201706211855321&p3=3&p1=1&p2=2",
        "8hK+b/7Z9v4jSh+c8NSIcKW0Nmm7RkSHE0z9xn6sIKI=",
    );
    check_token(
        "xxxxxxx",
        "activity=newInstance&businessId=61e834ba-7b97-4418-b8f7-e5345137278c&customerId=68cbc86abc2018ab880d92f36422fa0e&expireTime=20200727153156&orderId=CS1906666666ABCDE&productId=00301-666666-0--0&testFlag=1&timeStamp=20200727073711903",
        "Gzbfjf9LHRBcI3bFVi++sLinCNOBF6qa7is1fvjEgYQ=",
    );
    check_token(
        LICENSE,
        "activity=getLicense&businessId=03pf80c2-bae9-6vc4-9b80-b917bea776d7&customerId=68cbc86abc2018ab880d92f36422fa0e&orderId=CS1906666666ABCDE&productId=00301-666666-0--0&testFlag=1&timeStamp=20260102030405678",
        "WJYUt6/Io4/3Fc1lLxVZocpZDEHB2nCXjG4WLAz5OXA=",
    );
}

#[test]
fn a_token_of_other_parameters_is_wrong() {
    let token = "8hK%2Bb/7Z9v4jSh%2Bc8NSIcKW0Nmm7RkSHE0z9xn6sIKI=";
    for query in [
        // A parameter more, one less, another value, another time, another name.
        "p1=1&p2=2&p3=3&p4=&timeStamp=201706211855321",
        "p1=1&p2=2&timeStamp=201706211855321",
        "p1=1&p2=2&p3=4&timeStamp=201706211855321",
        "p1=1&p2=2&p3=3&timeStamp=201706211855322",
        "p1=1&p2=2&P3=3&timeStamp=201706211855321",
        "p1=1&p2=2&p3=3",
        "",
    ] {
        let parameters = Parameters::parse(&format!("{query}&authToken={token}"));
        assert!(
            auth_token::verify(&ring(BASE), &parameters).is_none(),
            "{query}"
        );
    }
    for token in [
        "",
        "8hK",
        "AAAA",
        "%25",
        "8hK-b_7Z9v4jSh-c8NSIcKW0Nmm7RkSHE0z9xn6sIKI=",
    ] {
        let query = format!("p1=1&p2=2&p3=3&timeStamp=201706211855321&authToken={token}");
        let parameters = Parameters::parse(&query);
        assert!(
            auth_token::verify(&ring(BASE), &parameters).is_none(),
            "{token}"
        );
    }
}

/// A whole call, in which every encoding occurs.
const CALL: &str = "activity=newInstance&businessId=61e834ba-7b97-4418-b8f7-e5345137278c&customerId=68cbc86abc2018ab880d92f36422fa0e&expireTime=20200727153156&mobilePhone=Z9y8X7w6V5u4T3s2hsdfvnDIsWRTb7pRUXNp0Q%3D%3D&orderId=CS1906666666ABCDE&productId=00301-666666-0--0&saasExtendParams=W3sibmFtZSI6ImVtYWlsRG9tYWluTmFtZSIsInZhbHVlIjoidGVzdC5leGFtcGxlLmNvbSJ9LHsibmFtZSI6ImV4dGVuZFBhcmFtTmFtZSIsInZhbHVlIjoiZXh0ZW5kUGFyYW1WYWx1ZSJ9XQ%3D%3D&testFlag=1&timeStamp=20200727073711903&userName=%E5%BC%A0%E4%B8%89&authToken=EH%2BWOECncoEL9fJbJkRyw3oCeHRVK8yFzksmylhweyg%3D";

fn read_call() -> v1::Verified {
    let arrived_at = tenure_domain::Instant::from_seconds(1_595_835_432);
    v1::read(&ring(BASE), &v1::Settings::default(), 0, CALL, arrived_at).unwrap()
}

#[test]
fn a_whole_call_is_understood() {
    let verified = read_call();
    assert_eq!(verified.activity, Activity::NewInstance);
    assert_eq!(verified.environment, Environment::Test);
    let Notification::Purchase(purchase) = verified.notification else {
        panic!("a purchase");
    };
    assert_eq!(purchase.order.as_str(), "CS1906666666ABCDE");
    assert_eq!(purchase.product.as_str(), "00301-666666-0--0");
    let customer = purchase.customer.as_str();
    assert_eq!(customer, "68cbc86abc2018ab880d92f36422fa0e");
    assert_eq!(
        purchase.expires_at,
        Some(tenure_domain::Instant::from_seconds(1_595_863_916))
    );
    let parameters = Parameters::parse(CALL);
    let phone = parameters.value("mobilePhone").unwrap();
    for preferred in [EncryptType::Aes256, EncryptType::Aes128] {
        let phone = decrypt(&key(BASE), preferred, phone).unwrap();
        assert_eq!(phone.expose_secret(), "13800000000");
    }
}

#[test]
fn no_debug_form_of_a_call_shows_who_bought() {
    let shown = format!("{:?}", read_call());
    for personal in ["Z9y8X7w6", "张三", BASE, "test.example.com"] {
        assert!(!shown.contains(personal), "{shown}");
    }
}

#[test]
fn bodies_are_signed_byte_by_byte() {
    let signed = |text: &str, body: &str, signature: &str| {
        assert_eq!(
            body_sign::value(&key(text), body.as_bytes()),
            format!(r#"sign_type="HMAC-SHA256", signature="{signature}""#)
        );
    };
    signed(
        BASE,
        r#"{"resultCode":"000000","resultMsg":"success.","encryptType":"1","instanceId":"03pf80c2bae96vc49b80b917bea776d7","appInfo":{"frontEndUrl":"https://www.example.com","adminUrl":"https://admin.example.com","userName":"A1b2C3d4E5f6G7h8qiIFCqgGovQMhd0c8aSEBd517iviUJuWhQLj9SVbc90="}}"#,
        "Y6uoicNj5++Y3RyNmqC9ZkNEaTmsvAFzUt4eZ12TxvM=",
    );
    signed(
        LICENSE,
        r#"{"resultCode":"000000","resultMsg":"success."}"#,
        "L/JAMYMOtEE0VoqAgKbG+BCX0H30qmzV1QOIl3pUMRs=",
    );
    signed(
        LICENSE,
        r#"{"resultCode":"000000","resultMsg":"success.","license":"ABCD-EFGH","instanceId":"03pf80c2-bae9-6vc4-9b80-b917bea776d7"}"#,
        "d4Dz8NB4O19cq4VgawuF3V8DiOQHcOL9rpmzUHOYpMQ=",
    );
    let with_a_blank = body_sign::value(
        &key(LICENSE),
        br#"{"resultCode":"000000","resultMsg":"success."} "#,
    );
    assert!(!with_a_blank.contains("L/JAMYMOtEE0VoqAgKbG+BCX0H30qmzV1QOIl3pUMRs="));
    assert_eq!(body_sign::HEADER, "Body-Sign");
}

const CIPHERS: [(&str, &str, &str, &str); 3] = [
    (
        "isv-admin@example.com",
        "A1b2C3d4E5f6G7h8",
        "qiIFCqgGovQMhd0c8aSEBd517iviUJuWhQLj9SVbc90=",
        "CZTd5gnCR9FMkIAyRzH39Ep2/Z1Q2hr8RLiH8Uz/BIM=",
    ),
    (
        "13800000000",
        "Z9y8X7w6V5u4T3s2",
        "hsdfvnDIsWRTb7pRUXNp0Q==",
        "HERPzzRVlLbnGvz5/25ZIw==",
    ),
    // A whole block, and so one of padding.
    (
        "0123456789abcdef",
        "Q1w2E3r4T5y6U7i8",
        "fMD16MhDgYmhBJlxo9wo005hQ1rynsf1RYU/NK4rFiU=",
        "gOwK4fSGg5N9XOnjpxiDy9GEUya4JViA8PVWxqlPVJc=",
    ),
];

#[test]
fn texts_are_encrypted_and_decrypted_with_both_sizes() {
    for (text, iv, wide, narrow) in CIPHERS {
        for (with, sealed) in [(EncryptType::Aes256, wide), (EncryptType::Aes128, narrow)] {
            let value = format!("{iv}{sealed}");
            let plain = Plain::parse(text.into()).unwrap();
            let iv = Iv::parse(iv).unwrap();
            assert_eq!(encrypt(&key(BASE), with, &iv, &plain), value);
            // Whichever is tried first.
            for preferred in [EncryptType::Aes256, EncryptType::Aes128] {
                let read = decrypt(&key(BASE), preferred, &value).unwrap();
                assert_eq!(read.expose_secret(), text);
            }
        }
    }
    assert_eq!(EncryptType::Aes256.wire(), "1");
    assert_eq!(EncryptType::Aes128.wire(), "2");
    assert_eq!(EncryptType::from_wire("3"), None);
}

#[test]
fn what_is_not_encrypted_with_the_key_is_not_read() {
    let read = |key: &AccessKey, value: &str| decrypt(key, EncryptType::Aes256, value).err();
    for (_, iv, wide, narrow) in CIPHERS {
        for sealed in [wide, narrow] {
            let value = format!("{iv}{sealed}");
            assert_eq!(read(&key(LICENSE), &value), Some(CipherError::OtherKey));
        }
    }
    for malformed in [
        "",
        "13800000000",
        "A1b2C3d4E5f6G7h",
        "A1b2C3d4E5f6G7h8%",
        "A1b2C3d4E5f6G7h+hsdfvnDIsWRTb7pRUXNp0Q==",
        "中文A1b2C3d4E5hsdfvnDIsWRTb7pRUXNp0Q==",
    ] {
        assert_eq!(
            read(&key(BASE), malformed),
            Some(CipherError::Malformed),
            "{malformed}"
        );
    }
    // Less than a block, and nothing at all.
    for short in ["A1b2C3d4E5f6G7h8", "A1b2C3d4E5f6G7h8AAAA"] {
        assert_eq!(read(&key(BASE), short), Some(CipherError::OtherKey));
    }
}
