//! What is left to do: applications to make ready, license files, usage reports.

use proptest::prelude::*;
use tenure_domain::file::{FileContent, FileKey, FileRules};
use tenure_domain::usage::{self, Amount, Report, Total, Usage, Used};
use tenure_domain::{Family, Intent, License, LicenseId, ListingId, MerchantId, UsageSerial};
use tenure_journal::{MemoryLog, Position, ReadLog, Request, StreamId};
use tenure_projector::{PendingFile, PendingLicense, PendingUsage, Queries};
use tenure_testkit::{code, command, file_request, listing, order_line, sealed, term_change};

use crate::answers::folded;
use crate::journal::{BEGIN, Instant, Journal, merchant, request, requests};

const RULES: FileRules = FileRules {
    needs_fingerprint: false,
    counts_units: false,
};

fn of(family: Family, number: u32, intent: Intent) -> Request {
    request("acme", code(number), command(family, BEGIN, intent))
}

fn purchase(number: u32, ready: bool) -> Intent {
    Intent::Purchase {
        order: order_line(number),
        ready,
        details: None,
    }
}

fn ask_for(number: u32) -> Intent {
    Intent::RequestFile {
        request: Box::new(file_request(number, None)),
        rules: RULES,
    }
}

fn key(number: u32) -> FileKey {
    file_request(number, None).key()
}

fn make(number: u32) -> Intent {
    Intent::MakeFile {
        key: key(number),
        content: FileContent::Characters(sealed(1)),
    }
}

fn note(number: u32, denied: Option<&str>) -> Intent {
    Intent::NoteDelivery {
        key: key(number),
        denied: denied.map(Into::into),
    }
}

fn provisioning(queries: &Queries, limit: usize) -> Vec<(LicenseId, u64)> {
    let pending = queries.pending_provisioning(&listing(), limit).unwrap();
    let of_one = |it: PendingLicense| (it.license, it.position.number());
    pending.into_iter().map(of_one).collect()
}

#[test]
fn licenses_wait_to_be_provisioned_oldest_first_until_they_are_or_end() {
    let mut journal = Journal::in_memory();
    journal.append([
        of(Family::Saas, 3, purchase(3, false)),
        of(Family::Saas, 1, purchase(1, false)),
        of(Family::Saas, 2, purchase(2, true)),
        of(Family::OnlineLicense, 4, purchase(4, false)),
        of(Family::Saas, 3, Intent::Freeze),
    ]);
    let queries = folded(&mut journal);
    let records = [(code(3), 1), (code(1), 2), (code(4), 5)];
    assert_eq!(provisioning(&queries, 9), records);
    assert_eq!(provisioning(&queries, 2), records[..2]);
    let other = ListingId::parse("cad-max").unwrap();
    assert_eq!(queries.pending_provisioning(&other, 9).unwrap(), []);
    assert_eq!(
        queries.pending_provisioning(&listing(), 9).unwrap().pop(),
        Some(PendingLicense {
            merchant: merchant("acme"),
            license: code(4),
            family: Family::OnlineLicense,
            listing: listing(),
            position: Position::new(5),
        })
    );
    let ready = Intent::ReportProvisioned { access: None };
    journal.append([
        of(Family::Saas, 3, ready),
        of(Family::Saas, 1, Intent::Release { order: None }),
    ]);
    assert_eq!(provisioning(&folded(&mut journal), 9), [(code(4), 5)]);
}

/// What is left to do of files: the license, the file, whether it is made, and the position.
fn files(queries: &Queries, limit: usize) -> Vec<(LicenseId, FileKey, bool, u64)> {
    let pending = queries.pending_files(&listing(), limit).unwrap();
    let of_one = |it: PendingFile| (it.license, it.key, it.is_made, it.position.number());
    pending.into_iter().map(of_one).collect()
}

#[test]
fn files_wait_to_be_made_and_then_to_be_delivered() {
    let of = |number, intent| of(Family::OnlineLicense, number, intent);
    let mut journal = Journal::in_memory();
    journal.append([
        of(1, purchase(1, true)),
        of(2, purchase(2, true)),
        of(2, ask_for(1)),
        of(1, ask_for(1)),
        of(1, ask_for(2)),
        of(2, make(1)),
    ]);
    let head = journal.head().number();
    let [asked, again, made] = [head - 2, head - 1, head];
    let all = [
        (code(1), key(1), false, asked),
        (code(1), key(2), false, again),
        (code(2), key(1), true, made),
    ];
    let queries = folded(&mut journal);
    for limit in 1..=4 {
        assert_eq!(files(&queries, limit), all[..limit.min(3)]);
    }
    journal.append([
        of(2, note(1, Some("CBC.0001"))),
        of(1, make(1)),
        of(1, note(1, None)),
    ]);
    assert_eq!(files(&folded(&mut journal), 9), all[1..2]);
    journal.append([of(1, make(2)), of(1, note(2, None))]);
    assert_eq!(files(&folded(&mut journal), 9), []);
}

