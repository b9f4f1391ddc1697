//! The members of a license as bytes, and back.

use tenure_domain::file::{File, FileContent, FileProgress, FileRequest};
use tenure_domain::license::{Change, ChangeKind};
use tenure_domain::{
    ChargingMode, Check, CodeStatus, CustomerId, Digest, Family, FileEventId, Hold, ListingId,
    Living, OrderDetails, OrderId, OrderKind, OrderLine, OrderLineId, Phase, ProductId, SealKey,
    Sealed, SkuCode, Term,
};

use super::bytes::{
    Bytes, put_instant, put_number, put_optional, put_optional_text, put_quantity, put_text,
};

pub(super) fn put_living(out: &mut Vec<u8>, living: &Living) {
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
        orders_known,
        access,
        checked,
        files,
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
    put_quantity(out, *quantity);
    put_optional_text(out, customer.as_ref().map(CustomerId::as_str));
    put_number(out, changes.len() as u64);
    for change in changes {
        put_change(out, change);
    }
    put_number(out, orders_known.len() as u64);
    for details in orders_known {
        put_details(out, details);
    }
    put_optional(out, access.as_ref(), put_sealed);
    put_optional(out, checked.as_ref(), put_check);
    put_number(out, files.len() as u64);
    for file in files {
        put_file(out, file);
    }
}

fn put_check(out: &mut Vec<u8>, check: &Check) {
    let Check {
        checked_at,
        status,
        expires_at,
        product,
        quantity,
    } = check;
    put_instant(out, Some(*checked_at));
    put_text(out, status.word());
    put_instant(out, *expires_at);
    put_optional_text(out, product.as_ref().map(ProductId::as_str));
    put_quantity(out, *quantity);
}

fn put_file(out: &mut Vec<u8>, file: &File) {
    let File { request, progress } = file;
    let FileRequest {
        event,
        fingerprint,
        effective_at,
        expires_at,
    } = request;
    put_text(out, event.as_str());
    put_optional(out, fingerprint.as_ref(), put_sealed);
    put_instant(out, Some(*effective_at));
    put_instant(out, *expires_at);
    let (code, content) = match progress {
        FileProgress::Requested => (0, None),
        FileProgress::Made(content) => (1, Some(content)),
        FileProgress::Delivered(content) => (2, Some(content)),
        FileProgress::Denied(content) => (3, Some(content)),
    };
    out.push(code);
    match content {
        None => {},
        Some(FileContent::Characters(sealed)) => {
            put_optional_text(out, None);
            put_sealed(out, sealed);
        },
        Some(FileContent::File { name, bytes }) => {
            put_optional_text(out, Some(name));
            put_sealed(out, bytes);
        },
    }
}

/// Which text it is, and not the text: that stays in the journal, sealed as it is.
fn put_sealed(out: &mut Vec<u8>, sealed: &Sealed) {
    out.extend_from_slice(&sealed.key.number().to_le_bytes());
    out.extend_from_slice(&sealed.digest.bytes());
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

fn put_details(out: &mut Vec<u8>, details: &OrderDetails) {
    let OrderDetails {
        order,
        kind,
        ordered_at,
        customer,
        product,
        sku,
        quantity,
        charging,
        expires_at,
    } = details;
    put_text(out, order.order.as_str());
    put_text(out, order.line.as_str());
    put_text(out, kind.name());
    put_text(out, kind.word().unwrap_or_default());
    put_instant(out, *ordered_at);
    put_optional_text(out, customer.as_ref().map(CustomerId::as_str));
    put_optional_text(out, product.as_ref().map(ProductId::as_str));
    put_optional_text(out, sku.as_ref().map(SkuCode::as_str));
    put_quantity(out, *quantity);
    put_optional_text(out, charging.map(ChargingMode::name));
    put_instant(out, *expires_at);
}

impl Bytes<'_> {
    pub(super) fn living(&mut self) -> Option<Living> {
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
            quantity: self.quantity()?,
            customer: self.optional(|bytes| CustomerId::parse(bytes.text()?).ok())?,
            changes: self.changes()?,
            orders_known: self.orders_known()?,
            access: self.optional(Self::sealed)?,
            checked: self.optional(Self::check)?,
            files: self.files()?,
        })
    }

    fn check(&mut self) -> Option<Check> {
        Some(Check {
            checked_at: self.instant()??,
            status: CodeStatus::of_word(self.text()?),
            expires_at: self.instant()?,
            product: self.optional(|bytes| ProductId::parse(bytes.text()?).ok())?,
            quantity: self.quantity()?,
        })
    }

    fn files(&mut self) -> Option<Vec<File>> {
        let count = self.number()?;
        (0..count).map(|_| self.file()).collect()
    }

    fn file(&mut self) -> Option<File> {
        let request = FileRequest {
            event: FileEventId::parse(self.text()?).ok()?,
            fingerprint: self.optional(Self::sealed)?,
            effective_at: self.instant()??,
            expires_at: self.instant()?,
        };
        let progress = match self.byte()? {
            0 => FileProgress::Requested,
            1 => FileProgress::Made(self.content()?),
            2 => FileProgress::Delivered(self.content()?),
            3 => FileProgress::Denied(self.content()?),
            _ => return None,
        };
        Some(File { request, progress })
    }

    fn content(&mut self) -> Option<FileContent> {
        let name = self.optional(|bytes| bytes.text().map(Into::into))?;
        let sealed = self.sealed()?;
        Some(match name {
            None => FileContent::Characters(sealed),
            Some(name) => FileContent::File {
                name,
                bytes: sealed,
            },
        })
    }

    fn sealed(&mut self) -> Option<Sealed> {
        Some(Sealed {
            key: SealKey::new(u128::from_le_bytes(self.array()?)),
            digest: Digest::new(self.array()?),
            bytes: Box::default(),
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

    fn orders_known(&mut self) -> Option<Vec<OrderDetails>> {
        let count = self.number()?;
        (0..count).map(|_| self.details()).collect()
    }

    fn details(&mut self) -> Option<OrderDetails> {
        Some(OrderDetails {
            order: OrderLine {
                order: OrderId::parse(self.text()?).ok()?,
                line: OrderLineId::parse(self.text()?).ok()?,
            },
            kind: match (self.text()?, self.text()?) {
                ("other", word) => OrderKind::Other(word.into()),
                (name, "") => OrderKind::from_name(name)?,
                (_, _) => return None,
            },
            ordered_at: self.instant()?,
            customer: self.optional(|bytes| CustomerId::parse(bytes.text()?).ok())?,
            product: self.optional(|bytes| ProductId::parse(bytes.text()?).ok())?,
            sku: self.optional(|bytes| SkuCode::parse(bytes.text()?).ok())?,
            quantity: self.quantity()?,
            charging: self.optional(|bytes| ChargingMode::from_name(bytes.text()?))?,
            expires_at: self.instant()?,
        })
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
