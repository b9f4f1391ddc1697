//! The names under which the marketplace counts amounts.

use tenure_domain::{LicenseId, MerchantId, UsageSerial};
use tenure_koogallery::open_api::bounded::{BoundError, Text};
use uuid::Uuid;

/// The namespace of [`sent_serial`]: the UUIDv5 of `urn:tenure:usage:serial` in the namespace of
/// URLs. What waits for its answer was sent under it: never change it.
const NAMESPACE: Uuid = Uuid::from_u128(0x23c9_2abf_8c5d_5f67_a8f7_7682_8c2d_beba);

/// The name under which an amount is sent: the UUIDv5 of merchant, license and serial in
/// [`NAMESPACE`], joined by U+001F, which only the last of them may contain.
///
/// The merchant names the reports of each license, and two licenses may have the same names. The
/// marketplace counts a name once for the whole seller, so that it would bill one of both.
pub(super) fn sent_serial(
    merchant: &MerchantId,
    license: &LicenseId,
    serial: &UsageSerial,
) -> Result<Text<64>, BoundError> {
    let named = [merchant.as_str(), license.as_str(), serial.as_str()].join("\u{1f}");
    Text::parse(&Uuid::new_v5(&NAMESPACE, named.as_bytes()).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_namespace_is_the_named_one() {
        let named = Uuid::new_v5(&Uuid::NAMESPACE_URL, b"urn:tenure:usage:serial");
        assert_eq!(named, NAMESPACE);
    }

    #[test]
    fn each_license_of_each_merchant_has_names_of_its_own() {
        let sent = |merchant, license| {
            let merchant = MerchantId::parse(merchant).unwrap();
            let license = LicenseId::parse(license).unwrap();
            let serial = UsageSerial::parse("METERTEST0001").unwrap();
            let sent = sent_serial(&merchant, &license, &serial).unwrap();
            sent.as_str().to_owned()
        };
        // Computed with Python's uuid5.
        let first = "d838fe1f-c947-5bbf-87fe-10bfcf914401";
        assert_eq!(sent("acme", "PLTEST0001"), first);
        assert_ne!(sent("acme", "PLTEST0002"), first);
        assert_ne!(sent("other", "PLTEST0001"), first);
    }
}
