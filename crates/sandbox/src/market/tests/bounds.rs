//! What is kept of reports, uploads and test codes has bounds, and the oldest gives way.

use std::collections::BTreeSet;

use chrono::TimeDelta;

use super::{market, purchase, start};
use crate::market::{
    CLIENTS_MAX, Charging, Clients, Market, MarketError, TermError, UPLOAD_BYTES_MAX, UPLOADS_MAX,
    USAGE_RECORDS_MAX, Upload, UploadError, UsageRecord,
};

fn with_instance(charging: Charging) -> Market {
    let mut market = market();
    let sold = market.sell_instance_by(charging, "cad", purchase(), start());
    let order = sold.unwrap().0.order.order;
    market.provisioned(&order, "instance-1".to_owned());
    market
}

#[test]
fn the_oldest_usage_is_forgotten_and_may_come_again() {
    let mut market = with_instance(Charging::OnDemand);
    let sellers = BTreeSet::from(["cad".to_owned()]);
    let record = |number: usize| UsageRecord {
        instance: "instance-1".to_owned(),
        product: None,
        recorded_at: start(),
        begins_at: start(),
        ends_at: start(),
        value: "1".to_owned(),
        metering_sn: Some(number.to_string()),
        package: None,
    };
    let all = (0..USAGE_RECORDS_MAX).map(record).collect();
    assert_eq!(
        market.report_usage(all, &sellers, start()),
        Ok(USAGE_RECORDS_MAX)
    );
    assert_eq!(
        market.report_usage(vec![record(0)], &sellers, start()),
        Ok(0)
    );
    let one_more = vec![record(USAGE_RECORDS_MAX)];
    assert_eq!(market.report_usage(one_more, &sellers, start()), Ok(1));
    assert_eq!(market.usage().count(), USAGE_RECORDS_MAX);
    assert_eq!(
        market.report_usage(vec![record(0)], &sellers, start()),
        Ok(1)
    );
}

#[test]
fn uploads_are_bounded_by_number_and_by_bytes() {
    let mut market = with_instance(Charging::Period);
    let deliver = |market: &mut Market, number: usize, size: usize| {
        let (event, _) = market
            .apply_for_license("instance-1", None, start())
            .unwrap();
        let upload = Upload {
            event,
            received_at: start(),
            file_name: None,
            sha256: number.to_string(),
            content: vec![b'x'; size],
        };
        market.deliver(upload).unwrap();
    };
    for number in 0..=UPLOADS_MAX {
        deliver(&mut market, number, 1);
    }
    assert_eq!(market.uploads().count(), UPLOADS_MAX);
    assert_eq!(market.uploads().next().unwrap().sha256, "1");
    for number in 0..3 {
        deliver(&mut market, number, UPLOAD_BYTES_MAX / 2);
    }
    assert_eq!(market.uploads().count(), 2);
}

#[test]
fn an_application_among_too_many_is_forgotten() {
    let mut market = with_instance(Charging::Period);
    let mut events = (0..=1000).map(|_| {
        let applied = market.apply_for_license("instance-1", None, start());
        applied.unwrap().0
    });
    let (first, second) = (events.next().unwrap(), events.next().unwrap());
    assert_eq!(events.count(), 999);
    let upload = |event: &str| Upload {
        event: event.to_owned(),
        received_at: start(),
        file_name: None,
        sha256: String::new(),
        content: Vec::new(),
    };
    assert_eq!(
        market.deliver(upload(&first)),
        Err(UploadError::Application)
    );
    assert_eq!(market.deliver(upload(&second)), Ok(()));
}

#[test]
fn a_code_cannot_be_applied_for_and_an_unnamed_instance_neither() {
    let mut market = market();
    let (code, _) = market.sell_code("cad", purchase(), start()).unwrap();
    let (instance, _) = market.sell_instance("cad", purchase(), start()).unwrap();
    for (id, error) in [
        (code.order.order.as_str(), MarketError::NotApplicable),
        (instance.order.order.as_str(), MarketError::NotProvisioned),
        ("instance-0", MarketError::UnknownSale),
    ] {
        let refused = market.apply_for_license(id, None, start());
        assert_eq!(refused.err(), Some(error));
    }
}

#[test]
fn the_test_code_that_ends_first_makes_room() {
    let mut market = market();
    let first = market.issue_test_code(2, start()).unwrap();
    let brief = market.issue_test_code(1, start()).unwrap();
    for _ in 2..=1000 {
        market.issue_test_code(3, start()).unwrap();
    }
    let left: BTreeSet<String> = market.test_codes().map(|view| view.code).collect();
    assert_eq!(left.len(), 1000);
    assert!(left.contains(&first.code) && !left.contains(&brief.code));
    for days in [0, 3651] {
        let refused = market.issue_test_code(days, start());
        assert_eq!(refused.err(), Some(MarketError::Term(TermError::Days)));
    }
}

#[test]
fn clients_are_told_apart_up_to_a_number_and_anew_every_day() {
    let mut market = market();
    let code = market.issue_test_code(7, start()).unwrap().code;
    market.activate(&code, start()).unwrap();
    let names = |count: usize| Clients::Named((0..count).map(|it| it.to_string()).collect());
    market
        .report_clients(&code, names(CLIENTS_MAX + 1), start())
        .unwrap();
    assert_eq!(market.clients()[&code].named.len(), CLIENTS_MAX);
    let tomorrow = start() + TimeDelta::days(1);
    market.report_clients(&code, names(1), tomorrow).unwrap();
    assert_eq!(market.clients()[&code].named.len(), 1);
}

#[test]
fn what_is_bought_for_good_is_not_renewed() {
    let mut market = with_instance(Charging::OneTime);
    let far = start() + TimeDelta::days(99 * 365);
    assert!(market.sweep(far).is_empty());
    for change in [
        super::Change::Renew { months: 1 },
        super::Change::Convert { months: 1 },
    ] {
        let refused = market.change("instance-1", change, start());
        assert_eq!(refused.err(), Some(MarketError::NotApplicable));
    }
}
