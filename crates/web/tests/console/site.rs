//! A console with a database of its own, a clock that is set by hand, and a ledger whose acts can be looked at.

use std::fmt::Debug;
use std::fs;
use std::sync::{Arc, Mutex};

use accounts::{HashCost, Role, Roles, Token, TokenKind, TotpSecret};
use axum::Router;
use campaign::{CampaignLimits, Submission, SubmissionDigest};
use jiff::{SignedDuration, Timestamp};
use keys::{DataKey, Fingerprint, Random};
use ledger::Hash;
use store::{
    AudienceUid, Campaign, CampaignId, Channel, DatabaseUrl, DraftId, NewAudience, NewCampaign, NewDraft,
    NewUser, SealedEntry, SealedPerson, Settled, Store, Submission as KeptSubmission, UserId,
};
use web::{
    Act, Assumed, Assumption, Change, Console, Desk, DeskError, Difference, LINK_LIFE, Origin, Parts,
    Rendered, Scribe, ScribeError, Submitted, UploadLimits,
};

use crate::browser::Browser;
use crate::lists::TestLists;
use crate::officer_double::TestOfficer;
use crate::program::{TestDrafting, hostile_message};
use crate::provider::TestSignOn;
use crate::set_up_double::{TestMailSetUp, TestSafekeeping};

pub(crate) const PASSWORD: &str = "otter quilt lamp seven";
/// What nobody may get to run on a page.
pub(crate) const HOSTILE: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>&amp;";
/// People of a campaign here.
pub(crate) const PEOPLE: u8 = 5;
pub(crate) const HTTPS: &str = "https://console.example";
pub(crate) const START: Timestamp = Timestamp::constant(1_800_000_000, 0);

pub(crate) fn fine<T, E: Debug>(result: Result<T, E>) -> T {
    result.expect("it does")
}

/// An act as it was handed over to be sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recorded {
    pub(crate) actor: String,
    pub(crate) act: &'static str,
    pub(crate) subject: String,
    pub(crate) detail: String,
    pub(crate) reason: Option<String>,
}

/// Seals nothing: what an entry commits to is looked at before.
#[derive(Default)]
pub(crate) struct TestScribe(pub(crate) Mutex<Vec<Recorded>>);

impl Scribe for TestScribe {
    fn entry(&self, act: &Act<'_>) -> Result<SealedEntry, ScribeError> {
        let mut acts = fine(self.0.lock());
        acts.push(Recorded {
            actor: act.actor.clone(),
            act: act.act,
            subject: act.subject.to_owned(),
            detail: format!("{:?}", act.detail),
            reason: act.reason.map(|(text, _)| text.to_owned()),
        });
        let leaf = Hash::leaf(format!("{} {:?}", acts.len(), acts.last()).as_bytes());
        Ok(SealedEntry { leaf, sealed: vec![1, 2, 3], confidence: None })
    }
}

/// What a campaign commits to: here its name alone makes the difference.
pub(crate) fn agreed(name: &str) -> SubmissionDigest {
    let submission = Submission {
        campaign: name,
        message: name,
        audience: name,
        audience_digest: name,
        people: PEOPLE.into(),
        relay: "smtp://127.0.0.1:25",
        at: None,
        settings: &[],
    };
    submission.digest()
}

/// The program behind the console: its messages are hostile.
struct TestDesk(Store);

impl Desk for TestDesk {
    fn submitted<'a>(&'a self, campaign: &'a Campaign) -> web::Answer<'a, Submitted> {
        let submitted = Submitted {
            digest: agreed(&campaign.name),
            audience: HOSTILE.to_owned(),
            people: PEOPLE.into(),
            sender: HOSTILE.to_owned(),
            subjects: vec![HOSTILE.to_owned()],
            warnings: vec![HOSTILE.to_owned()],
            not_inspected: vec![HOSTILE.to_owned()],
            relay: "smtp://127.0.0.1:25".to_owned(),
            wanted_at: None,
            limits: CampaignLimits::default(),
            take_back: SignedDuration::from_mins(5),
        };
        Box::pin(async move { Ok(submitted) })
    }

    fn may_be_sent<'a>(&'a self, _: &'a Campaign) -> web::Answer<'a, ()> {
        Box::pin(async move { Ok(()) })
    }

