//! The command line. Pinned by contract: programs outside rely on it.

mod limits;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use limits::LimitArgs;

/// Write to many people without showing any of them to the others.
#[derive(Debug, Parser)]
#[command(name = "undisclosed", version, propagate_version = true, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 done; 1 unexpected; 2 wrong usage, configuration or input; 3 finished or stopped \
    with somebody not accepted; 4 waits for approval."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) general: General,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
pub(crate) struct General {
    /// The settings file; its folder is the installation's [default: undisclosed.toml here]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The database: sqlite:PATH or postgres://USER@HOST/NAME
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) database: Option<String>,
    /// The answer as one line of JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

/// Commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make an installation in this folder: settings, key, folders
    Init,
    /// Read a spreadsheet into an audience
    Import(ImportArgs),
    /// Show exactly what one person will get
    Preview(PreviewArgs),
    /// Send a test to yourself
    Test(TestArgs),
    /// Build and prove the message of everybody, and send nothing
    CheckCampaign(CheckArgs),
    /// Look up what a sender's domain publishes (SPF, DKIM, DMARC), and name what is missing
    CheckSender(CheckSenderArgs),
    /// Send a message to everybody in an audience, each alone
    Send(SendArgs),
    /// Agree to a campaign that somebody else submitted
    Approve(ApproveArgs),
    /// Ask for approval again: as it is, or with another relay or time
    Submit(SubmitArgs),
    /// Take a campaign back before its first message leaves
    TakeBack(NameArgs),
    /// Show where a campaign stands, or list the campaigns
    Status(StatusArgs),
    /// Stop a campaign for now
    Pause(NameArgs),
    /// Go on with a campaign
    Resume(ResumeArgs),
    /// Send every campaign that may be sent, and wait for more; any number of machines share one PostgreSQL
    Worker(WorkerArgs),
    /// The console for browsers, and a worker beside it
    Serve,
    /// Stop a campaign for good
    Cancel(NameArgs),
    /// Give a paused or halted campaign a corrected message
    Mend(MendArgs),
    /// Settle what is in doubt: by the relay's log, or by what somebody knows
    Reconcile(ReconcileArgs),
    /// Destroy an audience's key: nobody can read its people any more
    Forget(ForgetArgs),
    /// Erase one person, wherever they are
    Erase(EraseArgs),
    /// List what is erased because its time is over, or erase it
    Retention(RetentionArgs),
    /// Write a backup of the database, without its keys; or of the keys alone
    Backup(BackupArgs),
    /// Put a backup in the place of the database; what was not final then is in doubt
    Restore(RestoreArgs),
    /// Say that another tool put the database back from an older copy
    Restored(RestoredArgs),
    /// What was done, by whom: verify it, export it, prove one entry of it
    #[command(subcommand)]
    Ledger(LedgerCommand),
    /// Replay the 2012 incident as it should have gone, on this machine alone
    Demo(DemoArgs),
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

/// Arguments of `check-sender`.
#[derive(Debug, Args)]
pub(crate) struct CheckSenderArgs {
    /// The sender's domain [default: that of sender.from]
    pub(crate) domain: Option<String>,
}

/// What becomes of rows that share an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shared {
    /// Each person gets a message
    Each,
    /// One message goes to the address: the first row's
    Skip,
}

/// How a spreadsheet is read.
#[derive(Debug, Default, Args)]
pub(crate) struct ReadingArgs {
    /// The column of the addresses, by its heading or letter
    #[arg(long, value_name = "COLUMN")]
    pub(crate) email_column: Option<String>,
    /// The column of the languages, by its heading or letter; `none` if there is none
    #[arg(long, value_name = "COLUMN|none")]
    pub(crate) language_column: Option<String>,
    /// The column that says to whom e-mail is safe, by its heading or letter; `none` if there is none
    #[arg(long, value_name = "COLUMN|none")]
    pub(crate) channel_column: Option<String>,
    /// What to do when people share an address
    #[arg(long, value_enum, value_name = "each|skip")]
    pub(crate) shared_address: Option<Shared>,
    /// Go on without the rows that are bad
    #[arg(long)]
    pub(crate) skip_bad: bool,
}

/// Warnings that are known and accepted.
#[derive(Debug, Args)]
pub(crate) struct AcknowledgeArgs {
    /// Go on in spite of these warnings: all, or a list such as discretion,names
    #[arg(long, value_name = "WARNINGS", value_delimiter = ',')]
    pub(crate) acknowledge: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// The audience's name
    pub(crate) audience: String,
    /// The spreadsheet: CSV or XLSX
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
    #[command(flatten)]
    pub(crate) acknowledge: AcknowledgeArgs,
}

