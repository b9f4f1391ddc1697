//! Vectors computed with Java 17, by whose generator the protocol is defined.

use secrecy::{ExposeSecret, SecretString};
use sha1::{Digest, Sha1};

use super::{CipherError, EncryptType, decrypt, derived, encrypt, following, fresh_iv, short};
use crate::random::Random;

const KEY: &str = "11111111-2222-3333-4444-555555555555";

fn key(text: &str) -> SecretString {
    SecretString::from(text)
}

#[test]
fn the_generator_is_that_of_java() {
    let state: [u8; 20] = Sha1::digest(KEY).into();
    assert_eq!(
        hex::encode(state),
        "97d22f8652571c42ac94d64936ba78d3abce1282"
    );
    let first: [u8; 20] = Sha1::digest(state).into();
    assert_eq!(
        hex::encode(first),
        "fa99dc2d055187d2bd1e0b33100448cca4a528b1"
    );
    assert_eq!(
        hex::encode(following(state, first)),
        "926a0ab356a8a31369b1e07b46bebf9f4e723933"
    );
    assert_eq!(
        hex::encode(short(derived(&key(KEY)))),
        "fa99dc2d055187d2bd1e0b33100448cc"
    );
}

#[test]
fn keys_of_32_bytes() {
    for (seed, expected) in [
        (
            KEY,
            "fa99dc2d055187d2bd1e0b33100448cca4a528b19c93588930b6b64e82d99935",
        ),
        (
            "a",
            "667f407de7c6ad07358fa38daed7828a72014b4e621d7140210c8cf1565a8f02",
        ),
        (
            "key",
            "989f1b3366408a98bfc96af4555d762f342f66d9cbf4855a975fa6c4a6a42e6e",
        ),
        (
            "中文key",
            "e5edaa8cfba0e535a2e52f1e2c0146d705001c3274c1de1f34837ce1c99ba6c1",
        ),
    ] {
        assert_eq!(hex::encode(derived(&key(seed))), expected, "{seed}");
    }
}

#[test]
fn a_state_that_adding_left_as_it_was_still_moves() {
    // Adding -1 and the one that is always added changes nothing.
    let mut output = [0; 20];
    output[0] = 0xff;
    let next = following([0; 20], output);
    assert_eq!(next[0], 1);
    assert_eq!(next[1..], [0; 19]);
}

const VECTORS: [(EncryptType, &str, &str); 6] = [
    (
        EncryptType::Aes256,
        "isv-admin@example.com",
        "A1b2C3d4E5f6G7h8qiIFCqgGovQMhd0c8aSEBd517iviUJuWhQLj9SVbc90=",
    ),
    (
        EncryptType::Aes256,
        "13800000000",
        "Z9y8X7w6V5u4T3s2hsdfvnDIsWRTb7pRUXNp0Q==",
    ),
    (
        EncryptType::Aes256,
        "0123456789abcdef",
        "Q1w2E3r4T5y6U7i8fMD16MhDgYmhBJlxo9wo005hQ1rynsf1RYU/NK4rFiU=",
    ),
    (
        EncryptType::Aes128,
        "isv-admin@example.com",
        "A1b2C3d4E5f6G7h8CZTd5gnCR9FMkIAyRzH39Ep2/Z1Q2hr8RLiH8Uz/BIM=",
    ),
    (
        EncryptType::Aes128,
        "13800000000",
        "Z9y8X7w6V5u4T3s2HERPzzRVlLbnGvz5/25ZIw==",
    ),
    (
        EncryptType::Aes128,
        "0123456789abcdef",
        "Q1w2E3r4T5y6U7i8gOwK4fSGg5N9XOnjpxiDy9GEUya4JViA8PVWxqlPVJc=",
    ),
];

#[test]
fn texts_and_what_they_are_encrypted() {
    for (of, plain, encrypted) in VECTORS {
        let iv = *encrypted.as_bytes().first_chunk().unwrap();
        assert_eq!(encrypt(&key(KEY), of, iv, plain), encrypted);
        assert_eq!(decrypt(&key(KEY), of, encrypted).as_deref(), Ok(plain));
    }
}

#[test]
fn what_another_key_encrypted_is_told_from_what_nobody_encrypted() {
    let (of, _, encrypted) = VECTORS[0];
    assert_eq!(
        decrypt(&key("another"), of, encrypted),
        Err(CipherError::Key)
    );
    for text in ["", "admin", "A1b2C3d4E5f6G7h8", "A1b2C3d4E5f6G7h8admin"] {
        let shape = Err(CipherError::Shape);
        assert_eq!(decrypt(&key(KEY), of, text), shape, "{text}");
    }
    // Base64 of fewer bytes than a block has.
    assert_eq!(
        decrypt(&key(KEY), of, "A1b2C3d4E5f6G7h8YWJj"),
        Err(CipherError::Shape)
    );
}

#[test]
fn every_initialization_vector_is_another_one_of_letters_and_digits() {
    let mut random = Random::new(1);
    let (one, other) = (fresh_iv(&mut random), fresh_iv(&mut random));
    assert_ne!(one, other);
    assert!(one.iter().all(u8::is_ascii_alphanumeric));
    let sent = encrypt(&key(KEY), EncryptType::Aes256, one, "x");
    assert_eq!(
        decrypt(&key(KEY), EncryptType::Aes256, &sent).as_deref(),
        Ok("x")
    );
    assert!(!sent.contains(key(KEY).expose_secret()));
}

#[test]
fn types_by_their_numbers() {
    assert_eq!(EncryptType::parse("1"), Some(EncryptType::Aes256));
    assert_eq!(EncryptType::parse("2"), Some(EncryptType::Aes128));
    assert_eq!(EncryptType::parse("AES256_CBC_PKCS5Padding"), None);
}
