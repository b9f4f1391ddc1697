//! A whole license as a few bytes, and back.
//!
//! The form belongs to this crate and lives no longer than a read model does: whoever changes it
//! raises [`crate::licenses::VERSION`], and every file is folded anew. Numbers are LEB128, signed
//! ones in zigzag; texts carry their length; what may be missing is preceded by a zero or a one.
//! It is written by hand because the fold reads and writes one state for every event.

use tenure_domain::license::{Change, ChangeKind};
use tenure_domain::{
    CustomerId, Family, Hold, Instant, License, ListingId, Living, OrderId, OrderLineId, Phase,
    ProductId, Quantity, Term,
};

/// Writes a license at the end of `out`. What never existed takes no bytes.
pub(crate) fn encode(license: &License, out: &mut Vec<u8>) {
    match license {
        License::Absent => {},
        License::Living(living) => {
            out.push(1);
            put_living(out, living);
        },
        License::Released(living) => {
            out.push(2);
            put_living(out, living);
        },
    }
}

/// Reads what [`encode`] wrote; `None` if the bytes are anything else.
pub(crate) fn decode(bytes: &[u8]) -> Option<License> {
    let mut bytes = Bytes(bytes);
    if bytes.0.is_empty() {
        return Some(License::Absent);
    }
    let license = match bytes.byte()? {
        1 => License::Living(bytes.living()?),
        2 => License::Released(bytes.living()?),
        _ => return None,
    };
    bytes.0.is_empty().then_some(license)
}

fn put_living(out: &mut Vec<u8>, living: &Living) {
    let Living {
        listing,
        family,
        phase,
        hold,
        term,
        product,
        quantity,
        customer,
        changes,
    } = living;
    put_text(out, listing.as_str());
    out.push(family_code(*family));
    out.push(phase_code(*phase));
    out.push(hold_code(*hold));
    let Term {
        starts_at,
        expires_at,
        grace_seconds,
    } = term;
    put_instant(out, *starts_at);
    put_instant(out, *expires_at);
    put_number(out, u64::from(*grace_seconds));
    put_optional_text(out, product.as_ref().map(ProductId::as_str));
    // No quantity is zero, so zero stands for none.
    put_number(out, quantity.map_or(0, |it| u64::from(it.units())));
    put_optional_text(out, customer.as_ref().map(CustomerId::as_str));
    put_number(out, changes.len() as u64);
    for change in changes {
        put_change(out, change);
    }
}

fn put_change(out: &mut Vec<u8>, change: &Change) {
    let Change {
        kind,
        order,
        line,
        expires_at,
        product,
    } = change;
    out.push(change_code(*kind));
    put_text(out, order.as_str());
    put_optional_text(out, line.as_ref().map(OrderLineId::as_str));
    put_instant(out, *expires_at);
    put_optional_text(out, product.as_ref().map(ProductId::as_str));
}

fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    out.push(number.to_le_bytes()[0]);
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put_number(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

fn put_optional_text(out: &mut Vec<u8>, text: Option<&str>) {
    out.push(u8::from(text.is_some()));
    if let Some(text) = text {
        put_text(out, text);
    }
}

fn put_instant(out: &mut Vec<u8>, instant: Option<Instant>) {
    out.push(u8::from(instant.is_some()));
    if let Some(instant) = instant {
        let micros = instant.micros();
        put_number(out, ((micros << 1) ^ (micros >> 63)).cast_unsigned());
    }
}

/// Bytes that are still to be read.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn living(&mut self) -> Option<Living> {
        Some(Living {
            listing: ListingId::parse(self.text()?).ok()?,
            family: self.code(FAMILIES, family_code)?,
            phase: self.code(PHASES, phase_code)?,
            hold: self.code(HOLDS, hold_code)?,
            term: Term {
                starts_at: self.instant()?,
                expires_at: self.instant()?,
                grace_seconds: self.number()?.try_into().ok()?,
            },
            product: self.optional(|bytes| ProductId::parse(bytes.text()?).ok())?,
            quantity: match u32::try_from(self.number()?).ok()? {
                0 => None,
                units => Some(Quantity::parse(units).ok()?),
            },
            customer: self.optional(|bytes| CustomerId::parse(bytes.text()?).ok())?,
            changes: self.changes()?,
        })
    }

    fn changes(&mut self) -> Option<Vec<Change>> {
        let count = usize::try_from(self.number()?).ok()?;
        // One more has room at once: most states are read to be changed.
        let mut changes = Vec::with_capacity(count.min(self.0.len()) + 1);
        for _ in 0..count {
            changes.push(self.change()?);
        }
        Some(changes)
    }

    fn change(&mut self) -> Option<Change> {
        Some(Change {
            kind: self.code(CHANGES, change_code)?,
            order: OrderId::parse(self.text()?).ok()?,
            line: self.optional(|bytes| OrderLineId::parse(bytes.text()?).ok())?,
            expires_at: self.instant()?,
            product: self.optional(|bytes| ProductId::parse(bytes.text()?).ok())?,
        })
    }

    fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*byte)
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            // The tenth byte has room for one bit.
            if shift == 63 && bits > 1 {
                return None;
            }
            number |= bits << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    fn text(&mut self) -> Option<&'a str> {
        let length = usize::try_from(self.number()?).ok()?;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        str::from_utf8(text).ok()
    }

    #[expect(
        clippy::option_option,
        reason = "unreadable, or readable and not there"
    )]
    fn optional<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        match self.byte()? {
            0 => Some(None),
            1 => read(self).map(Some),
            _ => None,
        }
    }

    #[expect(
        clippy::option_option,
        reason = "unreadable, or readable and not there"
    )]
    fn instant(&mut self) -> Option<Option<Instant>> {
        self.optional(|bytes| {
            let folded = bytes.number()?;
            let micros = (folded >> 1).cast_signed() ^ -(folded & 1).cast_signed();
            Some(Instant::from_micros(micros))
        })
    }

    fn code<T: Copy, const N: usize>(&mut self, all: [T; N], code: fn(T) -> u8) -> Option<T> {
        let byte = self.byte()?;
        all.into_iter().find(|value| code(*value) == byte)
    }
}

