//! Places in time that all senders on one PostgreSQL share, by its clock.

use jiff::SignedDuration;
use keys::Fingerprint;
use sqlx::{AssertSqlSafe, Row};

use crate::{Store, StoreError};

/// Places that may be given out ahead: more is a clock that was set back, and starts anew.
const PLACES_AHEAD_MAX: i64 = 1_000;

/// When the statement began, by the server's clock: one moment, however often it is named.
const NOW: &str = "CAST(EXTRACT(EPOCH FROM now()) * 1000000 AS BIGINT)";

/// A place in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Now.
    Now,
    /// Not now; this one comes back after so long.
    Later(SignedDuration),
}

impl Store {
    /// Reserves places one `interval` apart, and says how long it is to the first. Whoever reserves a place goes at it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn reserve_places(
        &self,
        lane: Fingerprint,
        interval: SignedDuration,
        places: u32,
    ) -> Result<SignedDuration, StoreError> {
        let sql = format!(
            "INSERT INTO pace AS p (lane, next_place, next_return) VALUES ($1, {NOW} + $2, 0) \
             ON CONFLICT (lane) DO UPDATE SET next_place = $2 + \
             CASE WHEN p.next_place BETWEEN {NOW} AND {NOW} + $3 THEN p.next_place ELSE {NOW} END \
             RETURNING p.next_place - $2 - {NOW} AS wait"
        );
        let (one, all) = (microseconds(interval), microseconds(interval).saturating_mul(i64::from(places)));
        let row = sqlx::query(AssertSqlSafe(sql))
            .bind(lane.0.to_vec())
            .bind(all)
            .bind(one.saturating_mul(PLACES_AHEAD_MAX))
            .fetch_one(&self.write)
            .await?;
        Ok(SignedDuration::from_micros(row.try_get("wait")?))
    }

    /// Takes a place now, or is told when to come back: each who has to wait is told a time of their own. Who comes back
    /// late by up to `tolerance` does not move the places after.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn take_place(
        &self,
        lane: Fingerprint,
        interval: SignedDuration,
        tolerance: SignedDuration,
    ) -> Result<Place, StoreError> {
        // A place further off than an interval is a clock that was set back.
        let free = format!("(p.next_place <= {NOW} OR p.next_place > {NOW} + $2)");
        let told = "GREATEST(p.next_place, p.next_return)";
        let sql = format!(
            "INSERT INTO pace AS p (lane, next_place, next_return, told) VALUES ($1, {NOW} + $2, {NOW}, 0) \
             ON CONFLICT (lane) DO UPDATE SET \
             next_place = CASE WHEN NOT {free} THEN p.next_place ELSE $2 + \
               CASE WHEN p.next_place > {NOW} THEN {NOW} ELSE GREATEST(p.next_place, {NOW} - $3) END END, \
             next_return = CASE WHEN {free} THEN LEAST(p.next_return, {NOW} + $4) ELSE {told} + $2 END, \
             told = CASE WHEN {free} THEN 0 ELSE {told} END \
             RETURNING CASE WHEN p.told = 0 THEN 0 ELSE GREATEST(p.told - {NOW}, 1) END AS wait"
        );
        let one = microseconds(interval);
        let row = sqlx::query(AssertSqlSafe(sql))
            .bind(lane.0.to_vec())
            .bind(one)
            .bind(microseconds(tolerance))
            .bind(one.saturating_mul(PLACES_AHEAD_MAX))
            .fetch_one(&self.write)
            .await?;
        let wait: i64 = row.try_get("wait")?;
        Ok(if wait == 0 { Place::Now } else { Place::Later(SignedDuration::from_micros(wait)) })
    }
}

fn microseconds(span: SignedDuration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX / 4)
}
