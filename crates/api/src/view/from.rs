//! From what is known to what is shown.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tenure_domain::{
    Instant, License, LicenseId, ListingId, Living, OrderDetails, Quantity, Status,
};
use tenure_journal::{Position, Receipt, Record, StreamVersion};
use tenure_outbound::Activated;
use tenure_projector::{Checkpoint, OrderLineRow, OrderRow, ReceiptRow};

use super::{
    ActivatedView, AsOf, Content, LicenseView, OrderDetailsView, OrderLineView, OrderView,
    PurchasedView, ReceiptSummary, ReceiptView, RecordView, data, outcome, time,
};

/// A license and where its last record is.
#[derive(Debug)]
pub struct Located<'a> {
    /// The license's id.
    pub id: &'a LicenseId,
    /// Its state.
    pub license: &'a License,
    /// The version of its stream.
    pub version: StreamVersion,
    /// The position of its last record.
    pub position: Position,
}

impl LicenseView {
    /// `None` for a license to which nothing has happened.
    pub fn of(located: &Located<'_>, at: Instant, as_of: &AsOf) -> Option<Self> {
        let living: &Living = located.license.living()?;
        let status: Status = located.license.status_at(at)?;
        Some(Self {
            id: located.id.to_string(),
            listing: living.listing.to_string(),
            family: living.family.name().to_owned(),
            status: status.name().to_owned(),
            starts_at: living.term.starts_at.map(time),
            expires_at: living.term.expires_at.map(time),
            grace_seconds: living.term.grace_seconds,
            customer_id: living.customer.as_ref().map(ToString::to_string),
            product_id: living.product.as_ref().map(ToString::to_string),
            quantity: living.quantity.map(Quantity::units),
            orders: living.orders().iter().map(ToString::to_string).collect(),
            version: located.version.number(),
            position: located.position.number(),
            at: time(at),
            as_of: as_of.clone(),
        })
    }
}

impl PurchasedView {
    /// `None` for a license to which nothing has happened.
    pub fn of(located: &Located<'_>, at: Instant, as_of: &AsOf) -> Option<Self> {
        let details = &located.license.living()?.orders_known;
        Some(Self {
            license: LicenseView::of(located, at, as_of)?,
            order_details: details.iter().map(OrderDetailsView::of).collect(),
        })
    }
}

impl AsOf {
    /// A point on the transaction axis.
    pub fn new(position: Position, recorded_at: Option<Instant>) -> Self {
        Self {
            position: position.number(),
            recorded_at: recorded_at.map(time),
        }
    }
}

impl From<Checkpoint> for AsOf {
    fn from(checkpoint: Checkpoint) -> Self {
        Self::new(checkpoint.position, checkpoint.recorded_at)
    }
}

impl From<&Record> for RecordView {
    fn from(record: &Record) -> Self {
        let subject = &record.stream.subject;
        let tenant = data::tenant_key(subject);
        Self {
            position: record.position.number(),
            license_id: record.stream.license_id().map(ToString::to_string),
            order_id: data::order_id(subject).map(ToString::to_string),
            tenant_id: tenant.map(|key| key.tenant.to_string()),
            instance_id: tenant.and_then(|key| key.instance.as_ref().map(ToString::to_string)),
            version: record.version.number(),
            event: record.event.name().to_owned(),
            effective_at: time(record.effective_at),
            recorded_at: time(record.recorded_at),
            actor: record.actor.name().to_owned(),
            receipt_id: record.receipt_id.to_string(),
            data: data::of(&record.event),
        }
    }
}

impl From<&ReceiptRow> for ReceiptSummary {
    fn from(row: &ReceiptRow) -> Self {
        Self {
            id: row.id.to_string(),
            listing: row.listing.clone(),
            arrived_at: time(row.arrived_at),
            method: row.method.clone(),
            activity: row.activity.clone(),
            authentic: row.authentic,
            verdict: row.verdict.name().to_owned(),
            reason: row.reason.clone(),
            license_id: row.license.as_ref().map(ToString::to_string),
        }
    }
}

impl ReceiptView {
    pub(crate) fn of(receipt: &Receipt, body: Content) -> Self {
        let text = |text: &str| text.to_owned();
        Self {
            summary: ReceiptSummary {
                id: receipt.id.to_string(),
                listing: text(&receipt.listing),
                arrived_at: time(receipt.arrived_at),
                method: text(&receipt.method),
                activity: receipt.activity.as_deref().map(text),
                authentic: receipt.authentic,
                verdict: receipt.verdict.name().to_owned(),
                reason: receipt.reason.as_deref().map(text),
                license_id: None,
            },
            parameters: text(&receipt.parameters),
            body,
            answer: Content::of(&receipt.answer),
        }
    }
}

impl Content {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self {
                encoding: "utf-8".to_owned(),
                content: text.to_owned(),
            },
            Err(_) => Self {
                encoding: "base64".to_owned(),
                content: STANDARD.encode(bytes),
            },
        }
    }

    pub(crate) fn erased() -> Self {
        Self {
            encoding: "erased".to_owned(),
            content: String::new(),
        }
    }
}

impl OrderView {
    pub(crate) fn of(row: &OrderRow, checkpoint: Checkpoint) -> Self {
        let line = |line: &OrderLineRow| OrderLineView {
            order_line_id: line.line.to_string(),
            listing: line.listing.to_string(),
            notified_at: time(line.notified_at),
            position: line.position.number(),
        };
        Self {
            id: row.id.to_string(),
            lines: row.lines.iter().map(line).collect(),
            licenses: row.licenses.iter().map(ToString::to_string).collect(),
            details: row.details.iter().map(OrderDetailsView::of).collect(),
            as_of: checkpoint.into(),
        }
    }
}

impl OrderDetailsView {
    fn of(details: &OrderDetails) -> Self {
        Self {
            order_line_id: details.order.line.to_string(),
            kind: details.kind.name().to_owned(),
            kind_received: details.kind.word().map(ToOwned::to_owned),
            ordered_at: details.ordered_at.map(time),
            customer_id: details.customer.as_ref().map(ToString::to_string),
            product_id: details.product.as_ref().map(ToString::to_string),
            sku_code: details.sku.as_ref().map(ToString::to_string),
            quantity: details.quantity.map(Quantity::units),
            charging_mode: details.charging.map(|mode| mode.name().to_owned()),
            expires_at: details.expires_at.map(time),
        }
    }
}

impl ActivatedView {
    /// What became of an activation.
    pub fn of(listing: &ListingId, code: &LicenseId, activated: &Activated) -> Self {
        Self {
            id: code.to_string(),
            listing: listing.to_string(),
            outcome: outcome(activated.outcome).to_owned(),
            receipt_id: activated.receipt_id.to_string(),
            position: activated.head.number(),
            expires_at: activated.expires_at.map(time),
            estimate: activated.estimate,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_text_are_shown_as_base64() {
        assert_eq!(Content::of("授权码".as_bytes()).content, "授权码");
        let binary = Content::of(&[0xff, 0x00]);
        assert_eq!(
            (binary.encoding.as_str(), binary.content.as_str()),
            ("base64", "/wA=")
        );
    }
}
