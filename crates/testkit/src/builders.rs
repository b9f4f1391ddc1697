//! Single values for tests: well formed, made up, and the same for the same number.

use tenure_domain::{
    Activation, ChargingMode, Command, CustomerId, Family, IdError, Instant, Intent, LicenseId,
    ListingId, OrderDetails, OrderId, OrderKind, OrderLine, OrderLineId, ProductId, Quantity,
    SkuCode, TermChange, WhenAbsent,
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

pub(crate) fn well_formed<T>(parsed: Result<T, IdError>) -> T {
    parsed.expect("what the testkit makes is well formed")
}
