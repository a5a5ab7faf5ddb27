//! The command that builds a catalogue of packets.

use super::arguments::CalibrateArguments;
use super::commands::{Ending, watched_all};
use super::terminal::Terminal;
use crate::api::{self, BuiltCatalogue, CatalogueRequest};
use crate::diagnostics::{Error, Lang, Result};

/// `calibrate --dip`
///
/// # Errors
/// Parameters, tables or records cannot be used; output cannot be written.
pub(super) fn build(calibrate: &CalibrateArguments, terminal: &Terminal) -> Result<Ending> {
    let output = &calibrate.output.file;
    if output.as_os_str() == "-" || output.is_file() {
        let message = "a catalogue is several files; expected a folder after `-o`";
        return Err(Error::new(message));
    }
    if calibrate.records.iter().any(|file| file.as_os_str() == "-") {
        let message = "the records are read several times; expected files, not standard input";
        return Err(Error::new(message));
    }
    let (records, intake) = calibrate
        .reading
        .of(&calibrate.records, Some(&calibrate.tables))?;
    let request = CatalogueRequest {
        records: records.to_owned(),
        intake,
        plan: calibrate.parameters.clone().unwrap_or_default(),
        tables: calibrate.tables.tables.clone(),
        output: output.clone(),
    };
    let built = watched_all(terminal, &calibrate.records, |watch| {
        api::build_catalogue(&request, watch)
    })?;
    said(&built, terminal.lang)
        .into_iter()
        .for_each(|line| terminal.say(line));
    Ok(Ending::NO_FINDINGS)
}

fn said(built: &BuiltCatalogue, lang: Lang) -> Vec<String> {
    let (read, used, core, all) = (built.read, built.used, built.in_core, built.in_rows);
    let (core_rows, other_rows) = (built.core_rows, built.comprehensive_rows);
    let folder = built.folder.display();
    let mut lines = match lang {
        Lang::En => vec![
            format!(
                "read {read}, built of {used} cases: {core} in {core_rows} core packets, {} in {other_rows} comprehensive ones, {} in none",
                all - core,
                used - all
            ),
            format!("written to {folder}; evidence: assumption unless the parameters say more"),
        ],
        Lang::Zh => vec![
            format!(
                "读入{read}条，使用{used}例：{core_rows}个核心病种{core}例，{other_rows}个综合病种{}例，未覆盖{}例",
                all - core,
                used - all
            ),
            format!("已写入{folder}；证据等级：未声明时为assumption"),
        ],
    };
    if !built.missing_years.is_empty() {
        let years: Vec<String> = built.missing_years.iter().map(i16::to_string).collect();
        let years = years.join(", ");
        lines.push(match lang {
            Lang::En => format!(
                "!! no case of {years}: the scores stand on the other years, whose shares were reweighed"
            ),
            Lang::Zh => format!("!! {years}年没有病例：分值仅由其余年份按其权重重新折算"),
        });
    }
    if built.moved > 0 {
        let moved = built.moved;
        lines.push(match lang {
            Lang::En => format!("{moved} cases still change their packet by the last scores; expected criteria that do not look at scores"),
            Lang::Zh => format!("按最后一轮分值仍有{moved}例改变病种；请改用不依赖分值的择优规则"),
        });
    }
    lines
}
