//! What stays open after the demo's story: the console with two accounts and a campaign under way, the public pages, and the
//! messages that arrived. All of it on loopback.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use accounts::{Role, Roles};
use delivery::{Stop, asked};
use jiff::SignedDuration;
use lab::{Inbox, Loopback, Mailbox, Server};
use serde_json::json;
use store::UserId;
use tokio::net::TcpListener;
use web::{Console, Origin, Proxies};

use super::{Submitting, submit};
use crate::answer::note;
use crate::book::Act;
use crate::cli::{DemoArgs, General};
use crate::commands::{serve, worker};
use crate::failure::Failure;
use crate::installation::Installation;
use crate::sending;
use crate::settings::{Settings, Span};

const REMINDER: &str = include_str!("../../../demo/reminder.md");
const OPENING: &str = include_str!("../../../demo/opening.md");
/// Said last.
const END: &str = "Ctrl-C ends the demo; nothing of it is kept.";
/// So many messages a second that somebody can watch, pause and cancel it.
const PACE_PER_SECOND: u32 = 5;
/// Time to take back what the visitor approves.
const TAKE_BACK: Duration = Duration::from_secs(30);
/// Codes of each account that are said: each signs in once.
const CODES_SAID: usize = 5;

/// Where the public pages listen: known before the first message is made, for it has a link to them.
pub(super) struct PublicListener(TcpListener);

impl PublicListener {
    pub(super) async fn bind(settings: &mut Settings) -> Result<Self, Failure> {
        let (listener, url) = loopback(0).await?;
        settings.public.url = Some(url);
        Ok(Self(listener))
    }
}

async fn loopback(port: u16) -> Result<(TcpListener, String), Failure> {
    let cannot = |_| Failure::usage("demo", "a page cannot listen on that port of this machine");
    let listener = TcpListener::bind(("127.0.0.1", port)).await.map_err(cannot)?;
    let address = listener.local_addr().map_err(cannot)?;
    Ok((listener, format!("http://{address}")))
}

/// An account, and how to sign in to it.
struct Account {
    id: UserId,
    words: String,
}

/// What arrived, and the numbers above it.
type Arrived = (Arc<Mailbox>, Vec<(String, String)>);

async fn inbox((mailbox, summary): Arrived, port: u16) -> Result<Inbox, Failure> {
    Inbox::start_at(Loopback::v4(port), mailbox, summary)
        .await
        .map_err(|_| Failure::usage("demo", "the page cannot listen on that port of this machine"))
}

/// The messages that arrived and nothing else, until Ctrl-C.
pub(super) async fn show_inbox(arrived: Arrived, port: u16) -> Result<(), Failure> {
    let inbox = inbox(arrived, port).await?;
    note(false, &format!("\nRead what arrived: {}\n{END}", inbox.url()));
    tokio::signal::ctrl_c().await.map_err(|_| Failure::unexpected("signals", "Ctrl-C cannot be watched"))
}

/// Until Ctrl-C.
pub(super) async fn stay_open(
    mut installation: Installation,
    server: &Server,
    arrived: Arrived,
    public: PublicListener,
    folder: &Path,
    args: &DemoArgs,
) -> Result<(), Failure> {
    installation.settings.relay.url = Some(server.url());
    installation.settings.delivery.per_second = PACE_PER_SECOND;
    installation.settings.approval.take_back = Span(TAKE_BACK);
    installation.settings.test.allowed_domains.0 = vec!["unit.example".to_owned()];
    let stop = sending::stop_signals()?;
    let (listener, url) = loopback(args.console_port).await?;
    let origin = Origin::parse(&url).map_err(|_| Failure::unexpected("demo", "the console has no name"))?;
    let installation = Arc::new(installation);
    let console = serve::console(&installation, origin).await?;
    let author = account(&console, "Ada Author", "author@unit.example", &[Role::Author]).await?;
    let rest = [Role::Approver, Role::Officer, Role::Administrator];
    let approver = account(&console, "Ben Approver", "approver@unit.example", &rest).await?;
    campaigns(&installation, server, folder, (author.id, approver.id)).await?;
    let inbox = inbox(arrived, args.port).await?;
    note(false, &words(&url, &installation, [author, approver], &inbox.url()));
    let (mut for_pages, mut for_public) = (stop.clone(), stop.clone());
    let serving = web::serve(listener, web::router(&console), Proxies::default(), async move {
        asked(&mut for_pages, Stop::Soon).await;
    });
    let pages = web::public_router(&serve::public_pages(&installation)?);
    let facing =
        web::serve(
            public.0,
            pages,
            Proxies::default(),
            async move { asked(&mut for_public, Stop::Soon).await },
        );
    let working = worker::work(&installation, &stop, true, false);
    let (served, faced, worked) = tokio::join!(serving, facing, working);
    let ended =
        |error: std::io::Error| Failure::unexpected("demo", format!("a page ended: {}", error.kind()));
    served.and(faced).map_err(ended)?;
    worked.map(|_| ())
}

/// Somebody who can sign in, with a password and codes of this start alone.
async fn account(console: &Console, name: &str, login: &str, roles: &[Role]) -> Result<Account, Failure> {
    let roles: Roles = roles.iter().copied().collect();
    let failed =
        |error: web::ConsoleError| Failure::unexpected("demo", format!("no account was made: {error}"));
    let made = console.set_up_user(login, name, roles).await.map_err(failed)?;
    let roles: Vec<&str> = roles.iter().map(Role::word).collect();
    let codes: Vec<&str> = made.codes.iter().take(CODES_SAID).map(String::as_str).collect();
    let words = format!(
        "  {login} ({})\n    password  {}\n    codes     {}",
        roles.join(", "),
        made.password,
        codes.join("\n              ")
    );
    Ok(Account { id: made.id, words })
}

/// One that is being sent, and one that waits for the second person.
async fn campaigns(
    installation: &Installation,
    server: &Server,
    folder: &Path,
    (author, approver): (UserId, UserId),
) -> Result<(), Failure> {
    let quiet = General { json: true, config: None, database: None };
    let (author, approver) = (format!("user {}", author.0), format!("user {}", approver.0));
    let cannot = |_| Failure::usage("folder", "the demo's temporary folder cannot be written to");
    for (name, file, text) in
        [("A reminder", "reminder.md", REMINDER), ("Our opening hours", "opening.md", OPENING)]
    {
        let message = folder.join(file);
        fs::write(&message, text).map_err(cannot)?;
        let what = Submitting { name, audience: super::NAME, message: &message, author: &author };
        let (submission, _) = submit(&quiet, installation, server, &what).await?;
        if file == "reminder.md" {
            let store = &installation.store;
            let detail = json!({"submission": submission.to_string()});
            let act = Act { by: Some(&approver), ..Act::new("approve", name, detail) };
            let entry = installation.entry(&act).await?;
            let (id, now) = (store.campaign(name).await?.id, installation.now());
            store.approve(id, submission, &approver, now, SignedDuration::ZERO, &entry).await?;
        }
    }
    Ok(())
}

fn words(console: &str, installation: &Installation, accounts: [Account; 2], inbox: &str) -> String {
    let public = installation.settings.public.url.as_deref().unwrap_or_default();
    let [author, approver] = accounts.map(|account| account.words);
    format!(
        "\nThe console: {console}\nSign in with one of these. After the password it asks for a code: each of them works once.\n\
         {author}\n{approver}\n\
         \"A reminder\" is being sent, slowly enough to be watched; \"Our opening hours\" waits for the approver.\n\
         What people on the list can choose: the link at the end of each message leads to {public}\n\n\
         Read what arrived: {inbox}\n{END}"
    )
}
