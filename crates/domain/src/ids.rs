//! Names of things: each exists only if it is well formed.

use std::fmt;
use std::num::NonZeroU32;

use smol_str::SmolStr;

/// Why a text is not an identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The text has no characters.
    #[error("{name} is empty")]
    Empty {
        /// Which identifier it was meant to be.
        name: &'static str,
    },
    /// The text has more characters than the marketplace's field tables allow.
    #[error("{name} is longer than {max} characters")]
    TooLong {
        /// Which identifier it was meant to be.
        name: &'static str,
        /// The most characters allowed.
        max: usize,
    },
    /// The text has a character that the identifier must not have.
    #[error("{name} has a character that is not allowed")]
    BadCharacter {
        /// Which identifier it was meant to be.
        name: &'static str,
    },
    /// The number is zero.
    #[error("{name} is zero")]
    Zero {
        /// Which identifier it was meant to be.
        name: &'static str,
    },
}

fn parse(
    name: &'static str,
    max: usize,
    text: &str,
    allowed: fn(char) -> bool,
) -> Result<SmolStr, IdError> {
    if text.is_empty() {
        return Err(IdError::Empty { name });
    }
    if text.len() > max && text.chars().count() > max {
        return Err(IdError::TooLong { name, max });
    }
    if text.chars().all(allowed) {
        Ok(text.into())
    } else {
        Err(IdError::BadCharacter { name })
    }
}

/// Opaque to us: anything the marketplace may print on one line.
fn opaque(character: char) -> bool {
    !character.is_control()
}

/// Chosen by the operator, and part of addresses and stream names.
fn slug(character: char) -> bool {
    character.is_ascii_lowercase() || character.is_ascii_digit() || matches!(character, '-' | '_')
}

macro_rules! text_id {
    ($(#[$doc:meta])* $type:ident, $name:literal, $max:literal, $allowed:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type(SmolStr);

        impl $type {
            /// The most characters that one may have.
            pub const CHARACTERS_MAX: usize = $max;

            /// Parses the text, keeping it exactly as it is.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                parse($name, $max, text, $allowed).map(Self)
            }

            /// The text as it was given.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id!(
    /// Who sells on the marketplace: 1 to 64 of `a-z`, `0-9`, `-`, `_`.
    MerchantId, "merchant id", 64, slug
);
text_id!(
    /// One production address of a merchant: 1 to 64 of `a-z`, `0-9`, `-`, `_`.
    ListingId, "listing id", 64, slug
);
text_id!(
    /// A license: an authorization code, or an instance id. Opaque, case-sensitive, at most 64
    /// characters, as in the marketplace's field tables.
    LicenseId, "license id", 64, opaque
);
text_id!(
    /// An order of the marketplace, such as `CS2211181819B4LVS`; at most 64 characters.
    OrderId, "order id", 64, opaque
);
text_id!(
    /// A line of an order, such as `CS2211181819B4LVS-000001`; at most 64 characters.
    OrderLineId, "order line id", 64, opaque
);
text_id!(
    /// What is sold, in one specification; at most 64 characters.
    ProductId, "product id", 64, opaque
);
text_id!(
    /// The code of a specification in which a product is sold; at most 64 characters.
    SkuCode, "sku code", 64, opaque
);
text_id!(
    /// Who bought; at most 100 characters.
    CustomerId, "customer id", 100, opaque
);

text_id!(
    /// An enterprise on the buyer's side: `tenantId`; at most 64 characters.
    TenantId, "tenant id", 64, opaque
);
text_id!(
    /// An application of the merchant whose members log in through the marketplace: `appId`; at
    /// most 64 characters.
    ApplicationId, "application id", 64, opaque
);
text_id!(
    /// A department of an enterprise: `orgCode`, chosen by the enterprise and unique in it; at most
    /// 64 characters.
    DepartmentCode, "department code", 64, opaque
);

text_id!(
    /// The marketplace's name of one request for a license file: `eventId`; at most 64 characters.
    FileEventId, "event id", 64, opaque
);
text_id!(
    /// The merchant's name of one usage report, which the marketplace counts once: `metering_sn`;
    /// at most 64 characters.
    UsageSerial, "usage serial", 64, opaque
);

/// An order and one of its lines: the natural key of most calls.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderLine {
    /// The order.
    pub order: OrderId,
    /// The line of that order.
    pub line: OrderLineId,
}

/// How many units or seats; never zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(NonZeroU32);

impl Quantity {
    /// Makes a quantity from a number that is not zero.
    pub fn parse(units: u32) -> Result<Self, IdError> {
        NonZeroU32::new(units)
            .map(Self)
            .ok_or(IdError::Zero { name: "quantity" })
    }

    /// The number of units.
    pub fn units(self) -> u32 {
        self.0.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_count_characters_and_not_bytes() {
        assert!(LicenseId::parse(&"码".repeat(64)).is_ok());
        assert_eq!(
            LicenseId::parse(&"码".repeat(65)),
            Err(IdError::TooLong {
                name: "license id",
                max: 64
            })
        );
    }

    #[test]
    fn an_id_is_kept_as_it_was_given() {
        let id = LicenseId::parse(" PL测试 0001").unwrap();
        assert_eq!(id.as_str(), " PL测试 0001");
    }

    #[test]
    fn empty_control_and_path_characters_are_refused() {
        assert_eq!(OrderId::parse(""), Err(IdError::Empty { name: "order id" }));
        assert_eq!(
            OrderId::parse("a\nb"),
            Err(IdError::BadCharacter { name: "order id" })
        );
        assert_eq!(
            MerchantId::parse("a/b"),
            Err(IdError::BadCharacter {
                name: "merchant id"
            })
        );
        assert_eq!(
            ListingId::parse("Cad"),
            Err(IdError::BadCharacter { name: "listing id" })
        );
    }

    #[test]
    fn no_quantity_is_zero() {
        assert!(Quantity::parse(0).is_err());
        assert_eq!(Quantity::parse(7).unwrap().units(), 7);
    }
}
