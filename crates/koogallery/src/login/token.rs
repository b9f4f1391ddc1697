//! `POST /api/v1/oauth2/token`: a code becomes tokens, and tokens are renewed.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use super::answer::Members;
use super::callback::LoginCode;
use super::failure::CentreError;
use super::request::CentreRequest;

const TARGET: &str = "/api/v1/oauth2/token";

/// How long an access token is good if the answer does not say: 2 hours, as the guide has it.
pub const EXPIRES_IN_SECONDS_DEFAULT: u32 = 7_200;

/// The longest life of an access token that is believed: 30 days, that of a refresh token.
pub const EXPIRES_IN_SECONDS_MAX: u32 = 2_592_000;

/// The most characters of a token. The guides name no bound.
const TOKEN_CHARACTERS_MAX: usize = 8_192;

/// With what the merchant proves to a centre who asks: from `applicationSync`, for one application
/// of one enterprise.
#[derive(Debug, Clone, Copy)]
pub struct Client<'a> {
    /// `clientId`.
    pub id: &'a str,
    /// `clientSecret`, decrypted.
    pub secret: &'a SecretString,
}

/// What a centre gives for a code or for a refresh token.
#[derive(Clone)]
pub struct Tokens {
    /// Opens the user's information.
    pub access: SecretString,
    /// Renews the access token. One of the printed answers has none, and a renewal may or may not
    /// bring a new one.
    pub refresh: Option<SecretString>,
    /// How long the access token is good.
    pub expires_in_seconds: u32,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens")
            .field("has_refresh", &self.refresh.is_some())
            .field("expires_in_seconds", &self.expires_in_seconds)
            .finish_non_exhaustive()
    }
}

/// Asks for tokens with a code. It is good once: never send the request twice.
///
/// `redirect_uri` is the registered login address, and has to be the one of the authorization
/// request if there was one.
pub fn exchange(client: Client<'_>, code: &LoginCode, redirect_uri: &str) -> CentreRequest {
    CentreRequest::post(
        TARGET,
        &[
            ("code", code.as_str()),
            ("client_id", client.id),
            ("client_secret", client.secret.expose_secret()),
            ("redirect_uri", redirect_uri),
            ("grant_type", "authorization_code"),
        ],
    )
}

/// Asks for a new access token.
pub fn renew(client: Client<'_>, refresh: &SecretString) -> CentreRequest {
    CentreRequest::post(
        TARGET,
        &[
            ("client_id", client.id),
            ("client_secret", client.secret.expose_secret()),
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh.expose_secret()),
        ],
    )
}

/// Reads the answer to either.
pub fn read(status: u16, body: &[u8]) -> Result<Tokens, CentreError> {
    let failed = || CentreError::of(status, body, CentreError::InvalidClient);
    if status != 200 {
        return Err(failed());
    }
    let members = Members::parse(body).ok_or_else(failed)?;
    let is_bearer = members
        .text("token_type")
        .is_none_or(|kind| kind.eq_ignore_ascii_case("bearer"));
    let access = token(&members, "access_token").filter(|_| is_bearer);
    Ok(Tokens {
        access: access.ok_or_else(failed)?,
        refresh: token(&members, "refresh_token"),
        expires_in_seconds: expires_in_seconds(&members),
    })
}

/// A token that can stand in a header: visible ASCII, and not endless.
fn token(members: &Members, name: &str) -> Option<SecretString> {
    let text = SecretString::from(members.text(name)?);
    let fits = text.expose_secret().len() <= TOKEN_CHARACTERS_MAX
        && text
            .expose_secret()
            .bytes()
            .all(|byte| byte.is_ascii_graphic());
    fits.then_some(text)
}

