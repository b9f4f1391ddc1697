//! What happens to one license: commands out of a small pool, and the events they lead to.
//!
//! Three orders, four ends of a term, two lengths of grace, two products, and instants that lie
//! at those ends or a microsecond beside them. Commands come in no order of time: a decision may
//! not rest on a clock that never goes back.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::{bool, option};
use tenure_domain::file::{FileContent, FileRequest, FileRules};
use tenure_domain::{
    Activation, Check, CodeStatus, Command, Event, Family, Instant, Intent, License, OrderDetails,
    Quantity, TermChange, WhenAbsent, decide,
};

use crate::builders::{
    self, activation, command, customer, order_line, product, term_change, well_formed,
};

/// The most commands in one sequence.
const COMMANDS_MAX: usize = 40;
/// The ends that a term may have, in seconds since the epoch; the last one is days away from the
/// others.
const ENDS: [i64; 4] = [100, 200, 300, 300 + 2 * 86_400];
/// The lengths of grace, in seconds.
const GRACES: [u32; 2] = [0, 10];

/// Makes 1 to 40 commands for one license. One in some twenty is signed by another family.
pub fn commands() -> impl Strategy<Value = Vec<Command>> {
    families().prop_flat_map(|family| vec(commands_of(family), 1..=COMMANDS_MAX))
}

/// Makes a history that really came from deciding [`commands`]; empty, if all were refused.
pub fn history() -> impl Strategy<Value = Vec<Event>> {
    commands().prop_map(|commands| decided(&commands))
}

/// Decides `commands` one after another, from nothing, and collects the events.
pub fn decided(commands: &[Command]) -> Vec<Event> {
    let mut license = License::Absent;
    let mut history = Vec::new();
    for command in commands {
        for event in decide(&license, command).unwrap_or_default() {
            license = license.evolve(&event);
            history.push(event);
        }
    }
    history
}

/// Makes any product family.
pub fn families() -> impl Strategy<Value = Family> {
    select(vec![
        Family::LicenseCode,
        Family::Saas,
        Family::OnlineLicense,
    ])
}

/// Makes instants where something changes in the pool, or a microsecond before or after that.
pub fn instants() -> impl Strategy<Value = Instant> {
    let ends = prop_oneof![Just(0), select(ENDS.to_vec())];
    (ends, graces(), -1..=1_i64).prop_map(|(end, grace_seconds, micros)| {
        let border = Instant::from_seconds(end).plus_seconds(i64::from(grace_seconds));
        Instant::from_micros(border.micros() + micros)
    })
}

fn commands_of(family: Family) -> impl Strategy<Value = Command> {
    let signer = prop_oneof![12 => Just(family), 1 => families()];
    let when_absent = select(vec![WhenAbsent::Remember, WhenAbsent::Refuse]);
    (signer, instants(), when_absent, intents()).prop_map(|(family, at, when_absent, intent)| {
        Command {
            when_absent,
            ..command(family, at, intent)
        }
    })
}

fn intents() -> impl Strategy<Value = Intent> {
    prop_oneof![
        4 => (1..=3_u32, bool::ANY, option::of(details())).prop_map(|(number, ready, told)| {
            Intent::Purchase {
                order: order_line(number),
                ready,
                details: told.map(Box::new),
            }
        }),
        6 => details().prop_map(|told| Intent::LearnOrder(Box::new(told))),
        4 => checks().prop_map(|check| Intent::NoteCheck(Box::new(check))),
        4 => option::of(1..=2_u8).prop_map(|number| Intent::ReportProvisioned {
            access: number.map(builders::sealed),
        }),
        4 => activations().prop_map(Intent::Activate),
        8 => term_changes().prop_map(Intent::Renew),
        6 => term_changes().prop_map(Intent::CancelRenewal),
        4 => term_changes().prop_map(Intent::ConvertToPaid),
        4 => (1..=3_u32, option::of(details())).prop_map(|(number, told)| Intent::Upgrade {
            order: order_line(number),
            details: told.map(Box::new),
        }),
        8 => Just(Intent::Freeze),
        3 => Just(Intent::Expire),
        6 => Just(Intent::Unfreeze),
        1 => option::of(1..=3_u32).prop_map(|number| Intent::Release {
            order: number.map(order_line),
        }),
        6 => file_requests(),
        3 => (1..=2_u32, option::of(1..=2_u8), 1..=2_u8).prop_map(|(number, device, content)| {
            Intent::MakeFile {
                key: builders::file_request(number, device).key(),
                content: FileContent::Characters(builders::sealed(content)),
            }
        }),
        3 => (1..=2_u32, option::of(1..=2_u8), bool::ANY).prop_map(|(number, device, denied)| {
            Intent::NoteDelivery {
                key: builders::file_request(number, device).key(),
                denied: denied.then(|| "91381037".into()),
            }
        }),
    ]
}

fn file_requests() -> impl Strategy<Value = Intent> {
    (
        1..=2_u32,
        option::of(1..=2_u8),
        option::of(select(ENDS.to_vec())),
        bool::ANY,
        bool::ANY,
    )
        .prop_map(|(number, device, end, needs_fingerprint, counts_units)| {
            Intent::RequestFile {
                request: Box::new(FileRequest {
                    expires_at: end.map(Instant::from_seconds),
                    ..builders::file_request(number, device)
                }),
                rules: FileRules {
                    needs_fingerprint,
                    counts_units,
                },
            }
        })
}

/// One of three words about one of the ends.
fn checks() -> impl Strategy<Value = Check> {
    let words = select(vec!["ALIVE", "EXPIRED", "RELEASED"]);
    (instants(), words, select(ENDS.to_vec())).prop_map(|(checked_at, word, end)| Check {
        checked_at,
        status: CodeStatus::of_word(word),
        ..builders::check(end)
    })
}

fn activations() -> impl Strategy<Value = Activation> {
    (
        1..=3_u32,
        select(ENDS.to_vec()),
        bool::ANY,
        graces(),
        option::of(1..=2_u32),
    )
        .prop_map(|(number, end, end_known, grace_seconds, product_number)| {
            let told = activation(number, end);
            Activation {
                expires_at: told.expires_at.filter(|_| end_known),
                grace_seconds,
                product: product_number.map(product),
                ..told
            }
        })
}

fn term_changes() -> impl Strategy<Value = TermChange> {
    (
        1..=3_u32,
        select(ENDS.to_vec()),
        graces(),
        option::of(1..=2_u32),
    )
        .prop_map(|(number, end, grace_seconds, product_number)| TermChange {
            grace_seconds,
            product: product_number.map(product),
            ..term_change(number, end)
        })
}

/// Of one of the orders, and one of two lines of it: by one of two customers, with a product, a
/// quantity or neither.
fn details() -> impl Strategy<Value = OrderDetails> {
    (
        1..=3_u32,
        1..=2_u32,
        option::of(1..=2_u32),
        option::of(1..=2_u32),
        option::of(1..=2_u32),
    )
        .prop_map(|(number, line, buyer, product_number, units)| {
            let mut order = order_line(number);
            if line > 1 {
                order.line = order_line(number + 100).line;
            }
            OrderDetails {
                order,
                customer: buyer.map(customer),
                product: product_number.map(product),
                quantity: units.map(|units| well_formed(Quantity::parse(units))),
                ..builders::details(number)
            }
        })
}

fn graces() -> impl Strategy<Value = u32> {
    select(GRACES.to_vec())
}
