//! What somebody wants done to a license. A command is an intent, and may be refused.

use crate::check::Check;
use crate::event::{Activation, TermChange};
use crate::file::{FileContent, FileKey, FileRequest, FileRules};
use crate::ids::{ListingId, OrderLine};
use crate::license::Family;
use crate::order_details::OrderDetails;
use crate::sealed::Sealed;
use crate::time::Instant;

/// An intent, where it came from, and when it takes effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The production address it came through.
    pub listing: ListingId,
    /// The family whose key signed it. A command of one family never touches a license of
    /// another, so that a key of one interface type has no power over the others.
    pub family: Family,
    /// When it takes effect: the arrival of the call.
    pub at: Instant,
    /// What to do about an authorization code that we have never seen.
    pub when_absent: WhenAbsent,
    /// What is wanted.
    pub intent: Intent,
}

/// What to do with a call about an authorization code that was never activated here. The guides
/// leave it open: such a call is legitimate (bought, never activated, then expired or returned).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenAbsent {
    /// Keep the fact and answer success.
    Remember,
    /// Answer that the code does not exist. A release is remembered all the same.
    Refuse,
}

/// What is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Intent {
    /// `newInstance`: make an instance for an order line.
    Purchase {
        /// The order line.
        order: OrderLine,
        /// Whether the application is ready at once, or will report it later.
        ready: bool,
        /// What the call told of the order beside its name, if it did. Details of another order
        /// line are of no use here, and ignored.
        details: Option<Box<OrderDetails>>,
    },
    /// The merchant says that the application is ready, or that it is to be found elsewhere now.
    ReportProvisioned {
        /// Where this buyer finds it and with which account, if the merchant tells.
        access: Option<Sealed>,
    },
    /// The marketplace confirmed that a code is activated.
    Activate(Activation),
    /// A renewal, with or without a change of specification, or a scene we do not know.
    Renew(TermChange),
    /// A renewal was refunded before it began.
    CancelRenewal(TermChange),
    /// A trial was bought.
    ConvertToPaid(TermChange),
    /// Specification or capacity changed.
    Upgrade {
        /// The order line of the change.
        order: OrderLine,
        /// What the call told of the order beside its name, if it did; as of a purchase.
        details: Option<Box<OrderDetails>>,
    },
    /// `FREEZE`: before the term's end a suspension, at or after it an expiry.
    Freeze,
    /// `expireInstance` of V1.0: an expiry, also where no end of the term is known here, or where
    /// one is told that lies near. V1.0 knows no other word for the end, and lifts it by a renewal;
    /// so the call does nothing once a renewal or a conversion set an end more than a day ahead.
    /// The marketplace repeats a call for an hour, and the buyer may have renewed meanwhile.
    Expire,
    /// `UNFREEZE`, or `NORMAL` in the older words.
    Unfreeze,
    /// End it for good.
    Release {
        /// The unsubscription behind it, if there is one.
        order: Option<OrderLine>,
    },
    /// The marketplace, when it was asked, told what an order of the license is.
    LearnOrder(Box<OrderDetails>),
    /// The marketplace, when it was asked, told what a code is.
    NoteCheck(Box<Check>),
    /// `getLicenseAsync`: the buyer's software asks for a license file.
    RequestFile {
        /// What is asked for.
        request: Box<FileRequest>,
        /// What the guides leave to the merchant.
        rules: FileRules,
    },
    /// The merchant made a file that was asked for.
    MakeFile {
        /// Which was asked for.
        key: FileKey,
        /// The file.
        content: FileContent,
    },
    /// The marketplace took a file that was made, or never will.
    NoteDelivery {
        /// Which was asked for.
        key: FileKey,
        /// The marketplace's code, if it never will.
        denied: Option<Box<str>>,
    },
}
