//! Histories and timelines: what several commands ask, and print alike.

use std::collections::BTreeMap;

use anyhow::{Context, anyhow};
use clap::Args;
use serde_json::json;
use tenure_api::view::{ExplainedView, ExplanationView, HoldingView, IntervalView, RecordView};
use tenure_domain::{Instant, LicenseId, ListingId, MerchantId};
use tenure_journal::as_of::resolve;
use tenure_journal::history::{self, Wanted};
use tenure_journal::{AsOf, Clock, Position, ReadError, ReadLog, StreamId, SystemClock, timeline};
use tenure_projector::{Queries, QueryError, Whose};

use crate::config::Config;
use crate::failure::{Classify, Failure};
use crate::output::Output;
use crate::{service, when};

/// Which part of a history.
#[derive(Debug, Args)]
pub(crate) struct HistoryAsked {
    /// Of the merchant of this listing
    #[arg(long, value_parser = ListingId::parse)]
    listing: Option<ListingId>,
    /// Recorded at this instant or day, or later
    #[arg(long, value_name = "TIME", value_parser = when::instant)]
    since: Option<Instant>,
    /// Recorded before this instant or day
    #[arg(long, value_name = "TIME", value_parser = when::instant)]
    until: Option<Instant>,
}

/// Which part of a timeline.
#[derive(Debug, Args)]
pub(crate) struct TimelineAsked {
    /// Only what was believed of this instant or day
    #[arg(long, value_name = "TIME", value_parser = when::instant)]
    at: Option<Instant>,
    /// Only what was believed then: an instant, a day, or a position
    #[arg(long, value_name = "TIME|POSITION", value_parser = when::as_of)]
    as_of: Option<AsOf>,
}

impl HistoryAsked {
    /// Prints the history of a customer or an order.
    pub(crate) fn print(
        &self,
        config: &Config,
        whose: &Whose,
        output: Output,
    ) -> Result<(), Failure> {
        if let (Some(since), Some(until)) = (self.since, self.until)
            && since >= until
        {
            return Err(anyhow!("--since must lie before --until")).usage();
        }
        let mut log = service::open_reader(&config.journal_path().usage()?).unavailable()?;
        let queries = open_read_model(config, log.as_mut())?;
        let merchant = merchant(config, self.listing.as_ref()).usage()?;
        let streams = queries.streams_of(merchant.as_ref(), whose);
        let streams = streams.map_err(failure)?;
        if streams.is_empty() {
            return Err(anyhow!("nothing is known of {}", name(whose))).wrong();
        }
        let wanted = Wanted {
            after: Position::START,
            since: self.since,
            until: self.until,
        };
        let records = history::read(log.as_mut(), &streams, wanted, usize::MAX).unavailable()?;
        let records: Vec<RecordView> = records.iter().map(RecordView::from).collect();
        print_records(&records, output).unavailable()
    }
}

fn name(whose: &Whose) -> String {
    match whose {
        Whose::Customer(customer) => format!("customer {customer}"),
        Whose::Order(order) => format!("order {order}"),
    }
}

/// What the journal will know cannot be asked: the answer would not stay the same.
pub(crate) fn refuse_ahead(log: &mut dyn ReadLog, as_of: AsOf) -> Result<(), Failure> {
    match as_of {
        AsOf::Position(position) => {
            let head = log.head().unavailable()?.position;
            if position > head {
                let what = anyhow!("--as-of is {position}, and the journal ends at {head}");
                return Err(what).usage();
            }
            Ok(())
        },
        AsOf::RecordedAt(instant) if instant > SystemClock.now() => Err(anyhow!(
            "--as-of lies ahead: what will be known then cannot be told"
        ))
        .usage(),
        AsOf::RecordedAt(_) | AsOf::Head => Ok(()),
    }
}

impl TimelineAsked {
    /// Refuses a point that the journal has not come to.
    pub(crate) fn refuse_ahead(&self, log: &mut dyn ReadLog) -> Result<(), Failure> {
        self.as_of.map_or(Ok(()), |as_of| refuse_ahead(log, as_of))
    }

    /// The intervals of a license that are asked for.
    pub(crate) fn intervals(
        &self,
        log: &mut dyn ReadLog,
        stream: &StreamId,
        id: &LicenseId,
    ) -> Result<Vec<IntervalView>, ReadError> {
        let as_of = self.as_of.map(|it| resolve(log, it)).transpose()?;
        let intervals = timeline::of(&log.read_stream(stream, Position::MAX)?);
        let asked = intervals.iter().filter(|it| it.is_asked(self.at, as_of));
        Ok(asked.map(|it| IntervalView::of(id, it)).collect())
    }
}

/// Opens the read model, and says if it does not know all of the journal.
pub(crate) fn open_read_model(config: &Config, log: &mut dyn ReadLog) -> Result<Queries, Failure> {
    let queries = Queries::open(&config.projector.path).unavailable()?;
    let known = queries.checkpoint().unavailable()?.position;
    let head = log.head().unavailable()?.position;
    if known < head {
        Output::complain(format_args!(
            "the read model knows {known} of {head} records: a license of the others may be missing"
        ));
    }
    Ok(queries)
}

