//! The table of listings: how each is told, and how its probes stand.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{escape, write_button};
use crate::market::{FAILING_DAYS_MAX, Probe, ProbeView, Protocol, Round};

/// Writes the table.
pub(super) fn write_listings(html: &mut String, listings: &[ProbeView]) -> std::fmt::Result {
    html.push_str(
        "<h2>Listings and probes</h2><table><tr><th>Listing<th>Told by<th>Cases<th>Last probe\
         <th>Failing days<th>State<th>",
    );
    for view in listings {
        let cases: usize = view.cases.values().map(BTreeSet::len).sum();
        let name = escape(&view.listing);
        write!(
            html,
            "<tr><td>{name}<td>{}<td>{cases}<td>",
            view.protocol.name()
        )?;
        match &view.last {
            Some(probe) => write_probe(html, probe)?,
            None => html.push('-'),
        }
        write!(html, "<td>{} of {FAILING_DAYS_MAX}<td>", view.failing_days)?;
        match view.frozen_at {
            Some(at) => write!(
                html,
                "<span class=stopped>frozen and hidden since {}</span>",
                at.format("%Y-%m-%d %H:%M")
            )?,
            None => html.push_str("<span class=delivered>on sale</span>"),
        }
        html.push_str("<td>");
        write_protocols(html, view)?;
        let path = format!("/sandbox/listings/{}", view.listing);
        write_button(html, &format!("{path}/probe"), "probe now")?;
        if view.frozen_at.is_some() {
            write_button(html, &format!("{path}/lift"), "lift")?;
        }
    }
    html.push_str("</table>");
    Ok(())
}

fn write_probe(html: &mut String, probe: &Probe) -> std::fmt::Result {
    let round = match probe.round {
        Round::Morning => "morning",
        Round::Afternoon => "afternoon",
        Round::ByHand => "by hand",
    };
    let at = probe.at.format("%Y-%m-%d %H:%M");
    write!(html, "{at}, {round}: ")?;
    let Some(first) = probe.failures.first() else {
        return write!(html, "all {} passed", probe.cases);
    };
    write!(
        html,
        "{} of {} failed, first {} <code>{}</code>: {}",
        probe.failures.len(),
        probe.cases,
        first.family,
        escape(&first.case),
        escape(&first.why),
    )
}

/// A button for every protocol that the listing is not told by.
fn write_protocols(html: &mut String, view: &ProbeView) -> std::fmt::Result {
    let action = escape(&format!("/sandbox/listings/{}", view.listing));
    write!(html, "<form method=post action=\"{action}\">")?;
    let others = Protocol::ALL
        .into_iter()
        .filter(|protocol| *protocol != view.protocol);
    for protocol in others {
        let name = protocol.name();
        write!(
            html,
            "<button name=protocol value={name}>tell by {name}</button> "
        )?;
    }
    html.push_str("</form> ");
    Ok(())
}
