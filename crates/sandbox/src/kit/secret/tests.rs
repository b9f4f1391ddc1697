//! With a key that was made for tests only.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use getrandom::SysRng;
use rsa::Oaep;
use rsa::pkcs8::DecodePrivateKey;
use rsa::traits::PaddingScheme;
use secrecy::SecretString;
use sha1::Sha1;
use sha2::Sha256;

use super::{NotEncrypted, Padding, PublicKey, PublicKeyError};

const PRIVATE_KEY: &str = include_str!("../../../tests/keys/kit-private.txt");

const PUBLIC_KEY: &str = include_str!("../../../tests/keys/kit-public.txt");

/// A key of 2048 bits.
const SHORT_KEY: &str = "
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA05+JQ8vku4tL42P6LRFd+VtdgIeaX8K0zujis905+RDlCAPFj1k/Ck9s
w29jzx3vbby0rEl+9qnPJGlwuMe8L4MNRJEfiJetQUWL4WIwNQokjWBCFo/QgfGNm1LxfzeXe12SGBL3N4UL/JLrnqF2uoDl6a31
J4K/dIwn+iKX7x5v6AlWcj4EELWl0fbiQVg/tq3tQ9ULlocNZXQfv6bhZTOt+wzsV4v51ZuMNN/ldPzuQp0xfhDFtVj1Uthh0IkK
ECcfhNK7jsin0Ic7wLGEauTirAPVZrcsHLpAX8tGmLjjPy4U2NIkKUUbPBNFPUm39PpZ3BtdfLL6VIwjZ5V7qQIDAQAB";

/// `test`, encrypted with Python's `cryptography` in each of the three ways.
const OF_PYTHON: [(Padding, &str); 3] = [
    (
        Padding::Sha256,
        "
SZR2fz4PybdMqq7moRf8xAPVJk1jRtyU9xMFfp60IL9FVCgaWaZt1QWacmnF6q8q0P33RXqqV0j59Mmw/vcjX67bOtZYzkJPqLbB
1dB9Ijs5wikMpY1vhH89y8jaUmNzirIKXxJaxb9RQX95joRr39ZrGMbEwqGiWyA8eQm1zDr3XiMH+9B9YO0jd3yKiHL33FGOxFvO
lcdf9H76ayriF4vKYBjHc8XhGJwr08li1fCQSqdqkQrv8v2GFKULUX76z2Rj5IS2iw9rIwV8sachfhFRfwgYfXPOmomNxwCDyAfr
MCaK/nEkCa6W9aTA6KLoJ39iQj9O2cnqyX4FZBu0x5bBfS2R+kWtMedc2PI89mbKGkXR1s22xhXrB8qwZoyM0cu6n7cNHTkxC2NW
l9okAtdmg89jrYPEdz3tksXKRiCQeMAhIvK8Tqi/P1qh+2e5Y1ufGtdcGGR+Hmo47YyQyOn5GCLAelEmR6iXOH0xcUQPjWIvyKn2
+hZZPORGLhZD",
    ),
    (
        Padding::Sha256MaskSha1,
        "
bSF9Uhg746nBUsWv45UVR45HyPpg5vVKqVJ0aQr2D4dLFREygMnrl35N/Dtshv8C48ahjk8B/uAQFvJnss5zk33O8BluOxHs4Tz7
vtlJkZw3GgLI6SlqIbOpEZW2ck0a3t4rJSkJqCF04sJzjHw2XE9rF9KEb/l0HMXVPJ00tYGVaBobaqYUjiTyB49fYZPv3ljza+Jq
cux5aevmE1e/7e/w1tc0sI2GfVaQDYs1kYvbIvwql4GayzBsevPRDFyYDKbqCIHtn3z7HLbSv5mGBQYtGpruVYc4r7Us+pD8q+uc
xO5Re54tvVrn9gzrwxeTfL1HB8R5Y8RDEzm/sApx2sl8Wb1lmHgnpzLJUCVIvfqNgYhwqA9yERIi8/m1EGwXwADf/6DezW6y1gYo
tEuKBdoYrK4Q+guvFTJOn3DX/yyNH1iOnl1wUt3vvxq1bY8E1bU2IkzRVEEqf2r/1lImL9RrgPcRPdadIx9EiBXUXQSQU3iVW4HH
MdrapYBOW9Uq",
    ),
    (
        Padding::Sha1,
        "
KEzrzEh8CZhRfYrQ0rQ/roJ2yoSGNTqadU9Vdf+i/XaQXwS1D+/5yr7uXezGsah0uJl2GfcLoPnafVCW2tDYr2yQGtEQ+IJrH6HG
nngxYBmP6AhRQwTsfpER0uZKmkmJBHz/zMLCScg1noY2PO8k0KCmgsv8yDsEVyfEZXgtmQLoLmXisAyuJNJFqPVQ+twe0IS/U1Km
RCWO+unkWcQSNQEMUlwuuHP/JVMmKzKKQFPcgoOwGs5Ma8Cn7QIxhBzrb1CzXNa9jGG3WkoRSba0uo4Yf3JN3HmmbGlxdPZP718i
nudo+qbv0B0Aa2VoMtXSWXdXKwfbKr9c5kBpELB+0i9ehwG99b/FtB/VhQ0PssPLOVBTFo1wcYnJvzd1vPzIB1Xqa2hp6mlZYp+S
6R8Lrfq/n+FVOmpMcgZPs5niEw5HKeYTtFz3Ym3KvmbEk6IOo3Ew10MhdDFjhLylGrpV4pD9eIm7p7vD8wlqXU/dprAdnR5PlG6l
uRHgauAdW9d7",
    ),
];

