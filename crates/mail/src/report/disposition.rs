//! Message disposition notifications (RFC 8098): displayed, deleted.

use super::Text;
use super::entity::Arrived;
use super::names::Names;

/// What became of a message after its delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disposition {
    /// `displayed`, `deleted`, `dispatched`, `processed`, with modifiers, as written (RFC 8098 §3.2.6.2).
    pub kind: Option<Text>,
}

const CONTENT_TYPES: [&str; 2] =
    ["message/disposition-notification", "message/global-disposition-notification"];

/// Reads one, if the message is one.
pub(super) fn read(arrived: &Arrived, names: &mut Names) -> Option<Disposition> {
    let leaf = arrived.leaf(&CONTENT_TYPES);
    let declared = arrived.report_type.as_deref()?;
    if declared != "disposition-notification" && !(declared.is_empty() && leaf.is_some()) {
        return None;
    }
    let group = leaf.and_then(|leaf| leaf.groups(1).0.into_iter().next()).unwrap_or_default();
    names.of_status(&group);
    names.of_returned(arrived.returned());
    let kind = group.only("disposition");
    let kind = kind.as_deref().map(|value| value.rsplit_once(';').map_or(value, |(_, kind)| kind));
    Some(Disposition { kind: kind.and_then(Text::of) })
}
