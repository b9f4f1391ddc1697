//! The thread that follows the journal.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tenure_journal::{ManualClock, MemoryLog, Position, ReadLog, Watch};
use tenure_projector::{Exchange, OpenReader, Projector, Queries, rebuild_beside};
use tenure_testkit::{order, order_line};

use crate::folding::execute;
use crate::journal::{BEGIN, Journal, merchant, notify};

/// Long enough for a thread on a busy machine; nothing waits that long when all is well.
const LONG: Duration = Duration::from_secs(20);

fn opens(log: &MemoryLog) -> OpenReader {
    let log = log.clone();
    Box::new(move || Ok(Box::new(log.clone())))
}

fn start(journal: &Journal<MemoryLog>, open: OpenReader, watch: &Arc<Watch>) -> Projector {
    let clock = Arc::new(ManualClock::at(BEGIN.plus_seconds(100)));
    Projector::start(journal.read_db(), open, Arc::clone(watch), clock).unwrap()
}

#[test]
fn a_reader_sees_what_was_written_once_its_position_is_folded() {
    let mut journal = Journal::in_memory();
    let watch = Arc::new(Watch::default());
    journal.append([notify("acme", order_line(1))]);
    let projector = start(&journal, opens(&journal.log), &watch);
    let progress = projector.progress();
    let queries = Queries::open(&journal.read_db()).unwrap();
    for number in 2..20 {
        let position = journal.append_and_announce(notify("acme", order_line(number)), &watch);
        assert!(progress.wait_for(position, LONG));
        assert!(queries.checkpoint().unwrap().position >= position);
        let found = queries.order(&merchant("acme"), &order(number)).unwrap();
        assert_eq!(found.unwrap().lines.len(), 1);
    }
    assert_eq!((progress.lag_records(), progress.lag_seconds()), (0, 0));
    assert_eq!(progress.trouble(), None);
    assert!(!progress.wait_for(Position::new(1_000), Duration::from_millis(1)));
    projector.stop();
}

#[test]
fn a_journal_that_cannot_be_opened_is_trouble_until_it_can() {
    let mut journal = Journal::in_memory();
    let watch = Arc::new(Watch::default());
    let broken = Arc::new(AtomicBool::new(true));
    let (log, is_broken) = (journal.log.clone(), Arc::clone(&broken));
    let told = Arc::new((Mutex::new(0), std::sync::Condvar::new()));
    let tries = Arc::clone(&told);
    let open: OpenReader = Box::new(move || {
        *tries.0.lock().unwrap() += 1;
        tries.1.notify_all();
        if is_broken.load(Ordering::SeqCst) {
            return Err("the disk is gone".into());
        }
        Ok(Box::new(log.clone()))
    });
    let head = journal.append_and_announce(notify("acme", order_line(1)), &watch);
    let projector = start(&journal, open, &watch);
    let progress = projector.progress();
    // The second try comes after the trouble of the first was told.
    let tries = told.0.lock().unwrap();
    let waited = told
        .1
        .wait_timeout_while(tries, LONG, |tries| *tries < 2)
        .unwrap();
    assert!(!waited.1.timed_out());
    drop(waited);
    let trouble = progress.trouble().unwrap();
    assert_eq!(trouble, "the journal cannot be opened: the disk is gone");
    assert_eq!(progress.lag_records(), 1);
    broken.store(false, Ordering::SeqCst);
    assert!(progress.wait_for(head, LONG));
    projector.stop();
    assert_eq!((progress.lag_records(), progress.trouble()), (0, None));
}

#[test]
fn the_lag_is_the_age_of_the_oldest_record_that_is_not_folded() {
    let mut journal = Journal::in_memory();
    journal.append((1..=3).map(|number| notify("acme", order_line(number))));
    let watch = Arc::new(Watch::default());
    let projector = start(&journal, opens(&journal.log), &watch);
    let progress = projector.progress();
    assert!(progress.wait_for(journal.head(), LONG));
    // From here on nothing can be folded.
    execute(
        &journal.read_db(),
        "CREATE TRIGGER stop BEFORE INSERT ON orders BEGIN SELECT RAISE(ABORT, 'stop'); END",
    );
    let head = journal.append_and_announce(notify("acme", order_line(4)), &watch);
    assert!(!progress.wait_for(head, Duration::from_millis(300)));
    assert_eq!(progress.lag_records(), 1);
    projector.stop();
    assert!(progress.trouble().unwrap().contains("stop"));
    // The clock stands at second 100; the fourth call was recorded in second 4.
    assert_eq!(progress.lag_seconds(), 96);
}

