//! The five notifications of the kit, field by field.

use serde_json::{Value, json};
use tenure_koogallery::kit::application::ApplicationChange;
use tenure_koogallery::kit::department::{DEPARTMENTS_MAX, DepartmentChange};
use tenure_koogallery::kit::tenant::TenantChange;
use tenure_koogallery::kit::user::{AccessChange, EXTENSION_CHARACTERS_MAX, User};
use tenure_koogallery::kit::{DepartmentCode, Interface, Notification, UserName};
use tenure_koogallery::{Environment, Fault, Rejection};

use crate::kit_caller::Call;

pub(crate) fn tenant() -> Value {
    json!({
        "instanceId": "inst-1", "orderId": "CS2211181819B4LVS", "tenantId": "t-0001",
        "tenantCode": "demo", "name": "示例企业", "domainName": "https://demo.example.com",
        "flag": 1, "testFlag": 0, "timeStamp": "20240102030405678",
    })
}

pub(crate) fn application() -> Value {
    json!({
        "instanceId": "inst-1", "tenantId": "t-0001", "appId": "app-9", "clientId": "client-1",
        "clientSecret": "c2VjcmV0", "flag": 1, "testFlag": 0, "timeStamp": "20240102030405678",
    })
}

fn user() -> Value {
    json!({
        "userName": "zhangsan01", "name": "张三", "orgCode": "10000", "position": "系统管理员",
        "employeeCode": "E-7", "employeeType": 1, "role": "admin", "enable": "true",
        "mobile": "+86-13900000000", "email": "zhangsan@example.com", "workPlace": "深圳",
    })
}

pub(crate) fn users(list: Value) -> Value {
    json!({
        "instanceId": "inst-1", "tenantId": "t-0001", "appId": "app-9", "userList": list,
        "currentSyncTime": "20240102030405678", "flag": 1, "testFlag": 0,
        "timeStamp": "20240102030405678",
    })
}

pub(crate) fn department() -> Value {
    json!({
        "instanceId": "inst-1", "tenantId": "t-0001", "orgCode": "10000", "orgName": "产品部",
        "parentCode": "1", "flag": 1, "testFlag": 0, "timeStamp": "20240102030405678",
    })
}

pub(crate) fn departments(list: Value) -> Value {
    json!({
        "instanceId": "inst-1", "tenantId": "t-0001", "orgInfoList": list, "testFlag": 0,
        "timeStamp": "20240102030405678",
    })
}

/// The body with one member changed; `null` takes it away.
fn with(mut body: Value, name: &str, value: Value) -> Value {
    let members = body.as_object_mut().unwrap();
    if value.is_null() {
        members.remove(name);
    } else {
        members.insert(name.to_owned(), value);
    }
    body
}

#[track_caller]
fn read(interface: Interface, body: &Value) -> Notification {
    let verified = Call::signed(interface, &body.to_string()).unwrap();
    assert_eq!(verified.notification.interface(), interface);
    verified.notification
}

#[track_caller]
fn check(interface: Interface, body: Value, field: &'static str, fault: Fault) {
    let rejected = Call::signed(interface, &body.to_string()).unwrap_err();
    assert_eq!(
        rejected.rejection,
        Rejection::MalformedBody { field, fault },
        "{body}"
    );
    assert!(rejected.key.is_some());
    assert_eq!(rejected.rejection.result_code().code(), "000002");
}

/// A mandatory text of a bounded length.
#[track_caller]
fn check_text(interface: Interface, body: &Value, field: &'static str, characters_max: usize) {
    let with = |value| with(body.clone(), field, value);
    read(interface, &with(json!("企".repeat(characters_max))));
    let long = json!("企".repeat(characters_max + 1));
    check(interface, with(long), field, Fault::TooLong);
    check(interface, with(Value::Null), field, Fault::Missing);
    check(interface, with(json!("")), field, Fault::Missing);
    check(interface, with(json!(["a"])), field, Fault::WrongType);
}

