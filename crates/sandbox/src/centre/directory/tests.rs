use secrecy::SecretString;

use super::{
    Application, Directory, DirectoryError, ENTERPRISES_MAX, Enterprise, Member, Role, SignInError,
};

fn enterprise(number: usize) -> Enterprise {
    Enterprise {
        tenant_id: format!("t-{number}"),
        tenant_code: format!("demo{number}"),
        name: "示例企业".to_owned(),
        applications: vec![application(&format!("client-{number}"))],
        members: vec![member("lisi02")],
    }
}

fn application(client_id: &str) -> Application {
    Application {
        app_id: "app-9".to_owned(),
        client_id: client_id.to_owned(),
        client_secret: SecretString::from("a+b/c=d&e"),
        login_address: "https://saas.example.com/sso/callback".to_owned(),
        service_address: String::new(),
    }
}

fn member(user_name: &str) -> Member {
    Member {
        user_name: user_name.to_owned(),
        name: "李四".to_owned(),
        role: Role::User,
        enabled: true,
        org_code: String::new(),
        org_name: String::new(),
        mobile: String::new(),
        email: String::new(),
    }
}

fn directory() -> Directory {
    let mut directory = Directory::default();
    directory.put(enterprise(1)).unwrap();
    directory.put(enterprise(2)).unwrap();
    directory
}

#[test]
fn an_enterprise_is_found_by_both_names() {
    let mut directory = directory();
    assert_eq!(directory.enterprise("t-1").unwrap().tenant_code, "demo1");
    assert_eq!(directory.enterprise("demo2").unwrap().tenant_id, "t-2");
    assert!(directory.enterprise("demo3").is_none());
    assert!(directory.remove("demo2"));
    assert!(!directory.remove("t-2"));
}

#[test]
fn names_and_clients_belong_to_one_enterprise() {
    let mut directory = directory();
    let mut third = enterprise(3);
    third.tenant_code = "t-1".to_owned();
    assert_eq!(directory.put(third), Err(DirectoryError::NameTaken));
    let taken = directory.put_application("t-2", application("client-1"));
    assert_eq!(taken, Err(DirectoryError::ClientTaken));
    let mut twice = enterprise(3);
    twice.applications.push(application("client-4"));
    assert_eq!(directory.put(twice), Err(DirectoryError::ClientTaken));
    directory
        .put_application("demo2", application("client-3"))
        .unwrap();
    assert!(directory.client("client-2").is_none());
    assert_eq!(directory.client("client-3").unwrap().0.tenant_id, "t-2");
}

#[test]
fn a_disabled_member_cannot_sign_in() {
    let mut directory = directory();
    let disabled = Member {
        enabled: false,
        ..member("lisi02")
    };
    directory.put_member("t-1", disabled).unwrap();
    let found = directory.enterprise("t-1").unwrap();
    assert_eq!(found.members.len(), 1);
    assert_eq!(found.signing_in("lisi02"), Err(SignInError::Disabled));
    assert_eq!(found.signing_in("wangwu"), Err(SignInError::UnknownMember));
}

#[test]
fn secrets_are_compared_whole_and_shown_nowhere() {
    let application = application("client-1");
    assert!(application.has_secret("a+b/c=d&e"));
    for wrong in ["", "a+b/c=d&", "a+b/c=d&ee", "A+b/c=d&e"] {
        assert!(!application.has_secret(wrong), "{wrong}");
    }
    let shown = format!(
        "{application:?} {}",
        serde_json::to_string(&application).unwrap()
    );
    assert!(!shown.contains("a+b/c"), "{shown}");
}

#[test]
fn what_does_not_fit_is_refused() {
    let mut directory = directory();
    let refused = |change: fn(&mut Enterprise)| {
        let mut changed = enterprise(1);
        change(&mut changed);
        Directory::default().put(changed).unwrap_err()
    };
    let text = DirectoryError::Text;
    assert_eq!(refused(|it| it.name.clear()), text("name"));
    assert_eq!(
        refused(|it| it.tenant_id = "x".repeat(256)),
        text("tenant_id")
    );
    assert_eq!(
        refused(|it| it.members[0].mobile = "1\n".to_owned()),
        text("mobile")
    );
    for address in ["saas.example.com", "ftp://saas.example.com/"] {
        let mut changed = application("client-1");
        changed.login_address = address.to_owned();
        let refused = directory.put_application("t-1", changed);
        assert_eq!(refused, Err(DirectoryError::LoginAddress), "{address}");
    }
    assert_eq!(
        refused(|it| it.members = (0..1001).map(|n| member(&n.to_string())).collect()),
        DirectoryError::TooMany
    );
    for number in 3..=ENTERPRISES_MAX {
        directory.put(enterprise(number)).unwrap();
    }
    let one_more = enterprise(ENTERPRISES_MAX + 1);
    assert_eq!(directory.put(one_more), Err(DirectoryError::TooMany));
    directory.put(enterprise(1)).unwrap();
}
