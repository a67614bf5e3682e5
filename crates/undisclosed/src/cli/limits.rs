//! How a campaign is sent beside the installation's own limits.

use std::num::NonZeroU32;

use campaign::{CampaignLimits, PER_MINUTE_MAX, QuietTimes};
use clap::Args;

/// What takes a limit away.
const NONE: &str = "none";

/// A limit, or that there is to be none.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Asked<T> {
    Nothing,
    This(T),
}

impl<T> Asked<T> {
    fn or(self, before: Option<T>) -> Option<T> {
        match self {
            Self::Nothing => None,
            Self::This(limit) => Some(limit).or(before),
        }
    }
}

#[derive(Debug, Default, Args)]
pub(crate) struct LimitArgs {
    /// Messages of this campaign a minute at most, or `none`
    #[arg(long, value_name = "N|none", value_parser = per_minute)]
    per_minute: Option<Asked<NonZeroU32>>,
    /// Hours in which none of its messages is begun, like 20:00-08:00, or `none`
    #[arg(long, value_name = "HH:MM-HH:MM|none", value_parser = quiet_hours)]
    quiet_hours: Option<Asked<QuietTimes>>,
}

impl LimitArgs {
    /// What was asked for; where nothing was, as it was before.
    pub(crate) fn over(&self, before: CampaignLimits) -> CampaignLimits {
        CampaignLimits {
            per_minute: self.per_minute.map_or(before.per_minute, |asked| asked.or(before.per_minute)),
            quiet: self.quiet_hours.map_or(before.quiet, |asked| asked.or(before.quiet)),
        }
    }
}

fn per_minute(text: &str) -> Result<Asked<NonZeroU32>, String> {
    if text == NONE {
        return Ok(Asked::Nothing);
    }
    let number = text.parse::<NonZeroU32>().ok().filter(|number| number.get() <= PER_MINUTE_MAX);
    number.map(Asked::This).ok_or_else(|| format!("a number from 1 to {PER_MINUTE_MAX}, or none"))
}

fn quiet_hours(text: &str) -> Result<Asked<QuietTimes>, String> {
    if text == NONE {
        return Ok(Asked::Nothing);
    }
    text.parse().map(Asked::This).map_err(|error: campaign::QuietHoursError| error.to_string())
}
