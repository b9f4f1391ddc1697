//! Every sequence of three commands, from nothing.

use tenure_domain::{Command, Family, Instant, Intent, OrderDetails, WhenAbsent};
use tenure_testkit::{
    activation, check, command, customer, details, order_line, sealed, term_change,
};

use crate::audit::Audited;

const DEPTH: usize = 3;

#[test]
fn every_sequence_of_three_commands_obeys_the_laws() {
    let commands = representatives();
    let walked = walk(&Audited::default(), &commands, DEPTH);
    let count = commands.len();
    assert_eq!(walked, count + count.pow(2) + count.pow(3));
}

/// Takes every command, and after each every command again; returns the number of steps.
fn walk(from: &Audited, commands: &[Command], depth: usize) -> usize {
    if depth == 0 {
        return 0;
    }
    let mut steps = 0;
    for command in commands {
        let next = from.step(command);
        steps += 1 + walk(&next, commands, depth - 1);
    }
    steps
}

/// Commands of two families that repeat, follow, contradict and overtake one another.
fn representatives() -> Vec<Command> {
    let mut commands = Vec::new();
    for (at, intent) in intents() {
        let at = Instant::from_seconds(at);
        let remembering = command(Family::LicenseCode, at, intent.clone());
        commands.push(Command {
            when_absent: WhenAbsent::Refuse,
            ..remembering.clone()
        });
        commands.push(remembering);
        commands.push(command(Family::Saas, at, intent));
    }
    commands
}

/// Intents, each with the second at which it takes effect; terms end at 100, 200 or 300, or days
/// later.
fn intents() -> Vec<(i64, Intent)> {
    vec![
        (10, purchase(true)),
        (10, purchase(false)),
        (20, Intent::ReportProvisioned { access: None }),
        (20, Intent::Activate(activation(1, 100))),
        (50, Intent::Renew(term_change(2, 100))),
        (50, Intent::Renew(term_change(2, 300))),
        (50, Intent::Renew(term_change(7, 300_000))),
        (150, Intent::Renew(term_change(3, 200))),
        (150, Intent::CancelRenewal(term_change(3, 100))),
        (150, Intent::ConvertToPaid(term_change(4, 200))),
        (
            50,
            Intent::Upgrade {
                order: order_line(5),
                details: None,
            },
        ),
        (
            50,
            Intent::Upgrade {
                order: order_line(1),
                details: Some(Box::new(details(1))),
            },
        ),
        (50, Intent::Freeze),
        (150, Intent::Freeze),
        (250, Intent::Freeze),
        (50, Intent::Expire),
        (150, Intent::Unfreeze),
        (150, Intent::Release { order: None }),
        (
            150,
            Intent::Release {
                order: Some(order_line(6)),
            },
        ),
        (
            10,
            Intent::Purchase {
                order: order_line(1),
                ready: true,
                details: Some(Box::new(details(1))),
            },
        ),
        (60, Intent::LearnOrder(Box::new(details(1)))),
        (60, Intent::LearnOrder(Box::new(told_otherwise()))),
        (160, Intent::LearnOrder(Box::new(details(2)))),
        (40, Intent::NoteCheck(Box::new(check(100)))),
        (
            30,
            Intent::ReportProvisioned {
                access: Some(sealed(1)),
            },
        ),
    ]
}

/// Order 1 again, as of another buyer.
fn told_otherwise() -> OrderDetails {
    OrderDetails {
        customer: Some(customer(2)),
        product: None,
        ..details(1)
    }
}

fn purchase(ready: bool) -> Intent {
    Intent::Purchase {
        order: order_line(1),
        ready,
        details: None,
    }
}
