//! `tenure license show|history|timeline|activate|check`

use std::sync::Arc;
use std::time::Duration;

use actix_web::rt::System;
use anyhow::{Context, anyhow, bail};
use clap::{Args, Subcommand};
use secrecy::ExposeSecret;
use serde_json::Value;
use tenure_api::view::{ActivatedView, CheckedView, ExplanationView, RecordView};
use tenure_domain::{Instant, LicenseId, ListingId, MerchantId};
use tenure_journal::as_of::Question;
use tenure_journal::{
    AsOf, Clock, OpenError, Position, ReadLog, ReceiptId, StreamId, SystemClock, Watch, as_of,
};
use tenure_outbound::Activator;

use crate::commands::history::{self, TimelineAsked};
use crate::config::Config;
use crate::failure::{Classify, Failure};
use crate::output::Output;
use crate::service;
use crate::when;

/// How long the running service may take over a code: two calls to the marketplace.
const CODE_PATIENCE: Duration = Duration::from_secs(30);

/// Licenses.
#[derive(Debug, Subcommand)]
pub(crate) enum License {
    /// Show what a license is, or was, and the records that say so
    #[command(
        after_help = "Example: tenure license show PLTEST0001 --at 2026-05-01 --as-of 2026-03-03"
    )]
    Show {
        #[command(flatten)]
        which: Which,
        /// What holds at this instant or day; now, if not given
        #[arg(long, value_name = "TIME", value_parser = when::instant)]
        at: Option<Instant>,
        /// As the journal knew it then: an instant, a day, or a position
        #[arg(long, value_name = "TIME|POSITION", value_parser = when::as_of)]
        as_of: Option<AsOf>,
        /// As if the call of this receipt had never come
        #[arg(long, value_name = "RECEIPT", value_parser = receipt)]
        without: Option<ReceiptId>,
    },
    /// Show every record of a license, oldest first
    #[command(after_help = "Example: tenure license history PLTEST0001 --format json")]
    History {
        #[command(flatten)]
        which: Which,
    },
    /// Show what a license was from when to when, and from when to when that was believed
    #[command(after_help = "Example: tenure license timeline PLTEST0001 --as-of 2026-03-03")]
    Timeline {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        asked: TimelineAsked,
    },
    /// Activate an authorization code with the marketplace; doing it again is a success
    #[command(after_help = "Example: tenure license activate PLTEST0001 --listing cad-pro")]
    Activate {
        #[command(flatten)]
        which: Which,
    },
    /// Ask the marketplace what an authorization code is, beside what is known here
    #[command(after_help = "Example: tenure license check PLTEST0001 --listing cad-pro")]
    Check {
        #[command(flatten)]
        which: Which,
    },
}

/// What is done about a code with the marketplace.
#[derive(Debug, Clone, Copy)]
enum Errand {
    Activate,
    Check,
}

impl Errand {
    /// The last segment of its address at the service.
    fn segment(self) -> &'static str {
        match self {
            Self::Activate => "activate",
            Self::Check => "check",
        }
    }

    /// What its answer is called.
    fn title(self) -> &'static str {
        match self {
            Self::Activate => "activated",
            Self::Check => "checked",
        }
    }
}

/// Which license.
#[derive(Debug, Args)]
pub(crate) struct Which {
    /// The instance id or authorization code
    #[arg(value_parser = LicenseId::parse)]
    id: LicenseId,
    /// Its listing, where several merchants are configured
    #[arg(long, value_parser = ListingId::parse)]
    listing: Option<ListingId>,
}

fn receipt(text: &str) -> anyhow::Result<ReceiptId> {
    ReceiptId::parse(text).context("it is no receipt: the name of one is a UUID")
}

impl License {
    /// Whether its rows can be had one by one.
    pub(crate) fn is_exported(&self) -> bool {
        matches!(self, Self::History { .. } | Self::Timeline { .. })
    }

