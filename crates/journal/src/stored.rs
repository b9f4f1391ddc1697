//! Events as bytes, and back.
//!
//! An event is stored as its name, a format number and a JSON object. The stored form is a
//! contract with every journal that exists: a field is never renamed and never given another
//! meaning. A new form takes the next format number, a step in [`upcast`] that reads the old form
//! as the new one, and a golden file beside the old one's, which stays.
//!
//! Instants are microseconds since the Unix epoch. Members that an event does not have are left
//! out; members that this version does not know are refused, because leaving them out of a fold
//! would be to forget.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use tenure_domain::{
    Family, Instant, ListingId, OrderId, OrderLine, OrderLineId, TermChange, order,
};

use crate::event::Event;

mod check;
mod file;
mod known_order;
mod sealed;
mod tenant;
mod terms;
pub mod upcast;
mod usage;

use known_order::KnownOrder;
use sealed::StoredSealed;
use terms::{Activated, ChangedTerm};

/// An event ready to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The event's name.
    pub name: &'static str,
    /// The format number of the data.
    pub format: u16,
    /// A JSON object.
    pub data: String,
}

/// An event as it was stored, by this version or another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    name: Cow<'static, str>,
    format: u16,
    data: Box<str>,
}

impl Unread {
    /// Keeps what was stored.
    pub fn new(name: &str, format: u16, data: &str) -> Self {
        let known = FORMATS.into_iter().find(|(known, _)| *known == name);
        Self {
            name: known.map_or_else(|| Cow::Owned(name.to_owned()), |(known, _)| known.into()),
            format,
            data: data.into(),
        }
    }

    /// Reads it.
    pub fn read(&self) -> Result<Event, StoredError> {
        decode(&self.name, self.format, &self.data)
    }
}

impl From<Stored> for Unread {
    fn from(stored: Stored) -> Self {
        Self {
            name: stored.name.into(),
            format: stored.format,
            data: stored.data.into(),
        }
    }
}

/// Why stored bytes are not an event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoredError {
    /// This version knows no event of that name: a newer version wrote it.
    #[error("there is no event named {0:?}; a newer version may have written it")]
    UnknownName(String),
    /// The format is newer than this version.
    #[error("{name} has format {format}, and this version reads up to {newest}")]
    Newer {
        /// The event's name.
        name: String,
        /// The format found.
        format: u16,
        /// The newest format that this version reads.
        newest: u16,
    },
    /// The data is not what its name and format promise.
    #[error("{name} is damaged: {reason}")]
    Damaged {
        /// The event's name.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// The newest format of every event. Persisted: names are never changed, numbers only grow.
pub const FORMATS: [(&str, u16); 34] = [
    ("purchased", 1),
    ("issued", 1),
    ("provisioned", 1),
    ("activated", 1),
    ("renewed", 1),
    ("renewal_cancelled", 1),
    ("converted_to_paid", 1),
    ("upgraded", 1),
    ("expired", 1),
    ("suspended", 1),
    ("reinstated", 1),
    ("released", 1),
    ("order_known", 1),
    ("access_told", 1),
    ("code_checked", 1),
    ("file_requested", 1),
    ("file_made", 1),
    ("file_delivered", 1),
    ("file_denied", 1),
    ("order_notified", 1),
    ("tenant_bound", 1),
    ("tenant_unbound", 1),
    ("client_set", 1),
    ("client_removed", 1),
    ("members_granted", 1),
    ("members_changed", 1),
    ("members_withdrawn", 1),
    ("departments_set", 1),
    ("departments_removed", 1),
    ("usage_reported", 1),
    ("usage_sent", 1),
    ("usage_not_taken", 1),
    ("usage_taken", 1),
    ("usage_denied", 1),
];

fn newest_format(name: &str) -> Option<u16> {
    FORMATS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, format)| *format)
}

