//! What the kit told is shown: over the API, and by the command line.

use serde_json::{Value, json};
use tenure_sandbox::kit::{Flag, Version};

use super::{
    CLIENT_SECRET, bind, binding, client, department, grant, member, service, told, writer,
};
use crate::service::{Service, texts};

const TENANT: &str = "68cbc86abcdef01234567880d92f36422";

/// An enterprise with a client, two members of whom one left, and two departments.
async fn played() -> Service {
    let service = service();
    let writer = writer(Version::V2);
    let members = [member("zhangsan01", "张三"), member("lisi02", "李四")];
    let departments = [department("10001", "R&D"), department("10002", "测试部")];
    for call in [
        bind(),
        client(&writer, CLIENT_SECRET),
        writer.all_org_sync(&binding(), &departments),
        grant(&members),
        writer.auth_sync(&binding(), &members[1..], Flag::Delete),
    ] {
        told(&service, &call).await;
    }
    // Whoever asks after this asks a read model that has seen everything.
    drop(service.get_json("/v1/tenants?min_position=5").await);
    service
}

#[tokio::test]
async fn an_enterprise_is_shown_with_its_members_and_departments() {
    let service = played().await;
    let of = |list: &str| format!("/v1/tenants/{TENANT}{list}");
    let shown = service.get_json(&of("")).await;
    let tenant = &shown["tenants"][0];
    assert_eq!(tenant["name"], "示例企业一部");
    assert_eq!(tenant["bound"], true);
    assert_eq!(tenant["order_id"], "CS1906666666ABCDE");
    assert_eq!(tenant["instance_id"], "huaiweitest123456");
    let clients = json!([{ "application_id": "NzZeWuiJa91d", "client_id": "client-1" }]);
    assert_eq!(tenant["clients"], clients);
    assert!(!shown.to_string().contains(CLIENT_SECRET));

    let users = service.get_json(&of("/users")).await;
    let mut names: Vec<_> = users["users"]
        .as_array()
        .unwrap()
        .iter()
        .map(named)
        .collect();
    names.sort();
    assert_eq!(names, ["张三 granted", "李四 deleted"]);
    let granted = service.get_json(&of("/users?access=granted")).await;
    assert_eq!(granted["users"].as_array().unwrap().len(), 1);

    let departments = service.get_json(&of("/departments")).await;
    assert_eq!(
        texts(&departments["departments"], "name"),
        ["R&D", "测试部"]
    );
    let records = service.get_json(&of("/records")).await;
    assert_eq!(texts(&records["records"], "tenant_id"), [TENANT; 5]);
    service.tenure(&["replay", "--verify"]).exited(0);
}

fn named(user: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    format!(
        "{} {}",
        text(&user["profile"]["name"]),
        text(&user["access"])
    )
}

#[tokio::test]
async fn the_command_line_shows_the_same_with_the_service_running_and_stopped() {
    let mut service = played().await;
    let over_http = service
        .get_json(&format!("/v1/tenants/{TENANT}/users"))
        .await;
    for stopped in [false, true] {
        if stopped {
            service.stop();
        }
        let list = service.tenure_json(&["tenant", "list"]);
        assert_eq!(list["tenants"][0]["tenant_id"], TENANT);
        let users = service.tenure_json(&["tenant", "users", TENANT]);
        assert_eq!(users, over_http);
        let departments = service.tenure_json(&["tenant", "departments", TENANT]);
        assert_eq!(departments["departments"].as_array().unwrap().len(), 2);
        let table = service.tenure(&["tenant", "show", TENANT]).exited(0);
        assert!(table.stdout.contains("示例企业一部"), "{table:?}");
        let page = service.tenure(&["tenant", "users", TENANT, "--limit", "1"]);
        let page = page.exited(0);
        assert!(page.stdout.contains("More: --cursor "), "{page:?}");
    }
}

#[tokio::test]
async fn the_command_line_says_what_it_cannot_show() {
    let service = played().await;
    service
        .tenure(&["tenant", "show", "t-0002"])
        .exited(1)
        .complains("nothing was told of an enterprise t-0002");
    service
        .tenure(&["tenant", "show", TENANT, "--test"])
        .exited(1)
        .complains("nothing was told");
    service
        .tenure(&["tenant", "list", "--cursor", "x"])
        .exited(2)
        .complains("cursor");
    service
        .tenure(&["tenant", "users", TENANT, "--access", "none"])
        .exited(2)
        .complains("granted, withdrawn, deleted");
}