    /// Runs it.
    pub(crate) fn run(self, config: &Config, output: Output) -> Result<(), Failure> {
        match self {
            Self::Show {
                which,
                at,
                as_of,
                without,
            } => {
                let at = at.unwrap_or_else(|| SystemClock.now());
                let question = Question {
                    at,
                    as_of: as_of.unwrap_or(AsOf::Head),
                    without,
                    read_at: at,
                };
                show(config, &which, question, output)
            },
            Self::History { which } => history(config, &which, output),
            Self::Timeline { which, asked } => timeline(config, &which, &asked, output),
            Self::Activate { which } => run_errand(config, &which, Errand::Activate, output),
            Self::Check { which } => run_errand(config, &which, Errand::Check, output),
        }
    }
}

fn show(config: &Config, which: &Which, question: Question, output: Output) -> Result<(), Failure> {
    let mut log = service::open_reader(&config.journal_path().usage()?).unavailable()?;
    history::refuse_ahead(log.as_mut(), question.as_of)?;
    let stream = find(config, which, log.as_mut())?;
    let explained = as_of::explain(log.as_mut(), &stream, question).unavailable()?;
    let view = ExplanationView::of(&which.id, &explained, question.at);
    if let Some(receipt) = question.without
        && !explained.leaves_out()
    {
        let id = &which.id;
        return Err(anyhow!(
            "no record of {id} that was known then came of receipt {receipt}"
        ))
        .wrong();
    }
    let license = view.license.as_ref().with_context(|| {
        let id = &which.id;
        format!("{id}: nothing was known of it then, or nothing had happened")
    });
    let license = serde_json::to_value(license.wrong()?).unavailable()?;
    if output.is_json() {
        output.json(&serde_json::to_value(&view).unavailable()?);
        return Ok(());
    }
    let rows = license
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, value)| !value.is_null());
    let rows = rows.map(|(name, value)| [name.clone(), plain(value)]);
    output.table(["license", ""], rows.collect::<Vec<_>>());
    history::print_explained(&view, output);
    Ok(())
}

fn history(config: &Config, which: &Which, output: Output) -> Result<(), Failure> {
    let mut log = service::open_reader(&config.journal_path().usage()?).unavailable()?;
    let stream = find(config, which, log.as_mut())?;
    let records = log.read_stream(&stream, Position::MAX).unavailable()?;
    let records: Vec<RecordView> = records.iter().map(RecordView::from).collect();
    history::print_records(&records, output).unavailable()
}

