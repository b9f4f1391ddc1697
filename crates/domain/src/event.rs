//! What happened to a license. An event is a fact in the past tense: never refused, never changed.

use crate::check::Check;
use crate::file::{FileContent, FileKey, FileRequest};
use crate::ids::{ListingId, OrderId, OrderLine, ProductId, Quantity};
use crate::license::Family;
use crate::order_details::OrderDetails;
use crate::sealed::Sealed;
use crate::time::Instant;

/// A fact about one license.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The marketplace announced a purchase (`newInstance`). Opens the stream of an instance.
    Purchased {
        /// The production address that was called.
        listing: ListingId,
        /// The kind of product.
        family: Family,
        /// The order line that pays for it.
        order: OrderLine,
    },
    /// We first heard of an authorization code. Opens the stream of a code: the marketplace
    /// makes codes and announces none, so this comes with whatever told us.
    Issued {
        /// The production address through which we heard of it.
        listing: ListingId,
    },
    /// The merchant's application is ready for the buyer.
    Provisioned {
        /// Since when.
        provisioned_at: Instant,
    },
    /// The merchant told where this buyer finds the application, and with which account.
    AccessTold {
        /// What it told.
        access: Sealed,
    },
    /// The authorization code came into force for a buyer.
    Activated(Activation),
    /// The term was lengthened under a new order.
    Renewed(TermChange),
    /// A renewal that had not begun was refunded: the term is shorter again.
    RenewalCancelled(TermChange),
    /// A trial became a paid license.
    ConvertedToPaid(TermChange),
    /// Specification or capacity changed under a new order.
    Upgraded {
        /// The order line of the change.
        order: OrderLine,
    },
    /// The marketplace said that the term is over. (That a term runs out is no event: it is a
    /// reading of the status at an instant.)
    Expired,
    /// Use was withheld before the term's end.
    Suspended,
    /// Use was given back.
    Reinstated,
    /// The license ended for good; its data may go.
    Released {
        /// The unsubscription that caused it, if one did.
        order: Option<OrderLine>,
    },
    /// The marketplace told what an order is that changed the license before: who bought, what,
    /// and how many. It changes no term and no status, and may follow a release.
    OrderKnown(Box<OrderDetails>),
    /// The marketplace told, when it was asked, what the code is, and it is not what it told
    /// before. It changes no term and no status, and may follow a release.
    CodeChecked(Box<Check>),
    /// The buyer's software asked, through the marketplace, for a license file.
    FileRequested(Box<FileRequest>),
    /// The merchant made the file that was asked for.
    FileMade {
        /// Which was asked for.
        key: FileKey,
        /// The file.
        content: FileContent,
    },
    /// The marketplace took the file.
    FileDelivered {
        /// Which was asked for.
        key: FileKey,
    },
    /// The marketplace does not take the file, and will not.
    FileDenied {
        /// Which was asked for.
        key: FileKey,
        /// The marketplace's code.
        code: Box<str>,
    },
}

/// What an activation told us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activation {
    /// When the code came into force.
    pub activated_at: Instant,
    /// When the term ends; the marketplace calls the activation's own answer an estimate, so this
    /// comes from a query where one succeeded.
    pub expires_at: Option<Instant>,
    /// The grace after the term, in seconds.
    pub grace_seconds: u32,
    /// What is licensed.
    pub product: Option<ProductId>,
    /// How many units.
    pub quantity: Option<Quantity>,
    /// The purchase order: the bridge from a code to an order notification.
    pub order: Option<OrderId>,
}

/// A new end of the term, and the order behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TermChange {
    /// The marketplace's word for the occasion, as received: `RENEWAL`, `RENEWAL_CHANGE`,
    /// `TRIAL_TO_FORMAL`, `UNSUBSCRIBE_RENEWAL_PERIOD`, or one we do not know.
    pub scene: Box<str>,
    /// The order line of this change.
    pub order: OrderLine,
    /// The new end of the term.
    pub expires_at: Instant,
    /// The text that `expires_at` was read from; its time zone is an assumption.
    pub expires_at_received: Box<str>,
    /// The grace after the term, in seconds.
    pub grace_seconds: u32,
    /// The new product, if the change of period changed it.
    pub product: Option<ProductId>,
}

impl Event {
    /// The name under which the event is stored and shown. Persisted: never change one.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Purchased { .. } => "purchased",
            Self::Issued { .. } => "issued",
            Self::Provisioned { .. } => "provisioned",
            Self::AccessTold { .. } => "access_told",
            Self::Activated(_) => "activated",
            Self::Renewed(_) => "renewed",
            Self::RenewalCancelled(_) => "renewal_cancelled",
            Self::ConvertedToPaid(_) => "converted_to_paid",
            Self::Upgraded { .. } => "upgraded",
            Self::Expired => "expired",
            Self::Suspended => "suspended",
            Self::Reinstated => "reinstated",
            Self::Released { .. } => "released",
            Self::OrderKnown(_) => "order_known",
            Self::CodeChecked(_) => "code_checked",
            Self::FileRequested(_) => "file_requested",
            Self::FileMade { .. } => "file_made",
            Self::FileDelivered { .. } => "file_delivered",
            Self::FileDenied { .. } => "file_denied",
        }
    }
}
