//! The mapping file: what the sheets of a workbook hold, and what its words mean.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use toml::Spanned;

use super::super::condition::Condition;
use super::super::words::folded;
use super::workbook::column_of;
use crate::diagnostics::{Error, Evidence, Place, Result};

/// What stands for the own list of an MDC or core group in a condition.
pub(super) const OWN_SET: &str = "@SET";

/// The mapping file as written (映射文件).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mapping {
    pub scheme: SchemeFacts,
    #[serde(default)]
    pub reading: Reading,
    pub sheet: Vec<SheetMapping>,
    pub mdc: MdcRules,
    pub adrg: AdrgRules,
    #[serde(default)]
    pub part: Vec<Part>,
    pub drg: DrgRules,
    #[serde(default)]
    pub exclusions: ExclusionRules,
    #[serde(default)]
    pub ambiguous: Vec<Ambiguous>,
}

/// What `scheme.toml` will say.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SchemeFacts {
    pub name: Spanned<String>,
    pub codes: CodeNames,
    pub source: String,
    pub evidence: Evidence,
    pub extends: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CodeNames {
    pub diagnosis: String,
    pub procedure: String,
}

/// Habits of writing.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reading {
    /// A row whose first filled cell begins so is a note.
    #[serde(default)]
    pub notes: Vec<String>,
    /// A cell that says so holds nothing.
    #[serde(default)]
    pub nothing: Vec<String>,
    /// What separates several codes in one cell.
    #[serde(default)]
    pub separators: Vec<String>,
    /// Sheets to leave out.
    #[serde(default)]
    pub skip_sheets: Vec<String>,
}

/// One or more sheets of one kind.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SheetMapping {
    /// Exact names; a `*` at the end stands for any rest.
    pub name: Spanned<Several>,
    pub kind: SheetKind,
    #[serde(default)]
    pub layout: Layout,
    pub columns: BTreeMap<Field, Several>,
    /// What every row of the sheet says without a column for it.
    #[serde(default)]
    pub fixed: BTreeMap<Field, String>,
    /// Columns whose empty cells repeat the one above, outer ones first.
    #[serde(default)]
    pub fill_down: Vec<Field>,
}

/// One text or several.
#[derive(Clone, Deserialize)]
#[serde(untagged, expecting = "a text, or a list of texts")]
pub(super) enum Several {
    One(String),
    Many(Vec<String>),
}

impl Several {
    pub fn all(&self) -> &[String] {
        match self {
            Several::One(one) => std::slice::from_ref(one),
            Several::Many(many) => many,
        }
    }
}

/// What a sheet holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum SheetKind {
    /// MDCs with names.
    Mdc,
    /// Principal diagnoses of MDCs; with `site` their body regions.
    MdcLists,
    /// Core groups with names.
    Adrg,
    /// Diagnoses and procedures of core groups.
    AdrgLists,
    /// Both kinds of lists, under title lines.
    Lists,
    /// Groups with names.
    Drg,
    /// MCC and CC.
    Complications,
    /// Exclusion lists.
    Exclusions,
    /// Procedures that count as operations.
    Operations,
}

/// How the rows of a sheet stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Layout {
    /// A header, then a row a thing.
    #[default]
    Rows,
    /// Title lines, below each its codes, all in one column.
    Blocks,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Field {
    Mdc,
    Adrg,
    Drg,
    Name,
    Part,
    Code,
    CodeName,
    Site,
    Level,
    Exclusion,
    Text,
}

impl Field {
    pub const fn word(self) -> &'static str {
        match self {
            Field::Mdc => "mdc",
            Field::Adrg => "adrg",
            Field::Drg => "drg",
            Field::Name => "name",
            Field::Part => "part",
            Field::Code => "code",
            Field::CodeName => "code_name",
            Field::Site => "site",
            Field::Level => "level",
            Field::Exclusion => "exclusion",
            Field::Text => "text",
        }
    }
}

impl SheetKind {
    /// The columns a sheet of this kind must have, and those it may have.
    pub const fn fields(self, layout: Layout) -> (&'static [Field], &'static [Field]) {
        match (self, layout) {
            (SheetKind::Lists | SheetKind::Exclusions, Layout::Blocks) => {
                (&[Field::Text], &[Field::CodeName])
            }
            (SheetKind::Mdc, _) => (&[Field::Mdc], &[Field::Name]),
            (SheetKind::MdcLists, _) => (
                &[Field::Mdc, Field::Code],
                &[Field::CodeName, Field::Name, Field::Site],
            ),
            (SheetKind::Adrg, _) => (&[Field::Adrg], &[Field::Name, Field::Mdc]),
            (SheetKind::AdrgLists, _) => (
                &[Field::Adrg, Field::Part, Field::Code],
                &[Field::CodeName, Field::Name, Field::Mdc],
            ),
            (SheetKind::Lists, Layout::Rows) => (&[], &[]),
            (SheetKind::Drg, _) => (&[Field::Drg], &[Field::Name, Field::Adrg]),
            (SheetKind::Complications, _) => {
                (&[Field::Code, Field::Level], &[Field::CodeName, Field::Exclusion])
            }
            (SheetKind::Exclusions, Layout::Rows) => (&[Field::Exclusion, Field::Code], &[Field::CodeName]),
            (SheetKind::Operations, _) => (&[Field::Code], &[Field::CodeName]),
        }
    }

