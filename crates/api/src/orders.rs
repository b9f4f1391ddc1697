//! Questions about orders.

use actix_web::HttpRequest;
use actix_web::web::{Data, Json, Path};
use tenure_domain::OrderId;
use tenure_projector::QueryError;

use crate::api::Api;
use crate::document::Waiting;
use crate::parameters::Parameters;
use crate::problem::{Problem, ProblemView};
use crate::view::OrderView;

/// Shows what is known of an order, from the read model: its lines, what the marketplace told of
/// them, and the licenses that it changed.
#[utoipa::path(get, path = "/v1/orders/{id}", tag = "orders", operation_id = "show_order",
    params(
        ("id" = String, Path, description = "The order, percent-encoded."),
        ("listing" = Option<String>, Query, description = "The merchant of this listing is meant."),
        Waiting,
    ),
    responses((status = 200, body = OrderView), (status = "default", body = ProblemView, content_type = "application/problem+json")))]
pub(crate) async fn show(
    request: HttpRequest,
    id: Path<String>,
    api: Data<Api>,
) -> Result<Json<OrderView>, Problem> {
    let parameters = Parameters::parse(request.query_string(), &["listing", "min_position"])?;
    let id = OrderId::parse(&id)
        .map_err(|error| Problem::bad_request("malformed_id", error.to_string()))?;
    let merchant = api.merchant(parameters.listing()?.as_ref())?;
    api.await_read_model(parameters.position("min_position")?)
        .await?;
    let (order, checkpoint) = api
        .read_model
        .ask(move |queries| {
            let checkpoint = queries.checkpoint()?;
            let order = queries.order(merchant.as_ref(), &id)?;
            Ok::<_, QueryError>((order, checkpoint))
        })
        .await?;
    let order = order
        .ok_or_else(|| Problem::not_found("unknown_order", "nothing is known of this order"))?;
    Ok(Json(OrderView::of(&order, checkpoint)))
}
