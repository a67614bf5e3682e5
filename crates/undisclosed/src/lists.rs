//! What the console asks of the program about lists of people, answered: by the code of `undisclosed import`.

use std::io;
use std::sync::Arc;

use audience::{Inspection, Problem, Spreadsheet};
use keys::{SealedFile, SealedFileReader};
use store::{Audience, PersonFields};
use web::{Answer, DeskError, MaskedPerson, Read, ReadList, Wanted};

use crate::audience_import::{Choices, Chosen, Inspected};
use crate::failure::Failure;
use crate::installation::Installation;
use crate::rendering::masked_address;

/// Things that are wrong with rows that are kept for a page and its table: whoever has more of them corrects these first.
const PROBLEMS_KEPT_MAX: usize = 10_000;

/// The program behind the console, for lists of people.
pub(crate) struct Lists(pub(crate) Arc<Installation>);

/// A spreadsheet that was uploaded.
struct Uploaded(SealedFile);

impl Spreadsheet for Uploaded {
    type Reader = SealedFileReader;

    fn open(&self) -> io::Result<Self::Reader> {
        Ok(self.0.reader())
    }
}

/// A spreadsheet that was uploaded and read.
struct UploadedList {
    installation: Arc<Installation>,
    inspected: Arc<Inspected<Uploaded>>,
    example: String,
}

impl ReadList for UploadedList {
    fn inspection(&self) -> &Inspection {
        &self.inspected.inspection
    }

    fn problems(&self) -> &[Problem] {
        &self.inspected.problems
    }

    fn example(&self) -> &str {
        &self.example
    }

    fn import(self: Arc<Self>, wanted: Wanted) -> Answer<'static, i64> {
        Box::pin(async move {
            let installation = &*self.installation;
            let imported = async {
                installation.sweep().await?;
                let (name, by) = (wanted.name.as_str(), Some(wanted.actor.as_str()));
                self.inspected
                    .import_and_complete(installation, name, &wanted.acknowledged, by, &wanted.written)
                    .await
            };
            imported.await.map(|audience| audience.number()).map_err(said)
        })
    }
}

fn said(failure: Failure) -> DeskError {
    DeskError(failure.message)
}

impl From<web::Choices> for Choices {
    fn from(choices: web::Choices) -> Self {
        let chosen = |chosen| match chosen {
            web::Chosen::Found => Chosen::Found,
            web::Chosen::Nowhere => Chosen::Nowhere,
            web::Chosen::Named(name) => Chosen::Named(name),
        };
        Self {
            email_column: choices.email,
            language_column: chosen(choices.language),
            channel_column: chosen(choices.channel),
            shared_address: choices.shared,
        }
    }
}

impl web::Lists for Lists {
    fn read(&self, file: SealedFile, choices: web::Choices) -> Answer<'static, Read> {
        let installation = self.0.clone();
        Box::pin(async move {
            let inspected =
                Inspected::inspect(&installation, Uploaded(file), choices.into(), PROBLEMS_KEPT_MAX, |_| {});
            let inspected = match inspected.await.map_err(said)? {
                Ok(inspected) => Arc::new(inspected),
                Err(error) => return Ok(Err(error)),
            };
            let example = match &inspected.inspection.example {
                Some(address) => masked_address(address).map_err(said)?.expose(),
                None => String::new(),
            };
            let list: Arc<dyn ReadList> = Arc::new(UploadedList { installation, inspected, example });
            Ok(Ok(list))
        })
    }

    fn addresses<'a>(
        &'a self,
        audience: &'a Audience,
        after: u64,
        limit: u32,
    ) -> Answer<'a, Vec<(u64, String)>> {
        Box::pin(async move { self.addresses_of(audience, after, limit).await.map_err(said) })
    }

    fn people<'a>(&'a self, audience: &'a Audience, after: u64, limit: u32) -> Answer<'a, Vec<MaskedPerson>> {
        Box::pin(async move { self.masked_people(audience, after, limit).await.map_err(said) })
    }
}

impl Lists {
    async fn addresses_of(
        &self,
        audience: &Audience,
        after: u64,
        limit: u32,
    ) -> Result<Vec<(u64, String)>, Failure> {
        let key = self.0.audience_key(audience)?;
        let rows = self.0.store.people(audience, after, limit).await?;
        let open = |person: store::PersonRow| {
            let fields = PersonFields::open(&key, &audience.uid, person.row, &person.sealed)?;
            Ok((person.row, fields.address.expose()))
        };
        rows.into_iter().map(open).collect()
    }

    async fn masked_people(
        &self,
        audience: &Audience,
        after: u64,
        limit: u32,
    ) -> Result<Vec<MaskedPerson>, Failure> {
        let installation = &*self.0;
        let key = installation.audience_key(audience)?;
        let suppressions = installation.suppression_key()?;
        let rows = installation.store.people(audience, after, limit).await?;
        let mut people = Vec::with_capacity(rows.len());
        for row in rows {
            let fields = PersonFields::open(&key, &audience.uid, row.row, &row.sealed)?;
            people.push((suppressions.fingerprint(&fields.address), row.row, row.channel, fields.address));
        }
        let fingerprints: Vec<_> = people.iter().map(|person| person.0).collect();
        let suppressed = installation.store.suppressed(&fingerprints).await?;
        let masked = |(fingerprint, row, channel, address)| {
            let address = masked_address(&address)?.expose();
            Ok(MaskedPerson { row, address, channel, suppressed: suppressed.contains(&fingerprint) })
        };
        people.into_iter().map(masked).collect()
    }
}