    const fn may_be_blocks(self) -> bool {
        matches!(self, SheetKind::Lists | SheetKind::Exclusions)
    }
}

/// How an MDC is entered.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MdcRules {
    /// What stands before the code in a cell, e.g. `MDC`.
    #[serde(default)]
    pub prefix: String,
    /// The condition of an MDC; `@SET` is its own list.
    pub when: Spanned<String>,
    /// Those tried before all others, in this order.
    #[serde(default)]
    pub first: Vec<String>,
    /// Other conditions, by code.
    #[serde(default)]
    pub when_of: BTreeMap<String, Spanned<String>>,
}

/// How a core group is entered.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AdrgRules {
    /// The shape of a code: `A` a letter, `9` a digit.
    pub shape: Spanned<String>,
    /// What it does when none of its groups holds.
    pub otherwise: OtherwiseWord,
    /// Conditions that the words of the publication cannot say, by code.
    #[serde(default)]
    pub when_of: BTreeMap<String, Spanned<String>>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum OtherwiseWord {
    Group,
    Continue,
}

/// What a title above a list means.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Part {
    /// The titles, without a colon at the end.
    pub titles: Vec<String>,
    /// What the list holds.
    pub codes: CodeKind,
    /// The name of the list after the core group's code and a dot.
    pub set: Spanned<String>,
    /// The test, with `@SET` for the list; without it the list only serves conditions of `when_of`.
    pub when: Option<Spanned<String>>,
    /// How it goes with what stands before it.
    #[serde(default)]
    pub join: Join,
    /// Whether the same title again begins another list.
    #[serde(default)]
    pub again: Again,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum CodeKind {
    Diagnosis,
    Procedure,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Join {
    #[default]
    And,
    Or,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Again {
    #[default]
    Same,
    New,
}

/// How a group is chosen within its core group.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DrgRules {
    /// What follows the core group's code, and its condition; in order of evaluation.
    pub ending: Vec<Ending>,
    /// Other conditions, by code; such a group is tried before the others of its core group if its
    /// ending has no condition.
    #[serde(default)]
    pub when_of: BTreeMap<String, Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ending {
    pub is: String,
    pub when: Spanned<String>,
}

/// How an exclusion list is named.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExclusionRules {
    /// What may stand before the number, e.g. `表7-`.
    #[serde(default)]
    pub before_number: Vec<String>,
    /// Titles below the number that say nothing more.
    #[serde(default)]
    pub titles: Vec<String>,
}

/// A row for cases that belong to several groups.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ambiguous {
    pub mdc: Spanned<String>,
    pub code: String,
    pub name: String,
    pub when: Spanned<String>,
    /// The core group it is tried before; without it, after all of the MDC.
    pub before: Option<Spanned<String>>,
}

/// The mapping file, for places of errors.
pub(super) struct Source<'a> {
    pub place: Place,
    pub text: &'a str,
}

impl Source<'_> {
    pub fn place_of<T>(&self, spanned: &Spanned<T>) -> Place {
        self.place.of_offset(self.text, spanned.span().start)
    }

    pub fn error<T>(&self, spanned: &Spanned<T>, message: impl Into<String>) -> Error {
        Error::at(self.place_of(spanned), message)
    }

    /// Another file's error, met because of this key.
    pub fn wrap<T>(&self, spanned: &Spanned<T>, error: &Error) -> Error {
        self.error(spanned, error.to_string().replace('\n', "; "))
    }
}

impl Mapping {
    /// What TOML alone does not see: fields that do not fit their sheet, conditions that are none.
    pub fn check(&self, source: &Source<'_>) -> Result<()> {
        let mut errors = Vec::new();
        for sheet in &self.sheet {
            self.check_sheet(sheet, source, &mut errors);
        }
        for condition in self.conditions() {
            if let Err(fault) = Condition::parse(&condition.as_ref().replace(OWN_SET, "@_SET")) {
                errors.push(source.error(condition, format!("condition: {}", fault.message)));
            }
        }
        let shape = self.adrg.shape.as_ref();
        if shape.is_empty() || !shape.bytes().all(|b| matches!(b, b'A' | b'9')) {
            let message =
                format!("`{shape}`; expected the shape of a code, `A` a letter and `9` a digit: `AA9`");
            errors.push(source.error(&self.adrg.shape, message));
        }
        self.check_parts(source, &mut errors);
        Error::all(errors)
    }

    /// Every condition of the file.
    fn conditions(&self) -> impl Iterator<Item = &Spanned<String>> {
        let of = [&self.mdc.when_of, &self.adrg.when_of, &self.drg.when_of];
        std::iter::once(&self.mdc.when)
            .chain(of.into_iter().flat_map(BTreeMap::values))
            .chain(self.part.iter().filter_map(|part| part.when.as_ref()))
            .chain(self.drg.ending.iter().map(|ending| &ending.when))
            .chain(self.ambiguous.iter().map(|row| &row.when))
    }

