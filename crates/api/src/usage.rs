//! What the merchant's software reports of the use of a license, and what became of the reports.

use actix_web::web::{Data, Json, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use tenure_domain::usage::{self, Amount, Report, Settled, Usage, Used};
use tenure_domain::{Family, Instant, LicenseId, MerchantId, SealKey, UsageSerial};
use tenure_journal::transact::Request;
use tenure_journal::vault::{DataKey, Owner};
use tenure_journal::{ReadError, ReadLog, StreamId};
use tenure_koogallery::kit::contexts::RECEIPT_BODY;
use tenure_koogallery::open_api::software_usage::{ActiveClients, ClientId};
use tenure_koogallery::open_api::usage::UsagePeriod;
use tenure_outbound::usage::CLIENT;
use utoipa::ToSchema;

use crate::api::Api;
use crate::command::{self, Received};
use crate::licenses::{asked, find, unknown};
use crate::parameters;
use crate::problem::{Problem, ProblemView};
use crate::view::{self, CommandView, DeniedReport, UsageTotal, UsageView};

/// The most bytes that a command with reports may have.
const BODY_BYTES_MAX: usize = 512 * 1024;

/// The most reports of one command: as many as the marketplace takes at once.
const REPORTS_MAX: usize = 1_000;

/// The most reports that an answer names, of those that wait and of those that were denied.
const NAMED_MAX: usize = 1_000;

/// What is reported.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UsageRequest {
    /// At most 1,000 reports. All of them are taken, or none.
    reports: Vec<UsageReport>,
}

/// One report. Of an instance: `began_at`, `ended_at` and `amount`. Of an authorization code:
/// either `client` or `active_clients`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UsageReport {
    /// Your name of this report: it is counted once, however often it is sent.
    #[schema(example = "METERTEST0001")]
    serial: String,
    /// The beginning of the time in which it was used; at most 21 days ago.
    #[schema(example = "2027-01-02T08:00:00Z")]
    began_at: Option<String>,
    /// The end of that time; not in the future.
    ended_at: Option<String>,
    /// How much: greater than zero, at most eight digits before the point and four behind it.
    #[schema(example = "12.5")]
    amount: Option<String>,
    /// The instance id of the package that it is taken from, if there is one.
    package: Option<String>,
    /// One client that was active: its account or its device. It is sealed before it is stored.
    client: Option<String>,
    /// How many clients were active today.
    active_clients: Option<u32>,
}

/// Takes reports of the use of a license, to be passed on to the marketplace. Sending them again
/// is a success.
#[utoipa::path(post, path = "/v1/licenses/{id}/usage", tag = "usage", operation_id = "report_usage",
    params(
        ("id" = String, Path, description = "Instance id or authorization code, percent-encoded."),
        ("listing" = Option<String>, Query, description = "The merchant of this listing is meant."),
    ),
    request_body = UsageRequest,
    responses(
        (status = 200, body = CommandView, headers(
            ("Tenure-Receipt-Id" = String, description = "The receipt of this call."),
            ("Tenure-Position" = u64, description = "The head of the journal after it."),
        )),
        (status = "default", body = ProblemView, content_type = "application/problem+json")))]
pub(crate) async fn report(
    request: HttpRequest,
    id: Path<String>,
    payload: Payload,
    api: Data<Api>,
) -> Result<HttpResponse, Problem> {
    let body = command::body(payload, BODY_BYTES_MAX).await?;
    let (asked, id, now) = asked(&request, &id, &api, &["listing"]).await?;
    let found = find(&api, asked).await?;
    let living = found.view.license.living().ok_or_else(unknown)?.clone();
    let told: UsageRequest = serde_json::from_slice(&body)
        .map_err(|error| Problem::bad_request("malformed_body", error.to_string()))?;
    let (merchant, license) = (found.merchant.clone(), id.clone());
    let (vault, listing) = (api.vault.clone(), living.listing.clone());
    let known = fold_at(&api, merchant.clone(), license.clone()).await?;
    let prepared = actix_web::web::block(move || {
        let key = match living.family {
            Family::LicenseCode => Some(vault.key(&Owner::license(&merchant, &license))?),
            Family::Saas | Family::OnlineLicense => None,
        };
        let reports = told.read(living.family, key.as_ref(), &known, now)?;
        let (body, sealed_with) = sealed(&body, key.as_ref())?;
        Ok::<_, Problem>((reports, body, sealed_with))
    });
    let (reports, body, sealed_with) = prepared.await.map_err(|_gone| Problem::internal())??;
    let received = Received {
        activity: "usage",
        listing: listing.clone(),
        at: now,
        body,
        sealed_with,
        request: Request::Usage {
            merchant: found.merchant,
            id: id.clone(),
            command: usage::Command::Report { listing, reports },
        },
        id,
    };
    command::record(&api, &request, received).await
}

