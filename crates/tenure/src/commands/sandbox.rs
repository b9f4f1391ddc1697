//! `tenure sandbox check|serve`

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use actix_web::rt::System;
use anyhow::{Context, anyhow};
use clap::{Args, Subcommand};
use secrecy::SecretString;
use tenure_sandbox::check::{Login, PATIENCE, Report, Subject, Target, check, check_login};
use tenure_sandbox::client::Client;
use tenure_sandbox::disorder::{Disorder, Rates};
use tenure_sandbox::kit::secret::PublicKey;
use tenure_sandbox::market::{Keys, Listing, Protocol};
use tenure_sandbox::sdk::Credentials;
use tenure_sandbox::serve::{Config as SandboxConfig, Sandbox as Market};

use crate::commands::serve::stop_signal;
use crate::config::{Config, ListingConfig};
use crate::failure::{Classify, Failure};
use crate::output::Output;

/// The marketplace's side.
#[derive(Debug, Subcommand)]
pub(crate) enum Sandbox {
    /// Try every case of the marketplace's debugging page, and every case that must be turned away
    #[command(
        after_help = "With --format junit, a build server reads the report.\n\n\
        Example: tenure sandbox check --family license --key \
        development-license-key --target http://127.0.0.1:8080/koogallery/demo"
    )]
    Check(Check),
    /// Serve a marketplace to develop against: open APIs, orders, codes, callbacks with retries
    #[command(after_help = "Example: tenure sandbox serve --bind 127.0.0.1:8090 --retry-seconds 5")]
    Serve(Serve),
}

/// What is checked.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The production address; for the family login, the address that is registered for logins:
    /// `{public_url}/koogallery/{listing}/login/callback`
    #[arg(long, value_name = "URL")]
    target: String,
    /// license (authorization codes), saas, online-license, order (order notification), kit (joint
    /// operation), or the older saas-v1 and license-v1, which are called by GET, and kit-v1;
    /// login: whoever comes from an authentication centre, which the check starts itself
    #[arg(long)]
    family: Subject,
    /// The key of that interface type
    #[arg(long, env = "TENURE_SANDBOX_KEY", hide_env_values = true)]
    key: String,
    /// A file with the merchant's public key, PEM or Base64. For the kit: without it calls that hold
    /// a client secret are not tried. For login it is needed
    #[arg(long, value_name = "FILE")]
    public_key: Option<PathBuf>,
    #[command(flatten)]
    login: LoginFlags,
}

/// What the family login needs besides; its key is that of the kit.
#[derive(Debug, Args)]
struct LoginFlags {
    /// For login: the production address, where the kit tells of the enterprises that log in
    #[arg(long, value_name = "URL", required_if_eq("family", "login"))]
    production_address: Option<String>,
    /// For login: the address that is registered for CAS; its cases are not tried without it
    #[arg(long, value_name = "URL")]
    cas_address: Option<String>,
    /// For login: the id of the application
    #[arg(long, value_name = "ID", required_if_eq("family", "login"))]
    app_id: Option<String>,
    /// For login: the instance that the enterprises are bound to; none as for a new credential
    #[arg(long, value_name = "ID", default_value = "")]
    instance: String,
    /// For login: where the authentication centre listens. The listing must have its origin in
    /// `login.trusted_centres`
    #[arg(long, default_value = "127.0.0.1:8095")]
    centre_bind: SocketAddr,
    /// For login: how the merchant reaches the centre, if not under the address it listens on
    #[arg(long, value_name = "URL")]
    centre_origin: Option<String>,
}

/// How the marketplace is set up. Its listings are those of the configuration.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Where it listens
    #[arg(long, default_value = "127.0.0.1:8090")]
    bind: SocketAddr,
    /// The access key id that its open APIs accept
    #[arg(long, default_value = "AKEXAMPLE00000000001")]
    access_key_id: String,
    /// The secret access key that its open APIs accept
    #[arg(
        long,
        env = "TENURE_SANDBOX_SECRET_ACCESS_KEY",
        hide_env_values = true,
        default_value = "development-secret-access-key"
    )]
    secret_access_key: String,
    /// The distance between two attempts of a call; the marketplace's own is 120, and thirty times
    /// that for the older protocols
    #[arg(long, default_value_t = 120)]
    retry_seconds: u64,
    /// How many market seconds pass in a real one
    #[arg(long, default_value_t = 1)]
    clock_speed: u32,
    /// Tells a listing of its instances by an older protocol: saas-v1 or license-v1
    #[arg(long, value_name = "LISTING=PROTOCOL", value_parser = told_by)]
    protocol: Vec<(String, Protocol)>,
    /// A file with the merchant's public key, PEM or Base64, for client secrets of the kit: without
    /// it no enterprise can be bound
    #[arg(long, value_name = "FILE")]
    kit_public_key: Option<PathBuf>,
    /// Decides codes, orders and faults
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// How many calls of a hundred are made twice
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u8).range(..=100))]
    duplicates: u8,
    /// How many calls of a hundred are overtaken by later ones
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u8).range(..=100))]
    overtaken: u8,
    /// How many answers of a hundred are lost
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u8).range(..=100))]
    lost_answers: u8,
}

