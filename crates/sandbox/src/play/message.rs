//! A call in the words of either version of the protocol.

use crate::body::Body;
use crate::v1::call::Call;

/// What is told to a merchant.
#[derive(Debug, Clone)]
pub(super) enum Message {
    /// By POST, as JSON.
    V2(Body),
    /// By GET, as parameters.
    V1(Call),
}

impl Message {
    pub(super) fn activity(&self) -> &str {
        match self {
            Self::V2(body) => body.activity(),
            Self::V1(call) => call.activity(),
        }
    }

    /// The activity with its scene or status.
    pub(super) fn title(&self) -> String {
        let scene = match self {
            Self::V2(body) => body.text_of("scene").or_else(|| body.text_of("status")),
            Self::V1(_) => None,
        };
        match scene {
            Some(scene) => format!("{} {scene}", self.activity()),
            None => self.activity().to_owned(),
        }
    }
}
