//! The decision table as `decide` has it, against `decision-table.txt` under version control: a
//! change of behaviour shows in a diff. `UPDATE_GOLDEN=1` in the environment rewrites the file.

use std::fmt::Write as _;

use tenure_domain::file::{FileContent, FileRequest, FileRules};
use tenure_domain::{Command, Event, Family, Instant, Intent, WhenAbsent, decide};
use tenure_testkit::{
    activation, check, command, details, file_request, order_line, sealed, term_change,
};

use crate::states::{AFTER, BEFORE, DAY, END, State};

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/decision-table.txt");

const HEADING: &str = "\
What every command does in every state. Written by tests/it/golden.rs: UPDATE_GOLDEN=1 rewrites it.

Every state but the absent one has a term that ends at 100 s, set by order 2. A command takes effect
at 50 s if it says nothing else. Where it says nothing else, codes never seen are remembered.
";

#[test]
fn the_decision_table_is_the_one_under_version_control() {
    let mut table = HEADING.to_owned();
    for family in [Family::LicenseCode, Family::Saas] {
        table.push_str(&rendered(family, rows()));
    }
    for family in [Family::LicenseCode, Family::Saas, Family::OnlineLicense] {
        table.push_str(&rendered(family, files()));
    }
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(PATH, &table).expect("the golden file is written");
    }
    let golden = std::fs::read_to_string(PATH).expect("the golden file is read");
    for (number, (written, kept)) in (1..).zip(table.lines().zip(golden.lines())) {
        assert_eq!(written, kept, "line {number} of decision-table.txt");
    }
    assert_eq!(table.lines().count(), golden.lines().count());
}

#[test]
fn online_licenses_have_the_table_of_saas_instances_but_for_files() {
    let of_saas = rendered(Family::Saas, rows());
    let of_online = rendered(Family::OnlineLicense, rows());
    assert_eq!(of_online.replace("online_license", "saas"), of_saas);
}

fn rendered(family: Family, rows: Vec<Row>) -> String {
    let mut text = String::new();
    for (title, at, intent) in rows {
        let command = command(family, Instant::from_seconds(at), intent);
        writeln!(text, "\n{}: {title}", family.name()).expect("a string takes any text");
        for state in State::ALL {
            line(&mut text, name(state, family), state, &command);
        }
        let forgetful = Command {
            when_absent: WhenAbsent::Refuse,
            ..command
        };
        line(
            &mut text,
            "absent, not remembered",
            State::Absent,
            &forgetful,
        );
    }
    text
}

fn line(text: &mut String, name: &str, state: State, command: &Command) {
    let answer = match decide(&state.license(command.family), command) {
        Ok(events) if events.is_empty() => "again".to_owned(),
        Ok(events) => events
            .iter()
            .map(Event::name)
            .collect::<Vec<_>>()
            .join(" + "),
        Err(refusal) => format!("refused: {}", refusal.code()),
    };
    writeln!(text, "    {name:24}{answer}").expect("a string takes any text");
}

fn name(state: State, family: Family) -> &'static str {
    match (state, family) {
        (State::Absent, _) => "absent",
        (State::New, Family::LicenseCode) => "issued",
        (State::New, Family::Saas | Family::OnlineLicense) => "provisioning",
        (State::SuspendedNew, Family::LicenseCode) => "issued, suspended",
        (State::SuspendedNew, Family::Saas | Family::OnlineLicense) => "provisioning, suspended",
        (State::ExpiredNew, Family::LicenseCode) => "issued, expired",
        (State::ExpiredNew, Family::Saas | Family::OnlineLicense) => "provisioning, expired",
        (State::InForce, _) => "in force",
        (State::Suspended, _) => "in force, suspended",
        (State::Expired, _) => "in force, expired",
        (State::Released, _) => "released",
    }
}

