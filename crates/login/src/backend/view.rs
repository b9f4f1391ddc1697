//! What the merchant's back end sends, and is told.

use serde::{Deserialize, Serialize};
use tenure_api::view::time;
use tenure_domain::tenant::Partition;
use tenure_koogallery::kit::Profile;
use utoipa::ToSchema;

use crate::ended::Ended;
use crate::renewal::Good;

/// A ticket that a browser brought.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ExchangeRequest {
    /// The listing whose application it is.
    #[schema(example = "cad-pro")]
    pub(super) listing: String,
    /// The parameter `ticket` of the application's address.
    pub(super) ticket: String,
    /// The enterprise that the user must be of, if the application knows it.
    pub(super) tenant_id: Option<String>,
}

/// A session, as the exchange named it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SessionRequest {
    /// The listing whose application it is.
    #[schema(example = "cad-pro")]
    pub(super) listing: String,
    /// The session.
    pub(super) session: String,
}

/// Who logged in, and the name of the session.
#[derive(Serialize, ToSchema)]
#[schema(as = Login)]
pub(super) struct LoginView {
    /// Names the session. Whoever presents it is the user: keep it on the server.
    pub(super) session: String,
    #[serde(flatten)]
    pub(super) user: UserView,
}

/// Who a session is about.
#[derive(Serialize, ToSchema)]
#[schema(as = LoggedIn)]
pub(super) struct UserView {
    /// The listing through which the user logged in.
    #[schema(example = "cad-pro")]
    pub(super) listing: String,
    /// The enterprise.
    pub(super) tenant_id: String,
    /// Its short name.
    pub(super) tenant_code: String,
    /// The instance; absent while a credential is tried out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) instance_id: Option<String>,
    /// Whether the enterprise was told of by test calls.
    pub(super) test: bool,
    /// The account, unique in its enterprise.
    #[schema(example = "zhangsan01")]
    pub(super) user_name: String,
    /// The name that is shown.
    #[schema(example = "张三")]
    pub(super) name: String,
    /// `user` or `admin`: the lower of what the marketplace and the authentication centre tell.
    #[schema(example = "user")]
    pub(super) role: String,
    /// The code of the department.
    pub(super) department: String,
    /// When the session is over, whatever else is.
    pub(super) expires_at: String,
}

/// Whether a session is good.
#[derive(Serialize, ToSchema)]
#[schema(as = SessionCheck)]
pub(super) struct CheckView {
    /// Whether it is good.
    good: bool,
    /// Why it is not: a stable code.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "member_withdrawn")]
    reason: Option<&'static str>,
    /// Who it is about, as of now.
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<UserView>,
}

/// A session ended.
#[derive(Serialize, ToSchema)]
#[schema(as = SessionEnd)]
pub(super) struct EndView {
    /// Where to send the browser: it ends its session at the centre, and goes on to the goodbye
    /// page.
    pub(super) logout_url: String,
}

impl UserView {
    pub(super) fn of(profile: Profile, good: &Good) -> Result<Self, Ended> {
        let Good {
            session,
            standing,
            member,
            role,
        } = good;
        let binding = standing.bound(&session.application)?.binding;
        Ok(Self {
            listing: session.listing.to_string(),
            tenant_id: standing.key.tenant.as_str().to_owned(),
            tenant_code: binding.code.to_string(),
            instance_id: standing.key.instance.as_ref().map(ToString::to_string),
            test: standing.key.partition == Partition::Test,
            user_name: profile.user_name,
            name: profile.name,
            role: role.name().to_owned(),
            department: member.account.department.as_str().to_owned(),
            expires_at: time(session.ends_at),
        })
    }
}

impl CheckView {
    pub(super) fn good(user: UserView) -> Self {
        Self {
            good: true,
            reason: None,
            user: Some(user),
        }
    }

    pub(super) fn over(reason: &'static str) -> Self {
        Self {
            good: false,
            reason: Some(reason),
            user: None,
        }
    }
}