/// The stored form of an event.
pub fn encode(event: &Event) -> Stored {
    let name = event.name();
    let data = match event {
        Event::License(event) => encode_license(event),
        Event::Order(order::Event::Notified { listing, order }) => json(&Listed {
            listing: text(listing.as_str()),
            order: StoredOrder::from(order),
        }),
        Event::Tenant(event) => tenant::encode(event),
        Event::Usage(event) => usage::encode(event),
    };
    Stored {
        name,
        format: newest_format(name).unwrap_or(1),
        data,
    }
}

fn encode_license(event: &tenure_domain::Event) -> String {
    use tenure_domain::Event as E;
    match event {
        E::Purchased {
            listing,
            family,
            order,
        } => json(&Purchased {
            listing: text(listing.as_str()),
            family: text(family.name()),
            order: StoredOrder::from(order),
        }),
        E::Issued { listing } => json(&Issued {
            listing: text(listing.as_str()),
        }),
        E::Provisioned { provisioned_at } => json(&Provisioned {
            provisioned_at: provisioned_at.micros(),
        }),
        E::Activated(activation) => json(&Activated::from(activation)),
        E::Renewed(change) | E::RenewalCancelled(change) | E::ConvertedToPaid(change) => {
            json(&ChangedTerm::from(change))
        },
        E::Upgraded { order } => json(&StoredOrder::from(order)),
        E::Released { order } => json(&Released {
            order: order.as_ref().map(StoredOrder::from),
        }),
        E::OrderKnown(details) => json(&KnownOrder::from(details.as_ref())),
        E::AccessTold { access } => json(&AccessTold {
            access: access.into(),
        }),
        E::CodeChecked(check) => json(&check::Checked::from(check.as_ref())),
        E::FileRequested(request) => json(&file::Requested::from(request.as_ref())),
        E::FileMade { key, content } => json(&file::Made::of(key, content)),
        E::FileDelivered { key } => json(&file::Delivered::from(key)),
        E::FileDenied { key, code } => json(&file::Denied::of(key, code)),
        E::Expired | E::Suspended | E::Reinstated => json(&Bare {}),
    }
}

/// Reads a stored event, of its present form or of an older one.
pub fn decode(name: &str, format: u16, data: &str) -> Result<Event, StoredError> {
    let newest = newest_format(name)
        .ok_or_else(|| StoredError::UnknownName(name.chars().take(64).collect()))?;
    match format {
        _ if format == newest => decode_newest(name, data),
        _ if format < newest => decode_newest(
            name,
            &upcast::to_newest(upcast::STEPS, name, format, newest, data)?,
        ),
        _ => Err(StoredError::Newer {
            name: name.to_owned(),
            format,
            newest,
        }),
    }
}

fn decode_newest(name: &str, data: &str) -> Result<Event, StoredError> {
    use tenure_domain::Event as E;
    let damaged = |reason: String| StoredError::Damaged {
        name: name.to_owned(),
        reason,
    };
    let event = match name {
        "purchased" => purchased(data),
        "issued" => parse::<Issued<'_>>(data).and_then(|stored| {
            Ok(E::Issued {
                listing: id(ListingId::parse(&stored.listing))?,
            })
        }),
        "provisioned" => parse::<Provisioned>(data).map(|stored| E::Provisioned {
            provisioned_at: Instant::from_micros(stored.provisioned_at),
        }),
        "activated" => {
            parse::<Activated<'_>>(data).and_then(|stored| stored.read().map(E::Activated))
        },
        "renewed" => term_change(data).map(E::Renewed),
        "renewal_cancelled" => term_change(data).map(E::RenewalCancelled),
        "converted_to_paid" => term_change(data).map(E::ConvertedToPaid),
        "upgraded" => parse::<StoredOrder<'_>>(data).and_then(|stored| {
            Ok(E::Upgraded {
                order: stored.read()?,
            })
        }),
        "expired" => parse::<Bare>(data).map(|Bare {}| E::Expired),
        "suspended" => parse::<Bare>(data).map(|Bare {}| E::Suspended),
        "reinstated" => parse::<Bare>(data).map(|Bare {}| E::Reinstated),
        "released" => parse::<Released<'_>>(data).and_then(|stored| {
            Ok(E::Released {
                order: stored.order.map(|order| order.read()).transpose()?,
            })
        }),
        "order_known" => parse::<KnownOrder<'_>>(data).and_then(|stored| {
            let details = stored.read()?;
            Ok(E::OrderKnown(Box::new(details)))
        }),
        "access_told" => parse::<AccessTold<'_>>(data).and_then(|stored| {
            Ok(E::AccessTold {
                access: stored.access.read()?,
            })
        }),
        "code_checked" => check::checked(data),
        "file_requested" => file::requested(data),
        "file_made" => file::made(data),
        "file_delivered" => file::delivered(data),
        "file_denied" => file::denied(data),
        "order_notified" => {
            return parse::<Listed<'_>>(data)
                .and_then(|stored| {
                    Ok(Event::Order(order::Event::Notified {
                        listing: id(ListingId::parse(&stored.listing))?,
                        order: stored.order.read()?,
                    }))
                })
                .map_err(|Reason(reason)| damaged(reason));
        },
        _ => {
            let tenant = tenant::decode(name, data).map(|read| read.map(Event::Tenant));
            let usage = || usage::decode(name, data).map(|read| read.map(Event::Usage));
            return tenant
                .or_else(usage)
                .ok_or_else(|| StoredError::UnknownName(name.to_owned()))?
                .map_err(|Reason(reason)| damaged(reason));
        },
    };
    event
        .map(Event::License)
        .map_err(|Reason(reason)| damaged(reason))
}

