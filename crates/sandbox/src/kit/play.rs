//! The scripted flow of the kit: an enterprise is bound to an instance, gets departments and
//! members, loses them again, and gives the instance back.

use std::sync::PoisonError;

use super::Version;
use super::change::{EnterpriseChange, EnterpriseError};
use super::enterprise::{Department, Enterprise, Member, Role};
use crate::check::Family;
use crate::clock::real_now;
use crate::market::{Callback, Founding, Market, TOP_DEPARTMENT};
use crate::play::{Stage, Step};
use crate::random::Random;

/// Plays the flow of the kit and returns every step; each must be answered with success, those that
/// come a second time, too. In the steps the id of the enterprise stands in the place of a license.
///
/// `founding` says who is bound to which instance of which listing, and `domain_name` makes the
/// address of its authentication centre of its id. `state_of` says how the merchant knows an
/// enterprise.
pub async fn play_kit(
    stage: &Stage<'_>,
    founding: Founding,
    domain_name: impl FnOnce(&str) -> String,
    state_of: impl AsyncFn(String) -> Option<String>,
) -> Vec<Step> {
    let mut player = Player {
        stage,
        state_of,
        random: Random::new(real_now().timestamp_micros().unsigned_abs()),
        family: match founding.version {
            Version::V1 => Family::KitV1,
            Version::V2 => Family::Kit,
        },
        steps: Vec::new(),
    };
    let now = stage.clock.now();
    let founded = player.with_market(|market| market.found_enterprise(founding, domain_name, now));
    let Some(tenant) = player.changed("found an enterprise", founded).await else {
        return player.steps;
    };
    for change in flow() {
        let name = format!("{change:?}");
        let now = stage.clock.now();
        let changed = player.with_market(|market| market.change_enterprise(&tenant, change, now));
        player.changed(&name, changed).await;
    }
    player.steps
}

/// What an enterprise does after it was founded.
fn flow() -> Vec<EnterpriseChange> {
    let department = |code: &str, name: &str, parent: &str| {
        EnterpriseChange::Department(Department {
            code: code.to_owned(),
            name: name.to_owned(),
            parent: parent.to_owned(),
        })
    };
    let member = |user_name: &str, role, department: &str| Member {
        user_name: user_name.to_owned(),
        name: format!("Example {user_name}"),
        department: department.to_owned(),
        role,
        is_enabled: true,
        is_authorised: true,
    };
    let of_two = |role_of_the_second| {
        EnterpriseChange::Members(vec![
            member("zhangsan01", Role::Admin, TOP_DEPARTMENT),
            member("lisi02", role_of_the_second, "11"),
        ])
    };
    let withdraw = || EnterpriseChange::Withdraw("zhangsan01".to_owned());
    vec![
        department("11", "Research", TOP_DEPARTMENT),
        department("12", "Sales", TOP_DEPARTMENT),
        department("11", "Research and development", TOP_DEPARTMENT),
        department("12", "Sales", "11"),
        EnterpriseChange::RemoveDepartment("12".to_owned()),
        of_two(Role::User),
        of_two(Role::Admin),
        EnterpriseChange::Rename("Example, renamed".to_owned()),
        withdraw(),
        withdraw(),
        EnterpriseChange::RemoveMember("lisi02".to_owned()),
        EnterpriseChange::Unbind,
    ]
}

struct Player<'a, S> {
    stage: &'a Stage<'a>,
    state_of: S,
    random: Random,
    family: Family,
    steps: Vec<Step>,
}

impl<S: AsyncFn(String) -> Option<String>> Player<'_, S> {
    /// Sends the calls one after the other, and names the enterprise.
    async fn changed(
        &mut self,
        name: &str,
        changed: Result<(Enterprise, Vec<Callback>), EnterpriseError>,
    ) -> Option<String> {
        match changed {
            Ok((enterprise, callbacks)) => {
                let tenant = enterprise.binding.tenant.clone();
                self.with_market(|market| market.keep_enterprise(enterprise));
                for callback in callbacks {
                    self.tell(&tenant, &callback).await;
                }
                Some(tenant)
            },
            Err(error) => {
                self.steps.push(Step {
                    family: self.family.name(),
                    call: name.to_owned(),
                    result_code: "-".to_owned(),
                    license: "-".to_owned(),
                    state: None,
                    failure: Some(error.to_string()),
                });
                None
            },
        }
    }

    async fn tell(&mut self, tenant: &str, callback: &Callback) {
        let Callback { destination, call } = callback;
        let signed = call.sign(destination, &mut self.random);
        let exchange = signed.send(self.stage.client).await;
        let state = (self.state_of)(tenant.to_owned()).await;
        self.steps.push(Step {
            family: self.family.name(),
            call: call.title(),
            result_code: exchange.result_code.unwrap_or_else(|| "-".to_owned()),
            license: tenant.to_owned(),
            state,
            failure: exchange.failure.map(|failure| failure.to_string()),
        });
    }

    fn with_market<T>(&self, change: impl FnOnce(&mut Market) -> T) -> T {
        let market = self.stage.market.lock();
        change(&mut market.unwrap_or_else(PoisonError::into_inner))
    }
}
