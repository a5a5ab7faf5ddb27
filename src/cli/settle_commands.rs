//! Months and years in a ledger, and what is said of them.

use super::commands::{Ending, watched_all};
use super::settle_arguments::{
    CompareArguments, EntryArguments, LedgerArguments, MonthArguments, SettleCommand, YearArguments,
};
use super::terminal::Terminal;
use crate::api::{
    self, AdvanceRequest, CompareRequest, EntryRequest, Found, MonthDone, MonthRequest, SettleRequest,
    StatementRequest, YearRequest,
};
use crate::budget::PoolSettlement;
use crate::diagnostics::{Lang, Result};
use crate::ledger::{CaseKey, Cleared, ClearingRow, Posted};
use crate::reports::finding_line;
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
            scenario,
            pool,
            hospital,
            amount,
            day,
            author,
        } => {
            api::settle_advance(&AdvanceRequest {
                ledger: ledger.clone(),
                scenario: scenario.clone(),
                pool: pool.clone(),
                hospital: hospital.clone(),
                amount: *amount,
                day: day.clone(),
                author: author.clone(),
            })?;
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
        discharge: entry.discharge.clone(),
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
        findings: of.findings.clone(),
        leave_out: of.leave_out,
        output,
    })
}

fn post_month(month: &MonthArguments, terminal: &Terminal) -> Result<Ending> {
    let request = MonthRequest {
        settle: settle_request(&month.of, month.output.file.clone())?,
        month: month.month.clone(),
        prices: month.price.clone(),
        again: month.again.clone(),
    };
    let done = watched_all(terminal, &[], |watch| api::settle_month(&request, watch))?;
    say_found(&done.found, &request.settle, Some(&month.month), terminal);
    let findings = done.has_findings();
    if let Some(refusal) = done.refusal {
        return Err(refusal);
    }
    for (pool, posted) in &done.posted {
        say_posted(pool, posted, done.found.left_out.len(), terminal);
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
    say_not_taken(&done, terminal);
    Ok(Ending { findings })
}

fn say_posted(pool: &str, posted: &Posted, left_out: usize, terminal: &Terminal) {
    let cases: u32 = posted.hospitals.iter().map(|row| row.cases).sum();
    let booked: Fen = posted.hospitals.iter().map(|row| row.booking.booked).sum();
    let (month, hash) = (&posted.closed.month, &posted.closed.hash);
    let without = match (terminal.lang, left_out) {
        (_, 0) => String::new(),
        (Lang::En, count) => format!(" without {count} records of all pools that cannot be taken"),
        (Lang::Zh, count) => format!("（各基金池共{count}条记录未受理）"),
    };
    terminal.say(match (terminal.lang, posted.already) {
        (Lang::En, false) => {
            format!("{pool} {month}: {cases} cases, {booked} yuan booked, closed{without}; hash {hash}")
        }
        (Lang::En, true) => {
            format!("{pool} {month}: closed before by the same cases, nothing written; hash {hash}")
        }
        (Lang::Zh, false) => {
            format!("{pool} {month}：{cases}例，入账{booked}元，已关账{without}；哈希 {hash}")
        }
        (Lang::Zh, true) => format!("{pool} {month}：此前已按同样病例关账，未写入；哈希 {hash}"),
    });
}

/// What the records were found to be: counts, and the first findings.
fn say_found(found: &Found, request: &SettleRequest, month: Option<&str>, terminal: &Terminal) {
    let (counts, lang) = (found.counts, terminal.lang);
    let (read, rejected) = (counts.read, counts.rejected);
    let (findings, left_out) = (found.findings.len(), found.left_out.len());
    let of = month.map_or(String::new(), |month| match lang {
        Lang::En => format!("; {left_out} of {month} cannot be taken"),
        Lang::Zh => format!("；{month}有{left_out}条未受理"),
    });
    terminal.say(match lang {
        Lang::En => format!("read {read} records, rejected {rejected}; {findings} findings{of}"),
        Lang::Zh => format!("读入{read}条记录，退回{rejected}；质控问题{findings}项{of}"),
    });
    for finding in found.findings.iter().take(MOST_SHOWN) {
        terminal.say(finding_line(finding, lang));
    }
    match &request.findings {
        Some(path) => terminal.say(format!(
            "{} {}",
            lang.pick("all findings in", "全部质控问题见"),
            path.display()
        )),
        None if findings > MOST_SHOWN => terminal.say(match lang {
            Lang::En => format!(
                "… and {} more; `--findings FILE` writes all of them",
                findings - MOST_SHOWN
            ),
            Lang::Zh => format!("……另有{}项；`--findings 文件`可写出全部", findings - MOST_SHOWN),
        }),
        None => {}
    }
}

/// How many findings, or cases of one fate, are shown.
const MOST_SHOWN: usize = 10;

/// Cases that were not posted, or that are not what was posted.
fn say_not_taken(done: &MonthDone, terminal: &Terminal) {
    let lang = terminal.lang;
    say_keys(
        &done.rejected,
        lang.pick("came too late: not taken", "迟报，未受理"),
        terminal,
    );
    say_keys(
        &done.corrected,
        lang.pick(
            "was reversed; its corrected list is posted",
            "此前已冲正，更正后的清单已入账",
        ),
        terminal,
    );
    say_keys(
        &done.unchanged,
        lang.pick(
            "was reversed and its list is what it was: not posted; `--again HOSPITAL/CASE_ID/DATE` posts it all the same",
            "此前已冲正，清单未更正，未入账；`--again 机构/病例号/日期`可照样入账",
        ),
        terminal,
    );
    say_keys(
        &done.changed,
        lang.pick(
            "stands in a closed month with another list: nothing is rewritten; reverse it, then post the list",
            "已在关账月份按另一份清单入账，不改写；请先冲正再入账",
        ),
        terminal,
    );
    let elsewhere: Vec<CaseKey> = done.elsewhere.iter().map(|(key, _)| key.clone()).collect();
    say_keys(
        &elsewhere,
        lang.pick(
            "stands in another pool: not posted; reverse it there first",
            "已在另一基金池入账，未再入账；请先在该池冲正",
        ),
        terminal,
    );
}

fn say_keys(keys: &[CaseKey], what: &str, terminal: &Terminal) {
    for key in keys.iter().take(MOST_SHOWN) {
        terminal.say(match terminal.lang {
            Lang::En => format!(
                "case {} of hospital {}, discharged {}, {what}",
                key.case_id, key.hospital, key.discharge
            ),
            Lang::Zh => format!(
                "病例{}（医院{}，{}出院）{what}",
                key.case_id, key.hospital, key.discharge
            ),
        });
    }
    if keys.len() > MOST_SHOWN {
        let more = keys.len() - MOST_SHOWN;
        terminal.say(match terminal.lang {
            Lang::En => format!("… and {more} more: {what}"),
            Lang::Zh => format!("……另有{more}例：{what}"),
        });
    }
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
    let done = watched_all(terminal, &[], |watch| api::settle_year(&request, watch))?;
    say_found(&done.found, &request.settle, None, terminal);
    for gap in &done.gaps {
        terminal.say(match terminal.lang {
            Lang::En => format!("!! PREVIEW, nothing is kept: {gap}"),
            Lang::Zh => format!("!! 预览，未登记：{gap}"),
        });
    }
    for ((settlement, rows), (cleared, differences)) in
        done.pools.iter().zip(done.cleared.iter().zip(&done.differences))
    {
        say_cleared((settlement, rows), *cleared, *differences, terminal);
    }
    let label = terminal.lang.pick("written to", "结果写入");
    terminal.say(format!("{label} {}", year.output.display()));
    let warned = done
        .pools
        .iter()
        .any(|(settlement, _)| !settlement.warnings.is_empty());
    Ok(Ending {
        findings: warned || !done.gaps.is_empty() || done.found.has_findings(),
    })
}

fn say_cleared(
    (settlement, rows): (&PoolSettlement, &[ClearingRow]),
    cleared: Cleared,
    differences: usize,
    terminal: &Terminal,
) {
    let clearing: Fen = rows.iter().map(|row| row.net.clearing).sum();
    let (pool, hospitals) = (&settlement.pool, rows.len());
    let state = match cleared {
        Cleared::Preview => terminal.lang.pick("a preview, not kept", "预览，未登记"),
        Cleared::Prepared => terminal.lang.pick("prepared", "已生成"),
        Cleared::Locked => terminal.lang.pick("locked", "已锁定"),
        Cleared::Already => terminal.lang.pick("locked before, the same", "此前已锁定，一致"),
    };
    terminal.say(match terminal.lang {
        Lang::En => format!(
            "{pool}: {hospitals} hospitals, {differences} entries by the whole year's records, still to be paid \
             {clearing} yuan; {state}"
        ),
        Lang::Zh => {
            format!("{pool}：{hospitals}家医院，按全年数据重算差额{differences}笔，应补付{clearing}元；{state}")
        }
    });
    for reviewed in settlement
        .reviewed
        .iter()
        .filter(|reviewed| !reviewed.within_quota)
    {
        let (case, hospital) = (&reviewed.case, &reviewed.hospital);
        terminal.say(match terminal.lang {
            Lang::En => {
                format!("case {case} of hospital {hospital} is beyond the quota of reviews: paid as its kind")
            }
            Lang::Zh => format!("病例{case}（医院{hospital}）超出特例单议限额，按原类型付费"),
        });
    }
    settlement
        .warnings
        .iter()
        .for_each(|warning| terminal.say(warning));
}
