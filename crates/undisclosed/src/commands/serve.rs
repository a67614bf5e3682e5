//! `undisclosed serve`: the console, and a worker beside it.

use std::net::SocketAddr;
use std::sync::Arc;

use delivery::{Clock, Stop, SystemClock, asked};
use keys::{DataKey, Purpose};
use serde_json::json;
use tokio::net::TcpListener;
use web::{Console, Origin, Parts, UploadLimits};

use crate::answer::{answer, note};
use crate::book::ConsoleScribe;
use crate::cli::General;
use crate::commands::worker;
use crate::desk::Desk;
use crate::failure::{Exit, Failure};
use crate::installation::Installation;
use crate::lists::Lists;
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
    let link = console.first_administrator_link().await.map_err(failed)?;
    let mut words = format!("The console is at {}", origin.as_str());
    if let Some(link) = &link {
        words += &format!(
            "\nNobody can sign in yet. This link makes the first administrator; it works once, and for 48 hours:\n{link}"
        );
    }
    let object = json!({"console": origin.as_str(), "health": format!("http://{health_address}"), "first_administrator": link});
    answer(general.json, &object, &words);
    note(general.json, "Ctrl-C ends it; what is being sent is finished first.");

    let stop = sending::stop_signals()?;
    let (mut for_pages, mut for_health) = (stop.clone(), stop.clone());
    let serving =
        web::serve(pages, web::router(&console), async move { asked(&mut for_pages, Stop::Soon).await });
    let watched = web::serve(health, web::health(&installation.store), async move {
        asked(&mut for_health, Stop::Soon).await;
    });
    let working = worker::work(&installation, &stop, general.json, false);
    let sweeping = tokio::spawn(async move { console.keep_uploads_swept().await });
    let (served, health, worked) = tokio::join!(serving, watched, working);
    sweeping.abort();
    let io = |error: std::io::Error| {
        Failure::unexpected("console", format!("the console ended: {}", error.kind()))
    };
    served.and(health).map_err(io)?;
    worked?;
    Ok(Exit::Done)
}

async fn listen(setting: &str, at: &str) -> Result<(TcpListener, SocketAddr), Failure> {
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

async fn console(installation: &Arc<Installation>, origin: Origin) -> Result<Arc<Console>, Failure> {
    let clock: SystemClock = installation.clock;
    let second_factors = installation.instance.derive(Purpose::SecondFactor);
    let parts = Parts {
        store: installation.store.clone(),
        scribe: Arc::new(ConsoleScribe::new(installation).await?),
        desk: Arc::new(Desk(installation.clone())),
        lists: Arc::new(Lists(installation.clone())),
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
