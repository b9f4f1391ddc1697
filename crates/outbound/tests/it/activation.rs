//! What becomes of every answer to an activation.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tenure_domain::{Event, Instant, License, LicenseId, ListingId, MerchantId};
use tenure_journal::record_ids::Entropy;
use tenure_journal::{
    Clock, MemoryLog, Outcome, Position, Queue, ReadLog, Receipt, StreamId, Verdict, Watch, queue,
};
use tenure_koogallery::OpenApiError;
use tenure_outbound::{Account, ActivateError, Activated, Activator};

use crate::marketplace::{Marketplace, Says, client, clock};

const ACTIVATED: &str = r#"{"error_code":"92020000","data":{"license_code_info":"{\"status\":\"ALIVE\",\"expire_time\":\"20270101000000\",\"product_id\":\"PRODTEST0001\",\"amount\":2,\"order_id\":\"CS2211181819T0001\"}"}}"#;
const ALIVE: &str = r#"{"error_code":"92020000","data":{"license_code":"PLTEST0001","status":"ALIVE","activate_time":"20260102030400","expire_time":"20270102155959"}}"#;
const RELEASED: &str =
    r#"{"error_code":"92020000","data":{"license_code":"PLTEST0001","status":"RELEASED"}}"#;
const ILLEGAL_STATE: &str = r#"{"error_code":"92020003","error_msg":"illegal state"}"#;

mod batch;
mod check;
mod v2;

/// An activation against a scripted marketplace, and the journal it leaves behind.
struct Scene {
    market: Marketplace,
    activator: Activator,
    log: MemoryLog,
}

fn merchant() -> MerchantId {
    MerchantId::parse("acme").unwrap()
}

fn code() -> LicenseId {
    tenure_testkit::code(1)
}

impl Scene {
    fn new(script: Vec<Says>) -> Self {
        Self::of(script, BTreeSet::new())
    }

    /// One whose listing uses the second edition of the interfaces.
    fn by_v2(script: Vec<Says>) -> Self {
        Self::of(script, BTreeSet::from([tenure_testkit::listing()]))
    }

    fn of(script: Vec<Says>, by_v2: BTreeSet<ListingId>) -> Self {
        let market = Marketplace::saying(script);
        let log = MemoryLog::default();
        let (queue, clock) = (start(&log), clock());
        let account = Account {
            merchant: merchant(),
            client: client(
                format!("http://{}", market.address),
                None,
                Duration::from_secs(5),
            ),
            grace_seconds: 3600,
        };
        let accounts = BTreeMap::from([(tenure_testkit::listing(), account)]);
        Self {
            market,
            activator: Activator::new(accounts, queue, clock).by_v2(by_v2),
            log,
        }
    }

    async fn activate(&self) -> Result<Activated, ActivateError> {
        let listing = tenure_testkit::listing();
        self.activator.activate(&listing, &code()).await
    }

    fn events(&mut self) -> Vec<Event> {
        let records = self.log.read_after(Position::START, 100).unwrap();
        records
            .iter()
            .filter_map(|record| record.event.as_license().cloned())
            .collect()
    }

    fn license(&mut self) -> License {
        let stream = StreamId::license(&merchant(), &code());
        let records = self.log.read_stream(&stream, Position::MAX).unwrap();
        License::replay(records.iter().filter_map(|it| it.event.as_license()))
    }

    fn receipts(&mut self) -> Vec<Receipt> {
        self.log.receipts_after(None, 100).unwrap()
    }

    /// Activity, verdict and reason of every receipt.
    fn verdicts(&mut self) -> Vec<(String, Verdict, String)> {
        let receipts = self.receipts();
        receipts
            .iter()
            .map(|it| {
                (
                    it.activity.as_deref().unwrap_or_default().to_owned(),
                    it.verdict,
                    it.reason.as_deref().unwrap_or_default().to_owned(),
                )
            })
            .collect()
    }
}

