//! The service is told to stop while calls are under way.

use tenure_sandbox::body::{Body, OrderLine, refresh_license_code};

use crate::limits::Wire;
use crate::service::{Service, day, texts};

const CALLS: u32 = 12;

fn renewal(number: u32) -> Body {
    let order = OrderLine::first_of(format!("CS2211181819{number:04}"));
    let code = format!("PLTEST{number:04}");
    refresh_license_code("RENEWAL", &code, &order, None, day("2036-01-02"))
}

#[tokio::test]
async fn calls_that_are_under_way_are_answered_and_recorded() {
    let mut service = Service::start();
    let mut under_way: Vec<_> = (0..CALLS)
        .map(|number| {
            let call = service.signed("cad-pro", &renewal(number));
            let mut wire = Wire::connect(&service);
            let length = call.body.len();
            let headers = format!("Content-Length: {length}\r\nExpect: 100-continue\r\n");
            wire.send_head(&service, &call, &headers);
            // The service says that it reads the body now, so the call is under way.
            let head = wire.read_head();
            assert!(head.starts_with("HTTP/1.1 100"), "{head}");
            (wire, call)
        })
        .collect();
    service.terminate();
    service.await_line("stopping");
    for (wire, call) in &mut under_way {
        wire.send(call.body.as_bytes());
    }
    for (wire, _) in &mut under_way {
        wire.read_answer().0.is("000000");
    }
    service.await_end();
    assert_eq!(service.verdicts(), vec!["applied"; CALLS as usize]);
    service.run();
    let records = service.records_after(0).await.into();
    assert_eq!(
        texts(&records, "event"),
        ["issued", "renewed"].repeat(CALLS as usize)
    );
}

#[tokio::test]
async fn who_waits_for_the_next_record_does_not_hold_up_the_stop() {
    let mut service = Service::start();
    let waiting = service.get("/v1/records?after=0&wait=30");
    let stopping = async {
        let waits = "tenure_api_followers 1\n";
        while !service.get("/metrics").await.1.contains(waits) {}
        service.terminate();
    };
    let ((status, _), ()) = tokio::join!(waiting, stopping);
    assert_eq!(status, 200);
    service.await_end();
}
