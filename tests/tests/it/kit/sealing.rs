//! Nothing about people stands anywhere in the clear.

use serde_json::json;
use tenure_sandbox::kit::{Flag, Version};

use super::{
    CLIENT_SECRET, KIT_KEY, PRIVATE_KEY, bind, binding, client, department, events, last_receipt,
    member, send, setup, signed, told, writer,
};
use crate::secrets::place_of;
use crate::service::{Service, Setup};

/// What nobody may find: names of enterprises, departments and people, accounts, numbers, secrets.
const PERSONAL: [&str; 9] = [
    "示例企业一部",
    "张三",
    "zhangsan01",
    "13800138000",
    "zhang.san@example.com",
    "E-zhangsan01",
    "Example City",
    "保密部门",
    CLIENT_SECRET,
];

#[tokio::test]
async fn nothing_about_people_is_in_any_output_or_file_though_everything_is_logged() {
    let mut service = Service::of(&Setup {
        filter: Some("trace"),
        ..setup()
    });
    for version in [Version::V2, Version::V1] {
        call_in_every_way(&service, version).await;
    }
    assert!(
        events(&service)
            .await
            .contains(&"members_granted".to_owned())
    );
    let mut printed = service.tenure_json(&["receipts", "list"]).to_string();
    printed.push_str(&json!(service.records_after(0).await).to_string());
    printed.push_str(&service.get("/v1/receipts").await.1);
    printed.push_str(&service.get("/metrics").await.1);
    // While it runs, what was written last stands in the write-ahead log.
    let search = |service: &Service| {
        for name in [
            "journal.db",
            "journal.db-wal",
            "read.db",
            "read.db-wal",
            "vault.db",
            "stdout",
        ] {
            let Ok(bytes) = std::fs::read(service.file(name)) else {
                continue;
            };
            for text in PERSONAL.into_iter().chain([KIT_KEY]) {
                assert_eq!(place_of(text, &bytes), None, "in {name}");
            }
        }
    };
    assert!(service.file("journal.db-wal").exists());
    search(&service);
    service.stop();
    search(&service);
    let log = service.log.lock().unwrap().clone();
    assert!(log.contains("\"level\":\"TRACE\""), "nothing was traced");
    let line_of_key = PRIVATE_KEY.lines().nth(3).unwrap();
    for text in PERSONAL.into_iter().chain([KIT_KEY, line_of_key]) {
        assert_eq!(place_of(text, log.as_bytes()), None, "in the log");
        assert_eq!(place_of(text, printed.as_bytes()), None, "printed");
    }
    // Whoever may see receipts sees them whole.
    assert!(
        last_receipt(&service)["body"]
            .as_str()
            .unwrap()
            .contains("张三")
    );
}

async fn call_in_every_way(service: &Service, version: Version) {
    let writer = writer(version);
    let people = [member("zhangsan01", "张三")];
    let with_contacts = json!([{
        "userName": "zhangsan01", "name": "张三", "orgCode": "10001", "role": "admin",
        "enable": "true", "mobile": "13800138000", "email": "zhang.san@example.com",
        "extension": {"workPlace": "Example City"},
    }]);
    let enterprise = |flag| writer.tenant_sync(&binding(), &super::profile(), flag);
    let members = |flag| writer.auth_sync(&binding(), &people, flag);
    let contacts = members(Flag::Create).with(
        "userList",
        match version {
            Version::V1 => json!(with_contacts.to_string()),
            Version::V2 => with_contacts,
        },
    );
    for call in [
        enterprise(Flag::Create),
        client(&writer, CLIENT_SECRET),
        writer.all_org_sync(&binding(), &[department("10001", "保密部门")]),
        members(Flag::Create),
        contacts.clone(),
        members(Flag::Modify),
        members(Flag::Delete),
        enterprise(Flag::Delete),
    ] {
        told(service, &call).await;
    }
    // And what is turned away, whoever sent it.
    for call in [contacts.with("flag", 9), bind().without("tenantId")] {
        send(&signed(service, &call)).await.is("000002");
    }
    let stranger = signed(service, &enterprise(Flag::Create));
    let stranger = match version {
        Version::V1 => stranger.with_header("authToken", "AAAA"),
        Version::V2 => stranger.with_header("x-sign", "00"),
    };
    send(&stranger).await.is("000001");
    let repeated = signed(service, &members(Flag::Create));
    send(&repeated).await.is("000000");
    send(&repeated).await.is("000000");
}