fn start(log: &MemoryLog) -> Queue {
    let log = log.clone();
    let clock: Arc<dyn Clock> = clock();
    let (queue, _writer) = queue::start(
        Box::new(move || Ok(log.clone())),
        clock,
        Entropy::Seeded(1),
        Arc::new(Watch::default()),
        16,
    )
    .unwrap();
    queue
}

fn seen(activity: &str, verdict: Verdict, reason: &str) -> (String, Verdict, String) {
    (activity.to_owned(), verdict, reason.to_owned())
}

/// 2027-01-02T15:59:59Z and 2027-01-01T00:00:00Z.
const AUTHORITATIVE: Instant = Instant::from_seconds(1_798_905_599);
const ESTIMATE: Instant = Instant::from_seconds(1_798_761_600);

#[tokio::test]
async fn an_activation_takes_the_facts_of_both_answers() {
    let mut scene = Scene::new(vec![Says::Answer(200, ACTIVATED), Says::Answer(200, ALIVE)]);
    let activated = scene.activate().await.unwrap();
    assert_eq!(activated.outcome, Outcome::Recorded);
    assert_eq!(activated.expires_at, Some(AUTHORITATIVE));
    assert!(!activated.estimate);
    assert_eq!(activated.head, Position::new(2));

    let License::Living(living) = scene.license() else {
        panic!("the license lives");
    };
    assert_eq!(living.term.expires_at, Some(AUTHORITATIVE));
    assert_eq!(living.term.grace_seconds, 3600);
    assert_eq!(living.product, Some(tenure_testkit::product(1)));
    assert_eq!(living.quantity.unwrap().units(), 2);
    assert_eq!(living.orders(), [&tenure_testkit::order(1)]);
    assert_eq!(
        scene.verdicts(),
        [
            seen("query", Verdict::Answered, ""),
            seen("activate", Verdict::Applied, ""),
        ]
    );
    let receipt = &scene.receipts()[1];
    assert_eq!(receipt.id, activated.receipt_id);
    assert_eq!(receipt.method.as_ref(), "OPEN-API");
    assert_eq!(
        receipt.parameters.as_ref(),
        "/api/mkp-openapi-public/global/v1/license/activate"
    );
    assert_eq!(receipt.body.as_ref(), ACTIVATED.as_bytes());
    assert!(receipt.authentic);
}

#[tokio::test]
async fn without_a_query_the_end_is_an_estimate() {
    for failed in [Says::Answer(503, ""), Says::Answer(200, "{")] {
        let mut scene = Scene::new(vec![Says::Answer(200, ACTIVATED), failed]);
        let activated = scene.activate().await.unwrap();
        assert_eq!(activated.expires_at, Some(ESTIMATE));
        assert!(activated.estimate);
        assert_eq!(scene.events().len(), 2);
    }
}

#[tokio::test]
async fn a_lost_answer_is_found_out_about() {
    let mut scene = Scene::new(vec![
        Says::Answer(200, ILLEGAL_STATE),
        Says::Answer(200, ALIVE),
    ]);
    let activated = scene.activate().await.unwrap();
    assert_eq!(activated.outcome, Outcome::Recorded);
    assert_eq!(activated.expires_at, Some(AUTHORITATIVE));
    assert_eq!(
        scene.verdicts(),
        [
            seen("activate", Verdict::Refused, "illegal_state"),
            seen("query", Verdict::Applied, ""),
        ]
    );
}

#[tokio::test]
async fn activating_again_is_a_success_without_an_event() {
    let mut scene = Scene::new(vec![
        Says::Answer(200, ACTIVATED),
        Says::Answer(200, ALIVE),
        Says::Answer(200, ILLEGAL_STATE),
        Says::Answer(200, ALIVE),
    ]);
    let first = scene.activate().await.unwrap();
    let second = scene.activate().await.unwrap();
    assert_eq!(second.outcome, Outcome::AlreadyApplied);
    assert_eq!(second.expires_at, first.expires_at);
    assert_eq!(second.head, first.head);
    assert_eq!(scene.events().len(), 2);
    assert_eq!(scene.market.asked().len(), 4);
}

