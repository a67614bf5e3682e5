//! The ledger: its trees, proofs, checkpoints and files, and what happens to each when somebody alters it.
#![allow(clippy::unwrap_used, reason = "helpers of tests are not #[test] functions themselves")]

mod audit;
mod checkpoint;
mod content;
mod corpus;
mod note;
mod paths;
mod proof_file;
mod python;
mod tree;
mod trees;
