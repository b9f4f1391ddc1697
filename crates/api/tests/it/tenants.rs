//! Enterprises, their members and departments.

use serde_json::Value;
use tenure_domain::tenant::{
    Account, Binding, Client, Command, Department, Leave, MemberId, Others, Partition, Role,
    TenantKey,
};
use tenure_domain::{ApplicationId, DepartmentCode, Sealed, TenantId};
use tenure_journal::transact::{Done, Request};
use tenure_journal::vault::{DataKey, Owner};
use tenure_koogallery::kit::{Profile, contexts};

use crate::scene::{Scene, check_shape, license, merchant};

const TENANT: &str = "t-0001";

/// A scene, and the key of its enterprise.
struct Kit {
    scene: Scene,
    key: DataKey,
}

impl Kit {
    fn new() -> Self {
        let scene = Scene::new();
        let key = scene.vault.key(&owner()).unwrap();
        Self { scene, key }
    }

    fn tell(&self, partition: Partition, instance: Option<&str>, command: Command) -> Done {
        self.scene.record(Request::Tenant {
            merchant: merchant("acme"),
            key: TenantKey {
                listing: tenure_testkit::listing(),
                partition,
                instance: instance.map(license),
                tenant: TenantId::parse(TENANT).unwrap(),
            },
            command,
        })
    }

    fn sealed(&self, context: &str, text: &str) -> Sealed {
        self.key.seal(context, text.as_bytes()).unwrap()
    }

    fn binding(&self, number: u32) -> Command {
        Command::Bind(Binding {
            order: Some(tenure_testkit::order(number)),
            code: "example".into(),
            domain: "idp.example.com".into(),
            name: self.sealed(contexts::TENANT_NAME, "示例公司"),
        })
    }

    fn member(&self, user_name: &str, role: Role) -> (MemberId, Account) {
        let profile = Profile {
            user_name: user_name.to_owned(),
            name: "张三".to_owned(),
            position: Some("engineer".to_owned()),
            employee_code: None,
            employee_type: Some(1),
            mobile: None,
            email: Some("zhang.san@example.com".to_owned()),
            work_place: None,
            entry_date: Some("2022-11-9".to_owned()),
            extension: None,
        };
        let profile = String::from_utf8(profile.to_json()).unwrap();
        // Of a fixed number: the key, and so the digest, is another one in every run.
        let id = MemberId::new([user_name.as_bytes()[0]; 16]);
        let account = Account {
            role,
            enabled: true,
            department: department("D1"),
            profile: self.sealed(contexts::PROFILE, &profile),
        };
        (id, account)
    }

    async fn ask(&self, target: &str) -> Value {
        self.scene.ask(target).await.json()
    }

    async fn count(&self, target: &str, list: &str) -> usize {
        self.ask(target).await[list].as_array().unwrap().len()
    }
}

fn owner() -> Owner {
    Owner::tenant(&merchant("acme"), &TenantId::parse(TENANT).unwrap())
}

fn application() -> ApplicationId {
    ApplicationId::parse("app-1").unwrap()
}

fn department(code: &str) -> DepartmentCode {
    DepartmentCode::parse(code).unwrap()
}

/// An enterprise with two instances, a client, two members of whom one left, two departments, and
/// what a test call told.
fn told() -> Kit {
    let kit = Kit::new();
    let real = |instance, command| kit.tell(Partition::Real, Some(instance), command);
    let (member, other) = (kit.member("a", Role::Admin), kit.member("b", Role::User));
    let gone = other.0;
    drop(real("instance-1", kit.binding(1)));
    drop(real("instance-2", kit.binding(2)));
    drop(real(
        "instance-1",
        Command::SetClient {
            application: application(),
            client: Client {
                id: "client-1".into(),
                secret: kit.sealed(contexts::CLIENT_SECRET, "s3cret-of-client"),
            },
        },
    ));
    drop(real(
        "instance-1",
        Command::Grant {
            application: application(),
            members: vec![member, other],
        },
    ));
    drop(real(
        "instance-1",
        Command::Withdraw {
            application: application(),
            members: vec![gone],
            leave: Leave::Enterprise,
        },
    ));
    let named = |name| kit.sealed(contexts::DEPARTMENT_NAME, name);
    drop(real(
        "instance-1",
        Command::SetDepartments {
            departments: vec![
                (
                    department("D1"),
                    Department {
                        parent: None,
                        name: named("研发部"),
                    },
                ),
                (
                    department("D2"),
                    Department {
                        parent: Some(department("D1")),
                        name: named("Quality"),
                    },
                ),
            ],
            others: Others::Keep,
        },
    ));
    let last = kit.tell(Partition::Test, None, Command::Unbind);
    assert_eq!(last.head.number(), 6, "nothing was bound by a test call");
    let last = kit.tell(Partition::Test, None, kit.binding(3));
    kit.scene.fold(last.head);
    kit
}

#[actix_web::test]
async fn an_enterprise_is_shown_instance_by_instance() {
    let kit = told();
    check_shape("tenants", &kit.ask("/v1/tenants?limit=1").await);
    let shown = kit.ask("/v1/tenants/t-0001").await;
    let instances: Vec<_> = shown["tenants"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["instance_id"].as_str().unwrap())
        .collect();
    assert_eq!(instances, ["instance-1", "instance-2"]);
    let test = kit.ask("/v1/tenants/t-0001?partition=test").await;
    assert_eq!(test["tenants"][0]["partition"], "test");
    assert_eq!(test["tenants"][0]["instance_id"], Value::Null);
}

