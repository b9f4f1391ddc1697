//! The events of all kinds of stream.

use tenure_domain::{order, tenant, usage};

/// An event of any kind of stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Of a license.
    License(tenure_domain::Event),
    /// Of an order.
    Order(order::Event),
    /// Of an enterprise.
    Tenant(tenant::Event),
    /// Of the use of a license.
    Usage(usage::Event),
}

impl Event {
    /// The name under which it is stored and shown; unique over all kinds.
    pub fn name(&self) -> &'static str {
        match self {
            Self::License(event) => event.name(),
            Self::Order(event) => event.name(),
            Self::Tenant(event) => event.name(),
            Self::Usage(event) => event.name(),
        }
    }

    /// The license event, if it is one.
    pub fn as_license(&self) -> Option<&tenure_domain::Event> {
        match self {
            Self::License(event) => Some(event),
            Self::Order(_) | Self::Tenant(_) | Self::Usage(_) => None,
        }
    }

    /// The order event, if it is one.
    pub fn as_order(&self) -> Option<&order::Event> {
        match self {
            Self::Order(event) => Some(event),
            Self::License(_) | Self::Tenant(_) | Self::Usage(_) => None,
        }
    }

    /// The event of an enterprise, if it is one.
    pub fn as_tenant(&self) -> Option<&tenant::Event> {
        match self {
            Self::Tenant(event) => Some(event),
            Self::License(_) | Self::Order(_) | Self::Usage(_) => None,
        }
    }

    /// The event of the use of a license, if it is one.
    pub fn as_usage(&self) -> Option<&usage::Event> {
        match self {
            Self::Usage(event) => Some(event),
            Self::License(_) | Self::Order(_) | Self::Tenant(_) => None,
        }
    }
}