const FAMILIES: [Family; 3] = [Family::LicenseCode, Family::Saas, Family::OnlineLicense];

fn family_code(family: Family) -> u8 {
    match family {
        Family::LicenseCode => 0,
        Family::Saas => 1,
        Family::OnlineLicense => 2,
    }
}

const PHASES: [Phase; 3] = [Phase::Provisioning, Phase::Issued, Phase::InForce];

fn phase_code(phase: Phase) -> u8 {
    match phase {
        Phase::Provisioning => 0,
        Phase::Issued => 1,
        Phase::InForce => 2,
    }
}

const HOLDS: [Option<Hold>; 3] = [None, Some(Hold::Suspended), Some(Hold::Expired)];

fn hold_code(hold: Option<Hold>) -> u8 {
    match hold {
        None => 0,
        Some(Hold::Suspended) => 1,
        Some(Hold::Expired) => 2,
    }
}

const CHANGES: [ChangeKind; 7] = [
    ChangeKind::Purchase,
    ChangeKind::Activation,
    ChangeKind::Renewal,
    ChangeKind::RenewalCancellation,
    ChangeKind::Conversion,
    ChangeKind::Upgrade,
    ChangeKind::Unsubscription,
];

fn change_code(kind: ChangeKind) -> u8 {
    match kind {
        ChangeKind::Purchase => 0,
        ChangeKind::Activation => 1,
        ChangeKind::Renewal => 2,
        ChangeKind::RenewalCancellation => 3,
        ChangeKind::Conversion => 4,
        ChangeKind::Upgrade => 5,
        ChangeKind::Unsubscription => 6,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tenure_testkit::{events, history};

    use super::*;

    fn bytes(license: &License) -> Vec<u8> {
        let mut out = Vec::new();
        encode(license, &mut out);
        out
    }

    proptest! {
        #[test]
        fn every_state_of_a_history_survives_the_round_trip(history in history()) {
            let mut license = License::Absent;
            for event in &history {
                license = license.evolve(event);
                prop_assert_eq!(decode(&bytes(&license)), Some(license.clone()));
            }
        }

        #[test]
        fn so_does_what_no_history_holds(events in prop::collection::vec(events(), 0..8)) {
            let mut license = License::replay(&events);
            prop_assert_eq!(decode(&bytes(&license)), Some(license.clone()));
            if let License::Living(living) | License::Released(living) = &mut license {
                living.customer = CustomerId::parse("客户 1").ok();
            }
            prop_assert_eq!(decode(&bytes(&license)), Some(license));
        }

        #[test]
        fn a_state_cut_short_or_lengthened_is_none(history in history(), cut in any::<prop::sample::Index>()) {
            let mut whole = bytes(&License::replay(&history));
            prop_assume!(!whole.is_empty());
            let end = cut.index(whole.len()).max(1);
            prop_assert_eq!(decode(&whole[..end]), None);
            whole.push(0);
            prop_assert_eq!(decode(&whole), None);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let license = decode(&bytes);
            prop_assert!(license != Some(License::Absent) || bytes.is_empty());
        }
    }
}
