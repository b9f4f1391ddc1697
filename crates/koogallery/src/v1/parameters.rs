//! The query string of a call: names and values, each decoded once.

use std::fmt;

use crate::rejection::{Fault, Rejection};

/// The parameter that holds the token, the only one that is not signed.
pub(super) const AUTH_TOKEN: &str = "authToken";

/// The parameter with the time of the call. It is signed, and also part of the token's key.
pub(super) const TIME_STAMP: &str = "timeStamp";

/// Parameters whose values are Base64. A plus that was sent as it is has become a space by
/// decoding, and Base64 has none: it is turned back, as the marketplace's guide advises.
const BASE64: [&str; 4] = [AUTH_TOKEN, "email", "mobilePhone", "saasExtendParams"];

/// Every parameter of both guides.
const KNOWN: [&str; 28] = [
    "activity",
    "amount",
    "bandWidth",
    "businessId",
    "chargingMode",
    "customerId",
    "customerName",
    "diskSize",
    "email",
    "expireTime",
    "instanceId",
    "instanceStatus",
    "mobilePhone",
    "orderAmount",
    "orderId",
    "periodNumber",
    "periodType",
    "productId",
    "provisionType",
    "saasExtendParams",
    "skuCode",
    "testFlag",
    TIME_STAMP,
    "trialFlag",
    "trialToFormal",
    "userId",
    "userName",
    AUTH_TOKEN,
];

/// Parameters whose values people make up, where an ampersand is nothing out of the way.
const FREE: [&str; 2] = ["customerName", "userName"];

/// The parameters of a call, in the order in which they are signed.
///
/// The text that is signed escapes nothing: of `a=1&b=2` it does not say whether `b` is a parameter
/// or the end of the value of `a`. Whoever saw one call could make another with the same token, so
/// nothing is read of a call that could be cut in two ways.
///
/// Its debug form has no values: some are personal data.
#[derive(Clone, PartialEq, Eq)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Reads a query string as it was sent, without its question mark. Of a repeated name the
    /// first value counts.
    pub fn parse(query: &str) -> Self {
        form_urlencoded::parse(query.as_bytes())
            .map(|(name, value)| {
                let value = if BASE64.contains(&name.as_ref()) {
                    value.replace(' ', "+")
                } else {
                    value.into_owned()
                };
                (name.into_owned(), value)
            })
            .collect()
    }

    /// The value of a parameter, also where it is blank.
    pub fn value(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name)?;
        Some(&found.1)
    }

    /// Refuses what makes the signed text ambiguous: an ampersand or an equals sign in a name, an
    /// ampersand in a value. In a [free](FREE) text an ampersand may stand, but not before what
    /// would be another parameter.
    pub(super) fn check_cut(&self) -> Result<(), Rejection> {
        let is_cut = |(name, value): &&(String, String)| {
            let in_value = if FREE.contains(&name.as_str()) {
                begins_a_parameter(value)
            } else {
                value.contains('&')
            };
            in_value || name.contains(['&', '='])
        };
        let Some((name, _)) = self.0.iter().find(is_cut) else {
            return Ok(());
        };
        let field = KNOWN.into_iter().find(|known| known == name);
        Err(malformed(field.unwrap_or("query"), Fault::BadCharacter))
    }

    /// All parameters but the token: names and values in the order in which they are signed.
    pub(super) fn signed(&self) -> impl Iterator<Item = (&str, &str)> {
        let signed = self.0.iter().filter(|(name, _)| name != AUTH_TOKEN);
        signed.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// A text of at most `characters_max` characters; `None` if it is absent or blank.
    pub(super) fn text(
        &self,
        name: &'static str,
        characters_max: usize,
    ) -> Result<Option<&str>, Rejection> {
        let text = self.value(name).filter(|text| !text.is_empty());
        if text.is_some_and(|text| text.chars().count() > characters_max) {
            return Err(malformed(name, Fault::TooLong));
        }
        Ok(text)
    }

    pub(super) fn mandatory_text(
        &self,
        name: &'static str,
        characters_max: usize,
    ) -> Result<&str, Rejection> {
        self.text(name, characters_max)?
            .ok_or_else(|| malformed(name, Fault::Missing))
    }

    /// An identifier; its own parser bounds it.
    pub(super) fn id<T>(
        &self,
        name: &'static str,
        parse: fn(&str) -> Result<T, tenure_domain::IdError>,
    ) -> Result<T, Rejection> {
        self.optional_id(name, parse)?
            .ok_or_else(|| malformed(name, Fault::Missing))
    }

    pub(super) fn optional_id<T>(
        &self,
        name: &'static str,
        parse: fn(&str) -> Result<T, tenure_domain::IdError>,
    ) -> Result<Option<T>, Rejection> {
        self.text(name, usize::MAX)?
            .map(|text| parse(text).map_err(|error| malformed(name, Fault::of_id(error))))
            .transpose()
    }

    /// A whole number without a sign, of at most `digits_max` digits.
    pub(super) fn number(
        &self,
        name: &'static str,
        digits_max: usize,
    ) -> Result<Option<u32>, Rejection> {
        self.text(name, digits_max)?
            .map(|text| {
                let digits = text.bytes().all(|byte| byte.is_ascii_digit());
                let number = text.parse().ok().filter(|_| digits);
                number.ok_or_else(|| malformed(name, Fault::BadValue))
            })
            .transpose()
    }
}

