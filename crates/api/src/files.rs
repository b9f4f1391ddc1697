//! License files that the buyer's software asked for: what waits, and what the merchant made.

use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data, Json, Path, Payload, block};
use actix_web::{HttpRequest, HttpResponse};
use tenure_domain::file::{File, FileContent, FileKey};
use tenure_domain::{Command, FileEventId, Intent, Sealed, WhenAbsent};
use tenure_journal::transact::Request;
use tenure_journal::vault::{Opened, Owner, Vault, VaultError};
use tenure_koogallery::kit::contexts::RECEIPT_BODY;
use tenure_koogallery::license_file::{FINGERPRINT_CONTEXT, Made};
use tenure_outbound::license_files::{device_name, sealed};
use utoipa::ToSchema;

use crate::api::Api;
use crate::command::{self, Received};
use crate::licenses::{asked, find, unknown};
use crate::problem::{Problem, ProblemView};
use crate::view::{self, AskedFileView, AskedFilesView, CommandView};

/// The most bytes that the body may have: a file of 256 KiB in Base64, and its name.
const BODY_BYTES_MAX: usize = 384 * 1024;

/// A license file: either `characters`, or `file_name` and `file`. It is sealed before it is
/// stored, and uploaded to the marketplace.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "says what `Made` reads")]
pub(crate) struct MadeFileRequest {
    /// A text that stands for a file.
    #[schema(max_length = 1024)]
    characters: Option<String>,
    /// The name of the file.
    #[schema(example = "cad-pro.lic", max_length = 1024)]
    file_name: Option<String>,
    /// The file in Base64; at most 256 KiB.
    #[schema(content_encoding = "base64")]
    file: Option<String>,
    /// The device that it is for, as the list of requests names it: only needed where two devices
    /// share an event id.
    device: Option<String>,
}

/// Lists the license files that were asked for, oldest first, with what is known of their devices.
#[utoipa::path(get, path = "/v1/licenses/{id}/files", tag = "licenses", operation_id = "license_files",
    params(
        ("id" = String, Path, description = "Instance id, percent-encoded."),
        ("listing" = Option<String>, Query, description = "The merchant of this listing is meant."),
        ("min_position" = Option<u64>, Query, description = "Waits until the journal holds this position, at most 5 seconds."),
    ),
    responses((status = 200, body = AskedFilesView), (status = "default", body = ProblemView, content_type = "application/problem+json")))]
pub(crate) async fn list(
    request: HttpRequest,
    id: Path<String>,
    api: Data<Api>,
) -> Result<Json<AskedFilesView>, Problem> {
    let (asked, _id, _now) = asked(&request, &id, &api, &["listing", "min_position"]).await?;
    let found = find(&api, asked).await?;
    let as_of = view::AsOf::new(found.view.as_of, found.view.as_of_recorded_at);
    let vault = api.vault.clone();
    let shown = block(move || {
        let living = found.view.license.living().ok_or_else(unknown)?;
        let files = living.files.iter().map(|file| shown(&vault, file));
        files.collect::<Result<_, Problem>>()
    });
    let files = shown.await.map_err(|_gone| Problem::internal())??;
    Ok(Json(AskedFilesView { files, as_of }))
}

/// Takes a license file that the merchant made, to be uploaded to the marketplace. Sending the same
/// again is a success; another one for the same request is refused.
#[utoipa::path(post, path = "/v1/licenses/{id}/files/{event_id}", tag = "licenses", operation_id = "make_license_file",
    params(
        ("id" = String, Path, description = "Instance id, percent-encoded."),
        ("event_id" = String, Path, description = "The marketplace's name of the request, percent-encoded."),
        ("listing" = Option<String>, Query, description = "The merchant of this listing is meant."),
    ),
    request_body = MadeFileRequest,
    responses(
        (status = 200, body = CommandView, headers(
            ("Tenure-Receipt-Id" = String, description = "The receipt of this call."),
            ("Tenure-Position" = u64, description = "What to give as min_position to see it in a list."),
        )),
        (status = "default", body = ProblemView, content_type = "application/problem+json")))]
pub(crate) async fn make(
    request: HttpRequest,
    path: Path<(String, String)>,
    payload: Payload,
    api: Data<Api>,
) -> Result<HttpResponse, Problem> {
    let (id, event) = path.into_inner();
    let body = command::body(payload, BODY_BYTES_MAX).await?;
    let made = Made::parse(&body)
        .map_err(|error| Problem::bad_request("malformed_file", error.to_string()))?;
    let (asked, id, now) = asked(&request, &id, &api, &["listing"]).await?;
    let found = find(&api, asked).await?;
    let living = found.view.license.living().ok_or_else(unknown)?;
    let key = which(&living.files, &event, made.device.as_deref())?;
    let owner = Owner::license(&found.merchant, &id);
    let (content, body) = seal(api.vault.clone(), owner, made, body).await?;
    let received = Received {
        activity: "license_file",
        listing: living.listing.clone(),
        at: now,
        body: body.bytes,
        sealed_with: Some(body.key),
        request: Request::License {
            merchant: found.merchant,
            id: id.clone(),
            command: Command {
                listing: living.listing.clone(),
                family: living.family,
                at: now,
                when_absent: WhenAbsent::Refuse,
                intent: Intent::MakeFile { key, content },
            },
        },
        id,
    };
    command::record(&api, &request, received).await
}

/// The file that is meant: the only one of its event, or the one for the device that is named.
fn which(files: &[File], event: &str, device: Option<&str>) -> Result<FileKey, Problem> {
    let not_requested = || {
        let detail = "no license file was asked for under this name, or not for this device";
        Problem::not_found("file_not_requested", detail)
    };
    let event = FileEventId::parse(event).map_err(|_not_one| not_requested())?;
    let keys = files.iter().map(|file| file.request.key());
    let mut meant = keys.filter(|key| {
        let is_for = |device| key.device.map(device_name).as_deref() == Some(device);
        key.event == event && device.is_none_or(is_for)
    });
    let first = meant.next().ok_or_else(not_requested)?;
    if meant.next().is_some() {
        let detail = "several devices asked under this name: say by device which one is meant";
        return Err(Problem::new(
            StatusCode::CONFLICT,
            "ambiguous_device",
            detail,
        ));
    }
    Ok(first)
}

/// Seals a file, and the body that brought it, with the key of its license.
async fn seal(
    vault: Vault,
    owner: Owner,
    made: Made,
    body: Bytes,
) -> Result<(FileContent, Sealed), Problem> {
    let sealing = block(move || {
        let key = vault.key(&owner)?;
        Ok::<_, VaultError>((sealed(&key, &made.upload)?, key.seal(RECEIPT_BODY, &body)?))
    });
    Ok(sealing.await.map_err(|_gone| Problem::internal())??)
}

fn shown(vault: &Vault, file: &File) -> Result<AskedFileView, Problem> {
    let request = &file.request;
    let fingerprint = match &request.fingerprint {
        Some(sealed) => match vault.open_sealed(FINGERPRINT_CONTEXT, sealed)? {
            Opened::Text(text) => Some(String::from_utf8_lossy(&text).into_owned()),
            Opened::Erased => None,
        },
        None => None,
    };
    Ok(AskedFileView {
        event_id: request.event.to_string(),
        device: request.key().device.map(device_name),
        fingerprint,
        progress: view::progress(&file.progress).to_owned(),
        effective_at: view::time(request.effective_at),
        expires_at: request.expires_at.map(view::time),
    })
}