    fn check_sheet(&self, sheet: &SheetMapping, source: &Source<'_>, errors: &mut Vec<Error>) {
        let mut fail = |message: String| errors.push(source.error(&sheet.name, message));
        if sheet.layout == Layout::Blocks && !sheet.kind.may_be_blocks() {
            return fail("layout `blocks` is for kinds `lists` and `exclusions`".to_owned());
        }
        if sheet.layout == Layout::Rows && sheet.kind == SheetKind::Lists {
            return fail("kind `lists` needs layout `blocks`".to_owned());
        }
        let (needed, allowed) = sheet.kind.fields(sheet.layout);
        let given: BTreeSet<Field> = sheet.columns.keys().chain(sheet.fixed.keys()).copied().collect();
        for field in needed.iter().filter(|field| !given.contains(field)) {
            fail(format!(
                "this sheet needs `{}` under `columns` or `fixed`",
                field.word()
            ));
        }
        for field in given
            .iter()
            .filter(|f| !needed.contains(f) && !allowed.contains(f))
        {
            let known: Vec<&str> = needed.iter().chain(allowed).map(|field| field.word()).collect();
            fail(format!(
                "`{}` has no meaning on a sheet of this kind; expected {}",
                field.word(),
                known.join(", ")
            ));
        }
        let twice = sheet
            .columns
            .keys()
            .filter(|field| sheet.fixed.contains_key(field));
        for field in twice {
            fail(format!(
                "`{}` stands under `columns` and under `fixed`",
                field.word()
            ));
        }
        for field in sheet
            .fill_down
            .iter()
            .filter(|field| !sheet.columns.contains_key(field))
        {
            fail(format!(
                "`{}` under `fill_down` is no column of this sheet",
                field.word()
            ));
        }
        check_titles(sheet, fail);
    }

    fn check_parts(&self, source: &Source<'_>, errors: &mut Vec<Error>) {
        let mut seen = BTreeSet::new();
        for part in &self.part {
            for title in &part.titles {
                if !seen.insert(title_form(title)) {
                    let message = format!("the title `{title}` stands in two parts");
                    errors.push(source.error(&part.set, message));
                }
            }
            let set = part.set.as_ref();
            let sound = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':');
            if set.is_empty() || !set.chars().all(sound) {
                let message = format!("`{set}`; expected the end of a list's name: letters, digits, `:`");
                errors.push(source.error(&part.set, message));
            }
            let names_it = part
                .when
                .as_ref()
                .is_none_or(|when| when.as_ref().contains(OWN_SET));
            if !names_it {
                let message =
                    format!("the condition of this part does not name its list; expected `{OWN_SET}`");
                errors.push(source.error(&part.set, message));
            }
        }
    }

    /// The part a title begins.
    pub fn part_of(&self, title: &str) -> Option<usize> {
        let title = title_form(title);
        let has = |part: &Part| part.titles.iter().any(|known| title_form(known) == title);
        self.part.iter().position(has)
    }

    /// Whether a row is a note, by its first filled cell.
    pub fn is_note(&self, first: &str) -> bool {
        let first = folded(first);
        self.reading
            .notes
            .iter()
            .any(|note| first.starts_with(&folded(note)))
    }

    /// Whether a cell says that there is nothing.
    pub fn says_nothing(&self, cell: &str) -> bool {
        let cell = folded(cell);
        self.reading.nothing.iter().any(|word| folded(word) == cell)
    }

    /// Whether a text has the shape of a core group's code.
    pub fn is_adrg(&self, text: &str) -> bool {
        let shape = self.adrg.shape.as_ref();
        text.len() == shape.len()
            && text.bytes().zip(shape.bytes()).all(|(byte, shape)| match shape {
                b'A' => byte.is_ascii_uppercase(),
                _ => byte.is_ascii_digit(),
            })
    }
}

/// Titles that are no column, or that would give one column to two fields.
fn check_titles(sheet: &SheetMapping, mut fail: impl FnMut(String)) {
    let mut taken: BTreeMap<String, Field> = BTreeMap::new();
    for (field, titles) in &sheet.columns {
        for title in titles.all() {
            let letters = title.strip_prefix('#');
            if letters.is_some_and(|letters| column_of(letters).is_none()) {
                fail(format!(
                    "`{title}` is no column; expected a title, or `#` and the letters of a column"
                ));
            }
            if let Some(other) = taken.insert(title_form(title), *field)
                && other != *field
            {
                let (one, two) = (other.word(), field.word());
                fail(format!("column `{title}` is named for `{one}` and for `{two}`"));
            }
        }
    }
}

/// A title without blanks, width and the colon at its end.
pub(super) fn title_form(title: &str) -> String {
    folded(title).trim_end_matches(':').to_owned()
}

/// Whether a sheet's name is meant; a `*` at the end stands for any rest.
pub(super) fn name_fits(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (folded(pattern), folded(name));
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    }
}
