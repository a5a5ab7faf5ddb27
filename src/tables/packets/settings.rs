//! The keys of `scheme.toml` that only schemes of packets have.

use serde::Deserialize;
use toml::Spanned;

use super::expression::Tighter;
use super::procedures::{TreatmentType, TypeFrom};
use super::selection::Criterion;
use crate::diagnostics::{Error, Place, Result};

/// A table of keys, all optional: what one scheme leaves out stands in the scheme it extends.
macro_rules! keys {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub(in crate::tables) struct $name {
            $($(#[$field_doc])* pub(super) $field: Option<$type>,)*
        }

        impl $name {
            /// Key by key, those of the heir first.
            fn or(self, inherited: $name) -> $name {
                $name { $($field: self.$field.or(inherited.$field),)* }
            }
        }
    };
}

/// How a catalogue is laid out (目录样式).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::tables) enum Style {
    /// Diagnosis and procedures, levels of rows, ties broken.
    Catalogue,
    /// Layers of rows, the first that holds.
    Layers,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::tables) enum ShortCodes {
    Reject,
    Prefix,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::tables) enum DiagnosisMatch {
    Exact,
    Prefix,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::tables) enum AsConservative {
    Stop,
    Skip,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::tables) enum ConservativeIf {
    Type,
    IncisionAndLevel,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::tables) enum PreGroupsUse {
    Effective,
    Raw,
}

/// What a fall-back group takes (保底病种类别).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FallbackKind {
    /// The diagnoses of a letter.
    Letter,
    /// The diagnoses of a chapter, by treatment type.
    Chapter,
    /// Whatever is left (空白病组).
    Blank,
}

impl FallbackKind {
    /// As the key writes it.
    pub(super) const fn word(self) -> &'static str {
        match self {
            FallbackKind::Letter => "letter",
            FallbackKind::Chapter => "chapter",
            FallbackKind::Blank => "blank",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::tables) enum PrimaryRows {
    Core,
    Comprehensive,
    List,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::tables) enum AuxiliaryMode {
    None,
    Factor,
    Rows,
}

/// A level of comprehensive groups, most specific first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(in crate::tables) enum ComprehensiveKey {
    #[serde(rename = "prefix:3")]
    Category,
    #[serde(rename = "prefix:2")]
    TwoCharacters,
    #[serde(rename = "prefix:1")]
    Letter,
    #[serde(rename = "range")]
    Range,
}

impl ComprehensiveKey {
    /// As the key writes it.
    pub(super) const fn word(self) -> &'static str {
        match self {
            ComprehensiveKey::Category => "prefix:3",
            ComprehensiveKey::TwoCharacters => "prefix:2",
            ComprehensiveKey::Letter => "prefix:1",
            ComprehensiveKey::Range => "range",
        }
    }
}

