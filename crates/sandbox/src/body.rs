//! Bodies of the marketplace's calls: the members of one JSON object, in an order of our choice.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

/// One call's JSON object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    members: Vec<(String, Value)>,
}

/// An order and the one line it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderLine {
    /// `orderId`.
    pub order: String,
    /// `orderLineId`.
    pub line: String,
}

impl OrderLine {
    /// The first line of an order, numbered as in the marketplace's examples.
    pub fn first_of(order: impl Into<String>) -> Self {
        let order = order.into();
        Self {
            line: format!("{order}-000001"),
            order,
        }
    }
}

impl Body {
    /// A body that names its activity and nothing else.
    pub fn new(activity: &str) -> Self {
        Self {
            members: Vec::new(),
        }
        .with("activity", activity)
    }

    /// A body without members, for calls whose address says what they are about.
    pub fn without_activity() -> Self {
        Self {
            members: Vec::new(),
        }
    }

    /// The body with a member added at its end, or set if it has one of that name.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        let value = value.into();
        match self.members.iter_mut().find(|(present, _)| present == name) {
            Some((_, old)) => *old = value,
            None => self.members.push((name.to_owned(), value)),
        }
        self
    }

    /// The body without a member.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.members.retain(|(present, _)| present != name);
        self
    }

    /// The body with `orderId` and `orderLineId`.
    #[must_use]
    pub fn ordered(self, order: &OrderLine) -> Self {
        self.with("orderId", order.order.as_str())
            .with("orderLineId", order.line.as_str())
    }

    /// The body as a debugging call.
    #[must_use]
    pub fn with_test_flag(self) -> Self {
        self.with("testFlag", "1")
    }

    /// The names of the members.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.members.iter().map(|(name, _)| name.as_str())
    }

    /// The text of a member; none if it is absent or not a string.
    pub fn text_of(&self, name: &str) -> Option<&str> {
        self.members
            .iter()
            .find(|(present, _)| present == name)?
            .1
            .as_str()
    }

    /// The number of a member; none if it is absent or not a number.
    pub fn number_of(&self, name: &str) -> Option<u64> {
        let mut members = self.members.iter();
        members.find(|(present, _)| present == name)?.1.as_u64()
    }

    /// The `activity`, or an empty text.
    pub fn activity(&self) -> &str {
        self.text_of("activity").unwrap_or_default()
    }

    /// Compact JSON with the members in ascending order of their names and without nulls: what the
    /// marketplace sends and signs.
    pub fn sorted(&self) -> String {
        let mut members: Vec<_> = self
            .members
            .iter()
            .filter(|(_, value)| !value.is_null())
            .collect();
        members.sort_by(|(left, _), (right, _)| left.cmp(right));
        write(members.into_iter())
    }

    /// Compact JSON with the members in the reverse of that order.
    pub fn reversed(&self) -> String {
        let mut members: Vec<_> = self.members.iter().collect();
        members.sort_by(|(left, _), (right, _)| right.cmp(left));
        write(members.into_iter())
    }
}

fn write<'a>(members: impl Iterator<Item = &'a (String, Value)>) -> String {
    let members: Vec<_> = members
        .map(|(name, value)| format!("{}:{value}", Value::from(name.as_str())))
        .collect();
    format!("{{{}}}", members.join(","))
}

/// The marketplace's time on the wire: UTC, `yyyyMMddHHmmss`.
pub fn wire_time(instant: DateTime<Utc>) -> String {
    instant.format("%Y%m%d%H%M%S").to_string()
}

/// `refreshLicenseCode`: a new absolute end of the term.
pub fn refresh_license_code(
    scene: &str,
    license: &str,
    order: &OrderLine,
    product: Option<&str>,
    expires_at: DateTime<Utc>,
) -> Body {
    let body = Body::new("refreshLicenseCode").with("license", license);
    refresh(body, scene, order, product, expires_at)
}

/// `updateLicenseCodeStatus`: `FREEZE` or `UNFREEZE`.
pub fn update_license_code_status(license: &str, status: &str) -> Body {
    Body::new("updateLicenseCodeStatus")
        .with("license", license)
        .with("status", status)
}

/// `releaseLicenseCode`; with an order when an unsubscription is the cause.
pub fn release_license_code(license: &str, order: Option<&OrderLine>) -> Body {
    let body = Body::new("releaseLicenseCode").with("license", license);
    with_order(body, order)
}

/// `newInstance`: a purchase. `business_id` differs on every call.
pub fn new_instance(business_id: &str, order: &OrderLine) -> Body {
    Body::new("newInstance")
        .with("businessId", business_id)
        .ordered(order)
}

