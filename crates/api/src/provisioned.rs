//! The word that an application is ready, and where its buyer finds it.

use actix_web::web::{Bytes, Data, Path, Payload, block};
use actix_web::{HttpRequest, HttpResponse};
use secrecy::ExposeSecret;
use tenure_domain::{Command, Intent, LicenseId, MerchantId, SealKey, Sealed, WhenAbsent};
use tenure_journal::transact::Request;
use tenure_journal::vault::{Owner, Vault, VaultError};
use tenure_koogallery::access::{self, Access};
use tenure_koogallery::kit::contexts::RECEIPT_BODY;
use utoipa::ToSchema;

use crate::api::Api;
use crate::command::{self, Received};
use crate::licenses::{asked, find, unknown};
use crate::problem::{Problem, ProblemView};
use crate::view::CommandView;

/// The most bytes that the body may have: every character of the longest texts as two escapes.
const BODY_BYTES_MAX: usize = 32 * 1024;

/// Where this buyer finds the application and with which account. It is sealed before it is stored,
/// and told to the marketplace when it queries the instance.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "says what `Access` reads")]
pub(crate) struct AccessRequest {
    /// The address that the buyer opens.
    #[schema(example = "https://app.example.com/t/7", max_length = 512)]
    front_end_url: String,
    /// The address of the administration.
    #[schema(max_length = 512)]
    admin_url: Option<String>,
    /// The name of the account with which the buyer begins. V1.0 has no room for more than 79 bytes.
    #[schema(max_length = 128)]
    user_name: Option<String>,
    /// The password of that account, likewise.
    #[schema(max_length = 128)]
    password: Option<String>,
    /// A remark for the buyer.
    #[schema(max_length = 1024)]
    memo: Option<String>,
}

/// What a body comes to in the journal.
struct Told {
    access: Option<Sealed>,
    body: Box<[u8]>,
    sealed_with: Option<SealKey>,
}

/// Takes the operator's word that the application of an instance is ready for the buyer, and maybe
/// where this buyer finds it. Saying the same again is a success; what was told once holds until
/// something else is told.
#[utoipa::path(post, path = "/v1/licenses/{id}/provisioned", tag = "licenses", operation_id = "report_provisioned",
    params(
        ("id" = String, Path, description = "Instance id, percent-encoded."),
        ("listing" = Option<String>, Query, description = "The merchant of this listing is meant."),
    ),
    request_body(content = Option<AccessRequest>, description = "Without a body, the buyer finds what the listing's configuration says."),
    responses(
        (status = 200, body = CommandView, headers(
            ("Tenure-Receipt-Id" = String, description = "The receipt of this call."),
            ("Tenure-Position" = u64, description = "What to give as min_position to see it in a list."),
        )),
        (status = "default", body = ProblemView, content_type = "application/problem+json")))]
pub(crate) async fn provisioned(
    request: HttpRequest,
    id: Path<String>,
    payload: Payload,
    api: Data<Api>,
) -> Result<HttpResponse, Problem> {
    let body = command::body(payload, BODY_BYTES_MAX).await?;
    let access = Access::parse(&body)
        .map_err(|error| Problem::bad_request("malformed_access", error.to_string()))?;
    let (asked, id, now) = asked(&request, &id, &api, &["listing"]).await?;
    let found = find(&api, asked).await?;
    let living = found.view.license.living().ok_or_else(unknown)?;
    let told = tell(&api.vault, &found.merchant, &id, body, access).await?;
    let received = Received {
        activity: "provisioned",
        listing: living.listing.clone(),
        at: now,
        body: told.body,
        sealed_with: told.sealed_with,
        request: Request::License {
            merchant: found.merchant,
            id: id.clone(),
            command: Command {
                listing: living.listing.clone(),
                family: living.family,
                at: now,
                when_absent: WhenAbsent::Refuse,
                intent: Intent::ReportProvisioned {
                    access: told.access,
                },
            },
        },
        id,
    };
    command::record(&api, &request, received).await
}

/// Seals what tells an access, with the key of its license; a body that tells none is kept as it is.
async fn tell(
    vault: &Vault,
    merchant: &MerchantId,
    id: &LicenseId,
    body: Bytes,
    access: Option<Access>,
) -> Result<Told, Problem> {
    let Some(access) = access else {
        return Ok(Told {
            access: None,
            body: body.as_ref().into(),
            sealed_with: None,
        });
    };
    let (vault, owner) = (vault.clone(), Owner::license(merchant, id));
    let sealing = block(move || {
        let key = vault.key(&owner)?;
        let json = access.to_json();
        let access = key.seal(access::CONTEXT, json.expose_secret().as_bytes())?;
        let body = key.seal(RECEIPT_BODY, &body)?;
        Ok::<_, VaultError>(Told {
            access: Some(access),
            body: body.bytes,
            sealed_with: Some(body.key),
        })
    });
    Ok(sealing.await.map_err(|_gone| Problem::internal())??)
}
