//! Outcomes and intents: set-based, one durable commit for a batch of all connections.

use campaign::{DeliveryEvent, DeliveryState};
use jiff::Timestamp;
use keys::Fingerprint;
use ledger::Digest;
use sqlx::any::AnyArguments;
use sqlx::error::ErrorKind;
use sqlx::pool::PoolConnection;
use sqlx::query::Query;
use sqlx::{Any, AnyConnection, AssertSqlSafe, Connection, Row as _};
use tokio::sync::Mutex;

use crate::account::ACCOUNT_LATE;
use crate::audience::number;
use crate::dialect::Dialect;
use crate::suppression::suppress;
use crate::{Campaign, CampaignId, Scope, Store, StoreError, WorkerId};

/// Settlements and intents in one commit: more than the connections there can be.
pub const JOURNAL_BATCH_MAX: usize = 1_000;

/// How a delivery comes out of an attempt.
#[derive(Debug, Clone)]
pub struct Settlement {
    /// Its number in the campaign.
    pub number: u64,
    /// Who attempted it.
    pub worker: WorkerId,
    /// When its intent was made durable, or asked for: by this a late outcome finds the doubt that its own attempt left.
    pub intended_at: Option<Timestamp>,
    /// Where it stood.
    pub from: DeliveryState,
    /// What happened.
    pub event: DeliveryEvent,
    /// When.
    pub at: Timestamp,
    /// The relay's code; 0 without a reply.
    pub code: u16,
    /// Its enhanced code, or nothing.
    pub enhanced: String,
    /// Its words, sealed and in base64, or nothing.
    pub reply: String,
    /// When to try again, for what is deferred or released.
    pub next_attempt: Option<Timestamp>,
    /// The address is bad: not written to again, from the same commit on.
    pub suppress: Option<Fingerprint>,
    /// The address's fingerprint in the suppression list, where it is known: who was suppressed meanwhile does not wait
    /// for another try.
    pub person: Option<Fingerprint>,
}

/// The wish to hand over a final dot.
#[derive(Debug, Clone, Copy)]
pub struct Intent {
    /// The delivery.
    pub number: u64,
    /// Who claimed it: it holds for nobody else.
    pub worker: WorkerId,
    /// The message's Date.
    pub date: Timestamp,
    /// Now.
    pub at: Timestamp,
    /// The octets that will go out.
    pub message: Digest,
    /// The address's fingerprint in the suppression list: for who is on it the intent does not hold.
    pub person: Option<Fingerprint>,
}

/// What of a campaign a sender goes by: once its message is mended, or another way of sending it is submitted, the
/// intents of who did not notice do not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// The message's digest.
    pub message: String,
    /// The hash of what two people agreed on; nothing where one decides alone.
    pub submission: String,
}

impl Version {
    /// That of a campaign as it was read.
    #[must_use]
    pub fn of(campaign: &Campaign) -> Self {
        Self { message: campaign.message_digest.clone(), submission: campaign.approval.submission.clone() }
    }
}

/// What a commit made durable.
#[derive(Debug, Clone, Default)]
pub struct Journaled {
    /// The intents that hold. Those missing may not be sent: the campaign was stopped, the claim was taken over, or the
    /// person is suppressed.
    pub intended: Vec<u64>,
    /// Deliveries whose settlement found them as they were left, or in the doubt of the same attempt. One that found
    /// neither changed nothing.
    pub settled: Vec<u64>,
}

impl Journaled {
    fn with(mut self, number: i64, intent: bool) -> Self {
        let list = if intent { &mut self.intended } else { &mut self.settled };
        list.push(number.unsigned_abs());
        self
    }
}