#[tokio::test]
async fn a_code_that_is_over_is_not_activated() {
    let mut scene = Scene::new(vec![
        Says::Answer(200, ILLEGAL_STATE),
        Says::Answer(200, RELEASED),
    ]);
    let error = scene.activate().await.unwrap_err();
    assert_eq!(error.code(), "code_not_in_force");
    assert!(!error.is_retryable());
    assert_eq!(scene.events(), []);
    assert_eq!(
        scene.verdicts()[1],
        seen("query", Verdict::Refused, "code_not_in_force")
    );
}

/// One answer to the activation, the error it makes and the receipt it leaves.
async fn check_error(status: u16, body: &'static str, error: OpenApiError, verdict: Verdict) {
    let mut scene = Scene::new(vec![Says::Answer(status, body)]);
    let retryable = error.is_retryable();
    let failed = scene.activate().await.unwrap_err();
    assert_eq!(failed.is_retryable(), retryable, "{body}");
    assert_eq!(failed.code(), error.code(), "{body}");
    let ActivateError::Marketplace {
        error: found,
        receipt_id,
    } = failed
    else {
        panic!("{failed:?}");
    };
    assert_eq!(found, error);
    assert_eq!(scene.events(), []);
    let receipts = scene.receipts();
    assert_eq!(receipts.len(), 1);
    assert_eq!(receipts[0].id, receipt_id);
    assert_eq!(receipts[0].verdict, verdict);
    assert_eq!(receipts[0].reason.as_deref(), Some(error.code()));
    assert_eq!(receipts[0].body.as_ref(), body.as_bytes());
}

#[tokio::test]
async fn every_error_of_the_marketplace_leaves_a_receipt() {
    let refused = Verdict::Refused;
    let rejected = Verdict::Rejected;
    let not_claimed = r#"{"error_code":"92020004"}"#;
    check_error(200, not_claimed, OpenApiError::NotClaimed, refused).await;
    let unknown = r#"{"error_code":"92020005"}"#;
    check_error(200, unknown, OpenApiError::UnknownCode, refused).await;
    let invalid = r#"{"error_code":"95000001"}"#;
    check_error(400, invalid, OpenApiError::InvalidParameter, rejected).await;
    check_error(401, "", OpenApiError::Denied, rejected).await;
    check_error(403, "<html>", OpenApiError::Denied, rejected).await;
    check_error(429, "", OpenApiError::Throttled, rejected).await;
    check_error(500, "", OpenApiError::Unavailable, rejected).await;
    check_error(200, "not JSON", OpenApiError::Unreadable, rejected).await;
    let redirect = OpenApiError::Other {
        status: 302,
        code: String::new(),
    };
    check_error(302, "", redirect, rejected).await;
}

#[tokio::test]
async fn a_silent_marketplace_leaves_no_receipt_and_may_be_asked_again() {
    let mut scene = Scene::new(vec![
        Says::Bytes(Vec::new()),
        Says::Answer(200, ILLEGAL_STATE),
        Says::Answer(200, ALIVE),
    ]);
    let error = scene.activate().await.unwrap_err();
    assert_eq!(error.code(), "marketplace_connection_broken");
    assert!(error.is_retryable());
    assert_eq!(scene.receipts(), []);
    assert_eq!(scene.activate().await.unwrap().outcome, Outcome::Recorded);
}

#[tokio::test]
async fn a_listing_without_access_says_so() {
    let scene = Scene::new(Vec::new());
    let listing = ListingId::parse("other").unwrap();
    let error = scene.activator.activate(&listing, &code()).await;
    assert_eq!(error.unwrap_err().code(), "open_api_not_configured");
}
