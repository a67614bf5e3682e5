//! `undisclosed serve`: the console, the public pages, and a worker beside them.

use std::net::SocketAddr;
use std::sync::Arc;

use delivery::{Clock, Stop, SystemClock, asked};
use keys::{DataKey, Purpose};
use returns::Door;
use serde_json::json;
use tokio::net::TcpListener;
use web::{Console, Origin, Parts, PublicPages, PublicParts, Sources, UploadLimits};

use crate::answer::{answer, note};
use crate::book::ConsoleScribe;
use crate::cli::General;
use crate::commands::worker;
use crate::desk::Desk;
use crate::drafting::Drafting;
use crate::failure::{Exit, Failure};
use crate::incoming::{Incoming, ReadyMailbox};
use crate::installation::Installation;
use crate::lists::Lists;
use crate::notices::Notices;
use crate::officer::Officer;
use crate::public_desk::PublicDesk;
use crate::sending;

pub(crate) async fn run(general: &General) -> Result<Exit, Failure> {
    let installation =
        Arc::new(Installation::open(general.config.as_deref(), general.database.as_deref()).await?);
    // Imports that a process before this one did not finish.
    installation.sweep().await?;
    let settings = &installation.settings.console;
    let (pages, address) = listen("console.listen", &settings.listen).await?;
    let (health, health_address) = listen("health.listen", &installation.settings.health.listen).await?;
    let origin = settings.url.clone().unwrap_or_else(|| format!("http://{address}"));
    let origin = Origin::parse(&origin)
        .map_err(|error| Failure::usage("settings", format!("console.url: {error}. Nothing was started")))?;
    let console = console(&installation, origin.clone()).await?;
    let public = match &installation.settings.public.listen {
        Some(at) => Some((listen("public.listen", at).await?, public_pages(&installation)?)),
        None => None,
    };
    let WaysIn { door, mailbox } = ways_in(&installation).await?;
    let link = console.first_administrator_link().await.map_err(failed)?;
    let public_address = public.as_ref().map(|((_, address), _)| format!("http://{address}"));
    let mail_address = door.as_ref().map(|((_, address), _)| address.to_string());
    let object = json!({
        "console": origin.as_str(),
        "health": format!("http://{health_address}"),
        "public": public_address,
        "mail": mail_address,
        "first_administrator": link,
    });
    let mut words = format!("The console is at {}", origin.as_str());
    if let Some(link) = &link {
        words += &format!(
            "\nNobody can sign in yet. This link makes the first administrator; it works once, and for 48 hours:\n{link}"
        );
    }
    if let (Some(address), Some(url)) = (&public_address, &installation.settings.public.url) {
        words += &format!("\nThe public pages are at {url}, and listen at {address}");
    }
    if let (Some(address), Some(domain)) = (&mail_address, &installation.settings.bounce.domain) {
        words += &format!("\nMail for {domain} is taken at {address}");
    }
    answer(general.json, &object, &words);
    note(general.json, "Ctrl-C ends it; what is being sent is finished first.");

    let stop = sending::stop_signals()?;
    let (mut for_pages, mut for_health, mut for_public, mut for_mail) =
        (stop.clone(), stop.clone(), stop.clone(), stop.clone());
    let serving =
        web::serve(pages, web::router(&console), async move { asked(&mut for_pages, Stop::Soon).await });
    let watched = web::serve(health, web::health(&sources(&installation)), async move {
        asked(&mut for_health, Stop::Soon).await;
    });
    let facing_everybody = async move {
        let Some(((listener, _), pages)) = public else { return Ok(()) };
        let stopped = async move { asked(&mut for_public, Stop::Soon).await };
        web::serve(listener, web::public_router(&pages), stopped).await
    };
    let taking_mail = async move {
        let Some(((listener, _), door)) = door else { return Ok(()) };
        let stopped = async move { asked(&mut for_mail, Stop::Soon).await };
        returns::serve(listener, Arc::new(door), stopped).await
    };
    let for_mailbox = stop.clone();
    let reading = async move {
        if let Some((incoming, mailbox)) = mailbox {
            mailbox.keep_read(&incoming, for_mailbox).await;
        }
    };
    let notices = settings.notices.then(|| Notices::new(&installation, origin.as_str()));
    let for_notices = stop.clone();
    let telling = async move {
        if let Some(notices) = notices {
            notices.keep_telling(for_notices).await;
        }
    };
    let working = worker::work(&installation, &stop, general.json, false);
    let sweeping = tokio::spawn(async move { console.keep_uploads_swept().await });
    let (served, health, faced, taken, worked, (), ()) =
        tokio::join!(serving, watched, facing_everybody, taking_mail, working, reading, telling);
    sweeping.abort();
    let io = |error: std::io::Error| {
        Failure::unexpected("console", format!("the console ended: {}", error.kind()))
    };
    served.and(health).and(faced).and(taken).map_err(io)?;
    worked?;
    Ok(Exit::Done)
}

type Listening = (TcpListener, SocketAddr);

/// The ways by which mail comes in, as far as the settings have them.
struct WaysIn {
    door: Option<(Listening, Door<Incoming>)>,
    mailbox: Option<(Arc<Incoming>, ReadyMailbox)>,
}

async fn ways_in(installation: &Arc<Installation>) -> Result<WaysIn, Failure> {
    let incoming = Arc::new(Incoming::new(installation)?);
    let bounce = &installation.settings.bounce;
    let door = match &bounce.listen {
        Some(at) => Some((listen("bounce.listen", at).await?, incoming.clone().door()?)),
        None => None,
    };
    let mailbox = ReadyMailbox::find(&bounce.mailbox)?.map(|mailbox| (incoming, mailbox));
    Ok(WaysIn { door, mailbox })
}

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
        upload_folder: installation.data.clone(),
        upload_limits: UploadLimits::default(),
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