/// Shows how much of a license was used, and what became of the reports.
///
/// The totals are what was reported: reports that were denied, or of which nobody knows, are in them.
#[utoipa::path(get, path = "/v1/licenses/{id}/usage", tag = "usage", operation_id = "show_usage",
    params(
        ("id" = String, Path, description = "Instance id or authorization code, percent-encoded."),
        ("listing" = Option<String>, Query, description = "The merchant of this listing is meant."),
        ("min_position" = Option<u64>, Query, description = "Waits until the journal holds this position, at most 5 seconds."),
    ),
    responses((status = 200, body = UsageView), (status = "default", body = ProblemView, content_type = "application/problem+json")))]
pub(crate) async fn show(
    request: HttpRequest,
    id: Path<String>,
    api: Data<Api>,
) -> Result<Json<UsageView>, Problem> {
    let known = ["listing", "min_position"];
    let (asked, id, _now) = asked(&request, &id, &api, &known).await?;
    let found = find(&api, asked).await?;
    let (merchant, license) = (found.merchant, id.clone());
    let usage = fold_at(&api, merchant, license).await?;
    Ok(Json(shown(&id, &usage)))
}

async fn fold_at(
    api: &Data<Api>,
    merchant: MerchantId,
    license: LicenseId,
) -> Result<Usage, Problem> {
    let folding = api
        .journal
        .ask(move |log| Ok::<_, Problem>(fold(log.as_mut(), &merchant, &license)?));
    folding.await
}

fn fold(
    log: &mut dyn ReadLog,
    merchant: &MerchantId,
    license: &LicenseId,
) -> Result<Usage, ReadError> {
    let head = log.head()?.position;
    let records = log.read_stream(&StreamId::usage(merchant, license), head)?;
    let events = records.iter().filter_map(|record| record.event.as_usage());
    Ok(Usage::replay(events))
}

fn shown(id: &LicenseId, usage: &Usage) -> UsageView {
    let totals = usage.totals.iter().map(|(package, total)| UsageTotal {
        package: package.as_ref().map(ToString::to_string),
        amount: total.to_string(),
        ended_at: view::time(total.ended_at),
    });
    let denied = usage.settled.iter().filter_map(|(serial, settled)| {
        let Settled { used: _, denied } = settled;
        Some(DeniedReport {
            serial: serial.to_string(),
            code: denied.as_deref()?.to_owned(),
        })
    });
    let pending = usage.pending.keys().map(ToString::to_string);
    UsageView {
        license_id: id.to_string(),
        totals: totals.collect(),
        pending_count: usage.pending.len() as u64,
        settled_count: usage.settled.len() as u64,
        pending: pending.take(NAMED_MAX).collect(),
        denied: denied.take(NAMED_MAX).collect(),
    }
}

/// The body as its receipt keeps it: sealed, if it names clients.
fn sealed(body: &[u8], key: Option<&DataKey>) -> Result<(Box<[u8]>, Option<SealKey>), Problem> {
    Ok(match key {
        None => (body.into(), None),
        Some(key) => (key.seal(RECEIPT_BODY, body)?.bytes, Some(key.id())),
    })
}

impl UsageRequest {
    fn read(
        &self,
        family: Family,
        key: Option<&DataKey>,
        known: &Usage,
        now: Instant,
    ) -> Result<Vec<Report>, Problem> {
        if self.reports.is_empty() || self.reports.len() > REPORTS_MAX {
            let detail = format!("reports has to have 1 to {REPORTS_MAX} entries");
            return Err(Problem::bad_request("malformed_body", detail));
        }
        let reports = self.reports.iter().enumerate();
        let read = reports.map(|(index, report)| report.read(family, key, known, now, index));
        read.collect()
    }
}

