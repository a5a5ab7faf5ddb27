//! Workbooks for tests: small ones from text, and a whole scheme in the national form.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use dianzhi::tables::{Atom, CodeLists, ComplicationLevel, Level, OPERATIONS, Rule, Scheme, SetRef, Subject};
use rust_xlsxwriter::{Format, Workbook, Worksheet};

/// A workbook from text: `== name` begins a sheet, then a row a line, cells separated by `|`;
/// `'12` is the number 12, an empty cell stays empty.
pub fn from_text(text: &str, path: &Path) {
    let mut book = Workbook::new();
    let mut row = 0;
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix("== ") {
            book.add_worksheet().set_name(name).unwrap();
            row = 0;
            continue;
        }
        let last = book.worksheets().len() - 1;
        let sheet = book.worksheet_from_index(last).unwrap();
        for (column, cell) in line.split('|').enumerate() {
            let column = u16::try_from(column).unwrap();
            match cell.strip_prefix('\'') {
                Some(number) => sheet.write_number(row, column, number.parse::<f64>().unwrap()),
                None if cell.is_empty() => continue,
                None => sheet.write_string(row, column, cell),
            }
            .unwrap();
        }
        row += 1;
    }
    book.save(path).unwrap();
}

/// How the lists of MDCs and core groups stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A header, then a row a code; blocks by merged or empty cells.
    Rows,
    /// As printed: title lines, below each its codes.
    Blocks,
}

/// A scheme as a workbook of the national form, with the habits of those who publish them.
pub fn export(scheme: &Scheme, lists: &CodeLists, form: Form, path: &Path) {
    let mut writer = Writer {
        scheme,
        lists,
        book: Workbook::new(),
    };
    writer.cover();
    writer.mdcs();
    match form {
        Form::Rows => writer.lists_in_rows(),
        Form::Blocks => writer.lists_in_blocks(),
    }
    writer.trauma_sites();
    writer.adrgs();
    writer.drgs();
    writer.complications();
    writer.exclusions(form);
    writer.operations();
    writer.book.save(path).unwrap();
}

/// Titles, each with the codes below it.
type Parts = Vec<(&'static str, Vec<String>)>;

struct Writer<'a> {
    scheme: &'a Scheme,
    lists: &'a CodeLists,
    book: Workbook,
}

fn put(sheet: &mut Worksheet, row: u32, cells: &[&str]) {
    for (column, cell) in cells.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
        sheet
            .write_string(row, u16::try_from(column).unwrap(), *cell)
            .unwrap();
    }
}

/// Full-width letters, digits and point, with a full-width blank behind: some bureaus type so.
fn wide(text: &str) -> String {
    let widen = |c: char| {
        char::from_u32(u32::from(c) + 0xfee0)
            .filter(|_| c.is_ascii_graphic())
            .unwrap_or(c)
    };
    text.chars().map(widen).chain(['\u{3000}']).collect()
}

impl<'a> Writer<'a> {
    fn sheet(&mut self, name: &str) -> &mut Worksheet {
        self.book.add_worksheet().set_name(name).unwrap()
    }

    fn name(&self, code: &str) -> String {
        let diagnosis = self.lists.diagnoses.name(code);
        diagnosis
            .or_else(|| self.lists.procedures.name(code))
            .unwrap_or("")
            .to_owned()
    }

    /// Every rule of a level with the MDC and core group it stands under.
    fn rules(&self, level: Level) -> Vec<(String, String, &'a Rule)> {
        let (mut mdc, mut adrg) = (String::new(), String::new());
        let mut found = Vec::new();
        for rule in self.scheme.rules() {
            match rule.level {
                Level::Mdc => mdc = rule.code.clone(),
                Level::Adrg => adrg = rule.code.clone(),
                _ => {}
            }
            if rule.level == level {
                found.push((mdc.clone(), adrg.clone(), rule));
            }
        }
        found
    }

    fn cover(&mut self) {
        let sheet = self.sheet("封面");
        put(sheet, 0, &["分组方案"]);
        put(sheet, 2, &["", "二〇二六年"]);
    }

