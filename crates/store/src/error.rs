//! What can go wrong with the database, in words for the person who runs it.

/// An error of the database. The texts come from the database's own classes of error, never from its messages,
/// which can quote rows.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The name of an audience or campaign is taken.
    #[error("the name is in use already")]
    NameInUse,
    /// No such audience or campaign.
    #[error("there is none of that name")]
    NotFound,
    /// Another process sends this campaign (SQLite: one sender a campaign).
    #[error("another process is sending this campaign now")]
    SenderPresent,
    /// PostgreSQL: another sender believed this one dead, for its lease had run out. It enlists anew and goes on.
    #[error("another process took over from this one, for the database had lost sight of it")]
    TakenOver,
    /// The state of the campaign does not allow it.
    #[error(transparent)]
    Transition(#[from] campaign::CampaignTransitionError),
    /// The author cannot be the approver.
    #[error("who submitted or changed a campaign cannot approve it; another person has to")]
    SamePerson,
    /// It is not what the approver looked at any more.
    #[error("the campaign was changed since you looked at it; nothing was approved. Look at it again")]
    Edited,
    /// A draft is not what somebody had before them any more.
    #[error("somebody else has changed it meanwhile")]
    DraftChanged,
    /// One of the named limits.
    #[error("there are too many {0}; remove some first")]
    TooMany(&'static str),
    /// A message has left, or may have.
    #[error(
        "it cannot be taken back: a message has left already, or may have. `undisclosed pause` stops the others"
    )]
    Left,
    /// A campaign of the audience has not ended.
    #[error("a campaign to this audience has not ended, or its account is not closed yet")]
    CampaignOpen,
    /// Looked at before somebody set a hold, or asked what is held about them.
    #[error(
        "somebody has set a hold, or asked what is held about them, meanwhile; nothing was erased. Look again"
    )]
    HeldSince,
    /// The audience was forgotten in between.
    #[error("the audience was forgotten")]
    Forgotten,
    /// Nobody could give roles or recover an account any more.
    #[error(
        "nobody else who is set up is an administrator: make somebody else one first, or nobody could manage users any more"
    )]
    LastAdministrator,
    /// A link for the first administrator where there is one.
    #[error("there is an administrator already; ask for an invitation")]
    AdministratorThere,
    /// A link that works once.
    #[error("this link was used already, has expired, or never was one; ask an administrator for a new one")]
    LinkSpent,
    /// A user is one person at a provider, and a person there is one user.
    #[error("this account, or this person at the provider, is tied already; take that away first")]
    SignOnInUse,
    /// Nobody recovers their own account.
    #[error("another administrator has to do this")]
    OwnAccount,
    /// Others have the database open.
    #[error("the database is in use by another process")]
    InUse,
    /// A file is there already.
    #[error("there is a file of that name already; it is left as it is")]
    Exists,
    /// A file that `backup` did not write, or not to its end.
    #[error("the file is not a backup that `undisclosed backup` wrote to its end")]
    NotABackup,
    /// The disk is full.
    #[error("the disk is full: nothing was lost, and nothing more is sent until there is room")]
    DiskFull,
    /// Somebody holds the database.
    #[error("the database is locked by another program: nothing was lost; try again when that has ended")]
    Locked,
    /// Cannot be reached or opened.
    #[error("the database cannot be reached or opened: {0}")]
    Unreachable(String),
    /// PostgreSQL runs with `fsync=off`.
    #[error(
        "this PostgreSQL runs with fsync=off: after a power cut it could forget who was written to, and people \
         would get the message twice; switch fsync on"
    )]
    FsyncOff,
    /// A setting that the database did not take.
    #[error("the database did not take the setting {0}, without which a crash could lose who was written to")]
    Setting(&'static str),
    /// The database was made by a later release.
    #[error("the database belongs to another release of this program: {0}")]
    Migration(String),
    /// The file system.
    #[error("the data folder cannot be used: {0}")]
    Io(#[from] std::io::Error),
    /// A row that this program did not write.
    #[error("the database holds something that this program did not write ({0})")]
    Foreign(&'static str),
    /// Anything else, by its class.
    #[error("the database refused a statement ({0})")]
    Database(String),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Io(io) => Self::Unreachable(io.kind().to_string()),
            // A session that ended in the middle of a message.
            sqlx::Error::Protocol(_) => Self::Unreachable("the connection broke".to_owned()),
            sqlx::Error::PoolTimedOut => Self::Locked,
            sqlx::Error::PoolClosed => Self::Unreachable("it was closed".to_owned()),
            sqlx::Error::Tls(_) => Self::Unreachable("TLS could not be agreed on".to_owned()),
            sqlx::Error::Database(database) => by_code(database.code().as_deref().unwrap_or("")),
            sqlx::Error::RowNotFound => Self::NotFound,
            _ => Self::Database("driver".to_owned()),
        }
    }
}

/// SQLite's result codes are numbers, PostgreSQL's five letters and digits (SQLSTATE).
fn by_code(code: &str) -> StoreError {
    if let Ok(number @ 1..=9999) = code.parse::<u32>()
        && code.len() < 5
    {
        // SQLite: the primary code is the low octet.
        return match number & 0xff {
            5 | 6 => StoreError::Locked,
            13 => StoreError::DiskFull,
            // 10 is IOERR; a full disk also shows as IOERR_WRITE (778) or IOERR_FSYNC on some file systems.
            10 => StoreError::Database(format!("the disk failed, SQLite {number}")),
            14 => StoreError::Unreachable("the file cannot be opened".to_owned()),
            _ => StoreError::Database(format!("SQLite {number}")),
        };
    }
    match code {
        "53100" => StoreError::DiskFull,
        "55P03" | "40P01" | "40001" => StoreError::Locked,
        // 25P03: a transaction stood idle, for this process was stopped in the middle of it. 53300: as many connections
        // as the server takes are open.
        code if code == "25P03" || code == "53300" || code.starts_with("08") || code.starts_with("57P") => {
            StoreError::Unreachable(format!("SQLSTATE {code}"))
        }
        code if code.starts_with("28") || code.starts_with("3D") => {
            StoreError::Unreachable(format!("the login or the database's name was refused, SQLSTATE {code}"))
        }
        code => StoreError::Database(format!("SQLSTATE {code}")),
    }
}

impl From<sqlx::migrate::MigrateError> for StoreError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        match error {
            sqlx::migrate::MigrateError::Execute(error) => error.into(),
            other => Self::Migration(other.to_string()),
        }
    }
}

impl StoreError {
    /// Whether it may pass by itself, so that a commit may be tried again.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Locked | Self::DiskFull | Self::Unreachable(_))
    }
}
