//! Which account a user has at the command line: whoever works there and here is one person, and does not approve what they
//! submitted under the other name (promise 4).

use axum::Extension;
use axum::extract::Path;
use axum::response::Response;
use store::StoreError;

use crate::form::Form;
use crate::pages::user::{back_to, found, page};
use crate::parts::Errors;
use crate::trouble::Trouble;
use crate::visitor::Visitor;

/// How the ledger names an account of the machine.
pub(crate) const PREFIX: &str = "uid ";

/// The number that was typed, as it is written.
fn number(typed: &str) -> Option<u32> {
    typed.parse().ok().filter(|number: &u32| number.to_string() == typed)
}

pub(crate) async fn set(
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    Extension(form): Extension<Form>,
) -> Result<Response, Trouble> {
    let (user, console) = (found(&visitor, &id).await?, &visitor.console);
    let (typed, mut errors) = (form.text("account"), Errors::default());
    let account = match typed {
        "" => None,
        typed => {
            let Some(number) = number(typed) else {
                errors.add("account", "Enter a number, as `id -u` prints it, or nothing");
                return page(&visitor, &user, user.roles, errors).await;
            };
            Some(format!("{PREFIX}{number}"))
        }
    };
    let mut act = visitor.act("set-command-line", &user.login);
    act.detail = vec![("account", account.clone().unwrap_or_else(|| "none".to_owned()))];
    let entry = console.scribe.entry(&act)?;
    match console.store.set_command_line(user.id, account.as_deref(), &entry).await {
        Err(StoreError::NameInUse) => {
            errors.add("account", "Another user has this account: take it away there first");
            page(&visitor, &user, user.roles, errors).await
        }
        set => {
            set?;
            Ok(back_to(&user))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn an_account_has_a_number() {
        assert_eq!(number("1000"), Some(1000));
        for wrong in ["", "ann", "-1", "01000", "+1", "4294967296"] {
            assert_eq!(number(wrong), None, "{wrong}");
        }
    }
}
