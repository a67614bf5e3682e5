//! What a command works with: the folder, its settings, its keys and its database.

use std::path::{Path, PathBuf};

use delivery::{Clock, SystemClock};
use jiff::Timestamp;
use keys::{DataKey, InstanceKey, KEY_FILE_NAME, KeyFolder, KeyName, Random};
use store::{Audience, DatabaseUrl, Store};

use crate::caller::Caller;
use crate::failure::Failure;
use crate::forgetting::{forgotten_on, key_name};
use crate::settings::{SETTINGS_FILE_NAME, Settings};
use crate::tally::Tally;

/// Imports that a killed process left behind are removed when they are older than this.
const ABANDONED_AFTER: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);

/// The folder of the database, where that is SQLite, and of spreadsheets that wait.
const DATA_FOLDER_NAME: &str = "data";

/// Octets of a name: it stands in tables and on pages.
const NAME_OCTETS_MAX: usize = 200;

/// An installation, opened.
pub(crate) struct Installation {
    pub(crate) settings: Settings,
    pub(crate) store: Store,
    pub(crate) instance: InstanceKey,
    pub(crate) keys: KeyFolder,
    /// The folder of the data, beside that of the keys.
    pub(crate) data: PathBuf,
    pub(crate) random: Random,
    pub(crate) clock: SystemClock,
    pub(crate) caller: Caller,
    /// When this process began to work.
    pub(crate) begun: Timestamp,
    /// What it has sent since.
    pub(crate) tally: Tally,
}

/// Where an installation is.
pub(crate) struct Place {
    folder: PathBuf,
    settings_file: PathBuf,
}

impl Place {
    /// The folder of the settings file: `--config`, or the current folder's.
    pub(crate) fn find(config: Option<&Path>) -> Result<Self, Failure> {
        let settings_file = config.map_or_else(|| PathBuf::from(SETTINGS_FILE_NAME), Path::to_owned);
        if !settings_file.is_file() {
            return Err(Failure::usage(
                "not_initialised",
                "there is no undisclosed.toml here: run `undisclosed init` first, or name one with --config",
            ));
        }
        let folder =
            settings_file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned();
        Ok(Self { folder, settings_file })
    }

    /// The installation's folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }
}

/// An installation but for its database.
pub(crate) struct Parts {
    pub(crate) caller: Caller,
    pub(crate) place: Place,
    pub(crate) database: DatabaseUrl,
    settings: Settings,
    instance: InstanceKey,
}

impl Parts {
    /// With the database, as it is.
    pub(crate) async fn open(self) -> Result<Installation, Failure> {
        let store = Store::open(&self.database).await?;
        self.with(store)
    }

    /// With a database that is open already.
    pub(crate) fn with(self, store: Store) -> Result<Installation, Failure> {
        let keys = self.place.folder.join("keys");
        Installation::put_together(self.caller, self.settings, self.instance, &keys, store)
    }
}

impl Installation {
    /// Opens settings, key and database, and finishes what was begun of forgetting. A database that was put back from a
    /// backup is refused until that is entered: what was sent since is not in it.
    pub(crate) async fn open(config: Option<&Path>, database: Option<&str>) -> Result<Self, Failure> {
        let installation = Self::parts(config, database)?.open().await?;
        if let Some(at) = installation.store.backup_mark().await? {
            return Err(Failure::usage(
                "backup",
                format!(
                    "this database is a backup of {}, and what was sent since is not in it; nothing was done. If it was put \
                     back here by hand: `undisclosed restored`",
                    at.strftime("%Y-%m-%d %H:%M UTC")
                ),
            ));
        }
        installation.finish_forgetting().await?;
        Ok(installation)
    }

    /// Settings and key, and where the database is.
    pub(crate) fn parts(config: Option<&Path>, database: Option<&str>) -> Result<Parts, Failure> {
        let caller = Caller::find()?;
        let place = Place::find(config)?;
        let settings = Settings::read(Some(&place.settings_file))?;
        let instance = InstanceKey::read(&place.folder.join(KEY_FILE_NAME))
            .map_err(|error| Failure::usage("key_file", error.to_string()))?;
        let url = database.or(settings.database.as_deref());
        let url = match url {
            Some(text) => {
                let url = DatabaseUrl::parse(text)
                    .map_err(|error| Failure::usage("database", error.to_string()))?;
                match url {
                    DatabaseUrl::Sqlite(path) => DatabaseUrl::Sqlite(place.folder.join(path)),
                    DatabaseUrl::Postgres(_) => url,
                }
            }
            None => DatabaseUrl::Sqlite(place.folder.join(DATA_FOLDER_NAME).join("undisclosed.db")),
        };
        Ok(Parts { caller, place, database: url, settings, instance })
    }

    /// Puts one together from its parts.
    pub(crate) async fn assemble(
        caller: Caller,
        settings: Settings,
        instance: InstanceKey,
        keys: &Path,
        database: &DatabaseUrl,
    ) -> Result<Self, Failure> {
        let store = Store::open(database).await?;
        Self::put_together(caller, settings, instance, keys, store)
    }

    fn put_together(
        caller: Caller,
        settings: Settings,
        instance: InstanceKey,
        keys: &Path,
        store: Store,
    ) -> Result<Self, Failure> {
        let data = keys.with_file_name(DATA_FOLDER_NAME);
        let keys =
            KeyFolder::open(keys).map_err(|_| Failure::usage("keys", "the folder of keys cannot be used"))?;
        Ok(Self {
            settings,
            store,
            instance,
            keys,
            data,
            random: Random::default(),
            clock: SystemClock,
            caller,
            begun: SystemClock.now(),
            tally: Tally::default(),
        })
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The key of an audience.
    pub(crate) fn audience_key(&self, audience: &Audience) -> Result<DataKey, Failure> {
        if audience.forgotten_at.is_some() {
            return Err(forgotten_on(audience.forgotten_at));
        }
        let name = key_name(audience)?;
        Ok(self.keys.load(&name, &self.instance, &self.random)?)
    }

    /// The key of the suppression list.
    pub(crate) fn suppression_key(&self) -> Result<DataKey, Failure> {
        Ok(self.keys.load_or_create(&KeyName::suppressions(), &self.instance, &self.random)?)
    }

    /// Removes imports that a killed process left behind, their keys first.
    pub(crate) async fn sweep(&self) -> Result<(), Failure> {
        for audience in self.store.abandoned_audiences(self.now() - ABANDONED_AFTER).await? {
            self.discard(&audience).await?;
        }
        Ok(())
    }

    /// Removes an import that was not completed.
    pub(crate) async fn discard(&self, audience: &Audience) -> Result<(), Failure> {
        // The row first: if the audience is complete after all, its key must stay.
        let discarded = self.store.discard_audience(audience).await?;
        if let Some(name) = KeyName::parse(&audience.key_name).filter(|_| discarded) {
            self.keys
                .destroy(&name)
                .map_err(|_| Failure::unexpected("keys", "a key could not be destroyed"))?;
        }
        Ok(())
    }
}

/// A name of an audience or campaign: something, and nothing that a terminal would act on.
pub(crate) fn checked_name(name: &str) -> Result<(), Failure> {
    if name.trim().is_empty() || name.chars().any(char::is_control) || name.len() > NAME_OCTETS_MAX {
        return Err(Failure::usage(
            "name",
            "a name has 1 to 200 octets and no line breaks or control characters",
        ));
    }
    Ok(())
}
