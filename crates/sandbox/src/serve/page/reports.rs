//! Short tables of what merchants reported and delivered: the latest of each.

use std::fmt::Write as _;

use super::escape;
use crate::market::{Charging, Market, Sold};

/// The most rows of a table; the control API lists all.
const ROWS_MAX: usize = 20;

/// All tables, those without a row left out.
pub(super) fn tables(market: &Market) -> String {
    let mut html = String::new();
    write_tables(&mut html, market).expect("a string takes every line");
    html
}

fn write_tables(html: &mut String, market: &Market) -> std::fmt::Result {
    html.push_str(
        "<h2>Test codes</h2><form method=post action=/sandbox/test-codes>\
         days <input name=days type=number min=1 value=30> <button>issue</button></form>",
    );
    write_test_codes(html, market)?;
    write_applications(html, market)?;
    write_usage(html, market)?;
    write_clients(html, market)?;
    write_uploads(html, market)
}

fn write_test_codes(html: &mut String, market: &Market) -> std::fmt::Result {
    let mut table = Table::new("", "<th>Code<th>Activated<th>Checked<th>Until");
    for test in market.test_codes().take(ROWS_MAX) {
        let word = |flag: bool| if flag { "yes" } else { "no" };
        write!(
            table.rows,
            "<tr><td><code>{}</code><td>{}<td>{}<td>{}",
            test.code,
            word(test.activated),
            word(test.checked),
            test.expires_at.format("%Y-%m-%d %H:%M"),
        )?;
    }
    table.end(html)
}

/// Instances of which a license can be applied for.
fn write_applications(html: &mut String, market: &Market) -> std::fmt::Result {
    let named = market.sales().filter_map(|sale| match &sale.sold {
        Sold::Instance(_) => sale.name().map(|name| (name, sale.charging)),
        Sold::Code(_) => None,
    });
    let named: Vec<(&str, Charging)> = named.take(ROWS_MAX).collect();
    if named.is_empty() {
        return Ok(());
    }
    html.push_str(
        "<h2>Apply for a license</h2><form method=post action=/sandbox/applications>\
         <select name=instance>",
    );
    for (name, charging) in named {
        let name = escape(name);
        write!(
            html,
            "<option value=\"{name}\">{name} ({charging:?})</option>"
        )?;
    }
    html.push_str("</select> <button>apply</button></form>");
    Ok(())
}

fn write_usage(html: &mut String, market: &Market) -> std::fmt::Result {
    let mut table = Table::new("Usage", "<th>Instance<th>From<th>To<th>Value<th>Record");
    for record in market.usage().rev().take(ROWS_MAX) {
        write!(
            table.rows,
            "<tr><td><code>{}</code><td>{}<td>{}<td>{}<td><code>{}</code>",
            escape(&record.instance),
            record.begins_at.format("%Y-%m-%d %H:%M:%S"),
            record.ends_at.format("%Y-%m-%d %H:%M:%S"),
            escape(&record.value),
            escape(record.metering_sn.as_deref().unwrap_or("-")),
        )?;
    }
    table.end(html)
}

fn write_clients(html: &mut String, market: &Market) -> std::fmt::Result {
    let mut table = Table::new("Active clients", "<th>Code<th>Day<th>Named<th>Number");
    for (code, active) in market.clients().iter().take(ROWS_MAX) {
        let number = active.number.map(|number| number.to_string());
        write!(
            table.rows,
            "<tr><td><code>{}</code><td>{}<td>{}<td>{}",
            escape(code),
            active.day,
            active.named.len(),
            number.as_deref().unwrap_or("-"),
        )?;
    }
    table.end(html)
}

fn write_uploads(html: &mut String, market: &Market) -> std::fmt::Result {
    let mut table = Table::new(
        "Uploads",
        "<th>Application<th>Arrived<th>File<th>Bytes<th>SHA-256",
    );
    for upload in market.uploads().rev().take(ROWS_MAX) {
        write!(
            table.rows,
            "<tr><td><a href=\"/sandbox/uploads/{event}\"><code>{event}</code></a><td>{}<td>{}\
             <td>{}<td><code>{}</code>",
            upload.received_at.format("%Y-%m-%d %H:%M:%S"),
            escape(upload.file_name.as_deref().unwrap_or("a text")),
            upload.content.len(),
            upload.sha256,
            event = escape(&upload.event),
        )?;
    }
    table.end(html)
}

/// A table that is written if it has a row.
struct Table {
    title: &'static str,
    head: &'static str,
    rows: String,
}

impl Table {
    fn new(title: &'static str, head: &'static str) -> Self {
        Self {
            title,
            head,
            rows: String::new(),
        }
    }

    fn end(self, html: &mut String) -> std::fmt::Result {
        let Self { title, head, rows } = self;
        if rows.is_empty() {
            return Ok(());
        }
        if !title.is_empty() {
            write!(html, "<h2>{title}</h2>")?;
        }
        write!(html, "<table><tr>{head}{rows}</table>")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use chrono::DateTime;

    use super::{ROWS_MAX, tables};
    use crate::market::{
        Charging, Clients, Keys, Listing, Market, Protocol, Purchase, Upload, UsageRecord,
    };

    #[test]
    fn the_latest_reports_are_shown_escaped() {
        let now = DateTime::from_timestamp(1_767_323_045, 0).unwrap();
        let listing = Listing {
            name: "cad".to_owned(),
            url: "https://example.com/in".to_owned(),
            keys: Keys::default(),
            protocol: Protocol::V2,
        };
        let mut market = Market::new(vec![listing], 7);
        assert!(!tables(&market).contains("<table>"));
        let purchase = Purchase {
            customer: "68cbc86abc2018ab".to_owned(),
            product: "OFFI0000001".to_owned(),
            amount: 1,
            months: 1,
            trial: false,
        };
        let sold = market.sell_instance_by(Charging::OnDemand, "cad", purchase, now);
        let order = sold.unwrap().0.order.order;
        market.provisioned(&order, "<b>".to_owned());
        let record = |number: usize| UsageRecord {
            instance: "<b>".to_owned(),
            product: None,
            recorded_at: now,
            begins_at: now,
            ends_at: now,
            value: "1.5".to_owned(),
            metering_sn: Some(format!("sn-{number};")),
            package: None,
        };
        let sellers = BTreeSet::from(["cad".to_owned()]);
        let records = (0..=ROWS_MAX).map(record).collect();
        market.report_usage(records, &sellers, now).unwrap();
        let code = market.issue_test_code(7, now).unwrap().code;
        market.activate(&code, now).unwrap();
        market
            .report_clients(&code, Clients::Number(4711), now)
            .unwrap();
        let (event, _) = market.apply_for_license("<b>", None, now).unwrap();
        let upload = Upload {
            event: event.clone(),
            received_at: now,
            file_name: Some("<i>.lic".to_owned()),
            sha256: "00ff".to_owned(),
            content: b"license".to_vec(),
        };
        market.deliver(upload).unwrap();

        let html = tables(&market);
        assert!(!html.contains("<b>") && html.contains("&lt;b&gt;"));
        assert!(!html.contains("<i>") && html.contains("&lt;i&gt;.lic"));
        assert!(html.contains("sn-20;") && html.contains("sn-1;") && !html.contains("sn-0;"));
        assert!(html.contains("<td>4711") && html.contains(&event) && html.contains(&code));
    }
}
