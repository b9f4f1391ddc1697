//! Journals to measure on, filled with what a marketplace sends.

use std::path::Path;

use tenure_domain::{
    Activation, Command, Family, Instant, Intent, LicenseId, ListingId, MerchantId, OrderId,
    OrderLine, OrderLineId, ProductId, Quantity, TermChange, WhenAbsent,
};
use tenure_journal::record_ids::{Entropy, RecordIds};
use tenure_journal::transact::{Arrived, Call, Request, transact};
use tenure_journal::{Actor, SqliteLog};

/// When the measured history begins: 2026-01-01.
pub(crate) const BEGIN: Instant = Instant::from_seconds(1_767_225_600);

/// Fills a new journal with `events` events, four a license, as of activation, renewal, freeze and
/// unfreeze, interleaved over the licenses as they are over the years.
pub(crate) fn fill(path: &Path, events: u64) -> SqliteLog {
    let mut log = SqliteLog::open(path).unwrap();
    let mut ids = RecordIds::new(Entropy::Seeded(1), None);
    let licenses = events / 5;
    let mut calls = Vec::with_capacity(2_000);
    let mut flush = |calls: &mut Vec<Call>, force: bool| {
        if calls.len() == 2_000 || force {
            transact(&mut log, &mut ids, BEGIN, calls).unwrap();
            calls.clear();
        }
    };
    for intent in [activate, renew, freeze, unfreeze] as [fn(u64) -> Intent; 4] {
        for index in 0..licenses {
            // A stride that shares no factor with the number of licenses visits each once.
            let license = (index * 7_919) % licenses;
            calls.push(call(license, intent(license)));
            flush(&mut calls, false);
        }
    }
    flush(&mut calls, true);
    log
}

pub(crate) fn code(license: u64) -> LicenseId {
    // Codes are random; a mixed number spreads them over the index as random ones would.
    let mixed = license.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    LicenseId::parse(&format!("PL{mixed:016X}{license:08}")).unwrap()
}

pub(crate) fn merchant() -> MerchantId {
    MerchantId::parse("acme").unwrap()
}

pub(crate) fn activate(license: u64) -> Intent {
    Intent::Activate(Activation {
        activated_at: BEGIN,
        expires_at: Some(BEGIN.plus_seconds(365 * 86_400)),
        grace_seconds: 0,
        product: Some(ProductId::parse("OFFI461867333479178240").unwrap()),
        quantity: Some(Quantity::parse(10).unwrap()),
        order: Some(OrderId::parse(&format!("CS26{license:012}")).unwrap()),
    })
}

pub(crate) fn renew(license: u64) -> Intent {
    let order = format!("CS27{license:012}");
    Intent::Renew(TermChange {
        scene: "RENEWAL".into(),
        order: OrderLine {
            order: OrderId::parse(&order).unwrap(),
            line: OrderLineId::parse(&format!("{order}-000001")).unwrap(),
        },
        expires_at: BEGIN.plus_seconds(730 * 86_400),
        expires_at_received: "20271231155959".into(),
        grace_seconds: 0,
        product: None,
    })
}

pub(crate) fn freeze(_license: u64) -> Intent {
    Intent::Freeze
}

pub(crate) fn unfreeze(_license: u64) -> Intent {
    Intent::Unfreeze
}

/// A call as the ingress makes one, with a receipt of the usual size.
pub(crate) fn call(license: u64, intent: Intent) -> Call {
    let code = code(license);
    let body = format!(
        r#"{{"activity":"updateLicenseCodeStatus","license":"{}","status":"FREEZE"}}"#,
        code.as_str()
    );
    Call {
        arrived: Arrived {
            listing: "cad-pro".into(),
            at: BEGIN,
            method: "POST".into(),
            parameters: format!(
                "signature={:064x}&timestamp=1767225600000&nonce=RLLUammMSInlrNWb",
                u128::from(license)
            )
            .into(),
            body: body.into_bytes().into(),
            sealed_with: None,
            activity: Some("updateLicenseCodeStatus".into()),
            authentic: true,
            actor: Actor::Koogallery,
        },
        request: Request::License {
            merchant: merchant(),
            id: code,
            command: Command {
                listing: ListingId::parse("cad-pro").unwrap(),
                family: Family::LicenseCode,
                at: BEGIN,
                when_absent: WhenAbsent::Remember,
                intent,
            },
        },
        answer: Box::new(|_decided| br#"{"resultCode":"000000","resultMsg":"success."}"#.to_vec()),
    }
}