#[test]
fn after_a_release_what_is_made_is_delivered_and_nothing_is_made() {
    let of = |intent| of(Family::OnlineLicense, 1, intent);
    let mut journal = Journal::in_memory();
    journal.append([
        of(purchase(1, true)),
        of(ask_for(1)),
        of(ask_for(2)),
        of(make(2)),
        of(Intent::Release { order: None }),
    ]);
    let made = journal.head().number() - 1;
    let left = [(code(1), key(2), true, made)];
    assert_eq!(files(&folded(&mut journal), 9), left);
    journal.append([of(note(2, None))]);
    assert_eq!(files(&folded(&mut journal), 9), []);
}

#[test]
fn other_changes_of_a_license_do_not_move_its_files() {
    let of = |intent| of(Family::OnlineLicense, 1, intent);
    let mut journal = Journal::in_memory();
    journal.append([of(purchase(1, true)), of(ask_for(1))]);
    let asked = journal.head().number();
    journal.append([of(Intent::Renew(term_change(1, 90_000)))]);
    let left = [(code(1), key(1), false, asked)];
    assert_eq!(files(&folded(&mut journal), 9), left);
}

fn serial(number: u32) -> UsageSerial {
    UsageSerial::parse(&format!("SNTEST{number:04}")).unwrap()
}

pub(crate) fn metered(number: u32, amount: u64, package: Option<u32>) -> Report {
    Report {
        serial: serial(number),
        used: Used::Metered {
            began_at: Instant::EPOCH,
            ended_at: Instant::from_seconds(i64::from(number)),
            amount: Amount::from_ten_thousandths(amount).unwrap(),
            package: package.map(code),
        },
    }
}

pub(crate) fn usage(merchant_name: &str, number: u32, command: usage::Command) -> Request {
    Request::Usage {
        merchant: merchant(merchant_name),
        id: code(number),
        command,
    }
}

pub(crate) fn report(listing: &str, reports: Vec<Report>) -> usage::Command {
    usage::Command::Report {
        listing: ListingId::parse(listing).unwrap(),
        reports,
    }
}

fn settle(serials: &[u32], denied: Option<&str>) -> usage::Command {
    usage::Command::Settle {
        serials: serials.iter().map(|number| serial(*number)).collect(),
        denied: denied.map(Into::into),
    }
}

#[test]
fn reports_wait_to_be_taken_oldest_first() {
    let mut journal = Journal::in_memory();
    journal.append([
        usage("acme", 2, report("cad-pro", vec![metered(9, 1, None)])),
        usage(
            "acme",
            1,
            report("cad-pro", vec![metered(2, 1, None), metered(1, 1, None)]),
        ),
        usage("acme", 2, report("cad-pro", vec![metered(3, 1, None)])),
        usage("acme", 3, report("cad-max", vec![metered(1, 1, None)])),
    ]);
    let pending = |license, reports, position| PendingUsage {
        merchant: merchant("acme"),
        license: code(license),
        listing: listing(),
        reports,
        position: Position::new(position),
    };
    let queries = folded(&mut journal);
    let found = |limit| queries.pending_usage(&listing(), limit).unwrap();
    assert_eq!(found(1), [pending(2, 2, 1)]);
    assert_eq!(found(9), [pending(2, 2, 1), pending(1, 2, 2)]);

    journal.append([
        usage("acme", 2, settle(&[9, 8], None)),
        usage("acme", 1, settle(&[2], Some("0"))),
        usage("acme", 3, report("cad-pro", vec![metered(2, 1, None)])),
    ]);
    let queries = folded(&mut journal);
    assert_eq!(
        queries.pending_usage(&listing(), 9).unwrap(),
        [pending(1, 1, 2), pending(2, 1, 3), pending(3, 2, 4)]
    );
    let other = ListingId::parse("cad-max").unwrap();
    assert_eq!(queries.pending_usage(&other, 9).unwrap(), []);
}

