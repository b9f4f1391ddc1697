//! The bodies of the five interfaces, in both versions.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use super::enterprise::{Binding, Department, Member, Profile};
use super::{Flag, Interface, Version};
use crate::body::Body;

/// A call, before it is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// In which version.
    pub version: Version,
    /// On which interface.
    pub interface: Interface,
    /// What it says.
    pub body: Body,
}

impl Call {
    /// The call with a member added, or set if it has one of that name.
    #[must_use]
    pub fn with(self, name: &str, value: impl Into<Value>) -> Self {
        let body = self.body.with(name, value);
        Self { body, ..self }
    }

    /// The call without a member.
    #[must_use]
    pub fn without(self, name: &str) -> Self {
        let body = self.body.without(name);
        Self { body, ..self }
    }

    /// The interface, and what becomes of what the call is about.
    pub fn title(&self) -> String {
        let flag = self.body.number_of("flag");
        let flag = Flag::ALL
            .into_iter()
            .find(|it| Some(u64::from(it.number())) == flag);
        match flag {
            Some(flag) => format!("{} {}", self.interface, flag.word()),
            None => self.interface.name().to_owned(),
        }
    }

    /// The body as it is sent.
    pub fn text(&self) -> String {
        self.body.sorted()
    }
}

/// How a list is written. The table of V2.0 says array, V1.0 sends a text that holds one, and the
/// printed example of V2.0 is such a text whose names have no quotation marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ListForm {
    /// An array.
    #[default]
    Array,
    /// A text that holds JSON.
    Text,
    /// A text that holds JSON but for its names, which stand bare.
    BareNames,
}

/// How calls are written, and when.
#[derive(Debug, Clone, Copy)]
pub struct Writer {
    /// In which version. V1.0 writes lists as texts, whatever the form.
    pub version: Version,
    /// Whether they are debugging calls.
    pub is_test: bool,
    /// The form of lists.
    pub lists: ListForm,
    /// When: for `timeStamp` and `currentSyncTime`.
    pub now: DateTime<Utc>,
}

impl Writer {
    /// Writes real calls.
    pub fn new(version: Version, now: DateTime<Utc>) -> Self {
        Self {
            version,
            is_test: false,
            lists: ListForm::default(),
            now,
        }
    }

    /// `tenantSync`.
    pub fn tenant_sync(&self, binding: &Binding, profile: &Profile, flag: Flag) -> Call {
        let body = named(binding)
            .with("orderId", binding.order.as_str())
            .with("tenantCode", profile.code.as_str())
            .with("name", profile.name.as_str())
            .with("domainName", profile.domain_name.as_str());
        self.call(Interface::TenantSync, body, Some(flag))
    }

    /// `applicationSync`; the secret is already encrypted.
    pub fn application_sync(
        &self,
        binding: &Binding,
        client_id: &str,
        encrypted_secret: &str,
        flag: Flag,
    ) -> Call {
        let body = named(binding)
            .with("appId", binding.application.as_str())
            .with("clientId", client_id)
            .with("clientSecret", encrypted_secret);
        self.call(Interface::ApplicationSync, body, Some(flag))
    }

    /// `authSync`: one flag for all members.
    pub fn auth_sync(&self, binding: &Binding, members: &[Member], flag: Flag) -> Call {
        let list = members.iter().map(|member| self.member(member)).collect();
        let body = named(binding)
            .with("appId", binding.application.as_str())
            .with("userList", self.list(list))
            .with("currentSyncTime", time_stamp(self.now));
        self.call(Interface::AuthSync, body, Some(flag))
    }

    /// `singleOrgSync`.
    pub fn single_org_sync(&self, binding: &Binding, department: &Department, flag: Flag) -> Call {
        let body = named(binding)
            .with("orgCode", department.code.as_str())
            .with("orgName", department.name.as_str())
            .with("parentCode", department.parent.as_str());
        self.call(Interface::SingleOrgSync, body, Some(flag))
    }

    /// `allOrgSync`: a flat list, which has no flag.
    pub fn all_org_sync(&self, binding: &Binding, departments: &[Department]) -> Call {
        let (list, name) = match self.version {
            Version::V1 => ("orgInfo", "name"),
            Version::V2 => ("orgInfoList", "orgName"),
        };
        let entry = |department: &Department| {
            json!({
                "orgCode": department.code, name: department.name,
                "parentCode": department.parent,
            })
        };
        let entries = departments.iter().map(entry).collect();
        let body = named(binding).with(list, self.list(entries));
        self.call(Interface::AllOrgSync, body, None)
    }

    fn call(&self, interface: Interface, body: Body, flag: Option<Flag>) -> Call {
        let body = match flag {
            Some(flag) => body.with("flag", flag.number()),
            None => body,
        };
        Call {
            version: self.version,
            interface,
            body: body
                .with("testFlag", u8::from(self.is_test))
                .with("timeStamp", time_stamp(self.now)),
        }
    }

    fn member(&self, member: &Member) -> Value {
        let mut entry = json!({
            "userName": member.user_name,
            "name": member.name,
            "orgCode": member.department,
            "role": member.role.word(),
            "enable": member.is_enabled.to_string(),
            "position": "Engineer",
            "employeeCode": format!("E-{}", member.user_name),
        });
        let more = match self.version {
            Version::V1 => json!({ "extension": {
                "entryDate": "2022-11-9", "employeeType": "1", "workPlace": "Example City",
            } }),
            Version::V2 => json!({ "employeeType": 1, "workPlace": "Example City" }),
        };
        if let (Value::Object(entry), Value::Object(more)) = (&mut entry, more) {
            entry.extend(more);
        }
        entry
    }

