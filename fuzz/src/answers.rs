//! What open APIs and authentication centres answer, and what browsers bring from the latter.

use tenure_domain::LicenseId;
use tenure_koogallery::OpenApiError;
use tenure_koogallery::login::{Callback, CasCallback, CentreError, cas, token, user};
use tenure_koogallery::open_api::bounded::List;
use tenure_koogallery::open_api::{
    activate, activate_v2, order, query, query_v2, software_usage, upload, usage,
};

use super::Target;
use super::marketplace::chosen;

pub(crate) const TARGETS: &[Target] = &[
    ("open_api_answer", open_api_answer),
    ("order_redaction", order_redaction),
    ("centre_answer", centre_answer),
    ("login_callback", login_callback),
];

/// The status of an answer, by the first byte of an input.
const STATUSES: [u16; 8] = [200, 400, 401, 403, 404, 429, 500, 302];

/// A digit for the status, and a body that every open API may have answered.
fn open_api_answer(bytes: &[u8]) -> bool {
    let Some((status, body)) = chosen(&STATUSES, bytes) else {
        return false;
    };
    let codes = ["PLTEST0001", "PLTEST0002"].map(|code| LicenseId::parse(code).expect("an id"));
    let codes = List::new(codes.to_vec()).expect("two codes");
    let activated = check_answer(status, activate::read(status, body));
    check_answer(status, activate_v2::read(status, body));
    let info = check_answer(status, query::read(status, body));
    check_answer(status, software_usage::read(status, body));
    check_answer(status, upload::read(status, body));
    check_answer(status, usage::read(status, body));
    if let Some(told) = check_answer(status, query_v2::read(&codes, status, body)) {
        assert_eq!(told.len(), codes.as_slice().len());
    }
    let details = check_answer_or_absent(order::read(status, body)).unwrap_or_default();
    // A line has a name and braces at least.
    assert!(details.len() <= body.len() / 8);
    order::may_be_of_one_order(status, body);
    activated.is_some() || info.is_some() || !details.is_empty()
}

fn check_answer<T>(status: u16, answer: Result<T, OpenApiError>) -> Option<T> {
    assert!(status == 200 || answer.is_err(), "{status} is no success");
    check_answer_or_absent(answer)
}

fn check_answer_or_absent<T>(answer: Result<T, OpenApiError>) -> Option<T> {
    let error = match answer {
        Ok(answer) => return Some(answer),
        Err(error) => error,
    };
    assert!(!error.code().is_empty());
    assert!(
        format!("{error:?}").len() <= 256,
        "little is kept of a text that nobody knows"
    );
    error.reaction();
    None
}

/// An answer to the order query, as its receipt keeps it.
fn order_redaction(bytes: &[u8]) -> bool {
    let kept = order::redacted(bytes);
    assert!(
        kept.len() <= 16 * bytes.len() + 64,
        "{} bytes of {}",
        kept.len(),
        bytes.len()
    );
    if is_json(bytes) {
        assert!(is_json(&kept));
        assert_eq!(order::redacted(&kept), kept);
    }
    is_json(bytes)
}

fn is_json(bytes: &[u8]) -> bool {
    serde_json::from_slice::<&serde_json::value::RawValue>(bytes).is_ok()
}

/// A digit for the status, and a body that may answer any question to a centre.
fn centre_answer(bytes: &[u8]) -> bool {
    let Some((status, body)) = chosen(&STATUSES, bytes) else {
        return false;
    };
    [
        check_centre(status, token::read(status, body)),
        check_centre(status, user::read(status, body)),
        check_centre(status, cas::read(status, body)),
    ]
    .contains(&true)
}

fn check_centre<T>(status: u16, answer: Result<T, CentreError>) -> bool {
    assert!(status == 200 || answer.is_err(), "{status} is no success");
    let Err(error) = answer else {
        return true;
    };
    assert!(!error.code().is_empty());
    assert!(!error.advice().is_empty());
    assert!(
        format!("{error:?}").len() <= 512,
        "little is kept of a text that nobody knows"
    );
    false
}

/// The end of the address that a login page sends a browser back to.
fn login_callback(bytes: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(bytes) else {
        return false;
    };
    let callback = Callback::read(text);
    let cas_callback = CasCallback::read(text);
    let is_understood = callback.is_ok() || cas_callback.is_ok();
    if let Ok(Callback::Code { code, state, .. }) = callback {
        assert!((1..=2_048).contains(&code.as_str().chars().count()));
        assert!(state.is_none_or(|state| state.as_str().len() <= 128));
    }
    if let Ok(callback) = cas_callback {
        assert!(text.starts_with(&callback.service_end));
        assert!(callback.ticket.as_str().starts_with("ST-"));
    }
    is_understood
}
