//! `tenure demo`: a marketplace against a service, in a fresh folder.

use std::net::SocketAddr;
use std::time::Duration;

use actix_web::rt::System;
use anyhow::{Context, anyhow};
use clap::Args;
use secrecy::SecretString;
use serde_json::Value;
use tenure_journal::{SqliteReader, verify};
use tenure_sandbox::client::Client;
use tenure_sandbox::kit::play::play_kit;
use tenure_sandbox::play::{Stage, Step, buy_instance, play, play_online, play_v1};
use tenure_sandbox::sdk::Credentials;
use tenure_sandbox::serve::{Config as SandboxConfig, Sandbox};
use tokio::sync::oneshot;

use crate::commands::serve::stop_signal;
use crate::config::Config;
use crate::failure::{Classify, Failure};
use crate::output::Output;
use crate::service::Service;

mod login;
mod set_up;

use login::Login;
use set_up::Addresses;

/// How long the service may take to upload a license file.
const UPLOAD_PATIENCE: Duration = Duration::from_secs(10);

/// How long the read model may take to follow.
const CATCH_UP_PATIENCE: Duration = Duration::from_secs(10);

/// Play a marketplace against a service.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// End after the flows, instead of staying up to be looked at
    #[arg(long)]
    exit: bool,
}

impl Demo {
    /// Runs it.
    pub(crate) fn run(self, output: Output) -> Result<(), Failure> {
        System::new().block_on(async {
            let folder = tempfile::Builder::new()
                .prefix("tenure-demo-")
                .tempdir()
                .unavailable()?;
            let credentials = Credentials {
                access_key_id: "AKEXAMPLE00000000001".to_owned(),
                secret_access_key: SecretString::from("SKexample0000000000000000000000000000001"),
            };
            let addresses = Addresses::free().unavailable()?;
            let config = set_up::config(folder.path(), addresses, &credentials);
            let config = config.unavailable()?;
            let service = Service::start(&config).unavailable()?;
            self.play(&config, service, addresses.marketplace, credentials, output)
                .await
        })
    }

    async fn play(
        self,
        config: &Config,
        service: Service,
        marketplace: SocketAddr,
        credentials: Credentials,
        output: Output,
    ) -> Result<(), Failure> {
        let listings = set_up::listings(config, service.callbacks).usage()?;
        let setup = SandboxConfig {
            listings,
            ..SandboxConfig::new(marketplace, credentials)
        };
        let sandbox = Sandbox::bind(setup)
            .context("the sandbox marketplace")
            .unavailable()?;
        let (market, clock, centre) = (sandbox.market(), sandbox.clock(), sandbox.centre());
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = actix_web::rt::spawn(sandbox.run(async { drop(stopped.await) }));
        let client = Client::new().unavailable()?;
        let stage = Stage {
            client: &client,
            market: &market,
            clock: &clock,
            listing: "demo",
        };
        let api = Questions::of(service.api).unavailable()?;
        let mut steps = play_all(&stage, &api, marketplace).await;
        let (bought, instance) =
            buy_instance(&stage, async |license| api.status(&license).await).await;
        steps.extend(bought);
        if let Some(instance) = instance {
            let login = Login {
                centre: &centre,
                marketplace,
                callbacks: service.callbacks,
                api: service.api,
                instance: &instance,
            };
            steps.extend(login.play().await);
        }
        let told = tell(&steps, config, &api, output).await;
        if !self.exit && told.is_ok() {
            output.line(format_args!("\nThe API is at http://{}: try", service.api));
            output.line(format_args!("  curl 'http://{}/v1/licenses'", service.api));
            output.line(format_args!(
                "The marketplace is at http://{marketplace}/. Ctrl-C ends both."
            ));
            stop_signal().await.unavailable()?;
        }
        if self.exit && told.is_ok() {
            output.line("Next: `tenure demo` stays up to be looked at; README.md says how to run it for real.");
        }
        // The service first: what it still has to ask is not asked in vain.
        service.stop().await;
        drop(stop);
        serving.await.unavailable()?.unavailable()?;
        told
    }
}

/// Plays a flow of every family.
async fn play_all(stage: &Stage<'_>, api: &Questions, marketplace: SocketAddr) -> Vec<Step> {
    let status_of = async |license: String| api.status(&license).await;
    let mut steps = play(stage, async |code| api.activate(&code).await, status_of).await;
    let online = Stage {
        listing: set_up::ONLINE,
        ..*stage
    };
    steps.extend(play_online(&online, UPLOAD_PATIENCE, status_of).await);
    steps.extend(play_v1(stage, status_of).await);
    let (bought, instance) = buy_instance(stage, status_of).await;
    steps.extend(bought);
    if let Some(instance) = instance {
        let founding = set_up::founding(instance);
        let centre = |_tenant: &str| format!("http://{marketplace}");
        let tenant_state = async |tenant: String| api.tenant_state(&tenant).await;
        steps.extend(play_kit(stage, founding, centre, tenant_state).await);
    }
    steps
}

