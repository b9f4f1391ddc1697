//! Vectors, computed with Python.

use secrecy::SecretString;

use super::{Payload, Style, TokenKey, auth_token, x_sign};
use crate::kit::canonical::canonical;
use crate::kit::shapes::SHAPES;
use crate::signer::{HexCase, Stamp};

const NONCE: &str = "50D83FDECAED6CCD8EF597F2A577950527928BA287D04E6036E92B2806FD17DA";

/// Canonical form and signature of every shape.
const SIGNED: [(&str, &str); 5] = [
    (
        r#"{"domainName":"https://example.tenantaccount.com","flag":1,"instanceId":"huaiweitest123456","name":"huaiweitest","orderId":"CS1906666666ABCDE","tenantCode":"huawei","tenantId":"68cbc86abcdef01234567880d92f36422","testFlag":0,"timeStamp":"20220413093539534"}"#,
        "688411e105f3466d8eaaead7061fd86d7f4ccc0de210eb55e67981408f06a65c",
    ),
    (
        r#"{"domainName":"https://demo.example.com","flag":2,"name":"示例企业/一部","orderId":"","tenantCode":"demo","tenantId":"t-0001","testFlag":1,"timeStamp":"20240102030405678"}"#,
        "a5dee6a27e448123b51dbc9e95242f03efc61f1344de6c412614a1ebf822d068",
    ),
    (
        r#"{"appId":"app-9","currentSyncTime":"20240102030405678","flag":1,"instanceId":"inst-1","tenantId":"t-0001","testFlag":0,"timeStamp":"20240102030405678","userList":[{"userName":"zhangsan01","name":"张三","orgCode":"10000","role":"admin","enable":"true","position":"系统管理员","email":null,"employeeType":1},{"userName":"lisi02","name":"李四","orgCode":"10001","role":"user","enable":"false"}]}"#,
        "c9ba94b3040bc8cce6a2fbeeb5120e25a8f52038e4526d933f78e2fe73e6bc4e",
    ),
    (
        r#"{"flag":1,"instanceId":"inst-1","orgInfoList":"[{orgCode:\"00000001\", orgName:\"产品部\", parentCode:\"265789314\" },{orgCode:\"00000002\", orgName:\"测试部\", parentCode:\"265789314\" }]","tenantId":"t-0001","testFlag":0,"timeStamp":"20220413093539534"}"#,
        "fcfe8ce7aec99f2415dab159cf30d8b2c1e04e008f6da0550237a219c25e71f1",
    ),
    (
        "{\"flag\":1,\"instanceId\":\"inst-1\",\"orgCode\":\"10000\",\"orgName\":\"R&D\\t\\u001F/\u{2028}\u{7f}\\\"x\\\\\",\"parentCode\":\"\",\"tenantId\":\"t-0001\",\"testFlag\":0,\"timeStamp\":\"20220413093539534\"}",
        "9767685723c460cbcbddd75b83d2a55833f02cd74fa286c5f8c9f5236d6fe211",
    ),
];

fn signed(body: &str, style: Style) -> String {
    let stamp = Stamp {
        timestamp_ms: 1_680_508_066_618,
        nonce: NONCE.to_owned(),
    };
    let key = SecretString::from("kitAccessKey-Example-0001");
    x_sign(&key, &stamp, body, style)
}

#[test]
fn every_shape_has_the_signature_of_its_canonical_form() {
    for (shape, (form, digits)) in SHAPES.iter().zip(SIGNED) {
        assert_eq!(canonical(shape.body).as_deref(), Some(form));
        assert_eq!(signed(shape.body, Style::default()), digits);
        let style = Style {
            hex: HexCase::Upper,
            ..Style::default()
        };
        assert_eq!(signed(shape.body, style), digits.to_uppercase());
    }
}

#[test]
fn other_payloads_have_other_signatures() {
    let of = |payload| {
        let style = Style {
            payload,
            ..Style::default()
        };
        signed(SHAPES[0].body, style)
    };
    assert_eq!(
        of(Payload::AsSent),
        "2702ca3bb7b134beb27d3d1b03b7d193ce546ad042220b4894adc297c645d0d4"
    );
    assert_eq!(
        of(Payload::Digest),
        "482a7266b2eadf27441e24a6cc8c8dd9dee4134cc55ec40559712df51de9e342"
    );
}

#[test]
fn shapes_become_debugging_calls() {
    for shape in SHAPES {
        let text = shape.as_test();
        let body: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(body["testFlag"], 1, "{text}");
    }
}

#[test]
fn tokens_cover_what_is_not_blank() {
    let token = |body: &str| {
        let key = SecretString::from("v1Key-Example-0001");
        auth_token(&key, body, TokenKey::Stamped)
    };
    assert_eq!(
        token(SHAPES[0].body).as_deref(),
        Some("7zrE0ZUF2zEHbxLnn33Uej/DnvKiZEVDDIRhGcptNp8=")
    );
    let body = r#"{"instanceId":"","orderId":"","tenantId":"t-0001","tenantCode":"demo","name":"示例企业","domainName":"https://demo.example.com","flag":1,"testFlag":1,"timeStamp":"20240102030405678"}"#;
    let expected = Some("hC442fkZbcZ5AyTbRRH98Xj8DCrQIBBtKyTK3NB6VRI=");
    assert_eq!(token(body).as_deref(), expected);
    let with_null = body.replace(r#""instanceId":"""#, r#""instanceId":null"#);
    assert_eq!(token(&with_null).as_deref(), expected);
    assert_eq!(token("[]"), None);
}

#[test]
fn the_key_of_a_token_holds_the_time() {
    let key = SecretString::from("key20240102030405678");
    let body = r#"{"timeStamp":"20240102030405678"}"#;
    assert_eq!(
        auth_token(&key, body, TokenKey::WithoutTimeStamp),
        auth_token(&SecretString::from("key"), body, TokenKey::Stamped)
    );
}