impl UsageReport {
    fn read(
        &self,
        family: Family,
        key: Option<&DataKey>,
        known: &Usage,
        now: Instant,
        index: usize,
    ) -> Result<Report, Problem> {
        let wrong = |what: &str| {
            let detail = format!("reports[{index}]: {what}");
            Problem::bad_request("malformed_report", detail)
        };
        let serial = UsageSerial::parse(&self.serial).map_err(|error| wrong(&error.to_string()))?;
        let used = match family {
            Family::Saas | Family::OnlineLicense => {
                self.metered(known.report(&serial).is_none(), now)
            },
            Family::LicenseCode => self.clients(),
        };
        let used = match used.map_err(|what| wrong(&what))? {
            Told::Used(used) => used,
            Told::Client(client) => {
                let key = key.ok_or_else(Problem::internal)?;
                Used::Client {
                    client: key.seal(CLIENT, client.as_str().as_bytes())?,
                }
            },
        };
        Ok(Report { serial, used })
    }

    /// A report that is no news is not too old, whenever it is sent again.
    fn metered(&self, is_news: bool, now: Instant) -> Result<Told, String> {
        let Self {
            serial: _,
            began_at: Some(began_at),
            ended_at: Some(ended_at),
            amount: Some(amount),
            package,
            client: None,
            active_clients: None,
        } = self
        else {
            return Err(
                "of an instance, began_at, ended_at and amount are reported, and package \
                        if it is taken from one"
                    .to_owned(),
            );
        };
        let read = |name: &str, text: &str| {
            parameters::instant(text)
                .ok_or_else(|| format!("{name} has to be an instant such as 2027-01-02T08:00:00Z"))
        };
        let (began_at, ended_at) = (read("began_at", began_at)?, read("ended_at", ended_at)?);
        let period = UsagePeriod::new(began_at, ended_at).map_err(|error| error.to_string())?;
        if is_news {
            let reportable = period.reportable_at(now);
            reportable.map_err(|error| error.to_string())?;
        }
        let package = package.as_deref().map(LicenseId::parse).transpose();
        Ok(Told::Used(Used::Metered {
            began_at,
            ended_at,
            amount: Amount::parse(amount).map_err(|error| format!("amount: {error}"))?,
            package: package.map_err(|error| format!("package: {error}"))?,
        }))
    }

    fn clients(&self) -> Result<Told, String> {
        match self {
            Self {
                serial: _,
                began_at: None,
                ended_at: None,
                amount: None,
                package: None,
                client: Some(client),
                active_clients: None,
            } => {
                let client = ClientId::parse(client);
                Ok(Told::Client(
                    client.map_err(|error| format!("client: {error}"))?,
                ))
            },
            Self {
                serial: _,
                began_at: None,
                ended_at: None,
                amount: None,
                package: None,
                client: None,
                active_clients: Some(count),
            } => {
                ActiveClients::parse(*count).map_err(|error| format!("active_clients: {error}"))?;
                Ok(Told::Used(Used::ActiveClients { count: *count }))
            },
            _ => Err(
                "of an authorization code, either client or active_clients is reported".to_owned(),
            ),
        }
    }
}

/// What a report tells, before the client that it may name is sealed.
enum Told {
    Used(Used),
    Client(ClientId),
}

#[cfg(test)]
mod tests {
    use tenure_domain::ListingId;

    use super::*;

    #[test]
    fn a_report_is_too_old_only_while_it_is_news() {
        let told: UsageRequest = serde_json::from_str(
            r#"{"reports":[{"serial":"METERTEST0001","began_at":"2027-01-02T08:00:00Z",
                "ended_at":"2027-01-02T09:00:00Z","amount":"12.5"}]}"#,
        )
        .unwrap();
        let ended_at = parameters::instant("2027-01-02T09:00:00Z").unwrap();
        let later = ended_at.plus_seconds(22 * 24 * 60 * 60);
        let read = |known: &Usage, now| told.read(Family::Saas, None, known, now);
        let news = Usage::default();
        let Ok(reports) = read(&news, ended_at) else {
            panic!("it can be reported when it is over");
        };
        assert!(read(&news, later).is_err());
        let known = news.evolve(&usage::Event::Reported {
            listing: ListingId::parse("cad-pro").unwrap(),
            reports,
        });
        assert!(read(&known, later).is_ok());
    }
}
