//! What was typed, as arguments; help where it was asked for.

use std::io::{ErrorKind, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;

use super::arguments::Arguments;
use crate::diagnostics::Error;

/// Exit code of what could not run.
const COULD_NOT_RUN: u8 = 2;

/// The arguments of this process (命令行参数).
///
/// # Errors
/// There is nothing to carry out, only to exit with: help or the version was asked for and written,
/// or could not be written, or what was typed is no command.
pub fn typed() -> Result<Arguments, ExitCode> {
    Arguments::try_parse().map_err(|answer| {
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