#[test]
fn a_read_model_of_another_journal_is_made_anew_under_an_open_reader() {
    let mut journal = Journal::in_memory();
    journal.append((1..=5).map(|number| notify("acme", order_line(number))));
    let watch = Arc::new(Watch::default());
    let projector = start(&journal, opens(&journal.log), &watch);
    assert!(projector.progress().wait_for(journal.head(), LONG));
    projector.stop();
    let queries = Queries::open(&journal.read_db()).unwrap();
    assert!(queries.order(None, &order(5)).unwrap().is_some());

    // Longer, so that only its ids tell it from the first.
    let mut other = Journal::of_another_node();
    other.append([1, 8, 9, 10, 11, 12, 13].map(|number| notify("acme", order_line(number))));
    let head = other.head();
    let projector = start(&journal, opens(&other.log), &watch);
    assert!(projector.progress().wait_for(head, LONG));
    projector.stop();
    assert!(queries.order(None, &order(5)).unwrap().is_none());
    assert!(queries.order(None, &order(8)).unwrap().is_some());
    assert_eq!(queries.checkpoint().unwrap().position, head);
}

#[test]
fn a_file_that_breaks_under_the_projector_is_made_anew() {
    let mut journal = Journal::in_memory();
    journal.append((1..=5).map(|number| notify("acme", order_line(number))));
    let watch = Arc::new(Watch::default());
    let projector = start(&journal, opens(&journal.log), &watch);
    assert!(projector.progress().wait_for(journal.head(), LONG));
    let license = tenure_testkit::code(1);
    let freeze = tenure_testkit::command(
        tenure_domain::Family::LicenseCode,
        BEGIN,
        tenure_domain::Intent::Freeze,
    );
    let freeze = crate::journal::request("acme", license.clone(), freeze);
    let head = journal.append_and_announce(freeze, &watch);
    assert!(projector.progress().wait_for(head, LONG));
    execute(&journal.read_db(), "UPDATE licenses SET state = x'ff'");
    let unfreeze = tenure_testkit::command(
        tenure_domain::Family::LicenseCode,
        BEGIN,
        tenure_domain::Intent::Unfreeze,
    );
    let unfreeze = crate::journal::request("acme", license.clone(), unfreeze);
    let head = journal.append_and_announce(unfreeze, &watch);
    assert!(projector.progress().wait_for(head, LONG));
    projector.stop();
    let queries = Queries::open(&journal.read_db()).unwrap();
    let row = queries.license(None, &license).unwrap().unwrap();
    assert_eq!((row.version.number(), row.position), (3, head));
    let mut log: Box<dyn ReadLog> = Box::new(journal.log.clone());
    let compared = tenure_projector::verify(&journal.read_db(), log.as_mut(), |_, _| {});
    assert!(compared.unwrap().is_clean());
}

/// What the live read model tells of an order is damaged first, to see which one answers.
#[test]
fn what_was_rebuilt_takes_the_place_of_the_live_one_under_an_open_reader() {
    let mut journal = Journal::in_memory();
    journal.append((1..=5).map(|number| notify("acme", order_line(number))));
    let watch = Arc::new(Watch::default());
    let projector = start(&journal, opens(&journal.log), &watch);
    let progress = projector.progress();
    assert!(progress.wait_for(journal.head(), LONG));
    let queries = Queries::open(&journal.read_db()).unwrap();
    execute(&journal.read_db(), "DELETE FROM orders");
    let lines = |queries: &Queries, number| {
        let found = queries.order(&merchant("acme"), &order(number)).unwrap();
        found.map_or(0, |order| order.lines.len())
    };
    assert_eq!(lines(&queries, 3), 0);
    let rebuilt = rebuild_beside(&journal.read_db(), &mut journal.log.clone(), |_, _| {});
    let (_rebuilt, beside) = rebuilt.unwrap();
    // It knows less than the live one, until the projector has brought it up to date.
    let head = journal.append_and_announce(notify("acme", order_line(6)), &watch);
    assert!(progress.wait_for(head, LONG));
    let is_done = |_folded| beside.exchange().unwrap() == Exchange::Done;
    assert!(progress.wait_until(LONG, is_done));
    for number in [1, 3, 6] {
        assert_eq!(lines(&queries, number), 1, "{number}");
    }
    assert!(queries.checkpoint().unwrap().position >= head);
    // And it is followed like the one before.
    let head = journal.append_and_announce(notify("acme", order_line(7)), &watch);
    assert!(progress.wait_for(head, LONG));
    assert_eq!(lines(&queries, 7), 1);
    projector.stop();
}

#[test]
fn what_was_rebuilt_from_another_journal_is_deleted() {
    let mut other = Journal::of_another_node();
    other.append((1..=9).map(|number| notify("acme", order_line(number))));
    let mut journal = Journal::in_memory();
    journal.append((1..=5).map(|number| notify("acme", order_line(number))));
    let rebuilt = rebuild_beside(&journal.read_db(), &mut other.log.clone(), |_, _| {});
    let (_rebuilt, beside) = rebuilt.unwrap();
    assert_eq!(beside.exchange().unwrap(), Exchange::Waiting);
    let watch = Arc::new(Watch::default());
    let projector = start(&journal, opens(&journal.log), &watch);
    let is_refused = |_folded| beside.exchange().unwrap() == Exchange::Refused;
    assert!(projector.progress().wait_until(LONG, is_refused));
    projector.stop();
    let queries = Queries::open(&journal.read_db()).unwrap();
    assert_eq!(queries.checkpoint().unwrap().position, journal.head());
}
