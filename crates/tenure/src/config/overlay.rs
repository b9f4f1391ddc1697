//! Environment variables as values of the configuration: `TENURE__SECTION__KEY`.
//!
//! The double underscore keeps away from names such as `TENURE_SERVICE_HOST`, which Kubernetes
//! sets by itself. A number as a segment is an index into a list: `TENURE__LISTING__0__ID`.

use anyhow::bail;
use config::builder::DefaultState;
use config::{ConfigBuilder, Value};

const PREFIX: &str = "TENURE__";

/// Lays every variable with our prefix over what was read so far.
pub(super) fn lay_over(
    mut builder: ConfigBuilder<DefaultState>,
    environment: impl Iterator<Item = (String, String)>,
) -> anyhow::Result<ConfigBuilder<DefaultState>> {
    for (name, text) in environment {
        let Some(path) = name.strip_prefix(PREFIX) else {
            continue;
        };
        let Some(key) = key(path) else {
            bail!("the environment variable {name} names no key")
        };
        builder = builder.set_override(key, value(&text))?;
    }
    Ok(builder)
}

/// `LISTING__0__ID` as `listing[0].id`.
fn key(path: &str) -> Option<String> {
    let mut key = String::new();
    for segment in path.split("__") {
        if segment.is_empty() {
            return None;
        }
        if segment.bytes().all(|byte| byte.is_ascii_digit()) {
            key.push('[');
            key.push_str(segment);
            key.push(']');
        } else {
            if !key.is_empty() {
                key.push('.');
            }
            key.push_str(&segment.to_ascii_lowercase());
        }
    }
    Some(key)
}

/// A list of texts if it is written as one, else a text. Numbers and truth values are read from
/// texts where the configuration has such.
fn value(text: &str) -> Value {
    match serde_json::from_str::<Vec<String>>(text) {
        Ok(list) => list.into(),
        Err(_) => text.into(),
    }
}
