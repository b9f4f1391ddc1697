//! What is written beside licenses: enterprises, and the use of licenses.

use tenure_domain::tenant::{Binding, Command, Partition};
use tenure_domain::usage::{self, Report, Used};
use tenure_domain::{SealKey, UsageSerial};
use tenure_journal::transact::transact;
use tenure_journal::{MemoryLog, ReadLog, StreamId, Verdict};
use tenure_testkit::{code, listing, sealed};

use crate::samples::{
    activate, decide, merchant, receipts, records, second, seeded, tell, tenant_key, used,
};

fn bind(name: u8) -> Command {
    Command::Bind(Binding {
        order: None,
        code: "demo".into(),
        domain: "https://demo.example.com".into(),
        name: sealed(name),
    })
}

fn report(serial: &str, count: u32) -> usage::Command {
    usage::Command::Report {
        listing: listing(),
        reports: vec![Report {
            serial: UsageSerial::parse(serial).expect("it is well formed"),
            used: Used::ActiveClients { count },
        }],
    }
}

#[test]
fn what_is_told_of_an_enterprise_is_decided_on_what_was_told_before() {
    let mut log = MemoryLog::default();
    let real = |at, command| tell(Partition::Real, second(at), command);
    let calls = [real(1, bind(1)), real(2, bind(1)), real(3, Command::Unbind)];
    let done = decide(&mut log, &mut seeded(), second(9), &calls);
    let verdicts: Vec<_> = done.iter().map(|done| done.verdict).collect();
    assert_eq!(
        verdicts,
        [Verdict::Applied, Verdict::AlreadyApplied, Verdict::Applied]
    );
    let answers: Vec<_> = done.iter().map(|done| done.answer.to_vec()).collect();
    assert_eq!(answers, [&b"recorded"[..], b"again", b"recorded"]);
    let later = decide(
        &mut log,
        &mut seeded(),
        second(10),
        &[real(10, Command::Unbind)],
    );
    assert_eq!(later[0].verdict, Verdict::AlreadyApplied);
    let stream = StreamId::tenant(&merchant(), &tenant_key(Partition::Real));
    let records = records(&mut log);
    assert_eq!(records.len(), 2);
    for (record, at) in records.iter().zip([1, 3]) {
        assert_eq!(record.stream, stream);
        assert_eq!(record.effective_at, second(at));
    }
}

#[test]
fn a_test_call_leaves_its_records_in_a_stream_of_its_own_and_is_a_probe() {
    let mut log = MemoryLog::default();
    let calls = [Partition::Test, Partition::Real, Partition::Test]
        .map(|partition| tell(partition, second(1), bind(1)));
    let done = decide(&mut log, &mut seeded(), second(9), &calls);
    let verdicts: Vec<_> = done
        .iter()
        .map(|done| (done.verdict, done.records))
        .collect();
    assert_eq!(
        verdicts,
        [
            (Verdict::Probe, 1),
            (Verdict::Applied, 1),
            (Verdict::Probe, 0)
        ]
    );
    let streams: Vec<_> = records(&mut log).into_iter().map(|it| it.stream).collect();
    let expected = [Partition::Test, Partition::Real]
        .map(|partition| StreamId::tenant(&merchant(), &tenant_key(partition)));
    assert_eq!(streams, expected);
}

#[test]
fn reports_of_use_are_beside_the_license_and_refused_as_a_whole() {
    let mut log = MemoryLog::default();
    let calls = [
        activate(1, second(1)),
        used(second(2), report("METERTEST0001", 30)),
        used(second(3), report("METERTEST0001", 30)),
        used(second(4), report("METERTEST0001", 31)),
    ];
    let done = decide(&mut log, &mut seeded(), second(9), &calls);
    let ends: Vec<_> = done
        .iter()
        .map(|done| (done.verdict, done.reason.as_deref(), &*done.answer))
        .collect();
    assert_eq!(
        ends[1..],
        [
            (Verdict::Applied, None, &b"recorded"[..]),
            (Verdict::AlreadyApplied, None, b"again"),
            (Verdict::Refused, Some("serial_reused"), b"serial_reused"),
        ]
    );
    let stream = StreamId::usage(&merchant(), &code(1));
    assert_eq!(stream.license_id(), Some(&code(1)));
    let position = log.head().expect("memory is read").position;
    let of_use = log.read_stream(&stream, position).expect("memory is read");
    assert_eq!(of_use.len(), 1);
}

#[test]
fn a_sealed_body_is_kept_with_the_name_of_its_key() {
    let mut log = MemoryLog::default();
    let mut call = tell(Partition::Real, second(1), bind(1));
    call.arrived.sealed_with = Some(SealKey::new(u128::MAX));
    call.arrived.body = [0xff; 32].into();
    transact(&mut log, &mut seeded(), second(1), &[call]).expect("memory takes it");
    let [receipt] = &receipts(&mut log)[..] else {
        panic!("there is one receipt")
    };
    assert_eq!(receipt.sealed_with, Some(SealKey::new(u128::MAX)));
    assert_eq!(*receipt.body, [0xff; 32]);
}
