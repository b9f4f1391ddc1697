//! However records come, the same rows come of them.

use proptest::prelude::*;
use tenure_domain::{Family, Intent};
use tenure_journal::{ReadLog, SqliteLog};
use tenure_projector::store::{StoreError, open_for_folding};
use tenure_projector::{rebuild, verify};
use tenure_testkit::{code, command, order_line};

use crate::journal::{BEGIN, Journal, catch_up, dump, request, requests};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn pages_crashes_and_repetition_make_no_difference(requests in requests(), page in 1..7_usize) {
        let mut journal = Journal::in_memory();
        journal.append(requests);
        let paged = journal.folder.path().join("paged.db");
        let mut store = open_for_folding(&paged).unwrap();
        for limit in [page, page + 1, 2_000] {
            let records = journal.log.read_after(store.folded().unwrap().position, limit).unwrap();
            store.fold_records(&records).unwrap();
            // A process that dies here goes on from the file.
            drop(store);
            store = open_for_folding(&paged).unwrap();
            let before = dump(&paged);
            store.fold_records(&records).unwrap();
            prop_assert_eq!(dump(&paged), before);
        }
        catch_up(&mut store, &mut journal.log, page);

        let whole = journal.folder.path().join("whole.db");
        catch_up(&mut open_for_folding(&whole).unwrap(), &mut journal.log, 2_000);
        drop(store);
        // Receipts that came after the records they caused lack the license; those are compared
        // below, in the order in which the projector reads.
        let rows = |path| -> Vec<String> {
            let dump = dump(path);
            dump.into_iter().filter(|row| !row.starts_with("receipts")).collect()
        };
        prop_assert_eq!(rows(&paged), rows(&whole));
    }

    #[test]
    fn a_rebuild_makes_what_the_live_fold_made(requests in requests(), page in 1..7_usize) {
        let mut journal = Journal::in_memory();
        journal.append(requests);
        let live = journal.read_db();
        catch_up(&mut open_for_folding(&live).unwrap(), &mut journal.log, page);
        let rebuilt = journal.folder.path().join("rebuilt.db");
        let made = rebuild(&rebuilt, &mut journal.log, |_, _| {}).unwrap();
        prop_assert_eq!(dump(&rebuilt), dump(&live));
        prop_assert_eq!(made.position, journal.head());
        prop_assert_eq!(made.records, journal.head().number());

        let compared = verify(&live, &mut journal.log, |_, _| {}).unwrap();
        prop_assert_eq!(&compared.differences, &[]);
        prop_assert!(compared.is_clean());
        prop_assert!(compared.rows >= made.licenses + made.orders);
    }
}

#[test]
fn a_rebuilt_file_is_folded_on() {
    let folder = tempfile::tempdir().unwrap();
    let log = SqliteLog::open(&folder.path().join("journal.db")).unwrap();
    let mut journal = Journal::over(folder, log);
    let read_db = journal.read_db();
    let purchase = |number| {
        let order = order_line(number);
        let intent = Intent::Purchase {
            order,
            ready: true,
            details: None,
        };
        request("acme", code(number), command(Family::Saas, BEGIN, intent))
    };
    journal.append((1..=5).map(purchase));
    rebuild(&read_db, &mut journal.log, |_, _| {}).unwrap();
    journal.append((6..=9).map(purchase));
    catch_up(
        &mut open_for_folding(&read_db).unwrap(),
        &mut journal.log,
        3,
    );
    let live = dump(&read_db);
    let made = rebuild(&read_db, &mut journal.log, |_, _| {}).unwrap();
    assert_eq!((made.licenses, made.receipts), (9, 9));
    assert_eq!(dump(&read_db), live);
}

#[test]
fn a_record_out_of_turn_is_refused_and_nothing_of_its_page_is_kept() {
    let mut journal = Journal::in_memory();
    let freeze = request(
        "acme",
        code(1),
        command(Family::LicenseCode, BEGIN, Intent::Freeze),
    );
    journal.append([freeze]);
    let mut records = journal
        .log
        .read_after(tenure_journal::Position::START, 9)
        .unwrap();
    assert_eq!(records.len(), 2);
    let mut store = open_for_folding(&journal.read_db()).unwrap();
    let error = store.fold_records(&records[1..]).unwrap_err();
    assert!(matches!(error, StoreError::Gap { .. }), "{error}");
    records[1].position = records[1].position.next();
    assert!(store.fold_records(&records).is_err());
    assert_eq!(
        store.folded().unwrap(),
        tenure_projector::store::Folded::default()
    );
}

#[test]
fn a_damaged_file_and_one_of_another_version_are_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("read.db");
    let damages: [&dyn Fn(); 3] = [
        &|| {
            std::fs::write(
                &path,
                "this is no database, however long it may be".repeat(99),
            )
            .unwrap();
        },
        &|| execute(&path, "PRAGMA user_version = 99"),
        &|| {
            execute(
                &path,
                "UPDATE projections SET version = 99 WHERE name = 'orders'",
            );
        },
    ];
    drop(open_for_folding(&path).unwrap());
    for damage in damages {
        execute(&path, "UPDATE projections SET position = 7");
        assert_eq!(
            open_for_folding(&path)
                .unwrap()
                .folded()
                .unwrap()
                .position
                .number(),
            7
        );
        damage();
        assert_eq!(
            open_for_folding(&path)
                .unwrap()
                .folded()
                .unwrap()
                .position
                .number(),
            0
        );
    }
}

#[test]
fn a_journal_given_by_mistake_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let mut log = SqliteLog::open(&path).unwrap();
    let error = open_for_folding(&path).unwrap_err();
    assert!(matches!(error, StoreError::Foreign { .. }), "{error}");
    assert!(rebuild(&path, &mut log, |_, _| {}).is_err());
    drop(log);
    assert!(SqliteLog::open(&path).unwrap().head().is_ok());
}

pub(crate) fn execute(path: &std::path::Path, sql: &str) {
    rusqlite::Connection::open(path)
        .unwrap()
        .execute_batch(sql)
        .unwrap();
}