    fn list(&self, entries: Vec<Value>) -> Value {
        match (self.version, self.lists) {
            (Version::V2, ListForm::Array) => Value::Array(entries),
            (Version::V1, _) | (Version::V2, ListForm::Text) => {
                Value::String(Value::Array(entries).to_string())
            },
            (Version::V2, ListForm::BareNames) => {
                let entries: Vec<_> = entries.iter().map(with_bare_names).collect();
                Value::String(format!("[{}]", entries.join(",")))
            },
        }
    }
}

/// `instanceId` and `tenantId`, which every call has.
fn named(binding: &Binding) -> Body {
    Body::without_activity()
        .with("instanceId", binding.instance.as_str())
        .with("tenantId", binding.tenant.as_str())
}

fn with_bare_names(value: &Value) -> String {
    let empty = Map::new();
    let members = value.as_object().unwrap_or(&empty).iter();
    let members: Vec<_> = members
        .map(|(name, value)| format!("{name}:{value}"))
        .collect();
    format!("{{{}}}", members.join(", "))
}

/// How far the kit's time is ahead of UTC.
const ZONE: TimeDelta = TimeDelta::hours(8);

/// The kit's time on the wire: in UTC+8, `yyyyMMddHHmmssSSS`.
pub fn time_stamp(instant: DateTime<Utc>) -> String {
    let local = instant.naive_utc() + ZONE;
    local.format("%Y%m%d%H%M%S%3f").to_string()
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::{Call, ListForm, Writer, time_stamp};
    use crate::kit::enterprise::{Binding, Department, Member, Profile, Role};
    use crate::kit::{Flag, Version};

    /// 2022-04-20T11:41:17.642+08:00.
    fn instant() -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_650_426_077_642).unwrap()
    }

    fn binding() -> Binding {
        Binding {
            instance: "inst-1".to_owned(),
            order: "CS1906666666ABCDE".to_owned(),
            tenant: "t-0001".to_owned(),
            application: "app-9".to_owned(),
        }
    }

    fn department() -> Department {
        Department {
            code: "10001".to_owned(),
            name: "产品部".to_owned(),
            parent: "10000".to_owned(),
        }
    }

    #[track_caller]
    fn is(call: Call, expected: &str) {
        assert_eq!(call.text(), expected);
    }

    #[test]
    fn times_are_those_of_utc_plus_8() {
        assert_eq!(time_stamp(instant()), "20220420114117642");
    }

    #[test]
    fn bodies_of_v2() {
        let writer = Writer::new(Version::V2, instant());
        let profile = Profile {
            code: "demo".to_owned(),
            name: "示例企业".to_owned(),
            domain_name: "https://demo.example.com".to_owned(),
        };
        is(
            writer.tenant_sync(&binding(), &profile, Flag::Create),
            r#"{"domainName":"https://demo.example.com","flag":1,"instanceId":"inst-1","name":"示例企业","orderId":"CS1906666666ABCDE","tenantCode":"demo","tenantId":"t-0001","testFlag":0,"timeStamp":"20220420114117642"}"#,
        );
        is(
            writer.application_sync(&binding(), "client", "c2VjcmV0", Flag::Modify),
            r#"{"appId":"app-9","clientId":"client","clientSecret":"c2VjcmV0","flag":2,"instanceId":"inst-1","tenantId":"t-0001","testFlag":0,"timeStamp":"20220420114117642"}"#,
        );
        is(
            writer.single_org_sync(&binding(), &department(), Flag::Delete),
            r#"{"flag":0,"instanceId":"inst-1","orgCode":"10001","orgName":"产品部","parentCode":"10000","tenantId":"t-0001","testFlag":0,"timeStamp":"20220420114117642"}"#,
        );
        let member = Member {
            user_name: "zhangsan01".to_owned(),
            name: "张三".to_owned(),
            department: "10001".to_owned(),
            role: Role::Admin,
            is_enabled: false,
            is_authorised: true,
        };
        is(
            writer.auth_sync(&binding(), &[member], Flag::Withdraw),
            r#"{"appId":"app-9","currentSyncTime":"20220420114117642","flag":3,"instanceId":"inst-1","tenantId":"t-0001","testFlag":0,"timeStamp":"20220420114117642","userList":[{"employeeCode":"E-zhangsan01","employeeType":1,"enable":"false","name":"张三","orgCode":"10001","position":"Engineer","role":"admin","userName":"zhangsan01","workPlace":"Example City"}]}"#,
        );
    }

    #[test]
    fn lists_have_three_forms() {
        let all = |version, lists| {
            let writer = Writer {
                is_test: true,
                lists,
                ..Writer::new(version, instant())
            };
            writer.all_org_sync(&binding(), &[department()])
        };
        is(
            all(Version::V2, ListForm::Array),
            r#"{"instanceId":"inst-1","orgInfoList":[{"orgCode":"10001","orgName":"产品部","parentCode":"10000"}],"tenantId":"t-0001","testFlag":1,"timeStamp":"20220420114117642"}"#,
        );
        is(
            all(Version::V2, ListForm::BareNames),
            r#"{"instanceId":"inst-1","orgInfoList":"[{orgCode:\"10001\", orgName:\"产品部\", parentCode:\"10000\"}]","tenantId":"t-0001","testFlag":1,"timeStamp":"20220420114117642"}"#,
        );
        is(
            all(Version::V1, ListForm::Array),
            r#"{"instanceId":"inst-1","orgInfo":"[{\"name\":\"产品部\",\"orgCode\":\"10001\",\"parentCode\":\"10000\"}]","tenantId":"t-0001","testFlag":1,"timeStamp":"20220420114117642"}"#,
        );
    }
}
