//! License files: asked for, made, delivered or denied. Footnotes 14 to 17 of the decision table.

use tenure_domain::file::{FileContent, FileProgress, FileRequest, FileRules};
use tenure_domain::{
    Activation, Event, Family, Instant, Intent, License, Quantity, Refusal, decide,
};
use tenure_testkit::{activation, command, file_request, sealed};

use crate::states::{AFTER, BEFORE, DAY, END, State};
use crate::table::{AGAIN, Answer, INSTANCES, UNKNOWN, check, row, yields};

const ONLINE: [Family; 1] = [Family::OnlineLicense];
const STRICT: FileRules = FileRules {
    needs_fingerprint: true,
    counts_units: true,
};
const LENIENT: FileRules = FileRules {
    needs_fingerprint: false,
    counts_units: false,
};
const RELEASED: Answer = Err(Refusal::Released);
const OUTSIDE_TERM: Answer = Err(Refusal::FileOutsideTerm);
const NOT_REQUESTED: Answer = Err(Refusal::FileNotRequested);

/// Of an online license whose term ends with [`END`].
fn request(number: u32, device: Option<u8>) -> FileRequest {
    FileRequest {
        expires_at: Some(Instant::from_seconds(END)),
        ..file_request(number, device)
    }
}

fn ask(request: &FileRequest, rules: FileRules) -> Intent {
    Intent::RequestFile {
        request: Box::new(request.clone()),
        rules,
    }
}

fn make(request: &FileRequest, content: u8) -> Intent {
    Intent::MakeFile {
        key: request.key(),
        content: FileContent::Characters(sealed(content)),
    }
}

fn note(request: &FileRequest, denied: Option<&str>) -> Intent {
    Intent::NoteDelivery {
        key: request.key(),
        denied: denied.map(Into::into),
    }
}

/// What an intent comes to, and what the license is after it.
fn step(
    license: License,
    at: i64,
    intent: Intent,
) -> (Result<Vec<&'static str>, Refusal>, License) {
    let command = command(Family::OnlineLicense, Instant::from_seconds(at), intent);
    let answer = decide(&license, &command);
    let license = answer.iter().flatten().fold(license, License::evolve);
    let names = answer.map(|events| events.iter().map(Event::name).collect());
    (names, license)
}

