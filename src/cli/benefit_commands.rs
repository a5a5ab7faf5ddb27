//! Bills settled, explained, compared, and what is said of them.

use std::io::Write;
use std::path::PathBuf;

use super::benefit_arguments::{BenefitArguments, BenefitCommand, Bills, CompareBenefits, SettleClaims};
use super::commands::Ending;
use super::table_arguments::say_tables;
use super::terminal::Terminal;
use crate::api::{self, BenefitRequest};
use crate::diagnostics::{Error, Lang, Result, Told};
use crate::scenarios::claims::MadeClaims;

/// `benefit …`
///
/// # Errors
/// Inputs or results cannot be used.
pub(super) fn benefit(typed: &BenefitArguments, terminal: &Terminal) -> Result<Ending> {
    match &typed.what {
        Some(BenefitCommand::Explain(of)) => {
            let request = request_of(&of.bills, terminal.lang)?;
            let explanations = api::explain_bill(&request, of.ledger.as_deref(), &of.settlement)?;
            print(&match of.json {
                true => api::explanation_json(&explanations, terminal.lang),
                false => api::explanation_words(&explanations, terminal.lang),
            })?;
            Ok(Ending::NO_FINDINGS)
        }
        Some(BenefitCommand::Compare(of)) => compare(of, terminal),
        Some(BenefitCommand::Generate(of)) => {
            let wish = MadeClaims {
                persons: of.persons,
                claims: of.claims,
                year: of.year,
                seed: of.seed,
            };
            api::generate_claims(&of.policy, &wish, &of.output)?;
            Ok(Ending::NO_FINDINGS)
        }
        None => settle(&typed.settle, terminal),
    }
}

fn request_of(bills: &Bills, lang: Lang) -> Result<BenefitRequest> {
    Ok(BenefitRequest {
        claims: given(bills.claims.as_ref(), "a file of bills")?,
        lines: bills.lines.clone(),
        policy: given(bills.policy.as_ref(), "a benefit file, --policy")?,
        persons: bills.persons.clone(),
        skip_unknown_tiers: bills.skip_unknown_tiers,
        rules: bills.rules(),
        form: bills.reading.form()?,
        lang,
    })
}

fn given(path: Option<&PathBuf>, expected: &str) -> Result<PathBuf> {
    let missing = || Error::new(format!("expected {expected}; see `dianzhi benefit --help`"));
    path.cloned().ok_or_else(missing)
}

fn settle(of: &SettleClaims, terminal: &Terminal) -> Result<Ending> {
    let request = request_of(&of.bills, terminal.lang)?;
    let output = given(of.output.as_ref(), "a folder for the results, --output")?;
    let done = api::benefit(&request, of.ledger.as_deref(), &output, terminal.threads)?;
    say_tables(&done.tables, terminal);
    say_all(&done.warnings, terminal);
    for row in &done.first_refused {
        let (file, line, message) = (&row.file, row.line, row.message.in_lang(terminal.lang));
        terminal.say(format!("{file}:{line}: {message} [{}]", row.error));
    }
    if done.refused > done.first_refused.len() {
        let label = terminal
            .lang
            .pick("more refused rows in rejected.csv", "其余被拒行见rejected.csv");
        terminal.say(format!("… {label}"));
    }
    terminal.say(match terminal.lang {
        Lang::En => format!(
            "{} settled, {} of them reversals; {} refused; {} known before",
            done.settled, done.reversals, done.refused, done.known
        ),
        Lang::Zh => format!(
            "已结算{}笔，其中退结算{}笔；拒绝{}笔；此前已结算{}笔",
            done.settled, done.reversals, done.refused, done.known
        ),
    });
    let paid = done.sums.iter().filter(|(_, sum)| sum.fen() != 0);
    let paid: Vec<String> = paid.map(|(name, sum)| format!("{name} {sum}")).collect();
    terminal.say(paid.join(", "));
    written_to(&output, terminal);
    Ok(Ending {
        findings: done.refused > 0,
    })
}

fn compare(of: &CompareBenefits, terminal: &Terminal) -> Result<Ending> {
    let request = request_of(&of.bills, terminal.lang)?;
    let (change, warnings) = api::compare_benefits(&request, &of.reform, &of.output, terminal.threads)?;
    say_all(&warnings, terminal);
    for (payer, before, after) in change.payers.iter().filter(|(_, one, two)| one != two) {
        let difference = *after - *before;
        terminal.say(format!("{payer}: {before} → {after} ({difference})"));
    }
    let (bills, one_sided) = (change.bills.len(), change.one_sided.len());
    terminal.say(match terminal.lang {
        Lang::En => format!("{bills} bills differ; {one_sided} settled under one policy only, in no sum"),
        Lang::Zh => format!("{bills}笔有变化；{one_sided}笔仅在一种政策下结算，未计入合计"),
    });
    written_to(&of.output, terminal);
    Ok(Ending {
        findings: one_sided > 0,
    })
}

fn say_all(warnings: &[Told], terminal: &Terminal) {
    warnings
        .iter()
        .for_each(|warning| terminal.say(warning.in_lang(terminal.lang)));
}

fn written_to(folder: &std::path::Path, terminal: &Terminal) {
    let label = terminal.lang.pick("written to", "结果写入");
    terminal.say(format!("{label} {}", folder.display()));
}

fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => Err(Error::silent()),
        done => done.map_err(|e| Error::new(format!("standard output: {e}"))),
    }
}
