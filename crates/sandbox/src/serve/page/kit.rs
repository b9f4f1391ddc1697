//! Enterprises, and a form for whatever their administrators do.

use std::fmt::Write as _;

use super::{escape, write_button};
use crate::kit::enterprise::{Enterprise, EnterpriseView};
use crate::market::{Listing, Market};

/// The section; empty if no listing takes part in the kit.
pub(super) fn section(market: &Market) -> String {
    let listings: Vec<_> = market
        .listings()
        .filter(|listing| listing.keys.kit.is_some())
        .collect();
    let mut html = String::new();
    if !listings.is_empty() {
        let views: Vec<_> = market.enterprises().map(Enterprise::view).collect();
        write_section(&mut html, &listings, &views).expect("a string takes every line");
    }
    html
}

fn write_section(
    html: &mut String,
    listings: &[&Listing],
    enterprises: &[EnterpriseView],
) -> std::fmt::Result {
    html.push_str(
        "<h2>Enterprises</h2><form method=post action=/sandbox/enterprises>\
         Listing <select name=listing>",
    );
    for listing in listings {
        write!(html, "<option>{}</option>", escape(&listing.name))?;
    }
    html.push_str(
        "</select> instance <input name=instance> application \
         <input name=application value=sandbox-app> login address <input name=login_address> \
         short name <input name=code value=example> name <input name=name value=Example> \
         <select name=version><option>V2</option><option>V1</option></select> \
         <button>found and bind</button></form>",
    );
    for enterprise in enterprises {
        write_enterprise(html, enterprise)?;
    }
    Ok(())
}

fn write_enterprise(html: &mut String, enterprise: &EnterpriseView) -> std::fmt::Result {
    let EnterpriseView {
        binding, profile, ..
    } = enterprise;
    let bound = if enterprise.is_bound {
        "bound"
    } else {
        "not bound"
    };
    let instance = match binding.instance.as_str() {
        "" => "no instance",
        instance => instance,
    };
    write!(
        html,
        "<h3>{} ({})</h3><p><code>{}</code> of {}, {bound} to <code>{}</code> ",
        escape(&profile.name),
        escape(&profile.code),
        escape(&binding.tenant),
        escape(&enterprise.listing),
        escape(instance),
    )?;
    let action = |change: &str| format!("/sandbox/enterprises/{}/{change}", binding.tenant);
    for change in ["bind", "unbind"] {
        write_button(html, &action(change), change)?;
    }
    write!(
        html,
        "</p><form method=post action=\"{}\">Department <input name=code size=8> \
         name <input name=name> below <input name=parent size=8> <button>put</button></form><br>\
         <form method=post action=\"{}\">Member <input name=user_name> name <input name=name> \
         department <input name=code size=8 value=1> <select name=role><option>user</option>\
         <option>admin</option></select> <select name=enabled><option value=true>enabled</option>\
         <option value=false>disabled</option></select> <button>put</button></form>",
        action("department"),
        action("member"),
    )?;
    write_departments(html, enterprise, &action("remove-department"))?;
    write_members(html, enterprise, action)
}

fn write_departments(
    html: &mut String,
    enterprise: &EnterpriseView,
    remove: &str,
) -> std::fmt::Result {
    html.push_str("<table><tr><th>Department<th>Name<th>Below<th>");
    for department in &enterprise.departments {
        write!(
            html,
            "<tr><td>{}<td>{}<td>{}<td>",
            escape(&department.code),
            escape(&department.name),
            escape(&department.parent),
        )?;
        write_named_button(html, remove, ("code", &department.code), "remove")?;
    }
    html.push_str("</table>");
    Ok(())
}

fn write_members(
    html: &mut String,
    enterprise: &EnterpriseView,
    action: impl Fn(&str) -> String,
) -> std::fmt::Result {
    html.push_str("<table><tr><th>Member<th>Name<th>Department<th>Role<th>Access<th>");
    for member in &enterprise.members {
        let access = match (member.is_authorised, member.is_enabled) {
            (false, _) => "withdrawn",
            (true, false) => "disabled",
            (true, true) => "authorised",
        };
        write!(
            html,
            "<tr><td>{}<td>{}<td>{}<td>{}<td>{access}<td>",
            escape(&member.user_name),
            escape(&member.name),
            escape(&member.department),
            member.role.word(),
        )?;
        for change in ["withdraw", "remove-member"] {
            let named = ("user_name", member.user_name.as_str());
            write_named_button(html, &action(change), named, change)?;
        }
    }
    html.push_str("</table>");
    Ok(())
}

fn write_named_button(
    html: &mut String,
    action: &str,
    (name, value): (&str, &str),
    word: &str,
) -> std::fmt::Result {
    let (action, value) = (escape(action), escape(value));
    write!(
        html,
        "<form method=post action=\"{action}\"><button name={name} value=\"{value}\">{word}\
         </button></form> "
    )
}