/// What is written of the deliveries that rows named `r` name: one statement for outcomes and intents, durable by itself.
///
/// The campaign's number is a value of each row, so that the rows lead and the deliveries are looked up by it.
const WRITE: &str = "UPDATE delivery SET state = {state}, \
    intended_at = CASE WHEN r.intent = 1 THEN r.at ELSE delivery.intended_at END, \
    message_hash = CASE WHEN r.intent = 1 THEN r.message ELSE delivery.message_hash END, \
    date = CASE WHEN r.intent = 1 AND delivery.date = 0 THEN r.date ELSE delivery.date END, \
    code = CASE WHEN r.intent = 1 THEN delivery.code ELSE r.code END, \
    enhanced = CASE WHEN r.intent = 1 THEN delivery.enhanced ELSE r.enhanced END, \
    reply = CASE WHEN r.intent = 1 THEN delivery.reply WHEN delivery.erased = 1 THEN '' ELSE r.reply END, \
    next_attempt = CASE WHEN r.intent = 1 THEN delivery.next_attempt ELSE r.next_attempt END, \
    settled_at = CASE WHEN r.intent = 1 THEN delivery.settled_at ELSE r.at END, \
    worker = CASE WHEN r.intent = 1 THEN delivery.worker ELSE 0 END, \
    attempts = attempts + CASE WHEN delivery.state = 6 THEN 0 ELSE r.attempt END, \
    first_attempt = CASE WHEN first_attempt = 0 AND r.attempt = 1 THEN r.at ELSE first_attempt END \
    FROM r WHERE delivery.campaign_id = r.campaign AND delivery.number = r.number";

/// Where a delivery goes. "Later" of a campaign that was finished meanwhile is a failure, for nobody would try again; and
/// there is none for who was suppressed or erased meanwhile.
const STATE: &str = "CASE WHEN r.intent = 0 AND delivery.state = 6 AND r.state = 5 \
    AND (SELECT c.state FROM campaign c WHERE c.id = r.campaign {share}) = 14 THEN 4 \
    WHEN r.state IN (0, 5) AND (delivery.erased = 1 \
    OR EXISTS (SELECT 1 FROM suppression s WHERE s.fingerprint = r.person)) THEN 7 \
    ELSE r.state END";

/// Whether a row finds its delivery: as it was left; or in the doubt that the same attempt left behind when its sender was
/// taken for dead (then the attempt was counted already); or, for an intent, with the same intent: the journal tries again
/// after a commit whose answer was lost, and no dot went out yet. Who is on the suppression list has no intent, however the
/// delivery came to be open: this is the last place at which a wish can be kept.
const FOUND: &str = "delivery.worker = r.worker \
    AND (delivery.state = r.was OR (delivery.state = r.or_was AND delivery.intended_at = r.intended_at)) \
    AND (r.intent = 0 OR EXISTS (SELECT 1 FROM campaign WHERE id = r.campaign AND state = 11 \
     AND message_digest = {digest} AND submission = {submission} {share}) \
     AND NOT EXISTS (SELECT 1 FROM suppression s WHERE s.fingerprint = r.person))";

/// Which rows were written.
const WRITTEN: &str = "RETURNING delivery.number AS number, delivery.campaign_id AS campaign, \
    CASE WHEN delivery.state = 2 THEN 1 ELSE 0 END AS intent";

/// What is settled after the account was made is late: the account does not hold any more.
const LATE: &str = "UPDATE campaign SET account = {late} WHERE account >= 0 \
    AND id IN (SELECT campaign FROM journaled WHERE intent = 0)";

const COLUMNS: [&str; 17] = [
    "number",
    "campaign",
    "worker",
    "intent",
    "was",
    "or_was",
    "state",
    "at",
    "intended_at",
    "attempt",
    "next_attempt",
    "date",
    "code",
    "enhanced",
    "reply",
    "message",
    "person",
];

/// Rows are written in multiples of this, so that the database knows a statement again.
const ROWS_STEP: usize = 8;

/// No state of a delivery, and no delivery's number.
const NONE: i64 = -1;

/// The way to the database of one sender's commits: what it writes on is kept between two commits, until it gives way.
///
/// To get a connection and to give it back costs as much as the commit, for each is asked whether it still stands.
pub struct JournalWriter {
    store: Store,
    held: Mutex<Option<PoolConnection<Any>>>,
}

impl Store {
    /// For commits one behind the other. Whoever has it gives way now and then: on SQLite everybody else of this process
    /// waits meanwhile.
    #[must_use]
    pub fn journal_writer(&self) -> JournalWriter {
        JournalWriter { store: self.clone(), held: Mutex::default() }
    }

    /// One commit by itself, as [`JournalWriter::journal`] makes it.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing of the batch is durable, and no dot of it may go out.
    pub async fn journal(
        &self,
        campaign: CampaignId,
        version: &Version,
        settlements: &[Settlement],
        intents: &[Intent],
    ) -> Result<Journaled, StoreError> {
        self.journal_writer().journal(campaign, version, settlements, intents).await
    }
}

