//! The parameters of a query or a form.

use std::collections::BTreeMap;

use form_urlencoded::Serializer;

use super::answer::Refusal;

/// The most parameters of a call.
const PARAMETERS_MAX: usize = 32;

/// The most bytes of a value.
const VALUE_BYTES_MAX: usize = 4096;

/// Parameters by name. Each comes once, as OAuth 2.0 demands.
#[derive(Debug)]
pub(super) struct Parameters(BTreeMap<String, String>);

impl Parameters {
    pub(super) fn parse(encoded: &[u8]) -> Result<Self, Refusal> {
        let mut parameters = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(encoded).into_owned() {
            if parameters.len() >= PARAMETERS_MAX || value.len() > VALUE_BYTES_MAX {
                return Err(Refusal::Request("The parameters are too long"));
            }
            if parameters.insert(name, value).is_some() {
                return Err(Refusal::Request("A parameter comes twice"));
            }
        }
        Ok(Self(parameters))
    }

    /// The value under a name, if it is not empty.
    pub(super) fn find(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// The value under a name, or a refusal that says what is missing.
    pub(super) fn need(&self, name: &str, missing: &'static str) -> Result<&str, Refusal> {
        self.find(name).ok_or(Refusal::Request(missing))
    }
}

/// An address with more parameters, before its fragment if it has one.
pub(crate) fn with_query(address: &str, parameters: &[(&str, &str)]) -> String {
    let (base, fragment) = match address.split_once('#') {
        Some((base, fragment)) => (base, Some(fragment)),
        None => (address, None),
    };
    let query = Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish();
    let mark = if base.contains('?') { '&' } else { '?' };
    match fragment {
        Some(fragment) => format!("{base}{mark}{query}#{fragment}"),
        None => format!("{base}{mark}{query}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{PARAMETERS_MAX, Parameters, VALUE_BYTES_MAX, with_query};

    #[test]
    fn a_form_is_read_as_it_is_encoded() {
        let form = "code=z2D.example&client_id=NzZeWuiJa91d&client_secret=a%2Bb%2Fc%3Dd%26e\
            &redirect_uri=https%3A%2F%2Fsaas.example.com%2Fsso%2Fcallback\
            &grant_type=authorization_code&empty=";
        let form = Parameters::parse(form.as_bytes()).unwrap();
        assert_eq!(form.find("code"), Some("z2D.example"));
        assert_eq!(form.find("client_secret"), Some("a+b/c=d&e"));
        let address = "https://saas.example.com/sso/callback";
        assert_eq!(form.find("redirect_uri"), Some(address));
        assert_eq!(form.find("empty"), None);
    }

    #[test]
    fn what_is_too_much_is_refused() {
        let many: Vec<_> = (0..=PARAMETERS_MAX)
            .map(|number| format!("p{number}=1"))
            .collect();
        let many = many.join("&");
        let long = format!("code={}", "x".repeat(VALUE_BYTES_MAX + 1));
        for refused in [many.as_str(), &long, "code=1&code=1"] {
            assert!(Parameters::parse(refused.as_bytes()).is_err());
        }
    }

    #[test]
    fn a_query_stands_before_the_fragment() {
        let added = |address| with_query(address, &[("code", "c d"), ("tenant", "t&1")]);
        let query = "code=c+d&tenant=t%261";
        let expected = |text: &str| text.replace('Q', query);
        for (address, wanted) in [
            ("https://example.com", "https://example.com?Q"),
            ("https://example.com/?a=1", "https://example.com/?a=1&Q"),
            (
                "https://example.com/#/login",
                "https://example.com/?Q#/login",
            ),
        ] {
            assert_eq!(added(address), expected(wanted));
        }
    }
}