fn expires_in_seconds(members: &Members) -> u32 {
    let told = members
        .text("expires_in")
        .and_then(|text| text.parse::<u64>().ok());
    told.map_or(EXPIRES_IN_SECONDS_DEFAULT, |seconds| {
        u32::try_from(seconds)
            .unwrap_or(EXPIRES_IN_SECONDS_MAX)
            .min(EXPIRES_IN_SECONDS_MAX)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn form(request: &CentreRequest) -> &str {
        assert_eq!(request.method.name(), "POST");
        assert_eq!(request.target, "/api/v1/oauth2/token");
        assert!(request.bearer.is_none());
        request.form.as_ref().unwrap().expose_secret()
    }

    #[test]
    fn a_code_is_exchanged_with_a_form_in_the_order_of_the_guide() {
        let secret = SecretString::from("a+b/c=d&e");
        let client = Client {
            id: "NzZeWuiJa91d",
            secret: &secret,
        };
        let code = LoginCode::parse("z2D.example").unwrap();
        assert_eq!(
            form(&exchange(
                client,
                &code,
                "https://saas.example.com/sso/callback"
            )),
            "code=z2D.example&client_id=NzZeWuiJa91d&client_secret=a%2Bb%2Fc%3Dd%26e&redirect_uri=https%3A%2F%2Fsaas.example.com%2Fsso%2Fcallback&grant_type=authorization_code"
        );
        assert_eq!(
            form(&renew(client, &SecretString::from("r/1"))),
            "client_id=NzZeWuiJa91d&client_secret=a%2Bb%2Fc%3Dd%26e&grant_type=refresh_token&refresh_token=r%2F1"
        );
    }

    #[track_caller]
    fn check(body: &str, access: &str, refresh: Option<&str>, expires_in_seconds: u32) {
        let tokens = read(200, body.as_bytes()).unwrap();
        assert_eq!(tokens.access.expose_secret(), access, "{body}");
        let refresh_read = tokens.refresh.as_ref().map(ExposeSecret::expose_secret);
        assert_eq!(refresh_read, refresh, "{body}");
        assert_eq!(tokens.expires_in_seconds, expires_in_seconds, "{body}");
    }

    #[test]
    fn only_the_access_token_has_to_be_there() {
        check(
            r#"{"access_token":"a1","token_type":"Bearer","expires_in":3600,"scope":"get_user_info","refresh_token":"r1"}"#,
            "a1",
            Some("r1"),
            3_600,
        );
        check(r#"{"access_token":"a1"}"#, "a1", None, 7_200);
        check(
            r#"{"access_token":"a1","token_type":"bearer","expires_in":"60","refresh_token":""}"#,
            "a1",
            None,
            60,
        );
        check(
            r#"{"access_token":"a1","expires_in":99999999999}"#,
            "a1",
            None,
            EXPIRES_IN_SECONDS_MAX,
        );
        check(
            r#"{"access_token":"a1","expires_in":-5}"#,
            "a1",
            None,
            EXPIRES_IN_SECONDS_DEFAULT,
        );
    }

    #[test]
    fn an_answer_without_a_token_is_unreadable() {
        let long = format!(r#"{{"access_token":"{}"}}"#, "a".repeat(8_193));
        for body in [
            "",
            "<html>",
            "[]",
            "{}",
            r#"{"access_token":""}"#,
            r#"{"access_token":null}"#,
            r#"{"access_token":"a b"}"#,
            r#"{"access_token":"a\r\nhost: evil"}"#,
            r#"{"access_token":"a1","token_type":"mac"}"#,
            &long,
        ] {
            assert_eq!(
                read(200, body.as_bytes()).unwrap_err(),
                CentreError::Unreadable,
                "{body}"
            );
        }
    }

    #[test]
    fn a_failure_is_named() {
        let body = br#"{"error":"invalid_grant","error_description":"Invalid refresh token"}"#;
        assert_eq!(read(400, body).unwrap_err(), CentreError::InvalidGrant);
        assert_eq!(read(403, b"").unwrap_err(), CentreError::InvalidClient);
        // Nothing but a success brings tokens.
        let tokens = br#"{"access_token":"a1"}"#;
        let other = CentreError::Other {
            status: 302,
            error: String::new(),
        };
        assert_eq!(read(302, tokens).unwrap_err(), other);
    }

    #[test]
    fn no_debug_form_shows_a_token() {
        let tokens = read(
            200,
            br#"{"access_token":"t0ken","refresh_token":"r3fresh"}"#,
        )
        .unwrap();
        let shown = format!("{tokens:?}");
        assert!(
            !shown.contains("t0ken") && !shown.contains("r3fresh"),
            "{shown}"
        );
    }

    proptest! {
        #[test]
        fn no_bytes_panic(status in 100_u16..600, body in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(read(status, &body).is_err());
        }
    }
}
