//! Retries, stops and faults of production messages.

use std::collections::BTreeSet;
use std::time::Duration;

use tenure_sandbox::body::{OrderLine, new_instance, update_license_code_status};
use tenure_sandbox::check::Target;
use tenure_sandbox::client::Failure;
use tenure_sandbox::disorder::{Disorder, Rates};
use tenure_sandbox::messages::{Destination, Messages, RETRIES_MAX, State};

use crate::merchant::{Manner, Merchant};
use crate::{client, impatient_client};

const INTERVAL: Duration = Duration::from_millis(1);

fn destination(target: Target) -> Destination {
    Destination {
        url: target.url,
        key: target.key,
    }
}

#[actix_web::test]
async fn a_failing_call_is_repeated_freshly_signed_until_it_succeeds() {
    let (target, merchant) = Merchant::start(Manner::Failing(3));
    let messages = Messages::new(client(), INTERVAL, Disorder::default());
    let id = messages.post(
        destination(target),
        new_instance("first", &OrderLine::first_of("CS2211181819B4LVS")),
    );
    assert_eq!(messages.find(id).unwrap().state, State::Pending);
    let message = messages.deliver(id).await.unwrap();
    assert_eq!((message.state, message.attempts), (State::Delivered, 4));
    let calls = merchant.calls();
    let signatures: BTreeSet<_> = calls.iter().map(|(signature, _)| signature).collect();
    let bodies: BTreeSet<_> = calls.iter().map(|(_, body)| body).collect();
    assert_eq!((calls.len(), signatures.len()), (4, 4));
    assert_eq!(bodies.len(), 4, "businessId differs on every call");
}

#[actix_web::test]
async fn a_call_stops_after_sixty_repeats_and_can_be_sent_again_by_hand() {
    let repeats = usize::try_from(RETRIES_MAX).unwrap();
    let (target, merchant) = Merchant::start(Manner::Failing(repeats + 1));
    let messages = Messages::new(client(), INTERVAL, Disorder::default());
    let id = messages.post(
        destination(target),
        update_license_code_status("PLTEST0001", "FREEZE"),
    );
    assert!(!messages.resend(id), "it still is on its way");
    let message = messages.deliver(id).await.unwrap();
    assert_eq!(
        (message.state, message.attempts),
        (State::Stopped, RETRIES_MAX + 1)
    );
    let failure = message.last.unwrap().failure;
    assert_eq!(failure, Some(Failure::ResultCode("000005".to_owned())));
    assert_eq!(merchant.calls().len(), repeats + 1);

    assert!(messages.resend(id));
    let message = messages.deliver(id).await.unwrap();
    assert_eq!((message.state, message.attempts), (State::Delivered, 1));
    assert!(!messages.resend(id + 1));
    assert!(messages.deliver(id + 1).await.is_none());
}

#[actix_web::test]
async fn no_answer_in_time_and_no_server_are_failures() {
    let (target, _merchant) = Merchant::start(Manner::Silent);
    let unreachable = Target {
        url: "http://127.0.0.1:1/in".to_owned(),
        ..target.clone()
    };
    for (target, is_expected) in [
        (
            target,
            (|failure| matches!(failure, Failure::TooLate(_))) as fn(&Failure) -> bool,
        ),
        (unreachable, |failure| {
            matches!(failure, Failure::Unreachable(_))
        }),
    ] {
        let messages = Messages::new(impatient_client(), INTERVAL, Disorder::default());
        let body = update_license_code_status("PLTEST0001", "FREEZE");
        let id = messages.post(destination(target), body);
        // Sixty times out would take long: one attempt is told from the list.
        let delivery = messages.deliver(id);
        let seen = async {
            loop {
                tokio::task::yield_now().await;
                if let Some(last) = messages.find(id).unwrap().last {
                    break last;
                }
            }
        };
        tokio::select! {
            _ = delivery => panic!("nobody took the call"),
            last = seen => assert!(is_expected(last.failure.as_ref().unwrap()), "{last:?}"),
        }
    }
}

fn disorder(rates: Rates) -> Disorder {
    Disorder { seed: 5, rates }
}

#[actix_web::test]
async fn a_duplicate_arrives_twice() {
    let (target, merchant) = Merchant::start(Manner::Good);
    let rates = Rates {
        duplicate_percent: 100,
        ..Rates::default()
    };
    let messages = Messages::new(client(), INTERVAL, disorder(rates));
    let body = update_license_code_status("PLTEST0001", "FREEZE").with_test_flag();
    let id = messages.post(destination(target), body);
    let message = messages.deliver(id).await.unwrap();
    assert_eq!((message.state, message.attempts), (State::Delivered, 1));
    assert_eq!(merchant.calls().len(), 2);
}

#[actix_web::test]
async fn a_lost_answer_makes_the_call_come_again() {
    let (target, merchant) = Merchant::start(Manner::Naive);
    let rates = Rates {
        lose_answer_percent: 50,
        ..Rates::default()
    };
    let disorder = disorder(rates);
    let messages = Messages::new(client(), INTERVAL, disorder);
    let expected: Vec<u32> = (1..=20)
        .map(|id| {
            (1..=RETRIES_MAX)
                .find(|attempt| disorder.fault(id, *attempt) == FAULTLESS)
                .unwrap()
        })
        .collect();
    let mut attempts = Vec::new();
    for _ in 0..20 {
        let body = update_license_code_status("PLTEST0001", "FREEZE");
        let id = messages.post(destination(target.clone()), body);
        attempts.push(messages.deliver(id).await.unwrap().attempts);
    }
    assert_eq!(attempts, expected);
    let sum: u32 = expected.iter().sum();
    assert!(sum > 20);
    assert_eq!(merchant.calls().len(), usize::try_from(sum).unwrap());
}

const FAULTLESS: tenure_sandbox::disorder::Fault = tenure_sandbox::disorder::Fault::None;

#[actix_web::test]
async fn a_call_that_is_held_back_is_overtaken() {
    let (target, merchant) = Merchant::start(Manner::Naive);
    let half = disorder(Rates {
        hold_back_percent: 50,
        ..Rates::default()
    });
    let held =
        (1..1000).find(|id| half.fault(*id, 1) != FAULTLESS && half.fault(id + 1, 1) == FAULTLESS);
    let held = held.unwrap();
    let messages = Messages::new(client(), Duration::from_hours(1), half);
    for number in 1..=held + 1 {
        let body = update_license_code_status(&format!("PL{number}"), "FREEZE");
        messages.post(destination(target.clone()), body);
    }
    let (first, second) = tokio::join!(messages.deliver(held), messages.deliver(held + 1));
    assert_eq!(first.unwrap().state, State::Delivered);
    assert_eq!(second.unwrap().state, State::Delivered);
    let bodies: Vec<String> = merchant.calls().into_iter().map(|(_, body)| body).collect();
    assert!(
        bodies[0].contains(&format!("PL{}\"", held + 1)),
        "{bodies:?}"
    );
    assert!(bodies[1].contains(&format!("PL{held}\"")), "{bodies:?}");
}

#[actix_web::test]
async fn a_call_that_nothing_overtakes_goes_out_after_the_interval() {
    let (target, _merchant) = Merchant::start(Manner::Naive);
    let rates = Rates {
        hold_back_percent: 100,
        ..Rates::default()
    };
    let messages = Messages::new(client(), INTERVAL, disorder(rates));
    let id = messages.post(
        destination(target),
        update_license_code_status("PLTEST0001", "FREEZE"),
    );
    let message = messages.deliver(id).await.unwrap();
    assert_eq!((message.state, message.attempts), (State::Delivered, 1));
}
