//! What every log must do. A log is a line of `every_log`, and passes every case or none: there
//! is no way to list a log without a case, and a case that is not listed is dead code.

use tempfile::TempDir;
use tenure_domain::{Instant, LicenseId, OrderId, OrderLine, OrderLineId};
use tenure_journal::{
    Actor, AppendError, Batch, Event, Head, Log, MemoryLog, Position, ReceiptId, Record, StreamId,
    StreamVersion, Verdict,
};
use tenure_testkit::listing;

use crate::samples::{
    append, draft, id, merchant, open, receipt, receipts, records, second, stranger, stream,
};

/// Opens one and the same log, again and again.
trait Place {
    fn open(&self) -> Box<dyn Log>;
}

#[derive(Default)]
struct InMemory(MemoryLog);

impl Place for InMemory {
    fn open(&self) -> Box<dyn Log> {
        Box::new(self.0.clone())
    }
}

struct InFile(TempDir);

impl Default for InFile {
    fn default() -> Self {
        Self(TempDir::new().expect("there is room for a temporary folder"))
    }
}

impl Place for InFile {
    fn open(&self) -> Box<dyn Log> {
        Box::new(open(&self.0.path().join("journal.db")))
    }
}

macro_rules! every_log {
    ($($case:ident,)*) => {
        every_log!(@memory InMemory: $($case)*);
        every_log!(@sqlite InFile: $($case)*);
    };
    (@ $log:ident $place:ident: $($case:ident)*) => {
        mod $log {
            $(
                #[test]
                fn $case() {
                    super::$case(&super::$place::default());
                }
            )*
        }
    };
}

every_log![
    an_empty_log_has_nothing,
    positions_are_gapless_from_1_in_the_order_of_the_batches,
    a_record_is_read_as_it_was_drafted,
    drafts_of_one_stream_follow_one_another_in_a_batch,
    a_conflict_names_both_sides,
    a_conflict_in_the_middle_of_a_batch_appends_nothing_of_it,
    a_draft_that_expects_a_version_of_later_is_a_conflict,
    a_stream_is_read_up_to_a_position,
    a_stream_that_is_not_there_is_empty,
    decisions_rest_on_the_events_of_the_records,
    records_are_read_in_pages,
    a_position_tells_when_it_was_recorded,
    a_receipt_is_read_as_it_was_taken,
    receipts_are_read_in_pages_both_ways,
    the_head_tells_the_greatest_id_of_records_and_receipts,
    a_batch_may_hold_receipts_only,
    an_empty_batch_changes_nothing,
    ten_thousand_drafts_go_into_one_batch,
    long_ids_and_ids_in_other_scripts_are_kept,
    streams_of_other_merchants_and_subjects_are_other_streams,
    every_actor_and_every_verdict_is_kept,
    instants_are_kept_to_the_microsecond_from_end_to_end,
    reopening_keeps_everything,
    a_probe_changes_nothing,
];

fn an_empty_log_has_nothing(place: &dyn Place) {
    let mut log = place.open();
    assert_eq!(log.head().expect("it is read"), Head::EMPTY);
    assert_eq!(records(&mut *log), []);
    assert_eq!(receipts(&mut *log), []);
    assert_eq!(log.receipts_before(None, 9).expect("it is read"), []);
    assert_eq!(
        log.recorded_at(Position::START).expect("it is read"),
        None,
        "before the first record nothing was recorded"
    );
}

fn positions_are_gapless_from_1_in_the_order_of_the_batches(place: &dyn Place) {
    let mut log = place.open();
    let first = vec![draft(&stream(2), 0, 1), draft(&stream(1), 0, 2)];
    assert_eq!(append(&mut *log, first, vec![]).position, Position::new(2));
    let second = vec![draft(&stream(3), 0, 3), draft(&stream(2), 1, 4)];
    let head = append(&mut *log, second, vec![]);
    assert_eq!(log.head().expect("it is read"), head);
    assert_eq!(
        places(&records(&mut *log)),
        [
            (1, stream(2), 1),
            (2, stream(1), 1),
            (3, stream(3), 1),
            (4, stream(2), 2),
        ]
    );
}

