//! What a check found, for programs and for people.

use std::fmt;

use serde::Serialize;

use super::Subject;
use super::case::Expectation;
use crate::client::Exchange;

/// Whether an address behaved as a case expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It did.
    Passed,
    /// It did not.
    Failed,
}

impl Outcome {
    /// What comes of a case by why it is not right.
    pub(super) fn of(why: Option<&str>) -> Self {
        match why {
            Some(_) => Self::Failed,
            None => Self::Passed,
        }
    }

    /// The word for reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
        }
    }
}

/// One case and how it went.
#[derive(Debug, Clone, Serialize)]
pub struct CaseReport {
    /// What was tried.
    pub name: String,
    /// `success`, or the result codes that are right.
    pub expectation: String,
    /// Whether the answer was right.
    pub outcome: Outcome,
    /// Why it was not.
    pub why: Option<String>,
    /// The result code of the answer, if it had one.
    pub result_code: Option<String>,
    /// How long the answer took, in milliseconds.
    pub elapsed_ms: u64,
}

impl CaseReport {
    pub(super) fn new(
        name: String,
        expectation: Expectation,
        exchange: &Exchange,
        why: Option<String>,
    ) -> Self {
        Self {
            name,
            expectation: expectation.to_string(),
            outcome: Outcome::of(why.as_deref()),
            why,
            result_code: exchange.result_code.clone(),
            elapsed_ms: exchange.elapsed_ms,
        }
    }
}

/// Why cases were not tried.
pub(super) const WHY_NOT_RUN: &str = "they need the merchant's public key, and none was given";

/// A conformance report: every case of a family against one address.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// What it is about.
    pub family: Subject,
    /// The address.
    pub url: String,
    /// The cases in the order in which they were tried.
    pub cases: Vec<CaseReport>,
    /// Names of cases that were not tried, because they need the merchant's public key and none was
    /// given. They count neither as passed nor as failed.
    pub not_run: Vec<String>,
}

impl Report {
    /// Whether every case passed.
    pub fn passed(&self) -> bool {
        self.failures().next().is_none()
    }

    /// The cases that did not pass.
    pub fn failures(&self) -> impl Iterator<Item = &CaseReport> {
        self.cases
            .iter()
            .filter(|case| case.outcome == Outcome::Failed)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} at {}", self.family, self.url)?;
        let width = self
            .cases
            .iter()
            .map(|case| case.name.chars().count())
            .max()
            .unwrap_or(0);
        for case in &self.cases {
            let CaseReport {
                name,
                expectation,
                outcome,
                why,
                result_code,
                elapsed_ms,
            } = case;
            let code = result_code.as_deref().unwrap_or("-");
            let outcome = outcome.word();
            write!(
                f,
                "{outcome}  {name:width$}  {expectation:16}  {code:6}  {elapsed_ms:5} ms"
            )?;
            match why {
                Some(why) => writeln!(f, "  {why}")?,
                None => writeln!(f)?,
            }
        }
        for name in &self.not_run {
            writeln!(f, "not run {name}")?;
        }
        if !self.not_run.is_empty() {
            let count = self.not_run.len();
            writeln!(f, "{count} cases were not run: {WHY_NOT_RUN}")?;
        }
        let failed = self.failures().count();
        writeln!(
            f,
            "{} of {} cases passed",
            self.cases.len() - failed,
            self.cases.len()
        )
    }
}
