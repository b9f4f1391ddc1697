//! The flows of SaaS V1.0 and License 1.0.

use chrono::Months;

use super::{Player, Stage, Step, purchase};
use crate::check::Family;
use crate::market::Change;

/// Plays the flows of SaaS V1.0 and License 1.0 and returns every step.
pub async fn play_v1(
    stage: &Stage<'_>,
    status_of: impl AsyncFn(String) -> Option<String>,
) -> Vec<Step> {
    let mut player = Player::on(stage, Family::SaasV1, status_of);
    player.instance_of_v1().await;
    player.family = Family::LicenseV1;
    player.license_of_v1().await;
    player.steps
}

impl<S: AsyncFn(String) -> Option<String>> Player<'_, S> {
    /// The renewal after the end of the term gives back what was frozen; what was frozen for another
    /// reason has a call of its own.
    async fn instance_of_v1(&mut self) {
        let Some(order) = self.bought_a_month_ago().await else {
            return;
        };
        for change in [
            Change::Expire,
            Change::Renew { months: 12 },
            Change::Freeze,
            Change::Unfreeze,
            Change::Upgrade {
                product: "OFFI0000002".to_owned(),
                amount: 5,
            },
            Change::Release,
        ] {
            self.change(&order, change).await;
        }
    }

    async fn license_of_v1(&mut self) {
        let Some(order) = self.bought_a_month_ago().await else {
            return;
        };
        for change in [
            Change::Expire,
            Change::Renew { months: 12 },
            Change::Release,
        ] {
            self.change(&order, change).await;
        }
    }

    /// Buys an instance a month ago for a month, so that its term is over now, asks for it where
    /// that can be done, and renews and cancels that before the period begins.
    async fn bought_a_month_ago(&mut self) -> Option<String> {
        let now = self.stage.clock.now();
        let month_ago = now.checked_sub_months(Months::new(1)).unwrap_or(now);
        let order = self.new_instance(purchase(false), month_ago).await?;
        if self.family == Family::SaasV1 {
            self.change(&order, Change::Query).await;
        }
        for change in [Change::Renew { months: 12 }, Change::CancelRenewal] {
            self.change_at(&order, change, month_ago).await;
        }
        Some(order)
    }
}
