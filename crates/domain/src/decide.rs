//! From a state and a command to events.
//!
//! # The decision table
//!
//! | state → command ↓ | absent | provisioning | issued | in force | suspended | expired | released |
//! | --- | --- | --- | --- | --- | --- | --- | --- |
//! | purchase | purchased (+ order known¹²) (+ provisioned¹)⁸ | again | again | again | again | again | again |
//! | report provisioned⁹ | *unknown* | provisioned (+ access told¹⁴) | *not provisionable* | access told¹⁴ | as before it was frozen | same | *released* |
//! | activate¹⁰ | issued + activated | again | activated | again | activated⁵ | activated⁵ | *released* |
//! | renew | issued + renewed² | renewed³ | renewed³ | renewed³ | renewed³ | renewed + reinstated³ ⁴ | *released* |
//! | cancel renewal | issued + renewal cancelled² | renewal cancelled³ | same | same | same | same | *released* |
//! | convert to paid | issued + converted² | converted³ | same | same | same | converted + reinstated³ ⁴ | *released* |
//! | upgrade | issued + upgraded (+ order known¹²)² | upgraded (+ order known¹²)³ | same | same | same | same | *released* |
//! | freeze | issued + suspended² | suspended or expired⁶ | same | same | again | again | *released* |
//! | expire | issued + expired² | expired¹³ | same | same | again | again | *released* |
//! | unfreeze | issued² | again | again | again | reinstated | reinstated | *released* |
//! | release | issued + released⁷ | released | released | released | released | released | again |
//! | learn order¹¹ | *unknown* | order known | same | same | same | same | same |
//! | note check¹⁸ | *unknown* | again | code checked | same | same | same | same |
//! | request file¹⁵ | *unknown* | *outside term* | *no files* | file requested | *outside term* | *outside term* | *released* |
//! | make file¹⁶ | *unknown* | *not requested* | *not requested* | file made | file made | file made | *released* |
//! | note delivery¹⁷ | *unknown* | *not requested* | *not requested* | file delivered or denied | same | same | same |
//!
//! *Italic*: a refusal. "Again": no events, because nothing is left to do. "Suspended" and
//! "expired" mean that use is withheld; what the license was before it was frozen stays known.
//!
//! 1. If the application is ready at once.
//! 2. Authorization codes only, and only if codes never seen are to be remembered; otherwise *unknown*.
//! 3. Again, if the same order line made the same change before, whatever came after it: a renewal
//!    that is told once more after it was cancelled does not come back.
//! 4. Reinstated, if the new end of the term lies ahead: the guides let a frozen license be
//!    renewed, and do not promise that an unfreeze follows.
//! 5. Unless that was done before it was frozen: then again.
//! 6. Expired, if the term's end has come; suspended before that, and where no end is known.
//! 7. Authorization codes: always, as a tombstone. Instances: *unknown*.
//! 8. Instances only. Nobody purchases an authorization code here: *unknown*.
//! 9. A code is activated, never provisioned: in every state but absent and released *not provisionable*.
//! 10. Codes only. An instance is never activated: absent *unknown*, living "again".
//! 11. Of orders that changed the license; otherwise *not its order*. Again, if just this is known
//!     of the order line; anything else is the marketplace's later word, and counts.
//! 12. If the call tells what the order is, and just this is not known of it already.
//! 13. Again, if the end of the term is one that a renewal or a conversion set, and lies more than
//!     a day ahead: a call about the end before it, repeated after the buyer renewed.
//! 14. If where the buyer finds the application is told, and is news.
//! 15. Online licenses only; otherwise *no files*. Again, if just this was asked for before.
//!     The refusals, in this order: *fingerprint required*, *expiry required* (of a license that has
//!     an end), *outside term* (not in force, or not for all of the time that the file is to hold),
//!     *quota exhausted* (if units are counted).
//! 16. Of a file that was asked for; otherwise *not requested*. Again, if just this was made;
//!     *made before*, if it was another one.
//! 17. Of a file that was made; otherwise *not requested*. Again, if it was delivered, or was denied
//!     and is denied once more.
//! 18. Codes only; of an instance always "again". Again, if just this was told last.
//!
//! # Which refusal wins
//!
//! Absence is looked at first, then the family, then the release, then whether the order is one of
//! the license's, then repetition: a command of the wrong family learns nothing about a license
//! that another family owns, released or not.

mod file;

use crate::check::Check;
use crate::command::{Command, Intent, WhenAbsent};
use crate::event::{Event, TermChange};
use crate::ids::OrderLine;
use crate::license::{Change, ChangeKind, Family, Hold, License, Living, Phase};
use crate::order_details::OrderDetails;
use crate::refusal::Refusal;
use crate::sealed::Sealed;
use crate::time::Instant;