/// Whether some `&name=` of a parameter that we know stands in a text.
fn begins_a_parameter(text: &str) -> bool {
    let after_each = text.split('&').skip(1);
    let mut names = after_each.filter_map(|piece| Some(piece.split_once('=')?.0));
    names.any(|name| KNOWN.contains(&name))
}

pub(super) fn malformed(field: &'static str, fault: Fault) -> Rejection {
    Rejection::MalformedParameter { field, fault }
}

impl FromIterator<(String, String)> for Parameters {
    /// Puts them in the order of Java's strings, which compares UTF-16 code units.
    fn from_iter<T: IntoIterator<Item = (String, String)>>(parameters: T) -> Self {
        let mut parameters: Vec<_> = parameters.into_iter().collect();
        // The sort is stable: the first of a name stays before the others.
        parameters.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
        parameters.dedup_by(|later, earlier| later.0 == earlier.0);
        Self(parameters)
    }
}

impl fmt::Debug for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.iter().map(|(name, _)| name);
        f.debug_list().entries(names).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_decoded_once_and_the_first_counts() {
        let parameters = Parameters::parse("b=1&a=%25%32%42+x&b=2&c=&authToken=a+b%2Bc&d");
        assert_eq!(parameters.value("a"), Some("%2B x"));
        assert_eq!(parameters.value("b"), Some("1"));
        assert_eq!(parameters.value("c"), Some(""));
        assert_eq!(parameters.value("authToken"), Some("a+b+c"));
        let signed: Vec<_> = parameters.signed().collect();
        assert_eq!(signed, [("a", "%2B x"), ("b", "1"), ("c", ""), ("d", "")]);
    }

    #[test]
    fn names_are_signed_in_the_order_of_java() {
        let names = [
            "trialFlag",
            "timeStamp",
            "orderId",
            "testFlag",
            "orderAmount",
        ];
        let parameters: Parameters = names
            .iter()
            .chain(&["trialToFormal", "\u{ff5e}", "\u{1f600}"])
            .map(|name| ((*name).to_owned(), String::new()))
            .collect();
        let signed: Vec<_> = parameters.signed().map(|(name, _)| name).collect();
        assert_eq!(
            signed,
            [
                "orderAmount",
                "orderId",
                "testFlag",
                "timeStamp",
                "trialFlag",
                "trialToFormal",
                "\u{1f600}",
                "\u{ff5e}"
            ]
        );
    }

    #[test]
    fn a_number_has_digits_only() {
        let number = |text: &str| Parameters::parse(&format!("n={text}")).number("n", 7);
        assert_eq!(number("12"), Ok(Some(12)));
        assert_eq!(number(""), Ok(None));
        for wrong in ["%2B1", "-1", "1.0", "x"] {
            assert_eq!(number(wrong), Err(malformed("n", Fault::BadValue)));
        }
        assert_eq!(number("12345678"), Err(malformed("n", Fault::TooLong)));
    }

    #[test]
    fn no_debug_form_shows_a_value() {
        let shown = format!("{:?}", Parameters::parse("userName=Zhang"));
        assert_eq!(shown, "[\"userName\"]");
    }
}