#[test]
fn every_mandatory_text_has_the_length_of_its_table() {
    let tenant = tenant();
    for (field, max) in [
        ("tenantId", 64),
        ("tenantCode", 64),
        ("name", 255),
        ("domainName", 255),
    ] {
        check_text(Interface::TenantSync, &tenant, field, max);
    }
    for (field, max) in [("tenantId", 64), ("appId", 64), ("clientId", 64)] {
        check_text(Interface::ApplicationSync, &application(), field, max);
    }
    let secret = |text| with(application(), "clientSecret", json!(text));
    let interface = Interface::ApplicationSync;
    check(
        interface,
        secret("A".repeat(4_097)),
        "clientSecret",
        Fault::TooLong,
    );
    check(
        interface,
        secret(String::new()),
        "clientSecret",
        Fault::Missing,
    );
    for (field, max) in [("tenantId", 64), ("orgCode", 64), ("orgName", 128)] {
        check_text(Interface::SingleOrgSync, &department(), field, max);
    }
    check_text(Interface::AuthSync, &users(json!([user()])), "appId", 64);
}

#[test]
fn every_optional_text_is_bounded_and_absent_where_it_is_blank() {
    let long = |count: usize| json!("企".repeat(count));
    let interface = Interface::TenantSync;
    check(
        interface,
        with(tenant(), "orderId", long(65)),
        "orderId",
        Fault::TooLong,
    );
    check(
        interface,
        with(tenant(), "instanceId", long(65)),
        "instanceId",
        Fault::TooLong,
    );
    for blank in [Value::Null, json!("")] {
        let body = with(
            with(tenant(), "orderId", blank.clone()),
            "instanceId",
            blank,
        );
        let Notification::TenantSync(sync) = read(interface, &body) else {
            panic!()
        };
        assert_eq!(sync.key.instance, None);
        let TenantChange::Create(tenant) = sync.change else {
            panic!()
        };
        assert_eq!(tenant.order, None);
    }
    let parent = |value| with(department(), "parentCode", value);
    check(
        Interface::SingleOrgSync,
        parent(long(65)),
        "parentCode",
        Fault::TooLong,
    );
    for blank in [Value::Null, json!("")] {
        let read = read(Interface::SingleOrgSync, &parent(blank));
        let Notification::SingleOrgSync(sync) = read else {
            panic!()
        };
        let DepartmentChange::Create(place) = sync.change else {
            panic!()
        };
        assert_eq!(place.parent, None);
    }
}