/// `queryInstance`: one id, or several separated by commas.
pub fn query_instance(instances: &str) -> Body {
    Body::new("queryInstance").with("instanceId", instances)
}

/// `refreshInstance`: a new absolute end of the term.
pub fn refresh_instance(
    scene: &str,
    instance: &str,
    order: &OrderLine,
    product: Option<&str>,
    expires_at: DateTime<Utc>,
) -> Body {
    let body = Body::new("refreshInstance").with("instanceId", instance);
    refresh(body, scene, order, product, expires_at)
}

/// `updateInstanceStatus`: `FREEZE` or `UNFREEZE`.
pub fn update_instance_status(instance: &str, status: &str) -> Body {
    Body::new("updateInstanceStatus")
        .with("instanceId", instance)
        .with("status", status)
}

/// `releaseInstance`; with an order when an unsubscription is the cause.
pub fn release_instance(instance: &str, order: Option<&OrderLine>) -> Body {
    with_order(
        Body::new("releaseInstance").with("instanceId", instance),
        order,
    )
}

/// `upgradeInstance`: a larger specification under a new order.
pub fn upgrade_instance(instance: &str, order: &OrderLine) -> Body {
    Body::new("upgradeInstance")
        .with("instanceId", instance)
        .ordered(order)
}

/// `changeInstanceCheck`: may the next renewal change to this product?
pub fn change_instance_check(instance: &str, product: &str) -> Body {
    let mut target = Map::new();
    target.insert("linearValue".to_owned(), json!(2));
    target.insert("productId".to_owned(), json!(product));
    Body::new("changeInstanceCheck")
        .with("instanceId", instance)
        .with("productInfo", Value::Object(target))
}

/// `getLicenseAsync`: the buyer applies for a license, which an upload under `event` delivers.
///
/// The online License guide says that `expireTime` is there for what is sold by the period; a
/// `deviceFingerprint` may follow.
pub fn get_license_async(
    instance: &str,
    event: &str,
    effective_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
) -> Body {
    let body = Body::new("getLicenseAsync")
        .with("instanceId", instance)
        .with("eventId", event)
        .with("effectiveTime", license_time(effective_at));
    match expires_at {
        Some(expires_at) => body.with("expireTime", license_time(expires_at)),
        None => body,
    }
}

/// The time on the wire of `getLicenseAsync`, after its guide's example: `2023-10-27 10:30:15 z`.
pub fn license_time(instant: DateTime<Utc>) -> String {
    instant.format("%Y-%m-%d %H:%M:%S z").to_string()
}

/// `orderNotify`: an order was paid. Its `testFlag` is always present.
pub fn order_notify(order: &OrderLine) -> Body {
    Body::new("orderNotify")
        .ordered(order)
        .with("testFlag", "0")
}

fn refresh(
    body: Body,
    scene: &str,
    order: &OrderLine,
    product: Option<&str>,
    expires_at: DateTime<Utc>,
) -> Body {
    let body = body
        .with("scene", scene)
        .ordered(order)
        .with("expireTime", wire_time(expires_at));
    match product {
        Some(product) => body.with("productId", product),
        None => body,
    }
}

fn with_order(body: Body, order: Option<&OrderLine>) -> Body {
    match order {
        Some(order) => body.ordered(order),
        None => body,
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::{Body, OrderLine, get_license_async, release_license_code};

    #[test]
    fn the_sorted_text_is_the_one_of_the_documents() {
        let order = OrderLine::first_of("CS2211181819B4LVS");
        let body = release_license_code("PLTEST0001", Some(&order)).with_test_flag();
        assert_eq!(
            body.sorted(),
            r#"{"activity":"releaseLicenseCode","license":"PLTEST0001","orderId":"CS2211181819B4LVS","orderLineId":"CS2211181819B4LVS-000001","testFlag":"1"}"#
        );
    }

    #[test]
    fn the_time_of_an_application_is_that_of_the_guides_example() {
        let effective_at = DateTime::from_timestamp(1_698_402_615, 0).unwrap();
        let body = get_license_async("instance-1", "event-1", effective_at, None);
        assert_eq!(
            body.sorted(),
            r#"{"activity":"getLicenseAsync","effectiveTime":"2023-10-27 10:30:15 z","eventId":"event-1","instanceId":"instance-1"}"#
        );
    }

    #[test]
    fn a_null_is_left_out_of_the_sorted_text_only() {
        let body = Body::new("a").with("b", serde_json::Value::Null);
        assert_eq!(body.sorted(), r#"{"activity":"a"}"#);
        assert_eq!(body.reversed(), r#"{"b":null,"activity":"a"}"#);
    }
}
