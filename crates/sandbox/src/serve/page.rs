//! One page without scripts: the listings, what was sold, the orders, the messages, and a form for
//! each change.

use std::fmt::Write as _;

use actix_web::HttpResponse;
use actix_web::web::Data;

use super::Shop;
use crate::market::{Order, ProbeView, Protocol, SaleView};
use crate::messages::Message;

mod kit;
mod listings;
mod reports;

const STYLE: &str = "body{font:14px system-ui,sans-serif;margin:2em;color:#222}\
table{border-collapse:collapse;margin:.5em 0 2em}\
td,th{padding:.25em .6em;border-bottom:1px solid #ddd;text-align:left;vertical-align:top}\
code{font-size:12px;word-break:break-all}form{display:inline}\
.stopped{color:#b00}.delivered{color:#070}";

const CHANGES_OF_A_CODE: &[&str] = &[
    "claim",
    "renew",
    "cancel-renewal",
    "freeze",
    "unfreeze",
    "release",
    "unsubscribe",
];
const CHANGES_OF_AN_INSTANCE: &[&str] = &[
    "query",
    "renew",
    "cancel-renewal",
    "convert",
    "upgrade",
    "freeze",
    "unfreeze",
    "release",
    "unsubscribe",
];

/// Told by License 1.0, which has no words for the rest.
const CHANGES_OF_A_LICENSE: &[&str] = &["renew", "cancel-renewal", "release", "unsubscribe"];

/// What the page shows.
struct Shown {
    now: String,
    listings: Vec<ProbeView>,
    sales: Vec<SaleView>,
    orders: Vec<Order>,
    enterprises: String,
    reports: String,
    messages: Vec<Message>,
}

/// `GET /`.
pub(super) async fn page(shop: Data<Shop>) -> HttpResponse {
    let now = shop.now();
    let shown = {
        let market = shop.market();
        Shown {
            now: now.to_rfc3339(),
            listings: market.probes(),
            sales: market.sales().map(|sale| sale.view(now)).collect(),
            orders: market.orders().to_vec(),
            enterprises: kit::section(&market),
            reports: reports::tables(&market),
            messages: shop.messages.list(),
        }
    };
    let mut html = String::new();
    write_page(&mut html, &shown).expect("a string takes every line");
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .body(html)
}

fn write_page(html: &mut String, shown: &Shown) -> std::fmt::Result {
    write!(
        html,
        "<!doctype html><html lang=en><meta charset=utf-8><title>Sandbox marketplace</title>\
         <style>{STYLE}</style><h1>Sandbox marketplace</h1><p>The market's time: {} \
         <form method=post action=/sandbox/clock><button name=advance_days value=1>+1 day</button> \
         <button name=advance_days value=30>+30 days</button></form></p>",
        shown.now
    )?;
    write_purchase(html, &shown.listings)?;
    listings::write_listings(html, &shown.listings)?;
    write_sales(html, &shown.sales)?;
    write_orders(html, &shown.orders)?;
    html.push_str(&shown.enterprises);
    html.push_str(&shown.reports);
    write_messages(html, &shown.messages)
}

/// What is hidden is not offered.
fn write_purchase(html: &mut String, listings: &[ProbeView]) -> std::fmt::Result {
    html.push_str("<h2>Buy</h2><form method=post>Listing <select name=listing>");
    for view in listings.iter().filter(|view| view.frozen_at.is_none()) {
        write!(html, "<option>{}</option>", escape(&view.listing))?;
    }
    html.push_str(
        "</select> units <input name=amount type=number min=1 value=1> \
         months <input name=months type=number min=1 value=12> \
         <button formaction=/sandbox/codes>a code</button> \
         <button formaction=/sandbox/instances>an instance</button> \
         <button formaction=/sandbox/instances name=trial value=true>a trial</button></form>",
    );
    Ok(())
}

fn write_sales(html: &mut String, sales: &[SaleView]) -> std::fmt::Result {
    html.push_str(
        "<h2>Sold</h2><table><tr><th>Order<th>Listing<th>Code or instance<th>Product\
         <th>State<th>Until<th>Change",
    );
    for sale in sales {
        let frozen = if sale.frozen { ", frozen" } else { "" };
        write!(
            html,
            "<tr><td>{}<td>{}<td><code>{}</code><td>{} x {}<td>{:?}{frozen}<td>{}<td>",
            escape(&sale.order),
            escape(&sale.listing),
            escape(sale.name.as_deref().unwrap_or("-")),
            sale.amount,
            escape(&sale.product),
            sale.state,
            sale.expires_at.format("%Y-%m-%d %H:%M"),
        )?;
        let changes = match (sale.kind, sale.protocol) {
            ("code", _) => CHANGES_OF_A_CODE,
            (_, Protocol::LicenseV1) => CHANGES_OF_A_LICENSE,
            (_, Protocol::V2 | Protocol::SaasV1) => CHANGES_OF_AN_INSTANCE,
        };
        for change in changes {
            write_button(
                html,
                &format!("/sandbox/sales/{}/{change}", sale.order),
                change,
            )?;
        }
    }
    html.push_str("</table>");
    Ok(())
}

fn write_orders(html: &mut String, orders: &[Order]) -> std::fmt::Result {
    html.push_str("<h2>Orders</h2><table><tr><th>Order<th>Kind<th>Purchase<th>Made<th>Until");
    for order in orders {
        write!(
            html,
            "<tr><td>{}<td>{:?}<td>{}<td>{}<td>{}",
            escape(&order.line.order),
            order.kind,
            escape(&order.purchase_order),
            order.created_at.format("%Y-%m-%d %H:%M"),
            order.expires_at.format("%Y-%m-%d %H:%M"),
        )?;
    }
    html.push_str("</table>");
    Ok(())
}

fn write_messages(html: &mut String, messages: &[Message]) -> std::fmt::Result {
    html.push_str(
        "<h2>Messages</h2><table><tr><th>No<th>Activity<th>State<th>Attempts<th>Sent\
         <th>Answer or failure<th>",
    );
    for message in messages.iter().rev() {
        let state = format!("{:?}", message.state).to_lowercase();
        let last = message.last.as_ref();
        let failure = last
            .and_then(|last| last.failure.as_ref())
            .map(ToString::to_string);
        let answer = last
            .and_then(|last| last.answer.clone())
            .unwrap_or_default();
        write!(
            html,
            "<tr><td>{}<td>{}<td class={state}>{state}<td>{}<td><code>{}</code>\
             <td><code>{}</code> {}<td>",
            message.id,
            escape(&message.activity),
            message.attempts,
            escape(&message.body),
            escape(&answer),
            escape(&failure.unwrap_or_default()),
        )?;
        write_button(
            html,
            &format!("/sandbox/messages/{}/resend", message.id),
            "re-send",
        )?;
    }
    html.push_str("</table>");
    Ok(())
}

fn write_button(html: &mut String, action: &str, word: &str) -> std::fmt::Result {
    let action = escape(action);
    write!(
        html,
        "<form method=post action=\"{action}\"><button>{word}</button></form> "
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
