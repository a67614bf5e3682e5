//! Settings: the file `undisclosed.toml`, and over it the environment (`UNDISCLOSED_DELIVERY__RETRY_FIRST=1s`).

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use campaign::{CampaignLimits, QuietHours, Rate, Retry};
use config::{Config, Environment, File, FileFormat};
use delivery::CONNECTIONS_MAX;
use delivery::smtp::Timeouts;
use jiff::SignedDuration;
use serde::{Deserialize, Deserializer};

use crate::failure::Failure;
use crate::log::LogSettings;

mod backup;
mod bounce;
mod dkim;
mod dns;
mod oidc;
mod proxy;
mod public;
mod retention;

pub(crate) use backup::BackupSettings;
pub(crate) use bounce::{Bounce, ListenProtocol, MailboxSettings};
pub(crate) use dkim::DkimKeys;
pub(crate) use dns::{Dns, Resolver};
pub(crate) use oidc::Oidc;
pub(crate) use proxy::ProxySettings;
pub(crate) use public::Public;
pub(crate) use retention::{ControllerSettings, Retention};

/// The name of the settings file.
pub(crate) const SETTINGS_FILE_NAME: &str = "undisclosed.toml";
/// What every variable of ours begins with.
const PREFIX: &str = "UNDISCLOSED";

/// A shorter lease would run out between two renewals on a busy machine; a longer one leaves people waiting.
const LEASE_MIN: Duration = Duration::from_secs(1);
const LEASE_MAX: Duration = Duration::from_hours(1);

/// A span of time, written `1s`, `5m`, `2h` or `5d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span(pub(crate) Duration);

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        humantime::parse_duration(&text)
            .map(Span)
            .map_err(|_| serde::de::Error::custom("a span of time is written like 1s, 5m, 2h or 5d"))
    }
}

/// A list: in the file as one, in the environment with commas.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Words(pub(crate) Vec<String>);

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either {
            List(Vec<String>),
            Text(String),
        }
        Ok(Self(match Either::deserialize(deserializer)? {
            Either::List(list) => list,
            Either::Text(text) => text
                .split(',')
                .map(str::trim)
                .filter(|word| !word.is_empty())
                .map(ToOwned::to_owned)
                .collect(),
        }))
    }
}

const fn seconds(seconds: u64) -> Span {
    Span(Duration::from_secs(seconds))
}

/// All settings. An unknown one is an error: a misspelt limit would not be kept.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {
    /// `sqlite:PATH` or `postgres://USER@HOST/NAME`.
    pub(crate) database: Option<String>,
    pub(crate) approval: Approval,
    pub(crate) delivery: Delivery,
    pub(crate) doubt: DoubtSettings,
    pub(crate) relay: RelaySettings,
    pub(crate) sender: SenderSettings,
    pub(crate) message: MessageSettings,
    pub(crate) proxy: ProxySettings,
    pub(crate) public: Public,
    pub(crate) bounce: Bounce,
    pub(crate) backup: BackupSettings,
    pub(crate) test: Test,
    pub(crate) internal: Internal,
    pub(crate) dkim: DkimKeys,
    pub(crate) dns: Dns,
    pub(crate) worker: Worker,
    pub(crate) console: ConsoleSettings,
    pub(crate) oidc: Oidc,
    pub(crate) health: Health,
    pub(crate) keys: Keys,
    pub(crate) retention: Retention,
    pub(crate) controller: ControllerSettings,
    pub(crate) log: LogSettings,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Keys {
    /// Days that a backup of the keys is kept: so long a destroyed key is still in one.
    pub(crate) backup_days: u16,
}

