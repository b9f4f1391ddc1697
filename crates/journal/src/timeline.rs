//! A license on both time axes at once: what held from when to when, and from when to when the
//! journal believed that.
//!
//! Every record is a step on the transaction axis. It leaves some of what was believed as it is,
//! ends the rest, and begins something else in its place. What comes of that are rectangles that
//! cover each pair of an instant and a position once, from the first one of which anything is
//! known.

use tenure_domain::{Instant, License, ProductId, Quantity, Status};

use crate::position::Position;
use crate::record::Record;

/// What a license is over some time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// What it is.
    pub status: Status,
    /// What is licensed, as far as we were told.
    pub product: Option<ProductId>,
    /// How many units, as far as we were told.
    pub quantity: Option<Quantity>,
    /// When its term ends.
    pub expires_at: Option<Instant>,
}

impl Holding {
    /// What a license is at an instant; `None` if nothing has happened to it.
    pub fn of(license: &License, at: Instant) -> Option<Self> {
        let living = license.living()?;
        Some(Self {
            status: license.status_at(at)?,
            product: living.product.clone(),
            quantity: living.quantity,
            expires_at: living.term.expires_at,
        })
    }
}

/// A step on the transaction axis: a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Its position.
    pub position: Position,
    /// When it was recorded.
    pub recorded_at: Instant,
}

/// What held for a time, and was believed for a time. Ends do not belong to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interval {
    /// Since when it holds.
    pub from: Instant,
    /// Until when; `None` if no end is in sight.
    pub until: Option<Instant>,
    /// Since which record it was believed.
    pub known_from: Step,
    /// The record that changed the belief; `None` while it stands.
    pub known_until: Option<Step>,
    /// What holds.
    pub holding: Holding,
}

impl Interval {
    /// Whether it tells what held at an instant, if one is asked about, and was believed as of a
    /// position, if one is.
    pub fn is_asked(&self, at: Option<Instant>, as_of: Option<Position>) -> bool {
        let ended = |as_of| self.known_until.is_some_and(|step| step.position <= as_of);
        at.is_none_or(|at| self.from <= at && self.until.is_none_or(|until| at < until))
            && as_of.is_none_or(|as_of| self.known_from.position <= as_of && !ended(as_of))
    }
}

/// The intervals of a license, from all records of its stream. By the record since which they were
/// believed; those of one record by time.
pub fn of(records: &[Record]) -> Vec<Interval> {
    let mut ended = Vec::new();
    let mut standing: Vec<Interval> = Vec::new();
    let mut belief = Belief::default();
    for (index, record) in records.iter().enumerate() {
        belief.learn(record, &records[..index]);
        let step = Step {
            position: record.position,
            recorded_at: record.recorded_at,
        };
        let mut before = std::mem::take(&mut standing).into_iter().peekable();
        for span in &belief.spans {
            while let Some(passed) = before.next_if(|it| it.from < span.from) {
                ended.push(end(passed, step));
            }
            let same = before.next_if(|it| {
                it.from == span.from && it.until == span.until && it.holding == span.holding
            });
            standing.push(same.unwrap_or_else(|| span.believed_from(step)));
        }
        ended.extend(before.map(|it| end(it, step)));
    }
    ended.extend(standing);
    ended.sort_by_key(|it| (it.known_from.position, it.from));
    ended
}

fn end(interval: Interval, step: Step) -> Interval {
    Interval {
        known_until: Some(step),
        ..interval
    }
}

/// What held from when to when.
#[derive(Debug, Clone)]
struct Span {
    from: Instant,
    until: Option<Instant>,
    holding: Holding,
}

impl Span {
    fn believed_from(&self, step: Step) -> Interval {
        Interval {
            from: self.from,
            until: self.until,
            known_from: step,
            known_until: None,
            holding: self.holding.clone(),
        }
    }
}

/// What is believed after some records.
#[derive(Debug, Default)]
struct Belief {
    /// Without a gap, in the order of time.
    spans: Vec<Span>,
    /// The license once all of them are in effect.
    license: License,
    /// When the last of them takes effect.
    settled_at: Option<Instant>,
}

impl Belief {
    /// Goes on with a record; `earlier` are those that were learned before it.
    fn learn(&mut self, record: &Record, earlier: &[Record]) {
        let is_last = self.settled_at.is_none_or(|at| at <= record.effective_at);
        if is_last {
            self.license = fold(std::mem::take(&mut self.license), record);
            self.settle(record.effective_at);
            return;
        }
        // It takes effect before others do: from there on each is to be weighed anew. The opening
        // record counts as soon as any other does.
        let mut records = earlier.iter().chain([record]);
        let opening = records.next().unwrap_or(record);
        let others: Vec<&Record> = records.collect();
        let later = others.iter().chain([&opening]).map(|it| it.effective_at);
        let mut instants: Vec<Instant> = later.filter(|at| *at >= record.effective_at).collect();
        instants.sort_unstable();
        instants.dedup();
        for at in instants {
            let count = others.iter().filter(|it| it.effective_at <= at);
            let opened = fold(License::Absent, opening);
            self.license = count.fold(opened, |license, it| fold(license, it));
            self.settle(at);
        }
    }

    /// Puts what the license is from an instant on in the place of what was believed of the time
    /// after it.
    fn settle(&mut self, at: Instant) {
        self.settled_at = Some(at);
        self.spans.retain(|span| span.from < at);
        if let Some(last) = self.spans.last_mut() {
            last.until = Some(at);
        }
        for (from, holding) in readings(&self.license, at) {
            match self.spans.last_mut() {
                Some(last) if last.holding == holding => last.until = None,
                last => {
                    if let Some(last) = last {
                        last.until = Some(from);
                    }
                    self.spans.push(Span {
                        from,
                        until: None,
                        holding,
                    });
                },
            }
        }
    }
}

fn fold(license: License, record: &Record) -> License {
    match record.event.as_license() {
        Some(event) => license.evolve(event),
        None => license,
    }
}

/// What a license is from an instant on if nothing more happens: time alone changes its status, at
/// the end of its term and at that of the grace after it.
fn readings(license: &License, from: Instant) -> impl Iterator<Item = (Instant, Holding)> {
    let living = license.living();
    let end = living.and_then(|living| living.term.expires_at);
    let over = living.and_then(|living| {
        let grace = i64::from(living.term.grace_seconds);
        Some(living.term.expires_at?.plus_seconds(grace))
    });
    let later = [end, over]
        .into_iter()
        .flatten()
        .filter(move |it| *it > from);
    let instants = std::iter::once(from).chain(later);
    instants.filter_map(move |at| Some((at, Holding::of(license, at)?)))
}
