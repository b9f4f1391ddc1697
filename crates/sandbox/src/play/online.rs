//! The flow of an online license: an instance, and a license for it that the merchant uploads.

use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::{POLL_INTERVAL, Player, Stage, Step, purchase};
use crate::check::Family;
use crate::market::{Change, Market};

/// MAC, disk, main board, and no processor: a device of the guide's kind.
const FINGERPRINT: &str = "00-11-22-33-44-55|WD-0001|MB-0001|";

/// Plays the flow of online licenses and returns every step.
///
/// The merchant must know the open APIs of the stage's market: its upload is a step, too, for which
/// it has `patience`.
pub async fn play_online(
    stage: &Stage<'_>,
    patience: Duration,
    status_of: impl AsyncFn(String) -> Option<String>,
) -> Vec<Step> {
    let mut player = Player::on(stage, Family::OnlineLicense, status_of);
    player.online_license(patience).await;
    player.steps
}

impl<S: AsyncFn(String) -> Option<String>> Player<'_, S> {
    async fn online_license(&mut self, patience: Duration) {
        let now = self.stage.clock.now();
        let Some(order) = self.new_instance(purchase(false), now).await else {
            return;
        };
        self.change(&order, Change::Query).await;
        self.apply_for_license(&order, patience).await;
        for change in [
            Change::Renew { months: 12 },
            Change::CancelRenewal,
            Change::Freeze,
            Change::Unfreeze,
            Change::Release,
        ] {
            self.change(&order, change).await;
        }
    }

    /// Applies twice with one event id, which is one application, and waits for its license.
    async fn apply_for_license(&mut self, order: &str, patience: Duration) {
        let now = self.stage.clock.now();
        let applied =
            self.with_market(|market| market.apply_for_license(order, Some(FINGERPRINT), now));
        let (event, callback) = match applied {
            Ok(applied) => applied,
            Err(error) => {
                let failure = Some(error.to_string());
                self.note("getLicenseAsync".to_owned(), "-".to_owned(), order, failure)
                    .await;
                return;
            },
        };
        let callbacks: Vec<_> = callback.into_iter().collect();
        self.tell(order, callbacks.clone()).await;
        self.tell(order, callbacks).await;
        let (result_code, failure) = if self.is_delivered(&event, patience).await {
            ("CBC.0000", None)
        } else {
            let failure = "no license was uploaded for the application".to_owned();
            ("-", Some(failure))
        };
        let name = self.name_of(order);
        self.note("upload".to_owned(), result_code.to_owned(), &name, failure)
            .await;
    }

    /// Whether a license is uploaded for an application in time.
    async fn is_delivered(&self, event: &str, patience: Duration) -> bool {
        let is_it = |market: &mut Market| market.uploads().any(|upload| upload.event == event);
        let delivered = async {
            while !self.with_market(is_it) {
                sleep(POLL_INTERVAL).await;
            }
        };
        timeout(patience, delivered).await.is_ok()
    }
}
