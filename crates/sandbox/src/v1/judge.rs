//! The marketplace's judgement of an answer of V1.0.

use secrecy::SecretString;
use serde_json::Value;

use super::body_sign;
use super::cipher::{EncryptType, decrypt};
use super::reply::Reply;
use crate::client::{Failure, Judgement, json_object, present};

/// Judges an answer to a call of an activity, in the order in which the debugging page looks:
/// status, content type, JSON, `resultCode` and `resultMsg`, `Body-Sign`, success, mandatory
/// members, lengths. Last, whether the account can be decrypted.
pub fn judge(activity: &str, key: &SecretString, reply: &Reply) -> Judgement {
    let content_type = reply.header("Content-Type").unwrap_or_default();
    let read = json_object(reply.status, content_type, &reply.body).and_then(|answer| {
        let code = text(&answer, "resultCode")?.to_owned();
        text(&answer, "resultMsg")?;
        Ok((code, answer))
    });
    match read {
        Err(failure) => Judgement {
            result_code: None,
            failure: Some(failure),
        },
        Ok((code, answer)) => {
            let failure = body_sign::check(&reply.headers, key, &reply.body)
                .and_then(|()| succeeded(&code))
                .and_then(|()| members(activity, &answer))
                .and_then(|()| lengths(&answer))
                .and_then(|()| accounts(&answer, key))
                .err();
            Judgement {
                result_code: Some(code),
                failure,
            }
        },
    }
}

/// V1.0 knows no purchase that is accepted for later.
fn succeeded(code: &str) -> Result<(), Failure> {
    match code {
        "000000" => Ok(()),
        code => Err(Failure::ResultCode(code.to_owned())),
    }
}

fn members(activity: &str, answer: &Value) -> Result<(), Failure> {
    match activity {
        "newInstance" => {
            text(answer, "instanceId")?;
            let app = present(answer, "appInfo").ok_or(Failure::Missing("appInfo"))?;
            text(app, "frontEndUrl").map(drop)
        },
        "getLicense" => {
            text(answer, "instanceId")?;
            text(answer, "license").map(drop)
        },
        "queryInstance" => instances(answer),
        _ => Ok(()),
    }
}

fn instances(answer: &Value) -> Result<(), Failure> {
    if list(answer, "info").next().is_none() {
        return Err(Failure::Missing("info[].instanceId"));
    }
    for instance in list(answer, "info") {
        text(instance, "instanceId")?;
        if let Some(app) = present(instance, "appInfo") {
            text(app, "frontEndUrl")?;
        }
        for usage in list(instance, "usageInfo") {
            present(usage, "usageValue").ok_or(Failure::Missing("usageValue"))?;
            text(usage, "statisticalTime")?;
        }
    }
    Ok(())
}

/// The longest texts of the guide's tables, in characters.
const OF_ANSWER: &[(&str, usize)] = &[
    ("resultCode", 6),
    ("resultMsg", 255),
    ("encryptType", 3),
    ("instanceId", 64),
];
const OF_INSTANCE: &[(&str, usize)] = &[("instanceId", 64)];
const OF_APP: &[(&str, usize)] = &[
    ("frontEndUrl", 512),
    ("adminUrl", 512),
    ("userName", 128),
    ("password", 128),
    ("memo", 1024),
];
const OF_USAGE: &[(&str, usize)] = &[
    ("relatedInstanceId", 64),
    ("statisticalTime", 20),
    ("dashboardUrl", 512),
];

fn lengths(answer: &Value) -> Result<(), Failure> {
    bounded(answer, OF_ANSWER)?;
    for app in apps(answer) {
        bounded(app, OF_APP)?;
    }
    for instance in list(answer, "info") {
        bounded(instance, OF_INSTANCE)?;
        for usage in list(instance, "usageInfo") {
            bounded(usage, OF_USAGE)?;
        }
    }
    Ok(())
}

fn bounded(object: &Value, longest: &[(&'static str, usize)]) -> Result<(), Failure> {
    for &(name, characters_max) in longest {
        let text = object.get(name).and_then(Value::as_str);
        if text.is_some_and(|text| text.chars().count() > characters_max) {
            return Err(Failure::TooLong(name, characters_max));
        }
    }
    Ok(())
}

/// The buyer sees what the marketplace decrypts.
fn accounts(answer: &Value, key: &SecretString) -> Result<(), Failure> {
    let of = match answer.get("encryptType").and_then(Value::as_str) {
        None => EncryptType::default(),
        Some(text) => EncryptType::parse(text).ok_or(Failure::Undecryptable("encryptType"))?,
    };
    for app in apps(answer) {
        for name in ["userName", "password"] {
            let encrypted = app.get(name).and_then(Value::as_str);
            if let Some(encrypted) = encrypted.filter(|text| !text.is_empty()) {
                decrypt(key, of, encrypted).map_err(|_cipher| Failure::Undecryptable(name))?;
            }
        }
    }
    Ok(())
}

/// Every `appInfo` of an answer.
fn apps(answer: &Value) -> impl Iterator<Item = &Value> {
    let holders = std::iter::once(answer).chain(list(answer, "info"));
    holders.filter_map(|holder| present(holder, "appInfo"))
}

fn list<'a>(object: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    let list = object.get(name).and_then(Value::as_array);
    list.into_iter().flatten()
}

fn text<'a>(object: &'a Value, name: &'static str) -> Result<&'a str, Failure> {
    let text = object.get(name).and_then(Value::as_str);
    text.ok_or(Failure::Missing(name))
}

#[cfg(test)]
mod tests;