fn a_record_is_read_as_it_was_drafted(place: &dyn Place) {
    let mut log = place.open();
    let first = draft(&stream(1), 0, 1);
    let second = draft(&stream(2), 0, 2);
    let expected = [
        first.clone().at(Position::new(1)),
        second.clone().at(Position::new(2)),
    ];
    append(&mut *log, vec![first, second], vec![]);
    assert_eq!(records(&mut *log), expected);
}

fn drafts_of_one_stream_follow_one_another_in_a_batch(place: &dyn Place) {
    let mut log = place.open();
    let drafts = (0..3).map(|version| draft(&stream(1), version, version + 1));
    append(&mut *log, drafts.collect(), vec![]);
    append(&mut *log, vec![draft(&stream(1), 3, 4)], vec![]);
    let versions: Vec<_> = log
        .read_stream(&stream(1), Position::MAX)
        .expect("it is read")
        .iter()
        .map(|record| record.version.number())
        .collect();
    assert_eq!(versions, [1, 2, 3, 4]);
}

fn a_conflict_names_both_sides(place: &dyn Place) {
    let mut log = place.open();
    append(
        &mut *log,
        vec![draft(&stream(1), 0, 1), draft(&stream(1), 1, 2)],
        vec![],
    );
    let late = Batch {
        receipts: vec![],
        drafts: vec![draft(&stream(1), 1, 3)],
    };
    assert_conflict(&mut *log, &late, 1, 2);
}

fn a_conflict_in_the_middle_of_a_batch_appends_nothing_of_it(place: &dyn Place) {
    let mut log = place.open();
    let head = append(&mut *log, vec![draft(&stream(1), 0, 1)], vec![receipt(1)]);
    let batch = Batch {
        receipts: vec![receipt(2), stranger(3)],
        drafts: vec![
            draft(&stream(7), 0, 4),
            draft(&stream(1), 0, 5),
            draft(&stream(8), 0, 6),
        ],
    };
    assert_conflict(&mut *log, &batch, 0, 1);
    assert_eq!(log.head().expect("it is read"), head);
    assert_eq!(records(&mut *log).len(), 1);
    assert_eq!(receipts(&mut *log), [receipt(1)]);
    for untouched in [stream(7), stream(8)] {
        let records = log.read_stream(&untouched, Position::MAX);
        assert_eq!(records.expect("it is read"), []);
    }
    let head = append(&mut *log, vec![draft(&stream(7), 0, 4)], vec![receipt(2)]);
    assert_eq!(head.position, Position::new(2), "no position is lost");
}

fn a_draft_that_expects_a_version_of_later_is_a_conflict(place: &dyn Place) {
    let mut log = place.open();
    let gap = Batch {
        receipts: vec![],
        drafts: vec![draft(&stream(1), 0, 1), draft(&stream(1), 2, 2)],
    };
    assert_conflict(&mut *log, &gap, 2, 1);
    let unseen = Batch {
        receipts: vec![],
        drafts: vec![draft(&stream(1), 1, 1)],
    };
    assert_conflict(&mut *log, &unseen, 1, 0);
    assert_eq!(log.head().expect("it is read"), Head::EMPTY);
}

fn a_stream_is_read_up_to_a_position(place: &dyn Place) {
    let mut log = place.open();
    let drafts = vec![
        draft(&stream(1), 0, 1),
        draft(&stream(2), 0, 2),
        draft(&stream(1), 1, 3),
        draft(&stream(1), 2, 4),
    ];
    append(&mut *log, drafts, vec![]);
    let cases: [(u64, &[u64]); 6] = [
        (0, &[]),
        (1, &[1]),
        (2, &[1]),
        (3, &[1, 3]),
        (4, &[1, 3, 4]),
        (u64::MAX, &[1, 3, 4]),
    ];
    for (up_to, expected) in cases {
        let records = log.read_stream(&stream(1), Position::new(up_to));
        assert_eq!(
            numbers(&records.expect("it is read")),
            expected,
            "up to {up_to}"
        );
    }
}

