//! Everything that goes into the messages of one campaign, put together.

use std::fs;

use delivery::{IdentityKeys, Letters, UnsubscribeTargets};
use mail::Address;
use message::Signer;
use store::Audience;

use crate::failure::Failure;
use crate::incoming::UNSUBSCRIBE;
use crate::installation::Installation;
use crate::message_files::MessageFiles;

/// Which campaign, to the outside: what Message-IDs and return paths derive from.
pub(crate) struct CampaignIdentity<'a> {
    pub(crate) number: i64,
    pub(crate) uid: &'a str,
    pub(crate) test: bool,
}

/// The letters of a campaign to an audience.
pub(crate) fn letters(
    installation: &Installation,
    audience: &Audience,
    files: MessageFiles,
    identity: &CampaignIdentity<'_>,
) -> Result<Letters, Failure> {
    let settings = &installation.settings;
    let from = files.template.from().address().clone();
    let answers = files.template.reply_to().map_or(from, |mailbox| mailbox.address().clone());
    let mut unsubscribing = answers;
    if let Some(domain) = &settings.bounce.domain {
        let received = Address::parse(&format!("{UNSUBSCRIBE}@{domain}"))
            .map_err(|error| Failure::usage("settings", format!("bounce.domain: {error}")))?;
        // Where nobody takes mail for the domain, whoever reads answers gets the request.
        if settings.bounce.is_received() {
            unsubscribing = received;
        }
    }
    Ok(Letters {
        template: files.template,
        public: files.public,
        attachments: files.attachments,
        signers: signers(installation)?,
        identities: IdentityKeys::new(&installation.instance),
        unsubscribe: UnsubscribeTargets {
            mailbox: Some(unsubscribing),
            public_url: settings.public.url.clone(),
        },
        bounce_domain: settings.bounce.domain.clone(),
        key: installation.audience_key(audience)?,
        suppressions: installation.suppression_key()?,
        audience: audience.uid.clone(),
        fields: audience.fields.clone(),
        language_field: audience.language_field,
        campaign: identity.number,
        campaign_uid: identity.uid.to_owned(),
        test: identity.test,
    })
}

/// The DKIM keys.
pub(crate) fn signers(installation: &Installation) -> Result<Vec<Signer>, Failure> {
    installation
        .settings
        .dkim
        .0
        .iter()
        .map(|dkim| {
            let key = fs::read_to_string(&dkim.key_file).map_err(|_| {
                Failure::usage(
                    "dkim",
                    format!("the DKIM key file {} cannot be read", dkim.key_file.display()),
                )
            })?;
            Signer::new(&dkim.domain, &dkim.selector, &key).map_err(|error| {
                Failure::usage("dkim", format!("the DKIM key of {}: {error}", dkim.selector))
            })
        })
        .collect()
}
