//! The command line (命令行): arguments, words for people, exit codes.

mod arguments;
mod calibration_commands;
mod catalogue_commands;
mod check_arguments;
mod check_commands;
mod columns;
mod commands;
mod door_arguments;
mod explained_text;
mod form_arguments;
mod generate_commands;
mod help;
mod indicator_arguments;
mod indicator_commands;
mod layouts_arguments;
mod layouts_commands;
mod packed_arguments;
mod packed_commands;
mod policy_arguments;
mod policy_commands;
mod reading_arguments;
mod reading_words;
mod settle_arguments;
mod settle_commands;
mod show_words;
mod tables_arguments;
mod tables_check;
mod tables_commands;
mod tables_words;
mod terminal;
mod typed;

pub use arguments::{Arguments, Command, Common};
pub use commands::{Ending, carry_out};
pub use terminal::{Terminal, clean_up_when_interrupted};
pub use typed::typed;
