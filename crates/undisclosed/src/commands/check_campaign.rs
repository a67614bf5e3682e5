//! `undisclosed check-campaign`: everybody's message built and proved, nothing sent.

use crate::answer::answer;
use crate::cli::{CheckArgs, General};
use crate::failure::{Exit, Failure};
use crate::installation::Installation;
use crate::preparation::{Wanted, prepare};

pub(crate) async fn run(general: &General, args: CheckArgs) -> Result<Exit, Failure> {
    let installation = Installation::open(general.config.as_deref(), general.database.as_deref()).await?;
    installation.sweep().await?;
    let wanted = Wanted {
        audience: &args.audience,
        message: &args.message,
        from: args.from.as_deref(),
        reading: &args.reading,
        acknowledge: &args.acknowledge,
        uid: "check",
        name: "check",
    };
    let prepared = prepare(&installation, &wanted).await?;
    if prepared.draft {
        installation.discard(&prepared.audience).await?;
    }
    answer(general.json, &prepared.to_json(), &prepared.words());
    Ok(Exit::Done)
}
