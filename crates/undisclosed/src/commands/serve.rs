//! `undisclosed serve`: the console, the public pages, and a worker beside them.

use std::net::SocketAddr;
use std::sync::Arc;

use delivery::{Clock, Stop, SystemClock, asked};
use keys::{DataKey, Purpose};
use returns::Door;
use serde_json::json;
use tokio::net::TcpListener;
use web::{Console, Origin, Parts, Proxies, PublicPages, PublicParts, Sources, UploadLimits};

use crate::answer::answer;
use crate::book::ConsoleScribe;
use crate::cli::General;
use crate::commands::worker;
use crate::desk::Desk;
use crate::drafting::Drafting;
use crate::failure::{Exit, Failure};
use crate::incoming::{Incoming, ReadyMailbox};
use crate::installation::Installation;
use crate::lists::Lists;
use crate::mail_set_up::MailSetUp;
use crate::notices::Notices;
use crate::officer::Officer;
use crate::public_desk::PublicDesk;
use crate::safekeeping::Safekeeping;
use crate::sending;
use crate::sign_on::SignOn;

pub(crate) async fn run(general: &General) -> Result<Exit, Failure> {
    let installation =
        Arc::new(Installation::open(general.config.as_deref(), general.database.as_deref()).await?);
    // Imports that a process before this one did not finish.
    installation.sweep().await?;
    let bound = Bound::new(&installation).await?;
    bound.announce(&installation, general.json).await?;
    bound.serve(&installation, general.json).await
}

/// Everything that listens. It does before anything is said, so that nothing is said that is not so.
struct Bound {
    console: Arc<Console>,
    origin: Origin,
    proxies: Proxies,
    pages: Listening,
    health: Listening,
    public: Option<(Listening, Arc<PublicPages>)>,
    door: Option<(Listening, Door<Incoming>)>,
    mailbox: Option<(Arc<Incoming>, ReadyMailbox)>,
}

impl Bound {
    async fn new(installation: &Arc<Installation>) -> Result<Self, Failure> {
        let settings = &installation.settings;
        let pages = listen("console.listen", &settings.console.listen).await?;
        let health = listen("health.listen", &settings.health.listen).await?;
        let origin = settings.console.url.clone().unwrap_or_else(|| format!("http://{}", pages.1));
        let origin = Origin::parse(&origin).map_err(|error| {
            Failure::usage("settings", format!("console.url: {error}. Nothing was started"))
        })?;
        let console = console(installation, origin.clone()).await?;
        let public = match &settings.public.listen {
            Some(at) => Some((listen("public.listen", at).await?, public_pages(installation)?)),
            None => None,
        };
        let incoming = Arc::new(Incoming::new(installation)?);
        let door = match &settings.bounce.listen {
            Some(at) => Some((listen("bounce.listen", at).await?, incoming.clone().door()?)),
            None => None,
        };
        let mailbox = ReadyMailbox::find(&settings.bounce.mailbox)?.map(|mailbox| (incoming, mailbox));
        let proxies = settings.proxy.trusted()?;
        Ok(Self { console, origin, proxies, pages, health, public, door, mailbox })
    }

    /// Says where everything is, and how the first administrator comes in.
    async fn announce(&self, installation: &Installation, as_json: bool) -> Result<(), Failure> {
        let settings = &installation.settings;
        let link = self.console.first_administrator_link().await.map_err(failed)?;
        let health = format!("http://{}", self.health.1);
        let public = self.public.as_ref().map(|((_, address), _)| format!("http://{address}"));
        let mail = self.door.as_ref().map(|((_, address), _)| address.to_string());
        let object = json!({
            "console": self.origin.as_str(), "health": health, "public": public, "mail": mail, "first_administrator": link,
        });
        let mut words = format!("The console is at {}", self.origin.as_str());
        if let Some(link) = &link {
            words += &format!(
                "\nNobody can sign in yet. This link makes the first administrator; it works once, and for 48 hours:\n{link}"
            );
        }
        if let (Some(address), Some(url)) = (&public, &settings.public.url) {
            words += &format!("\nThe public pages are at {url}, and listen at {address}");
        }
        if let (Some(address), Some(domain)) = (&mail, &settings.bounce.domain) {
            words += &format!("\nMail for {domain} is taken at {address}");
        }
        answer(as_json, &object, &words);
        // Without the link: whoever reads a log is not to become an administrator.
        let listening = json!({"console": self.pages.1, "health": health, "public": public, "mail": mail});
        let words = "Ctrl-C ends it; what is being sent is finished first.";
        installation.log_event(as_json, "listening", &listening, words);
        Ok(())
    }