/// A step of `match.order`: `"core:surgical"`, or that with a condition.
#[derive(Clone, Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "`level:type`, or { select = \"level:type\", when = \"all_core_leave_surgery\" }"
)]
pub(in crate::tables) enum StepWritten {
    Always(String),
    When(ConditionalStep),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::tables) struct ConditionalStep {
    pub(super) select: String,
    #[allow(dead_code, reason = "there is one condition; reading it is testing it")]
    when: StepCondition,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StepCondition {
    AllCoreLeaveSurgery,
}

keys! {
    /// `expressions.source`: how the catalogue writes its expressions.
    SourceKeys { any: char, all: char, main: char, tighter: Tighter, }
}
keys! {
    /// `groups`
    GroupKeys { files: Vec<String>, level_values: std::collections::BTreeMap<String, String>, }
}
keys! {
    /// `exclusions`
    ExclusionKeys { file: String, diagnosis_match: DiagnosisMatch, as_conservative: AsConservative, }
}
keys! {
    /// `treatment`
    TreatmentKeys { conservative_if: ConservativeIf, interventional_as: TreatmentType, }
}
keys! {
    /// `comprehensive`
    ComprehensiveKeys { type_from: TypeFrom, keys: Vec<ComprehensiveKey>, surgery_levels: Vec<String>, }
}
keys! {
    /// `fallback`
    FallbackKeys { r#use: Vec<FallbackKind>, }
}
keys! {
    /// `primary`
    PrimaryKeys { rows: Vec<PrimaryRows>, file: String, survives_pool: bool, }
}
keys! {
    /// `auxiliary`
    AuxiliaryKeys {
        mode: AuxiliaryMode,
        long_stay: Spanned<String>,
        drug_fees: Vec<String>,
        treatment_fees: Vec<String>,
    }
}
keys! {
    /// `layers`
    LayerKeys { order: Vec<String>, files: Vec<String>, pre_groups_use: PreGroupsUse, }
}
keys! {
    /// `match`
    MatchKeys { pool: Vec<String>, tie_break: Vec<Criterion>, order: Vec<StepWritten>, }
}

/// `expressions`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::tables) struct ExpressionKeys {
    source: SourceKeys,
    short_codes: Option<ShortCodes>,
}

/// The packet keys of one `scheme.toml`.
#[derive(Clone, Debug, Default)]
pub(in crate::tables) struct Written {
    pub(in crate::tables) style: Option<Style>,
    pub(in crate::tables) groups: GroupKeys,
    pub(in crate::tables) expressions: ExpressionKeys,
    pub(in crate::tables) exclusions: ExclusionKeys,
    pub(in crate::tables) treatment: TreatmentKeys,
    pub(in crate::tables) comprehensive: ComprehensiveKeys,
    pub(in crate::tables) fallback: FallbackKeys,
    pub(in crate::tables) primary: PrimaryKeys,
    pub(in crate::tables) auxiliary: AuxiliaryKeys,
    pub(in crate::tables) layers: LayerKeys,
    pub(in crate::tables) matching: MatchKeys,
    pub(in crate::tables) diagnosis_maps: Option<Vec<String>>,
    pub(in crate::tables) procedure_maps: Option<Vec<String>>,
}

impl Written {
    /// Key by key, those of the heir first; lists are taken whole.
    pub(in crate::tables) fn or(self, inherited: Written) -> Written {
        let ExpressionKeys { source, short_codes } = inherited.expressions;
        Written {
            style: self.style.or(inherited.style),
            groups: self.groups.or(inherited.groups),
            expressions: ExpressionKeys {
                source: self.expressions.source.or(source),
                short_codes: self.expressions.short_codes.or(short_codes),
            },
            exclusions: self.exclusions.or(inherited.exclusions),
            treatment: self.treatment.or(inherited.treatment),
            comprehensive: self.comprehensive.or(inherited.comprehensive),
            fallback: self.fallback.or(inherited.fallback),
            primary: self.primary.or(inherited.primary),
            auxiliary: self.auxiliary.or(inherited.auxiliary),
            layers: self.layers.or(inherited.layers),
            matching: self.matching.or(inherited.matching),
            diagnosis_maps: self.diagnosis_maps.or(inherited.diagnosis_maps),
            procedure_maps: self.procedure_maps.or(inherited.procedure_maps),
        }
    }
}

/// The keys of a scheme with all it inherits, and where a missing one is told.
pub(in crate::tables) struct Settings {
    pub(super) written: Written,
    pub(super) place: Place,
    /// The files the keys stand in, nearest first.
    files: Vec<(Place, String)>,
}

impl Settings {
    /// Of the merged keys of a scheme, from these files, nearest first.
    pub(in crate::tables) fn new(written: Written, place: Place, files: Vec<(Place, String)>) -> Settings {
        Settings {
            written,
            place,
            files,
        }
    }

    /// A key that must be there.
    pub(super) fn need<T: Clone>(&self, value: &Option<T>, key: &str, expected: &str) -> Result<T> {
        value.clone().ok_or_else(|| {
            let message =
                format!("`{key}` is missing, here and in what this scheme extends; expected {expected}");
            Error::at(self.place.clone(), message)
        })
    }

    /// A fault of the keys themselves; the message begins with the key.
    pub(super) fn fault(&self, message: impl Into<String>) -> Error {
        let message = message.into();
        let key = message.split('`').nth(1).unwrap_or("");
        let mut files = self.files.iter();
        let found = files.find_map(|(place, text)| Some(place.line(line_of_key(text, key)?)));
        Error::at(found.unwrap_or_else(|| self.place.clone()), message)
    }

    /// How the catalogue writes expressions.
    pub(super) fn syntax(&self) -> Result<super::Syntax> {
        let ExpressionKeys { source, short_codes } = &self.written.expressions;
        let short = self.need(short_codes, "expressions.short_codes", "`reject` or `prefix`")?;
        let own = super::Syntax::default();
        Ok(super::Syntax {
            any: source.any.unwrap_or(own.any),
            all: source.all.unwrap_or(own.all),
            main: source.main,
            tighter: source.tighter,
            short_is_beginning: short == ShortCodes::Prefix,
        })
    }
}

/// The line of a key such as `match.order` in TOML: under its table, or beside it in one line.
fn line_of_key(text: &str, key: &str) -> Option<u64> {
    let (table, name) = key.rsplit_once('.')?;
    let mut under = "";
    let is = |line: &str, name: &str| {
        let rest = line.strip_prefix(name).unwrap_or("");
        rest.trim_start().starts_with('=')
    };
    let line = text.lines().position(|line| {
        let line = line.trim();
        match line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            Some(header) if !line.contains('=') => {
                under = header.trim();
                false
            }
            _ => under == table && is(line, name) || under.is_empty() && (is(line, table) || is(line, key)),
        }
    })?;
    Some(line as u64 + 1)
}
