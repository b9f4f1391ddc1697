//! Reads older forms of stored events as the present ones. Stored bytes are never rewritten.

use serde_json::Value;

use super::StoredError;

/// Reads one format of one event as the next.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// The event's name.
    pub name: &'static str,
    /// The format that the step reads; it yields the one after it.
    pub from: u16,
    /// The step. `None` if the data is not of that format.
    pub read: fn(Value) -> Option<Value>,
}

/// Every step there is. Empty for as long as no form has changed.
pub const STEPS: &[Step] = &[];

/// Takes data from `format` to `newest`, one step at a time.
pub fn to_newest(
    steps: &[Step],
    name: &str,
    format: u16,
    newest: u16,
    data: &str,
) -> Result<String, StoredError> {
    let damaged = |reason: String| StoredError::Damaged {
        name: name.to_owned(),
        reason,
    };
    let mut value: Value =
        serde_json::from_str(data).map_err(|error| damaged(error.to_string()))?;
    for from in format..newest {
        let step = steps
            .iter()
            .find(|step| step.name == name && step.from == from)
            .ok_or_else(|| damaged(format!("there was never a format {from}")))?;
        value = (step.read)(value).ok_or_else(|| damaged(format!("it is not of format {from}")))?;
    }
    Ok(value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEPS: &[Step] = &[
        Step {
            name: "renewed",
            from: 1,
            read: |value| with(value, "grace_seconds", 0),
        },
        Step {
            name: "renewed",
            from: 2,
            read: |value| with(value, "seats", 1),
        },
    ];

    fn with(value: Value, member: &str, number: u32) -> Option<Value> {
        let Value::Object(mut object) = value else {
            return None;
        };
        object.insert(member.to_owned(), number.into());
        Some(Value::Object(object))
    }

    #[test]
    fn steps_are_taken_in_order() {
        let newest = to_newest(STEPS, "renewed", 1, 3, "{}").unwrap();
        assert_eq!(newest, r#"{"grace_seconds":0,"seats":1}"#);
        assert_eq!(
            to_newest(STEPS, "renewed", 2, 3, "{}").unwrap(),
            r#"{"seats":1}"#
        );
    }

    #[test]
    fn a_format_that_never_was_and_data_of_another_shape_are_damage() {
        for (format, data) in [(0, "{}"), (1, "[]"), (1, "{")] {
            let error = to_newest(STEPS, "renewed", format, 3, data).unwrap_err();
            assert!(matches!(error, StoredError::Damaged { .. }), "{error}");
        }
    }
}