#[derive(Debug, Args)]
pub(crate) struct PreviewArgs {
    /// The audience
    #[arg(required_unless_present = "campaign")]
    pub(crate) audience: Option<String>,
    /// The message file
    #[arg(required_unless_present = "campaign")]
    pub(crate) message: Option<PathBuf>,
    /// In their place: a campaign, with the message that was submitted
    #[arg(long, value_name = "NAME", conflicts_with_all = ["audience", "message", "from"])]
    pub(crate) campaign: Option<String>,
    /// Which person, from 1
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) person: u64,
    /// The sender: 'Name <address>'
    #[arg(long, value_name = "MAILBOX")]
    pub(crate) from: Option<String>,
    /// Write the message to a file as well
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Show addresses in full; needs a reason, which is recorded
    #[arg(long, requires = "reason")]
    pub(crate) reveal: bool,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct TestArgs {
    /// The audience
    pub(crate) audience: String,
    /// The message file
    pub(crate) message: PathBuf,
    /// Where the test goes; its domain must be among test.allowed_domains
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) to: String,
    /// The relay: smtp://HOST:PORT or smtps://HOST:PORT
    #[arg(long, value_name = "URL")]
    pub(crate) smtp: Option<String>,
    /// The sender: 'Name <address>'
    #[arg(long, value_name = "MAILBOX")]
    pub(crate) from: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The audience, or a spreadsheet
    pub(crate) audience: String,
    /// The message file
    pub(crate) message: PathBuf,
    /// The sender: 'Name <address>'
    #[arg(long, value_name = "MAILBOX")]
    pub(crate) from: Option<String>,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
    #[command(flatten)]
    pub(crate) acknowledge: AcknowledgeArgs,
}

#[derive(Debug, Args)]
pub(crate) struct SendArgs {
    /// The audience, or a spreadsheet
    pub(crate) audience: String,
    /// The message file
    pub(crate) message: PathBuf,
    /// The campaign's name
    #[arg(long)]
    pub(crate) name: String,
    /// The relay: smtp://HOST:PORT or smtps://HOST:PORT
    #[arg(long, value_name = "URL")]
    pub(crate) smtp: Option<String>,
    /// The sender: 'Name <address>'
    #[arg(long, value_name = "MAILBOX")]
    pub(crate) from: Option<String>,
    /// Connections to the relay at once
    #[arg(long, value_name = "N")]
    pub(crate) connections: Option<u32>,
    /// When to begin: 2026-12-01T09:00 or 2026-12-01T09:00Z
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
    /// Send the same message to the same people again; needs a reason, which is recorded
    #[arg(long, requires = "reason")]
    pub(crate) again: bool,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
    #[command(flatten)]
    pub(crate) acknowledge: AcknowledgeArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ApproveArgs {
    /// The campaign's name
    pub(crate) name: String,
    /// Approve only what has this digest: the one that you looked at
    #[arg(long, value_name = "HEX")]
    pub(crate) digest: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct SubmitArgs {
    /// The campaign's name
    pub(crate) name: String,
    /// Another relay
    #[arg(long, value_name = "URL")]
    pub(crate) smtp: Option<String>,
    /// Another number of connections
    #[arg(long, value_name = "N")]
    pub(crate) connections: Option<u32>,
    /// Another time to begin: 2026-12-01T09:00 or 2026-12-01T09:00Z
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    /// The campaign's name; without one, all campaigns
    pub(crate) name: Option<String>,
    /// Show it again every second until it is settled
    #[arg(long)]
    pub(crate) watch: bool,
    /// List each delivery that was not accepted, by its row; no addresses
    #[arg(long)]
    pub(crate) rows: bool,
}

#[derive(Debug, Args)]
pub(crate) struct NameArgs {
    /// The campaign's name
    pub(crate) name: String,
}

#[derive(Debug, Args)]
pub(crate) struct ResumeArgs {
    /// The campaign's name
    pub(crate) name: String,
    /// Another relay
    #[arg(long, value_name = "URL")]
    pub(crate) smtp: Option<String>,
    /// Another number of connections
    #[arg(long, value_name = "N")]
    pub(crate) connections: Option<u32>,
}

#[derive(Debug, Args)]
pub(crate) struct WorkerArgs {
    /// End when nothing is left to send
    #[arg(long)]
    pub(crate) once: bool,
}

#[derive(Debug, Args)]
pub(crate) struct MendArgs {
    /// The campaign's name
    pub(crate) name: String,
    /// The corrected message file
    pub(crate) message: PathBuf,
    /// The sender: 'Name <address>'
    #[arg(long, value_name = "MAILBOX")]
    pub(crate) from: Option<String>,
    #[command(flatten)]
    pub(crate) acknowledge: AcknowledgeArgs,
}

/// What somebody knows of messages in doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Assumed {
    /// The relay took them
    Sent,
    /// It did not: they are sent once more
    Unsent,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("by").required(true).args(["log", "assume"]))]