#[track_caller]
fn then(license: License, intent: Intent, expected: Result<&[&'static str], Refusal>) -> License {
    let (answer, license) = step(license, BEFORE, intent);
    assert_eq!(answer, expected.map(<[_]>::to_vec));
    license
}

/// An online license in force, of which so many units were bought.
fn of_units(units: u32) -> License {
    let mut license = State::InForce.license(Family::OnlineLicense);
    if let License::Living(living) = &mut license {
        living.quantity = Quantity::parse(units).ok();
    }
    license
}

#[test]
fn a_file_is_requested_of_an_online_license_in_force() {
    let request = request(1, Some(1));
    let requested = yields([&Event::FileRequested(Box::new(request.clone()))]);
    row(
        ONLINE,
        BEFORE,
        ask(&request, STRICT),
        [
            UNKNOWN,
            OUTSIDE_TERM,
            OUTSIDE_TERM,
            OUTSIDE_TERM,
            requested,
            OUTSIDE_TERM,
            OUTSIDE_TERM,
            RELEASED,
        ],
    );
    row(
        ONLINE,
        AFTER,
        ask(&request, STRICT),
        [
            UNKNOWN,
            OUTSIDE_TERM,
            OUTSIDE_TERM,
            OUTSIDE_TERM,
            OUTSIDE_TERM,
            OUTSIDE_TERM,
            OUTSIDE_TERM,
            RELEASED,
        ],
    );
}

#[test]
fn no_other_family_has_files() {
    for family in [Family::Saas, Family::LicenseCode] {
        let at = Instant::from_seconds(BEFORE);
        for state in State::ALL {
            if matches!(state, State::Absent | State::Released) {
                continue;
            }
            let ask = command(family, at, ask(&request(1, Some(1)), LENIENT));
            check(&state.license(family), &ask, &Err(Refusal::NoFiles));
        }
    }
}

#[test]
fn the_same_request_gets_the_same_file_also_when_a_new_one_is_refused() {
    let asked = request(1, Some(1));
    let license = then(of_units(1), ask(&asked, STRICT), Ok(&["file_requested"]));
    let license = then(license, ask(&asked, STRICT), Ok(&[]));
    let (again, license) = step(license, AFTER, ask(&asked, STRICT));
    assert_eq!(again, Ok(Vec::new()));
    let other_device = request(1, Some(2));
    then(
        license,
        ask(&other_device, STRICT),
        Err(Refusal::FileQuotaExhausted),
    );
}

#[test]
fn a_device_counts_once_and_a_request_without_device_by_itself() {
    let license = then(
        of_units(2),
        ask(&request(1, Some(1)), LENIENT),
        Ok(&["file_requested"]),
    );
    let counted = FileRules {
        needs_fingerprint: false,
        counts_units: true,
    };
    let license = then(
        license,
        ask(&request(2, Some(1)), counted),
        Ok(&["file_requested"]),
    );
    let license = then(
        license,
        ask(&request(3, None), counted),
        Ok(&["file_requested"]),
    );
    for refused in [request(4, None), request(5, Some(2))] {
        then(
            license.clone(),
            ask(&refused, counted),
            Err(Refusal::FileQuotaExhausted),
        );
        then(
            license.clone(),
            ask(&refused, LENIENT),
            Ok(&["file_requested"]),
        );
    }
}

#[test]
fn without_a_quantity_there_is_nothing_to_count_against() {
    let mut license = State::InForce.license(Family::OnlineLicense);
    for number in 1..=5 {
        let device = u8::try_from(number).ok();
        license = then(
            license,
            ask(&request(number, device), STRICT),
            Ok(&["file_requested"]),
        );
    }
}

#[test]
fn what_a_request_lacks_is_named_in_order() {
    let endless = FileRequest {
        expires_at: None,
        ..request(1, None)
    };
    let license = || State::InForce.license(Family::OnlineLicense);
    then(
        license(),
        ask(&endless, STRICT),
        Err(Refusal::FileFingerprintRequired),
    );
    then(
        license(),
        ask(&endless, LENIENT),
        Err(Refusal::FileExpiryRequired),
    );
    let beyond = |seconds| FileRequest {
        expires_at: Some(Instant::from_seconds(END + DAY + seconds)),
        ..request(1, None)
    };
    then(license(), ask(&beyond(0), LENIENT), Ok(&["file_requested"]));
    then(
        license(),
        ask(&beyond(1), LENIENT),
        Err(Refusal::FileOutsideTerm),
    );
    let late = FileRequest {
        effective_at: Instant::from_seconds(END),
        ..request(1, None)
    };
    then(
        license(),
        ask(&late, LENIENT),
        Err(Refusal::FileOutsideTerm),
    );
}

#[test]
fn a_license_without_end_gives_files_without_end() {
    let bought = License::replay(&[
        crate::states::purchased(Family::OnlineLicense),
        Event::Provisioned {
            provisioned_at: Instant::EPOCH,
        },
    ]);
    let endless = file_request(1, None);
    then(bought, ask(&endless, LENIENT), Ok(&["file_requested"]));
}

#[test]
fn a_file_is_made_once_and_delivered_whatever_becomes_of_the_license() {
    let asked = request(1, Some(1));
    let license = then(of_units(1), make(&asked, 1), Err(Refusal::FileNotRequested));
    let license = then(license, ask(&asked, STRICT), Ok(&["file_requested"]));
    let license = then(license, note(&asked, None), Err(Refusal::FileNotRequested));
    let license = then(license, make(&asked, 1), Ok(&["file_made"]));
    let license = then(license, make(&asked, 1), Ok(&[]));
    let license = then(license, make(&asked, 2), Err(Refusal::FileMadeBefore));
    let license = then(
        license,
        note(&asked, Some("91381037")),
        Ok(&["file_denied"]),
    );
    let license = then(license, note(&asked, Some("91381037")), Ok(&[]));
    let license = then(license, Intent::Release { order: None }, Ok(&["released"]));
    let license = then(license, make(&asked, 1), Err(Refusal::Released));
    let license = then(license, note(&asked, None), Ok(&["file_delivered"]));
    let license = then(license, note(&asked, Some("91381037")), Ok(&[]));
    let living = license.living().expect("it was bought");
    let file = living.file(&asked.key()).expect("it was asked for");
    let content = FileContent::Characters(sealed(1));
    assert_eq!(file.progress, FileProgress::Delivered(content));
}

#[test]
fn of_two_devices_under_one_name_each_has_a_file() {
    let (first, second) = (request(1, Some(1)), request(1, Some(2)));
    let license = then(of_units(2), ask(&first, STRICT), Ok(&["file_requested"]));
    let license = then(license, make(&first, 1), Ok(&["file_made"]));
    let license = then(license, ask(&second, STRICT), Ok(&["file_requested"]));
    let license = then(license, make(&second, 2), Ok(&["file_made"]));
    let living = license.living().expect("it was bought");
    let content = |request: &FileRequest| {
        let file = living.file(&request.key()).expect("it was asked for");
        file.content().cloned()
    };
    assert_eq!(content(&first), Some(FileContent::Characters(sealed(1))));
    assert_eq!(content(&second), Some(FileContent::Characters(sealed(2))));
}

/// Footnote 14.
#[test]
fn the_way_to_an_application_is_told_with_it_or_later() {
    let provisioned = Event::Provisioned {
        provisioned_at: Instant::from_seconds(BEFORE),
    };
    let told = Event::AccessTold { access: sealed(1) };
    let (both, later) = (yields([&provisioned, &told]), yields([&told]));
    let report = Intent::ReportProvisioned {
        access: Some(sealed(1)),
    };
    row(
        INSTANCES,
        BEFORE,
        report.clone(),
        [
            UNKNOWN,
            both.clone(),
            both.clone(),
            both,
            later.clone(),
            later.clone(),
            later,
            RELEASED,
        ],
    );
    let known = State::InForce.license(Family::Saas).evolve(&told);
    let at = Instant::from_seconds(BEFORE);
    for (access, expected) in [
        (Some(sealed(1)), AGAIN),
        (None, AGAIN),
        (
            Some(sealed(2)),
            yields([&Event::AccessTold { access: sealed(2) }]),
        ),
    ] {
        let report = Intent::ReportProvisioned { access };
        check(&known, &command(Family::Saas, at, report), &expected);
    }
    let code = State::Absent.license(Family::LicenseCode);
    let code = [
        crate::states::issued(),
        Event::Activated(Activation {
            expires_at: None,
            ..activation(1, END)
        }),
    ]
    .iter()
    .fold(code, License::evolve);
    check(
        &code,
        &command(Family::LicenseCode, at, report),
        &Err(Refusal::NotProvisionable),
    );
}

#[test]
fn nobody_delivers_what_nobody_asked_for() {
    for state in State::ALL {
        let expected = match state {
            State::Absent => UNKNOWN,
            State::New
            | State::SuspendedNew
            | State::ExpiredNew
            | State::InForce
            | State::Suspended
            | State::Expired
            | State::Released => NOT_REQUESTED,
        };
        let at = Instant::from_seconds(BEFORE);
        let note = command(Family::OnlineLicense, at, note(&request(1, None), None));
        check(&state.license(Family::OnlineLicense), &note, &expected);
    }
}
