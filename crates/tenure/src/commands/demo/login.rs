//! The flow of a login: an enterprise is bound, a member signs in at its authentication centre, the
//! merchant's application learns who it is, and the session ends when access is withdrawn.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::Url;
use reqwest::header::LOCATION;
use serde_json::{Value, json};
use tenure_sandbox::centre::Centre;
use tenure_sandbox::play::Step;
use tokio::time::{sleep, timeout};

use super::set_up::APPLICATION;

/// The member who signs in.
const MEMBER: &str = "zhangsan01";

/// How long the marketplace may take to tell the service of a change, and how often it is looked
/// whether it has.
const TELLING_PATIENCE: Duration = Duration::from_secs(10);
const TELLING_INTERVAL: Duration = Duration::from_millis(50);

/// Whom the flow speaks to.
pub(super) struct Login<'a> {
    pub(super) centre: &'a Centre,
    pub(super) marketplace: SocketAddr,
    pub(super) callbacks: SocketAddr,
    pub(super) api: SocketAddr,
    /// The instance that the enterprise uses.
    pub(super) instance: &'a str,
}

impl Login<'_> {
    /// Plays the flow, up to the first step that fails.
    pub(super) async fn play(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        if let Err(failure) = self.play_into(&mut steps).await {
            steps.push(step("login", "-", "-", None, Some(failure)));
        }
        steps
    }

    async fn play_into(&self, steps: &mut Vec<Step>) -> Result<(), String> {
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| error.to_string())?;
        let wish = json!({
            "listing": "demo",
            "instance": self.instance,
            "application": APPLICATION,
            "login_address": format!("http://{}/koogallery/demo/login/callback", self.callbacks),
        });
        let founded = self.change(&http, "enterprises", wish).await?;
        let tenant = text(&founded, "/enterprise/tenant")?;
        let member = json!({ "user_name": MEMBER, "name": "张三" });
        let of_tenant = |change: &str| format!("enterprises/{tenant}/{change}");
        self.change(&http, &of_tenant("member"), member).await?;

        let signed_in = self.centre.sign_in(&tenant, APPLICATION, MEMBER);
        let callback = signed_in.map_err(|error| error.to_string())?;
        let answer = http
            .get(callback.url())
            .send()
            .await
            .map_err(|error| error.to_string())?;
        let status = answer.status().as_str().to_owned();
        let target = answer
            .headers()
            .get(LOCATION)
            .and_then(|it| it.to_str().ok());
        let ticket = target
            .and_then(ticket_of)
            .ok_or("the browser got no ticket")?;
        steps.push(step("login callback", &status, &tenant, None, None));

        let exchange = json!({ "listing": "demo", "ticket": ticket });
        let who = self.ask(&http, "exchange", exchange).await?;
        let (session, user) = (text(&who, "/session")?, text(&who, "/user_name")?);
        let state = Some(format!("is {user}"));
        steps.push(step("exchange of the ticket", "200", &tenant, state, None));

        self.change(
            &http,
            &of_tenant("withdraw"),
            json!({ "user_name": MEMBER }),
        )
        .await?;
        let question = json!({ "listing": "demo", "session": session });
        let check = self.ask(&http, "sessions/check", question).await?;
        let reason = text(&check, "/reason")?;
        let is_good = check.get("good").and_then(Value::as_bool).unwrap_or(true);
        let failure = is_good.then(|| "the session outlived the access".to_owned());
        steps.push(step(
            "access withdrawn",
            "200",
            &tenant,
            Some(reason),
            failure,
        ));
        Ok(())
    }

    /// Changes something at the marketplace, and waits until it has told the service.
    async fn change(
        &self,
        http: &reqwest::Client,
        what: &str,
        how: Value,
    ) -> Result<Value, String> {
        let base = format!("http://{}/sandbox", self.marketplace);
        let changed = sent(http.post(format!("{base}/{what}")).json(&how)).await?;
        let telling = async {
            loop {
                let messages = sent(http.get(format!("{base}/messages"))).await?;
                let messages = messages.as_array().cloned().unwrap_or_default();
                let is_in = |state: &str| messages.iter().any(|it| it["state"] == *state);
                if is_in("stopped") {
                    return Err("the service did not take what the marketplace told".to_owned());
                }
                if messages.iter().all(|it| it["state"] == "delivered") {
                    return Ok(());
                }
                sleep(TELLING_INTERVAL).await;
            }
        };
        let told = timeout(TELLING_PATIENCE, telling).await;
        told.map_err(|_late| "the marketplace does not come to an end".to_owned())??;
        Ok(changed)
    }

    /// Asks the service as the merchant's application does.
    async fn ask(
        &self,
        http: &reqwest::Client,
        what: &str,
        question: Value,
    ) -> Result<Value, String> {
        let url = format!("http://{}/v1/login/{what}", self.api);
        sent(http.post(url).json(&question)).await
    }
}

async fn sent(request: reqwest::RequestBuilder) -> Result<Value, String> {
    let answer = request.send().await.map_err(|error| error.to_string())?;
    let is_success = answer.status().is_success();
    let body: Value = answer.json().await.map_err(|error| error.to_string())?;
    if is_success {
        Ok(body)
    } else {
        Err(body.to_string())
    }
}

fn text(body: &Value, pointer: &str) -> Result<String, String> {
    let text = body.pointer(pointer).and_then(Value::as_str);
    text.map(str::to_owned)
        .ok_or_else(|| format!("no {pointer} in {body}"))
}

fn ticket_of(target: &str) -> Option<String> {
    let target = Url::parse(target).ok()?;
    let mut parameters = target.query_pairs();
    let ticket = parameters.find(|(name, _)| name == "ticket");
    ticket.map(|(_, ticket)| ticket.into_owned())
}

fn step(
    call: &str,
    result_code: &str,
    tenant: &str,
    state: Option<String>,
    failure: Option<String>,
) -> Step {
    Step {
        family: "login",
        call: call.to_owned(),
        result_code: result_code.to_owned(),
        license: tenant.to_owned(),
        state,
        failure,
    }
}