#[actix_web::test]
async fn each_filter_finds_its_enterprises() {
    let kit = told();
    for (parameters, expected) in [
        ("", 2),
        ("?partition=real", 2),
        ("?partition=test", 1),
        ("?listing=cad-pro", 2),
        ("?listing=other-pro", 0),
        ("?instance=instance-2", 1),
        ("?tenant=t-0001", 2),
        ("?tenant=t-0002", 0),
        ("?bound=true", 2),
        ("?bound=false", 0),
        ("?min_position=7", 2),
    ] {
        let target = format!("/v1/tenants{parameters}");
        assert_eq!(kit.count(&target, "tenants").await, expected, "{target}");
    }
    let first = kit.ask("/v1/tenants?limit=1").await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = kit.ask(&format!("/v1/tenants?cursor={cursor}")).await;
    assert_eq!(second["tenants"][0]["instance_id"], "instance-2");
    assert_eq!(second["next_cursor"], Value::Null);
}

#[actix_web::test]
async fn members_and_departments_are_shown_with_what_is_sealed() {
    let kit = told();
    check_shape("tenant_users", &kit.ask("/v1/tenants/t-0001/users").await);
    let departments = kit.ask("/v1/tenants/t-0001/departments").await;
    check_shape("tenant_departments", &departments);
    for (parameters, expected) in [
        ("access=granted", 1),
        ("access=deleted", 1),
        ("access=withdrawn", 0),
        ("department=D1", 2),
        ("department=D2", 0),
        ("application=app-1", 2),
        ("application=app-2", 0),
        ("instance=instance-1", 2),
        ("limit=1", 1),
        ("partition=test", 0),
    ] {
        let target = format!("/v1/tenants/t-0001/users?{parameters}");
        assert_eq!(kit.count(&target, "users").await, expected, "{target}");
    }
    for (list, first) in [("users", "member_id"), ("departments", "department_code")] {
        let target = format!("/v1/tenants/t-0001/{list}?limit=1");
        let page = kit.ask(&target).await;
        let cursor = page["next_cursor"].as_str().unwrap();
        let next = kit.ask(&format!("{target}&cursor={cursor}")).await;
        assert_ne!(page[list][0][first], next[list][0][first]);
        assert_eq!(next["next_cursor"], Value::Null);
    }
}

#[actix_web::test]
async fn what_was_erased_is_null_and_says_so() {
    let kit = told();
    assert_eq!(kit.scene.vault.destroy(&owner()).unwrap(), 1);
    for (target, list, field) in [
        ("/v1/tenants", "tenants", "name"),
        ("/v1/tenants/t-0001/users", "users", "profile"),
        ("/v1/tenants/t-0001/departments", "departments", "name"),
    ] {
        let answer = kit.ask(target).await;
        let row = &answer[list][0];
        assert_eq!((&row[field], &row["erased"]), (&Value::Null, &true.into()));
    }
    let row = &kit.ask("/v1/tenants").await["tenants"][0];
    assert_eq!(row["domain"], "idp.example.com");
}

#[actix_web::test]
async fn records_name_the_enterprise_and_nobody() {
    let kit = told();
    let records = kit.ask("/v1/tenants/t-0001/records").await;
    check_shape("tenant_records", &records);
    assert_eq!(
        kit.ask("/v1/records?limit=6").await["records"],
        records["records"]
    );
    let of = |parameters| format!("/v1/tenants/t-0001/records?{parameters}");
    assert_eq!(kit.count(&of("partition=test"), "records").await, 1);
    assert_eq!(kit.count(&of("instance=instance-2"), "records").await, 1);
    let shown = records.to_string();
    for personal in ["张三", "zhang", "示例公司", "研发部", "s3cret"] {
        assert!(!shown.contains(personal), "{personal}");
    }
}

#[actix_web::test]
async fn a_question_that_means_nothing_is_refused() {
    let kit = told();
    let unknown = "/v1/tenants/t-0002";
    for (target, status, code) in [
        ("/v1/tenants?partition=both", 400, "malformed_parameter"),
        ("/v1/tenants?bound=1", 400, "malformed_parameter"),
        ("/v1/tenants?listing=nothing", 404, "unknown_listing"),
        ("/v1/tenants?cursor=x", 400, "malformed_cursor"),
        ("/v1/tenants?limit=201", 400, "malformed_parameter"),
        ("/v1/tenants/t-0001?bound=true", 400, "unknown_parameter"),
        (unknown, 404, "unknown_tenant"),
        (&format!("{unknown}/users"), 404, "unknown_tenant"),
        (&format!("{unknown}/departments"), 404, "unknown_tenant"),
        (&format!("{unknown}/records"), 404, "unknown_tenant"),
        (
            "/v1/tenants/t-0001/users?access=none",
            400,
            "malformed_parameter",
        ),
        (
            "/v1/tenants/t-0001/users?cursor=5b5d",
            400,
            "malformed_cursor",
        ),
    ] {
        let problem = kit.scene.ask(target).await.problem();
        assert_eq!(problem, (status, code.to_owned()), "{target}");
    }
}
