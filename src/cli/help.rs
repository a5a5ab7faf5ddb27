//! Help in Chinese (中文帮助): the texts of `help_zh.csv` in place of those beside each argument.
//!
//! A row without a command holds for every command that has no row of its own for the argument; a row
//! without an argument is what a command does.

use std::collections::BTreeMap;

use clap::{Arg, ArgAction, Command};

const ROWS: &str = include_str!("help_zh.csv");

/// How help is laid out.
const TEMPLATE: &str = "\
{before-help}{about-with-newline}
用法：{usage}

{all-args}{after-help}";

/// Headings of groups of options, by the English ones.
const HEADINGS: [(&str, &str); 4] = [
    ("Everywhere", "通用选项"),
    ("Reading records", "读取病案"),
    ("Reading tables", "读取表格"),
    ("Form of a region's records", "区域病案的形式"),
];

/// What stands in a row: help, and what follows behind all help of a command.
type Texts = BTreeMap<(String, String), (String, String)>;

fn texts() -> Texts {
    let mut reader = csv::Reader::from_reader(ROWS.as_bytes());
    let rows = reader.records().flatten();
    let cell = |row: &csv::StringRecord, at: usize| row.get(at).unwrap_or("").to_owned();
    rows.map(|row| {
        let key = (cell(&row, 0), cell(&row, 1));
        (key, (cell(&row, 2), cell(&row, 3)))
    })
    .collect()
}

/// The command line with all help in Chinese; what is typed means the same.
pub(super) fn in_chinese(command: Command) -> Command {
    let texts = texts();
    let command = command
        .subcommand_help_heading("命令")
        .subcommand_value_name("命令");
    translated(command, "", &texts)
}

fn translated(mut command: Command, path: &str, texts: &Texts) -> Command {
    if let Some((about, after)) = texts.get(&(path.to_owned(), String::new())) {
        let first = about.lines().next().unwrap_or(about).to_owned();
        command = command.about(first).long_about(about.clone());
        if !after.is_empty() {
            command = command.after_help(after.clone());
        }
    }
    let names: Vec<String> = command
        .get_subcommands()
        .map(|sub| sub.get_name().to_owned())
        .collect();
    command = with_own_flags(command, path)
        .help_template(TEMPLATE)
        .mut_args(|arg| of_argument(arg, path, texts));
    if !names.is_empty() {
        command = command
            .subcommand_help_heading("命令")
            .disable_help_subcommand(true);
    }
    for name in names {
        let path = if path.is_empty() {
            name.clone()
        } else {
            format!("{path} {name}")
        };
        command = command.mut_subcommand(name, |sub| translated(sub, &path, texts));
    }
    command
}

/// The flags that are otherwise added later, in English.
fn with_own_flags(command: Command, path: &str) -> Command {
    let help = Arg::new("help").short('h').long("help").action(ArgAction::Help);
    let command = command.disable_help_flag(true).arg(help);
    if !path.is_empty() {
        return command;
    }
    let version = Arg::new("version")
        .short('V')
        .long("version")
        .action(ArgAction::Version);
    command.disable_version_flag(true).arg(version)
}

fn of_argument(arg: Arg, path: &str, texts: &Texts) -> Arg {
    let id = arg.get_id().as_str().to_owned();
    let heading = match arg.get_help_heading() {
        Some(known) => HEADINGS.iter().find(|(en, _)| *en == known).map(|(_, zh)| *zh),
        None if arg.is_positional() => Some("参数"),
        None => Some("选项"),
    };
    let arg = match heading {
        Some(heading) => arg.help_heading(heading),
        None => arg,
    };
    let own = texts.get(&(path.to_owned(), id.clone()));
    match own.or_else(|| texts.get(&(String::new(), id))) {
        Some((help, _)) => arg.help(help.clone()).long_help(None::<&'static str>),
        None => arg,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory as _;

    use super::super::arguments::Arguments;
    use super::*;

    fn is_chinese(text: &str) -> bool {
        text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
    }

    /// Notes what has no text in one of the languages, and which rows are used.
    fn look(
        command: &Command,
        path: &str,
        texts: &Texts,
        missing: &mut Vec<String>,
        used: &mut BTreeSet<(String, String)>,
    ) {
        let mut ask = |id: &str, english: bool| {
            let own = (path.to_owned(), id.to_owned());
            let any = (String::new(), id.to_owned());
            let key = if texts.contains_key(&own) { own } else { any };
            let chinese = texts.get(&key).is_some_and(|(zh, _)| is_chinese(zh));
            if !(chinese && english) {
                missing.push(format!("{path},{id}"));
            }
            used.insert(key);
        };
        ask("", command.get_about().is_some());
        for arg in command.get_arguments() {
            ask(arg.get_id().as_str(), arg.get_help().is_some());
        }
        let (after, translated) = (
            command.get_after_help().is_some(),
            texts
                .get(&(path.to_owned(), String::new()))
                .is_some_and(|(_, after)| is_chinese(after)),
        );
        if after != translated {
            missing.push(format!("{path}: what follows"));
        }
        for sub in command.get_subcommands() {
            let path = if path.is_empty() {
                sub.get_name().to_owned()
            } else {
                format!("{path} {}", sub.get_name())
            };
            look(sub, &path, texts, missing, used);
        }
    }

    #[test]
    fn every_argument_has_help_in_both_languages_and_no_row_is_left_over() {
        let texts = texts();
        let (mut missing, mut used) = (Vec::new(), BTreeSet::new());
        look(&Arguments::command(), "", &texts, &mut missing, &mut used);
        assert!(missing.is_empty(), "{}", missing.join("\n"));
        let own_flags = ["help", "version"].map(|id| (String::new(), id.to_owned()));
        used.extend(own_flags);
        let left: Vec<_> = texts.keys().filter(|key| !used.contains(*key)).collect();
        assert!(left.is_empty(), "{left:?}");
    }

    #[test]
    fn the_command_line_means_the_same_in_chinese() {
        in_chinese(Arguments::command()).debug_assert();
        let typed = ["dianzhi", "group", "a.csv", "-t", "s", "--lang", "zh"];
        assert!(
            in_chinese(Arguments::command())
                .try_get_matches_from(typed)
                .is_ok()
        );
    }

    #[test]
    fn help_in_chinese_has_no_english_headings() {
        let mut command = in_chinese(Arguments::command());
        command.build();
        let mut pages = vec![command.render_long_help().to_string()];
        for sub in command.get_subcommands() {
            pages.push(sub.clone().render_long_help().to_string());
        }
        for page in pages {
            for word in [
                "Usage:",
                "Options:",
                "Commands:",
                "Arguments:",
                "Print ",
                "Everywhere",
                "Reading records",
            ] {
                assert!(!page.contains(word), "{word}: {page}");
            }
        }
    }
}
