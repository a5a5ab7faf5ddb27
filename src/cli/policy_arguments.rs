//! The arguments of `policy` as typed.

use std::path::PathBuf;

use clap::Subcommand;

/// `policy …`
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Check a policy pack and say what it means, formula by formula, and what is assumed
    #[command(
        after_help = "Example: dianzhi policy check scenarios/policies/sample-region-2022.toml --lang zh\n\n\
Prints one sentence a rule with the key that says it, then the keys on weaker ground than the place's own data \
with their document, then the keys the pack leaves open: with those nothing is settled."
    )]
    Check {
        /// The pack
        #[arg(value_name = "PACK")]
        pack: PathBuf,
    },
}
