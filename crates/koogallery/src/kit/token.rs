//! The proof of version 1.0: the [`authToken`](crate::v1::auth_token) of the older protocols, in a
//! header, over the members of a body.
//!
//! Members that are null or blank are not covered. The guide adds that values are URL-encoded and
//! to be decoded first, which makes little sense of a JSON body: they are tried as sent, and then
//! with every string decoded, and what is no string as it was written. Whichever values the token
//! covers are the ones that are read.
//!
//! The text under a token does not say where a value ends. That is the weakness of the scheme, and
//! one of the reasons for version 2.0.

use super::fields::Fields;
use crate::key::{AccessKey, KeyRing};
use crate::v1::{Parameters, auth_token};

/// Which values a token covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Values {
    /// The values as they were sent.
    AsSent,
    /// The values after the URL encoding of those that are strings was undone.
    UrlDecoded,
}

/// Looks for the key that made the token, in constant time for each.
pub(super) fn verify<'a>(
    ring: &'a KeyRing,
    token: &str,
    fields: &Fields<'_>,
) -> Option<(&'a AccessKey, Values)> {
    signed_by(ring, token, fields)
        .map(|key| (key, Values::AsSent))
        .or_else(|| {
            // The very body that is read if this is the one that was signed.
            let decoded = fields.url_decoded();
            let fields = Fields::parse(&decoded).ok()?;
            signed_by(ring, token, &fields).map(|key| (key, Values::UrlDecoded))
        })
}

fn signed_by<'a>(ring: &'a KeyRing, token: &str, fields: &Fields<'_>) -> Option<&'a AccessKey> {
    let members = fields
        .signed_members()
        .map(|(name, value)| (name.to_owned(), value.into_owned()));
    // The token of the header stands before a member of that name, and so in its place.
    let token = ("authToken".to_owned(), token.trim().to_owned());
    let parameters: Parameters = std::iter::once(token).chain(members).collect();
    auth_token::verify(ring, &parameters)
}

/// Undoes a URL encoding as Java does it, where a plus sign is a blank.
pub(super) fn url_decoded(value: &str) -> String {
    let blank = value.replace('+', " ");
    percent_encoding::percent_decode_str(&blank)
        .decode_utf8_lossy()
        .into_owned()
}