impl Default for Keys {
    fn default() -> Self {
        Self { backup_days: 30 }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Approval {
    /// A campaign is sent when somebody other than its author agreed to it.
    pub(crate) required: bool,
    /// From the approval to the first message at least.
    pub(crate) take_back: Span,
}

impl Default for Approval {
    fn default() -> Self {
        Self { required: true, take_back: seconds(300) }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Delivery {
    pub(crate) connections: u32,
    pub(crate) retry_first: Span,
    pub(crate) retry_max: Span,
    pub(crate) give_up_after: Span,
    pub(crate) doubt_max: Option<u64>,
    /// Messages a second, all connections together; 0: as fast as the relay takes them.
    pub(crate) per_second: u32,
    pub(crate) per_second_per_connection: u32,
    pub(crate) per_second_per_domain: u32,
    /// `20:00-08:00`.
    pub(crate) quiet_hours: Option<String>,
    /// The time zone of the quiet hours.
    pub(crate) time_zone: String,
    pub(crate) timeouts: TimeoutSettings,
}

impl Default for Delivery {
    fn default() -> Self {
        Self {
            connections: 10,
            retry_first: seconds(60),
            retry_max: seconds(3_600),
            give_up_after: seconds(5 * 24 * 3_600),
            doubt_max: None,
            per_second: 0,
            per_second_per_connection: 0,
            per_second_per_domain: 0,
            quiet_hours: None,
            time_zone: "Europe/London".to_owned(),
            timeouts: TimeoutSettings::default(),
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct DoubtSettings {
    /// From an intent on, until the relay must have decided: beyond its own time-outs, with room for clocks.
    pub(crate) settle_after: Span,
}

impl Default for DoubtSettings {
    fn default() -> Self {
        Self { settle_after: seconds(15 * 60) }
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TimeoutSettings {
    connect: Option<Span>,
    greeting: Option<Span>,
    ehlo: Option<Span>,
    mail: Option<Span>,
    rcpt: Option<Span>,
    data: Option<Span>,
    data_block: Option<Span>,
    data_end: Option<Span>,
}

/// What a relay is; the large ones have limits of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RelayKind {
    #[default]
    Generic,
    Microsoft365,
    Google,
}

impl RelayKind {
    /// Where tokens are renewed.
    pub(crate) const fn token_endpoint(self) -> Option<&'static str> {
        match self {
            Self::Microsoft365 => Some("https://login.microsoftonline.com/common/oauth2/v2.0/token"),
            Self::Google => Some("https://oauth2.googleapis.com/token"),
            Self::Generic => None,
        }
    }
}

#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RelaySettings {
    pub(crate) url: Option<String>,
    pub(crate) kind: RelayKind,
    pub(crate) ehlo_name: Option<String>,
    pub(crate) username: Option<String>,
    /// From the environment alone; in the file it would lie beside everything else.
    pub(crate) password: Option<String>,
    pub(crate) password_file: Option<PathBuf>,
    /// `plain`, `login` or `scram-sha-256`; by default the best that the relay offers.
    pub(crate) auth: Option<String>,
    pub(crate) ca_file: Option<PathBuf>,
    /// A file with a bearer token that somebody else renews.
    pub(crate) token_file: Option<PathBuf>,
    pub(crate) token: TokenSettings,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TokenSettings {
    pub(crate) endpoint: Option<String>,
    pub(crate) client_id: Option<String>,
    pub(crate) client_secret_file: Option<PathBuf>,
    pub(crate) refresh_token_file: Option<PathBuf>,
    pub(crate) scope: Option<String>,
}

impl fmt::Debug for RelaySettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RelaySettings").field("kind", &self.kind).finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SenderSettings {
    pub(crate) from: Option<String>,
    pub(crate) reply_to: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct MessageSettings {
    /// In place of the built-in list.
    pub(crate) discretion_words: Option<Words>,
    /// Beside it.
    pub(crate) more_discretion_words: Words,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Test {
    pub(crate) allowed_domains: Words,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Worker {
    /// How long a sender on PostgreSQL counts as alive without a sign of life.
    pub(crate) lease: Span,
}

impl Default for Worker {
    fn default() -> Self {
        Self { lease: seconds(30) }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ConsoleSettings {
    /// Where the console listens.
    pub(crate) listen: String,
    /// Where browsers find it; without one, where it listens.
    pub(crate) url: Option<String>,
    /// Staff is told by mail of what waits for them.
    pub(crate) notices: bool,
}

impl Default for ConsoleSettings {
    fn default() -> Self {
        Self { listen: "127.0.0.1:8080".to_owned(), url: None, notices: true }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Health {
    /// Where the listener for monitoring is.
    pub(crate) listen: String,
}

impl Default for Health {
    fn default() -> Self {
        Self { listen: "127.0.0.1:8081".to_owned() }
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Internal {
    /// Known from the first release on; the guard will tell colleagues from strangers by it.
    pub(crate) domains: Words,
}

impl Settings {
    /// Reads the file, if there is one, and the environment over it.
    pub(crate) fn read(path: Option<&Path>) -> Result<Self, Failure> {
        let mut builder = Config::builder();
        if let Some(path) = path {
            builder = builder.add_source(File::from(path).format(FileFormat::Toml).required(true));
        }
        let environment = Environment::with_prefix(PREFIX).prefix_separator("_").separator("__");
        let settings: Self = builder
            .add_source(environment)
            .build()
            .and_then(Config::try_deserialize)
            .map_err(|error| Failure::settings(&error))?;
        settings.check()?;
        Ok(settings.beside(path.and_then(Path::parent)))
    }

    /// Files named in the settings lie beside the settings file, wherever the program is run.
    fn beside(mut self, folder: Option<&Path>) -> Self {
        let Some(folder) = folder else { return self };
        let (relay, bounce, oidc) = (&mut self.relay, &mut self.bounce, &mut self.oidc);
        let files = [
            self.backup.folder.as_mut(),
            self.backup.keys_folder.as_mut(),
            oidc.client_secret_file.as_mut(),
            oidc.ca_file.as_mut(),
            bounce.certificate_file.as_mut(),
            bounce.key_file.as_mut(),
            bounce.mailbox.password_file.as_mut(),
            bounce.mailbox.token_file.as_mut(),
            bounce.mailbox.token.client_secret_file.as_mut(),
            bounce.mailbox.token.refresh_token_file.as_mut(),
            bounce.mailbox.ca_file.as_mut(),
            relay.password_file.as_mut(),
            relay.ca_file.as_mut(),
            relay.token_file.as_mut(),
            relay.token.client_secret_file.as_mut(),
            relay.token.refresh_token_file.as_mut(),
        ];
        let keys = self.dkim.0.iter_mut().map(|dkim| &mut dkim.key_file);
        for file in files.into_iter().flatten().chain(keys) {
            *file = folder.join(&*file);
        }
        self
    }

    fn check(&self) -> Result<(), Failure> {
        let wrong = |text: &str| Err(Failure::usage("settings", text));
        connections(self.delivery.connections)?;
        if self.delivery.retry_first.0 > self.delivery.retry_max.0 {
            return wrong("delivery.retry_first is longer than delivery.retry_max");
        }
        if !(LEASE_MIN..=LEASE_MAX).contains(&self.worker.lease.0) {
            return wrong("worker.lease is from 1s to 1h");
        }
        self.backup.check()?;
        self.proxy.trusted()?;
        self.public.check()?;
        self.bounce.check(&self.sender)?;
        self.oidc.check()?;
        if self
            .relay
            .auth
            .as_ref()
            .is_some_and(|m| !["plain", "login", "scram-sha-256"].contains(&m.to_lowercase().as_str()))
        {
            return wrong("relay.auth is plain, login or scram-sha-256");
        }
        Ok(())
    }

    pub(crate) fn retry(&self) -> Retry {
        let signed = |span: Span| SignedDuration::try_from(span.0).unwrap_or(SignedDuration::MAX);
        Retry {
            first: signed(self.delivery.retry_first),
            max: signed(self.delivery.retry_max),
            give_up_after: signed(self.delivery.give_up_after),
        }
    }

    /// The limits of a campaign. Microsoft 365 takes 3 connections and 30 messages a minute from a mailbox.
    pub(crate) fn limits(
        &self,
        connections: u32,
        campaign: &CampaignLimits,
    ) -> Result<delivery::Limits, Failure> {
        let rate = |messages: u32| (messages > 0).then(|| Rate::per_second(messages));
        let (connections, pace) = match self.relay.kind {
            RelayKind::Generic => (connections, rate(self.delivery.per_second)),
            RelayKind::Microsoft365 => {
                (connections.min(3), Some(slower(rate(self.delivery.per_second), Rate::per_minute(30))))
            }
            // Google's SMTP relay takes some 100 recipients a second of an organisation; a mailbox far fewer.
            RelayKind::Google => {
                (connections.min(10), Some(slower(rate(self.delivery.per_second), Rate::per_second(10))))
            }
        };
        let quiet_hours = self
            .delivery
            .quiet_hours
            .as_ref()
            .map(|hours| QuietHours::parse(hours, &self.delivery.time_zone))
            .transpose()
            .map_err(|error| Failure::usage("settings", format!("delivery.quiet_hours: {error}")))?;
        let own = campaign
            .quiet_hours(&self.delivery.time_zone)
            .map_err(|error| Failure::usage("settings", format!("delivery.time_zone: {error}")))?;
        Ok(delivery::Limits {
            connections,
            retry: self.retry(),
            doubt_max: self.delivery.doubt_max.unwrap_or(u64::from(connections)),
            pace,
            pace_per_connection: rate(self.delivery.per_second_per_connection),
            pace_per_domain: rate(self.delivery.per_second_per_domain),
            pace_of_campaign: campaign.pace(),
            quiet_hours: quiet_hours.into_iter().chain(own).collect(),
        })
    }

    pub(crate) fn timeouts(&self) -> Timeouts {
        let (own, rfc) = (&self.delivery.timeouts, Timeouts::default());
        let or = |span: Option<Span>, default: Duration| span.map_or(default, |span| span.0);
        Timeouts {
            connect: or(own.connect, rfc.connect),
            greeting: or(own.greeting, rfc.greeting),
            ehlo: or(own.ehlo, rfc.ehlo),
            mail: or(own.mail, rfc.mail),
            rcpt: or(own.rcpt, rfc.rcpt),
            data: or(own.data, rfc.data),
            data_block: or(own.data_block, rfc.data_block),
            data_end: or(own.data_end, rfc.data_end),
        }
    }

    pub(crate) fn discretion_words(&self) -> Vec<String> {
        let mut words = self
            .message
            .discretion_words
            .as_ref()
            .map_or_else(message::default_discretion_words, |words| words.0.clone());
        words.extend(self.message.more_discretion_words.0.iter().cloned());
        words
    }
}

fn slower(own: Option<Rate>, limit: Rate) -> Rate {
    own.filter(|own| own.interval() > limit.interval()).unwrap_or(limit)
}

/// A number of connections that may be used.
pub(crate) fn connections(wanted: u32) -> Result<u32, Failure> {
    if (1..=CONNECTIONS_MAX).contains(&wanted) {
        Ok(wanted)
    } else {
        Err(Failure::usage("settings", format!("the number of connections is from 1 to {CONNECTIONS_MAX}")))
    }
}
