//! `tenure customer history|timeline`

use anyhow::anyhow;
use clap::Subcommand;
use tenure_domain::{CustomerId, Instant, ListingId};
use tenure_journal::StreamId;
use tenure_projector::{LicenseFilter, PAGE_ROWS_MAX, Whose};

use crate::commands::history::{self, HistoryAsked, TimelineAsked};
use crate::config::Config;
use crate::failure::{Classify, Failure};
use crate::output::Output;
use crate::service;

/// Customers.
#[derive(Debug, Subcommand)]
pub(crate) enum Customer {
    /// Show every record of a customer's licenses and their orders, in the order of the journal
    #[command(
        after_help = "Example: tenure customer history customer-0001 --since 2026-01-01 --format csv"
    )]
    History {
        /// The customer
        #[arg(value_parser = CustomerId::parse)]
        id: CustomerId,
        #[command(flatten)]
        asked: HistoryAsked,
    },
    /// Show what a customer's licenses were from when to when, and from when to when that was
    /// believed
    #[command(after_help = "Example: tenure customer timeline customer-0001 --as-of 2026-03-03")]
    Timeline {
        /// The customer
        #[arg(value_parser = CustomerId::parse)]
        id: CustomerId,
        /// Of the merchant of this listing
        #[arg(long, value_parser = ListingId::parse)]
        listing: Option<ListingId>,
        #[command(flatten)]
        asked: TimelineAsked,
    },
}

impl Customer {
    /// Runs it.
    pub(crate) fn run(self, config: &Config, output: Output) -> Result<(), Failure> {
        match self {
            Self::History { id, asked } => asked.print(config, &Whose::Customer(id), output),
            Self::Timeline { id, listing, asked } => timeline(config, id, listing, &asked, output),
        }
    }
}

fn timeline(
    config: &Config,
    id: CustomerId,
    listing: Option<ListingId>,
    asked: &TimelineAsked,
    output: Output,
) -> Result<(), Failure> {
    let merchant = history::merchant(config, listing.as_ref()).usage()?;
    let mut log = service::open_reader(&config.journal_path().usage()?).unavailable()?;
    let queries = history::open_read_model(config, log.as_mut())?;
    let unknown = anyhow!("no license of customer {id} is known");
    asked.refuse_ahead(log.as_mut())?;
    let filter = LicenseFilter {
        customer: Some(id),
        merchant,
        ..LicenseFilter::default()
    };
    let mut intervals = Vec::new();
    let mut cursor = None;
    let mut licenses = 0;
    loop {
        let (at, from) = (Instant::EPOCH, cursor.as_deref());
        let page = queries.licenses(&filter, at, PAGE_ROWS_MAX, from);
        let page = page.map_err(history::failure)?;
        licenses += page.items.len();
        for license in &page.items {
            let stream = StreamId::license(&license.merchant, &license.id);
            let some = asked.intervals(log.as_mut(), &stream, &license.id);
            intervals.extend(some.unavailable()?);
        }
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    if licenses == 0 {
        return Err(unknown).wrong();
    }
    history::print_intervals(&intervals, output).unavailable()
}