    fn mdcs(&mut self) {
        let mdcs = self.rules(Level::Mdc);
        let sheet = self.sheet("MDC目录");
        put(sheet, 0, &["主要诊断大类目录"]);
        put(sheet, 2, &["序号", "MDC 编码", "ＭＤＣ名称"]);
        for (at, (_, _, rule)) in mdcs.iter().enumerate() {
            let row = u32::try_from(at).unwrap() + 3;
            sheet.write_number(row, 0, (at + 1) as f64).unwrap();
            put(sheet, row, &["", &format!("MDC{}", rule.code), &rule.name]);
        }
        put(
            sheet,
            u32::try_from(mdcs.len()).unwrap() + 4,
            &["注：MDCA为先期分组"],
        );
    }

    /// The principal diagnoses of every MDC that has a list.
    fn mdc_lists(&self) -> Vec<(String, String, Vec<String>)> {
        let rules = self.rules(Level::Mdc).into_iter();
        rules
            .filter_map(|(_, _, rule)| {
                let set = self.scheme.named_set(&format!("MDC{}.dx", rule.code))?;
                let codes = set.codes.iter().map(|code| self.scheme.code(*code).to_owned());
                Some((rule.code.clone(), rule.name.clone(), codes.collect()))
            })
            .collect()
    }

    /// The lists of every core group: title, codes.
    fn adrg_lists(&self) -> Vec<(String, String, Parts)> {
        let rules = self.rules(Level::Adrg).into_iter();
        rules
            .map(|(_, _, rule)| {
                let mut seen = BTreeSet::new();
                let mut parts = Vec::new();
                for atom in rule.when.atoms() {
                    let Atom::In {
                        subject,
                        set: SetRef::Named { name, .. },
                        ..
                    } = atom
                    else {
                        continue;
                    };
                    if name == OPERATIONS || !seen.insert(name.clone()) {
                        continue;
                    }
                    let set = self.scheme.named_set(name).unwrap();
                    let codes = set.codes.iter().map(|code| self.scheme.code(*code).to_owned());
                    parts.push((title(name, *subject), codes.collect()));
                }
                (rule.code.clone(), rule.name.clone(), parts)
            })
            .collect()
    }

    fn lists_in_rows(&mut self) {
        let rows: Vec<[String; 4]> = self
            .mdc_lists()
            .into_iter()
            .flat_map(|(mdc, name, codes)| {
                let row = |(at, code): (usize, &String)| {
                    let first = |text: String| if at == 0 { text } else { String::new() };
                    let written = if at % 97 == 5 { wide(code) } else { code.clone() };
                    [
                        first(format!("MDC{mdc}")),
                        first(name.clone()),
                        written,
                        self.name(code),
                    ]
                };
                codes.iter().enumerate().map(row).collect::<Vec<_>>()
            })
            .collect();
        // split over two sheets inside a block: the second begins with its own code
        let (front, back) = rows.split_at(rows.iter().rposition(|row| !row[0].is_empty()).unwrap());
        for (name, rows) in [("MDC主诊表（一）", front), ("MDC主诊表（二）", back)] {
            let sheet = self.sheet(name);
            put(sheet, 0, &["附件2"]);
            put(sheet, 1, &["MDC编码", "MDC名称", "疾病编码", "疾病名称"]);
            for (at, row) in rows.iter().enumerate() {
                let cells: Vec<&str> = row.iter().map(String::as_str).collect();
                put(sheet, u32::try_from(at).unwrap() + 2, &cells);
            }
        }
        let lists = self.adrg_lists();
        let names: BTreeMap<String, String> = lists
            .iter()
            .flat_map(|(_, _, parts)| parts.iter().flat_map(|(_, codes)| codes))
            .map(|code| (code.clone(), self.name(code)))
            .collect();
        let sheet = self.sheet("ADRG诊断手术表");
        put(sheet, 0, &["ADRG编码", "ADRG名称", "内容", "编码", "名称"]);
        let mut row = 1;
        for (adrg, name, parts) in &lists {
            let mut head = [adrg.as_str(), name.as_str()];
            for (title, codes) in parts {
                let mut title = format!("{title}：");
                for (at, code) in codes.iter().enumerate() {
                    let written = if at % 89 == 3 { wide(code) } else { code.clone() };
                    put(sheet, row, &[head[0], head[1], &title, &written, &names[code]]);
                    (head, title) = (["", ""], String::new());
                    row += 1;
                }
            }
        }
        put(sheet, row + 1, &["备注：和表示须同时满足"]);
    }

