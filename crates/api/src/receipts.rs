//! Every call that came in, and what became of it.

use actix_web::HttpRequest;
use actix_web::web::{Data, Json, Path};
use tenure_domain::LicenseId;
use tenure_journal::vault::{Opened, Vault};
use tenure_journal::{Receipt, ReceiptId, Verdict};
use tenure_koogallery::kit::contexts;
use tenure_projector::ReceiptFilter;

use crate::api::Api;
use crate::document::Paging;
use crate::parameters::{Parameters, in_order};
use crate::problem::{Problem, ProblemView};
use crate::view::{Content, ReceiptSummary, ReceiptView, ReceiptsPage};

/// Lists receipts, newest first, from the read model.
#[utoipa::path(get, path = "/v1/receipts", tag = "receipts", operation_id = "list_receipts",
    params(
        ("listing" = Option<String>, Query, description = "Of calls to this production address, as the caller wrote it."),
        ("verdict" = Option<String>, Query, description = "With this verdict."),
        ("activity" = Option<String>, Query, description = "Of calls to this interface."),
        ("license" = Option<String>, Query, description = "Of calls that changed this license."),
        ("since" = Option<String>, Query, description = "Of calls that arrived at this instant or later."),
        ("until" = Option<String>, Query, description = "Of calls that arrived before this instant."),
        Paging,
    ),
    responses((status = 200, body = ReceiptsPage), (status = "default", body = ProblemView, content_type = "application/problem+json")))]
pub(crate) async fn list(
    request: HttpRequest,
    api: Data<Api>,
) -> Result<Json<ReceiptsPage>, Problem> {
    let parameters = Parameters::parse(
        request.query_string(),
        &[
            "listing", "verdict", "activity", "license", "since", "until", "limit", "cursor",
        ],
    )?;
    let filter = filter(&parameters)?;
    let limit = parameters.limit(50, 200)?;
    let cursor = parameters.text("cursor")?.map(str::to_owned);
    let page = api
        .read_model
        .ask(move |queries| queries.receipts(&filter, limit, cursor.as_deref()))
        .await?;
    Ok(Json(ReceiptsPage {
        receipts: page.items.iter().map(ReceiptSummary::from).collect(),
        next_cursor: page.next,
    }))
}

fn filter(parameters: &Parameters) -> Result<ReceiptFilter, Problem> {
    let verdicts = Verdict::ALL.map(Verdict::name);
    let filter = ReceiptFilter {
        listing: parameters.text("listing")?.map(str::to_owned),
        verdict: parameters.word("verdict", &verdicts, Verdict::from_name)?,
        activity: parameters.text("activity")?.map(str::to_owned),
        license: parameters.parsed("license", LicenseId::parse)?,
        since: parameters.instant("since")?,
        until: parameters.instant("until")?,
    };
    in_order(filter.since, filter.until)?;
    Ok(filter)
}

/// Shows one receipt with its bytes, from the journal. A body that is about people is kept sealed,
/// and opened here; once it was erased, it is not there.
#[utoipa::path(get, path = "/v1/receipts/{id}", tag = "receipts", operation_id = "show_receipt",
    params(("id" = String, Path, description = "The name of the receipt.")),
    responses((status = 200, body = ReceiptView), (status = "default", body = ProblemView, content_type = "application/problem+json")))]
pub(crate) async fn show(
    request: HttpRequest,
    id: Path<String>,
    api: Data<Api>,
) -> Result<Json<ReceiptView>, Problem> {
    Parameters::parse(request.query_string(), &[])?;
    let id = ReceiptId::parse(&id)
        .ok_or_else(|| Problem::bad_request("malformed_id", "the name of a receipt is a UUID"))?;
    let vault = api.vault.clone();
    let shown = api.journal.ask(move |log| -> Result<_, Problem> {
        let Some(receipt) = log.receipt(id)? else {
            return Ok(None);
        };
        let body = body(&vault, &receipt)?;
        Ok(Some(ReceiptView::of(&receipt, body)))
    });
    let shown = shown.await?.ok_or_else(|| {
        let detail = "there is no such receipt; those of calls that nobody vouches for are forgotten in time";
        Problem::not_found("unknown_receipt", detail)
    })?;
    Ok(Json(shown))
}

/// The body as it was received.
fn body(vault: &Vault, receipt: &Receipt) -> Result<Content, Problem> {
    let Some(key) = receipt.sealed_with else {
        return Ok(Content::of(&receipt.body));
    };
    match vault.open_bytes(contexts::RECEIPT_BODY, key, &receipt.body) {
        Ok(Opened::Text(body)) => Ok(Content::of(&body)),
        Ok(Opened::Erased) => Ok(Content::erased()),
        Err(error) => {
            tracing::error!(%error, receipt = %receipt.id, "the body of a receipt stays sealed");
            Err(Problem::unavailable(
                "vault_unavailable",
                "the vault does not open the body of the receipt; the service's log says why",
            ))
        },
    }
}