impl JournalWriter {
    /// One durable commit, of senders of this version: outcomes of messages whose reply came, and intents of those about to
    /// be handed over.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing of the batch is durable, and no dot of it may go out.
    pub async fn journal(
        &self,
        campaign: CampaignId,
        version: &Version,
        settlements: &[Settlement],
        intents: &[Intent],
    ) -> Result<Journaled, StoreError> {
        let settled = settlements.iter().map(Row::settled);
        let mut rows =
            settled.chain(intents.iter().map(|i| Ok(Row::intended(i)))).collect::<Result<Vec<_>, _>>()?;
        if rows.is_empty() {
            return Ok(Journaled::default());
        }
        rows.resize(rows.len().next_multiple_of(ROWS_STEP), Row::default());
        let batch = Batch { campaign, version, rows, dialect: self.store.dialect };
        let suppressed: Vec<_> = settlements.iter().filter_map(|s| Some((s.suppress?, s.at))).collect();
        let mut held = self.held.lock().await;
        let mut connection = match held.take() {
            Some(connection) => connection,
            None => self.store.write.acquire().await?,
        };
        // In a variable of its own: a connection that failed is not kept.
        let journaled = if suppressed.is_empty() {
            batch.write(&mut connection).await?
        } else {
            let mut transaction = connection.begin().await?;
            let journaled = batch.write(&mut transaction).await?;
            for (fingerprint, at) in suppressed {
                suppress(&mut transaction, fingerprint, Scope::Address, at).await?;
            }
            transaction.commit().await?;
            journaled
        };
        *held = Some(connection);
        Ok(journaled)
    }

    /// Lets others write, until the next commit.
    pub async fn give_way(&self) {
        *self.held.lock().await = None;
    }
}

/// A row as it is written: an outcome or an intent.
#[derive(Clone)]
struct Row<'a> {
    number: i64,
    worker: i64,
    intent: bool,
    was: i64,
    or_was: i64,
    state: i64,
    at: Timestamp,
    intended_at: Timestamp,
    attempt: bool,
    next_attempt: Timestamp,
    date: Timestamp,
    code: u16,
    enhanced: &'a str,
    reply: &'a str,
    message: String,
    person: Vec<u8>,
}

impl Default for Row<'_> {
    /// A row of no delivery.
    fn default() -> Self {
        Self {
            number: NONE,
            worker: NONE,
            intent: false,
            was: NONE,
            or_was: NONE,
            state: NONE,
            at: Timestamp::UNIX_EPOCH,
            intended_at: Timestamp::UNIX_EPOCH,
            attempt: false,
            next_attempt: Timestamp::UNIX_EPOCH,
            date: Timestamp::UNIX_EPOCH,
            code: 0,
            enhanced: "",
            reply: "",
            message: String::new(),
            person: Vec::new(),
        }
    }
}

impl<'a> Row<'a> {
    fn settled(settlement: &'a Settlement) -> Result<Self, StoreError> {
        let state = settlement
            .from
            .after(settlement.event)
            .map_err(|_| StoreError::Foreign("a transition that the table does not have"))?;
        let doubt = (settlement.from == DeliveryState::Intended).then_some(DeliveryState::InDoubt);
        Ok(Self {
            number: number(settlement.number),
            worker: settlement.worker.0,
            was: settlement.from.number().into(),
            or_was: doubt.map_or(NONE, |state| state.number().into()),
            state: state.number().into(),
            at: settlement.at,
            intended_at: settlement.intended_at.unwrap_or_default(),
            attempt: settlement.event != DeliveryEvent::Release,
            next_attempt: settlement.next_attempt.unwrap_or_default(),
            code: settlement.code,
            enhanced: &settlement.enhanced,
            reply: &settlement.reply,
            person: octets(settlement.person),
            ..Self::default()
        })
    }

