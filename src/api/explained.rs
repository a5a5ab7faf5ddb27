//! The wire form of an explained case, as `explain --json` writes it.
#![doc = include_str!("../docs/explain.md")]

use std::sync::Arc;

use serde::Serialize;

use crate::diagnostics::{Error, Finding, Lang, Result};
use crate::grouper::{
    Change, ComplicationFound, Explanation, Fact, Grouper, Neighbour, Neighbours, Relation, Status, Step,
    Teller,
};
use crate::records::{Case, CaseDraft, plain_number};
use crate::reports::finding_line;
use crate::tables::{Level, Rule, Scheme};

/// Version of this form: raised when a field changes its meaning or goes away, not when one is
/// added.
pub const EXPLAINED_SCHEMA: u32 = 1;

/// The answer to `explain` (解释结果).
#[derive(Clone, Debug, Serialize)]
pub struct Explained {
    /// [`EXPLAINED_SCHEMA`].
    pub schema: u32,
    /// Language of every `words`, `question` and `notice`: `en` or `zh`.
    pub lang: &'static str,
    /// The scheme.
    pub scheme: SchemeWords,
    /// The records file as given.
    pub file: String,
    /// The case asked for.
    pub case_id: String,
    /// How many records have this id; only the first [`MOST_RECORDS`](super::MOST_RECORDS) follow.
    pub copies: u64,
    /// What to know about the answer as a whole, a sentence each.
    pub notices: Vec<String>,
    /// The records of this id in file order.
    pub records: Vec<ExplainedRecord>,
}

/// The scheme a case was grouped by (分组方案).
#[derive(Clone, Debug, Serialize)]
pub struct SchemeWords {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// How well its rules are known: `official | local | secondary | assumption`.
    pub evidence: &'static str,
    /// SHA-256 over its table files.
    pub hash: String,
}

/// A code and its name (编码与名称).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Coded {
    /// The code.
    pub code: String,
    /// Its name in the scheme's lists and tables; empty if they have none.
    pub name: String,
}

/// One record of the case (病案记录).
#[derive(Clone, Debug, Serialize)]
pub struct ExplainedRecord {
    /// Line in the file.
    pub line: u64,
    /// The hospital's code; empty if the record has none or could not be read.
    pub hospital: String,
    /// `grouped | ambiguous | ungrouped | rejected`.
    pub status: &'static str,
    /// The status in words.
    pub status_words: &'static str,
    /// Why there is no group, in a sentence; empty when there is one.
    pub reason: String,
    /// The rows that decided, in one phrase; empty when rejected.
    pub short_reason: String,
    /// The MDC reached.
    pub mdc: Option<Coded>,
    /// The core group.
    pub adrg: Option<Coded>,
    /// The group; of an ambiguous case its code (`?QY`), of an ungrouped one `0000`.
    pub group: Option<Coded>,
    /// `MCC`, `CC` or nothing: the heaviest complication that counts.
    pub mcc_cc: &'static str,
    /// What grouping reads of the record; nothing when its row has no sound shape.
    pub record: Option<RecordRead>,
    /// What is wrong with the record.
    pub findings: Vec<FindingWords>,
    /// Other diagnoses that are an MCC or CC.
    pub complications: Vec<ComplicationWords>,
    /// The rules tried, in order.
    pub steps: Vec<StepWords>,
    /// The neighbouring groups; nothing when rejected.
    pub neighbours: Option<NeighbourWords>,
}

/// What grouping reads of a record (分组所用信息); numbers as decimal texts.
#[derive(Clone, Debug, Serialize)]
pub struct RecordRead {
    /// `1` or `2`; nothing when rejected.
    pub sex: Option<u8>,
    /// The sex in words.
    pub sex_words: &'static str,
    /// Years; nothing when rejected.
    pub age: Option<String>,
    /// Days.
    pub age_days: Option<String>,
    /// Grams.
    pub weight_g: Option<String>,
    /// Days.
    pub los_days: Option<String>,
    /// Hours.
    pub icu_hours: Option<String>,
    /// Yuan.
    pub total_fee: Option<String>,
    /// Department of discharge.
    pub department: String,
    /// Discharge status.
    pub discharge_status: String,
    /// The first of the diagnoses is not the principal one: that is missing.
    pub principal_missing: bool,
    /// The principal first.
    pub diagnoses: Vec<Coded>,
    /// The principal first.
    pub procedures: Vec<Coded>,
}

