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
    /// Only online licenses have license files.
    #[error("licenses of this family have no license files")]
    NoFiles,
    /// As many license files were asked for as units were bought.
    #[error("as many license files were made as units were bought")]
    FileQuotaExhausted,
    /// A license file is asked for when the license is not in force, or for a time when it is not.
    #[error("the license is not in force for that time")]
    FileOutsideTerm,
    /// The license has an end, and the license file that is asked for has none.
    #[error("the license has an end, so its file must have one")]
    FileExpiryRequired,
    /// The merchant makes license files for one device each, and no device is named.
    #[error("a license file is made for one device, and none is named")]
    FileFingerprintRequired,
    /// No license file was asked for under this name.
    #[error("no license file was asked for under this name")]
    FileNotRequested,
    /// Another license file was made for this request: the same request always gets the same file.
    #[error("another license file was made for this request before")]
    FileMadeBefore,
    /// A usage report has the serial of another one.
    #[error("a report of this serial says something else")]
    SerialReused,
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
            Self::NoFiles => "no_license_files",
            Self::FileQuotaExhausted => "file_quota_exhausted",
            Self::FileOutsideTerm => "file_outside_term",
            Self::FileExpiryRequired => "file_expiry_required",
            Self::FileFingerprintRequired => "file_fingerprint_required",
            Self::FileNotRequested => "file_not_requested",
            Self::FileMadeBefore => "file_made_before",
            Self::SerialReused => "serial_reused",
        }
    }
}
