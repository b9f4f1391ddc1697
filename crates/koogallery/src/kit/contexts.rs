//! What each sealed text of the kit is for: the contexts in which it is sealed and opened, with the
//! key of its enterprise.
//!
//! Whoever seals and whoever opens takes them from here. They are persisted with what they sealed:
//! never change one.

/// The name of an enterprise.
pub const TENANT_NAME: &str = "tenant/name";

/// The secret of a client, in the clear: `clientSecret` once it is decrypted.
pub const CLIENT_SECRET: &str = "client/secret";

/// The digest of a member's account name, by which the journal knows the member.
pub const MEMBER: &str = "member";

/// What is known about a member: a [`Profile`](super::Profile).
pub const PROFILE: &str = "member/profile";

/// The name of a department.
pub const DEPARTMENT_NAME: &str = "department/name";

/// The digest of a whole call, by which it is known again.
pub const CALL: &str = "kit/call";

/// The body of a receipt.
pub const RECEIPT_BODY: &str = "receipt/body";