/// The merchant of a listing, if one is named.
pub(crate) fn merchant(
    config: &Config,
    listing: Option<&ListingId>,
) -> anyhow::Result<Option<MerchantId>> {
    let Some(listing) = listing else {
        return Ok(None);
    };
    let mut configured = config.listing.iter();
    let found = configured.find(|it| it.id == listing.as_str());
    let found = found.context("there is no such listing in the configuration")?;
    Ok(Some(MerchantId::parse(&found.merchant)?))
}

/// What is not asked rightly can be asked otherwise; everything else is not to be had now.
pub(crate) fn failure(error: QueryError) -> Failure {
    match error {
        QueryError::Cursor => Failure::Usage(error.into()),
        QueryError::Ambiguous { .. } => Failure::Usage(anyhow!("{error}, with --listing")),
        QueryError::TooMany { .. } => Failure::Usage(anyhow!("{error}; ask license by license")),
        QueryError::Store(_) => Failure::Unavailable(error.into()),
    }
}

const RECORD: [&str; 9] = [
    "position",
    "subject",
    "version",
    "event",
    "effective at",
    "recorded at",
    "actor",
    "receipt",
    "data",
];

fn record(record: &RecordView) -> [String; 9] {
    let subject = record.license_id.as_ref().or(record.order_id.as_ref());
    [
        record.position.to_string(),
        subject.cloned().unwrap_or_default(),
        record.version.to_string(),
        record.event.clone(),
        record.effective_at.clone(),
        record.recorded_at.clone(),
        record.actor.clone(),
        record.receipt_id.clone(),
        record.data.to_string(),
    ]
}

/// Prints records in the order of the journal.
pub(crate) fn print_records(records: &[RecordView], output: Output) -> anyhow::Result<()> {
    if output.exports() {
        return output.export(RECORD, records, |it| record(it));
    }
    if output.is_json() {
        output.json(&json!({ "records": records }));
    } else {
        output.table(RECORD, records.iter().map(record));
    }
    Ok(())
}

/// Prints the records that an answer rests on, and those that do not count, with why.
pub(crate) fn print_explained(view: &ExplanationView, output: Output) {
    let row = |it: &ExplainedView, last| with_last(record(&it.record), last);
    let head = |last| with_last(RECORD, last);
    let led_to = |it: &ExplainedView| it.led_to.as_ref().map(holding).unwrap_or_default();
    let counting = view.records.iter().map(|it| row(it, led_to(it)));
    output.table(head("led to"), counting);
    if !view.not_counted.is_empty() {
        output.line("These do not count:");
        let others = view.not_counted.iter();
        let others = others.map(|it| row(it, it.bearing.replace('_', " ")));
        output.table(head("why"), others);
    }
}

/// The columns of a record that differ between those of one license, and one more.
fn with_last<T>(columns: [T; 9], last: T) -> [T; 8] {
    let [
        position,
        _,
        version,
        event,
        effective_at,
        recorded_at,
        _,
        receipt,
        data,
    ] = columns;
    [
        position,
        version,
        event,
        effective_at,
        recorded_at,
        receipt,
        data,
        last,
    ]
}

/// Status, and until when.
fn holding(holding: &HoldingView) -> String {
    match &holding.expires_at {
        Some(end) => format!("{} (ends {end})", holding.status),
        None => holding.status.clone(),
    }
}

/// Prints what licenses were from when to when.
pub(crate) fn print_intervals(intervals: &[IntervalView], output: Output) -> anyhow::Result<()> {
    let head = [
        "license",
        "from",
        "until",
        "known from",
        "known until",
        "status",
        "product",
        "quantity",
        "ends",
    ];
    let step = |it: &tenure_api::view::AsOf| it.position.to_string();
    let cells = |it: &IntervalView| {
        [
            it.license_id.clone(),
            it.from.clone(),
            it.until.clone().unwrap_or_default(),
            step(&it.known_from),
            it.known_until.as_ref().map(step).unwrap_or_default(),
            it.holding.status.clone(),
            it.holding.product_id.clone().unwrap_or_default(),
            it.holding
                .quantity
                .map(|it| it.to_string())
                .unwrap_or_default(),
            it.holding.expires_at.clone().unwrap_or_default(),
        ]
    };
    if output.exports() {
        return output.export(head, intervals, |it| cells(it));
    }
    if output.is_json() {
        output.json(&json!({ "intervals": intervals }));
        return Ok(());
    }
    output.table(head, intervals.iter().map(cells));
    // Positions say in which order things became known; their instants are told once.
    let steps = intervals.iter().flat_map(|it| {
        let until = it.known_until.as_ref();
        [Some(&it.known_from), until].into_iter().flatten()
    });
    let steps: BTreeMap<u64, String> = steps
        .map(|it| (it.position, it.recorded_at.clone().unwrap_or_default()))
        .collect();
    let rows = steps
        .into_iter()
        .map(|(position, at)| [position.to_string(), at]);
    output.table(["position", "recorded at"], rows);
    Ok(())
}
