//! Calls of a right signature whose members are wrong. All are answered with `000002`.
//!
//! Which members are mandatory and how long they may be is what the field tables of the
//! marketplace's guide say. Times are left out: the pages disagree about them, and no merchant can
//! do anything with them.

use serde_json::{Value, json};

use super::Case;
use super::sample::{Sample, department, member};
use super::scenes::MEMBERS_MAX;
use crate::kit::call::Call;
use crate::kit::{Flag, Interface, Version};

const INVALID: &[&str] = &["000002"];

/// The members of an interface that no call may lack.
fn mandatory(interface: Interface, version: Version) -> &'static [&'static str] {
    match (interface, version) {
        (Interface::TenantSync, _) => &["tenantId", "tenantCode", "name", "domainName", "flag"],
        (Interface::AuthSync, _) => &["tenantId", "appId", "userList", "flag"],
        (Interface::SingleOrgSync, _) => &["tenantId", "orgCode", "orgName", "flag"],
        (Interface::AllOrgSync, Version::V1) => &["tenantId", "orgInfo"],
        (Interface::AllOrgSync, Version::V2) => &["tenantId", "orgInfoList"],
        // It needs a secret that can be decrypted.
        (Interface::ApplicationSync, _) => &[],
    }
}

/// The most characters of the members of an interface.
fn longest(interface: Interface) -> &'static [(&'static str, usize)] {
    match interface {
        Interface::TenantSync => &[
            ("instanceId", 64),
            ("orderId", 64),
            ("tenantId", 64),
            ("tenantCode", 64),
            ("name", 255),
            ("domainName", 255),
        ],
        Interface::AuthSync => &[("instanceId", 64), ("tenantId", 64), ("appId", 64)],
        Interface::SingleOrgSync => &[
            ("instanceId", 64),
            ("tenantId", 64),
            ("orgCode", 64),
            ("orgName", 128),
            ("parentCode", 64),
        ],
        Interface::AllOrgSync => &[("instanceId", 64), ("tenantId", 64)],
        Interface::ApplicationSync => &[],
    }
}

/// Every mistake in a member.
pub(super) fn cases(sample: &Sample<'_>) -> Vec<Case> {
    let calls = [
        sample.tenant(Flag::Create),
        sample.members(&[member(1)], Flag::Create),
        sample.department(&department("10000", ""), Flag::Create),
        sample.departments(&[department("10000", "")]),
    ];
    let mut cases: Vec<Case> = calls.iter().flat_map(wrong_members).collect();
    cases.extend(calls.iter().flat_map(wrong_flags));
    cases.extend(lists(sample));
    cases.extend(names_as_long_as_allowed(sample));
    cases
}

fn wrong_members(call: &Call) -> Vec<Case> {
    let interface = call.interface;
    let missing = mandatory(interface, call.version).iter().map(|name| {
        let title = format!("{interface} without {name}");
        Case::bad(title, call.clone().without(name), INVALID)
    });
    let too_long = longest(interface).iter().map(|(name, most)| {
        let title = format!("{interface} with {name} of {} characters", most + 1);
        Case::bad(
            title,
            call.clone().with(name, "x".repeat(most + 1)),
            INVALID,
        )
    });
    missing.chain(too_long).collect()
}

fn wrong_flags(call: &Call) -> Vec<Case> {
    let interface = call.interface;
    let of = |member: &str, value: Value| {
        let title = format!("{interface} with {member} {value}");
        Case::bad(title, call.clone().with(member, value), INVALID)
    };
    let mut cases = vec![of("testFlag", json!(7))];
    if interface == Interface::AllOrgSync {
        return cases;
    }
    cases.extend([of("flag", json!(9)), of("flag", json!("create"))]);
    match (interface, call.version) {
        (Interface::TenantSync, Version::V1) => cases.push(of("flag", json!(2))),
        (Interface::AuthSync, Version::V2) => {},
        _ => cases.push(of("flag", json!(3))),
    }
    cases
}

fn lists(sample: &Sample<'_>) -> Vec<Case> {
    let too_many: Vec<_> = (1..=MEMBERS_MAX + 1).map(member).collect();
    let mut without_account = member(1);
    without_account.user_name.clear();
    let mut with_long_account = member(1);
    with_long_account.user_name = "x".repeat(65);
    let mut with_long_name = department("10000", "");
    with_long_name.name = "x".repeat(129);
    let of_members =
        |name: &str, list: &[_]| Case::bad(name, sample.members(list, Flag::Create), INVALID);
    let no_list = |value: Value| {
        let title = format!("authSync with userList {value}");
        let call = sample.members(&[member(1)], Flag::Create);
        Case::bad(title, call.with("userList", value), INVALID)
    };
    vec![
        of_members(
            &format!("authSync of {} members", MEMBERS_MAX + 1),
            &too_many,
        ),
        of_members("a member whose userName is empty", &[without_account]),
        of_members(
            "a member whose userName has 65 characters",
            &[with_long_account],
        ),
        Case::bad(
            "a list with a department whose name has 129 characters",
            sample.departments(&[with_long_name]),
            INVALID,
        ),
        Case::bad(
            "a list with a department whose code is empty",
            sample.departments(&[department("", "")]),
            INVALID,
        ),
        no_list(json!("nobody")),
        no_list(json!({ "userName": "member-001" })),
    ]
}

/// Lengths are characters, not bytes.
fn names_as_long_as_allowed(sample: &Sample<'_>) -> Vec<Case> {
    let mut named = department("10003", "");
    named.name = "部".repeat(128);
    let tenant = sample.tenant(Flag::Create);
    vec![
        Case::good(
            "tenantSync with a name of 255 Chinese characters",
            tenant.with("name", "企".repeat(255)),
        ),
        Case::good(
            "singleOrgSync with a name of 128 Chinese characters",
            sample.department(&named, Flag::Create),
        ),
    ]
}