impl Sandbox {
    /// Whether it ends in a report that a build server can read.
    pub(crate) fn reports(&self) -> bool {
        matches!(self, Self::Check(_))
    }

    /// Runs it.
    pub(crate) fn run(
        self,
        load: impl FnOnce() -> Result<Config, Failure>,
        output: Output,
    ) -> Result<(), Failure> {
        match self {
            Self::Check(check) => check.run(output),
            Self::Serve(serve) => serve.run(&load()?, output),
        }
    }
}

impl Check {
    fn run(self, output: Output) -> Result<(), Failure> {
        let report = self.report()?;
        if output.is_json() {
            output.json(&serde_json::to_value(&report).unavailable()?);
        } else if output.is_junit() {
            output.line(report.junit());
        } else {
            output.line(&report);
        }
        if report.passed() {
            return Ok(());
        }
        Err(anyhow!(
            "{} of {} cases failed",
            report.failures().count(),
            report.cases.len()
        ))
        .wrong()
    }

    fn report(self) -> Result<Report, Failure> {
        let client = Client::new().unavailable()?;
        let public_key = self.public_key.as_deref().map(public_key).transpose();
        let mut target = Target {
            url: self.target,
            key: SecretString::from(self.key),
            public_key: public_key.usage()?,
        };
        let system = System::new();
        let family = match self.family {
            Subject::Calls(family) => family,
            Subject::Login => {
                let production_address = self.login.production_address.unwrap_or_default();
                let login = Login {
                    login_address: std::mem::replace(&mut target.url, production_address),
                    cas_address: self.login.cas_address,
                    app_id: self.login.app_id.unwrap_or_default(),
                    instance: self.login.instance,
                    centre_bind: self.login.centre_bind,
                    centre_origin: self.login.centre_origin,
                    patience: PATIENCE,
                };
                return system
                    .block_on(check_login(&client, &target, &login))
                    .usage();
            },
        };
        Ok(system.block_on(check(&client, &target, family)))
    }
}

fn public_key(path: &Path) -> anyhow::Result<PublicKey> {
    let text = std::fs::read_to_string(path);
    let text = text.with_context(|| format!("the public key in {}", path.display()))?;
    PublicKey::parse(&text).with_context(|| format!("the public key in {}", path.display()))
}

fn told_by(text: &str) -> anyhow::Result<(String, Protocol)> {
    let (listing, protocol) = text
        .split_once('=')
        .context("not of the form LISTING=PROTOCOL")?;
    Ok((listing.to_owned(), protocol.parse()?))
}

impl Serve {
    fn run(self, config: &Config, output: Output) -> Result<(), Failure> {
        let credentials = Credentials {
            access_key_id: self.access_key_id,
            secret_access_key: SecretString::from(self.secret_access_key),
        };
        let callbacks = config.http.callbacks;
        let listings = config.listing.iter().map(|it| listing(it, callbacks));
        let mut listings: Vec<Listing> = listings.collect::<anyhow::Result<_>>().usage()?;
        for (name, protocol) in self.protocol {
            let mut named = listings.iter_mut().filter(|listing| listing.name == name);
            let unknown = || format!("--protocol: no listing is called `{name}`");
            named.next().with_context(unknown).usage()?.protocol = protocol;
        }
        let key = self.kit_public_key.as_deref().map(public_key);
        let key = key.transpose().usage()?;
        for listing in &mut listings {
            listing.keys.kit_public_key.clone_from(&key);
        }
        let setup = SandboxConfig {
            listings,
            retry_interval: Duration::from_secs(self.retry_seconds),
            clock_speed: self.clock_speed,
            disorder: Disorder {
                seed: self.seed,
                rates: Rates {
                    duplicate_percent: self.duplicates,
                    hold_back_percent: self.overtaken,
                    lose_answer_percent: self.lost_answers,
                },
            },
            ..SandboxConfig::new(self.bind, credentials)
        };
        System::new().block_on(async {
            let market = Market::bind(setup)
                .with_context(|| format!("the sandbox cannot listen on {}", self.bind))
                .unavailable()?;
            output.line(format_args!(
                "The marketplace is at http://{}/",
                market.address()
            ));
            let stop = async {
                if let Err(error) = stop_signal().await {
                    Output::complain(error);
                }
            };
            market.run(stop).await.unavailable()
        })
    }
}

/// A listing of the configuration as the marketplace sees it: its address, and its newest keys.
pub(crate) fn listing(listing: &ListingConfig, callbacks: SocketAddr) -> anyhow::Result<Listing> {
    let [base, license, general, kit] = listing.signing_keys()?;
    Ok(Listing {
        name: listing.id.clone(),
        url: format!("http://{callbacks}/koogallery/{}", listing.id),
        keys: Keys {
            base,
            license,
            general,
            kit,
            kit_public_key: None,
        },
        protocol: Protocol::default(),
    })
}
