//! `tenure order history`

use clap::Subcommand;
use tenure_domain::OrderId;
use tenure_projector::Whose;

use crate::commands::history::HistoryAsked;
use crate::config::Config;
use crate::failure::Failure;
use crate::output::Output;

/// Orders.
#[derive(Debug, Subcommand)]
pub(crate) enum Order {
    /// Show every record of an order and of the licenses that it changed, in the order of the journal
    #[command(after_help = "Example: tenure order history CS2211181819B4LVS --format jsonl")]
    History {
        /// The order
        #[arg(value_parser = OrderId::parse)]
        id: OrderId,
        #[command(flatten)]
        asked: HistoryAsked,
    },
}

impl Order {
    /// Runs it.
    pub(crate) fn run(self, config: &Config, output: Output) -> Result<(), Failure> {
        let Self::History { id, asked } = self;
        asked.print(config, &Whose::Order(id), output)
    }
}
