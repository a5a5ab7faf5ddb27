//! Months and years in a ledger, and what is said of them.

use super::commands::{Ending, watched_all};
use super::settle_arguments::{
    CompareArguments, EntryArguments, LedgerArguments, MonthArguments, SettleCommand, YearArguments,
};
use super::terminal::Terminal;
use crate::api::{self, CompareRequest, EntryRequest, SettleRequest, StatementRequest, YearRequest};
use crate::diagnostics::{Lang, Result};
use crate::ledger::Cleared;
use crate::units::Fen;

/// `settle …`
///
/// # Errors
/// Inputs or ledger cannot be used; a closed month would be changed.
pub(super) fn settle(command: &SettleCommand, terminal: &Terminal) -> Result<Ending> {
    match command {
        SettleCommand::Month(month) => post_month(month, terminal),
        SettleCommand::Year(year) => clear_year(year, terminal),
        SettleCommand::Compare(of) => compare(of, terminal),
        SettleCommand::Reverse(entry) => {
            let mirrors = api::settle_reverse(&request_of(entry))?;
            let booked: Fen = mirrors.iter().map(|entry| entry.booked).sum();
            let (count, month) = (mirrors.len(), &entry.month);
            terminal.say(match terminal.lang {
                Lang::En => format!("{count} entries of {booked} yuan in {month}"),
                Lang::Zh => format!("{month}冲正{count}笔，合计{booked}元"),
            });
            Ok(Ending::NO_FINDINGS)
        }
        SettleCommand::Adjust { amount, entry } => {
            let written = api::settle_adjust(&request_of(entry), *amount)?;
            let (booked, month) = (written.booked, &entry.month);
            terminal.say(match terminal.lang {
                Lang::En => format!("an entry of {booked} yuan in {month}"),
                Lang::Zh => format!("{month}差额调整{booked}元"),
            });
            Ok(Ending::NO_FINDINGS)
        }
        SettleCommand::Advance {
            ledger,
            pool,
            hospital,
            amount,
            day,
            author,
        } => {
            api::settle_advance(ledger, pool, hospital, *amount, day, author)?;
            Ok(Ending::NO_FINDINGS)
        }
        SettleCommand::Statement {
            ledger,
            pool,
            year,
            hospital,
            output,
        } => {
            let request = StatementRequest {
                ledger: ledger.clone(),
                pool: pool.clone(),
                year: year.clone(),
                hospital: hospital.clone(),
                output: output.file.clone(),
            };
            api::settle_statement(&request, terminal.lang)?;
            Ok(Ending::NO_FINDINGS)
        }
    }
}

/// `settle compare …`; whatever differs is a finding.
fn compare(of: &CompareArguments, terminal: &Terminal) -> Result<Ending> {
    let request = CompareRequest {
        ours: of.ours.clone(),
        theirs: of.theirs.clone(),
        mapping: of.mapping.clone(),
        output: of.output.clone(),
    };
    let comparison = api::compare(&request, terminal.lang)?;
    for (column, sums) in &comparison.sums {
        let name = if column.is_empty() {
            terminal.lang.pick("cases", "病例")
        } else {
            column
        };
        let counted = sums
            .counts
            .iter()
            .map(|(verdict, count)| format!("{} {count}", verdict.as_str()));
        let counted: Vec<String> = counted.collect();
        let difference = sums
            .money
            .map_or_else(String::new, |(ours, theirs)| match terminal.lang {
                Lang::En => format!("; ours less theirs {} yuan", ours - theirs),
                Lang::Zh => format!("；我方减回盘{}元", ours - theirs),
            });
        let part = match sums.complete() {
            true => "",
            false => terminal.lang.pick("; not complete", "；不完整"),
        };
        terminal.say(format!("{name}: {}{difference}{part}", counted.join(", ")));
    }
    let label = terminal.lang.pick("written to", "结果写入");
    terminal.say(format!("{label} {}", of.output.display()));
    Ok(Ending {
        findings: !comparison.differing.is_empty(),
    })
}

fn request_of(entry: &EntryArguments) -> EntryRequest {
    EntryRequest {
        ledger: entry.ledger.clone(),
        pool: entry.pool.clone(),
        case: entry.case.clone(),
        hospital: entry.hospital.clone(),
        month: entry.month.clone(),
        reason: entry.reason.clone(),
        author: entry.author.clone(),
    }
}