fn a_stream_that_is_not_there_is_empty(place: &dyn Place) {
    let mut log = place.open();
    append(&mut *log, vec![draft(&stream(1), 0, 1)], vec![]);
    let records = log.read_stream(&stream(2), Position::MAX);
    assert_eq!(records.expect("it is read"), []);
}

fn decisions_rest_on_the_events_of_the_records(place: &dyn Place) {
    let mut log = place.open();
    for batch in 0..3 {
        let drafts = (0..2).map(|draft_number| {
            let version = batch * 2 + draft_number;
            draft(&stream(1), version, version + 1)
        });
        append(&mut *log, drafts.collect(), vec![]);
        append(
            &mut *log,
            vec![draft(&stream(2), batch, 10 + batch)],
            vec![],
        );
        assert_events_are_those_of_records(&mut *log);
    }
    drop(log);
    let mut log = place.open();
    log.settle().expect("it settles");
    append(&mut *log, vec![draft(&stream(2), 3, 13)], vec![]);
    assert_events_are_those_of_records(&mut *log);
}

#[track_caller]
fn assert_events_are_those_of_records(log: &mut dyn Log) {
    for stream in [stream(1), stream(2), stream(3)] {
        let records = log.read_stream(&stream, Position::MAX).expect("it is read");
        let expected: Vec<_> = records.into_iter().map(|record| record.event).collect();
        assert_eq!(log.events(&stream).expect("it is read"), expected);
    }
}

fn records_are_read_in_pages(place: &dyn Place) {
    let mut log = place.open();
    let drafts = (0..5).map(|version| draft(&stream(1), version, version + 1));
    append(&mut *log, drafts.collect(), vec![]);
    let cases: [(u64, usize, &[u64]); 7] = [
        (0, 2, &[1, 2]),
        (2, 2, &[3, 4]),
        (4, 2, &[5]),
        (5, 2, &[]),
        (u64::MAX, 2, &[]),
        (0, 0, &[]),
        (0, usize::MAX, &[1, 2, 3, 4, 5]),
    ];
    for (after, limit, expected) in cases {
        let records = log.read_after(Position::new(after), limit);
        assert_eq!(
            numbers(&records.expect("it is read")),
            expected,
            "{limit} after {after}"
        );
    }
}

fn a_position_tells_when_it_was_recorded(place: &dyn Place) {
    let mut log = place.open();
    append(
        &mut *log,
        vec![draft(&stream(1), 0, 1), draft(&stream(1), 1, 9)],
        vec![],
    );
    let cases = [
        (0, None),
        (1, Some(second(1))),
        (2, Some(second(9))),
        (3, None),
        (u64::MAX, None),
    ];
    for (position, expected) in cases {
        let recorded_at = log.recorded_at(Position::new(position));
        assert_eq!(recorded_at.expect("it is read"), expected, "{position}");
    }
}

fn a_receipt_is_read_as_it_was_taken(place: &dyn Place) {
    let mut log = place.open();
    let kept = [receipt(1), stranger(2)];
    append(&mut *log, vec![], kept.to_vec());
    for receipt in kept {
        assert_eq!(log.receipt(receipt.id).expect("it is read"), Some(receipt));
    }
    let unknown = ReceiptId::new(id(3));
    assert_eq!(log.receipt(unknown).expect("it is read"), None);
}

fn receipts_are_read_in_pages_both_ways(place: &dyn Place) {
    let mut log = place.open();
    append(&mut *log, vec![], (1..=3).map(receipt).collect());
    append(&mut *log, vec![], (4..=5).map(receipt).collect());
    let cases = [
        (None, 2, vec![1, 2], vec![5, 4]),
        (Some(2), 2, vec![3, 4], vec![1]),
        (Some(4), 2, vec![5], vec![3, 2]),
        (Some(5), 2, vec![], vec![4, 3]),
        (Some(1), usize::MAX, vec![2, 3, 4, 5], vec![]),
        (None, 0, vec![], vec![]),
    ];
    for (from, limit, later, earlier) in cases {
        let from = from.map(|number| ReceiptId::new(id(number)));
        let expected = |numbers: Vec<u32>| numbers.into_iter().map(receipt).collect::<Vec<_>>();
        let after = log.receipts_after(from, limit);
        assert_eq!(after.expect("it is read"), expected(later));
        let before = log.receipts_before(from, limit);
        assert_eq!(before.expect("it is read"), expected(earlier));
    }
}