fn timeline(
    config: &Config,
    which: &Which,
    asked: &TimelineAsked,
    output: Output,
) -> Result<(), Failure> {
    let mut log = service::open_reader(&config.journal_path().usage()?).unavailable()?;
    let stream = find(config, which, log.as_mut())?;
    asked.refuse_ahead(log.as_mut())?;
    let intervals = asked.intervals(log.as_mut(), &stream, &which.id);
    let intervals = intervals.unavailable()?;
    if intervals.is_empty() {
        let id = &which.id;
        return Err(anyhow!(
            "{id}: nothing was known of it then, or nothing had happened"
        ))
        .wrong();
    }
    history::print_intervals(&intervals, output).unavailable()
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// The stream of a license: of the merchant of the listing that is named, or of whichever merchant
/// has one.
fn find(config: &Config, which: &Which, log: &mut dyn ReadLog) -> Result<StreamId, Failure> {
    let mut found = Vec::new();
    for merchant in merchants(config, which.listing.as_ref()).usage()? {
        let stream = StreamId::license(&merchant, &which.id);
        if !log
            .read_stream(&stream, Position::MAX)
            .unavailable()?
            .is_empty()
        {
            found.push(stream);
        }
    }
    match found.len() {
        0 => Err(anyhow!("there is no license {}", which.id)).wrong(),
        1 => Ok(found.remove(0)),
        _ => Err(anyhow!(
            "several merchants have a license {}: name its --listing",
            which.id
        ))
        .usage(),
    }
}

fn merchants(config: &Config, listing: Option<&ListingId>) -> anyhow::Result<Vec<MerchantId>> {
    let mut merchants = Vec::new();
    for configured in &config.listing {
        if listing.is_none_or(|listing| listing.as_str() == configured.id) {
            let merchant = MerchantId::parse(&configured.merchant)?;
            if !merchants.contains(&merchant) {
                merchants.push(merchant);
            }
        }
    }
    if merchants.is_empty() {
        bail!("there is no such listing in the configuration");
    }
    Ok(merchants)
}

fn run_errand(
    config: &Config,
    which: &Which,
    errand: Errand,
    output: Output,
) -> Result<(), Failure> {
    let listing = able(config, which).usage()?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let path = config.journal_path().usage()?;
    let watch = Arc::new(Watch::default());
    let (queue, writer) = match service::start_writer(config, &path, &clock, &watch) {
        Ok(started) => started,
        Err(error) if matches!(error.downcast_ref(), Some(OpenError::Locked { .. })) => {
            return ask_service(config, which, &listing, errand, output);
        },
        Err(error) => return Err(error).unavailable(),
    };
    let activator = service::activator(config, queue, &clock).usage()?;
    let done = System::new().block_on(done(&activator, &listing, &which.id, errand));
    writer.stop();
    tell(errand, &done?, output);
    Ok(())
}

/// What an errand that this process runs itself comes to.
async fn done(
    activator: &Activator,
    listing: &ListingId,
    code: &LicenseId,
    errand: Errand,
) -> Result<Value, Failure> {
    let view = match errand {
        Errand::Activate => match activator.activate(listing, code).await {
            Ok(activated) => serde_json::to_value(ActivatedView::of(listing, code, &activated)),
            Err(error) if error.is_retryable() => return Err(error).unavailable(),
            Err(error) => return Err(error).wrong(),
        },
        Errand::Check => match activator.check(listing, code, None).await {
            Ok(checked) => serde_json::to_value(CheckedView::of(listing, code, &checked)),
            Err(error) if error.is_retryable() => return Err(error).unavailable(),
            Err(error) => return Err(error).wrong(),
        },
    };
    view.unavailable()
}

/// The listing whose access to the open APIs is used: the one that is named, or the only one.
fn able(config: &Config, which: &Which) -> anyhow::Result<ListingId> {
    let able: Vec<_> = config
        .listing
        .iter()
        .filter(|it| it.open_api.is_some())
        .collect();
    let chosen = match (&which.listing, able.as_slice()) {
        (Some(named), _) => able.iter().find(|it| it.id == named.as_str()).copied(),
        (None, [only]) => Some(*only),
        (None, []) => bail!("no listing has open_api.access_key_id: the marketplace asks for it"),
        (None, _) => {
            bail!("several listings have access to the open APIs: name one with --listing")
        },
    };
    let chosen = chosen.context("the listing that is named has no open_api.access_key_id")?;
    Ok(ListingId::parse(&chosen.id)?)
}

/// A running service owns the journal: it is asked over its API.
fn ask_service(
    config: &Config,
    which: &Which,
    listing: &ListingId,
    errand: Errand,
    output: Output,
) -> Result<(), Failure> {
    let token = config.tokens().usage()?.into_iter().next();
    let mut url = reqwest::Url::parse(&format!("http://{}/v1/codes/", config.http.api)).usage()?;
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty()
            .push(which.id.as_str())
            .push(errand.segment());
    }
    url.query_pairs_mut()
        .append_pair("listing", listing.as_str());
    let (status, answer) = System::new()
        .block_on(async {
            let client = reqwest::Client::builder()
                .timeout(CODE_PATIENCE)
                .no_proxy()
                .build()?;
            let mut request = client.post(url);
            if let Some(token) = token {
                request = request.bearer_auth(token.expose_secret());
            }
            let response = request.send().await?;
            let status = response.status();
            Ok::<_, reqwest::Error>((status, response.json::<Value>().await?))
        })
        .context("the running service does not answer")
        .unavailable()?;
    if status.is_success() {
        tell(errand, &answer, output);
        return Ok(());
    }
    let detail = answer.get("detail").or_else(|| answer.get("title"));
    let refused = anyhow!("{}", detail.map_or_else(|| status.to_string(), plain));
    if status.is_server_error() {
        Err(refused).unavailable()
    } else {
        Err(refused).wrong()
    }
}

fn tell(errand: Errand, answer: &Value, output: Output) {
    if output.is_json() {
        output.json(answer);
        return;
    }
    let rows = answer
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, value)| !value.is_null());
    let rows = rows.map(|(name, value)| [name.clone(), plain(value)]);
    output.table([errand.title(), ""], rows.collect::<Vec<_>>());
}
