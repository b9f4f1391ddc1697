//! Golden files: what every event looked like on disk, in every format that ever was.
//!
//! `NAME.FORMAT.json` holds stored data, a line a sample; `NAME.FORMAT.txt` what is read from it.
//! A file of an older format is never changed and never removed. `UPDATE_GOLDEN=1` in the
//! environment rewrites the data of the present formats, and all readings.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use tenure_domain::file::{FileContent, FileRequest};
use tenure_domain::tenant::{Account, Binding, Client, Department, Leave, Role};
use tenure_domain::usage::{Amount, Report, Used};
use tenure_domain::{
    Activation, ApplicationId, Check, CodeStatus, DepartmentCode, Digest, Event as LicenseEvent,
    Family, Instant, OrderDetails, OrderKind, OrderLine, TermChange, UsageSerial, order, tenant,
    usage,
};
use tenure_journal::Event;
use tenure_journal::stored::{FORMATS, decode, encode};
use tenure_testkit::{
    activation, check, code, details, file_request, listing, order_line, product, sealed,
    term_change,
};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");

/// 2026-03-01T08:30:00.123456Z.
const AT: Instant = Instant::from_micros(1_772_353_800_123_456);

#[test]
fn every_event_is_stored_as_its_golden_file_says() {
    for (name, format) in FORMATS {
        let samples: Vec<_> = samples()
            .into_iter()
            .filter(|event| event.name() == name)
            .collect();
        assert!(!samples.is_empty(), "{name} has no sample");
        let mut data = String::new();
        for event in &samples {
            let stored = encode(event);
            assert_eq!((stored.name, stored.format), (name, format));
            writeln!(data, "{}", stored.data).unwrap();
        }
        assert_eq!(golden(name, format, "json", &data), data, "{name}");
        let read: Vec<_> = data
            .lines()
            .map(|line| decode(name, format, line).unwrap())
            .collect();
        assert_eq!(read, samples);
    }
}

#[test]
fn every_format_that_ever_was_still_reads_the_same() {
    for (name, newest) in FORMATS {
        for format in 1..=newest {
            let data = std::fs::read_to_string(path(name, format, "json"))
                .unwrap_or_else(|error| panic!("{name} of format {format}: {error}"));
            assert!(!data.is_empty(), "{name} of format {format} has no sample");
            let mut reading = String::new();
            for line in data.lines() {
                let event = decode(name, format, line).unwrap();
                writeln!(reading, "{event:#?}").unwrap();
            }
            assert_eq!(golden(name, format, "txt", &reading), reading, "{name}");
        }
    }
}

#[test]
fn no_golden_file_is_of_an_event_or_a_format_that_never_was() {
    let expected: BTreeSet<PathBuf> = FORMATS
        .into_iter()
        .flat_map(|(name, newest)| (1..=newest).map(move |format| (name, format)))
        .flat_map(|(name, format)| ["json", "txt"].map(|ending| path(name, format, ending)))
        .collect();
    let found: BTreeSet<PathBuf> = std::fs::read_dir(FOLDER)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(found, expected);
}

/// What a golden file holds; `present` is written to it first, if that is asked for.
fn golden(name: &str, format: u16, ending: &str, present: &str) -> String {
    let path = path(name, format, ending);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, present).expect("the golden file is written");
    }
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn path(name: &str, format: u16, ending: &str) -> PathBuf {
    Path::new(FOLDER).join(format!("{name}.{format}.{ending}"))
}

/// At least one of every event: the fullest it can be and, where members may be missing, the
/// barest.
fn samples() -> Vec<Event> {
    let fullest = Activation {
        activated_at: AT,
        grace_seconds: 86_400,
        product: Some(product(1)),
        ..activation(1, 1_803_889_800)
    };
    let barest = Activation {
        activated_at: Instant::EPOCH,
        expires_at: None,
        grace_seconds: 0,
        product: None,
        quantity: None,
        order: None,
    };
    let purchased = |family| LicenseEvent::Purchased {
        listing: listing(),
        family,
        order: order_line(1),
    };
    let license = [
        purchased(Family::LicenseCode),
        purchased(Family::Saas),
        purchased(Family::OnlineLicense),
        LicenseEvent::Issued { listing: listing() },
        LicenseEvent::Provisioned { provisioned_at: AT },
        LicenseEvent::Activated(fullest),
        LicenseEvent::Activated(barest),
        LicenseEvent::Renewed(changed("RENEWAL_CHANGE")),
        LicenseEvent::Renewed(term_change(3, 1_803_889_800)),
        LicenseEvent::RenewalCancelled(changed("UNSUBSCRIBE_RENEWAL_PERIOD")),
        LicenseEvent::ConvertedToPaid(changed("TRIAL_TO_FORMAL")),
        LicenseEvent::Upgraded {
            order: order_line(4),
        },
        LicenseEvent::Expired,
        LicenseEvent::Suspended,
        LicenseEvent::Reinstated,
        LicenseEvent::Released {
            order: Some(order_line(5)),
        },
        LicenseEvent::Released { order: None },
        LicenseEvent::OrderKnown(Box::new(OrderDetails {
            ordered_at: Some(AT),
            ..details(6)
        })),
        LicenseEvent::OrderKnown(Box::new(hardly_told())),
        LicenseEvent::AccessTold { access: sealed(1) },
        LicenseEvent::CodeChecked(Box::new(check(1_803_889_800))),
        LicenseEvent::CodeChecked(Box::new(Check {
            checked_at: AT,
            status: CodeStatus::of_word("FROZEN"),
            expires_at: None,
            product: None,
            quantity: None,
        })),
    ];
    let notified = order::Event::Notified {
        listing: listing(),
        order: in_other_scripts(),
    };
    license
        .into_iter()
        .chain(files())
        .map(Event::License)
        .chain([Event::Order(notified)])
        .chain(tenants().into_iter().map(Event::Tenant))
        .chain(usages().into_iter().map(Event::Usage))
        .collect()
}

