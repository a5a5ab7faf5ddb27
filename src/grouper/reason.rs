//! Why a case has its group, in one phrase.

use super::Grouping;
use super::plain::Facts;
use crate::records::Case;
use crate::tables::{Atom, ComplicationLevel, Condition, Scheme, SetRef, Subject};

impl Grouping {
    /// Appends the rows that decided, each with the codes and values it held by (入组要点):
    /// `MDCC pdx I25.103; CK2 ppx 36.0601; CC I50.900`. Nothing else is allocated; words of the
    /// condition language are the same in every language.
    pub fn short_reason(&self, scheme: &Scheme, case: &Case, out: &mut String) {
        let facts = Facts { scheme, case };
        let rows = [self.mdc, self.adrg, self.row];
        for (at, row) in rows.iter().enumerate() {
            let said = rows.get(..at).is_some_and(|before| before.contains(row));
            let rule = row.filter(|_| !said).and_then(|row| scheme.rules().get(row));
            let Some(rule) = rule else { continue };
            let start = out.len();
            if at > 0 && !out.is_empty() {
                out.push_str("; ");
            }
            if at == 0 {
                out.push_str("MDC");
            }
            // of a group the deciding fact alone: its code stands beside the phrase
            let named = out.len();
            if at < 2 || self.adrg.is_none() {
                out.push_str(&rule.code);
            }
            let bare = out.len();
            facts.tell_held(&rule.when, true, out);
            if out.len() == bare && bare == named {
                out.truncate(start); // it asks for nothing
            } else if bare == named && out.get(named..).is_some_and(|text| text.starts_with(' ')) {
                out.remove(named);
            }
        }
    }
}

impl Facts<'_> {
    /// Appends what makes a condition be as it is, each with a blank before it.
    fn tell_held(&self, condition: &Condition, holds: bool, out: &mut String) {
        match condition {
            Condition::Not(inner) => self.tell_held(inner, !holds, out),
            Condition::All(parts) | Condition::Any(parts) => {
                let all = matches!(condition, Condition::All(_));
                let mut relevant = parts.iter().filter(|part| self.hold(part) == holds);
                if all == holds {
                    relevant.for_each(|part| self.tell_held(part, holds, out));
                } else if let Some(first) = relevant.next() {
                    self.tell_held(first, holds, out);
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
            Atom::HasProcedure(wanted) if *wanted == holds => out.push_str(" has px"),
            Atom::HasProcedure(_) => out.push_str(" no px"),
            Atom::Mcc => self.tell_complication("MCC", ComplicationLevel::Mcc, holds, out),
            Atom::Cc => self.tell_complication("CC", ComplicationLevel::Cc, holds, out),
            Atom::Sites(..) => self.tell_regions(atom, out),
            Atom::Number(fact, ..) => {
                out.push(' ');
                out.push_str(fact.word());
                out.push(' ');
                match super::number(self.case, *fact) {
                    Some(value) => push_number(value, out),
                    None => out.push_str("missing"),
                }
            }
            Atom::Sex(_) => {
                out.push_str(" sex ");
                out.push(char::from(b'0' + self.case.sex().min(9)));
            }
            Atom::Department(_) => {
                out.push_str(" dept ");
                out.push_str(self.case.department());
            }
        }
    }

    /// The first code that is in the set, or that nothing is.
    fn tell_codes(&self, subject: Subject, inside: bool, set: &SetRef, out: &mut String) {
        let word = subject.words().split(' ').next().unwrap_or("");
        out.push(' ');
        let hit = self.first_code(subject, |code| self.set_holds(set, code));
        match hit.filter(|_| inside) {
            Some(code) => {
                out.push_str(word);
                out.push(' ');
                out.push_str(code);
            }
            None => {
                out.push_str("no ");
                out.push_str(word);
                out.push_str(" in ");
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

    fn first_code(&self, subject: Subject, hit: impl Fn(&str) -> bool) -> Option<&str> {
        let case = self.case;
        let hit = |code: &&str| hit(code);
        match subject {
            Subject::PrincipalDiagnosis => case.diagnoses().next().filter(hit),
            Subject::AnyDiagnosis => case.diagnoses().find(hit),
            Subject::OtherDiagnosis => case.diagnoses().skip(1).find(hit),
            Subject::PrincipalProcedure => case.procedures().next().filter(hit),
            Subject::AnyProcedure => case.procedures().find(hit),
            Subject::OtherProcedure => case.procedures().skip(1).find(hit),
            Subject::DischargeStatus => Some(case.discharge_status()).filter(hit),
        }
    }

    fn tell_complication(&self, word: &str, level: ComplicationLevel, holds: bool, out: &mut String) {
        let counted = self.counted(level);
        if !holds {
            out.push_str(" no");
        }
        out.push(' ');
        out.push_str(word);
        if let Some(code) = counted {
            out.push(' ');
            out.push_str(code);
        }
    }

    fn tell_regions(&self, atom: &Atom, out: &mut String) {
        if let Atom::Sites(_, comparison, bound) = atom {
            out.push_str(" sites ");
            if !self.atom(atom) {
                out.push_str("not ");
            }
            out.push_str(comparison.sign());
            push_number(*bound, out);
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
