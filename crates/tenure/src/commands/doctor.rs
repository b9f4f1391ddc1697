//! `tenure doctor`: looks at everything that goes wrong, and says how to mend each.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use actix_web::rt::System;
use anyhow::{Context, anyhow};
use chrono::DateTime;
use serde_json::{Value, json};
use tenure_domain::{Instant, OrderId};
use tenure_journal::{Clock, OpenError, ReadLog, SqliteReader, SystemClock};
use tenure_koogallery::open_api::{Reaction, order};
use tenure_outbound::{Account, Webhook};

use crate::config::{Config, ListingConfig, Presence, is_private};
use crate::failure::{Classify, Failure};
use crate::output::Output;
use crate::{provisioning, service};

/// The marketplace refuses calls whose time is a minute off, and answers that are later than five
/// seconds.
const CLOCK_SECONDS_MAX: i64 = 30;

/// An order of the marketplace that the guides name for debugging: everybody may ask about it.
const DEBUGGING_ORDER: &str = "MOCKPERIODYEARNEW";

/// How long the marketplace may take to answer.
const REACH_PATIENCE: Duration = Duration::from_secs(10);

/// One thing that was looked at.
struct Finding {
    what: String,
    result: Result<String, anyhow::Error>,
}

/// Looks at everything; exit code 1 if anything is wrong.
pub(crate) fn run(path: Option<&Path>, output: Output) -> Result<(), Failure> {
    let mut findings = Vec::new();
    match Config::load(path, std::env::vars()) {
        Ok(config) => {
            let listings = config.listing.len();
            findings.push(Finding::of(
                "configuration",
                Ok(format!("right, listings: {listings}")),
            ));
            look(&config, &mut findings);
        },
        Err(error) => findings.push(Finding::of("configuration", Err(error))),
    }
    if output.is_json() {
        output.json(&findings.iter().map(Finding::json).collect());
    } else {
        let rows = findings.iter().map(|finding| match &finding.result {
            Ok(good) => ["ok".to_owned(), finding.what.clone(), good.clone()],
            Err(error) => [
                "WRONG".to_owned(),
                finding.what.clone(),
                format!("{error:#}"),
            ],
        });
        output.table(["", "what", "finding"], rows.collect::<Vec<_>>());
    }
    let wrong = findings
        .iter()
        .filter(|finding| finding.result.is_err())
        .count();
    if wrong == 0 {
        Ok(())
    } else {
        Err(anyhow!("{wrong} things are wrong")).wrong()
    }
}

fn look(config: &Config, findings: &mut Vec<Finding>) {
    let journal = config.journal_path();
    let folders = [
        journal.as_ref().ok().map(std::path::PathBuf::as_path),
        Some(&config.projector.path),
    ];
    for path in folders.into_iter().flatten() {
        let folder = path
            .parent()
            .filter(|it| !it.as_os_str().is_empty())
            .unwrap_or_else(|| Path::new("."));
        let what = format!("folder {}", folder.display());
        if !findings.iter().any(|finding| finding.what == what) {
            findings.push(Finding::of(what, writable(folder)));
        }
    }
    if let Ok(path) = journal {
        look_at_journal(&path, findings);
    }
    findings.push(Finding::of("vault", look_at_vault(config)));
    for listing in &config.listing {
        if let Some(open_api) = &listing.open_api {
            let what = format!("marketplace of listing {}", listing.id);
            findings.push(Finding::of(what, reach(&open_api.endpoint)));
        }
    }
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    for (what, webhooks) in [
        ("webhook", provisioning::webhooks(config, &clock)),
        (
            "license file webhook",
            provisioning::file_webhooks(config, &clock),
        ),
    ] {
        match webhooks {
            Ok(webhooks) => findings.extend(webhooks.iter().map(|(listing, webhook)| {
                Finding::of(format!("{what} of listing {listing}"), answers(webhook))
            })),
            Err(error) => findings.push(Finding::of(format!("{what}s"), Err(error))),
        }
    }
    let with_files = config.listing.iter().filter(|it| it.has_files());
    findings.extend(with_files.map(look_at_files));
    match service::accounts(config, &clock) {
        Ok(accounts) => findings.extend(accounts.iter().map(|(listing, account)| {
            Finding::of(format!("access key of listing {listing}"), access(account))
        })),
        Err(error) => findings.push(Finding::of("access keys", Err(error))),
    }
}

/// Whether license files can come to the marketplace.
fn look_at_files(listing: &ListingConfig) -> Finding {
    let result = match listing.open_api {
        Some(_) => Ok("are uploaded".to_owned()),
        None => Err(anyhow!(
            "the marketplace takes them by an upload, which needs open_api: set \
             open_api.access_key_id and its secret"
        )),
    };
    Finding::of(format!("license files of listing {}", listing.id), result)
}

/// Whether anybody is there. Nothing is told: a purchase would be, and is none.
fn answers(webhook: &Webhook) -> anyhow::Result<String> {
    let status = System::new().block_on(webhook.reach()).context(
        "start the application, and look at its webhook_url, name resolution, firewall and \
         certificates",
    )?;
    Ok(format!("answers (HTTP {status} to HEAD)"))
}

