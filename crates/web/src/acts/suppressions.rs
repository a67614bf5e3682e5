//! The suppression list.

use store::Scope;

use crate::acts::Acting;
use crate::trouble::Trouble;

/// Puts an address on the list, or takes it off. Whether that changed anything; nothing where it is no address.
pub(crate) async fn change(
    by: &Acting,
    add: bool,
    address: &str,
    scope: Scope,
    reason: &str,
) -> Result<Option<bool>, Trouble> {
    let officer = &by.console.officer;
    Ok(match add {
        true => officer.suppress(address, scope, reason, &by.actor).await?,
        false => officer.release(address, scope, reason, &by.actor).await?,
    })
}
