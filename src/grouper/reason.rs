//! Why a case has its group, in one phrase.

use super::packets::takes;
use super::plain::Facts;
use super::{Grouping, number};
use crate::records::Case;
use crate::tables::{Atom, ComplicationLevel, Condition, Level, PacketTest, Scheme, SetRef, Subject};

impl Grouping {
    /// Appends the rows that decided, each with the codes and values it held by (入组要点):
    /// `MDCC pdx I25.103; CK2 ppx 36.0601; CC I50.900`. Nothing else is allocated; words of the
    /// condition language are the same in every language.
    pub fn short_reason(&self, scheme: &Scheme, case: &Case, out: &mut String) {
        let facts = Facts::new(scheme, case);
        let begin = out.len();
        let rows = [self.mdc, self.adrg, self.row];
        for (at, row) in rows.iter().enumerate() {
            let said = rows.get(..at).is_some_and(|before| before.contains(row));
            let Some(rule) = row.filter(|_| !said).and_then(|row| scheme.rules().get(row)) else {
                continue;
            };
            let start = out.len();
            if start > begin {
                out.push_str("; ");
            }
            let told = out.len();
            if rule.level == Level::Mdc {
                out.push_str("MDC");
            }
            // a group's own code stands beside the phrase
            if !matches!(rule.level, Level::Drg | Level::Packet) {
                out.push_str(&rule.code);
            }
            facts.tell(&rule.when, true, out);
            if out.len() == told {
                out.truncate(start); // it asks for nothing
            }
        }
    }
}

/// Appends a word, with a blank before it unless it is the first of its row.
fn word(text: &str, out: &mut String) {
    if !out.is_empty() && !out.ends_with(' ') {
        out.push(' ');
    }
    out.push_str(text);
}

impl Facts<'_> {
    /// Appends what makes a condition be as it is.
    fn tell(&self, condition: &Condition, holds: bool, out: &mut String) {
        match condition {
            Condition::Not(inner) => self.tell(inner, !holds, out),
            Condition::All(parts) | Condition::Any(parts) => {
                let all = matches!(condition, Condition::All(_));
                let mut relevant = parts.iter().filter(|part| self.hold(part) == holds);
                if all == holds {
                    relevant.for_each(|part| self.tell(part, holds, out));
                } else if let Some(first) = relevant.next() {
                    self.tell(first, holds, out); // one part suffices
                }
            }
            Condition::Atom(atom) => self.tell_atom(atom, holds, out),
        }
    }

    fn tell_atom(&self, atom: &Atom, holds: bool, out: &mut String) {
        match atom {
            Atom::In {
                subject,
                negated,
                set,
            } => self.tell_codes(*subject, holds != *negated, set, out),
            Atom::HasProcedure(wanted) => word(if *wanted == holds { "has px" } else { "no px" }, out),
            Atom::Mcc => self.tell_complication("MCC", ComplicationLevel::Mcc, out),
            Atom::Cc => self.tell_complication("CC", ComplicationLevel::Cc, out),
            Atom::Sites(_, comparison, bound) => {
                word(if holds { "sites " } else { "sites not " }, out);
                out.push_str(comparison.sign());
                push_number(*bound, out);
            }
            Atom::Number(fact, ..) => {
                word(fact.word(), out);
                match number(self.case, *fact) {
                    Some(value) => {
                        out.push(' ');
                        push_number(value, out);
                    }
                    None => out.push_str(" missing"),
                }
            }
            Atom::Sex(_) => word(if self.case.sex() == 1 { "sex 1" } else { "sex 2" }, out),
            Atom::Packet(test) => self.tell_packet(test, holds, out),
            Atom::Department(_) if self.case.department().is_empty() => word("no dept", out),
            Atom::Department(_) => {
                word("dept", out);
                word(self.case.department(), out);
            }
        }
    }

    fn tell_packet(&self, test: &PacketTest, holds: bool, out: &mut String) {
        let view = self.view.as_ref();
        match test {
            PacketTest::Takes(expression) => {
                word(if holds { "px" } else { "px not" }, out);
                let taken = takes(self, expression).filter(|_| holds);
                match taken {
                    None => word(&expression.written(), out),
                    Some(taken) => {
                        let all: Vec<&str> = self.case.procedures().collect();
                        let codes = taken.places.iter().filter_map(|place| all.get(*place));
                        word(&codes.copied().collect::<Vec<_>>().join("+"), out);
                    }
                }
            }
            PacketTest::Type(_) => {
                word("type", out);
                word(view.map_or("", |view| view.kind.word()), out);
            }
            PacketTest::SurgeryLevel(..) => {
                word("surgery_level", out);
                word(&view.map_or(0, |view| view.surgery_level).to_string(), out);
            }
            PacketTest::Figure(figure, comparison, bound) => {
                word(if holds { "" } else { "not" }, out);
                word(figure.word(), out);
                word(comparison.sign(), out);
                push_number(*bound, out);
            }
            PacketTest::LongStay => {}
        }
    }

    /// The first code that is in the set, or that nothing is.
    fn tell_codes(&self, subject: Subject, inside: bool, set: &SetRef, out: &mut String) {
        let role = subject.words().split(' ').next().unwrap_or("");
        match self.first_code(subject, set).filter(|_| inside) {
            Some(code) => {
                word(role, out);
                word(code, out);
            }
            None => {
                word("no", out);
                word(role, out);
                word("in ", out);
                match set {
                    SetRef::Named { name, .. } => {
                        out.push('@');
                        out.push_str(name);
                    }
                    SetRef::Inline(_) => out.push_str("{…}"),
                }
            }
        }
    }

    fn first_code(&self, subject: Subject, set: &SetRef) -> Option<&str> {
        let hit = |code: &&str| self.set_holds(set, code);
        let principal = usize::from(self.has_principal());
        let mut procedures = self.procedures().into_iter();
        match subject {
            Subject::PrincipalDiagnosis => self.diagnoses().next().filter(hit),
            Subject::AnyDiagnosis => self.diagnoses().find(hit),
            Subject::OtherDiagnosis => self.diagnoses().skip(1).find(hit),
            Subject::PrincipalProcedure => procedures.take(principal).find(hit),
            Subject::AnyProcedure => procedures.find(hit),
            Subject::OtherProcedure => procedures.skip(principal).find(hit),
            Subject::DischargeStatus => Some(self.case.discharge_status()).filter(hit),
        }
    }

    fn tell_complication(&self, name: &str, level: ComplicationLevel, out: &mut String) {
        match self.counted(level) {
            Some(code) => {
                word(name, out);
                word(code, out);
            }
            None => {
                word("no", out);
                word(name, out);
            }
        }
    }
}

/// Hundredths as a decimal, without a text of its own.
fn push_number(hundredths: i64, out: &mut String) {
    use std::fmt::Write as _;
    // writing to a text cannot fail
    let _ = match hundredths % 100 {
        0 => write!(out, "{}", hundredths / 100),
        part => write!(out, "{}.{part:02}", hundredths / 100),
    };
}
