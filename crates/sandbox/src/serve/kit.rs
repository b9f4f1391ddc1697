//! The control API's part that concerns enterprises: what their administrators do, and what the
//! merchant is told of it by the kit.
//!
//! | address | does |
//! | --- | --- |
//! | `GET /sandbox/enterprises` | lists them without secrets |
//! | `POST /sandbox/enterprises` | founds one and binds it: `listing`, `version` (`V1`, `V2`), `is_test`, `instance`, `application`, `login_address`, `code`, `name`, `domain_name` |
//! | `POST /sandbox/enterprises/{tenant}/{change}` | `bind`, `unbind`, `rename` (`name`), `department` (`code`, `name`, `parent`), `remove-department` (`code`), `member` (`user_name`, `name`, `code`, `role`, `enabled`) or `members` (a list of those), `withdraw`, `remove-member` (`user_name`) |
//!
//! What an enterprise has here, its authentication centre has, too: members that are authorised can
//! sign in to the application, if it has a login address.

use actix_web::web::{self, Bytes, Data, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;

use super::Shop;
use super::control::{Answer, ControlError, done, read};
use crate::centre;
use crate::kit::Version;
use crate::kit::change::EnterpriseChange;
use crate::kit::enterprise::{Department, Enterprise, EnterpriseView, Member, Role};
use crate::market::{Callback, Founding, Market, TOP_DEPARTMENT};

/// Adds the routes.
pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .route("/sandbox/enterprises", web::get().to(enterprises))
        .route("/sandbox/enterprises", web::post().to(found))
        .route(
            "/sandbox/enterprises/{tenant}/{change}",
            web::post().to(change),
        );
}

#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Wish {
    listing: String,
    version: Version,
    is_test: bool,
    instance: String,
    application: String,
    login_address: String,
    code: String,
    name: String,
    domain_name: String,
}

impl Default for Wish {
    fn default() -> Self {
        Self {
            listing: String::new(),
            version: Version::default(),
            is_test: false,
            instance: String::new(),
            application: "sandbox-app".to_owned(),
            login_address: String::new(),
            code: "example".to_owned(),
            name: "Example Enterprise".to_owned(),
            domain_name: String::new(),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Particulars {
    user_name: String,
    name: String,
    code: String,
    parent: String,
    role: Role,
    enabled: bool,
    members: Vec<Self>,
}

impl Default for Particulars {
    fn default() -> Self {
        Self {
            user_name: String::new(),
            name: String::new(),
            code: TOP_DEPARTMENT.to_owned(),
            parent: String::new(),
            role: Role::default(),
            enabled: true,
            members: Vec::new(),
        }
    }
}

impl Particulars {
    fn change(self, name: &str) -> Result<EnterpriseChange, ControlError> {
        Ok(match name {
            "bind" => EnterpriseChange::Bind,
            "unbind" => EnterpriseChange::Unbind,
            "rename" => EnterpriseChange::Rename(self.name),
            "department" => EnterpriseChange::Department(Department {
                code: self.code,
                name: self.name,
                parent: self.parent,
            }),
            "remove-department" => EnterpriseChange::RemoveDepartment(self.code),
            "member" => EnterpriseChange::Members(vec![self.member()]),
            "members" => {
                let members = self.members.into_iter();
                EnterpriseChange::Members(members.map(Self::member).collect())
            },
            "withdraw" => EnterpriseChange::Withdraw(self.user_name),
            "remove-member" => EnterpriseChange::RemoveMember(self.user_name),
            _ => return Err(ControlError::UnknownChange),
        })
    }

    fn member(self) -> Member {
        Member {
            user_name: self.user_name,
            name: self.name,
            department: self.code,
            role: self.role,
            is_enabled: self.enabled,
            is_authorised: true,
        }
    }
}

async fn enterprises(shop: Data<Shop>) -> HttpResponse {
    let market = shop.market();
    let views: Vec<_> = market.enterprises().map(Enterprise::view).collect();
    HttpResponse::Ok().json(views)
}

async fn found(shop: Data<Shop>, request: HttpRequest, body: Bytes) -> Answer {
    let wish: Wish = read(&request, &body)?;
    let founding = Founding {
        listing: wish.listing,
        version: wish.version,
        is_test: wish.is_test,
        instance: wish.instance,
        application: wish.application,
        login_address: wish.login_address,
        code: wish.code,
        name: wish.name,
    };
    let origin = format!("http://{}", request.connection_info().host());
    let domain_name = |_tenant: &str| {
        if wish.domain_name.is_empty() {
            origin
        } else {
            wish.domain_name
        }
    };
    let now = shop.now();
    let kept = {
        let mut market = shop.market();
        let founded = market.found_enterprise(founding, domain_name, now)?;
        keep(&shop, &mut market, founded)?
    };
    Ok(tell(&shop, &request, kept))
}

async fn change(
    shop: Data<Shop>,
    path: Path<(String, String)>,
    request: HttpRequest,
    body: Bytes,
) -> Answer {
    let (tenant, name) = path.into_inner();
    let change = read::<Particulars>(&request, &body)?.change(&name)?;
    let now = shop.now();
    let kept = {
        let mut market = shop.market();
        let changed = market.change_enterprise(&tenant, change, now)?;
        keep(&shop, &mut market, changed)?
    };
    Ok(tell(&shop, &request, kept))
}

/// Keeps an enterprise in both places, or in none.
fn keep(
    shop: &Shop,
    market: &mut Market,
    (enterprise, callbacks): (Enterprise, Vec<Callback>),
) -> Result<(EnterpriseView, Vec<Callback>), ControlError> {
    let accounts = in_the_centre(&enterprise);
    shop.centre
        .accounts(|directory| directory.put(accounts))
        .map_err(ControlError::Centre)?;
    let view = enterprise.view();
    market.keep_enterprise(enterprise);
    Ok((view, callbacks))
}

fn tell(
    shop: &Shop,
    request: &HttpRequest,
    (enterprise, callbacks): (EnterpriseView, Vec<Callback>),
) -> HttpResponse {
    let messages = shop.dispatch_in_order(callbacks);
    done(
        request,
        json!({ "enterprise": enterprise, "messages": messages }),
    )
}

/// What the authentication centre knows of an enterprise: whoever may sign in, and to what.
fn in_the_centre(enterprise: &Enterprise) -> centre::Enterprise {
    let application = centre::Application {
        app_id: enterprise.binding.application.clone(),
        client_id: enterprise.client.id.clone(),
        client_secret: enterprise.client.secret.clone(),
        login_address: enterprise.client.login_address.clone(),
        service_address: String::new(),
    };
    let is_open = enterprise.is_bound && !application.login_address.is_empty();
    let authorised = enterprise.members.values().filter(|it| it.is_authorised);
    let members = authorised.map(|member| {
        let department = enterprise.departments.get(&member.department);
        centre::Member {
            user_name: member.user_name.clone(),
            name: member.name.clone(),
            role: match member.role {
                Role::User => centre::Role::User,
                Role::Admin => centre::Role::Admin,
            },
            enabled: member.is_enabled,
            org_code: member.department.clone(),
            org_name: department.map(|it| it.name.clone()).unwrap_or_default(),
            mobile: String::new(),
            email: String::new(),
        }
    });
    centre::Enterprise {
        tenant_id: enterprise.binding.tenant.clone(),
        tenant_code: enterprise.profile.code.clone(),
        name: enterprise.profile.name.clone(),
        applications: is_open.then_some(application).into_iter().collect(),
        members: members.collect(),
    }
}