fn settle_request(of: &LedgerArguments, output: std::path::PathBuf) -> Result<SettleRequest> {
    let (_, intake) = of
        .reading
        .of(std::slice::from_ref(&of.scenario), Some(&of.tables))?;
    Ok(SettleRequest {
        scenario: of.scenario.clone(),
        records: of.records.clone(),
        intake,
        tables: of.tables.tables.clone(),
        ledger: of.ledger.clone(),
        accepted: of.accept_evidence,
        author: of.author.clone(),
        output,
    })
}

fn post_month(month: &MonthArguments, terminal: &Terminal) -> Result<Ending> {
    let request = settle_request(&month.of, month.output.file.clone())?;
    let done = watched_all(terminal, &[], |watch| {
        api::settle_month(&request, &month.month, &month.price, watch)
    })?;
    for (pool, posted) in &done.posted {
        let cases: u32 = posted.hospitals.iter().map(|row| row.cases).sum();
        let booked: Fen = posted.hospitals.iter().map(|row| row.booking.booked).sum();
        let (month, hash) = (&posted.closed.month, &posted.closed.hash);
        terminal.say(match (terminal.lang, posted.already) {
            (Lang::En, false) => {
                format!("{pool} {month}: {cases} cases, {booked} yuan booked, closed; hash {hash}")
            }
            (Lang::En, true) => {
                format!("{pool} {month}: closed before by the same cases, nothing written; hash {hash}")
            }
            (Lang::Zh, false) => format!("{pool} {month}：{cases}例，入账{booked}元，已关账；哈希 {hash}"),
            (Lang::Zh, true) => format!("{pool} {month}：此前已按同样病例关账，未写入；哈希 {hash}"),
        });
    }
    if let Some(differ) = &done.scores_differ {
        terminal.say(differ.words(terminal.lang));
    }
    if let Some(day) = done.pay_by {
        let month = &month.month;
        terminal.say(match terminal.lang {
            Lang::En => format!("{month} is to be paid by {day}"),
            Lang::Zh => format!("{month}应于{day}前拨付"),
        });
    }
    for key in &done.rejected {
        terminal.say(match terminal.lang {
            Lang::En => format!(
                "case {} of hospital {}, discharged {}, came too late: not taken",
                key.case_id, key.hospital, key.discharge
            ),
            Lang::Zh => format!(
                "病例{}（医院{}，{}出院）迟报，未受理",
                key.case_id, key.hospital, key.discharge
            ),
        });
    }
    Ok(Ending {
        findings: !done.rejected.is_empty(),
    })
}

fn clear_year(year: &YearArguments, terminal: &Terminal) -> Result<Ending> {
    let request = YearRequest {
        settle: settle_request(&year.of, year.output.clone())?,
        assessments: year.assess.clone(),
        violations: year.violation.clone(),
        decisions: year.decisions.clone(),
        changes: year.change.clone(),
        carveouts: year.carveout.clone(),
        reserves: year.reserve.clone(),
        lock: year.lock,
    };
    let done = api::settle_year(&request, terminal.lang)?;
    for ((settlement, rows), cleared) in done.pools.iter().zip(&done.cleared) {
        let clearing: Fen = rows.iter().map(|row| row.net.clearing).sum();
        let (pool, hospitals) = (&settlement.pool, rows.len());
        let state = match cleared {
            Cleared::Prepared => terminal.lang.pick("prepared", "已生成"),
            Cleared::Locked => terminal.lang.pick("locked", "已锁定"),
            Cleared::Already => terminal.lang.pick("locked before, the same", "此前已锁定，一致"),
        };
        terminal.say(match terminal.lang {
            Lang::En => format!("{pool}: {hospitals} hospitals, still to be paid {clearing} yuan; {state}"),
            Lang::Zh => format!("{pool}：{hospitals}家医院，应补付{clearing}元；{state}"),
        });
        for reviewed in settlement
            .reviewed
            .iter()
            .filter(|reviewed| !reviewed.within_quota)
        {
            let (case, hospital) = (&reviewed.case, &reviewed.hospital);
            terminal.say(match terminal.lang {
                Lang::En => {
                    format!(
                        "case {case} of hospital {hospital} is beyond the quota of reviews: paid as its kind"
                    )
                }
                Lang::Zh => format!("病例{case}（医院{hospital}）超出特例单议限额，按原类型付费"),
            });
        }
        settlement
            .warnings
            .iter()
            .for_each(|warning| terminal.say(warning));
    }
    let label = terminal.lang.pick("written to", "结果写入");
    terminal.say(format!("{label} {}", year.output.display()));
    Ok(Ending {
        findings: done
            .pools
            .iter()
            .any(|(settlement, _)| !settlement.warnings.is_empty()),
    })
}
