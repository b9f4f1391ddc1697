//! The key of the cipher: what Java's `SHA1PRNG` yields when it is seeded with the access key.

use secrecy::zeroize::Zeroizing;
use sha1::{Digest, Sha1};

use crate::key::AccessKey;

/// The first 32 bytes of Java's `SHA1PRNG`, seeded with the access key.
pub(super) fn derived(key: &AccessKey) -> Zeroizing<[u8; 32]> {
    let state = digest(key.bytes());
    let first = digest(state.as_slice());
    let second = digest(next_state(&state, &first).as_slice());
    let mut derived = Zeroizing::new([0; 32]);
    for (byte, drawn) in derived.iter_mut().zip(first.iter().chain(second.iter())) {
        *byte = *drawn;
    }
    derived
}

/// What of it is the key of AES-128.
pub(super) fn half(key: &[u8; 32]) -> &[u8] {
    let (half, _rest) = key.split_at(16);
    half
}

fn digest(bytes: &[u8]) -> Zeroizing<[u8; 20]> {
    Zeroizing::new(Sha1::digest(bytes).into())
}

/// The sum of a state, its output and one, from the lowest byte up. Java's bytes are signed, and so
/// is the carry: with unsigned ones nearly every key of 32 bytes comes out wrong after its 20th.
fn next_state(state: &[u8; 20], output: &[u8; 20]) -> Zeroizing<[u8; 20]> {
    let mut next = Zeroizing::new(*state);
    let mut carry = 1_i16;
    for (byte, output) in next.iter_mut().zip(output) {
        let sum = i16::from(byte.cast_signed())
            .wrapping_add(i16::from(output.cast_signed()))
            .wrapping_add(carry);
        let [low, _high] = sum.to_le_bytes();
        *byte = low;
        carry = sum >> 8;
    }
    if *next == *state
        && let Some(first) = next.first_mut()
    {
        *first = first.wrapping_add(1);
    }
    next
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "11111111-2222-3333-4444-555555555555";

    fn key(text: &str) -> AccessKey {
        AccessKey::new(text.to_owned())
    }

    #[test]
    fn every_step_of_the_derivation_is_as_java_makes_it() {
        let state = digest(KEY.as_bytes());
        let first = digest(state.as_slice());
        let next = next_state(&state, &first);
        for (made, expected) in [
            (&state, "97d22f8652571c42ac94d64936ba78d3abce1282"),
            (&first, "fa99dc2d055187d2bd1e0b33100448cca4a528b1"),
            (&next, "926a0ab356a8a31369b1e07b46bebf9f4e723933"),
            (
                &digest(next.as_slice()),
                "9c93588930b6b64e82d999354eefce99fb2448bb",
            ),
        ] {
            assert_eq!(hex::encode(made.as_slice()), expected);
        }
    }

    #[test]
    fn keys_are_those_that_java_derives() {
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
            assert_eq!(hex::encode(derived(&key(seed)).as_slice()), expected);
        }
        let unsigned_carries = "fa99dc2d055187d2bd1e0b33100448cca4a528b1f1ad0e4c06a2b5e1149ee282";
        assert_ne!(hex::encode(derived(&key(KEY)).as_slice()), unsigned_carries);
        let derived = derived(&key(KEY));
        assert_eq!(
            hex::encode(half(&derived)),
            "fa99dc2d055187d2bd1e0b33100448cc"
        );
    }
}
