//! The limits of one campaign, as they lie in rows: `per_minute` and `quiet_hours`.

use std::num::NonZeroU32;

use campaign::CampaignLimits;
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::StoreError;

/// Messages a minute; 0: no limit.
pub(crate) fn per_minute(limits: &CampaignLimits) -> i64 {
    limits.per_minute.map_or(0, |messages| i64::from(messages.get()))
}

/// `20:00-08:00`; empty: none.
pub(crate) fn quiet_hours(limits: &CampaignLimits) -> String {
    limits.quiet.map_or_else(String::new, |times| times.to_string())
}

/// The limits of a row. What cannot be read is an error: a limit that is not kept would be none.
pub(crate) fn limits(row: &AnyRow) -> Result<CampaignLimits, StoreError> {
    let damaged = || StoreError::Foreign("the limits of a campaign");
    let (messages, quiet): (i64, String) = (row.try_get("per_minute")?, row.try_get("quiet_hours")?);
    let messages = u32::try_from(messages).map_err(|_| damaged())?;
    let quiet = match quiet.as_str() {
        "" => None,
        text => Some(text.parse().map_err(|_| damaged())?),
    };
    Ok(CampaignLimits { per_minute: NonZeroU32::new(messages), quiet })
}