/// A finding (质控问题); see the columns of `findings.csv`.
#[derive(Clone, Debug, Serialize)]
pub struct FindingWords {
    /// Stable code.
    pub code: &'static str,
    /// `fatal | error | warning | info`.
    pub severity: &'static str,
    /// Where it stops the record: `file | record | group | money | none`.
    pub stops: &'static str,
    /// Column; empty for the whole row.
    pub column: &'static str,
    /// Slot of a list, 0 = principal.
    pub slot: Option<usize>,
    /// The offending value.
    pub value: String,
    /// What was expected.
    pub expected: String,
    /// All of it in one line.
    pub words: String,
}

/// Another diagnosis that is an MCC or CC (合并症并发症).
#[derive(Clone, Debug, Serialize)]
pub struct ComplicationWords {
    /// Slot among the diagnoses, 0 = principal.
    pub slot: usize,
    /// The diagnosis.
    pub code: String,
    /// Its name.
    pub name: String,
    /// `MCC` or `CC`.
    pub level: &'static str,
    /// Number of the exclusion list it belongs to.
    pub exclusion: Option<u32>,
    /// The principal diagnosis whose exclusion list removed it.
    pub excluded_by: Option<Coded>,
    /// Whether it counts.
    pub counts: bool,
    /// Whether a rule the case is grouped by held because of it.
    pub decided: bool,
    /// The same in words.
    pub words: String,
}

/// A rule that was tried (规则判定).
#[derive(Clone, Debug, Serialize)]
pub struct StepWords {
    /// `mdc | adrg | ambiguous | drg`.
    pub level: &'static str,
    /// Code of the row.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Where it stands: file and line.
    pub place: String,
    /// Whether it held.
    pub holds: bool,
    /// The condition as the table has it.
    pub condition: String,
    /// The tests that decided it; none: the row asks for nothing.
    pub facts: Vec<FactWords>,
}

/// A test that decided a rule (判定依据).
#[derive(Clone, Debug, Default, Serialize)]
pub struct FactWords {
    /// `codes | procedures | complication | sites | number | sex | department`.
    pub kind: &'static str,
    /// What was looked at, as the condition language names it: `pdx`, `dx any`, `mcc`, `age`, …
    pub subject: &'static str,
    /// `in | not in | = | < | <= | > | >=`.
    pub comparison: &'static str,
    /// The set, as the condition writes it.
    pub set: Option<String>,
    /// How many codes a named set has.
    pub set_size: Option<usize>,
    /// What it was compared with, a decimal text or a word.
    pub bound: Option<String>,
    /// What the case has: a decimal text or a word; nothing when missing.
    pub value: Option<String>,
    /// The codes, or body regions, that met the test.
    pub hits: Vec<Coded>,
    /// Whether the test holds.
    pub holds: bool,
    /// The same in words.
    pub words: String,
}

/// The neighbouring groups (相邻病组).
#[derive(Clone, Debug, Serialize)]
pub struct NeighbourWords {
    /// What the list is for.
    pub purpose: &'static str,
    /// So many changes at once were tried in every combination.
    pub most_changes: usize,
    /// How many changed cases were grouped.
    pub tried: usize,
    /// Whether every combination was tried as far as it was needed.
    pub complete: bool,
    /// How far the search went, in words.
    pub words: String,
    /// Those of the same core group first, each part in table order.
    pub list: Vec<NeighbourWord>,
}

/// A neighbouring group and the question it puts to the reviewer (核对问题).
#[derive(Clone, Debug, Serialize)]
pub struct NeighbourWord {
    /// `same_adrg | principal_diagnosis | procedure | other_diagnosis`.
    pub relation: &'static str,
    /// Its core group.
    pub adrg: Coded,
    /// The group: where the changes lead, or without changes the first of the core group.
    pub group: Coded,
    /// The smallest change found; nothing when none was.
    pub changes: Option<Vec<ChangeWords>>,
    /// The question; without changes the sentence that none was found.
    pub question: String,
}

