//! What was asked of the centre, without the secrets in it.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};
use serde::Serialize;

/// The most calls that are kept; the oldest gives way.
const CALLS_MAX: usize = 1000;

/// One call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Call {
    /// The market's time.
    pub at: DateTime<Utc>,
    /// `token`, `userinfo` and so on: the last part of the address.
    pub interface: &'static str,
    /// The enterprise of the `domainName` that was called; none at the root.
    pub tenant_id: Option<String>,
    /// The HTTP status of the answer.
    pub status: u16,
    /// Why it was refused, in the answer's words.
    pub refusal: Option<String>,
}

/// The last calls.
#[derive(Debug, Default)]
pub(super) struct Calls(VecDeque<Call>);

impl Calls {
    pub(super) fn note(&mut self, call: Call) {
        self.0.push_back(call);
        if self.0.len() > CALLS_MAX {
            self.0.pop_front();
        }
    }

    pub(super) fn list(&self) -> Vec<Call> {
        self.0.iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::{CALLS_MAX, Call, Calls};

    #[test]
    fn the_oldest_call_gives_way() {
        let mut calls = Calls::default();
        for number in 0..=CALLS_MAX {
            calls.note(Call {
                at: DateTime::UNIX_EPOCH,
                interface: "token",
                tenant_id: Some(number.to_string()),
                status: 200,
                refusal: None,
            });
        }
        let calls = calls.list();
        assert_eq!(calls.len(), CALLS_MAX);
        assert_eq!(calls[0].tenant_id.as_deref(), Some("1"));
    }
}