/// `9f8A+/=secret-示例`, encrypted with SHA-256 alone.
const LONGER_OF_PYTHON: &str = "
c2XKze9n0g718Ztnh1HWGv/q5tq8rJlE51gXJZExvQ1Ror4X/2Ee183udgRG1IbWpLnUVQV/Eqa8wweIy6wuNpza8sc04cHvIgfY
jdU7Wab62nbeIZHmOB1ERCS+DzxdR76fD4nrcV512LS+/bWJ2nJcmxjk6ZrShrLq3lfL+iQvcorK7MF1RzAA4nPT/Qx+ZHKKZNXJ
P8cocefsCE+TUIr/j8Am+F/PKTVKGbSkgNi0+8t/9Ow6L/sG3PxQvf41KqaRMfr55LpA9VDVP6KWApQQrQnjIpXAYpjK9NpYg3qQ
Ge3qu87IHo2mqZOluhjcSVNCEIasxz68cRCOnLjDSeqjNhnBq29+HeQdP+CYLbxu5c4wQmj0/nKmPqyDpg/bm4fZP3P1oalVRgQ7
zo2zi3MLLj4eE/PHAF/XLAJPvyaFcKp5AOWRiKRAiIkSvsWfoA8qkQVtpRMQP4KEVTcr8+ARJD/jMKgSRmKywWWqK+GmXBh422sy
346Sw3qtvDnT";

fn decoded(base64: &str) -> Vec<u8> {
    let base64: String = base64.split_ascii_whitespace().collect();
    STANDARD.decode(base64).unwrap()
}

fn private_key() -> rsa::PrivateKey {
    rsa::PrivateKey::from_pkcs8_der(&decoded(PRIVATE_KEY)).unwrap()
}

fn public_key() -> PublicKey {
    PublicKey::parse(PUBLIC_KEY).unwrap()
}

/// What an independent reader of the guide makes of a cipher text.
fn decrypted(padding: Padding, base64: &str) -> Option<String> {
    let (key, bytes, rng) = (private_key(), decoded(base64), Some(&mut SysRng));
    let plain = match padding {
        Padding::Sha256 => Oaep::<Sha256>::new().decrypt(rng, &key, &bytes),
        Padding::Sha256MaskSha1 => {
            Oaep::<Sha256, Sha1>::new_with_mgf_hash().decrypt(rng, &key, &bytes)
        },
        Padding::Sha1 => Oaep::<Sha1>::new().decrypt(rng, &key, &bytes),
    };
    plain.ok().map(|plain| String::from_utf8(plain).unwrap())
}

#[test]
fn each_padding_opens_what_python_made_with_it_and_nothing_else() {
    for (padding, base64) in OF_PYTHON {
        for other in Padding::ALL {
            let expected = (other == padding).then(|| "test".to_owned());
            assert_eq!(decrypted(other, base64), expected);
        }
    }
    assert_eq!(
        decrypted(Padding::Sha256, LONGER_OF_PYTHON).as_deref(),
        Some("9f8A+/=secret-示例")
    );
}

#[test]
fn what_is_encrypted_opens_with_its_own_padding_only() {
    let key = public_key();
    for padding in Padding::ALL {
        let secret = SecretString::from("9f8A+/=secret-示例");
        let encrypted = key.encrypt(&secret, padding).unwrap();
        assert_eq!(decoded(&encrypted).len(), key.encrypted_bytes());
        for other in Padding::ALL {
            let expected = (other == padding).then(|| "9f8A+/=secret-示例".to_owned());
            assert_eq!(decrypted(other, &encrypted), expected);
        }
    }
}

#[test]
fn a_secret_has_to_fit() {
    let secret = SecretString::from("x".repeat(384));
    let encrypted = public_key().encrypt(&secret, Padding::Sha256);
    assert_eq!(encrypted, Err(NotEncrypted));
}

#[test]
fn keys_are_pem_or_the_base64_inside() {
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{PUBLIC_KEY}\n-----END PUBLIC KEY-----\n");
    assert_eq!(PublicKey::parse(&pem), Ok(public_key()));
    assert_eq!(format!("{:?}", public_key()), "PublicKey(3072 bits)");
    assert_eq!(PublicKey::parse("no key!"), Err(PublicKeyError::NotBase64));
    assert_eq!(PublicKey::parse(PRIVATE_KEY), Err(PublicKeyError::NotSpki));
}

#[test]
fn short_keys_are_refused() {
    assert_eq!(PublicKey::parse(SHORT_KEY), Err(PublicKeyError::TooShort));
}