/// How far ahead, in seconds, an end lies that an expiry cannot be about. The marketplace repeats a
/// call for an hour; the rest is for clocks and time zones.
const EXPIRY_AHEAD_SECONDS_MAX: i64 = 86_400;

/// Decides what a command does to a license: events, none if nothing is left to do, or a refusal.
pub fn decide(license: &License, command: &Command) -> Result<Vec<Event>, Refusal> {
    match license {
        License::Absent => on_absent(command),
        License::Living(living) | License::Released(living) if living.family != command.family => {
            Err(Refusal::OtherFamily)
        },
        License::Released(living) => on_released(living, &command.intent),
        License::Living(living) => on_living(living, command),
    }
}

fn on_absent(command: &Command) -> Result<Vec<Event>, Refusal> {
    if command.family != Family::LicenseCode {
        return match &command.intent {
            Intent::Purchase {
                order,
                ready,
                details,
            } => Ok(purchase(command, order, *ready, details.as_deref())),
            Intent::ReportProvisioned { .. }
            | Intent::Activate(_)
            | Intent::Renew(_)
            | Intent::CancelRenewal(_)
            | Intent::ConvertToPaid(_)
            | Intent::Upgrade { .. }
            | Intent::Freeze
            | Intent::Expire
            | Intent::Unfreeze
            | Intent::Release { .. }
            | Intent::LearnOrder(_)
            | Intent::NoteCheck(_)
            | Intent::RequestFile { .. }
            | Intent::MakeFile { .. }
            | Intent::NoteDelivery { .. } => Err(Refusal::Unknown),
        };
    }
    let remembered = match &command.intent {
        Intent::Activate(_) | Intent::Release { .. } => true,
        Intent::Purchase { .. }
        | Intent::ReportProvisioned { .. }
        | Intent::LearnOrder(_)
        | Intent::NoteCheck(_)
        | Intent::RequestFile { .. }
        | Intent::MakeFile { .. }
        | Intent::NoteDelivery { .. } => false,
        Intent::Renew(_)
        | Intent::CancelRenewal(_)
        | Intent::ConvertToPaid(_)
        | Intent::Upgrade { .. }
        | Intent::Freeze
        | Intent::Expire
        | Intent::Unfreeze => command.when_absent == WhenAbsent::Remember,
    };
    if !remembered {
        return Err(Refusal::Unknown);
    }
    let issued = Event::Issued {
        listing: command.listing.clone(),
    };
    let mut events = vec![issued.clone()];
    if let License::Living(living) = License::Absent.evolve(&issued) {
        events.extend(on_living(&living, command)?);
    }
    Ok(events)
}

fn purchase(
    command: &Command,
    order: &OrderLine,
    ready: bool,
    details: Option<&OrderDetails>,
) -> Vec<Event> {
    let mut events = vec![Event::Purchased {
        listing: command.listing.clone(),
        family: command.family,
        order: order.clone(),
    }];
    events.extend(told_of(order, details));
    if ready {
        events.push(Event::Provisioned {
            provisioned_at: command.at,
        });
    }
    events
}

/// That an order became known with the call that named it.
fn told_of(order: &OrderLine, details: Option<&OrderDetails>) -> Option<Event> {
    let details = details.filter(|details| details.order == *order)?;
    Some(Event::OrderKnown(Box::new(details.clone())))
}

fn on_released(released: &Living, intent: &Intent) -> Result<Vec<Event>, Refusal> {
    match intent {
        Intent::LearnOrder(details) => learn(released, details),
        Intent::NoteCheck(check) => Ok(checked(released, check)),
        Intent::Purchase { .. } | Intent::Release { .. } => Ok(Vec::new()),
        // What the marketplace made of a file is so, whatever became of the license.
        Intent::NoteDelivery { key, denied } => {
            file::note_delivery(released, key, denied.as_deref())
        },
        Intent::ReportProvisioned { .. }
        | Intent::RequestFile { .. }
        | Intent::MakeFile { .. }
        | Intent::Activate(_)
        | Intent::Renew(_)
        | Intent::CancelRenewal(_)
        | Intent::ConvertToPaid(_)
        | Intent::Upgrade { .. }
        | Intent::Freeze
        | Intent::Expire
        | Intent::Unfreeze => Err(Refusal::Released),
    }
}