    /// Serves until it is told to stop.
    async fn serve(self, installation: &Arc<Installation>, quiet: bool) -> Result<Exit, Failure> {
        let stop = sending::stop_signals()?;
        let soon = || {
            let mut stop = stop.clone();
            async move { asked(&mut stop, Stop::Soon).await }
        };
        let serving = web::serve(self.pages.0, web::router(&self.console), self.proxies.clone(), soon());
        let watched =
            web::serve(self.health.0, web::health(&sources(installation)), Proxies::default(), soon());
        let facing_everybody = async {
            let Some(((listener, _), pages)) = self.public else { return Ok(()) };
            web::serve(listener, web::public_router(&pages), self.proxies, soon()).await
        };
        let taking_mail = async {
            let Some(((listener, _), door)) = self.door else { return Ok(()) };
            returns::serve(listener, Arc::new(door), soon()).await
        };
        let reading = async {
            if let Some((incoming, mailbox)) = self.mailbox {
                mailbox.keep_read(&incoming, stop.clone()).await;
            }
        };
        let telling = async {
            if installation.settings.console.notices {
                Notices::new(installation, self.origin.as_str()).keep_telling(stop.clone()).await;
            }
        };
        let console = self.console.clone();
        let sweeping = tokio::spawn(async move { console.keep_uploads_swept().await });
        let (served, watched, faced, taken, worked, (), ()) = tokio::join!(
            serving,
            watched,
            facing_everybody,
            taking_mail,
            worker::work(installation, &stop, quiet, false),
            reading,
            telling
        );
        sweeping.abort();
        let io = |error: std::io::Error| {
            Failure::unexpected("console", format!("the console ended: {}", error.kind()))
        };
        served.and(watched).and(faced).and(taken).map_err(io)?;
        worked?;
        Ok(Exit::Done)
    }
}

type Listening = (TcpListener, SocketAddr);

/// Numbers for whatever watches it.
fn sources(installation: &Arc<Installation>) -> Sources {
    let (clock, counted): (SystemClock, _) = (installation.clock, installation.clone());
    Sources {
        store: installation.store.clone(),
        totals: Arc::new(move || counted.tally.totals()),
        now: Arc::new(move || clock.now()),
    }
}

async fn listen(setting: &str, at: &str) -> Result<Listening, Failure> {
    let failed = |error: std::io::Error| {
        Failure::usage(
            "listen",
            format!(
                "nothing can listen where {setting} says: {}. Is it in use, or not an address and a port like \
                 127.0.0.1:8080? Nothing was started",
                error.kind()
            ),
        )
    };
    let listener = TcpListener::bind(at).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

/// The public pages. Questions go to the first address that everybody may see, else to where answers go.
pub(crate) fn public_pages(installation: &Arc<Installation>) -> Result<Arc<PublicPages>, Failure> {
    let settings = &installation.settings;
    let clock: SystemClock = installation.clock;
    let origin = settings.public.url.as_deref().unwrap_or_default();
    let origin = Origin::parse(origin)
        .map_err(|error| Failure::usage("settings", format!("public.url: {error}. Nothing was started")))?;
    let answers = || {
        let text = settings.sender.reply_to.as_ref().or(settings.sender.from.as_ref())?;
        Some(mail::Mailbox::parse(text).ok()?.address().expose())
    };
    Ok(PublicPages::new(PublicParts {
        desk: Arc::new(PublicDesk::new(installation)?),
        origin,
        contact: settings.public.contacts.0.first().cloned().or_else(answers),
        receipt_key: installation.instance.derive(Purpose::PublicReceipt),
        now: Arc::new(move || clock.now()),
    }))
}

pub(crate) async fn console(
    installation: &Arc<Installation>,
    origin: Origin,
) -> Result<Arc<Console>, Failure> {
    let clock: SystemClock = installation.clock;
    let second_factors = installation.instance.derive(Purpose::SecondFactor);
    let parts = Parts {
        store: installation.store.clone(),
        scribe: Arc::new(ConsoleScribe::new(installation).await?),
        desk: Arc::new(Desk(installation.clone())),
        drafting: Arc::new(Drafting::new(installation)),
        lists: Arc::new(Lists(installation.clone())),
        officer: Arc::new(Officer(installation.clone())),
        mail_set_up: Arc::new(MailSetUp(installation.clone())),
        safekeeping: Arc::new(Safekeeping::new(installation)),
        upload_folder: installation.data.clone(),
        upload_limits: UploadLimits::default(),
        sign_on: SignOn::find(installation, &origin)?
            .map(|sign_on| Arc::new(sign_on) as Arc<dyn web::SignOn>),
        pick_key: installation.instance.derive(Purpose::Pick),
        random: installation.random.clone(),
        now: Arc::new(move || clock.now()),
        origin,
        device_key: installation.instance.derive(Purpose::Device),
        second_factor_key: DataKey::derived(second_factors, &installation.random),
        hash_cost: accounts::HashCost::default(),
    };
    Console::new(parts).map_err(failed)
}

fn failed(error: web::ConsoleError) -> Failure {
    match error {
        web::ConsoleError::Store(error) => error.into(),
        error => Failure::unexpected("console", format!("the console cannot start: {error}")),
    }
}
