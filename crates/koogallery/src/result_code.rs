//! The codes with which a merchant answers the marketplace: one table.

use tenure_domain::Refusal;

/// A result code, six digits on the wire.
///
/// The License 2.0 guide uses the first six only; the SaaS V2.0 guide adds the `00010x` for
/// `newInstance` and `upgradeInstance`, the online License guide the `00090x`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResultCode {
    /// Done, or done before.
    Success,
    /// The signature is missing or wrong.
    AuthenticationFailed,
    /// A parameter is missing or malformed.
    InvalidParameter,
    /// There is no such instance or authorization code.
    NotFound,
    /// Accepted; the work goes on.
    Processing,
    /// We failed, and a repeated call may succeed.
    InternalError,
    /// No instance can be allocated.
    NoResource,
    /// The mobile number is missing or taken.
    MobileNumber,
    /// The e-mail address is missing or taken.
    EmailAddress,
    /// Bought already, and not to be bought twice.
    AlreadyBought,
    /// The product itself failed.
    ProductError,
    /// The account already holds the benefit.
    BenefitHeld,
    /// Sold out.
    SoldOut,
    /// The e-mail domain is taken.
    EmailDomain,
    /// The order's number of licenses is used up.
    QuotaExhausted,
    /// A license was asked for outside the order's validity.
    OutsideValidity,
    /// A license for a period needs an expiry.
    ExpiryRequired,
    /// The license needs the fingerprint of a device.
    FingerprintRequired,
}

impl ResultCode {
    /// Every result code, in the order of the codes.
    pub const ALL: [Self; 18] = [
        Self::Success,
        Self::AuthenticationFailed,
        Self::InvalidParameter,
        Self::NotFound,
        Self::Processing,
        Self::InternalError,
        Self::NoResource,
        Self::MobileNumber,
        Self::EmailAddress,
        Self::AlreadyBought,
        Self::ProductError,
        Self::BenefitHeld,
        Self::SoldOut,
        Self::EmailDomain,
        Self::QuotaExhausted,
        Self::OutsideValidity,
        Self::ExpiryRequired,
        Self::FingerprintRequired,
    ];

    /// The six digits.
    pub fn code(self) -> &'static str {
        self.row().0
    }

    /// What it means, as a text for `resultMsg`.
    pub fn meaning(self) -> &'static str {
        self.row().1
    }

    /// The code for a command that the domain refused.
    ///
    /// What belongs to another family is not there for the caller, and neither is what was
    /// released: the SaaS V2.0 guide knows no other code for either.
    pub fn for_refusal(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Unknown | Refusal::OtherFamily | Refusal::Released | Refusal::NoFiles => {
                Self::NotFound
            },
            Refusal::FileQuotaExhausted => Self::QuotaExhausted,
            Refusal::FileOutsideTerm => Self::OutsideValidity,
            Refusal::FileExpiryRequired => Self::ExpiryRequired,
            Refusal::FileFingerprintRequired => Self::FingerprintRequired,
            Refusal::NotProvisionable
            | Refusal::NotItsOrder
            | Refusal::FileNotRequested
            | Refusal::FileMadeBefore
            | Refusal::SerialReused => Self::InvalidParameter,
        }
    }

    fn row(self) -> (&'static str, &'static str) {
        match self {
            Self::Success => ("000000", "success."),
            Self::AuthenticationFailed => ("000001", "authentication failed"),
            Self::InvalidParameter => ("000002", "a request parameter is invalid"),
            Self::NotFound => ("000003", "the instance or code does not exist"),
            Self::Processing => ("000004", "the request is being processed"),
            Self::InternalError => ("000005", "internal error"),
            Self::NoResource => ("000100", "no instance can be allocated"),
            Self::MobileNumber => ("000101", "the mobile number is missing or taken"),
            Self::EmailAddress => ("000102", "the e-mail address is missing or taken"),
            Self::AlreadyBought => ("000103", "bought already"),
            Self::ProductError => ("000104", "internal error of the product"),
            Self::BenefitHeld => ("000105", "the account already holds the benefit"),
            Self::SoldOut => ("000106", "sold out"),
            Self::EmailDomain => ("000107", "the e-mail domain is taken"),
            Self::QuotaExhausted => ("000900", "the quota of the order is used up"),
            Self::OutsideValidity => ("000901", "outside the validity of the order"),
            Self::ExpiryRequired => ("000902", "a license for a period needs an expiry"),
            Self::FingerprintRequired => ("000903", "a device fingerprint is needed"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_six_digits_and_differ() {
        let codes: BTreeSet<_> = ResultCode::ALL.iter().map(|code| code.code()).collect();
        assert_eq!(codes.len(), ResultCode::ALL.len());
        for code in codes {
            assert_eq!(code.len(), 6);
            assert!(code.bytes().all(|byte| byte.is_ascii_digit()), "{code}");
        }
    }

    #[test]
    fn refusals_have_the_codes_of_the_guides() {
        let code = |refusal| ResultCode::for_refusal(refusal).code();
        assert_eq!(code(Refusal::Unknown), "000003");
        assert_eq!(code(Refusal::OtherFamily), "000003");
        assert_eq!(code(Refusal::Released), "000003");
        assert_eq!(code(Refusal::NotProvisionable), "000002");
        assert_eq!(code(Refusal::NotItsOrder), "000002");
        assert_eq!(code(Refusal::FileQuotaExhausted), "000900");
        assert_eq!(code(Refusal::FileOutsideTerm), "000901");
        assert_eq!(code(Refusal::FileExpiryRequired), "000902");
        assert_eq!(code(Refusal::FileFingerprintRequired), "000903");
    }
}
