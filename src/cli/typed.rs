//! What was typed, as arguments; help where it was asked for.

use std::io::{ErrorKind, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser};

use super::arguments::Arguments;
use super::help::in_chinese;
use super::terminal::lang_of_locale;
use crate::diagnostics::{Error, Lang};

/// Exit code of what could not run.
const COULD_NOT_RUN: u8 = 2;

/// The arguments of this process (命令行参数).
///
/// # Errors
/// There is nothing to carry out, only to exit with: help or the version was asked for and written,
/// or could not be written, or what was typed is no command.
pub fn typed() -> Result<Arguments, ExitCode> {
    let parsed = match lang_of_help() {
        Lang::En => Arguments::try_parse(),
        Lang::Zh => in_chinese(Arguments::command())
            .try_get_matches()
            .and_then(|matches| Arguments::from_arg_matches(&matches)),
    };
    parsed.map_err(|answer| {
        let written = answer.print().and_then(|()| std::io::stdout().flush());
        match written {
            Err(e) if e.kind() != ErrorKind::BrokenPipe => {
                let error = Error::io(Path::new("(standard output)"), "could not be written", &e);
                let _ = writeln!(std::io::stderr(), "{error}");
                ExitCode::from(COULD_NOT_RUN)
            }
            _ => u8::try_from(answer.exit_code()).map_or(ExitCode::from(COULD_NOT_RUN), ExitCode::from),
        }
    })
}

/// The language of help, which is needed before the arguments are read.
fn lang_of_help() -> Lang {
    let words = std::env::args_os().map(|word| word.to_string_lossy().into_owned());
    let mut typed = words.skip_while(|word| word != "--lang" && !word.starts_with("--lang="));
    let said = match typed.next() {
        Some(word) => word.strip_prefix("--lang=").map(str::to_owned).or(typed.next()),
        None => None,
    };
    said.and_then(|word| word.parse().ok())
        .unwrap_or_else(lang_of_locale)
}