/// One thing that would be otherwise (改动).
#[derive(Clone, Debug, Default, Serialize)]
pub struct ChangeWords {
    /// `drop_diagnosis | add_complication | add_diagnosis | swap_principal_diagnosis |
    /// drop_procedure | add_procedure | swap_principal_procedure | number | sex | department |
    /// discharge_status`.
    pub kind: &'static str,
    /// Slot of the record's own code.
    pub slot: Option<usize>,
    /// The record's own code that is dropped or becomes principal.
    pub code: Option<Coded>,
    /// The record's own code that is principal no more.
    pub instead_of: Option<Coded>,
    /// `MCC` or `CC`.
    pub level: Option<&'static str>,
    /// The list a code is added from, as conditions write it.
    pub list: Option<String>,
    /// A code of that kind, not the record's own.
    pub example: Option<Coded>,
    /// An added procedure becomes the principal one.
    pub as_principal: Option<bool>,
    /// Which number.
    pub number: Option<&'static str>,
    /// As recorded; nothing when missing.
    pub from: Option<String>,
    /// As it would be.
    pub to: Option<String>,
}

/// The answer as one JSON object, indented, with a line end (解释结果的JSON).
///
/// # Errors
/// None in practice: every field is plain text, number or list.
pub fn explained_json(explained: &Explained) -> Result<String> {
    let json = serde_json::to_string_pretty(explained);
    json.map(|json| json + "\n")
        .map_err(|e| Error::new(format!("the explanation could not be written as JSON: {e}")))
}

/// Puts what the rooms below found into words (转换).
pub(super) struct Wording<'a> {
    pub(super) grouper: &'a Grouper,
    pub(super) teller: Teller<'a>,
}

