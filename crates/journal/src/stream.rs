//! Names of streams.

use std::fmt;

use tenure_domain::{LicenseId, MerchantId, OrderId, OrderLine, OrderLineId};

/// The events of one subject, in order. Streams belong to a merchant, so that one merchant's
/// calls cannot touch, or even create, a stream of another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId {
    /// Whose it is.
    pub merchant: MerchantId,
    /// What its events are about.
    pub subject: Subject,
}

/// What a stream is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A license: an instance, or an authorization code.
    License(LicenseId),
    /// An order line that the marketplace announced.
    Order(OrderLine),
}

impl StreamId {
    /// The stream of a license.
    pub fn license(merchant: &MerchantId, id: &LicenseId) -> Self {
        Self {
            merchant: merchant.clone(),
            subject: Subject::License(id.clone()),
        }
    }

    /// The stream of an order line.
    pub fn order(merchant: &MerchantId, order: &OrderLine) -> Self {
        Self {
            merchant: merchant.clone(),
            subject: Subject::Order(order.clone()),
        }
    }

    /// The license that the stream is about, if it is about one.
    pub fn license_id(&self) -> Option<&LicenseId> {
        match &self.subject {
            Subject::License(id) => Some(id),
            Subject::Order(_) => None,
        }
    }

    /// Reads the stored form back.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '/');
        let merchant = MerchantId::parse(parts.next()?).ok()?;
        let subject = match (parts.next()?, parts.next()?) {
            ("license", id) => Subject::License(LicenseId::parse(id).ok()?),
            ("order", rest) => {
                let (order, line) = rest.split_once('\u{1f}')?;
                Subject::Order(OrderLine {
                    order: OrderId::parse(order).ok()?,
                    line: OrderLineId::parse(line).ok()?,
                })
            },
            _ => return None,
        };
        Some(Self { merchant, subject })
    }
}

/// The stored form, persisted: `acme/license/PLTEST0001`. The two ids of an order line are
/// separated by U+001F, which no id may have, so that two order lines never share a name.
impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.subject {
            Subject::License(id) => write!(f, "{}/license/{id}", self.merchant),
            Subject::Order(OrderLine { order, line }) => {
                write!(f, "{}/order/{order}\u{1f}{line}", self.merchant)
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_survive_the_round_trip_whatever_the_ids_hold() {
        let merchant = MerchantId::parse("acme").unwrap();
        for id in ["PLTEST0001", "a/b", "a/license/b", "授权码", " "] {
            let license = StreamId::license(&merchant, &LicenseId::parse(id).unwrap());
            assert_eq!(StreamId::parse(&license.to_string()), Some(license));
            let order = OrderLine {
                order: OrderId::parse(id).unwrap(),
                line: OrderLineId::parse("x/1").unwrap(),
            };
            let order = StreamId::order(&merchant, &order);
            assert_eq!(StreamId::parse(&order.to_string()), Some(order));
        }
    }

    #[test]
    fn what_is_no_name_is_none() {
        for text in [
            "",
            "acme",
            "acme/license",
            "acme/license/",
            "acme/order/x",
            "Acme/license/x",
        ] {
            assert_eq!(StreamId::parse(text), None, "{text}");
        }
    }
}
