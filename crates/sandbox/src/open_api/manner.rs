//! How the open APIs answer: which of the documented spellings, and which faults.
//!
//! What a call meets depends on the seed and on how many calls came before it, so a run repeats.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::random::mix;

/// How the interfaces with `MKT.` and `CBC.` codes spell their answers. The marketplace's pages
/// differ, so a merchant has to read all of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spelling {
    /// As the page of each interface has it.
    #[default]
    Documented,
    /// `resultCode` with `MKT.`
    MktResultCode,
    /// `error_code` with `MKT.`
    MktErrorCode,
    /// `resultCode` with `CBC.`
    CbcResultCode,
    /// `error_code` with `CBC.`
    CbcErrorCode,
    /// Any of them, drawn for every answer.
    Drawn,
}

/// What can be changed while the sandbox runs. Without faults, and documented, from the start.
/// Percentages are of all calls; what exceeds 100 together is cut off in the order of the fields.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The spelling of answers.
    pub spelling: Spelling,
    /// Calls that the gateway turns away with 429.
    pub throttled_percent: u8,
    /// Calls that fail with 500, and do nothing.
    pub internal_percent: u8,
    /// Calls that are too frequent: 406 with `0250`; 429 where the interface has no such code.
    pub too_frequent_percent: u8,
    /// Answers that come late; what was asked for is done.
    pub slow_percent: u8,
    /// Answers whose second half is lost; what was asked for is done.
    pub truncated_percent: u8,
    /// How late an answer comes, in milliseconds; a minute at most.
    pub slow_ms: u32,
}

/// What a call meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    Throttled,
    Internal,
    TooFrequent,
    Slow,
    Truncated,
}

/// The prefix of a code, and the names of its members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spelled {
    pub(super) prefix: &'static str,
    pub(super) code: &'static str,
    pub(super) message: &'static str,
}

impl Spelled {
    /// `resultCode` with `MKT.`: the order query.
    pub(super) const MKT_RESULT: Self = Self::new("MKT.", "resultCode", "resultMsg");
    /// `error_code` with `MKT.`: the usage push.
    pub(super) const MKT_ERROR: Self = Self::new("MKT.", "error_code", "error_msg");
    /// `error_code` with `CBC.`: the upload.
    pub(super) const CBC_ERROR: Self = Self::new("CBC.", "error_code", "error_msg");
    const CBC_RESULT: Self = Self::new("CBC.", "resultCode", "resultMsg");
    const ALL: [Self; 4] = [
        Self::MKT_RESULT,
        Self::MKT_ERROR,
        Self::CBC_ERROR,
        Self::CBC_RESULT,
    ];

    const fn new(prefix: &'static str, code: &'static str, message: &'static str) -> Self {
        Self {
            prefix,
            code,
            message,
        }
    }
}

/// The settings, and the seed of what they leave open.
#[derive(Debug)]
pub struct Manner {
    seed: u64,
    drawn: AtomicU64,
    settings: Mutex<Settings>,
}

impl Manner {
    /// The default settings.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            drawn: AtomicU64::new(0),
            settings: Mutex::default(),
        }
    }

    /// The settings.
    pub fn settings(&self) -> Settings {
        *self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Replaces the settings.
    pub fn set(&self, settings: Settings) {
        *self.settings.lock().unwrap_or_else(PoisonError::into_inner) = settings;
    }

    /// What the next call meets.
    pub(super) fn fault(&self) -> Option<Fault> {
        let Settings {
            spelling: _,
            throttled_percent,
            internal_percent,
            too_frequent_percent,
            slow_percent,
            truncated_percent,
            slow_ms: _,
        } = self.settings();
        let mut drawn = self.draw() % 100;
        let ladder = [
            (throttled_percent, Fault::Throttled),
            (internal_percent, Fault::Internal),
            (too_frequent_percent, Fault::TooFrequent),
            (slow_percent, Fault::Slow),
            (truncated_percent, Fault::Truncated),
        ];
        for (percent, fault) in ladder {
            match drawn.checked_sub(u64::from(percent)) {
                Some(rest) => drawn = rest,
                None => return Some(fault),
            }
        }
        None
    }

    /// The spelling of the next answer of an interface whose page has it `documented`.
    pub(super) fn spelled(&self, documented: Spelled) -> Spelled {
        match self.settings().spelling {
            Spelling::Documented => documented,
            Spelling::MktResultCode => Spelled::MKT_RESULT,
            Spelling::MktErrorCode => Spelled::MKT_ERROR,
            Spelling::CbcResultCode => Spelled::CBC_RESULT,
            Spelling::CbcErrorCode => Spelled::CBC_ERROR,
            Spelling::Drawn => {
                let index = usize::try_from(self.draw() % 4).ok();
                let drawn = index.and_then(|index| Spelled::ALL.get(index));
                drawn.copied().unwrap_or(documented)
            },
        }
    }

    fn draw(&self) -> u64 {
        mix(self.seed ^ mix(self.drawn.fetch_add(1, Ordering::Relaxed)))
    }
}
