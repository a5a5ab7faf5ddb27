//! dianzhi (点值): from discharge records to money.

use std::process::ExitCode;

use dianzhi::cli::{Terminal, carry_out, clean_up_when_interrupted, typed};

/// Reads the arguments, carries them out, and says how it went: 0 done, 1 done with findings
/// under `--strict`, 2 could not run; 130 interrupted, leaving no half file.
fn main() -> ExitCode {
    let arguments = match typed() {
        Ok(arguments) => arguments,
        Err(exit_code) => return exit_code,
    };
    let terminal = Terminal::new(&arguments.common);
    match clean_up_when_interrupted().and_then(|()| carry_out(&arguments, &terminal)) {
        Ok(ending) => ending.exit_code(&arguments.common),
        Err(error) if error.count() == 0 => ExitCode::SUCCESS,
        Err(error) => {
            terminal.say_error(&error);
            ExitCode::from(2)
        }
    }
}
