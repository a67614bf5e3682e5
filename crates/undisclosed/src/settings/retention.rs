//! How long is kept what, and who is responsible for it.

use std::time::Duration;

use jiff::SignedDuration;
use serde::{Deserialize, Deserializer};

/// The word for no end.
const NEVER: &str = "never";
const DAY: u64 = 24 * 60 * 60;

/// How long something is kept; nothing: until somebody erases it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Term(pub(crate) Option<SignedDuration>);

impl Term {
    const fn days(days: i64) -> Self {
        Self(Some(SignedDuration::from_hours(24 * days)))
    }

    /// In words.
    pub(crate) fn words(self) -> String {
        let Some(span) = self.0 else { return "until somebody erases it".to_owned() };
        let seconds = span.as_secs().unsigned_abs();
        match seconds {
            DAY => "1 day".to_owned(),
            _ if seconds.is_multiple_of(DAY) => format!("{} days", seconds / DAY),
            _ => humantime::format_duration(Duration::from_secs(seconds)).to_string(),
        }
    }
}

impl<'de> Deserialize<'de> for Term {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wrong = || serde::de::Error::custom("a span of time is written like 90d, or is the word never");
        let text = String::deserialize(deserializer)?;
        if text == NEVER {
            return Ok(Self(None));
        }
        let span = humantime::parse_duration(&text).map_err(|_| wrong())?;
        Ok(Self(Some(SignedDuration::try_from(span).map_err(|_| wrong())?)))
    }
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Retention {
    /// An audience, after its import, the end of its last campaign and the last change of a message for it.
    pub(crate) audience: Term,
    /// What the relay said of each message, after the end of its campaign.
    pub(crate) messages: Term,
}

impl Default for Retention {
    fn default() -> Self {
        Self { audience: Term::days(90), messages: Term::days(30) }
    }
}

impl Retention {
    /// For whoever asks how long it is kept (UK GDPR Art. 15(1)(d)).
    pub(crate) fn words(self) -> String {
        format!(
            "A list of people is kept {} after the last message to it; what the mail server answered, {}. Whether you do not want \
             to be written to is kept as a keyed fingerprint of your address for as long as we write to anybody.",
            self.audience.words(),
            self.messages.words()
        )
    }
}

/// Who is responsible, for whoever asks what is held about them. All of it is said to them.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ControllerSettings {
    pub(crate) name: String,
    pub(crate) contact: String,
    pub(crate) purposes: String,
    pub(crate) source: String,
    pub(crate) recipients: String,
    pub(crate) authority: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_spans_or_never() {
        let term = |text: &str| serde_json::from_value::<Term>(text.into());
        assert_eq!(term("90d").unwrap(), Retention::default().audience);
        assert_eq!(term("never").unwrap(), Term(None));
        assert!(term("").is_err() && term("90").is_err() && term("-1d").is_err());
        let words = |text| term(text).unwrap().words();
        assert_eq!(
            [words("90d"), words("1d"), words("36h"), words("never")],
            ["90 days", "1 day", "1day 12h", "until somebody erases it"]
        );
    }
}