impl Wording<'_> {
    fn scheme(&self) -> &Scheme {
        self.grouper.scheme()
    }

    pub(super) fn scheme_words(&self) -> SchemeWords {
        let scheme = self.scheme();
        SchemeWords {
            id: scheme.id().to_owned(),
            name: scheme.name().to_owned(),
            evidence: scheme.evidence().as_str(),
            hash: scheme.hash().to_owned(),
        }
    }

    fn coded(&self, code: &str) -> Coded {
        Coded {
            code: code.to_owned(),
            name: self.teller.name(code).to_owned(),
        }
    }

    fn all_coded<C: AsRef<str>>(&self, codes: &[C]) -> Vec<Coded> {
        codes.iter().map(|code| self.coded(code.as_ref())).collect()
    }

    fn rule(&self, row: Option<usize>) -> Option<&Rule> {
        row.and_then(|row| self.scheme().rules().get(row))
    }

    fn rule_coded(&self, row: Option<usize>) -> Option<Coded> {
        self.rule(row).map(|rule| Coded {
            code: rule.code.clone(),
            name: match self.scheme().group_name(&rule.code) {
                "" => rule.name.clone(),
                name => name.to_owned(),
            },
        })
    }

    /// A record that is not grouped.
    pub(super) fn rejected(
        &self,
        (line, hospital, findings): (u64, &str, &[Finding]),
        read: Option<&CaseDraft>,
    ) -> ExplainedRecord {
        ExplainedRecord {
            line,
            hospital: hospital.to_owned(),
            status: "rejected",
            status_words: self.teller.lang.pick("rejected", "退回"),
            reason: self.why_rejected(findings),
            short_reason: String::new(),
            mdc: None,
            adrg: None,
            group: None,
            mcc_cc: "",
            record: read.map(|draft| self.record(draft, false)),
            findings: self.findings(findings),
            complications: Vec::new(),
            steps: Vec::new(),
            neighbours: None,
        }
    }

    /// A record that is grouped, ambiguous or ungrouped.
    pub(super) fn explained(
        &self,
        (line, hospital, findings): (u64, &str, &[Finding]),
        case: &Case,
        explanation: &Explanation,
        neighbours: &Neighbours,
    ) -> ExplainedRecord {
        let (scheme, lang) = (self.scheme(), self.teller.lang);
        let grouping = &explanation.grouping;
        let status = grouping.status(scheme);
        let mut short_reason = String::new();
        grouping.short_reason(scheme, case, &mut short_reason);
        let no_group = Coded {
            code: grouping.code(scheme).to_owned(),
            name: String::new(),
        };
        ExplainedRecord {
            line,
            hospital: hospital.to_owned(),
            status: status.as_str(),
            status_words: status.words().in_lang(lang),
            reason: self.reason(case, explanation),
            short_reason,
            mdc: self.rule_coded(grouping.mdc),
            adrg: self.rule_coded(grouping.adrg),
            group: self.rule_coded(grouping.row).or(Some(no_group)),
            mcc_cc: grouping.severity_word(),
            record: Some(self.record(&CaseDraft::of(case), true)),
            findings: self.findings(findings),
            complications: explanation
                .complications
                .iter()
                .map(|c| self.complication(c))
                .collect(),
            steps: explanation
                .steps
                .iter()
                .filter_map(|step| self.step(step))
                .collect(),
            neighbours: Some(self.neighbours(case, neighbours)),
        }
    }

    /// Why there is no group; a principal diagnosis that no MDC lists is the usual cause.
    fn reason(&self, case: &Case, explanation: &Explanation) -> String {
        let (scheme, lang) = (self.scheme(), self.teller.lang);
        let reason = explanation.grouping.reason(scheme, lang);
        if explanation.grouping.status(scheme) != Status::Ungrouped || explanation.principal_listed {
            return reason;
        }
        let principal = self.teller.coded(case.diagnoses().next().unwrap_or(""));
        match lang {
            Lang::En => format!("{reason}; no MDC lists the principal diagnosis `{principal}`"),
            Lang::Zh => format!("{reason}；主要诊断“{principal}”不在任何MDC的诊断表中"),
        }
    }

    /// Of a record that is not `sound` a value may be missing that a draft cannot be without.
    fn record(&self, draft: &CaseDraft, sound: bool) -> RecordRead {
        let number = |value: Option<i64>| value.map(plain_number);
        let written = |code: &&Arc<str>| !code.is_empty();
        let codes = |codes: &[Arc<str>]| self.all_coded(&codes.iter().filter(written).collect::<Vec<_>>());
        RecordRead {
            sex: sound.then_some(draft.sex),
            sex_words: if sound { self.teller.sex(draft.sex) } else { "" },
            age: sound.then(|| plain_number(draft.age)),
            age_days: number(draft.age_days),
            weight_g: number(draft.weight),
            los_days: number(draft.los),
            icu_hours: number(draft.icu_hours),
            total_fee: number(draft.total_fee),
            department: draft.department.to_string(),
            discharge_status: draft.discharge_status.to_string(),
            principal_missing: draft.diagnoses.first().is_none_or(|code| code.is_empty()),
            diagnoses: codes(&draft.diagnoses),
            procedures: codes(&draft.procedures),
        }
    }

    fn why_rejected(&self, findings: &[Finding]) -> String {
        use crate::diagnostics::Stops;
        let stop =
            |finding: &&Finding| matches!(finding.edit.stops, Stops::File | Stops::Record | Stops::Group);
        let lang = self.teller.lang;
        let mut names: Vec<String> = findings
            .iter()
            .filter(stop)
            .map(|finding| format!("{} {}", finding.edit.code, finding.edit.name.in_lang(lang)))
            .collect();
        names.dedup();
        let names = names.join(lang.pick("; ", "；"));
        match lang {
            Lang::En => format!("cannot be grouped until this is mended: {names}"),
            Lang::Zh => format!("须先更正以下问题才能分组：{names}"),
        }
    }

    fn findings(&self, findings: &[Finding]) -> Vec<FindingWords> {
        findings
            .iter()
            .map(|finding| FindingWords {
                code: finding.edit.code,
                severity: finding.edit.severity.as_str(),
                stops: finding.edit.stops.as_str(),
                column: finding.column,
                slot: finding.slot,
                value: finding.value.clone(),
                expected: finding.expected.clone(),
                words: finding_line(finding, self.teller.lang),
            })
            .collect()
    }

    fn complication(&self, found: &ComplicationFound) -> ComplicationWords {
        ComplicationWords {
            slot: found.slot,
            code: found.code.clone(),
            name: self.teller.name(&found.code).to_owned(),
            level: found.level.as_str(),
            exclusion: found.exclusion,
            excluded_by: found.excluded_by.as_deref().map(|code| self.coded(code)),
            counts: found.excluded_by.is_none(),
            decided: found.decided,
            words: self.teller.complication(found),
        }
    }

    fn step(&self, step: &Step) -> Option<StepWords> {
        let rule = self.rule(Some(step.rule))?;
        Some(StepWords {
            level: match rule.level {
                Level::Mdc => "mdc",
                Level::Adrg => "adrg",
                Level::Ambiguous => "ambiguous",
                Level::Drg => "drg",
            },
            code: rule.code.clone(),
            name: self
                .rule_coded(Some(step.rule))
                .map_or_else(String::new, |rule| rule.name),
            place: self.scheme().place(rule).to_string(),
            holds: step.holds,
            condition: rule.written.clone(),
            facts: step.facts.iter().map(|fact| self.fact(fact)).collect(),
        })
    }

    fn fact(&self, fact: &Fact) -> FactWords {
        let common = FactWords {
            holds: fact.holds(),
            words: self.teller.fact(fact),
            ..FactWords::default()
        };
        match fact {
            Fact::Codes {
                subject,
                negated,
                set,
                size,
                hits,
                ..
            } => FactWords {
                kind: "codes",
                subject: subject.words(),
                comparison: if *negated { "not in" } else { "in" },
                set: Some(set.clone()),
                set_size: *size,
                hits: self.all_coded(hits),
                ..common
            },
            Fact::Complication { level, counted, .. } => FactWords {
                kind: "complication",
                subject: level.word(),
                hits: self.all_coded(counted),
                ..common
            },
            Fact::Sites {
                set,
                regions,
                comparison,
                bound,
                ..
            } => FactWords {
                kind: "sites",
                subject: "sites",
                comparison: comparison.sign(),
                set: Some(set.clone()),
                bound: Some(plain_number(*bound)),
                value: Some(regions.len().to_string()),
                hits: self.all_coded(regions),
                ..common
            },
            single => self.single_fact(single, common),
        }
    }

    /// Of what stands once in a record.
    fn single_fact(&self, fact: &Fact, common: FactWords) -> FactWords {
        let (kind, subject, comparison, bound, value) = match fact {
            Fact::Procedures { wanted, count, .. } => {
                let subject = if *wanted { "has px" } else { "no px" };
                ("procedures", subject, "", None, Some(count.to_string()))
            }
            Fact::Number {
                fact,
                value,
                comparison,
                bound,
                ..
            } => {
                let value = value.map(plain_number);
                let bound = Some(plain_number(*bound));
                ("number", fact.word(), comparison.sign(), bound, value)
            }
            Fact::Sex { value, wanted } => {
                let (value, wanted) = (value.to_string(), wanted.to_string());
                ("sex", "sex", "=", Some(wanted), Some(value))
            }
            Fact::Department { value, wanted } => {
                let (value, wanted) = (value.clone(), wanted.clone());
                ("department", "dept", "=", Some(wanted), Some(value))
            }
            Fact::Codes { .. } | Fact::Complication { .. } | Fact::Sites { .. } => return common,
        };
        FactWords {
            kind,
            subject,
            comparison,
            bound,
            value,
            ..common
        }
    }

    fn neighbours(&self, case: &Case, neighbours: &Neighbours) -> NeighbourWords {
        let most = crate::grouper::MOST_CHANGES;
        let tried = neighbours.tried;
        let words = match (neighbours.complete, self.teller.lang) {
            (true, Lang::En) => format!("{tried} changed cases were grouped: up to {most} changes at once"),
            (true, Lang::Zh) => format!("共对{tried}个改动后的病例重新分组：至多{most}处改动"),
            (false, Lang::En) => format!(
                "the search was cut short after {tried} changed cases: smaller changes may exist than those shown"
            ),
            (false, Lang::Zh) => format!("搜索在{tried}个改动后的病例处中止：可能存在更小的改动"),
        };
        let principal = case.diagnoses().next().unwrap_or("");
        NeighbourWords {
            purpose: self.teller.purpose(),
            most_changes: most,
            tried,
            complete: neighbours.complete,
            words,
            list: neighbours
                .list
                .iter()
                .filter_map(|neighbour| self.neighbour(principal, neighbour, neighbours.complete))
                .collect(),
        }
    }

    fn neighbour(&self, principal: &str, neighbour: &Neighbour, complete: bool) -> Option<NeighbourWord> {
        let group = self.rule_coded(Some(neighbour.row))?;
        let changes = neighbour.change.as_ref().map(|(changes, _)| changes);
        let question = match changes {
            Some(changes) => self
                .teller
                .question(self.scheme(), principal, &group.code, changes),
            None => self.none_found(neighbour.relation, &group.code, complete),
        };
        Some(NeighbourWord {
            relation: neighbour.relation.as_str(),
            adrg: self.rule_coded(Some(neighbour.adrg))?,
            group,
            changes: changes.map(|changes| changes.iter().map(|change| self.change(change)).collect()),
            question,
        })
    }

    fn none_found(&self, relation: Relation, group: &str, complete: bool) -> String {
        let most = crate::grouper::MOST_CHANGES;
        let what = match relation {
            Relation::SameAdrg => group,
            _ => self.teller.lang.pick("this core group", "该核心组"),
        };
        match (complete, self.teller.lang) {
            (true, Lang::En) => format!("none of the changes tried, up to {most} at once, leads to {what}"),
            (true, Lang::Zh) => format!("所试改动（至多{most}处）均不能入{what}"),
            (false, Lang::En) => {
                format!("no change leading to {what} was found before the search was cut short")
            }
            (false, Lang::Zh) => format!("搜索中止前未找到可入{what}的改动"),
        }
    }

    fn change(&self, change: &Change) -> ChangeWords {
        let words = ChangeWords {
            kind: change.kind(),
            ..ChangeWords::default()
        };
        match change {
            Change::DropDiagnosis { slot, code } | Change::DropProcedure { slot, code } => ChangeWords {
                slot: Some(*slot),
                code: Some(self.coded(code)),
                ..words
            },
            Change::SwapPrincipal {
                slot,
                code,
                principal,
            }
            | Change::SwapProcedure {
                slot,
                code,
                principal,
            } => ChangeWords {
                slot: Some(*slot),
                code: Some(self.coded(code)),
                instead_of: Some(self.coded(principal)),
                ..words
            },
            Change::AddComplication { level, example } => ChangeWords {
                level: Some(level.as_str()),
                example: Some(self.coded(example)),
                ..words
            },
            Change::AddDiagnosis { list, example } => ChangeWords {
                list: Some(list.to_string()),
                example: Some(self.coded(example)),
                ..words
            },
            Change::AddProcedure {
                list,
                example,
                principal,
            } => ChangeWords {
                list: Some(list.to_string()),
                example: Some(self.coded(example)),
                as_principal: Some(*principal),
                ..words
            },
            single => single_change(single, words),
        }
    }
}

/// Of what stands once in a record.
fn single_change(change: &Change, words: ChangeWords) -> ChangeWords {
    let (number, from, to) = match change {
        Change::Number { fact, from, to } => (Some(fact.word()), from.map(plain_number), plain_number(*to)),
        Change::Sex { from, to } => (None, Some(from.to_string()), to.to_string()),
        Change::Department { from, to } | Change::DischargeStatus { from, to } => {
            (None, Some(from.to_string()), to.to_string())
        }
        _ => return words,
    };
    ChangeWords {
        number,
        from,
        to: Some(to),
        ..words
    }
}