    fn lists_in_blocks(&mut self) {
        let mut lines: Vec<[String; 2]> = Vec::new();
        let mut mdcs = self.mdc_lists().into_iter().peekable();
        let under: Vec<(String, String)> = self
            .rules(Level::Adrg)
            .into_iter()
            .map(|(mdc, adrg, _)| (mdc, adrg))
            .collect();
        let line = |a: String, b: &str| [a, b.to_owned()];
        let mut adrgs = self.adrg_lists().into_iter().peekable();
        for (mdc, _, rule) in self.rules(Level::Mdc) {
            lines.push(line(format!("MDC{mdc} {}", rule.name), ""));
            if let Some((_, _, codes)) = mdcs.next_if(|(code, ..)| *code == mdc) {
                lines.push(line(format!("MDC{mdc} 主诊表"), ""));
                lines.push(line("包含以下主要诊断：".to_owned(), ""));
                lines.extend(
                    codes
                        .iter()
                        .map(|code| line(format!("{code} {}", self.name(code)), "")),
                );
            }
            let of_mdc = |code: &str| under.iter().any(|(m, a)| *m == mdc && a == code);
            while let Some((adrg, name, parts)) = adrgs.next_if(|(code, ..)| of_mdc(code)) {
                lines.push(line(format!("{adrg}\u{3000}{name}"), ""));
                for (title, codes) in parts {
                    lines.push(line(format!("{title}："), ""));
                    // code and name in two cells here, in one above
                    lines.extend(codes.iter().map(|code| line(code.clone(), &self.name(code))));
                }
            }
        }
        let sheet = self.sheet("分组细则");
        for (at, [text, name]) in lines.iter().enumerate() {
            put(sheet, u32::try_from(at).unwrap(), &[text, name]);
        }
    }

    fn trauma_sites(&mut self) {
        let mut sites: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let lists = self.rules(Level::Mdc).into_iter();
        let sets = lists.filter_map(|(_, _, rule)| self.scheme.named_set(&format!("MDC{}.dx", rule.code)));
        for (code, site) in sets.flat_map(|set| &set.sites) {
            let site = self.scheme.site(*site).to_owned();
            sites
                .entry(site)
                .or_default()
                .push(self.scheme.code(*code).to_owned());
        }
        let sheet = self.sheet("多发创伤部位");
        put(sheet, 0, &["部位", "疾病编码"]);
        let mut row = 1;
        for (site, codes) in &sites {
            let last = row + u32::try_from(codes.len()).unwrap() - 1;
            sheet.merge_range(row, 0, last, 0, site, &Format::new()).unwrap();
            for code in codes {
                sheet.write_string(row, 1, code).unwrap();
                row += 1;
            }
        }
    }

    fn adrgs(&mut self) {
        let adrgs = self.rules(Level::Adrg);
        let sheet = self.sheet("ADRG目录");
        put(sheet, 1, &["MDC编码", "ADRG编码", "ADRG名称", "说明"]);
        let mut before = String::new();
        for (at, (mdc, _, rule)) in adrgs.iter().enumerate() {
            let shown = if *mdc == before {
                String::new()
            } else {
                format!("MDC{mdc}")
            };
            before.clone_from(mdc);
            put(
                sheet,
                u32::try_from(at).unwrap() + 2,
                &[&shown, &rule.code, &rule.name],
            );
        }
    }

    fn drgs(&mut self) {
        let mut drgs = self.rules(Level::Drg);
        // as published: by code, not by order of evaluation
        drgs.sort_by(|a, b| a.2.code.cmp(&b.2.code));
        let names: Vec<String> = drgs
            .iter()
            .map(|(_, _, rule)| self.scheme.group_name(&rule.code).to_owned())
            .collect();
        let sheet = self.sheet("DRG目录");
        put(sheet, 0, &["ADRG编码", "DRG编码", "DRG名称"]);
        let mut before = "";
        for (at, ((_, adrg, rule), name)) in drgs.iter().zip(&names).enumerate() {
            let shown = if adrg == before { "" } else { adrg };
            before = adrg;
            put(sheet, u32::try_from(at).unwrap() + 1, &[shown, &rule.code, name]);
        }
    }