pub(crate) fn usage_requests() -> impl Strategy<Value = Vec<Request>> {
    let reports = prop::collection::vec(
        (
            1..9_u32,
            prop_oneof![1..9_u64, Just(999_999_999_999)],
            prop::option::of(1..3_u32),
        ),
        1..4,
    );
    let reported = (prop::sample::select(vec!["cad-pro", "cad-max"]), reports).prop_map(
        |(listing, reports)| {
            let reports = reports.into_iter();
            let each = |(number, amount, package)| metered(number, amount, package);
            report(listing, reports.map(each).collect())
        },
    );
    let serials = prop::collection::vec(1..9_u32, 1..4);
    let settled = (serials, any::<bool>())
        .prop_map(|(serials, denied)| settle(&serials, denied.then_some("CBC.0001")));
    let sent = (prop::collection::vec(1..9_u32, 1..4), any::<bool>()).prop_map(
        |(numbers, is_taken_back)| {
            let serials = numbers.into_iter().map(serial).collect();
            if is_taken_back {
                usage::Command::Unsend { serials }
            } else {
                usage::Command::Send { serials }
            }
        },
    );
    let command = prop_oneof![3 => reported, 2 => settled, 2 => sent];
    let name = prop::sample::select(vec!["acme", "zenith"]);
    let request =
        (name, 1..3_u32, command).prop_map(|(name, number, command)| usage(name, number, command));
    prop::collection::vec(request, 0..30)
}

/// What the journal holds of the use of a license.
fn replayed(journal: &mut Journal<MemoryLog>, merchant: &MerchantId, number: u32) -> Usage {
    let stream = StreamId::usage(merchant, &code(number));
    let records = journal.log.read_stream(&stream, Position::MAX).unwrap();
    Usage::replay(records.iter().filter_map(|it| it.event.as_usage()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_rows_of_usage_are_what_its_history_makes(requests in usage_requests()) {
        let mut journal = Journal::in_memory();
        journal.append(requests);
        let queries = folded(&mut journal);
        for (name, number) in [("acme", 1), ("acme", 2), ("zenith", 1), ("zenith", 2)] {
            let merchant = merchant(name);
            let expected = replayed(&mut journal, &merchant, number);
            let used = queries.usage(&merchant, &code(number), 9).unwrap();
            prop_assert_eq!(used.own, expected.totals.values().copied().reduce(Total::plus));
            for (package, total) in &expected.totals {
                let Some(package) = package else { continue };
                let users = queries.usage(&merchant, package, 9).unwrap().users;
                prop_assert!(users.contains(&(code(number), *total)));
            }
            let Some(listing) = &expected.listing else { continue };
            let pending = queries.pending_usage(listing, 1_000).unwrap();
            let mut pending = pending.into_iter();
            let ours = pending.find(|it| it.merchant == merchant && it.license == code(number));
            let reports = ours.map_or(0, |it| it.reports);
            prop_assert_eq!(reports, expected.pending.len() as u64);
        }
    }

    #[test]
    fn what_is_left_to_do_is_what_the_states_say(requests in requests()) {
        let mut journal = Journal::in_memory();
        journal.append(requests);
        let queries = folded(&mut journal);
        let filter = tenure_projector::LicenseFilter::default();
        let rows = queries.licenses(&filter, BEGIN, 1_000, None).unwrap().items;
        let mut waiting = Vec::new();
        let mut open = Vec::new();
        for row in &rows {
            let Some(living) = row.license.living() else { continue };
            let is_released = matches!(row.license, License::Released(_));
            if living.phase == tenure_domain::Phase::Provisioning && !is_released {
                waiting.push((row.merchant.clone(), row.id.clone()));
            }
            for file in &living.files {
                let is_made = file.content().is_some();
                let is_done = is_made && !matches!(file.progress, tenure_domain::file::FileProgress::Made(_));
                if !is_done && (is_made || !is_released) {
                    open.push((row.merchant.clone(), row.id.clone(), file.request.key(), is_made));
                }
            }
        }
        let found = queries.pending_provisioning(&listing(), 1_000).unwrap();
        prop_assert!(found.is_sorted_by_key(|it| it.position));
        let mut found: Vec<_> = found.into_iter().map(|it| (it.merchant, it.license)).collect();
        found.sort();
        waiting.sort();
        prop_assert_eq!(found, waiting);
        let found = queries.pending_files(&listing(), 1_000).unwrap();
        prop_assert!(found.is_sorted_by_key(|it| it.position));
        let mut found: Vec<_> = found
            .into_iter()
            .map(|it| (it.merchant, it.license, it.key, it.is_made))
            .collect();
        found.sort();
        open.sort();
        prop_assert_eq!(found, open);
    }
}
