//! Proofs of the sender of kit calls, computed with Python's `hmac` and `hashlib`.

use tenure_koogallery::kit::{Interface, Notification, Proof, Values, signature, tenant, user};
use tenure_koogallery::signature::sign as sign_order;
use tenure_koogallery::{Environment, Reading, Rejection, v1};

use crate::caller::key;
use crate::kit_caller::{Call, V1_KEY, V2_KEY, rejection};

/// Unsorted, with blanks after commas and colons.
pub(crate) const S1: &str = r#"{"instanceId": "huaiweitest123456","orderId": "CS1906666666ABCDE","tenantId": "68cbc86abcdef01234567880d92f36422","tenantCode": "huawei","name": "huaiweitest","domainName": "https://example.tenantaccount.com","flag": 1,"testFlag": 0,"timeStamp": "20220413093539534"}"#;
pub(crate) const S1_CANONICAL: &str = r#"{"domainName":"https://example.tenantaccount.com","flag":1,"instanceId":"huaiweitest123456","name":"huaiweitest","orderId":"CS1906666666ABCDE","tenantCode":"huawei","tenantId":"68cbc86abcdef01234567880d92f36422","testFlag":0,"timeStamp":"20220413093539534"}"#;
pub(crate) const S1_SIGN: &str = "688411e105f3466d8eaaead7061fd86d7f4ccc0de210eb55e67981408f06a65c";
pub(crate) const S2: &str = r#"{"instanceId":null,"orderId":"","tenantId":"t-0001","tenantCode":"demo","name":"示例企业/一部","domainName":"https://demo.example.com","flag":2,"testFlag":1,"timeStamp":"20240102030405678"}"#;
const S2_SIGN: &str = "a5dee6a27e448123b51dbc9e95242f03efc61f1344de6c412614a1ebf822d068";
pub(crate) const S3: &str = r#"{"instanceId":"inst-1","tenantId":"t-0001","appId":"app-9","userList":[{"userName":"zhangsan01","name":"张三","orgCode":"10000","role":"admin","enable":"true","position":"系统管理员","email":null,"employeeType":1},{"userName":"lisi02","name":"李四","orgCode":"10001","role":"user","enable":"false"}],"currentSyncTime":"20240102030405678","flag":1,"testFlag":0,"timeStamp":"20240102030405678"}"#;
const S3_SIGN: &str = "c9ba94b3040bc8cce6a2fbeeb5120e25a8f52038e4526d933f78e2fe73e6bc4e";
pub(crate) const S4: &str = r#"{"instanceId":"inst-1","tenantId":"t-0001","orgInfoList":"[{orgCode:\"00000001\", orgName:\"产品部\", parentCode:\"265789314\" },{orgCode:\"00000002\", orgName:\"测试部\", parentCode:\"265789314\" }]","flag":1,"testFlag":0,"timeStamp":"20220413093539534"}"#;
const S4_SIGN: &str = "fcfe8ce7aec99f2415dab159cf30d8b2c1e04e008f6da0550237a219c25e71f1";
pub(crate) const S5: &str = r#"{"instanceId":"inst-1","tenantId":"t-0001","orgCode":"10000","orgName":"R\u0026D\t\u001f\/\u2028\u007f\"x\\","parentCode":"","flag":1,"testFlag":0,"timeStamp":"20220413093539534"}"#;
const S5_SIGN: &str = "9767685723c460cbcbddd75b83d2a55833f02cd74fa286c5f8c9f5236d6fe211";

#[track_caller]
fn check(interface: Interface, body: &str, sign: &str, expected: Reading) {
    for sign in [sign.to_owned(), sign.to_uppercase()] {
        let verified = Call::v2(interface, body, &sign).read().unwrap();
        let Proof::Signature { reading, .. } = verified.proof else {
            panic!("{:?}", verified.proof)
        };
        assert_eq!(reading, expected);
    }
}

#[test]
fn s1_blanks_and_order() {
    check(Interface::TenantSync, S1, S1_SIGN, Reading::Canonical);
    check(
        Interface::TenantSync,
        S1_CANONICAL,
        S1_SIGN,
        Reading::RawBytes,
    );
}

#[test]
fn s1_over_the_body_as_sent() {
    let sign = "2702ca3bb7b134beb27d3d1b03b7d193ce546ad042220b4894adc297c645d0d4";
    check(Interface::TenantSync, S1, sign, Reading::RawBytes);
    let call = Call::v2(Interface::TenantSync, S1, sign);
    assert_eq!(
        signature::sign(
            &key(V2_KEY),
            call.nonce.unwrap(),
            call.timestamp.unwrap(),
            S1.as_bytes()
        ),
        sign
    );
}

