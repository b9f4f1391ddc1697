//! `tenure demo`: a marketplace against a service, in a fresh folder.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use actix_web::rt::System;
use anyhow::{Context, anyhow};
use clap::Args;
use secrecy::SecretString;
use serde_json::Value;
use tenure_journal::{SqliteReader, verify};
use tenure_sandbox::client::Client;
use tenure_sandbox::play::{Stage, Step, play, play_v1};
use tenure_sandbox::sdk::Credentials;
use tenure_sandbox::serve::{Config as SandboxConfig, Sandbox};
use tokio::sync::oneshot;

use crate::commands::sandbox::listing;
use crate::commands::serve::stop_signal;
use crate::config::{Config, ListingConfig, OpenApi};
use crate::failure::{Classify, Failure};
use crate::output::Output;
use crate::service::Service;

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
            let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
            let credentials = Credentials {
                access_key_id: "AKEXAMPLE00000000001".to_owned(),
                secret_access_key: SecretString::from("SKexample0000000000000000000000000000001"),
            };
            // The marketplace must know the service's address, and the service the marketplace's:
            // the service's is taken first, and the market is told when it opens.
            let marketplace = std::net::TcpListener::bind(loopback).unavailable()?;
            let marketplace_address = marketplace.local_addr().unavailable()?;
            drop(marketplace);
            let config = config(folder.path(), marketplace_address, &credentials);
            let service = Service::start(&config).unavailable()?;
            self.play(&config, service, marketplace_address, credentials, output)
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
        let listings = config
            .listing
            .iter()
            .map(|it| listing(it, service.callbacks));
        let listings = listings.collect::<anyhow::Result<_>>().usage()?;
        let setup = SandboxConfig {
            listings,
            ..SandboxConfig::new(marketplace, credentials)
        };
        let sandbox = Sandbox::bind(setup)
            .context("the sandbox marketplace")
            .unavailable()?;
        let (market, clock) = (sandbox.market(), sandbox.clock());
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
        let status_of = async |license: String| api.status(&license).await;
        let mut steps = play(&stage, async |code| api.activate(&code).await, status_of).await;
        steps.extend(play_v1(&stage, status_of).await);
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

/// A service in a folder of its own, on ports that are free, with one listing.
fn config(folder: &std::path::Path, marketplace: SocketAddr, credentials: &Credentials) -> Config {
    let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
    let mut config = Config::default();
    config.http.callbacks = loopback;
    config.http.api = loopback;
    config.journal.url = format!("sqlite:{}", folder.join("journal.db").display());
    config.projector.path = folder.join("read.db");
    let mut listing = ListingConfig::development();
    // V1.0 hands an account to the buyer, encrypted.
    listing.provisioning.user_name = Some(SecretString::from("admin"));
    listing.provisioning.password = Some(SecretString::from("example-password"));
    listing.open_api = Some(OpenApi {
        access_key_id: credentials.access_key_id.clone(),
        secret_access_key: Some(credentials.secret_access_key.clone()),
        secret_access_key_file: None,
        endpoint: format!("http://{marketplace}"),
        fallback: None,
        query_orders: true,
        orders_per_second: NonZeroU32::MIN.saturating_add(49),
    });
    config.listing.push(listing);
    config
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
        let url = format!("http://{}/v1/codes/{code}/activate", self.api);
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