/// Asks about an order, as the service does after a purchase: whether the marketplace lets us.
fn access(account: &Account) -> anyhow::Result<String> {
    let request = order::request(&OrderId::parse(DEBUGGING_ORDER)?, None);
    let received = System::new()
        .block_on(account.client.send(&request))
        .context(
            "the marketplace could not be asked about an order: look at open_api.endpoint, name \
             resolution and firewall",
        )?;
    let Err(error) = order::read(received.status, &received.body) else {
        return Ok("accepted".to_owned());
    };
    match error.reaction() {
        Reaction::Alarm => Err(error).context(
            "compare open_api.access_key_id and its secret with the seller's account, give its \
             user the right to the open APIs, and set the clock",
        ),
        Reaction::Retry => Err(error).context("try again in a while"),
        Reaction::GiveUp => Ok(format!("accepted, though of an order it says: {error}")),
    }
}

fn look_at_journal(path: &Path, findings: &mut Vec<Finding>) {
    let mut log = match SqliteReader::open(path) {
        Ok(log) => log,
        Err(OpenError::Missing { .. }) => {
            let fresh = "there is none yet: `tenure serve` makes one".to_owned();
            findings.push(Finding::of("journal", Ok(fresh)));
            return;
        },
        Err(error) => {
            findings.push(Finding::of("journal", Err(error.into())));
            return;
        },
    };
    let head = log.head();
    let recorded_at = head.as_ref().ok().map(|head| head.recorded_at);
    let read = head.map(|head| format!("readable, {} records", head.position));
    findings.push(Finding::of("journal", read.map_err(Into::into)));
    findings.push(Finding::of("clock", clock_against(recorded_at)));
}

/// Opens the vault, if there is one.
fn look_at_vault(config: &Config) -> anyhow::Result<String> {
    let presence = config.vault_presence()?;
    if presence == Presence::Nothing {
        return Ok("there is none yet: `tenure serve` makes one, and its master key".to_owned());
    }
    let key = config.master_key_path()?;
    if config.vault.master_key.is_none() && !is_private(&key)? {
        return Err(anyhow!(
            "others may read the master key: run `chmod 600 {}`",
            key.display()
        ));
    }
    if presence == Presence::KeyOnly {
        config.check_master_key()?;
        return Ok("there is none yet: `tenure serve` makes one".to_owned());
    }
    config.open_present_vault(Arc::new(SystemClock))?;
    Ok("opens with its master key".to_owned())
}

/// Transaction time never goes back: a clock behind the last record means that one of both is wrong.
fn clock_against(recorded_at: Option<Instant>) -> anyhow::Result<String> {
    let now = SystemClock.now();
    let ahead = recorded_at.map_or(0, |at| at.micros_since(now)) / 1_000_000;
    if ahead > CLOCK_SECONDS_MAX {
        return Err(anyhow!(
            "it is {ahead} s behind the journal's last record: set the clock, and run NTP"
        ));
    }
    Ok("not behind the journal".to_owned())
}

fn writable(folder: &Path) -> anyhow::Result<String> {
    let mended = || {
        format!(
            "make {} and give it to the user that runs tenure",
            folder.display()
        )
    };
    if !folder.exists() {
        let parent = folder
            .parent()
            .filter(|it| !it.as_os_str().is_empty())
            .unwrap_or_else(|| Path::new("."));
        return writable(parent)
            .with_context(mended)
            .map(|_| "will be made".to_owned());
    }
    let mut file = tempfile::tempfile_in(folder).with_context(mended)?;
    // A megabyte tells a full disk.
    file.write_all(&vec![0; 1 << 20])
        .and_then(|()| file.sync_all())
        .with_context(|| format!("free some space on the disk of {}", folder.display()))?;
    Ok("can be written".to_owned())
}

/// Any answer will do: what matters is that there is one, and what time it names.
fn reach(endpoint: &str) -> anyhow::Result<String> {
    let date = System::new().block_on(async {
        let client = reqwest::Client::builder()
            .timeout(REACH_PATIENCE)
            .no_proxy()
            .build()?;
        let response = client.get(endpoint).send().await.with_context(|| {
            format!(
                "{endpoint} cannot be reached: look at name resolution, firewall and certificates"
            )
        })?;
        let date = response
            .headers()
            .get("date")
            .and_then(|date| date.to_str().ok());
        anyhow::Ok(date.and_then(|date| DateTime::parse_from_rfc2822(date).ok()))
    })?;
    let Some(date) = date else {
        return Ok(format!("{endpoint} answers"));
    };
    let skew = SystemClock
        .now()
        .micros_since(Instant::from_micros(date.timestamp_micros()))
        / 1_000_000;
    if skew.abs() > CLOCK_SECONDS_MAX {
        return Err(anyhow!(
            "this machine's clock is {skew} s off the marketplace's: run NTP"
        ));
    }
    Ok(format!("{endpoint} answers, clocks differ by {skew} s"))
}

impl Finding {
    fn of(what: impl Into<String>, result: anyhow::Result<String>) -> Self {
        Self {
            what: what.into(),
            result,
        }
    }

    fn json(&self) -> Value {
        match &self.result {
            Ok(good) => json!({ "what": self.what, "ok": true, "finding": good }),
            Err(error) => {
                json!({ "what": self.what, "ok": false, "finding": format!("{error:#}") })
            },
        }
    }
}
