//! Codes that a merchant applies for in the seller centre, to try the open APIs with.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{CODE_LETTERS, Code, Market, MarketError, Term};

/// The product that test codes name.
pub(super) const TEST_PRODUCT: &str = "OFFITEST0000001";

/// The most test codes at a time; the one that ends first makes room for the next.
const TEST_CODES_MAX: usize = 1000;

/// A code that nobody bought: it has no order, and nobody is told of its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestCode {
    /// The code, which needs no claim.
    pub code: Code,
    /// How long it can be used.
    pub term: Term,
}

/// A [`TestCode`] as the seller centre shows it: both flags are wanted before publishing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TestCodeView {
    /// The code.
    pub code: String,
    /// Whether it was activated.
    pub activated: bool,
    /// Whether it was queried since.
    pub checked: bool,
    /// The end of its validity.
    pub expires_at: DateTime<Utc>,
}

impl Market {
    /// Issues a test code for some days.
    pub fn issue_test_code(
        &mut self,
        days: u32,
        now: DateTime<Utc>,
    ) -> Result<TestCodeView, MarketError> {
        let term = Term::of_days(now, days)?;
        let mut code = Code::issued(format!("PLTEST{}", self.random.text(CODE_LETTERS, 10)));
        code.claimed = true;
        if self.test_codes.len() >= TEST_CODES_MAX {
            let ends_first = self
                .test_codes
                .values()
                .min_by_key(|test| test.term.expires_at);
            let ends_first = ends_first.map(|test| test.code.code.clone());
            if let Some(code) = ends_first {
                self.test_codes.remove(&code);
                self.clients.remove(&code);
            }
        }
        let test = TestCode { code, term };
        let view = test.view();
        self.test_codes.insert(test.code.code.clone(), test);
        Ok(view)
    }

    /// The test codes, by name.
    pub fn test_codes(&self) -> impl Iterator<Item = TestCodeView> {
        self.test_codes.values().map(TestCode::view)
    }
}

impl TestCode {
    fn view(&self) -> TestCodeView {
        TestCodeView {
            code: self.code.code.clone(),
            activated: self.code.activated_at.is_some(),
            checked: self.code.checked,
            expires_at: self.term.expires_at,
        }
    }
}
