//! Activation and query of authorization codes, of one or of up to 100.

use actix_web::HttpResponse;
use serde_json::{Value, json};

use super::Refusal;
use super::call::Call;

/// The most characters of an authorization code.
const LICENSE_CHARACTERS_MAX: usize = 64;

/// The most codes of a batch.
pub(super) const CODES_MAX: usize = 100;

/// `POST v1/license/activate`.
pub(super) async fn activate(call: Call) -> Result<HttpResponse, Refusal> {
    let body = call.json()?;
    real_effect_time(&body)?;
    let code = license(&body)?;
    let info = call.api.market().activate(code, call.api.clock.now())?;
    let info = serde_json::to_string(&info).map_err(|_unwritable| Refusal::Internal)?;
    Ok(success(Some(json!({ "license_code_info": info }))))
}

/// `POST v2/license/activate`: tells nothing of a single code.
pub(super) async fn activate_all(call: Call) -> Result<HttpResponse, Refusal> {
    let body = call.json()?;
    real_effect_time(&body)?;
    let codes = licenses(&body)?;
    call.api
        .market()
        .activate_all(&codes, call.api.clock.now())?;
    Ok(success(None))
}

/// `POST v1/license/heartbeat`.
pub(super) async fn heartbeat(call: Call) -> Result<HttpResponse, Refusal> {
    let body = call.json()?;
    let code = license(&body)?;
    heartbeat_info(&body)?;
    let info = call.api.market().heartbeat(code, call.api.clock.now())?;
    Ok(success(Some(json!(info))))
}

/// `POST v2/license/heartbeat`. The form of its answer is not public: a list in which a code that
/// cannot be queried has an error of its own.
pub(super) async fn heartbeat_all(call: Call) -> Result<HttpResponse, Refusal> {
    let codes = licenses(&call.json()?)?;
    let now = call.api.clock.now();
    let mut market = call.api.market();
    let items = codes.iter().map(|code| match market.heartbeat(code, now) {
        Ok(info) => json!(info),
        Err(error) => json!({
            "license_code": code, "error_code": error.code(), "error_msg": error.to_string(),
        }),
    });
    Ok(success(Some(items.collect())))
}

/// The answer that all went well.
pub(super) fn success(data: Option<Value>) -> HttpResponse {
    let mut body = json!({ "error_code": "92020000", "error_msg": "success" });
    if let (Some(data), Some(members)) = (data, body.as_object_mut()) {
        members.insert("data".to_owned(), data);
    }
    HttpResponse::Ok().json(body)
}

/// A text that can be a code.
pub(super) fn code(value: &Value) -> Result<&str, Refusal> {
    value
        .as_str()
        .filter(|code| is_code(code))
        .ok_or(Refusal::Parameter)
}

/// Not empty, and not too long.
pub(super) fn is_code(text: &str) -> bool {
    !text.is_empty() && text.chars().count() <= LICENSE_CHARACTERS_MAX
}

fn license(body: &Value) -> Result<&str, Refusal> {
    code(body.get("license").unwrap_or(&Value::Null))
}

fn licenses(body: &Value) -> Result<Vec<String>, Refusal> {
    let list = body
        .get("license_list")
        .and_then(Value::as_array)
        .ok_or(Refusal::Parameter)?;
    if list.is_empty() || list.len() > CODES_MAX {
        return Err(Refusal::Parameter);
    }
    list.iter()
        .map(|item| code(item).map(str::to_owned))
        .collect()
}

/// Absent, or `yyyyMMddHHmmss`.
fn real_effect_time(body: &Value) -> Result<(), Refusal> {
    let is_time = |text: &str| text.len() == 14 && text.bytes().all(|byte| byte.is_ascii_digit());
    match body.get("real_effect_time") {
        None | Some(Value::Null) => Ok(()),
        Some(value) if value.as_str().is_some_and(is_time) => Ok(()),
        Some(_) => Err(Refusal::Parameter),
    }
}

/// Absent, or an object that names the user: deprecated, and checked still.
fn heartbeat_info(body: &Value) -> Result<(), Refusal> {
    let info = match body.get("heartbeatInfo") {
        None | Some(Value::Null) => return Ok(()),
        Some(info) => info,
    };
    let fits = |name: &str, characters_max: usize| {
        info.get(name)
            .and_then(Value::as_str)
            .is_some_and(|text| !text.is_empty() && text.chars().count() <= characters_max)
    };
    if fits("thirdPartyAccount", 256) && (info.get("ip").is_none() || fits("ip", 32)) {
        Ok(())
    } else {
        Err(Refusal::Parameter)
    }
}
