//! What of a query string must not be kept.

use std::borrow::Cow;

/// Parameters that say who the buyer is. The marketplace sends two of them encrypted, with a key
/// that outlives the buyer.
const PERSONAL: [&str; 5] = ["mobilePhone", "email", "customerName", "userName", "userId"];

/// The query string with the values of personal parameters left out, and all else as it was sent.
///
/// What is left can no longer be verified: it is verified before.
pub fn without_personal_data(query: &str) -> Cow<'_, str> {
    if !query.split('&').any(is_personal) {
        return Cow::Borrowed(query);
    }
    let mut kept = String::with_capacity(query.len());
    for (index, parameter) in query.split('&').enumerate() {
        if index > 0 {
            kept.push('&');
        }
        if is_personal(parameter) {
            let (name, _value) = parameter.split_once('=').unwrap_or((parameter, ""));
            kept.push_str(name);
            kept.push('=');
        } else {
            kept.push_str(parameter);
        }
    }
    Cow::Owned(kept)
}

/// Names may be sent in percent-encoding like anything else. A name in other letters is none of
/// the marketplace's, but whoever wrote it meant the same.
fn is_personal(parameter: &str) -> bool {
    form_urlencoded::parse(parameter.as_bytes())
        .next()
        .is_some_and(|(name, _)| PERSONAL.iter().any(|it| it.eq_ignore_ascii_case(&name)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn personal_values_are_left_out_and_their_names_stay() {
        let query = "activity=newInstance&mobilePhone=Z9y8&%65mail=x%3D&&customerName=Zhang&userName&userId=1&USERID=2&authToken=t%3D&x";
        assert_eq!(
            without_personal_data(query),
            "activity=newInstance&mobilePhone=&%65mail=&&customerName=&userName=&userId=&USERID=&authToken=t%3D&x"
        );
    }

    #[test]
    fn a_query_without_any_is_kept_as_it_is() {
        let query = "signature=AB&timestamp=1&nonce=userName";
        assert!(matches!(without_personal_data(query), Cow::Borrowed(kept) if kept == query));
    }

    proptest! {
        #[test]
        fn nothing_personal_is_left_in_any_query(
            before in "[a-zA-Z=&%+]{0,20}",
            name in prop::sample::select(&PERSONAL[..]),
            value in "[0-9]{6,9}",
            after in "(&[a-z=&%]{0,20})?",
        ) {
            let query = format!("{before}&{name}={value}{after}");
            let kept = without_personal_data(&query);
            prop_assert!(!kept.contains(&value), "{kept}");
        }

        #[test]
        fn no_text_panics(query in any::<String>()) {
            let kept = without_personal_data(&query).into_owned();
            prop_assert_eq!(without_personal_data(&kept), kept.as_str());
        }
    }
}
