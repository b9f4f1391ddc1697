//! Addresses that the browser is sent to.

use tenure_domain::ApplicationId;

use super::callback::State;
use super::centre::Centre;
use crate::sdk_signature::encoded;

/// Where the marketplace's own login page is. A constant of the guide.
pub const PORTAL_ORIGIN: &str = "https://macroverse.huaweicloud.com";

/// The marketplace's own login page for an application of the merchant, at [`PORTAL_ORIGIN`] or at
/// a sandbox: whoever logs in there, of whatever enterprise, comes back with a code and an
/// enterprise.
///
/// Its parameters stand behind the `#`, and it takes neither `state` nor `redirect_uri`.
pub fn portal(origin: &str, application: &ApplicationId) -> String {
    let application = encoded(application.as_str());
    format!("{origin}/unified-login/#/portal-login?ind=UNOP&appId={application}")
}

/// The login page of an enterprise whose centre is known, which sends the browser back with a code
/// and the `state`.
pub fn authorize(centre: &Centre, client_id: &str, redirect_uri: &str, state: &State) -> String {
    format!(
        "{}/api/v1/oauth2/authorize?client_id={}&redirect_uri={}&response_type=code\
         &scope=get_user_info&state={}",
        centre.base(),
        encoded(client_id),
        encoded(redirect_uri),
        state.as_str(),
    )
}

/// Where the browser ends its session at the centre, and is sent to the merchant's page from
/// there. Only the browser can: the session hangs on a cookie of it.
pub fn logout(centre: &Centre, goodbye_url: &str) -> String {
    format!(
        "{}/api/v1/logout?redirect_url={}",
        centre.base(),
        encoded(goodbye_url)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn centre() -> Centre {
        Centre::find("demo.example.com", &[]).unwrap()
    }

    #[test]
    fn the_portal_has_its_parameters_in_the_fragment() {
        let portal = |id| portal(PORTAL_ORIGIN, &ApplicationId::parse(id).unwrap());
        assert_eq!(
            portal("12345"),
            "https://macroverse.huaweicloud.com/unified-login/#/portal-login?ind=UNOP&appId=12345"
        );
        assert!(portal("a b&ind=X#").ends_with("?ind=UNOP&appId=a%20b%26ind%3DX%23"));
    }

    #[test]
    fn a_logout_ends_on_the_goodbye_page() {
        assert_eq!(
            logout(&centre(), "https://saas.example.com/bye?x=1&y=2"),
            "https://demo.example.com/api/v1/logout?redirect_url=https%3A%2F%2Fsaas.example.com%2Fbye%3Fx%3D1%26y%3D2"
        );
    }

    #[test]
    fn an_authorization_names_client_callback_and_state() {
        let state = State::parse("Ab1").unwrap();
        assert_eq!(
            authorize(&centre(), "client/1", "https://saas.example.com/cb", &state),
            "https://demo.example.com/api/v1/oauth2/authorize?client_id=client%2F1&redirect_uri=https%3A%2F%2Fsaas.example.com%2Fcb&response_type=code&scope=get_user_info&state=Ab1"
        );
    }
}
