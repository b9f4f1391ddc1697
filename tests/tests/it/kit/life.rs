//! An enterprise from its binding to its end.

use std::fmt::Write;

use tenure_sandbox::kit::call::ListForm;
use tenure_sandbox::kit::{Flag, Version};

use super::{
    CLIENT_SECRET, bind, binding, client, department, events, grant, last_receipt, member, profile,
    service, tell, told, writer,
};

#[tokio::test]
async fn an_enterprise_is_bound_changes_and_ends_in_both_versions() {
    for version in [Version::V2, Version::V1] {
        let service = service();
        let writer = writer(version);
        let members = [member("zhangsan01", "张三"), member("lisi02", "李四")];
        let departments = [department("10001", "R&D"), department("10002", "测试部")];
        for call in [
            writer.tenant_sync(&binding(), &profile(), Flag::Create),
            client(&writer, CLIENT_SECRET),
            writer.all_org_sync(&binding(), &departments),
            writer.auth_sync(&binding(), &members, Flag::Create),
            writer.auth_sync(&binding(), &[member("lisi02", "李思")], Flag::Modify),
            writer.single_org_sync(&binding(), &department("10003", "部"), Flag::Create),
            writer.single_org_sync(&binding(), &department("10003", ""), Flag::Delete),
            writer.auth_sync(&binding(), &members[1..], Flag::Delete),
            writer.application_sync(&binding(), "", "", Flag::Delete),
            writer.tenant_sync(&binding(), &profile(), Flag::Delete),
        ] {
            told(&service, &call).await;
        }
        let expected = [
            "tenant_bound",
            "client_set",
            "departments_set",
            "members_granted",
            "members_changed",
            "departments_set",
            "departments_removed",
            "members_withdrawn",
            "client_removed",
            "tenant_unbound",
        ];
        assert_eq!(events(&service).await, expected, "{version:?}");
        assert_eq!(service.verdicts(), ["applied"; 10]);
    }
}

#[tokio::test]
async fn what_is_so_already_is_no_event_and_a_success() {
    let service = service();
    let writer = writer(Version::V2);
    let calls = [
        bind(),
        client(&writer, CLIENT_SECRET),
        writer.all_org_sync(&binding(), &[department("10001", "产品部")]),
        grant(&[member("zhangsan01", "张三")]),
    ];
    for call in &calls {
        told(&service, call).await;
    }
    // Encrypted anew, and signed anew: the same all the same.
    told(&service, &client(&writer, CLIENT_SECRET)).await;
    for call in [&calls[0], &calls[2], &calls[3]] {
        told(&service, call).await;
    }
    let applied = [["applied"; 4], ["already_applied"; 4]].concat();
    assert_eq!(service.verdicts(), applied);
    // What was never there goes.
    let other = writer.auth_sync(&binding(), &[member("wangwu", "")], Flag::Withdraw);
    told(&service, &other).await;
    let other = writer.single_org_sync(&binding(), &department("99", ""), Flag::Delete);
    told(&service, &other).await;
    assert_eq!(events(&service).await.len(), 4);
}

#[tokio::test]
async fn calls_may_come_in_any_order_and_about_any_instance() {
    let service = service();
    let writer = writer(Version::V2);
    let members = [member("zhangsan01", "张三")];
    told(&service, &grant(&members)).await;
    told(&service, &client(&writer, CLIENT_SECRET)).await;
    told(&service, &bind()).await;
    // Another instance, and none.
    for instance in ["i-2", ""] {
        told(&service, &bind().with("instanceId", instance)).await;
    }
    assert_eq!(
        events(&service).await,
        [
            "members_granted",
            "client_set",
            "tenant_bound",
            "tenant_bound",
            "tenant_bound"
        ]
    );
}