fn files() -> Vec<LicenseEvent> {
    let request = FileRequest {
        effective_at: AT,
        expires_at: Some(AT.plus_seconds(86_400)),
        ..file_request(1, Some(2))
    };
    let barest = file_request(2, None);
    let (key, bare_key) = (request.key(), barest.key());
    vec![
        LicenseEvent::FileRequested(Box::new(request)),
        LicenseEvent::FileRequested(Box::new(barest)),
        LicenseEvent::FileMade {
            key: key.clone(),
            content: FileContent::File {
                name: "license.dat".into(),
                bytes: sealed(3),
            },
        },
        LicenseEvent::FileMade {
            key: bare_key.clone(),
            content: FileContent::Characters(sealed(4)),
        },
        LicenseEvent::FileDelivered { key: key.clone() },
        LicenseEvent::FileDelivered {
            key: bare_key.clone(),
        },
        LicenseEvent::FileDenied {
            key,
            code: "91381037".into(),
        },
        LicenseEvent::FileDenied {
            key: bare_key,
            code: "91381038".into(),
        },
    ]
}

fn tenants() -> Vec<tenant::Event> {
    let application = || ApplicationId::parse("app-9").expect("it is well formed");
    let department = |code| DepartmentCode::parse(code).expect("it is well formed");
    let account = |role, enabled| Account {
        role,
        enabled,
        department: department("10000"),
        profile: sealed(5),
    };
    let members = || {
        vec![
            (Digest::new([1; 16]), account(Role::Admin, true)),
            (Digest::new([0xfe; 16]), account(Role::User, false)),
        ]
    };
    let of = |parent, name| Department {
        parent,
        name: sealed(name),
    };
    let bound = |order| Binding {
        order,
        code: "demo".into(),
        domain: "https://demo.example.com".into(),
        name: sealed(6),
    };
    vec![
        tenant::Event::Bound(bound(Some(tenure_testkit::order(1)))),
        tenant::Event::Bound(bound(None)),
        tenant::Event::Unbound,
        tenant::Event::ClientSet {
            application: application(),
            client: Client {
                id: "NzZeWuiJa91d".into(),
                secret: sealed(7),
            },
        },
        tenant::Event::ClientRemoved {
            application: application(),
        },
        tenant::Event::MembersGranted {
            application: application(),
            members: members(),
        },
        tenant::Event::MembersChanged {
            application: application(),
            members: members(),
        },
        tenant::Event::MembersWithdrawn {
            application: application(),
            members: vec![Digest::new([1; 16])],
            leave: Leave::Application,
        },
        tenant::Event::MembersWithdrawn {
            application: application(),
            members: vec![Digest::new([1; 16]), Digest::new([2; 16])],
            leave: Leave::Enterprise,
        },
        tenant::Event::DepartmentsSet {
            departments: vec![
                (department("10000"), of(None, 8)),
                (department("10001"), of(Some(department("10000")), 9)),
            ],
        },
        tenant::Event::DepartmentsRemoved {
            departments: vec![department("10000"), department("产品部")],
        },
    ]
}

fn usages() -> Vec<usage::Event> {
    let serial = |text: &str| UsageSerial::parse(text).expect("it is well formed");
    let metered = |amount, package| Used::Metered {
        began_at: AT,
        ended_at: AT.plus_seconds(3_600),
        amount: Amount::from_ten_thousandths(amount).expect("it is not zero"),
        package,
    };
    let used = [
        metered(125_000, Some(code(7))),
        metered(1, None),
        Used::Client { client: sealed(10) },
        Used::ActiveClients { count: 30 },
    ];
    let reports = used.into_iter().zip(1..).map(|(used, number)| Report {
        serial: serial(&format!("METERTEST{number:04}")),
        used,
    });
    vec![
        usage::Event::Reported {
            listing: listing(),
            reports: reports.collect(),
        },
        usage::Event::Sent {
            serials: vec![serial("METERTEST0001")],
        },
        usage::Event::NotTaken {
            serials: vec![serial("METERTEST0001"), serial("METERTEST0002")],
        },
        usage::Event::Taken {
            serials: vec![serial("METERTEST0001"), serial("METERTEST0002")],
        },
        usage::Event::Denied {
            serials: vec![serial("METERTEST0003")],
            code: "9004".into(),
        },
    ]
}

fn changed(scene: &str) -> TermChange {
    TermChange {
        scene: scene.into(),
        expires_at_received: "20270301083000".into(),
        grace_seconds: 86_400,
        product: Some(product(2)),
        ..term_change(2, 1_803_889_800)
    }
}

/// An order of a kind that we do not know, and nothing else.
fn hardly_told() -> OrderDetails {
    OrderDetails {
        order: order_line(7),
        kind: OrderKind::other("GIFT"),
        ordered_at: None,
        customer: None,
        product: None,
        sku: None,
        quantity: None,
        charging: None,
        expires_at: None,
    }
}

/// Quotes, a backslash, and characters of two, three and four bytes: how they are escaped is part
/// of the stored form.
fn in_other_scripts() -> OrderLine {
    OrderLine {
        order: tenure_domain::OrderId::parse("CS\"2211\\é").expect("it is well formed"),
        line: tenure_domain::OrderLineId::parse("订单-𝔏").expect("it is well formed"),
    }
}
