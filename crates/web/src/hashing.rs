//! Passwords are hashed on threads of their own, few at once: each takes memory, and some tenths of a second.

use std::sync::Arc;

use accounts::{HashCost, Nobodys, Password, PasswordHash, PasswordHashError};
use keys::Random;
use tokio::sync::Semaphore;

use crate::console::ConsoleError;
use crate::trouble::Trouble;

/// Hashes at once.
const AT_ONCE_MAX: usize = 2;
/// Who waits for one: beyond these a login is told to come again, so that a flood does not pile up.
const WAITING_MAX: usize = 64;

pub(crate) struct Hashing {
    cost: HashCost,
    nobodys: Nobodys,
    turns: Arc<Semaphore>,
    places: Arc<Semaphore>,
}

impl Hashing {
    pub(crate) fn new(cost: HashCost, random: &Random) -> Result<Self, ConsoleError> {
        let nobodys = PasswordHash::nobodys(random.octets()?, random.octets()?, &cost)?;
        let (turns, places) = (Semaphore::new(AT_ONCE_MAX), Semaphore::new(AT_ONCE_MAX + WAITING_MAX));
        Ok(Self { cost, nobodys, turns: Arc::new(turns), places: Arc::new(places) })
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, PasswordHashError> + Send + 'static,
    ) -> Result<T, Trouble> {
        let _place = self.places.clone().try_acquire_owned().map_err(|_| Trouble::Busy)?;
        let turn = self.turns.clone().acquire_owned().await.map_err(|_| Trouble::Busy)?;
        let hashed = tokio::task::spawn_blocking(move || {
            // Held until it is done, also when the browser went away.
            let _turn = turn;
            work()
        });
        Ok(hashed.await.map_err(|_| Trouble::Failed("a hash was not finished".to_owned()))??)
    }

    /// Whether the password is right; for no user it takes as long, and is wrong.
    pub(crate) async fn is_right(
        &self,
        user: Option<PasswordHash>,
        password: Password,
    ) -> Result<bool, Trouble> {
        let nobodys = self.nobodys.clone();
        self.run(move || nobodys.check(user.as_ref(), &password)).await
    }

    /// The hash of a new password.
    pub(crate) async fn make(&self, password: Password, random: &Random) -> Result<PasswordHash, Trouble> {
        let (salt, cost) = (random.octets()?, self.cost.clone());
        self.run(move || PasswordHash::make(&password, salt, &cost)).await
    }
}
