//! The ledger's rows: the tree, and apart from it the sealed contents (promise 10). An act and its entry are one commit.

use std::collections::HashMap;

use ledger::{Frontier, Hash, NodeId, TreeHead};
use sqlx::{AnyConnection, Row};

use crate::audience::{count, number, small};
use crate::{Store, StoreError};

/// Entries read at once.
pub const ENTRY_PAGE_MAX: u32 = 500;

/// An act, ready to be recorded: its hash for the tree, and what that commits to, sealed.
#[derive(Debug, Clone)]
pub struct SealedEntry {
    /// The leaf.
    pub leaf: Hash,
    /// Salt and content, under the ledger's key.
    pub sealed: Vec<u8>,
    /// What somebody typed: it can hold an address.
    pub confidence: Option<Confidence>,
}

/// A typed reason with its salt, under the key of the audience it is about: forgotten with that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confidence {
    /// The name of the audience's key.
    pub key_name: String,
    /// The spreadsheet's row of the one person it is about: it is emptied when that person is erased.
    pub row: Option<u64>,
    /// Sealed; nothing once the person or the audience was erased.
    pub sealed: Vec<u8>,
}

/// An entry as it lies in the database.
#[derive(Debug, Clone)]
pub struct StoredEntry {
    /// Its place, from 0.
    pub number: u64,
    /// Salt and content, under the ledger's key.
    pub sealed: Vec<u8>,
    /// What somebody typed.
    pub confidence: Option<Confidence>,
}

impl Store {
    /// Records an act that changes nothing else. Returns its place.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn record(&self, entry: &SealedEntry) -> Result<u64, StoreError> {
        let mut transaction = self.write.begin().await?;
        let number = append(&mut transaction, entry).await?;
        transaction.commit().await?;
        Ok(number)
    }

    /// Size and root of the tree as its head says.
    ///
    /// # Errors
    /// [`StoreError::Foreign`] for a head that is none.
    pub async fn ledger_head(&self) -> Result<TreeHead, StoreError> {
        let octets: Option<Vec<u8>> = sqlx::query_scalar("SELECT frontier FROM ledger_head WHERE id = 1")
            .fetch_optional(&self.read)
            .await?;
        Ok(frontier(octets)?.head())
    }

    /// Entries from a place on, at most [`ENTRY_PAGE_MAX`].
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ledger_entries(&self, from: u64) -> Result<Vec<StoredEntry>, StoreError> {
        let rows = sqlx::query(
            "SELECT number, sealed, confidence, key_name, about_row FROM ledger_entry WHERE number >= $1 ORDER BY number LIMIT $2",
        )
        .bind(number(from))
        .bind(i64::from(ENTRY_PAGE_MAX))
        .fetch_all(&self.read)
        .await?;
        rows.iter()
            .map(|row| {
                let key_name: String = row.try_get("key_name")?;
                let sealed = row.try_get("confidence")?;
                let about = Some(count(row, "about_row")?).filter(|row| *row > 0);
                Ok(StoredEntry {
                    number: count(row, "number")?,
                    sealed: row.try_get("sealed")?,
                    confidence: (!key_name.is_empty()).then_some(Confidence { key_name, row: about, sealed }),
                })
            })
            .collect()
    }

    /// The nodes that the entries of a range completed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ledger_nodes_of(&self, from: u64, to: u64) -> Result<HashMap<NodeId, Hash>, StoreError> {
        let rows =
            sqlx::query("SELECT level, position, hash FROM ledger_node WHERE entry >= $1 AND entry < $2")
                .bind(number(from))
                .bind(number(to))
                .fetch_all(&self.read)
                .await?;
        rows.iter()
            .map(|row| {
                let level = u8::try_from(small(row, "level")?)
                    .map_err(|_| StoreError::Foreign("ledger_node.level"))?;
                let hash: Vec<u8> = row.try_get("hash")?;
                Ok((NodeId { level, index: count(row, "position")? }, hash_of(&hash)?))
            })
            .collect()
    }

    /// Single nodes: those of a proof or of an older head. Nodes that are missing are left out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ledger_nodes(&self, ids: &[NodeId]) -> Result<HashMap<NodeId, Hash>, StoreError> {
        let mut nodes = HashMap::new();
        // At most some sixty: one for each level of a tree.
        for id in ids {
            let hash: Option<Vec<u8>> =
                sqlx::query_scalar("SELECT hash FROM ledger_node WHERE level = $1 AND position = $2")
                    .bind(i16::from(id.level))
                    .bind(number(id.index))
                    .fetch_optional(&self.read)
                    .await?;
            if let Some(hash) = hash {
                nodes.insert(*id, hash_of(&hash)?);
            }
        }
        Ok(nodes)
    }
}

/// Appends an entry in the transaction of the act itself. The head's row is taken first: entries come one after another.
pub(crate) async fn append(transaction: &mut AnyConnection, entry: &SealedEntry) -> Result<u64, StoreError> {
    sqlx::query(
        "INSERT INTO ledger_head (id, frontier) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET id = 1",
    )
    .bind(Frontier::default().to_bytes())
    .execute(&mut *transaction)
    .await?;
    let octets: Option<Vec<u8>> = sqlx::query_scalar("SELECT frontier FROM ledger_head WHERE id = 1")
        .fetch_optional(&mut *transaction)
        .await?;
    let mut tree = frontier(octets)?;
    let place = tree.size();
    let mut nodes = Vec::new();
    tree.append(entry.leaf, |id, hash| nodes.push((id, hash)))
        .map_err(|_| StoreError::Foreign("ledger_head.frontier"))?;
    for (id, hash) in nodes {
        sqlx::query("INSERT INTO ledger_node (level, position, entry, hash) VALUES ($1, $2, $3, $4)")
            .bind(i16::from(id.level))
            .bind(number(id.index))
            .bind(number(place))
            .bind(hash.0.to_vec())
            .execute(&mut *transaction)
            .await?;
    }
    let (key_name, confidence) =
        entry.confidence.as_ref().map_or(("", &[][..]), |c| (c.key_name.as_str(), c.sealed.as_slice()));
    let about = entry.confidence.as_ref().and_then(|confidence| confidence.row).unwrap_or(0);
    let sql = "INSERT INTO ledger_entry (number, sealed, confidence, key_name, about_row) VALUES ($1, $2, $3, $4, $5)";
    sqlx::query(sql)
        .bind(number(place))
        .bind(entry.sealed.as_slice())
        .bind(confidence)
        .bind(key_name)
        .bind(number(about))
        .execute(&mut *transaction)
        .await?;
    sqlx::query("UPDATE ledger_head SET frontier = $1 WHERE id = 1")
        .bind(tree.to_bytes())
        .execute(&mut *transaction)
        .await?;
    Ok(place)
}

fn frontier(octets: Option<Vec<u8>>) -> Result<Frontier, StoreError> {
    octets
        .map_or_else(|| Ok(Frontier::default()), |octets| Frontier::from_bytes(&octets))
        .map_err(|_| StoreError::Foreign("ledger_head.frontier"))
}

fn hash_of(octets: &[u8]) -> Result<Hash, StoreError> {
    octets.try_into().map(Hash).map_err(|_| StoreError::Foreign("ledger_node.hash"))
}
