//! Names of streams.

use std::fmt;

use tenure_domain::tenant::{Partition, TenantKey};
use tenure_domain::{LicenseId, ListingId, MerchantId, OrderId, OrderLine, OrderLineId, TenantId};

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
    /// An enterprise, for one instance.
    Tenant(TenantKey),
    /// The use of a license.
    Usage(LicenseId),
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

    /// The stream of an enterprise.
    pub fn tenant(merchant: &MerchantId, key: &TenantKey) -> Self {
        Self {
            merchant: merchant.clone(),
            subject: Subject::Tenant(key.clone()),
        }
    }

    /// The stream of the use of a license.
    pub fn usage(merchant: &MerchantId, id: &LicenseId) -> Self {
        Self {
            merchant: merchant.clone(),
            subject: Subject::Usage(id.clone()),
        }
    }

    /// The license that the stream is about, if it is about one or its use.
    pub fn license_id(&self) -> Option<&LicenseId> {
        match &self.subject {
            Subject::License(id) | Subject::Usage(id) => Some(id),
            Subject::Order(_) | Subject::Tenant(_) => None,
        }
    }

    /// Whether nothing of it is real: it holds what test calls told.
    pub fn is_of_tests(&self) -> bool {
        match &self.subject {
            Subject::Tenant(key) => key.partition == Partition::Test,
            Subject::License(_) | Subject::Order(_) | Subject::Usage(_) => false,
        }
    }

    /// Reads the stored form back.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '/');
        let merchant = MerchantId::parse(parts.next()?).ok()?;
        let subject = match (parts.next()?, parts.next()?) {
            ("license", id) => Subject::License(LicenseId::parse(id).ok()?),
            ("order", rest) => {
                let (order, line) = rest.split_once(SEPARATOR)?;
                Subject::Order(OrderLine {
                    order: OrderId::parse(order).ok()?,
                    line: OrderLineId::parse(line).ok()?,
                })
            },
            ("usage", id) => Subject::Usage(LicenseId::parse(id).ok()?),
            ("tenant", rest) => Subject::Tenant(parse_tenant(rest)?),
            _ => return None,
        };
        Some(Self { merchant, subject })
    }
}

/// The instance may be missing, which no id can say: ids have at least one character.
fn parse_tenant(text: &str) -> Option<TenantKey> {
    let mut parts = text.split(SEPARATOR);
    let key = TenantKey {
        listing: ListingId::parse(parts.next()?).ok()?,
        partition: Partition::from_name(parts.next()?)?,
        instance: match parts.next()? {
            "" => None,
            id => Some(LicenseId::parse(id).ok()?),
        },
        tenant: TenantId::parse(parts.next()?).ok()?,
    };
    parts.next().is_none().then_some(key)
}

/// Separates ids in a name. No id may have it, so that no two subjects share a name.
const SEPARATOR: char = '\u{1f}';

/// The stored form, persisted: `acme/license/PLTEST0001`. Where a subject has several ids, U+001F
/// separates them.
impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.subject {
            Subject::License(id) => write!(f, "{}/license/{id}", self.merchant),
            Subject::Usage(id) => write!(f, "{}/usage/{id}", self.merchant),
            Subject::Order(OrderLine { order, line }) => {
                write!(f, "{}/order/{order}{SEPARATOR}{line}", self.merchant)
            },
            Subject::Tenant(TenantKey {
                listing,
                partition,
                instance,
                tenant,
            }) => {
                let (partition, instance) = (partition.name(), instance.as_ref());
                let instance = instance.map_or("", LicenseId::as_str);
                write!(
                    f,
                    "{}/tenant/{listing}{SEPARATOR}{partition}{SEPARATOR}{instance}{SEPARATOR}{tenant}",
                    self.merchant
                )
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
            let usage = StreamId::usage(&merchant, &LicenseId::parse(id).unwrap());
            assert_eq!(StreamId::parse(&usage.to_string()), Some(usage));
            for instance in [None, Some(LicenseId::parse(id).unwrap())] {
                for partition in [Partition::Real, Partition::Test] {
                    let key = TenantKey {
                        listing: ListingId::parse("cad-pro").unwrap(),
                        partition,
                        instance: instance.clone(),
                        tenant: TenantId::parse(id).unwrap(),
                    };
                    let tenant = StreamId::tenant(&merchant, &key);
                    assert_eq!(StreamId::parse(&tenant.to_string()), Some(tenant));
                }
            }
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
            "acme/usage/",
            "acme/tenant/cad-pro",
            "acme/tenant/cad-pro\u{1f}real\u{1f}\u{1f}",
            "acme/tenant/cad-pro\u{1f}unreal\u{1f}\u{1f}t-0001",
            "acme/tenant/cad-pro\u{1f}real\u{1f}\u{1f}t-0001\u{1f}x",
        ] {
            assert_eq!(StreamId::parse(text), None, "{text}");
        }
    }
}