#[test]
fn null_is_the_same_as_absent() {
    let body = tenant().to_string().replace(r#""inst-1""#, "null");
    let verified = Call::signed(Interface::TenantSync, &body).unwrap();
    let Notification::TenantSync(sync) = verified.notification else {
        panic!()
    };
    assert_eq!(sync.key.instance, None);
}

#[test]
fn flags_are_those_of_the_tables() {
    for (interface, body, last) in [
        (Interface::TenantSync, tenant(), 2),
        (Interface::ApplicationSync, application(), 2),
        (Interface::AuthSync, users(json!([user()])), 3),
        (Interface::SingleOrgSync, department(), 2),
    ] {
        for flag in 0..=last {
            read(interface, &with(body.clone(), "flag", json!(flag)));
            read(
                interface,
                &with(body.clone(), "flag", json!(flag.to_string())),
            );
        }
        let other = with(body.clone(), "flag", json!(last + 1));
        check(interface, other, "flag", Fault::BadValue);
        check(
            interface,
            with(body.clone(), "flag", json!("x")),
            "flag",
            Fault::WrongType,
        );
        check(
            interface,
            with(body, "flag", Value::Null),
            "flag",
            Fault::Missing,
        );
    }
    // The full list has none, whatever an example shows.
    read(
        Interface::AllOrgSync,
        &with(departments(json!([])), "flag", json!("x")),
    );
}

#[test]
fn a_test_flag_is_0_or_1() {
    for (flag, environment) in [
        (json!(0), Environment::Real),
        (json!("0"), Environment::Real),
        (json!(1), Environment::Test),
        (json!("1"), Environment::Test),
    ] {
        let body = with(tenant(), "testFlag", flag).to_string();
        let verified = Call::signed(Interface::TenantSync, &body).unwrap();
        assert_eq!(verified.environment, environment);
    }
    for (flag, fault) in [
        (Value::Null, Fault::Missing),
        (json!(""), Fault::Missing),
        (json!(2), Fault::BadValue),
        (json!(true), Fault::WrongType),
    ] {
        let body = with(departments(json!([])), "testFlag", flag);
        check(Interface::AllOrgSync, body, "testFlag", fault);
    }
}

#[test]
fn a_time_stamp_is_kept_and_never_turned_away() {
    for stamp in [
        Value::Null,
        json!(""),
        json!(20_240_102),
        json!("soon"),
        json!({"a": []}),
    ] {
        read(
            Interface::TenantSync,
            &with(tenant(), "timeStamp", stamp.clone()),
        );
        let body = with(users(json!([])), "currentSyncTime", stamp);
        read(Interface::AuthSync, &body);
    }
    let Notification::TenantSync(sync) = read(Interface::TenantSync, &tenant()) else {
        panic!()
    };
    assert_eq!(sync.sent_at.received.as_deref(), Some("20240102030405678"));
    // 2024-01-01T19:04:05.678Z
    assert_eq!(sync.sent_at.at.unwrap().millis(), 1_704_135_845_678);
}

#[test]
fn what_is_taken_away_needs_its_key_only() {
    let key = json!({"tenantId": "t-0001", "appId": "app-9", "orgCode": "1", "flag": 0,
        "testFlag": 0, "userList": [{"userName": "lisi02", "role": "?"}]});
    let Notification::TenantSync(sync) = read(Interface::TenantSync, &key) else {
        panic!()
    };
    assert_eq!(sync.change, TenantChange::Delete);
    let read_application = read(Interface::ApplicationSync, &key);
    let Notification::ApplicationSync(sync) = read_application else {
        panic!()
    };
    assert_eq!(sync.change, ApplicationChange::Delete);
    let Notification::SingleOrgSync(sync) = read(Interface::SingleOrgSync, &key) else {
        panic!()
    };
    assert_eq!(sync.change, DepartmentChange::Delete);
    let names = vec![UserName::parse("lisi02").unwrap()];
    let Notification::AuthSync(sync) = read(Interface::AuthSync, &key) else {
        panic!()
    };
    assert_eq!(sync.change, AccessChange::Delete(names.clone()));
    let body = with(key.clone(), "flag", json!(3));
    let Notification::AuthSync(sync) = read(Interface::AuthSync, &body) else {
        panic!()
    };
    assert_eq!(sync.change, AccessChange::Withdraw(names));
    let nameless = with(key, "userList", json!([{"userName": ""}]));
    check(Interface::AuthSync, nameless, "userName", Fault::Missing);
}

#[track_caller]
fn read_user(user: &Value) -> User {
    let body = users(json!([user]));
    let Notification::AuthSync(sync) = read(Interface::AuthSync, &body) else {
        panic!()
    };
    let AccessChange::Grant(mut users) = sync.change else {
        panic!()
    };
    users.pop().unwrap()
}

#[test]
fn a_user_is_read_field_by_field() {
    let read = read_user(&user());
    let text = |it: &Option<tenure_koogallery::kit::Personal>| {
        it.as_ref().map(|it| it.as_str().to_owned())
    };
    assert_eq!(read.user_name.as_str(), "zhangsan01");
    assert_eq!(read.name.as_str(), "张三");
    assert_eq!(read.department.as_str(), "10000");
    assert_eq!(text(&read.position).as_deref(), Some("系统管理员"));
    assert_eq!(text(&read.employee_code).as_deref(), Some("E-7"));
    assert_eq!(read.employee_type, Some(1));
    assert_eq!(text(&read.mobile).as_deref(), Some("+86-13900000000"));
    assert_eq!(text(&read.email).as_deref(), Some("zhangsan@example.com"));
    assert_eq!(text(&read.work_place).as_deref(), Some("深圳"));
    assert_eq!(read.entry_date, None);
    assert_eq!(read.extension, None);
}

#[test]
fn a_user_is_refused_for_one_field() {
    let long = |count: usize| json!("企".repeat(count));
    for (field, value, fault) in [
        ("userName", Value::Null, Fault::Missing),
        ("userName", long(65), Fault::TooLong),
        ("userName", json!("a\nb"), Fault::BadCharacter),
        ("name", Value::Null, Fault::Missing),
        ("name", long(65), Fault::TooLong),
        ("orgCode", Value::Null, Fault::Missing),
        ("role", Value::Null, Fault::Missing),
        ("role", json!("root"), Fault::BadValue),
        ("enable", Value::Null, Fault::Missing),
        ("enable", json!("yes"), Fault::BadValue),
        ("position", long(65), Fault::TooLong),
        ("employeeCode", long(65), Fault::TooLong),
        ("employeeType", json!("x"), Fault::WrongType),
        ("mobile", long(33), Fault::TooLong),
        ("email", long(129), Fault::TooLong),
        ("workPlace", long(256), Fault::TooLong),
        ("entryDate", long(65), Fault::TooLong),
        ("extension", long(EXTENSION_CHARACTERS_MAX), Fault::TooLong),
    ] {
        let body = users(json!([user(), with(user(), field, value)]));
        check(Interface::AuthSync, body, field, fault);
    }
}

#[test]
fn a_user_may_be_disabled_with_a_boolean_or_a_text() {
    assert!(read_user(&with(user(), "enable", json!(true))).enabled);
    assert!(!read_user(&with(user(), "enable", json!(false))).enabled);
    assert!(!read_user(&with(user(), "enable", json!("false"))).enabled);
}

#[test]
fn an_extension_is_kept_and_three_fields_may_stand_in_it() {
    let plain = with(
        with(user(), "employeeType", Value::Null),
        "workPlace",
        json!(""),
    );
    let inside = json!({"entryDate": "2022-11-9", "employeeType": "2", "workPlace": "广州",
        "erp": {"set": [1, 2]}});
    let read = read_user(&with(plain.clone(), "extension", inside.clone()));
    assert_eq!(read.employee_type, Some(2));
    assert_eq!(read.work_place.unwrap().as_str(), "广州");
    assert_eq!(read.entry_date.unwrap().as_str(), "2022-11-9");
    assert_eq!(read.extension.unwrap().as_str(), inside.to_string());
    // What stands beside it counts first.
    let both = read_user(&with(user(), "extension", inside));
    assert_eq!(both.employee_type, Some(1));
    assert_eq!(both.work_place.unwrap().as_str(), "深圳");
    for odd in [
        json!({}),
        json!([]),
        json!("text"),
        json!({"employeeType": [], "workPlace": 5}),
    ] {
        let read = read_user(&with(plain.clone(), "extension", odd));
        assert!(read.extension.is_some());
        assert_eq!((read.employee_type, read.work_place), (None, None));
    }
}

#[test]
fn an_extension_is_bounded_in_depth() {
    let nested = |depth: usize| {
        let deep = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let list = json!([with(user(), "extension", json!("deep"))]).to_string();
        list.replace(r#""deep""#, &deep)
    };
    // As an array it counts with the body, and as a text alone.
    for (list, refused) in [
        (nested(13), None),
        (nested(14), Some("body has a value that is not allowed")),
        (json!(nested(100)).to_string(), None),
        (
            json!(nested(5_000)).to_string(),
            Some("extension has a value that is not allowed"),
        ),
    ] {
        let body = users(json!("list")).to_string().replace(r#""list""#, &list);
        let rejected = Call::signed(Interface::AuthSync, &body).err();
        let rejected = rejected.map(|it| it.rejection.to_string());
        assert_eq!(rejected.as_deref(), refused);
    }
}

#[test]
fn lists_may_be_texts_and_are_bounded() {
    let interface = Interface::AuthSync;
    let list = json!([user()]).to_string();
    let bare = r#"[{userName:"u",name:"a:b",orgCode:"1",role:"user",enable:true}]"#;
    for list in [json!(list), json!(bare), json!([]), json!("[]")] {
        read(interface, &users(list));
    }
    read(interface, &users(Value::Array(vec![user(); 500])));
    let long = Value::Array(vec![user(); 501]);
    check(
        interface,
        users(json!(long.to_string())),
        "userList",
        Fault::TooLong,
    );
    check(interface, users(long), "userList", Fault::TooLong);
    for (list, fault) in [
        (Value::Null, Fault::Missing),
        (json!(""), Fault::Missing),
        (json!({}), Fault::WrongType),
        (json!("[{"), Fault::WrongType),
        (json!([1]), Fault::WrongType),
        (json!("[[]]"), Fault::WrongType),
    ] {
        check(
            interface,
            with(users(json!([])), "userList", list),
            "userList",
            fault,
        );
    }
    let many = Value::Array(vec![
        json!({"orgCode": "1", "orgName": "a"});
        DEPARTMENTS_MAX
    ]);
    read(Interface::AllOrgSync, &departments(many.clone()));
    let Value::Array(mut more) = many else {
        panic!()
    };
    more.push(json!({}));
    let body = departments(Value::Array(more));
    check(Interface::AllOrgSync, body, "orgInfoList", Fault::TooLong);
}

#[test]
fn departments_are_spelled_in_several_ways() {
    let list = json!([
        {"orgCode": "1", "orgName": "a", "parentCode": ""},
        {"orgCode": "2", "OrgName": "b", "parentCode": "1"},
        {"orgCode": "3", "name": "c", "parentCode": null},
    ]);
    let old = with(departments(Value::Null), "orgInfo", json!(list.to_string()));
    for body in [departments(list), old] {
        let Notification::AllOrgSync(sync) = read(Interface::AllOrgSync, &body) else {
            panic!()
        };
        let told: Vec<_> = sync
            .departments
            .iter()
            .map(|it| {
                let parent = it.place.parent.as_ref().map(DepartmentCode::as_str);
                (it.code.as_str(), it.place.name.as_str(), parent)
            })
            .collect();
        assert_eq!(
            told,
            [("1", "a", None), ("2", "b", Some("1")), ("3", "c", None)]
        );
    }
    for (entry, field, fault) in [
        (json!({"orgName": "a"}), "orgCode", Fault::Missing),
        (json!({"orgCode": "1"}), "orgName", Fault::Missing),
        (
            json!({"orgCode": "1", "OrgName": "企".repeat(129)}),
            "OrgName",
            Fault::TooLong,
        ),
        (json!({"orgCode": "1", "name": 1}), "name", Fault::WrongType),
    ] {
        check(
            Interface::AllOrgSync,
            departments(json!([entry])),
            field,
            fault,
        );
    }
}

#[test]
fn no_debug_form_shows_what_is_about_people() {
    let extended = with(user(), "extension", json!({"phone": "13911111111"}));
    let list = json!([{"orgCode": "1", "orgName": "产品部"}]);
    for (interface, body) in [
        (Interface::TenantSync, tenant()),
        (Interface::ApplicationSync, application()),
        (Interface::AuthSync, users(json!([extended]))),
        (Interface::SingleOrgSync, department()),
        (Interface::AllOrgSync, departments(list)),
    ] {
        let notification = read(interface, &body);
        let shown = format!("{notification:?} {notification:#?}");
        assert!(
            shown.contains("t-0001") && shown.contains("inst-1"),
            "{shown}"
        );
        let personal = [
            "示例",
            "张三",
            "zhangsan",
            "139",
            "深圳",
            "E-7",
            "管理员",
            "产品部",
            "c2Vj",
        ];
        for secret in personal {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
    }
    let shown = format!(
        "{:?}",
        read(Interface::AuthSync, &users(json!([user(), user()])))
    );
    assert!(shown.contains("Grant(2 users)"), "{shown}");
    let shown = format!("{:?}", read_user(&user()));
    assert_eq!(shown, "User { role: Admin, enabled: true, .. }");
}
