//! What only the License 2.0 activities have: the field that holds the authorization code.

use tenure_domain::LicenseId;

use super::fields::Fields;
use crate::rejection::Rejection;

pub(super) fn code(fields: &Fields<'_>) -> Result<LicenseId, Rejection> {
    fields.id("license", LicenseId::parse)
}