pub(crate) struct ReconcileArgs {
    /// The campaign's name
    pub(crate) name: String,
    /// The relay's Postfix log: plain or gzip; once for each file, in any order
    #[arg(long, value_name = "FILE")]
    pub(crate) log: Vec<PathBuf>,
    /// Nothing is missing in the log: who is not in it was not written to
    #[arg(long, requires = "log")]
    pub(crate) log_complete: bool,
    /// The time zone of a log whose times have none [default: this machine's]
    #[arg(long, requires = "log", value_name = "ZONE")]
    pub(crate) time_zone: Option<String>,
    /// Without a log: what you know of them; needs a reason, which is recorded
    #[arg(long, value_enum, requires = "reason", conflicts_with = "log")]
    pub(crate) assume: Option<Assumed>,
    /// Only the person in this row of the spreadsheet
    #[arg(long, value_name = "ROW", requires = "assume")]
    pub(crate) row: Option<u64>,
    /// Why
    #[arg(long, value_name = "TEXT", requires = "assume")]
    pub(crate) reason: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ForgetArgs {
    /// The audience's name
    pub(crate) audience: String,
    /// Why; it stays in the ledger for good
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    /// It is meant: ask nothing
    #[arg(long)]
    pub(crate) yes: bool,
    /// Why it is forgotten in spite of a hold or of an open request for access; it stays in the ledger for good
    #[arg(long, value_name = "TEXT")]
    pub(crate) override_hold: Option<String>,
    #[command(flatten)]
    pub(crate) acknowledge: AcknowledgeArgs,
}

#[derive(Debug, Args)]
pub(crate) struct EraseArgs {
    /// The name of an audience that the person is in
    pub(crate) audience: String,
    /// Their row in the spreadsheet, the heading being row 1
    #[arg(long, value_name = "NUMBER")]
    pub(crate) row: u64,
    /// Why; it stays in the ledger for good, so it holds no address and no name
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
    /// Take them off the suppression list too: another list can lead to them again
    #[arg(long)]
    pub(crate) forget_suppression: bool,
    /// Why they are erased in spite of a hold or of their open request for access
    #[arg(long, value_name = "TEXT")]
    pub(crate) override_hold: Option<String>,
    /// It is meant: ask nothing
    #[arg(long)]
    pub(crate) yes: bool,
}

/// What is to be done beside listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RetentionRun {
    /// Erase what is due and not held
    Run,
}

#[derive(Debug, Args)]
pub(crate) struct RetentionArgs {
    /// Erase what is due; without it everything is only listed
    pub(crate) run: Option<RetentionRun>,
    /// List what would be erased, and when the rest is due
    #[arg(long, conflicts_with = "run")]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct BackupArgs {
    /// The file of the database's backup; an existing one is left alone
    #[arg(required_unless_present = "keys")]
    pub(crate) file: Option<PathBuf>,
    /// A folder for dated copies of the wrapped keys, apart from the database's; those older than keys.backup_days are removed
    #[arg(long, value_name = "DIR")]
    pub(crate) keys: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    /// A file that `backup` wrote
    pub(crate) file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct RestoredArgs {
    /// It is so, although the database was not written by `backup`
    #[arg(long)]
    pub(crate) yes: bool,
}

/// What to do with the ledger.
#[derive(Debug, Subcommand)]
pub(crate) enum LedgerCommand {
    /// List the latest entries
    List {
        /// Only what was done to this audience or campaign
        #[arg(long, value_name = "NAME")]
        subject: Option<String>,
        /// How many at most
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: u64,
    },
    /// Go through every entry; find what was altered, removed or moved
    Verify {
        /// Hold the ledger against a checkpoint that was kept elsewhere
        #[arg(long, value_name = "FILE")]
        checkpoint: Option<PathBuf>,
    },
    /// Print a signed checkpoint: keep it elsewhere
    Checkpoint,
    /// Print a proof of what became of one delivery, and of nothing else
    Prove {
        /// CAMPAIGN/ROW: the row in the spreadsheet
        delivery: String,
    },
    /// Print the reason that somebody typed; it can hold an address, so this is recorded
    Reason {
        /// The entry's number
        entry: u64,
    },
    /// Write all entries with their salts for an auditor: a line of JSON each
    Export {
        /// The file; - is standard output
        file: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// End with the accounting; leave no page open
    #[arg(long)]
    pub(crate) exit: bool,
    /// The port of the page with the messages that arrived [default: any free one]
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
    /// Leave no console open: only the page with the messages that arrived
    #[arg(long)]
    pub(crate) no_console: bool,
    /// The port of the console [default: any free one]
    #[arg(long, default_value_t = 0)]
    pub(crate) console_port: u16,
}