#[tokio::test]
async fn a_test_call_is_kept_apart_and_is_a_probe() {
    let service = service();
    let is_test = |version| tenure_sandbox::kit::call::Writer {
        is_test: true,
        ..writer(version)
    };
    let test = is_test(Version::V2);
    told(&service, &bind()).await;
    told(
        &service,
        &test.tenant_sync(&binding(), &profile(), Flag::Create),
    )
    .await;
    told(&service, &client(&test, "typed by hand")).await;
    told(
        &service,
        &test.tenant_sync(&binding(), &profile(), Flag::Create),
    )
    .await;
    assert_eq!(
        service.verdicts(),
        ["applied", "probe", "probe", "probe"],
        "nothing of a test is real"
    );
    assert_eq!(
        events(&service).await,
        ["tenant_bound", "tenant_bound", "client_set"]
    );
    // A test that unbinds leaves the real enterprise bound.
    told(
        &service,
        &test.tenant_sync(&binding(), &profile(), Flag::Delete),
    )
    .await;
    told(&service, &bind()).await;
    assert_eq!(service.verdicts().last().unwrap(), "already_applied");
    // A secret that does not open fails a test like anything else.
    let wrong = test.application_sync(&binding(), "c", "AAAA", Flag::Create);
    assert_eq!(tell(&service, &wrong).await, "000101");
}

#[tokio::test]
async fn departments_that_a_list_does_not_name_stay_or_go_as_configured() {
    for (departments, expected) in [
        ("merge", &["departments_set", "departments_set"][..]),
        (
            "replace",
            &["departments_set", "departments_set", "departments_removed"],
        ),
    ] {
        let mut setup = super::setup();
        writeln!(setup.cad_pro, "kit.departments = \"{departments}\"").unwrap();
        let service = crate::service::Service::of(&setup);
        let list = |departments: &[_]| writer(Version::V2).all_org_sync(&binding(), departments);
        told(&service, &list(&[department("1", "one")])).await;
        told(&service, &list(&[department("2", "two")])).await;
        // An empty list may be a mistake, and a test is only a test.
        told(&service, &list(&[])).await;
        assert_eq!(events(&service).await, expected);
        told(
            &service,
            &list(&[department("3", "three")]).with("testFlag", 1),
        )
        .await;
        assert_eq!(events(&service).await.len(), expected.len() + 1);
    }
}

#[tokio::test]
async fn lists_may_be_written_in_every_form() {
    let service = service();
    for lists in [ListForm::Array, ListForm::Text, ListForm::BareNames] {
        let writer = tenure_sandbox::kit::call::Writer {
            lists,
            ..writer(Version::V2)
        };
        told(
            &service,
            &writer.all_org_sync(&binding(), &[department("1", "产品部")]),
        )
        .await;
        told(
            &service,
            &writer.auth_sync(&binding(), &[member("zhangsan01", "张三")], Flag::Create),
        )
        .await;
    }
    let expected = [
        ["applied"; 2],
        ["already_applied"; 2],
        ["already_applied"; 2],
    ]
    .concat();
    assert_eq!(service.verdicts(), expected);
}

#[tokio::test]
async fn a_receipt_shows_the_call_as_it_was_sent_and_its_headers_but_no_proof() {
    let service = service();
    let call = super::signed(&service, &bind());
    super::send(&call).await.is("000000");
    let receipt = last_receipt(&service);
    assert_eq!(receipt["body"], call.body);
    assert_eq!(receipt["sealed"], true);
    assert_eq!(receipt["activity"], "tenantSync");
    let parameters = receipt["parameters"].as_str().unwrap();
    let timestamp = call.header("x-timestamp").unwrap();
    let nonce = call.header("x-nonce").unwrap();
    let expected = format!(
        "x-timestamp={timestamp}&x-nonce={nonce}&body-bytes={}&call=",
        call.body.len()
    );
    assert!(parameters.starts_with(&expected), "{parameters}");
    assert!(!receipt.to_string().contains(call.header("x-sign").unwrap()));
    let id = receipt["id"].as_str().unwrap();
    let shown = service.get_json(&format!("/v1/receipts/{id}")).await;
    assert_eq!(shown["body"]["content"], call.body);
    assert_eq!(shown["body"]["encoding"], "utf-8");
}