fn on_living(living: &Living, command: &Command) -> Result<Vec<Event>, Refusal> {
    let at = command.at;
    Ok(match &command.intent {
        Intent::Purchase { .. } => Vec::new(),
        Intent::ReportProvisioned { access } => provisioned(living, at, access.as_ref())?,
        Intent::Activate(activation) => match living.phase {
            Phase::Issued => vec![Event::Activated(activation.clone())],
            Phase::Provisioning | Phase::InForce => Vec::new(),
        },
        Intent::Renew(change) => lengthen(
            living,
            at,
            ChangeKind::Renewal,
            change,
            Event::Renewed(change.clone()),
        ),
        Intent::ConvertToPaid(change) => {
            let event = Event::ConvertedToPaid(change.clone());
            lengthen(living, at, ChangeKind::Conversion, change, event)
        },
        Intent::CancelRenewal(change) => {
            let known = Change::of_term(ChangeKind::RenewalCancellation, change);
            unless(
                living.has_seen(&known),
                Event::RenewalCancelled(change.clone()),
            )
        },
        Intent::Upgrade { order, details } => upgrade(living, order, details.as_deref()),
        Intent::Freeze if !living.term.has_ended(at) => {
            unless(living.hold.is_some(), Event::Suspended)
        },
        Intent::Freeze => unless(living.hold.is_some(), Event::Expired),
        Intent::Expire => {
            let done = living.hold.is_some() || is_renewed_beyond(living, at);
            unless(done, Event::Expired)
        },
        Intent::Unfreeze => unless(living.hold.is_none(), Event::Reinstated),
        Intent::Release { order } => vec![Event::Released {
            order: order.clone(),
        }],
        Intent::LearnOrder(details) => return learn(living, details),
        Intent::NoteCheck(check) => checked(living, check),
        Intent::RequestFile { request, rules } => {
            return file::request(living, at, request, *rules);
        },
        Intent::MakeFile { key, content } => return file::make(living, key, content),
        Intent::NoteDelivery { key, denied } => {
            return file::note_delivery(living, key, denied.as_deref());
        },
    })
}

/// What the merchant told once holds until it tells something else; saying nothing takes nothing
/// back.
fn provisioned(
    living: &Living,
    at: Instant,
    access: Option<&Sealed>,
) -> Result<Vec<Event>, Refusal> {
    let mut events = match living.phase {
        Phase::Provisioning => vec![Event::Provisioned { provisioned_at: at }],
        Phase::InForce if living.family != Family::LicenseCode => Vec::new(),
        Phase::Issued | Phase::InForce => return Err(Refusal::NotProvisionable),
    };
    let known = living.access.as_ref();
    let news = access.filter(|access| !known.is_some_and(|it| it.says_the_same(access)));
    events.extend(news.cloned().map(|access| Event::AccessTold { access }));
    Ok(events)
}

fn upgrade(living: &Living, order: &OrderLine, details: Option<&OrderDetails>) -> Vec<Event> {
    if living.has_seen(&Change::of_order(ChangeKind::Upgrade, order)) {
        return Vec::new();
    }
    let mut events = vec![Event::Upgraded {
        order: order.clone(),
    }];
    // The order may have made another change before, and be known since.
    let news = details.filter(|details| !living.orders_known.contains(details));
    events.extend(told_of(order, news));
    events
}

/// Whether the buyer has paid for so long after `at` that no expiry at `at` can be meant.
fn is_renewed_beyond(living: &Living, at: Instant) -> bool {
    let Some(end) = living.term.expires_at else {
        return false;
    };
    let is_bought = |change: &Change| {
        matches!(change.kind, ChangeKind::Renewal | ChangeKind::Conversion)
            && change.expires_at == Some(end)
    };
    end > at.plus_seconds(EXPIRY_AHEAD_SECONDS_MAX) && living.changes.iter().any(is_bought)
}

/// What an order is may be learned at any time, after the release too: it takes nothing and gives
/// nothing.
fn learn(living: &Living, details: &OrderDetails) -> Result<Vec<Event>, Refusal> {
    if !living.is_changed_by(&details.order) {
        return Err(Refusal::NotItsOrder);
    }
    Ok(unless(
        living.orders_known.contains(details),
        Event::OrderKnown(Box::new(details.clone())),
    ))
}

/// What a code is for the marketplace may be told at any time: after the release it may show that
/// the marketplace did not hear of it.
fn checked(living: &Living, check: &Check) -> Vec<Event> {
    let known = living.checked.as_ref();
    let is_known = known.is_some_and(|it| it.says_the_same(check));
    unless(
        is_known || living.family != Family::LicenseCode,
        Event::CodeChecked(Box::new(check.clone())),
    )
}

/// A change that sets a new end, and lifts an expiry when that end lies ahead.
fn lengthen(
    living: &Living,
    at: Instant,
    kind: ChangeKind,
    change: &TermChange,
    event: Event,
) -> Vec<Event> {
    if living.has_seen(&Change::of_term(kind, change)) {
        return Vec::new();
    }
    let mut events = vec![event];
    if living.hold == Some(Hold::Expired) && change.expires_at > at {
        events.push(Event::Reinstated);
    }
    events
}

fn unless(done: bool, event: Event) -> Vec<Event> {
    if done { Vec::new() } else { vec![event] }
}
