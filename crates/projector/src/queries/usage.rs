//! The question which instances used a package.

use tenure_domain::{LicenseId, MerchantId};

use super::question::Question;
use super::{Queries, QueryError, parsed};

const USERS: &str = include_str!("usage/users.sql");

impl Queries {
    /// The instances whose use was taken from a package, by id, and at most so many.
    pub fn users_of_package(
        &self,
        merchant: &MerchantId,
        package: &LicenseId,
        limit: usize,
    ) -> Result<Vec<LicenseId>, QueryError> {
        ask(merchant, package, limit).rows(&*self.connection()?, |row| {
            parsed(LicenseId::parse(&row.get::<_, String>(0)?))
        })
    }
}

fn ask(merchant: &MerchantId, package: &LicenseId, limit: usize) -> Question {
    let mut question = Question::new(USERS);
    question.bind(":merchant", merchant.as_str().to_owned());
    question.bind(":package", package.as_str().to_owned());
    question.bind(":limit", i64::try_from(limit).unwrap_or(i64::MAX));
    question
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queries::question::plan;

    #[test]
    fn users_are_found_over_an_index() {
        let merchant = MerchantId::parse("acme").unwrap();
        let package = LicenseId::parse("PLTEST0001").unwrap();
        let plan = plan(&ask(&merchant, &package, 50), "");
        let index = "usage_totals_by_package (merchant=? AND package_id=?)";
        assert_eq!(
            plan,
            format!("SEARCH usage_totals USING COVERING INDEX {index}")
        );
    }
}
