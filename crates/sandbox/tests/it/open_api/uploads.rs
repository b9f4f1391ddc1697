//! Licenses that are applied for.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tenure_sandbox::market::{Change, Charging};
use tenure_sandbox::open_api::BASE_PATH;

use super::{Caller, Scene};

/// One part of a form: name, file name, media type, content.
pub(super) type Part<'a> = (&'a str, Option<&'a str>, &'a str, Vec<u8>);

pub(super) fn form(parts: &[Part<'_>]) -> Vec<u8> {
    let mut form = Vec::new();
    for (name, file_name, media_type, content) in parts {
        let file_name = file_name
            .map(|it| format!("; filename=\"{it}\""))
            .unwrap_or_default();
        let head = format!(
            "--boundary-0123456789\r\ncontent-disposition: form-data; name=\"{name}\"{file_name}\r\n\
             content-type: {media_type}\r\n\r\n"
        );
        form.extend_from_slice(head.as_bytes());
        form.extend_from_slice(content);
        form.extend_from_slice(b"\r\n");
    }
    form.extend_from_slice(b"--boundary-0123456789--\r\n");
    form
}

pub(super) fn json_part(description: &Value) -> Part<'static> {
    (
        "isvUpdateFileReq",
        None,
        "application/json",
        description.to_string().into_bytes(),
    )
}

fn file_part(content: &[u8]) -> Part<'static> {
    (
        "file",
        Some("a.lic"),
        "application/octet-stream",
        content.to_vec(),
    )
}

fn file_of(content: &[u8]) -> Value {
    let sha256 = hex::encode(Sha256::digest(content));
    json!({ "type": "FILE", "file_name": "a.lic", "sha256": sha256 })
}

pub(super) fn text_of(text: &str) -> Value {
    json!({ "type": "CHARACTERS", "characters": text })
}

impl Caller {
    pub(super) async fn upload(&self, event: &str, form: Vec<u8>) -> (u16, Value) {
        let path = format!("{BASE_PATH}/v1/market-event/{event}/file");
        let response = self.send(&path, "", form, &[]).await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }
}

fn start() -> (Scene, String) {
    let mut scene = Scene::start();
    scene.caller.content_type = "multipart/form-data; boundary=boundary-0123456789";
    scene.sell_instance("cad", Charging::Period, "instance-1");
    let event = apply(&scene);
    (scene, event)
}

fn apply(scene: &Scene) -> String {
    let now = scene.clock.now();
    let (event, callback) = scene
        .market()
        .apply_for_license("instance-1", None, now)
        .unwrap();
    let body = callback.unwrap().call;
    assert_eq!(body.activity(), "getLicenseAsync");
    assert_eq!(body.value_of("eventId"), Some(event.as_str()));
    assert!(body.value_of("expireTime").unwrap().ends_with(" z"));
    event
}

#[actix_web::test]
async fn a_file_and_a_text_are_kept() {
    let (scene, event) = start();
    let content = b"\x00license\xff\r\n--boundary";
    let whole = form(&[json_part(&file_of(content)), file_part(content)]);
    for _ in 0..2 {
        let answer = scene.caller.upload(&event, whole.clone()).await;
        Caller::assert_code(&answer, 200, "CBC.0000");
    }
    let other = apply(&scene);
    let answer = scene
        .caller
        .upload(&other, form(&[json_part(&text_of("KEY-1"))]))
        .await;
    Caller::assert_code(&answer, 200, "CBC.0000");
    let kept: Vec<_> = scene.market().uploads().cloned().collect();
    assert_eq!(kept.len(), 2, "the same file again is the same upload");
    assert_eq!(
        (kept[0].file_name.as_deref(), kept[0].content.as_slice()),
        (Some("a.lic"), &content[..])
    );
    let view = kept[1].view();
    assert_eq!((view.kind, view.size, view.event), ("CHARACTERS", 5, other));
}

