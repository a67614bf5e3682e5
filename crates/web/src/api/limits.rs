//! A campaign's own pace and quiet hours, as members of an object.

use std::num::NonZeroU32;

use campaign::{CampaignLimits, PER_MINUTE_MAX};
use serde_json::{Value, json};

use crate::api::fields::Fields;
use crate::api::problem::Problem;

pub(super) const PER_MINUTE: &str = "per_minute";
pub(super) const QUIET_HOURS: &str = "quiet_hours";

/// What was sent; left out, or null: none.
pub(super) fn read(fields: &Fields<'_>) -> Result<CampaignLimits, Problem> {
    let wrong =
        || Problem::invalid(PER_MINUTE, &format!("A whole number from 1 to {PER_MINUTE_MAX}, or null."));
    let per_minute = match fields.value(PER_MINUTE) {
        None | Some(Value::Null) => None,
        Some(value) => {
            let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
            Some(
                number
                    .filter(|number| *number <= PER_MINUTE_MAX)
                    .and_then(NonZeroU32::new)
                    .ok_or_else(wrong)?,
            )
        }
    };
    let wrong = |_| Problem::invalid(QUIET_HOURS, "Two times of the day, such as 20:00-08:00, or null.");
    let quiet = fields.text_or_none(QUIET_HOURS)?.map(str::parse).transpose().map_err(wrong)?;
    Ok(CampaignLimits { per_minute, quiet })
}

/// Adds them to an object.
pub(super) fn write(limits: &CampaignLimits, object: &mut Value) {
    object[PER_MINUTE] = limits.per_minute.map(NonZeroU32::get).into();
    object[QUIET_HOURS] = limits.quiet.map(|times| times.to_string()).into();
}

/// Adds what they are to the properties of a schema.
pub(super) fn describe(properties: &mut Value) {
    properties[PER_MINUTE] = json!({
        "type": ["integer", "null"], "minimum": 1, "maximum": PER_MINUTE_MAX,
        "description": "Messages a minute at most, beside the installation's own limits.",
    });
    properties[QUIET_HOURS] = json!({
        "type": ["string", "null"],
        "description": "Hours in which no message is begun, beside the installation's own: `20:00-08:00`, in its time zone.",
    });
}