fn purchased(data: &str) -> Result<tenure_domain::Event, Reason> {
    let stored = parse::<Purchased<'_>>(data)?;
    Ok(tenure_domain::Event::Purchased {
        listing: id(ListingId::parse(&stored.listing))?,
        family: Family::from_name(&stored.family).ok_or("there is no such family")?,
        order: stored.order.read()?,
    })
}

fn term_change(data: &str) -> Result<TermChange, Reason> {
    parse::<ChangedTerm<'_>>(data)?.read()
}

/// What is wrong with a piece of stored data.
struct Reason(String);

impl From<&str> for Reason {
    fn from(reason: &str) -> Self {
        Self(reason.to_owned())
    }
}

fn parse<'a, T: Deserialize<'a>>(data: &'a str) -> Result<T, Reason> {
    serde_json::from_str(data).map_err(|error| Reason(error.to_string()))
}

fn id<T, E: ToString>(parsed: Result<T, E>) -> Result<T, Reason> {
    parsed.map_err(|error| Reason(error.to_string()))
}

fn json<T: Serialize>(stored: &T) -> String {
    serde_json::to_string(stored).expect("structs of texts and numbers always serialize")
}

fn text(text: &str) -> Cow<'_, str> {
    Cow::Borrowed(text)
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bare {}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Purchased<'a> {
    #[serde(borrow)]
    listing: Cow<'a, str>,
    #[serde(borrow)]
    family: Cow<'a, str>,
    #[serde(borrow)]
    order: StoredOrder<'a>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed<'a> {
    #[serde(borrow)]
    listing: Cow<'a, str>,
    #[serde(borrow)]
    order: StoredOrder<'a>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Issued<'a> {
    #[serde(borrow)]
    listing: Cow<'a, str>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Provisioned {
    provisioned_at: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AccessTold<'a> {
    #[serde(borrow)]
    access: StoredSealed<'a>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Released<'a> {
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    order: Option<StoredOrder<'a>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredOrder<'a> {
    #[serde(borrow)]
    order_id: Cow<'a, str>,
    #[serde(borrow)]
    order_line_id: Cow<'a, str>,
}

impl<'a> From<&'a OrderLine> for StoredOrder<'a> {
    fn from(order: &'a OrderLine) -> Self {
        Self {
            order_id: text(order.order.as_str()),
            order_line_id: text(order.line.as_str()),
        }
    }
}

impl StoredOrder<'_> {
    fn read(&self) -> Result<OrderLine, Reason> {
        Ok(OrderLine {
            order: id(OrderId::parse(&self.order_id))?,
            line: id(OrderLineId::parse(&self.order_line_id))?,
        })
    }
}
