//! The fields of a body, each read once and named when it is at fault.

use tenure_domain::{IdError, OrderId, OrderLine, OrderLineId};

use super::Activity;
use crate::json::{Object, ObjectError};
use crate::rejection::{Fault, Rejection};
use crate::wire::Environment;

/// A body, as far as it is a JSON object without a name that occurs twice.
#[derive(Debug)]
pub(crate) struct Fields<'a>(Object<'a>);

/// The names that a rejection may repeat. Any other name is outside text.
const NAMES: [&str; 15] = [
    "activity",
    "businessId",
    "deviceFingerprint",
    "effectiveTime",
    "eventId",
    "expireTime",
    "instanceId",
    "license",
    "orderId",
    "orderLineId",
    "productId",
    "productInfo",
    "scene",
    "status",
    "testFlag",
];

impl<'a> Fields<'a> {
    pub(crate) fn parse(body: &'a [u8]) -> Result<Self, Rejection> {
        Object::parse(body).map(Self).map_err(|error| match error {
            ObjectError::Unreadable => malformed("body", Fault::Unreadable),
            ObjectError::Duplicate(name) => {
                let known = NAMES.into_iter().find(|known| *known == name);
                malformed(known.unwrap_or("body"), Fault::Duplicate)
            },
        })
    }

    pub(crate) fn activity(&self) -> Result<Activity, Rejection> {
        let name = self.mandatory_text("activity", Activity::CHARACTERS_MAX)?;
        Activity::from_wire(&name).ok_or(Rejection::UnsupportedActivity)
    }

    /// `testFlag`, of one or two characters. The tables say text; a number means the same.
    pub(crate) fn environment(&self) -> Result<Environment, Rejection> {
        let name = "testFlag";
        match self.0.value(name) {
            Some("1") => Ok(Environment::Test),
            Some("0") => Ok(Environment::Real),
            Some(_) | None => {
                let flag = self.text(name, 2)?;
                Ok(Environment::from_test_flag(flag.as_deref()))
            },
        }
    }

    /// A text of at most `characters_max` characters; `None` if it is absent, null or blank.
    pub(super) fn text(
        &self,
        name: &'static str,
        characters_max: usize,
    ) -> Result<Option<String>, Rejection> {
        let text = match self.0.value(name) {
            None | Some("null") => return Ok(None),
            Some(value) => serde_json::from_str::<String>(value)
                .ok()
                .ok_or_else(|| malformed(name, Fault::WrongType))?,
        };
        if text.chars().count() > characters_max {
            return Err(malformed(name, Fault::TooLong));
        }
        Ok(Some(text).filter(|text| !text.is_empty()))
    }

    pub(super) fn mandatory_text(
        &self,
        name: &'static str,
        characters_max: usize,
    ) -> Result<String, Rejection> {
        self.text(name, characters_max)?
            .ok_or_else(|| malformed(name, Fault::Missing))
    }

    /// An identifier; its own parser bounds it.
    pub(super) fn id<T>(
        &self,
        name: &'static str,
        parse: fn(&str) -> Result<T, IdError>,
    ) -> Result<T, Rejection> {
        self.optional_id(name, parse)?
            .ok_or_else(|| malformed(name, Fault::Missing))
    }

    pub(super) fn optional_id<T>(
        &self,
        name: &'static str,
        parse: fn(&str) -> Result<T, IdError>,
    ) -> Result<Option<T>, Rejection> {
        self.text(name, usize::MAX)?
            .map(|text| parse(&text).map_err(|error| malformed(name, Fault::of_id(error))))
            .transpose()
    }

    pub(super) fn order_line(&self) -> Result<OrderLine, Rejection> {
        Ok(OrderLine {
            order: self.id("orderId", OrderId::parse)?,
            line: self.id("orderLineId", OrderLineId::parse)?,
        })
    }

    /// Asks for an object, whatever it holds.
    pub(super) fn object(&self, name: &'static str) -> Result<(), Rejection> {
        match self.0.value(name) {
            None | Some("null") => Err(malformed(name, Fault::Missing)),
            Some(value) if value.starts_with('{') => Ok(()),
            Some(_) => Err(malformed(name, Fault::WrongType)),
        }
    }
}

pub(super) fn malformed(field: &'static str, fault: Fault) -> Rejection {
    Rejection::MalformedBody { field, fault }
}
