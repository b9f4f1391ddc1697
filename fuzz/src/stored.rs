//! What is read back from the disk: a file that was damaged, or that somebody wrote.

use std::sync::{Arc, OnceLock};

use tenure_domain::{Digest, Instant, LicenseId, MerchantId, Sealed};
use tenure_journal::stored::{FORMATS, decode, encode};
use tenure_journal::vault::{DataKey, MasterKey, Opened, Owner, Vault, VaultError};
use tenure_journal::{ManualClock, ReceiptId, StreamId};

use super::Target;
use super::marketplace::line_and_rest;

pub(crate) const TARGETS: &[Target] = &[
    ("stored_event", stored_event),
    ("stream_id", stream_id),
    ("sealed_bytes", sealed_bytes),
];

/// The name of an event, a line break, and its data, in every format that may have been; and the
/// data under every other name.
fn stored_event(bytes: &[u8]) -> bool {
    let (name, data) = line_and_rest(bytes);
    let (Ok(name), Ok(data)) = (str::from_utf8(name), str::from_utf8(data)) else {
        return false;
    };
    for (other, newest) in FORMATS {
        check_event(other, newest, data);
    }
    [0, 1, 2, u16::MAX].map(|format| check_event(name, format, data)) != [false; 4]
}

fn check_event(name: &str, format: u16, data: &str) -> bool {
    let event = match decode(name, format, data) {
        Ok(event) => event,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return false;
        },
    };
    let stored = encode(&event);
    assert!(stored.data.len() <= 8 * data.len() + 1_024);
    assert_eq!(
        decode(stored.name, stored.format, &stored.data).as_ref(),
        Ok(&event)
    );
    true
}

fn stream_id(bytes: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(bytes) else {
        return false;
    };
    if let Some(stream) = StreamId::parse(text) {
        assert_eq!(stream.to_string(), text);
        return true;
    }
    if let Some(receipt) = ReceiptId::parse(text) {
        assert_eq!(ReceiptId::parse(&receipt.to_string()), Some(receipt));
    }
    false
}

/// A digest, and bytes that nobody sealed; and the same bytes, sealed.
fn sealed_bytes(bytes: &[u8]) -> bool {
    let (vault, key) = vault();
    let id = key.id();
    let (digest, rest) = bytes.split_at_checked(16).unwrap_or((b"", bytes));
    let sealed = Sealed {
        key: id,
        digest: Digest::new(digest.try_into().unwrap_or_default()),
        bytes: rest.into(),
    };
    let is_altered = |opened| matches!(opened, Err(VaultError::Altered));
    assert!(is_altered(vault.open_sealed("license/access", &sealed)));
    assert!(is_altered(vault.open_bytes("receipt/body", id, rest)));

    let sealed = key.seal("license/access", bytes).expect("few bytes");
    let opened = vault.open_sealed("license/access", &sealed);
    let is_same = matches!(opened, Ok(Opened::Text(text)) if *text == *bytes);
    assert!(is_same, "what is sealed opens");
    assert!(is_altered(vault.open_sealed("member/profile", &sealed)));
    is_same
}

fn vault() -> &'static (Vault, DataKey) {
    static VAULT: OnceLock<(Vault, DataKey)> = OnceLock::new();
    VAULT.get_or_init(|| {
        let master = MasterKey::parse(&"0a".repeat(32)).expect("64 digits");
        let clock = Arc::new(ManualClock::at(Instant::EPOCH));
        let vault = Vault::in_memory(master, clock).expect("a vault in memory");
        let owner = Owner::license(
            &MerchantId::parse("acme").expect("an id"),
            &LicenseId::parse("PLTEST0001").expect("an id"),
        );
        let key = vault.key(&owner).expect("a key");
        (vault, key)
    })
}