    fn differences<'a>(&'a self, _: &'a Campaign, _: &'a KeptSubmission) -> web::Answer<'a, Vec<Difference>> {
        let lines = [Change::Same, Change::Added, Change::Removed].map(|change| (change, HOSTILE.to_owned()));
        let difference = Difference { part: HOSTILE.to_owned(), lines: lines.to_vec() };
        Box::pin(async move { Ok(vec![difference]) })
    }

    fn rendered<'a>(&'a self, _: &'a Campaign, place: u64) -> web::Answer<'a, Rendered> {
        Box::pin(async move { hostile_message(place) })
    }

    /// Rows after the third are too young to say that they were not sent.
    fn assume<'a>(&'a self, assumption: &'a Assumption<'a>) -> web::Answer<'a, Assumed> {
        Box::pin(async move {
            let known = |number: &&u64| assumption.settled == Settled::Sent || **number <= 3;
            let (numbers, young): (Vec<u64>, Vec<u64>) =
                assumption.deliveries.iter().partition(|number| known(number));
            let all: Vec<_> = numbers.into_iter().map(|number| (number, assumption.settled)).collect();
            let (id, at) = (assumption.campaign.id, Timestamp::UNIX_EPOCH);
            let settled = self.0.settle_doubts(id, &all, at, &entry()).await;
            let settled = settled.map_err(|error| DeskError(error.to_string()))?;
            Ok(Assumed { settled, undecided: young.len() as u64 })
        })
    }
}

pub(crate) struct Site {
    pub(crate) store: Store,
    pub(crate) console: Arc<Console>,
    pub(crate) router: Router,
    pub(crate) origin: &'static str,
    pub(crate) scribe: Arc<TestScribe>,
    pub(crate) program: Arc<TestDrafting>,
    pub(crate) officer: Arc<TestOfficer>,
    pub(crate) mail_set_up: Arc<TestMailSetUp>,
    pub(crate) safekeeping: Arc<TestSafekeeping>,
    pub(crate) provider: Arc<TestSignOn>,
    pub(crate) random: Random,
    clock: Arc<Mutex<Timestamp>>,
    folder: tempfile::TempDir,
    pub(crate) server: Option<testkit::Postgres>,
}

/// Somebody with an account.
pub(crate) struct Member {
    pub(crate) id: UserId,
    pub(crate) login: String,
    pub(crate) secret: TotpSecret,
    pub(crate) codes: Vec<String>,
}

impl Site {
    pub(crate) async fn sqlite() -> Self {
        Self::at(HTTPS).await
    }

    /// On SQLite, found by browsers here.
    pub(crate) async fn at(origin: &'static str) -> Self {
        let folder = fine(tempfile::tempdir());
        let url = fine(DatabaseUrl::parse(&format!("sqlite:{}/web.db", folder.path().display())));
        Self::new(fine(Store::open(&url).await), origin, folder, None, Default::default())
    }

    pub(crate) async fn postgres() -> Self {
        let server = testkit::Postgres::start();
        let store = fine(Store::open(&fine(DatabaseUrl::parse(server.url()))).await);
        Self::new(store, HTTPS, fine(tempfile::tempdir()), Some(server), Default::default())
    }

    /// On SQLite, where no more than this may wait.
    pub(crate) async fn taking(limits: UploadLimits) -> Self {
        let folder = fine(tempfile::tempdir());
        let url = fine(DatabaseUrl::parse(&format!("sqlite:{}/web.db", folder.path().display())));
        Self::new(fine(Store::open(&url).await), HTTPS, folder, None, (limits, TestSignOn::default()))
    }

    /// On SQLite, beside this provider.
    pub(crate) async fn beside(provider: TestSignOn) -> Self {
        let folder = fine(tempfile::tempdir());
        let url = fine(DatabaseUrl::parse(&format!("sqlite:{}/web.db", folder.path().display())));
        let parts = (UploadLimits::default(), provider);
        Self::new(fine(Store::open(&url).await), HTTPS, folder, None, parts)
    }

    fn new(
        store: Store,
        origin: &'static str,
        folder: tempfile::TempDir,
        server: Option<testkit::Postgres>,
        (upload_limits, provider): (UploadLimits, TestSignOn),
    ) -> Self {
        let (random, clock) = (Random::default(), Arc::new(Mutex::new(START)));
        let (scribe, hands) = (Arc::new(TestScribe::default()), clock.clone());
        let program = Arc::new(TestDrafting::default());
        let officer = Arc::new(TestOfficer::default());
        let mail_set_up = Arc::new(TestMailSetUp::default());
        let safekeeping = Arc::new(TestSafekeeping::default());
        let provider = Arc::new(provider);
        let console = fine(Console::new(Parts {
            store: store.clone(),
            scribe: scribe.clone(),
            desk: Arc::new(TestDesk(store.clone())),
            drafting: program.clone(),
            lists: Arc::new(TestLists(store.clone())),
            officer: officer.clone(),
            mail_set_up: mail_set_up.clone(),
            safekeeping: safekeeping.clone(),
            upload_folder: folder.path().to_owned(),
            upload_limits,
            sign_on: Some(provider.clone()),
            random: random.clone(),
            now: Arc::new(move || *fine(hands.lock())),
            origin: fine(Origin::parse(origin)),
            device_key: [7; 32],
            pick_key: [8; 32],
            second_factor_key: fine(DataKey::generate(&random)),
            hash_cost: fine(HashCost::new(8, 1, 1)),
        }));
        let router = web::router(&console);
        Self {
            store,
            console,
            router,
            origin,
            scribe,
            program,
            officer,
            mail_set_up,
            safekeeping,
            provider,
            random,
            clock,
            folder,
            server,
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        *fine(self.clock.lock())
    }

    pub(crate) fn pass(&self, time: SignedDuration) {
        *fine(self.clock.lock()) += time;
    }

    /// A browser that was never here, in the network 192.0.2.0/24.
    pub(crate) fn browser(&self) -> Browser<'_> {
        Browser::new(self)
    }

