//! What an account is set up with; and one that the program itself makes, ready to be signed in to: the demo's.

use accounts::{
    Password, PasswordHash, RECOVERY_CODES, RecoveryCode, Roles, TOTP_SECRET_OCTETS, TokenDigest, TokenKind,
    TotpSecret, TotpStep,
};
use data_encoding::BASE32_NOPAD;
use keys::{NoRandomness, Random};
use store::{Credentials, NewUser, UserId};

use crate::console::{Act, Console, ConsoleError, LINK_LIFE};
use crate::second_factor::{self, Place};
use crate::trouble::Trouble;

/// Octets of a password: 120 bits.
const PASSWORD_OCTETS: usize = 15;

/// An account, and what signs in to it. It prints nothing of itself.
pub struct MadeUser {
    /// The user.
    pub id: UserId,
    /// The password.
    pub password: String,
    /// Codes in the place of an app's, each for once.
    pub codes: Vec<String>,
}

impl std::fmt::Debug for MadeUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MadeUser({:?})", self.id)
    }
}

/// As somebody types it: groups of four small letters and digits.
fn password(random: &Random) -> Result<String, NoRandomness> {
    let text = BASE32_NOPAD.encode(&random.octets::<PASSWORD_OCTETS>()?).to_ascii_lowercase();
    let groups: Vec<_> = text.as_bytes().chunks(4).map(String::from_utf8_lossy).collect();
    Ok(groups.join("-"))
}

/// What an account is set up with: hashed and sealed for the database, and the codes on paper as they are shown once.
pub(crate) struct SetUp {
    password_hash: PasswordHash,
    totp_sealed: String,
    digests: Vec<TokenDigest>,
    pub(crate) codes: Vec<String>,
}

impl SetUp {
    pub(crate) async fn new(
        console: &Console,
        login: &str,
        password: Password,
        secret: &TotpSecret,
    ) -> Result<Self, Trouble> {
        let mut codes = Vec::with_capacity(RECOVERY_CODES);
        for _ in 0..RECOVERY_CODES {
            codes.push(RecoveryCode::from_random(console.random.octets()?));
        }
        Ok(Self {
            password_hash: console.hashing.make(password, &console.random).await?,
            totp_sealed: second_factor::seal(&console.second_factors, &Place::User(login), secret)?,
            digests: codes.iter().map(RecoveryCode::digest).collect(),
            codes: codes.iter().map(RecoveryCode::reveal).collect(),
        })
    }

    pub(crate) fn credentials(&self, totp_step: TotpStep) -> Credentials<'_> {
        Credentials {
            password_hash: &self.password_hash,
            totp_sealed: &self.totp_sealed,
            totp_step,
            recovery_codes: &self.digests,
        }
    }
}

impl Console {
    /// Makes a user with a random password, a second factor that nobody has, and codes on paper in its place. By the same
    /// steps as somebody who was invited and came.
    ///
    /// # Errors
    /// [`ConsoleError`], where the login name is taken too.
    pub async fn set_up_user(&self, login: &str, name: &str, roles: Roles) -> Result<MadeUser, ConsoleError> {
        self.made(login, name, roles).await.map_err(|trouble| ConsoleError::SetUp(trouble.to_string()))
    }

    async fn made(&self, login: &str, name: &str, roles: Roles) -> Result<MadeUser, Trouble> {
        let (link, now) = (self.token(TokenKind::Link)?, self.now());
        let act = |act| Act {
            actor: "program".to_owned(),
            act,
            subject: login,
            detail: Vec::new(),
            reason: None,
            row: None,
        };
        let entry = self.scribe.entry(&act("invite-user"))?;
        let new = NewUser { login, name, roles, at: now };
        self.store.invite_user(&new, (link.digest(), now + LINK_LIFE), &entry).await?;
        let password = password(&self.random)?;
        let read = Password::read(&password)
            .map_err(|_| Trouble::Failed("a random password is not taken".to_owned()))?;
        let secret = TotpSecret::from_octets(self.random.octets::<TOTP_SECRET_OCTETS>()?);
        let shown = SetUp::new(self, login, read, &secret).await?;
        let credentials = shown.credentials(TotpStep::from_number(0));
        let entry = self.scribe.entry(&act("set-up-account"))?;
        let id = self.store.redeem_link(link.digest(), &credentials, now, &entry).await?;
        Ok(MadeUser { id, password, codes: shown.codes })
    }
}
