//! Scenarios (情景): what a run is made of, the run itself, and made-up records to try it on.

pub mod generate;
