//! `undisclosed erase`: one person is erased, wherever they are (UK GDPR Art. 17, promise 11).

use serde_json::json;

use crate::answer::{answer, ask, note, says_yes};
use crate::cli::{EraseArgs, General};
use crate::erasing::{self, Order};
use crate::failure::{Exit, Failure};
use crate::installation::Installation;

pub(crate) async fn run(general: &General, args: EraseArgs) -> Result<Exit, Failure> {
    let installation = Installation::open(general.config.as_deref(), general.database.as_deref()).await?;
    installation.caller.person()?;
    erasing::check_reason(&args.reason)?;
    let place = installation.place(&args.audience, args.row).await?;
    let gone = || {
        Failure::usage(
            "not_found",
            "nobody stands in that row: they were erased, or never were there. Nothing was done",
        )
    };
    let subject = installation.subject_at(&place).await?.ok_or_else(gone)?;
    note(
        general.json,
        &format!(
            "Of the person in row {} of \"{}\" goes, in {} rows of all audiences: address, fields, language, what the relay \
             said, what they asked, and reasons typed about them.\n\
             What stays: counts, times and codes, entries that name a row{}.\n\
             Not reached: spreadsheets, exports, relay logs, mailboxes, and backups, from which a restore erases them again.",
            args.row,
            args.audience,
            subject.places.len(),
            if args.forget_suppression {
                ""
            } else {
                ", and a keyed fingerprint, so that nobody writes to them again"
            }
        ),
    );
    let yes = args.yes
        || ask("Erase this person? It cannot be undone. Type yes: ").is_some_and(|text| says_yes(&text));
    if !yes {
        return Err(Failure::usage(
            "not_confirmed",
            "nobody was erased. It cannot be undone: without a terminal, `--yes` says that it is meant",
        ));
    }
    let order = Order {
        keep_suppressed: !args.forget_suppression,
        reason: &args.reason,
        overridden: args.override_hold.as_deref(),
        by: None,
    };
    let done = installation.erase(&subject, &order).await?.ok_or_else(gone)?;
    answer(
        general.json,
        &json!({"rows": done.rows, "suppressed": done.stopped, "suppression_kept": order.keep_suppressed}),
        &format!(
            "Erased, in {} rows. {} messages to them that were waiting will not leave.",
            done.rows, done.stopped
        ),
    );
    Ok(Exit::Done)
}
