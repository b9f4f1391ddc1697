//! `POST /rest/marketplace/v1/isv/usage-data`: the older way to report what was used.
//!
//! It names the product and has no name for a record, so that nobody can tell a repeated report
//! from a new one: after a lost answer, a person has to look. [`usage`](super::usage) has one.

use tenure_domain::ProductId;

use super::OpenApiRequest;
use super::bounded::List;
use super::usage::{Body, Record, Usage};

pub use super::usage::read;

/// A usage of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductUsage {
    /// What was sold.
    pub product: ProductId,
    /// What was used of it.
    pub usage: Usage,
}

/// Reports usages, at most 1,000.
pub fn request(usages: &List<ProductUsage, 1_000>) -> OpenApiRequest {
    let records = usages.as_slice().iter();
    let body = Body {
        usage_records: records
            .map(|sold| Record::sold(&sold.product, &sold.usage))
            .collect(),
    };
    OpenApiRequest::post_to("/rest/marketplace/v1/isv/usage-data".to_owned(), &body)
}