    fn intended(intent: &Intent) -> Self {
        Self {
            number: number(intent.number),
            worker: intent.worker.0,
            intent: true,
            was: DeliveryState::Claimed.number().into(),
            or_was: DeliveryState::Intended.number().into(),
            state: DeliveryState::Intended.number().into(),
            at: intent.at,
            intended_at: intent.at,
            date: intent.date,
            message: intent.message.to_hex(),
            person: octets(intent.person),
            ..Self::default()
        }
    }
}

/// Nothing is no fingerprint: those have sixteen octets.
fn octets(person: Option<Fingerprint>) -> Vec<u8> {
    person.map(|fingerprint| fingerprint.0.to_vec()).unwrap_or_default()
}

/// What becomes of a batch of which some rows do not find their delivery.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Otherwise {
    /// Nothing is written at all: the statement fails, for no delivery is without a state.
    Nothing,
    /// The others are written, and it is said which. What is handed back row by row costs.
    TheOthers,
}

/// The statement that writes so many rows.
pub(crate) fn write_statement(dialect: Dialect, rows: usize, otherwise: Otherwise) -> String {
    let places = rows * COLUMNS.len();
    let update = match otherwise {
        Otherwise::Nothing => WRITE.replace("{state}", &format!("CASE WHEN {FOUND} THEN {STATE} END")),
        Otherwise::TheOthers => format!("{} AND {FOUND} {WRITTEN}", WRITE.replace("{state}", STATE)),
    };
    let update = dialect
        .sql(&update)
        .replace("{digest}", &dialect.place(places + 1))
        .replace("{submission}", &dialect.place(places + 2));
    let what = match dialect {
        // Nobody is late on SQLite, for there a sender is taken for dead only when it is.
        Dialect::Sqlite => update,
        Dialect::Postgres => format!(
            ", journaled AS ({update}), late AS ({}) SELECT number, intent FROM journaled",
            LATE.replace("{late}", &ACCOUNT_LATE.to_string())
        ),
    };
    format!("WITH r ({}) AS (VALUES {}) {what}", COLUMNS.join(", "), dialect.places(rows, COLUMNS.len()))
}

/// What one commit writes.
struct Batch<'a> {
    campaign: CampaignId,
    version: &'a Version,
    rows: Vec<Row<'a>>,
    dialect: Dialect,
}

impl Batch<'_> {
    async fn write(&self, connection: &mut AnyConnection) -> Result<Journaled, StoreError> {
        if self.dialect == Dialect::Sqlite {
            match self.query(Otherwise::Nothing).execute(&mut *connection).await {
                Ok(done) if done.rows_affected() == self.deliveries().count() as u64 => return Ok(self.all()),
                Ok(_) => return Err(StoreError::Foreign("a delivery that is not there")),
                // Rare: somebody paused the campaign, or does not want to be written to any more.
                Err(sqlx::Error::Database(error)) if error.kind() == ErrorKind::NotNullViolation => {}
                Err(error) => return Err(error.into()),
            }
        }
        let rows = self.query(Otherwise::TheOthers).fetch_all(connection).await?;
        rows.iter().try_fold(Journaled::default(), |journaled, row| {
            Ok(journaled.with(row.try_get("number")?, row.try_get::<i64, _>("intent")? == 1))
        })
    }

    fn all(&self) -> Journaled {
        self.deliveries().fold(Journaled::default(), |journaled, row| journaled.with(row.number, row.intent))
    }

    fn deliveries(&self) -> impl Iterator<Item = &Row<'_>> {
        self.rows.iter().filter(|row| row.number != NONE)
    }

    fn query(&self, otherwise: Otherwise) -> Query<'_, Any, AnyArguments> {
        let sql = write_statement(self.dialect, self.rows.len(), otherwise);
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for row in &self.rows {
            query = query
                .bind(row.number)
                .bind(self.campaign.0)
                .bind(row.worker)
                .bind(i64::from(row.intent))
                .bind(row.was)
                .bind(row.or_was)
                .bind(row.state)
                .bind(row.at.as_microsecond())
                .bind(row.intended_at.as_microsecond())
                .bind(i64::from(row.attempt))
                .bind(row.next_attempt.as_microsecond())
                .bind(row.date.as_microsecond())
                .bind(i64::from(row.code))
                .bind(row.enhanced)
                .bind(row.reply)
                .bind(&row.message)
                .bind(&row.person[..]);
        }
        query.bind(&self.version.message).bind(&self.version.submission)
    }
}
