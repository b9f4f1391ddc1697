//! The proof of version 1.0: the [`authToken`](crate::v1::auth_token) of the older protocols, in a
//! header, over the members of a body.
//!
//! Members that are null or blank are not covered. The guide adds that values are URL-encoded and
//! to be decoded first, which makes little sense of a JSON body: they are tried as sent, and then
//! with every string decoded, and what is no string as it was written. Whichever values the token
//! covers are the ones that are read.
//!
//! The text under a token escapes nothing: of `a=1&b=2` it does not say whether `b` is a member or
//! the end of the value of `a`. Whoever saw one call could make another with the same token, so of
//! a call that could be cut in two ways nothing is [read](covered), nor is a member that no token
//! covers.

use super::fields::{Fields, malformed};
use crate::key::{AccessKey, KeyRing};
use crate::rejection::{Fault, Rejection};
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

/// Every member of the five bodies that is no list.
const KNOWN: [&str; 17] = [
    "appId",
    "authToken",
    "clientId",
    "clientSecret",
    "currentSyncTime",
    "domainName",
    "flag",
    "instanceId",
    "name",
    "orderId",
    "orgCode",
    "orgName",
    "parentCode",
    "tenantCode",
    "tenantId",
    "testFlag",
    "timeStamp",
];

/// Members whose values people make up, where an ampersand is nothing out of the way.
const FREE: [&str; 2] = ["name", "orgName"];

/// Members that hold lists. A list says itself where it ends: more of it, or less, is none.
const LISTS: [&str; 3] = ["orgInfo", "orgInfoList", "userList"];

/// The members that a token covers, if the text under it can be cut in one way only: no name has an
/// ampersand or an equals sign, and no value an ampersand. In a [free](FREE) text one may stand, but
/// not before what would be another member; in a [list](LISTS) anywhere.
pub(super) fn covered(fields: Fields<'_>) -> Result<Fields<'_>, Rejection> {
    let fields = fields.only_signed();
    let is_cut = |name: &str, value: &str| {
        let in_value = if LISTS.contains(&name) {
            false
        } else if FREE.contains(&name) {
            begins_a_member(value)
        } else {
            value.contains('&')
        };
        in_value || name.contains(['&', '='])
    };
    let cut = fields
        .signed_members()
        .find(|(name, value)| is_cut(name, value))
        .map(|(name, _)| KNOWN.into_iter().find(|known| *known == name));
    match cut {
        None => Ok(fields),
        Some(field) => Err(malformed(field.unwrap_or("body"), Fault::BadCharacter)),
    }
}

/// Whether some `&name=` of a member that we know stands in a text.
fn begins_a_member(text: &str) -> bool {
    let after_each = text.split('&').skip(1);
    let mut names = after_each.filter_map(|piece| Some(piece.split_once('=')?.0));
    names.any(|name| KNOWN.contains(&name) || LISTS.contains(&name))
}

/// Undoes a URL encoding as Java does it, where a plus sign is a blank.
pub(super) fn url_decoded(value: &str) -> String {
    let blank = value.replace('+', " ");
    percent_encoding::percent_decode_str(&blank)
        .decode_utf8_lossy()
        .into_owned()
}