/// Prints what happened, and looks whether it left everything sound.
async fn tell(
    steps: &[Step],
    config: &Config,
    api: &Questions,
    output: Output,
) -> Result<(), Failure> {
    let rows = steps.iter().enumerate().map(|(index, step)| {
        [
            (index + 1).to_string(),
            step.family.to_owned(),
            step.call.clone(),
            step.result_code.clone(),
            step.license.clone(),
            step.state.clone().unwrap_or_else(|| "-".to_owned()),
            step.failure.clone().unwrap_or_default(),
        ]
    });
    if output.is_json() {
        output.json(&serde_json::to_value(steps).unavailable()?);
    } else {
        output.table(
            [
                "#", "family", "call", "result", "license", "state", "failure",
            ],
            rows,
        );
    }
    let mut log = SqliteReader::open(&config.journal_path().usage()?).unavailable()?;
    let findings = verify::verify(&mut log, |_, _| {}).unavailable()?;
    api.await_read_model(findings.records).await.unavailable()?;
    let compared =
        tenure_projector::verify(&config.projector.path, &mut log, |_, _| {}).unavailable()?;
    let failed = steps.iter().filter(|step| step.failure.is_some()).count();
    output.line(format_args!(
        "{} calls, {failed} failed; {} records and {} receipts in the journal, {} things wrong; \
         read models against a fresh fold: {} differences.",
        steps.len(),
        findings.records,
        findings.receipts,
        findings.wrong_count,
        compared.difference_count
    ));
    if failed == 0 && findings.are_clean() && compared.is_clean() {
        return Ok(());
    }
    Err(anyhow!("the demonstration did not go as it should")).wrong()
}

/// The API, as a merchant's program asks it.
struct Questions {
    client: reqwest::Client,
    api: SocketAddr,
}

impl Questions {
    fn of(api: SocketAddr) -> reqwest::Result<Self> {
        let client = reqwest::Client::builder()
            .timeout(CATCH_UP_PATIENCE)
            .no_proxy()
            .build()?;
        Ok(Self { client, api })
    }

    /// Activates a code, and says what the marketplace said.
    async fn activate(&self, code: &str) -> Result<String, String> {
        let url = format!("http://{}/v1/codes/{code}/activate?listing=demo", self.api);
        let response = self
            .client
            .post(url)
            .send()
            .await
            .map_err(|error| error.to_string())?;
        let activated = response.status().is_success();
        let answer: Value = response.json().await.map_err(|error| error.to_string())?;
        if activated {
            Ok("92020000".to_owned())
        } else {
            Err(answer.to_string())
        }
    }

    /// The status of a license, as the merchant's program sees it.
    async fn status(&self, license: &str) -> Option<String> {
        let url = format!("http://{}/v1/licenses/{license}", self.api);
        let answer: Value = self.client.get(url).send().await.ok()?.json().await.ok()?;
        Some(answer.get("status")?.as_str()?.to_owned())
    }

    /// Whether an enterprise is bound, as the read model knows it once it has followed the journal.
    async fn tenant_state(&self, tenant: &str) -> Option<String> {
        let head = self.head().await?;
        let url = format!(
            "http://{}/v1/tenants/{tenant}?min_position={head}",
            self.api
        );
        let answer: Value = self.client.get(url).send().await.ok()?.json().await.ok()?;
        let is_bound = answer.get("tenants")?.get(0)?.get("bound")?.as_bool()?;
        Some(if is_bound { "bound" } else { "unbound" }.to_owned())
    }

    /// The end of the journal.
    async fn head(&self) -> Option<u64> {
        let mut head = 0;
        loop {
            let url = format!("http://{}/v1/records?after={head}", self.api);
            let answer: Value = self.client.get(url).send().await.ok()?.json().await.ok()?;
            match answer.get("records")?.as_array()?.last() {
                Some(record) => head = record.get("position")?.as_u64()?,
                None => return Some(head),
            }
        }
    }

    async fn await_read_model(&self, position: u64) -> reqwest::Result<()> {
        let url = format!("http://{}/v1/licenses?min_position={position}", self.api);
        self.client
            .get(url)
            .send()
            .await?
            .error_for_status()
            .map(drop)
    }
}