#[actix_web::test]
async fn an_application_is_answered_once_and_while_its_instance_lives() {
    let (scene, event) = start();
    let text = |text| form(&[json_part(&text_of(text))]);
    let unknown = scene.caller.upload("event-0", text("KEY-1")).await;
    Caller::assert_code(&unknown, 200, "91381034");
    Caller::assert_code(
        &scene.caller.upload(&event, text("")).await,
        200,
        "91381037",
    );
    Caller::assert_code(
        &scene.caller.upload(&event, text("KEY-1")).await,
        200,
        "CBC.0000",
    );
    Caller::assert_code(
        &scene.caller.upload(&event, text("KEY-2")).await,
        200,
        "91381034",
    );
    let late = apply(&scene);
    scene.change("instance-1", Change::Release);
    Caller::assert_code(
        &scene.caller.upload(&late, text("KEY-1")).await,
        200,
        "91381033",
    );
    let now = scene.clock.now();
    assert!(
        scene
            .market()
            .apply_for_license("instance-1", None, now)
            .is_err()
    );
}

#[actix_web::test]
async fn a_wrong_form_is_a_wrong_parameter() {
    let (scene, event) = start();
    let content = b"license";
    let good = || json_part(&file_of(content));
    let changed = |name: &str, value: Value| {
        let mut description = file_of(content);
        description[name] = value;
        form(&[json_part(&description), file_part(content)])
    };
    let large = vec![b'x'; 1024 * 1024 + 1];
    let other_type = (
        "isvUpdateFileReq",
        None,
        "text/plain",
        file_of(content).to_string().into_bytes(),
    );
    for wrong in [
        Vec::new(),
        b"--boundary-0123456789\r\n".to_vec(),
        form(&[]),
        form(&[good()]),
        form(&[file_part(content)]),
        form(&[good(), file_part(b"another")]),
        form(&[good(), good(), file_part(content)]),
        form(&[
            good(),
            file_part(content),
            ("extra", None, "text/plain", b"x".to_vec()),
        ]),
        form(&[other_type, file_part(content)]),
        form(&[json_part(&file_of(&large)), file_part(&large)]),
        changed("sha256", Value::Null),
        changed("sha256", json!("zz")),
        changed("file_name", Value::Null),
        changed("file_name", json!("f".repeat(1025))),
        changed("type", json!("TEXT")),
        changed("colour", json!("red")),
        form(&[json_part(&text_of("KEY-1")), file_part(content)]),
        form(&[json_part(&text_of(&"k".repeat(1025)))]),
        form(&[json_part(&json!({ "type": "CHARACTERS" }))]),
    ] {
        let size = wrong.len();
        let answer = scene.caller.upload(&event, wrong).await;
        assert_eq!(
            answer.1["error_code"], "CBC.0101",
            "{size} bytes: {answer:?}"
        );
        assert_eq!(answer.0, 400);
    }
    let long = "e".repeat(65);
    let answer = scene
        .caller
        .upload(&long, form(&[json_part(&text_of("KEY-1"))]))
        .await;
    Caller::assert_code(&answer, 400, "CBC.0101");
    assert_eq!(scene.market().uploads().count(), 0);
}

#[actix_web::test]
async fn the_gateway_checks_an_upload_as_every_call() {
    let (scene, event) = start();
    let whole = || form(&[json_part(&text_of("KEY-1"))]);
    let mut caller = Caller::new(scene.caller.address);
    Caller::assert_code(&caller.upload(&event, whole()).await, 415, "95000003");
    caller.content_type = "multipart/form-data";
    Caller::assert_code(&caller.upload(&event, whole()).await, 400, "CBC.0101");
    caller.method = "PUT";
    Caller::assert_code(&caller.upload(&event, whole()).await, 405, "95000002");
    caller.credentials.secret_access_key = "another".into();
    Caller::assert_code(&caller.upload(&event, whole()).await, 401, "APIGW.0301");
}