fn the_head_tells_the_greatest_id_of_records_and_receipts(place: &dyn Place) {
    let mut log = place.open();
    let mut expect = |drafts, receipts, last| {
        let head = append(&mut *log, drafts, receipts);
        assert_eq!(head.last_id, Some(id(last)));
        assert_eq!(log.head().expect("it is read"), head);
    };
    expect(vec![], vec![receipt(3)], 3);
    expect(vec![draft(&stream(1), 0, 4)], vec![], 4);
    expect(vec![draft(&stream(1), 1, 6)], vec![receipt(5)], 6);
    expect(vec![], vec![receipt(7)], 7);
}

fn a_batch_may_hold_receipts_only(place: &dyn Place) {
    let mut log = place.open();
    let before = append(&mut *log, vec![draft(&stream(1), 0, 1)], vec![]);
    let after = append(&mut *log, vec![], vec![receipt(2)]);
    assert_eq!(after.position, before.position);
    assert_eq!(after.recorded_at, before.recorded_at);
    assert_eq!(receipts(&mut *log), [receipt(2)]);
}

fn an_empty_batch_changes_nothing(place: &dyn Place) {
    let mut log = place.open();
    let before = append(&mut *log, vec![draft(&stream(1), 0, 1)], vec![receipt(2)]);
    assert_eq!(append(&mut *log, vec![], vec![]), before);
    assert_eq!(log.head().expect("it is read"), before);
}

fn ten_thousand_drafts_go_into_one_batch(place: &dyn Place) {
    const STREAMS: u32 = 100;
    let mut log = place.open();
    let drafts = (0..10_000_u32)
        .map(|number| draft(&stream(number % STREAMS), number / STREAMS, number + 1))
        .collect();
    let receipts = (1..=10_000).map(receipt).collect();
    let head = append(&mut *log, drafts, receipts);
    assert_eq!(head.position, Position::new(10_000));
    let positions = numbers(&records(&mut *log));
    assert!(positions.into_iter().eq(1..=10_000));
    let of_one = log.read_stream(&stream(99), Position::MAX);
    assert_eq!(of_one.expect("it is read").len(), 100);
    assert_eq!(crate::samples::receipts(&mut *log).len(), 10_000);
}

fn long_ids_and_ids_in_other_scripts_are_kept(place: &dyn Place) {
    let mut log = place.open();
    let longest = ["码".repeat(64), "𝔏".repeat(64), " / ".to_owned()];
    let license = |text: &str| {
        let id = LicenseId::parse(text).expect("it is well formed");
        StreamId::license(&merchant(), &id)
    };
    let drafts = (1..)
        .zip(&longest)
        .map(|(number, text)| draft(&license(text), 0, number));
    append(&mut *log, drafts.collect(), vec![]);
    for text in &longest {
        let records = log.read_stream(&license(text), Position::MAX);
        let streams: Vec<_> = records
            .expect("it is read")
            .into_iter()
            .map(|record| record.stream)
            .collect();
        assert_eq!(streams, [license(text)]);
    }
}

fn streams_of_other_merchants_and_subjects_are_other_streams(place: &dyn Place) {
    let mut log = place.open();
    let license = |text| LicenseId::parse(text).expect("it is well formed");
    let other = tenure_domain::MerchantId::parse("acme-2").expect("it is well formed");
    let order = |order, line| {
        let order = OrderLine {
            order: OrderId::parse(order).expect("it is well formed"),
            line: OrderLineId::parse(line).expect("it is well formed"),
        };
        StreamId::order(&merchant(), &order)
    };
    let streams = [
        StreamId::license(&merchant(), &license("a")),
        StreamId::license(&merchant(), &license("A")),
        StreamId::license(&other, &license("a")),
        order("a", "b/c"),
        order("a/b", "c"),
    ];
    let drafts = (1..)
        .zip(&streams)
        .map(|(number, stream)| draft(stream, 0, number));
    append(&mut *log, drafts.collect(), vec![]);
    for (position, stream) in (1..).zip(&streams) {
        let records = log.read_stream(stream, Position::MAX);
        assert_eq!(numbers(&records.expect("it is read")), [position]);
    }
}

