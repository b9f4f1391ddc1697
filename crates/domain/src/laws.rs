//! What every history of a license obeys: checked by the property tests, by the simulation and by
//! `tenure journal verify` on a live journal.

use crate::check::Check;
use crate::event::Event;
use crate::file::{FileKey, FileProgress};
use crate::license::{Family, License, Living, Phase};
use crate::sealed::Sealed;

/// A law that a history breaks, and the event (counted from 1) that breaks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// A history opens with `purchased` or `issued`.
    #[error("event {0} opens the history, but is neither purchased nor issued")]
    OpensOtherwise(usize),
    /// A purchase opens the history of an instance; codes are issued.
    #[error("event {0} purchases an authorization code")]
    PurchasesCode(usize),
    /// A history opens once.
    #[error("event {0} opens a history that is open already")]
    OpensTwice(usize),
    /// Nothing follows a release, except what the marketplace tells late.
    #[error("event {0} follows the release")]
    FollowsRelease(usize),
    /// Only instances are provisioned, only codes activated, each once.
    #[error("event {0} brings into force what is in force, or is of another family")]
    InForceTwice(usize),
    /// What is frozen is not frozen again.
    #[error("event {0} freezes what is frozen")]
    FrozenTwice(usize),
    /// Only what is frozen is reinstated.
    #[error("event {0} reinstates what is not frozen")]
    NothingToReinstate(usize),
    /// One change of one order happens once.
    #[error("event {0} repeats a change that an order made before")]
    ChangedTwice(usize),
    /// Details are told of orders that changed the license before.
    #[error("event {0} tells of an order that made no change before")]
    TellsOfNoChange(usize),
    /// What is known of an order is not told again.
    #[error("event {0} tells of an order what was known of it")]
    KnownTwice(usize),
    /// Where a buyer finds the application is told once it is ready, and not told again.
    #[error("event {0} tells the way to what is not provisioned, or tells it once more")]
    AccessOutOfTurn(usize),
    /// Codes are checked, not instances, and what the marketplace told last is not told again.
    #[error("event {0} checks what is no code, or tells what was told last")]
    CheckedTwice(usize),
    /// The same license file is asked for once, and by instances of online licenses only.
    #[error("event {0} asks for a license file once more, or of another family")]
    FileRequestedTwice(usize),
    /// A license file is asked for, made once, and delivered or denied.
    #[error("event {0} tells of a license file what cannot be so")]
    FileOutOfTurn(usize),
}

/// Checks a whole history, oldest event first.
pub fn check<'a>(events: impl IntoIterator<Item = &'a Event>) -> Result<License, Broken> {
    let mut license = License::Absent;
    for (index, event) in events.into_iter().enumerate() {
        check_next(&license, event, index + 1)?;
        license = license.evolve(event);
    }
    Ok(license)
}

/// Checks that `event`, the `number`th of its history, may follow the state.
pub fn check_next(license: &License, event: &Event, number: usize) -> Result<(), Broken> {
    let opens = matches!(event, Event::Purchased { .. } | Event::Issued { .. });
    let purchases_code = matches!(
        event,
        Event::Purchased {
            family: Family::LicenseCode,
            ..
        }
    );
    let living = match license {
        License::Absent if purchases_code => return Err(Broken::PurchasesCode(number)),
        License::Absent if opens => return Ok(()),
        License::Absent => return Err(Broken::OpensOtherwise(number)),
        License::Released(living) if may_follow_release(event) => living,
        License::Released(_) => return Err(Broken::FollowsRelease(number)),
        License::Living(living) => living,
    };
    let broken = match event {
        Event::Purchased { .. } | Event::Issued { .. } => Some(Broken::OpensTwice(number)),
        Event::Provisioned { .. } => (living.phase != Phase::Provisioning
            || living.family == Family::LicenseCode)
            .then_some(Broken::InForceTwice(number)),
        Event::Activated(_) => {
            (living.phase != Phase::Issued).then_some(Broken::InForceTwice(number))
        },
        Event::Expired | Event::Suspended => {
            living.hold.is_some().then_some(Broken::FrozenTwice(number))
        },
        Event::Reinstated => living
            .hold
            .is_none()
            .then_some(Broken::NothingToReinstate(number)),
        Event::Renewed(_)
        | Event::RenewalCancelled(_)
        | Event::ConvertedToPaid(_)
        | Event::Upgraded { .. } => {
            let made = match license.clone().evolve(event) {
                License::Living(next) => next.changes.last().cloned(),
                License::Absent | License::Released(_) => None,
            };
            made.is_some_and(|change| living.has_seen(&change))
                .then_some(Broken::ChangedTwice(number))
        },
        Event::OrderKnown(details) if !living.is_changed_by(&details.order) => {
            Some(Broken::TellsOfNoChange(number))
        },
        Event::OrderKnown(details) => living
            .orders_known
            .contains(details)
            .then_some(Broken::KnownTwice(number)),
        Event::Released { .. } => None,
        Event::AccessTold { access } => {
            (!may_tell_access(living, access)).then_some(Broken::AccessOutOfTurn(number))
        },
        Event::CodeChecked(check) => {
            (!may_be_checked(living, check)).then_some(Broken::CheckedTwice(number))
        },
        Event::FileRequested(request) => (living.family != Family::OnlineLicense
            || living.file(&request.key()).is_some())
        .then_some(Broken::FileRequestedTwice(number)),
        Event::FileMade { key, .. } => unless_file(living, key, number, |progress| {
            matches!(progress, FileProgress::Requested)
        }),
        Event::FileDelivered { key } => unless_file(living, key, number, |progress| {
            matches!(progress, FileProgress::Made(_) | FileProgress::Denied(_))
        }),
        Event::FileDenied { key, .. } => unless_file(living, key, number, |progress| {
            matches!(progress, FileProgress::Made(_))
        }),
    };
    broken.map_or(Ok(()), Err)
}

fn may_tell_access(living: &Living, access: &Sealed) -> bool {
    let known = living.access.as_ref();
    living.phase == Phase::InForce
        && living.family != Family::LicenseCode
        && !known.is_some_and(|it| it.says_the_same(access))
}

fn may_be_checked(living: &Living, check: &Check) -> bool {
    let known = living.checked.as_ref();
    living.family == Family::LicenseCode && !known.is_some_and(|it| it.says_the_same(check))
}

/// What the marketplace tells late is about what was, and takes nothing and gives nothing.
fn may_follow_release(event: &Event) -> bool {
    matches!(
        event,
        Event::OrderKnown(_)
            | Event::CodeChecked(_)
            | Event::FileDelivered { .. }
            | Event::FileDenied { .. }
    )
}

fn unless_file(
    living: &Living,
    key: &FileKey,
    number: usize,
    may: impl FnOnce(&FileProgress) -> bool,
) -> Option<Broken> {
    let file = living.file(key);
    let may = file.is_some_and(|file| may(&file.progress));
    (!may).then_some(Broken::FileOutOfTurn(number))
}
