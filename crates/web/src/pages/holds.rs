//! What must not be erased for now: set and lifted, each with a reason.

use axum::Extension;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use store::{Hold, HoldId};

use crate::form::Form;
use crate::pages::person::{found, page, place_of};
use crate::pages::retention;
use crate::parts::Errors;
use crate::reason::reason;
use crate::trouble::Trouble;
use crate::visitor::{Visitor, actor};

/// Holds one person.
pub(crate) async fn person(
    Extension(visitor): Extension<Visitor>,
    Path((id, row)): Path<(String, String)>,
    Extension(sent): Extension<Form>,
) -> Result<Response, Trouble> {
    let person = found(&visitor, &id, &row).await?;
    let mut errors = Errors::default();
    let why = reason(&sent, "reason", &mut errors);
    if !errors.is_empty() {
        return page(&visitor, person, &sent, errors).await;
    }
    let mut act = visitor.act("hold", &person.audience.name);
    act.detail = vec![("row", person.place.row.to_string())];
    act.reason = Some((&why, &person.audience));
    act.row = Some(person.place.row);
    let entry = visitor.console.scribe.entry(&act)?;
    let by = actor(&visitor.somebody()?.user);
    let (audience, row) = (&person.audience, Some(person.place.row));
    visitor.console.store.set_hold(audience, row, &by, visitor.at, &entry).await?;
    Ok(Redirect::to(&place_of(person.place)).into_response())
}

/// Holds a whole audience.
pub(crate) async fn audience(
    Extension(visitor): Extension<Visitor>,
    Extension(sent): Extension<Form>,
) -> Result<Response, Trouble> {
    let mut errors = Errors::default();
    let console = &visitor.console;
    let found = match sent.text("audience").parse() {
        Ok(id) => Some(console.store.audience_numbered(id).await?),
        Err(_) => None,
    };
    if found.is_none() {
        errors.add("audience", "Choose an audience");
    }
    let why = reason(&sent, "hold_reason", &mut errors);
    let Some(audience) = found.filter(|_| errors.is_empty()) else {
        return retention::page(&visitor, &sent, errors).await;
    };
    let mut act = visitor.act("hold", &audience.name);
    act.reason = Some((&why, &audience));
    let entry = console.scribe.entry(&act)?;
    let by = actor(&visitor.somebody()?.user);
    console.store.set_hold(&audience, None, &by, visitor.at, &entry).await?;
    Ok(Redirect::to("/retention").into_response())
}

/// Lifts a hold.
pub(crate) async fn lift(
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    Extension(sent): Extension<Form>,
) -> Result<Response, Trouble> {
    let console = &visitor.console;
    let id = HoldId(id.parse().map_err(|_| Trouble::NotFound)?);
    let holds = console.store.holds().await?;
    let hold: &Hold = holds.iter().find(|hold| hold.id == id).ok_or(Trouble::NotFound)?;
    let mut errors = Errors::default();
    let why = reason(&sent, "lift_reason", &mut errors);
    if !errors.is_empty() {
        return retention::lifting(&visitor, hold, &sent, errors);
    }
    let audience = console.store.audience_numbered(hold.audience).await?;
    let mut act = visitor.act("lift hold", &audience.name);
    act.detail = hold.row.map(|row| ("row", row.to_string())).into_iter().collect();
    act.reason = Some((&why, &audience));
    act.row = hold.row;
    let entry = console.scribe.entry(&act)?;
    console.store.lift_hold(id, visitor.at, &entry).await?;
    Ok(Redirect::to("/retention").into_response())
}

/// Asks why.
pub(crate) async fn ask_lift(
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let id = HoldId(id.parse().map_err(|_| Trouble::NotFound)?);
    let holds = visitor.console.store.holds().await?;
    let hold = holds.iter().find(|hold| hold.id == id).ok_or(Trouble::NotFound)?;
    retention::lifting(&visitor, hold, &Form::default(), Errors::default())
}
