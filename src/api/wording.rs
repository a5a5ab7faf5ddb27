//! From what the rooms below found of a case to the wire form, codes and words together.

use std::sync::Arc;

use super::explained::{
    ChangeWords, Coded, ComplicationWords, ExplainedRecord, FactWords, FindingWords, NeighbourWord,
    NeighbourWords, RecordRead, SchemeWords, StepWords,
};
use crate::diagnostics::{Finding, Lang, Stops};
use crate::grouper::{
    Change, ComplicationFound, Explanation, Fact, Grouper, MOST_CHANGES, Neighbour, Neighbours, Relation,
    Status, Step, Teller,
};
use crate::records::{Case, CaseDraft, plain_number};
use crate::reports::finding_line;
use crate::tables::{Level, Rule, Scheme};

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

    pub(super) fn coded(&self, code: &str) -> Coded {
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
            packet: None,
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
            packet: self.packet(case, explanation),
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
        match (lang, scheme.packets().is_some()) {
            (Lang::En, false) => format!("{reason}; no MDC lists the principal diagnosis `{principal}`"),
            (Lang::Zh, false) => format!("{reason}；主要诊断“{principal}”不在任何MDC的诊断表中"),
            (Lang::En, true) => format!("{reason}; no packet is for the principal diagnosis `{principal}`"),
            (Lang::Zh, true) => format!("{reason}；没有病种对应主要诊断“{principal}”"),
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
                severity: finding.severity.as_str(),
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
                Level::Layer => "layer",
                Level::Packet => "packet",
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
            Fact::Takes { expression, hits, .. } => FactWords {
                kind: "takes",
                subject: "px takes",
                set: Some(format!("{{{expression}}}")),
                hits: self.all_coded(hits),
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
            Fact::Packet { condition, value, .. } => {
                let value = Some(value.clone()).filter(|value| !value.is_empty());
                ("packet", "", "", Some(condition.clone()), value)
            }
            Fact::Codes { .. } | Fact::Complication { .. } | Fact::Sites { .. } | Fact::Takes { .. } => {
                return common;
            }
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
        let most = MOST_CHANGES;
        let tried = neighbours.tried;
        let words = match (neighbours.complete, self.teller.lang) {
            (true, Lang::En) => format!(
                "{tried} changed cases were grouped: up to {most} changes at once, with examples of the lists \
                 that the rules name; other changes were not tried"
            ),
            (true, Lang::Zh) => {
                format!(
                    "共对{tried}个改动后的病例重新分组：至多{most}处改动，以规则所列目录中的编码为例；其他改动未作尝试"
                )
            }
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
        let most = MOST_CHANGES;
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