#[test]
fn s2_null_dropped_and_empty_text_kept() {
    check(Interface::TenantSync, S2, S2_SIGN, Reading::Canonical);
    let verified = Call::v2(Interface::TenantSync, S2, S2_SIGN).read().unwrap();
    assert_eq!(verified.environment, Environment::Test);
    let Notification::TenantSync(sync) = verified.notification else {
        panic!()
    };
    assert_eq!(sync.key.instance, None);
    let tenant::TenantChange::Modify(tenant) = sync.change else {
        panic!()
    };
    assert_eq!(tenant.order, None);
    assert_eq!(tenant.name.as_str(), "示例企业/一部");
}

#[test]
fn s3_nested_order_and_nested_null_kept() {
    check(Interface::AuthSync, S3, S3_SIGN, Reading::Canonical);
    let verified = Call::v2(Interface::AuthSync, S3, S3_SIGN).read().unwrap();
    let Notification::AuthSync(sync) = verified.notification else {
        panic!()
    };
    let user::AccessChange::Grant(users) = sync.change else {
        panic!()
    };
    let told: Vec<_> = users
        .iter()
        .map(|user| {
            (
                user.user_name.as_str(),
                user.role,
                user.enabled,
                user.employee_type,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("zhangsan01", user::Role::Admin, true, Some(1)),
            ("lisi02", user::Role::User, false, None),
        ]
    );
}

#[test]
fn s4_list_with_bare_names() {
    check(Interface::AllOrgSync, S4, S4_SIGN, Reading::Canonical);
    let verified = Call::v2(Interface::AllOrgSync, S4, S4_SIGN).read().unwrap();
    let Notification::AllOrgSync(sync) = verified.notification else {
        panic!()
    };
    let told: Vec<_> = sync
        .departments
        .iter()
        .map(|it| (it.code.as_str(), it.place.name.as_str()))
        .collect();
    assert_eq!(told, [("00000001", "产品部"), ("00000002", "测试部")]);
}

#[test]
fn s5_escapes() {
    check(Interface::SingleOrgSync, S5, S5_SIGN, Reading::Canonical);
}

#[test]
fn of_a_name_that_occurs_twice_the_last_value_is_signed() {
    let body = r#"{"tenantId":"t-0001","instanceId":"wrong","orgCode":"10000","orgName":"一","flag":1,"testFlag":0,"instanceId":"inst-1"}"#;
    check(
        Interface::SingleOrgSync,
        body,
        "9131846b2cdfae833d323de35ac49161d29d20db29cbbc1e10456894d819d13c",
        Reading::Canonical,
    );
    check(
        Interface::SingleOrgSync,
        body,
        "9b782dcde93af35842e6a062e33b56a0597b4ce4f2f83ae2940078c421a0286f",
        Reading::RawBytes,
    );
}

#[track_caller]
fn check_rejected(call: Call<'_>, expected: Rejection, code: &str) {
    let rejected = rejection(&call);
    assert_eq!(rejected, expected);
    assert_eq!(rejected.result_code().code(), code);
}

#[test]
fn a_missing_or_changed_header_of_s1_is_answered_with_the_code_of_the_sample() {
    use Rejection::{
        MalformedTimestamp, MissingNonce, MissingSignature, MissingTimestamp, StaleTimestamp,
        WrongSignature,
    };
    let s1 = Call::v2(Interface::TenantSync, S1, S1_SIGN);
    let changed = S1_SIGN.replace("65c", "65d");
    check_rejected(s1.with_sign(Some(&changed)), WrongSignature, "000001");
    check_rejected(s1.with_sign(None), MissingSignature, "000001");
    check_rejected(s1.with_sign(Some("")), MissingSignature, "000001");
    check_rejected(s1.with_nonce(Some("other")), WrongSignature, "000001");
    check_rejected(s1.with_nonce(None), MissingNonce, "000002");
    check_rejected(s1.with_nonce(Some("")), MissingNonce, "000002");
    check_rejected(s1.with_timestamp(None), MissingTimestamp, "000002");
    check_rejected(s1.with_timestamp(Some("x")), MalformedTimestamp, "000002");
    // Seconds.
    check_rejected(
        s1.with_timestamp(Some("1680508066")),
        StaleTimestamp,
        "000002",
    );
}

#[test]
fn s1_may_arrive_a_minute_off() {
    let s1 = Call::v2(Interface::TenantSync, S1, S1_SIGN);
    for arrived in ["1680508126618", "1680508006618"] {
        assert!(s1.arriving(arrived).read().is_ok(), "{arrived}");
    }
    check_rejected(
        s1.arriving("1680508126619"),
        Rejection::StaleTimestamp,
        "000002",
    );
    check_rejected(
        s1.arriving("1680508006617"),
        Rejection::FutureTimestamp,
        "000002",
    );
}

#[test]
fn the_signature_of_an_order_interface_is_not_the_kits() {
    let call = Call::v2(Interface::TenantSync, S1, S1_SIGN);
    let order = sign_order(
        &key(V2_KEY),
        call.nonce.unwrap(),
        call.timestamp.unwrap(),
        S1_CANONICAL.as_bytes(),
    );
    assert_eq!(
        order,
        "482a7266b2eadf27441e24a6cc8c8dd9dee4134cc55ec40559712df51de9e342"
    );
    let call = Call {
        sign: Some(&order),
        ..call
    };
    assert_eq!(rejection(&call), Rejection::WrongSignature);
}

#[track_caller]
fn check_token(interface: Interface, body: &str, token: &str, expected: Values) {
    let verified = Call::v1(interface, body, token).read().unwrap();
    assert_eq!(verified.proof, Proof::AuthToken { values: expected });
    let first = if token.starts_with('A') { "B" } else { "A" };
    let forged = format!("{first}{}", &token[1..]);
    let other = Call::v1(interface, body, &forged);
    assert_eq!(rejection(&other), Rejection::WrongAuthToken);
}

#[test]
fn v1_s1() {
    check_token(
        Interface::TenantSync,
        S1,
        "7zrE0ZUF2zEHbxLnn33Uej/DnvKiZEVDDIRhGcptNp8=",
        Values::AsSent,
    );
}

#[test]
fn v1_blank_values_are_not_signed() {
    let body = r#"{"instanceId":"","orderId":"","tenantId":"t-0001","tenantCode":"demo","name":"示例企业","domainName":"https://demo.example.com","flag":1,"testFlag":1,"timeStamp":"20240102030405678"}"#;
    check_token(
        Interface::TenantSync,
        body,
        "hC442fkZbcZ5AyTbRRH98Xj8DCrQIBBtKyTK3NB6VRI=",
        Values::AsSent,
    );
}

#[test]
fn v1_lists_are_signed_as_the_text_that_they_are() {
    let body = r#"{"instanceId":"inst-1","tenantId":"t-0001","orgInfo":"[{\"orgCode\":\"1\",\"name\":\"产品部\",\"parentCode\":\"\"}]","testFlag":0,"nothing":null,"timeStamp":"20240102030405678"}"#;
    check_token(
        Interface::AllOrgSync,
        body,
        "V0+1ps1GVFegawyDD8AgmZTtIRyBZj0f5MfTQ368gVs=",
        Values::AsSent,
    );
}

#[test]
fn v1_values_may_be_url_encoded() {
    let body = r#"{"tenantId":"t-0001","tenantCode":"demo","name":"%E7%A4%BA%E4%BE%8B+%E4%BC%81%E4%B8%9A","domainName":"https://demo.example.com","flag":1,"testFlag":"1","timeStamp":"20240102030405678"}"#;
    check_token(
        Interface::TenantSync,
        body,
        "37NI+bkB0uiasJLNpeduka05wlZ82J3dDNjWqZv8uKU=",
        Values::UrlDecoded,
    );
    let verified = Call::v1(
        Interface::TenantSync,
        body,
        "37NI+bkB0uiasJLNpeduka05wlZ82J3dDNjWqZv8uKU=",
    )
    .read()
    .unwrap();
    let Notification::TenantSync(sync) = verified.notification else {
        panic!()
    };
    let tenant::TenantChange::Create(tenant) = sync.change else {
        panic!()
    };
    assert_eq!(tenant.name.as_str(), "示例 企业");
}

#[test]
fn v1_needs_a_token_and_the_time_that_is_part_of_its_key() {
    let body = r#"{"tenantId":"t-0001","testFlag":0}"#;
    let call = Call::v1(Interface::TenantSync, body, "AAAA");
    assert_eq!(rejection(&call).to_string(), "timeStamp is missing");
    let call = Call {
        auth_token: None,
        ..call
    };
    assert_eq!(rejection(&call), Rejection::MissingAuthToken);
}

#[test]
fn v1_answers_are_signed() {
    let body = br#"{"resultCode":"000000","resultMsg":"Success"}"#;
    assert_eq!(tenure_koogallery::kit::Answer::success().to_json(), body);
    assert_eq!(
        v1::body_sign::value(&key(V1_KEY), body),
        r#"sign_type="HMAC-SHA256", signature="eTbMtIzvSO53CqusEarSu4ZoVrR038T94vxiWKxujBU=""#
    );
}
