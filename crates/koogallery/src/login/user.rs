//! `GET /api/v1/oauth2/userinfo`: who logged in.

use secrecy::SecretString;
use tenure_domain::TenantId;
use tenure_domain::tenant::Role;

use super::answer::Members;
use super::failure::CentreError;
use super::request::CentreRequest;
use crate::kit::UserName;

/// Who logged in, as the centre says. Only the account has to be there: the printed example lacks
/// most of the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CentreUser {
    /// The account: `userName` of the kit's `authSync`.
    pub user_name: UserName,
    /// The enterprise, which has to be that of the callback.
    pub tenant: Option<TenantId>,
    /// What the user may do. A word that the guides do not have counts as [`Role::User`], which
    /// may do the least.
    pub role: Option<Role>,
}

/// Asks for the user of an access token.
pub fn request(access: &SecretString) -> CentreRequest {
    CentreRequest::get("/api/v1/oauth2/userinfo".to_owned(), Some(access.clone()))
}

/// Reads the answer.
pub fn read(status: u16, body: &[u8]) -> Result<CentreUser, CentreError> {
    let failed = || CentreError::of(status, body, CentreError::Unauthorized);
    if status != 200 {
        return Err(failed());
    }
    let members = Members::parse(body).ok_or_else(failed)?;
    let account = members.text("userName");
    CentreUser::read(account, |name| members.text(name)).ok_or(CentreError::Unreadable)
}

impl CentreUser {
    /// Reads a user from its account and whatever has the other fields. An enterprise that is none
    /// makes all of it unreadable: it is what the callback is compared with.
    pub(super) fn read(
        account: Option<String>,
        field: impl Fn(&str) -> Option<String>,
    ) -> Option<Self> {
        let tenant = field("tenant")
            .map(|text| TenantId::parse(&text))
            .transpose();
        let role = field("role").map(|word| match word.as_str() {
            "admin" => Role::Admin,
            _ => Role::User,
        });
        Some(Self {
            user_name: UserName::parse(&account?).ok()?,
            tenant: tenant.ok()?,
            role,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn the_token_stands_in_a_header() {
        let request = request(&SecretString::from("t0ken"));
        assert_eq!(request.method.name(), "GET");
        assert_eq!(request.target, "/api/v1/oauth2/userinfo");
        assert_eq!(request.bearer.unwrap().expose_secret(), "t0ken");
        assert!(request.form.is_none());
    }

    #[test]
    fn of_everything_the_table_lists_what_is_used_is_read() {
        let body = r#"{"id":"1","userName":"zhangsan01","name":"张三","email":"a@example.com","mobile":"1","role":"admin","organizationName":"一部","organizationCode":"10000","userId":"2","projectName":"示例企业","tenant":"t-0001"}"#;
        let user = read(200, body.as_bytes()).unwrap();
        assert_eq!(user.user_name.as_str(), "zhangsan01");
        assert_eq!(user.tenant.unwrap().as_str(), "t-0001");
        assert_eq!(user.role, Some(Role::Admin));
    }

    #[test]
    fn only_the_account_has_to_be_there() {
        let user = read(200, br#"{"userName":"zhangsan01"}"#).unwrap();
        assert_eq!((user.tenant, user.role), (None, None));
        let user = read(200, br#"{"userName":7,"role":"owner","name":null}"#).unwrap();
        assert_eq!(user.user_name.as_str(), "7");
        assert_eq!(user.role, Some(Role::User));
        let long = "x".repeat(65);
        for body in [
            "",
            "{}",
            r#"{"userName":""}"#,
            r#"{"userName":{}}"#,
            r#"{"id":"1","name":"n"}"#,
            &format!(r#"{{"userName":"{long}"}}"#),
            &format!(r#"{{"userName":"a","tenant":"{long}"}}"#),
        ] {
            assert_eq!(
                read(200, body.as_bytes()).unwrap_err(),
                CentreError::Unreadable,
                "{body}"
            );
        }
    }

    #[test]
    fn an_ended_token_is_unauthorized() {
        let body = br#"{"error":"unauthorized","error_description":"Full authentication is required to access this resource"}"#;
        assert_eq!(read(401, body).unwrap_err(), CentreError::Unauthorized);
        assert_eq!(read(401, b"").unwrap_err(), CentreError::Unauthorized);
    }

    #[test]
    fn no_debug_form_shows_a_person() {
        let user = read(200, r#"{"userName":"zhangsan01","name":"张三"}"#.as_bytes());
        let shown = format!("{user:?}");
        assert!(
            !shown.contains("zhangsan") && !shown.contains('张'),
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
