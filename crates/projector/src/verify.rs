//! Compares the live read model with a fresh fold of the journal.

use std::cmp::Ordering;
use std::fmt;
use std::path::Path;

use rusqlite::types::Value;
use rusqlite::{Connection, Rows};
use tenure_domain::file::{File, FileContent, FileProgress};
use tenure_domain::{License, Sealed};
use tenure_journal::{Position, ReadLog};

use crate::pages::Receipts;
use crate::rebuild::{RebuildError, fold_afresh};
use crate::state::State;
use crate::store;

mod tables;

use tables::{STATE, TABLES, Table};

/// Differences that are named; the rest is counted.
const DIFFERENCES_MAX: usize = 100;

/// What a comparison found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Comparison {
    /// The position up to which both were folded.
    pub position: Position,
    /// Rows compared, of everything but receipts.
    pub rows: u64,
    /// The first hundred differences.
    pub differences: Vec<Difference>,
    /// How many differences there are.
    pub difference_count: u64,
}

/// One thing that the live rows and a fresh fold tell differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// About what: `acme/license/PLTEST0001`.
    pub subject: String,
    /// Which field; `row` if one side has none of it.
    pub field: &'static str,
    /// What the live rows say.
    pub live: Option<String>,
    /// What a fresh fold says.
    pub fresh: Option<String>,
}

impl Comparison {
    /// Whether nothing differs.
    pub fn is_clean(&self) -> bool {
        self.difference_count == 0
    }

    fn add(
        &mut self,
        subject: &str,
        field: &'static str,
        live: Option<String>,
        fresh: Option<String>,
    ) {
        self.difference_count += 1;
        if self.differences.len() < DIFFERENCES_MAX {
            self.differences.push(Difference {
                subject: subject.to_owned(),
                field,
                live,
                fresh,
            });
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let live = self.live.as_deref().unwrap_or("nothing");
        let fresh = self.fresh.as_deref().unwrap_or("nothing");
        let Self { subject, field, .. } = self;
        write!(f, "{subject}: {field} is {live}, and should be {fresh}")
    }
}

/// Folds the journal afresh, up to where the live read model is, and compares row by row. The live
/// one is read as it was when this began, so a projector may go on meanwhile. `progress` is told
/// the position and the end now and then.
///
/// Receipts are not compared: the journal forgets those of strangers, and nothing is folded into
/// the rows of the others.
pub fn verify(
    read_db: &Path,
    log: &mut dyn ReadLog,
    progress: impl FnMut(Position, Position),
) -> Result<Comparison, RebuildError> {
    let connection = store::open_for_questions(read_db)?;
    // One transaction sees one state of the file, from its first reading to its end.
    let live = connection.unchecked_transaction()?;
    let folded = store::folded(&live)?;
    let up_to = folded.position.min(log.head()?.position);
    // A database without a name is a private file that is gone when it is closed.
    let fresh = Connection::open("")?;
    let (again, _counts) = fold_afresh(&fresh, log, up_to, Receipts::Skipped, progress)?;
    let mut comparison = Comparison {
        position: up_to,
        ..Comparison::default()
    };
    let last = |it: store::Folded| {
        let id = it.record_id.map(|id| format!(" ({id})"));
        Some(format!("{}{}", it.position, id.unwrap_or_default()))
    };
    if (again.position, again.record_id) != (folded.position, folded.record_id) {
        comparison.add("journal", "position", last(folded), last(again));
    }
    for table in TABLES {
        table.compare(&live, &fresh, &mut comparison)?;
    }
    Ok(comparison)
}

impl Table {
    /// Goes through both sides in the order of the key.
    fn compare(
        &self,
        live: &Connection,
        fresh: &Connection,
        comparison: &mut Comparison,
    ) -> rusqlite::Result<()> {
        let mut live = live.prepare(self.sql)?;
        let mut fresh = fresh.prepare(self.sql)?;
        let (mut lives, mut freshes) = (live.query([])?, fresh.query([])?);
        let mut left = self.next(&mut lives)?;
        let mut right = self.next(&mut freshes)?;
        loop {
            let side = match (&left, &right) {
                (None, None) => return Ok(()),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(left), Some(right)) => self.key(left).cmp(&self.key(right)),
            };
            comparison.rows += 1;
            self.compare_rows(side, left.as_deref(), right.as_deref(), comparison);
            if side != Ordering::Greater {
                left = self.next(&mut lives)?;
            }
            if side != Ordering::Less {
                right = self.next(&mut freshes)?;
            }
        }
    }

    fn compare_rows(
        &self,
        side: Ordering,
        live: Option<&[Value]>,
        fresh: Option<&[Value]>,
        comparison: &mut Comparison,
    ) {
        let there = || Some("there".to_owned());
        match (side, live, fresh) {
            (Ordering::Less, Some(live), _) => {
                comparison.add(&(self.subject)(live), "row", there(), None);
            },
            (Ordering::Greater, _, Some(fresh)) => {
                comparison.add(&(self.subject)(fresh), "row", None, there());
            },
            (Ordering::Equal, Some(live), Some(fresh)) if live != fresh => {
                let subject = (self.subject)(fresh);
                for (column, (live, fresh)) in self.columns.iter().zip(live.iter().zip(fresh)) {
                    match (live, fresh) {
                        (live, fresh) if live == fresh => {},
                        (Value::Blob(live), Value::Blob(fresh)) if *column == STATE => {
                            compare_states(&subject, live, fresh, comparison);
                        },
                        (live, fresh) => {
                            let (live, fresh) = (shown(Some(live)), shown(Some(fresh)));
                            comparison.add(&subject, column, Some(live), Some(fresh));
                        },
                    }
                }
            },
            (_, _, _) => {},
        }
    }

