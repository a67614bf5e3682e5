//! Everything the public pages answer to: one table.

use std::sync::Arc;

use axum::extract::{Path, Request};
use axum::middleware::{self, Next};
use axum::routing::{MethodRouter, get, post};
use axum::{Extension, Router};

use crate::public::guard::{guard, in_time, named};
use crate::public::trouble::Trouble;
use crate::public::{PublicPages, preferences, unsubscribe};
use crate::{assets, headers};

/// One thing that can be asked for.
#[derive(Debug, Clone, Copy)]
pub struct PublicRoute {
    /// Sends a form. If not, it looks, and changes nothing (promise 8).
    pub is_post: bool,
    /// Where; `{token}` stands for the token of a link.
    pub path: &'static str,
    handler: fn() -> MethodRouter,
}

const ROUTES: &[PublicRoute] = &[
    PublicRoute { is_post: false, path: "/preferences/{token}", handler: || get(preferences::show) },
    PublicRoute { is_post: true, path: "/preferences/{token}", handler: || post(preferences::send) },
    PublicRoute { is_post: false, path: "/unsubscribe/{token}", handler: || get(unsubscribe::show) },
    PublicRoute { is_post: true, path: "/unsubscribe/{token}", handler: || post(unsubscribe::send) },
];

/// The table: for a test that tries every route.
#[must_use]
pub fn public_routes() -> &'static [PublicRoute] {
    ROUTES
}

/// The public pages, for [`serve`](crate::serve): they want to know who connects.
pub fn public_router(pages: &Arc<PublicPages>) -> Router {
    let mut router = Router::new();
    for route in ROUTES {
        router = router.route(route.path, (route.handler)().layer(middleware::from_fn(guard)));
    }
    let secure = pages.origin.is_secure();
    router
        .route(
            "/assets/{name}",
            get(|Path(name): Path<String>| async move { assets::serve(&format!("/assets/{name}")) }),
        )
        .fallback(|Extension(pages): Extension<Arc<PublicPages>>, request: Request| async move {
            Trouble::Gone.page(&pages, &request)
        })
        .layer(middleware::from_fn(in_time))
        .layer(middleware::from_fn(named))
        .layer(Extension(pages.clone()))
        .layer(middleware::from_fn(move |request: Request, next: Next| {
            headers::set_public(secure, request, next)
        }))
}
