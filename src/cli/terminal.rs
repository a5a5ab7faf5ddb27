//! Words to standard error, progress on a terminal.

use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::arguments::Common;
use crate::diagnostics::{Error, Lang, Result, remove_unfinished};

/// Exit code of a run ended by a signal, as shells count it.
const INTERRUPTED: i32 = 130;

/// Where words for people go (终端): standard error, in their language.
pub struct Terminal {
    /// The language.
    pub lang: Lang,
    /// How many threads.
    pub threads: usize,
    quiet: bool,
}

impl Terminal {
    /// From the common options and the locale.
    pub fn new(common: &Common) -> Terminal {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Terminal {
            lang: common.lang.unwrap_or_else(lang_of_locale),
            threads: common.threads.map_or(cores, usize::from),
            quiet: common.quiet,
        }
    }

    /// A line, unless `--quiet`. A closed standard error is no reason to stop.
    pub fn say(&self, words: impl Display) {
        if !self.quiet {
            let _ = writeln!(std::io::stderr(), "{words}");
        }
    }

    /// An error, always.
    pub fn say_error(&self, error: &Error) {
        let _ = match self.lang {
            Lang::En => writeln!(std::io::stderr(), "{error}"),
            Lang::Zh => writeln!(std::io::stderr(), "{}", error.chinese()),
        };
    }

    /// A progress bar over so many parts of a whole; it shows itself as [`Terminal::progress`] does.
    pub fn progress_in_parts(&self, parts: u64) -> Progress {
        let progress = self.progress(Some(parts));
        if let (Some(bar), Ok(style)) = (
            &progress.0,
            ProgressStyle::with_template(self.lang.pick(
                "{bar:30} {percent:>3} %  {eta} left",
                "{bar:30} {percent:>3} %  剩余 {eta}",
            )),
        ) {
            bar.set_style(style);
        }
        progress
    }

    /// A progress bar over so many bytes, if known; it shows itself after a second, and only on
    /// a terminal.
    pub fn progress(&self, bytes: Option<u64>) -> Progress {
        if self.quiet || !std::io::stderr().is_terminal() {
            return Progress(None);
        }
        let bar = match bytes {
            Some(bytes) => ProgressBar::new(bytes),
            None => ProgressBar::no_length(),
        };
        bar.set_draw_target(ProgressDrawTarget::hidden());
        let template = match bytes {
            Some(_) => self.lang.pick(
                "{bar:30} {percent:>3} %  {bytes_per_sec}  {eta} left",
                "{bar:30} {percent:>3} %  {bytes_per_sec}  剩余 {eta}",
            ),
            None => "{spinner} {bytes}  {bytes_per_sec}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Progress(Some(bar))
    }
}

/// Makes an interrupted run (Ctrl-C, a request to end, a closed terminal) leave no half file.
///
/// # Errors
/// The system does not allow it.
pub fn clean_up_when_interrupted() -> Result<()> {
    let end = || remove_unfinished(|| std::process::exit(INTERRUPTED));
    ctrlc::set_handler(end).map_err(|e| Error::new(format!("interruptions cannot be caught: {e}")))
}

/// A progress bar, or none.
pub struct Progress(Option<ProgressBar>);

impl Progress {
    /// So many more are done.
    pub fn advance(&self, more: u64) {
        let Some(bar) = &self.0 else { return };
        bar.inc(more);
        if bar.is_hidden() && bar.elapsed() > Duration::from_secs(1) {
            bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(5));
        }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

/// The language of the locale.
pub(super) fn lang_of_locale() -> Lang {
    let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(set);
    locale.map_or(Lang::En, |locale| Lang::from_locale(&locale))
}
