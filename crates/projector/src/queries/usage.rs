//! The question what was used of an instance.

use rusqlite::Row;
use tenure_domain::usage::Total;
use tenure_domain::{LicenseId, MerchantId};

use super::question::Question;
use super::{Queries, QueryError, parsed};
use crate::usage::total;

const OWN: &str = include_str!("usage/own.sql");
const USERS: &str = include_str!("usage/users.sql");

/// What was used of an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceUsage {
    /// What it used itself, of packages too.
    pub own: Option<Total>,
    /// What others took from it, which are its users if it is a package; by id.
    pub users: Vec<(LicenseId, Total)>,
}

impl Queries {
    /// What was used of an instance, with at most so many users.
    pub fn usage(
        &self,
        merchant: &MerchantId,
        instance: &LicenseId,
        users_max: usize,
    ) -> Result<InstanceUsage, QueryError> {
        let connection = self.connection()?;
        let own = own(merchant, instance).rows(&connection, |row| read(row, 0))?;
        let users = users(merchant, instance, users_max).rows(&connection, |row| {
            let user = parsed(LicenseId::parse(&row.get::<_, String>(0)?))?;
            Ok((user, read(row, 1)?))
        })?;
        Ok(InstanceUsage {
            own: own.into_iter().reduce(Total::plus),
            users,
        })
    }
}

/// A sum, from this column on.
fn read(row: &Row<'_>, first: usize) -> Result<Total, QueryError> {
    Ok(total(row.get(first)?, row.get(first + 1)?))
}

fn own(merchant: &MerchantId, instance: &LicenseId) -> Question {
    about(OWN, merchant, instance)
}

fn users(merchant: &MerchantId, package: &LicenseId, limit: usize) -> Question {
    let mut question = about(USERS, merchant, package);
    question.bind(":limit", i64::try_from(limit).unwrap_or(i64::MAX));
    question
}

fn about(select: &str, merchant: &MerchantId, instance: &LicenseId) -> Question {
    let mut question = Question::new(select);
    question.bind(":merchant", merchant.as_str().to_owned());
    question.bind(":instance", instance.as_str().to_owned());
    question
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queries::question::plan;

    #[test]
    fn both_sides_are_found_over_an_index() {
        let merchant = MerchantId::parse("acme").unwrap();
        let instance = LicenseId::parse("PLTEST0001").unwrap();
        let own = "SEARCH usage_totals USING PRIMARY KEY (merchant=? AND license_id=?)";
        assert_eq!(plan(&super::own(&merchant, &instance), ""), own);
        let users = "SEARCH usage_totals USING INDEX usage_totals_by_package \
                     (merchant=? AND package_id=?)";
        assert_eq!(plan(&super::users(&merchant, &instance, 50), ""), users);
    }
}
