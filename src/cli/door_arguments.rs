//! What may be done to rows before they are read, as typed.

use std::path::PathBuf;

use clap::Args;

use crate::api::{CodesRequest, DoorRequest};

/// Codes in the records.
#[derive(Debug, Args)]
pub struct CodesArguments {
    /// The version of the codes in the records, e.g. clinical-2.0; mapped once to that of the lists
    /// [default: of each file column code_version, or what its layout says, or that of the lists]
    #[arg(long, value_name = "VERSION")]
    pub codes: Option<String>,
    /// The map from that version, columns kind, code, target [default: the shipped one]
    #[arg(long, value_name = "FILE", requires = "codes")]
    pub map: Option<PathBuf>,
}

impl CodesArguments {
    /// As resolved.
    pub(super) fn request(&self) -> CodesRequest {
        CodesRequest {
            codes: self.codes.clone(),
            map: self.map.clone(),
        }
    }
}

/// Codes and persons' numbers in the records.
#[derive(Debug, Args)]
pub struct DoorArguments {
    /// In which codes they are.
    #[command(flatten)]
    pub codes: CodesArguments,
    /// Replace the numbers of persons by keyed hashes; KEYFILE holds 32 random bytes in hexadecimal
    #[arg(long, value_name = "KEYFILE")]
    pub pseudonymise: Option<PathBuf>,
    /// Replace record numbers and case ids too
    #[arg(long, requires = "pseudonymise")]
    pub pseudonymise_all: bool,
}

impl DoorArguments {
    /// As resolved.
    pub(super) fn request(&self) -> DoorRequest {
        DoorRequest {
            codes: self.codes.request(),
            pseudonymise: self.pseudonymise.clone(),
            pseudonymise_all: self.pseudonymise_all,
        }
    }
}