    fn complications(&mut self) {
        for (title, level) in [
            ("MCC列表", ComplicationLevel::Mcc),
            ("CC列表", ComplicationLevel::Cc),
        ] {
            let rows: Vec<(String, String, Option<u32>)> = self
                .scheme
                .complications()
                .into_iter()
                .filter(|(_, row)| row.level == level)
                .map(|(code, row)| {
                    let code = self.scheme.code(code);
                    (code.to_owned(), self.name(code), row.exclusion)
                })
                .collect();
            let sheet = self.sheet(title);
            put(sheet, 0, &["疾病编码", "疾病名称", "排除表"]);
            for (at, (code, name, exclusion)) in rows.iter().enumerate() {
                let row = u32::try_from(at).unwrap() + 1;
                put(sheet, row, &[code, name]);
                match exclusion {
                    // a number here, words there, as it comes
                    Some(list) if at % 2 == 0 => sheet.write_number(row, 2, f64::from(*list)).map(drop),
                    Some(list) => sheet.write_string(row, 2, format!("表7-{list}")).map(drop),
                    None => sheet.write_string(row, 2, "无").map(drop),
                }
                .unwrap();
            }
        }
    }

    fn exclusions(&mut self, form: Form) {
        let mut lists: BTreeMap<u32, Vec<String>> = BTreeMap::new();
        for code in self.scheme.codes() {
            let id = self.scheme.code_id(code).unwrap();
            for list in self.scheme.exclusions(id) {
                lists.entry(*list).or_default().push(code.to_owned());
            }
        }
        let names: BTreeMap<String, String> = lists
            .values()
            .flatten()
            .map(|code| (code.clone(), self.name(code)))
            .collect();
        let sheet = self.sheet("排除表");
        let mut row = 0;
        if form == Form::Rows {
            put(sheet, 0, &["排除表编号", "疾病编码", "疾病名称"]);
            row = 1;
        }
        for (list, codes) in &lists {
            let mut head = format!("表 7-{list}");
            if form == Form::Blocks {
                put(sheet, row, &[&head]);
                put(sheet, row + 1, &["包含以下主要诊断："]);
                row += 2;
            }
            for code in codes {
                match form {
                    Form::Rows => put(sheet, row, &[&head, code, &names[code]]),
                    Form::Blocks => put(sheet, row, &[&format!("{code} {}", names[code])]),
                }
                head.clear();
                row += 1;
            }
        }
    }

    fn operations(&mut self) {
        let set = self.scheme.named_set(OPERATIONS).unwrap();
        let codes: Vec<(String, String)> = set
            .codes
            .iter()
            .map(|code| self.scheme.code(*code))
            .map(|code| (code.to_owned(), self.name(code)))
            .collect();
        let sheet = self.sheet("手术室手术目录");
        put(sheet, 0, &["手术编码", "手术名称"]);
        for (at, (code, name)) in codes.iter().enumerate() {
            put(sheet, u32::try_from(at).unwrap() + 1, &[code, name]);
        }
    }
}

/// The title above a list, by its name and how the rule looks into it.
fn title(set: &str, subject: Subject) -> &'static str {
    let end = set.rsplit_once('.').map_or(set, |(_, end)| end);
    match (end, subject) {
        ("px:1", _) => "手术操作1",
        ("px:2", _) => "手术操作2",
        ("px:3", _) => "手术操作3",
        ("px:4", _) => "手术操作4",
        ("px1", _) => "和",
        (_, Subject::PrincipalDiagnosis) => "包含以下主要诊断",
        (_, Subject::AnyDiagnosis) => "包含以下诊断",
        (_, Subject::PrincipalProcedure) => "包含以下主要手术或操作",
        (_, Subject::AnyProcedure) => "同时包含以下手术",
        (_, other) => panic!("no title for {other:?} of {set}"),
    }
}