    fn next(&self, rows: &mut Rows<'_>) -> rusqlite::Result<Option<Vec<Value>>> {
        rows.next()?
            .map(|row| {
                let columns = 0..self.columns.len();
                columns.map(|column| row.get(column)).collect()
            })
            .transpose()
    }

    /// The key. Keys are texts, and SQLite orders texts by their bytes as we do.
    fn key<'a>(&self, row: &'a [Value]) -> Vec<&'a str> {
        row.iter()
            .take(self.keys)
            .map(|value| match value {
                Value::Text(text) => text.as_str(),
                Value::Null | Value::Integer(_) | Value::Real(_) | Value::Blob(_) => "",
            })
            .collect()
    }
}

/// Names what two unequal states tell differently.
fn compare_states(subject: &str, live: &[u8], fresh: &[u8], comparison: &mut Comparison) {
    let named = comparison.difference_count;
    let fields = |bytes| fields(State::read(bytes).as_ref());
    for ((field, live), (_, fresh)) in fields(live).into_iter().zip(fields(fresh)) {
        if live != fresh {
            comparison.add(subject, field, live, fresh);
        }
    }
    // They differ in what no field tells, or neither can be read.
    if comparison.difference_count == named {
        let (live, fresh) = (hex::encode(live), hex::encode(fresh));
        comparison.add(subject, STATE, Some(live), Some(fresh));
    }
}

/// What a state tells, field by field; nothing of one that cannot be read.
fn fields(state: Option<&State<'_>>) -> [(&'static str, Option<String>); 17] {
    let license = state.map(|state| &state.license);
    let living = license.and_then(License::living);
    let released = matches!(license, Some(License::Released(_)));
    let places = |state: &State<'_>| -> Vec<u64> {
        let positions = state.changes().map(|(_, position, _)| position);
        positions.map(Position::number).collect()
    };
    let file_places = |state: &State<'_>| -> Vec<u64> {
        let positions = state.files().map(|(_, position)| position);
        positions.map(Position::number).collect()
    };
    [
        ("released", license.is_some().then(|| released.to_string())),
        ("listing", living.map(|it| it.listing.to_string())),
        ("family", living.map(|it| it.family.name().to_owned())),
        ("phase", living.map(|it| format!("{:?}", it.phase))),
        ("hold", living.map(|it| format!("{:?}", it.hold))),
        ("term", living.map(|it| format!("{:?}", it.term))),
        ("product", living.map(|it| format!("{:?}", it.product))),
        ("quantity", living.map(|it| format!("{:?}", it.quantity))),
        ("customer", living.map(|it| format!("{:?}", it.customer))),
        ("orders", living.map(|it| format!("{:?}", it.orders()))),
        ("changes", living.map(|it| format!("{:?}", it.changes))),
        ("places", state.map(|it| format!("{:?}", places(it)))),
        (
            "orders_known",
            living.map(|it| format!("{:?}", it.orders_known)),
        ),
        ("access", living.map(|it| shown_access(it.access.as_ref()))),
        ("checked", living.map(|it| format!("{:?}", it.checked))),
        ("files", living.map(|it| each(&it.files, shown_file))),
        (
            "file_places",
            state.map(|it| format!("{:?}", file_places(it))),
        ),
    ]
}

fn shown_access(access: Option<&Sealed>) -> String {
    access.map_or_else(|| "none".to_owned(), shown_sealed)
}

/// Which text it is: its debug form does not tell.
fn shown_sealed(sealed: &Sealed) -> String {
    let digest = hex::encode(sealed.digest.bytes());
    format!("{digest} under {:x}", sealed.key.number())
}

fn shown_file(file: &File) -> String {
    let request = &file.request;
    let device = shown_access(request.fingerprint.as_ref());
    let (name, content) = match file.content() {
        None => ("", "none".to_owned()),
        Some(FileContent::Characters(text)) => ("", shown_sealed(text)),
        Some(FileContent::File { name, bytes }) => (name.as_ref(), shown_sealed(bytes)),
    };
    let progress = match file.progress {
        FileProgress::Requested => "requested",
        FileProgress::Made(_) => "made",
        FileProgress::Delivered(_) => "delivered",
        FileProgress::Denied(_) => "denied",
    };
    let event = &request.event;
    let (from, until) = (request.effective_at, request.expires_at);
    format!("{event} for {device} from {from:?} until {until:?} {progress}: {name} {content}")
}

fn each<T>(items: &[T], shown: fn(&T) -> String) -> String {
    let shown: Vec<_> = items.iter().map(shown).collect();
    format!("[{}]", shown.join("; "))
}

fn shown(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "nothing".to_owned(),
        Some(Value::Integer(number)) => number.to_string(),
        Some(Value::Real(number)) => number.to_string(),
        Some(Value::Text(text)) => text.clone(),
        Some(Value::Blob(bytes)) => hex::encode(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_that_no_field_tells_apart_differ_all_the_same() {
        let mut comparison = Comparison::default();
        compare_states("acme/license/x", &[0xff], &[0xfe], &mut comparison);
        assert_eq!(comparison.difference_count, 1);
        assert_eq!(
            comparison.differences[0].to_string(),
            "acme/license/x: state is ff, and should be fe"
        );
    }
}
