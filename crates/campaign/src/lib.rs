//! Campaigns and their deliveries: rules and tables of transitions.
//!
//! This crate is pure: time and chance come in as parameters, and what it decides is carried out elsewhere.

mod campaign_state;
mod counts;
mod delivery_state;
mod limits;
mod pace;
mod quiet_hours;
mod reply;
mod retry;
mod returned;
mod submission;

pub use campaign_state::{CampaignEvent, CampaignState, CampaignTransitionError};
pub use counts::Counts;
pub use delivery_state::{DeliveryEvent, DeliveryState, DeliveryTransitionError};
pub use limits::{CampaignLimits, PER_MINUTE_MAX, QuietTimes};
pub use pace::{Pace, Rate};
pub use quiet_hours::{QuietHours, QuietHoursError};
pub use reply::{
    Consequence, EnhancedCode, POLICY_REFUSALS_MAX, PauseCause, PolicyRefusals, ReplyCode, Stage, consequence,
};
pub use retry::Retry;
pub use returned::{FULL_APART, FULL_TIMES, FULL_WITHIN, Judgement, ReturnKind, judge, nobody_empties};
pub use submission::{Submission, SubmissionDigest};