/// A command: a title, the second at which it takes effect, and what is wanted.
type Row = (&'static str, i64, Intent);

fn rows() -> Vec<Row> {
    [beginnings(), changes(), ends()].concat()
}

fn beginnings() -> Vec<Row> {
    let purchase = |ready| Intent::Purchase {
        order: order_line(1),
        ready,
        details: None,
    };
    vec![
        ("purchase", BEFORE, purchase(false)),
        ("purchase, ready at once", BEFORE, purchase(true)),
        (
            "purchase, with details, ready at once",
            BEFORE,
            Intent::Purchase {
                order: order_line(1),
                ready: true,
                details: Some(Box::new(details(1))),
            },
        ),
        (
            "report provisioned",
            BEFORE,
            Intent::ReportProvisioned { access: None },
        ),
        (
            "report provisioned, with the way to it",
            BEFORE,
            Intent::ReportProvisioned {
                access: Some(sealed(1)),
            },
        ),
        (
            "note check",
            BEFORE,
            Intent::NoteCheck(Box::new(check(END))),
        ),
        ("activate", BEFORE, Intent::Activate(activation(1, END))),
    ]
}

fn changes() -> Vec<Row> {
    let (known, new) = (term_change(2, END), term_change(3, 200));
    vec![
        (
            "renew until 200 s, at 150 s",
            AFTER,
            Intent::Renew(new.clone()),
        ),
        (
            "renew until 200 s, at 200 s",
            200,
            Intent::Renew(new.clone()),
        ),
        ("renew by order 2 once more", AFTER, Intent::Renew(known)),
        (
            "cancel renewal, at 150 s",
            AFTER,
            Intent::CancelRenewal(new.clone()),
        ),
        (
            "convert to paid until 200 s, at 150 s",
            AFTER,
            Intent::ConvertToPaid(new.clone()),
        ),
        (
            "convert to paid until 200 s, at 200 s",
            200,
            Intent::ConvertToPaid(new),
        ),
        (
            "upgrade",
            BEFORE,
            Intent::Upgrade {
                order: order_line(3),
                details: None,
            },
        ),
        (
            "upgrade, with details",
            BEFORE,
            Intent::Upgrade {
                order: order_line(3),
                details: Some(Box::new(details(3))),
            },
        ),
    ]
}

fn ends() -> Vec<Row> {
    vec![
        ("freeze, at 50 s", BEFORE, Intent::Freeze),
        ("freeze, at 100 s", END, Intent::Freeze),
        ("expire", BEFORE, Intent::Expire),
        ("expire, a day before the end", END - DAY, Intent::Expire),
        (
            "expire, more than a day before the end",
            END - DAY - 1,
            Intent::Expire,
        ),
        ("unfreeze", BEFORE, Intent::Unfreeze),
        ("release", BEFORE, Intent::Release { order: None }),
        (
            "learn order 2",
            BEFORE,
            Intent::LearnOrder(Box::new(details(2))),
        ),
        (
            "learn order 3",
            BEFORE,
            Intent::LearnOrder(Box::new(details(3))),
        ),
    ]
}

/// License files of order 2's term, and what becomes of one that nobody asked for.
fn files() -> Vec<Row> {
    let request = |end: Option<i64>, device| Intent::RequestFile {
        request: Box::new(FileRequest {
            expires_at: end.map(Instant::from_seconds),
            ..file_request(1, device)
        }),
        rules: FileRules {
            needs_fingerprint: true,
            counts_units: true,
        },
    };
    let key = file_request(1, Some(1)).key();
    vec![
        ("request file", BEFORE, request(Some(END), Some(1))),
        ("request file, at 150 s", AFTER, request(Some(END), Some(1))),
        (
            "request file that ends later",
            BEFORE,
            request(Some(END + DAY + 1), Some(1)),
        ),
        ("request file without end", BEFORE, request(None, Some(1))),
        (
            "request file without device",
            BEFORE,
            request(Some(END), None),
        ),
        (
            "make file",
            BEFORE,
            Intent::MakeFile {
                key: key.clone(),
                content: FileContent::Characters(sealed(1)),
            },
        ),
        (
            "note delivery",
            BEFORE,
            Intent::NoteDelivery { key, denied: None },
        ),
    ]
}
