//! Why a command was not carried out.

/// A rule of the domain said no. (A failure, in contrast, is when we could not.)
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No license has this id, and none may come from this command.
    #[error("no license has this id")]
    Unknown,
    /// The license belongs to another product family than the key that signed the call.
    #[error("the license belongs to another product family")]
    OtherFamily,
    /// The license was released, and nothing revives it.
    #[error("the license was released")]
    Released,
    /// An authorization code has nothing to be provisioned.
    #[error("an authorization code is activated, not provisioned")]
    NotProvisionable,
    /// Details of an order are learned of orders that changed the license, and of no other.
    #[error("no change of the license was made by this order")]
    NotItsOrder,
}

impl Refusal {
    /// The stable code under which the refusal is stored and shown.
    pub fn code(self) -> &'static str {
        match self {
            Self::Unknown => "unknown_license",
            Self::OtherFamily => "other_family",
            Self::Released => "license_released",
            Self::NotProvisionable => "not_provisionable",
            Self::NotItsOrder => "not_its_order",
        }
    }
}