fn every_actor_and_every_verdict_is_kept(place: &dyn Place) {
    let mut log = place.open();
    let drafts: Vec<_> = (0..)
        .zip([Actor::Koogallery, Actor::Operator])
        .map(|(version, actor)| tenure_journal::Draft {
            actor,
            ..draft(&stream(1), version, version + 1)
        })
        .collect();
    let taken: Vec<_> = (1..)
        .zip(Verdict::ALL)
        .map(|(number, verdict)| tenure_journal::Receipt {
            verdict,
            ..receipt(number)
        })
        .collect();
    append(&mut *log, drafts, taken.clone());
    let actors: Vec<_> = records(&mut *log)
        .iter()
        .map(|record| record.actor)
        .collect();
    assert_eq!(actors, [Actor::Koogallery, Actor::Operator]);
    assert_eq!(receipts(&mut *log), taken);
}

fn instants_are_kept_to_the_microsecond_from_end_to_end(place: &dyn Place) {
    let mut log = place.open();
    let effective = [i64::MIN, -1, 0, 1_700_000_000_123_457, i64::MAX];
    let drafts = (0..)
        .zip(effective)
        .map(|(version, micros)| tenure_journal::Draft {
            effective_at: Instant::from_micros(micros),
            recorded_at: Instant::from_micros(i64::MAX),
            event: Event::License(tenure_domain::Event::Issued { listing: listing() }),
            ..draft(&stream(1), version, version + 1)
        });
    let head = append(&mut *log, drafts.collect(), vec![]);
    assert_eq!(head.recorded_at, Instant::MAX);
    let read: Vec<_> = records(&mut *log)
        .iter()
        .map(|record| record.effective_at.micros())
        .collect();
    assert_eq!(read, effective);
}

fn reopening_keeps_everything(place: &dyn Place) {
    let mut log = place.open();
    append(&mut *log, vec![draft(&stream(1), 0, 1)], vec![receipt(1)]);
    append(&mut *log, vec![draft(&stream(1), 1, 2)], vec![stranger(3)]);
    let before = (
        log.head().expect("it is read"),
        records(&mut *log),
        receipts(&mut *log),
    );
    drop(log);
    let mut log = place.open();
    let after = (
        log.head().expect("it is read"),
        records(&mut *log),
        receipts(&mut *log),
    );
    assert_eq!(after, before);
    let head = append(&mut *log, vec![draft(&stream(1), 2, 4)], vec![]);
    assert_eq!(head.position, Position::new(3));
}

fn a_probe_changes_nothing(place: &dyn Place) {
    let mut log = place.open();
    let head = append(&mut *log, vec![draft(&stream(1), 0, 1)], vec![receipt(1)]);
    for _ in 0..2 {
        log.probe().expect("writing works");
    }
    assert_eq!(log.head().expect("it is read"), head);
    assert_eq!(records(&mut *log).len(), 1);
}

#[track_caller]
fn assert_conflict(log: &mut dyn Log, batch: &Batch, expected: u32, actual: u32) {
    match log.append(batch) {
        Err(AppendError::Conflict {
            stream: of,
            expected: wanted,
            actual: found,
        }) => {
            assert_eq!(of, stream(1));
            assert_eq!(wanted, StreamVersion::new(expected));
            assert_eq!(found, StreamVersion::new(actual));
        },
        Err(error @ AppendError::Unavailable(_)) => panic!("{error}"),
        Ok(head) => panic!("it was appended: {head:?}"),
    }
}

fn numbers(records: &[Record]) -> Vec<u64> {
    records
        .iter()
        .map(|record| record.position.number())
        .collect()
}

fn places(records: &[Record]) -> Vec<(u64, StreamId, u32)> {
    records
        .iter()
        .map(|record| {
            let position = record.position.number();
            (position, record.stream.clone(), record.version.number())
        })
        .collect()
}
