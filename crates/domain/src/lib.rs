//! What a license is: its state, the commands that may change it, the events that did, and the
//! rules between them.
//!
//! Everything here is plain data and total, synchronous functions: no clock, no randomness, no
//! serialization, no input or output. [`decide()`] turns a state and a command into events, or into
//! a refusal; [`License::evolve`] turns a state and an event into the next state. Doing a thing
//! again yields no events: that is the whole of idempotency, since the marketplace sends no event
//! id, changes its `businessId` on every call, and repeats freeze and unfreeze with equal bodies.
//!
//! The decision table stands in [`mod@decide`], the readings of a state at an instant in
//! [`status`], and what every history obeys in [`laws`].

pub mod check;
pub mod command;
pub mod decide;
pub mod event;
mod evolve;
pub mod file;
pub mod ids;
pub mod laws;
pub mod license;
pub mod order;
pub mod order_details;
pub mod refusal;
pub mod sealed;
pub mod status;
pub mod tenant;
pub mod term;
pub mod time;
pub mod usage;

pub use check::{Check, CodeStatus};
pub use command::{Command, Intent, WhenAbsent};
pub use decide::decide;
pub use event::{Activation, Event, TermChange};
pub use ids::{
    ApplicationId, CustomerId, DepartmentCode, FileEventId, IdError, LicenseId, ListingId,
    MerchantId, OrderId, OrderLine, OrderLineId, ProductId, Quantity, SkuCode, TenantId,
    UsageSerial,
};
pub use license::{Family, Hold, License, Living, Phase};
pub use order_details::{ChargingMode, OrderDetails, OrderKind};
pub use refusal::Refusal;
pub use sealed::{Digest, SealKey, Sealed};
pub use status::{Entitlement, Status};
pub use term::Term;
pub use time::Instant;