    pub(crate) fn token(&self, kind: TokenKind) -> Token {
        Token::from_random(kind, fine(self.random.octets()))
    }

    /// Somebody who was invited and has not come yet, and the link.
    pub(crate) async fn invited(&self, login: &str, name: &str, roles: Roles) -> (UserId, String) {
        let link = self.token(TokenKind::Link);
        let new = NewUser { login, name, roles, at: self.now() };
        let offered = (link.digest(), self.now() + LINK_LIFE);
        let id = fine(self.store.invite_user(&new, offered, &entry()).await);
        (id, format!("/link/{}", link.reveal()))
    }

    /// Somebody who has accepted an invitation, by the page that the link leads to.
    pub(crate) async fn member(&self, login: &str, roles: Roles) -> Member {
        self.named(login, "Anna", roles).await
    }

    pub(crate) async fn named(&self, login: &str, name: &str, roles: Roles) -> Member {
        let (id, link) = self.invited(login, name, roles).await;
        let (secret, codes) = self.browser().set_up(&link).await;
        // The code that was shown then is used: the next one is another.
        self.pass(SignedDuration::from_secs(30));
        Member { id, login: login.to_owned(), secret, codes }
    }

    pub(crate) async fn administrator(&self, login: &str) -> Member {
        self.member(login, Roles::NONE.with(Role::Administrator)).await
    }

    /// A campaign that is being sent.
    pub(crate) async fn campaign(&self, name: &str) -> CampaignId {
        self.campaign_of(name, "uid 1", None).await
    }

    /// A campaign that `author` has submitted for approval.
    pub(crate) async fn submitted(&self, name: &str, author: &str) -> CampaignId {
        self.campaign_of(name, author, Some(agreed(name))).await
    }

    async fn campaign_of(
        &self,
        name: &str,
        author: &str,
        submission: Option<SubmissionDigest>,
    ) -> CampaignId {
        let uid = AudienceUid(format!("uid-{name}"));
        let fields = ["email".to_owned()];
        let new = NewAudience {
            uid: &uid,
            name,
            key_name: "k",
            fields: &fields,
            language_field: None,
            at: self.now(),
        };
        let mut audience = fine(self.store.begin_audience(&new).await);
        let people: Vec<SealedPerson> = (0..PEOPLE)
            .map(|n| SealedPerson {
                row: u64::from(n) + 2,
                fingerprint: Fingerprint([n; 16]),
                channel: Channel::Safe,
                sealed: vec![n],
            })
            .collect();
        fine(self.store.add_people(&audience, &people).await);
        audience.people = PEOPLE.into();
        audience.digest = format!("digest-{name}");
        let new = NewCampaign {
            uid: name,
            name,
            message: "{}",
            message_digest: name,
            relay: "smtp://127.0.0.1:25",
            connections: 1,
            acknowledged: "",
            at: self.now(),
            author,
            submission,
            wanted_at: None,
            limits: CampaignLimits::default(),
            suppressed_rows: &[],
            draft: None,
        };
        fine(self.store.create_campaign(&new, &audience, true, &entry()).await)
    }

    /// A message that is being written, for the audience of that name.
    pub(crate) async fn draft(&self, name: &str, audience: &str) -> DraftId {
        let audience = fine(self.store.find_audience(audience).await).expect("an audience");
        let content = fine(serde_json::to_string(&message::Composition::empty()));
        let new = NewDraft {
            name,
            campaign: None,
            content: &content,
            wanted_at: None,
            limits: CampaignLimits::default(),
            author: "uid 1",
            now: self.now(),
        };
        fine(self.store.create_draft(&new, &audience, &[], &entry()).await)
    }

    /// Files in the folder where uploads wait, by name.
    pub(crate) fn files(&self) -> Vec<String> {
        let files = fine(fs::read_dir(self.folder.path()));
        files.map(|file| fine(file).file_name().to_string_lossy().into_owned()).collect()
    }

    /// The octets of the database: whatever is written changes them. Of SQLite alone.
    pub(crate) fn database(&self) -> Vec<Vec<u8>> {
        ["web.db", "web.db-wal"].map(|name| fine(fs::read(self.folder.path().join(name)))).to_vec()
    }

    /// Entries of the ledger.
    pub(crate) async fn entries(&self) -> u64 {
        fine(self.store.ledger_head().await).size
    }

    pub(crate) fn acts(&self) -> Vec<Recorded> {
        fine(self.scribe.0.lock()).clone()
    }
}

pub(crate) fn entry() -> SealedEntry {
    SealedEntry { leaf: Hash::leaf(b"before"), sealed: vec![1, 2, 3], confidence: None }
}
