//! The console as a browser meets it: requests go through its own router, and what they did is in the database.

mod access;
mod acts;
mod api_access;
mod api_audiences;
mod api_campaigns;
mod api_client;
mod api_document;
mod api_drafts;
mod api_idempotency;
mod api_keys;
mod api_ledger;
mod api_requests;
mod api_suppressions;
mod approving;
mod audiences;
mod browser;
mod connections;
mod deliveries;
mod doubts;
mod drafting;
mod escaping;
mod events;
mod forms;
mod headers;
mod health;
mod links;
mod lists;
mod looking;
mod officer;
mod officer_double;
mod program;
mod provider;
mod sessions;
mod set_up_double;
mod setting_up;
mod signing_in;
mod signing_on;
mod site;
mod two_names;
mod upload_limits;
mod uploads;

/// Runs each story of a module on both databases.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod on_sqlite {
            $( #[tokio::test] async fn $name() { super::$name(crate::site::Site::sqlite().await).await; } )*
        }
        mod on_postgres {
            $( #[tokio::test] async fn $name() { super::$name(crate::site::Site::postgres().await).await; } )*
        }
    };
}
pub(crate) use on_both;
