//! Single values for tests: well formed, made up, and the same for the same number.

use tenure_domain::file::FileRequest;
use tenure_domain::{
    Activation, ChargingMode, Check, CodeStatus, Command, CustomerId, Digest, Family, FileEventId,
    IdError, Instant, Intent, LicenseId, ListingId, OrderDetails, OrderId, OrderKind, OrderLine,
    OrderLineId, ProductId, Quantity, SealKey, Sealed, SkuCode, TermChange, WhenAbsent,
};

/// The production address `cad-pro`.
pub fn listing() -> ListingId {
    well_formed(ListingId::parse("cad-pro"))
}

/// An authorization code: 1 is `PLTEST0001`.
pub fn code(number: u32) -> LicenseId {
    well_formed(LicenseId::parse(&format!("PLTEST{number:04}")))
}

/// An order: 1 is `CS2211181819T0001`.
pub fn order(number: u32) -> OrderId {
    well_formed(OrderId::parse(&format!("CS2211181819T{number:04}")))
}

/// The first line of [`order`]: 1 is `CS2211181819T0001-000001`.
pub fn order_line(number: u32) -> OrderLine {
    let order = order(number);
    let line = well_formed(OrderLineId::parse(&format!("{order}-000001")));
    OrderLine { order, line }
}

/// A product: 1 is `PRODTEST0001`.
pub fn product(number: u32) -> ProductId {
    well_formed(ProductId::parse(&format!("PRODTEST{number:04}")))
}

/// A customer: 1 is `customer-0001`.
pub fn customer(number: u32) -> CustomerId {
    well_formed(CustomerId::parse(&format!("customer-{number:04}")))
}

/// What the marketplace tells of [`order_line`] `number`: a first purchase at the epoch by
/// [`customer`] 1, of one unit of [`product`] `number`, for a year.
pub fn details(number: u32) -> OrderDetails {
    OrderDetails {
        order: order_line(number),
        kind: OrderKind::New,
        ordered_at: Some(Instant::EPOCH),
        customer: Some(customer(1)),
        product: Some(product(number)),
        sku: Some(well_formed(SkuCode::parse("SKUTEST0001"))),
        quantity: Some(well_formed(Quantity::parse(1))),
        charging: Some(ChargingMode::Period),
        expires_at: Some(Instant::from_seconds(365 * 86_400)),
    }
}

/// What the marketplace told at the epoch of a code: in force until `seconds` after the epoch, with
/// one unit of [`product`] 1.
pub fn check(seconds: i64) -> Check {
    Check {
        checked_at: Instant::EPOCH,
        status: CodeStatus::Alive,
        expires_at: Some(Instant::from_seconds(seconds)),
        product: Some(product(1)),
        quantity: Some(well_formed(Quantity::parse(1))),
    }
}

/// An activation at the epoch that names order `number`: one unit, a term that ends `seconds`
/// after the epoch, no grace, no product.
pub fn activation(number: u32, seconds: i64) -> Activation {
    Activation {
        activated_at: Instant::EPOCH,
        expires_at: Some(Instant::from_seconds(seconds)),
        grace_seconds: 0,
        product: None,
        quantity: Some(well_formed(Quantity::parse(1))),
        order: Some(order(number)),
    }
}

/// A change by [`order_line`] `number` to a term that ends `seconds` after the epoch: no grace,
/// the same product.
pub fn term_change(number: u32, seconds: i64) -> TermChange {
    TermChange {
        scene: "RENEWAL".into(),
        order: order_line(number),
        expires_at: Instant::from_seconds(seconds),
        expires_at_received: seconds.to_string().into(),
        grace_seconds: 0,
        product: None,
    }
}

/// A command that came through [`listing`]; codes never seen are remembered.
pub fn command(family: Family, at: Instant, intent: Intent) -> Command {
    Command {
        listing: listing(),
        family,
        at,
        when_absent: WhenAbsent::Remember,
        intent,
    }
}

/// A sealed text; those of one number are known to be the same.
pub fn sealed(number: u8) -> Sealed {
    Sealed {
        key: SealKey::new(1),
        digest: Digest::new([number; 16]),
        bytes: vec![number; 40].into(),
    }
}

/// The marketplace's name of a request for a license file: 1 is `EVTEST0001`.
pub fn file_event(number: u32) -> FileEventId {
    well_formed(FileEventId::parse(&format!("EVTEST{number:04}")))
}

/// A request for a license file for a device, if one is named: from the epoch on, without end.
pub fn file_request(number: u32, device: Option<u8>) -> FileRequest {
    FileRequest {
        event: file_event(number),
        fingerprint: device.map(sealed),
        effective_at: Instant::EPOCH,
        expires_at: None,
    }
}

pub(crate) fn well_formed<T>(parsed: Result<T, IdError>) -> T {
    parsed.expect("what the testkit makes is well formed")
}
