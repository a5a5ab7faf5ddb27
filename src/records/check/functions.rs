//! The edits that are no condition on single cells: a small function each, found by its code.

use super::conditions::View;
use super::found::Hit;
use crate::diagnostics::{Lang, Severity};
use crate::records::cells::{day_number, full_years, read_moment, read_number};
use crate::records::edits::Parameters;
use crate::records::{Column, plain_number, read_date};

/// Looks at a row and adds its hits.
pub(in crate::records) type EditFunction = fn(&View<'_>, &Parameters, &mut Vec<Hit>);

/// By code.
const FUNCTIONS: [(&str, EditFunction); 26] = [
    ("F005", damaged_ids),
    ("F011", gaps),
    ("C105", names),
    ("C106", other_version),
    ("C109", doubled_diagnoses),
    ("C110", doubled_procedures),
    ("A403", age_of_dates),
    ("A405", days_of_years),
    ("A407", months_for_days),
    ("B502", birth_weights),
    ("B503", admission_weight),
    ("B504", weight_steps),
    ("B505", kilograms),
    ("B507", weights_apart),
    ("D605", procedures_in_stay),
    ("D607", intensive_care),
    ("D609", future_dates),
    ("D610", undated_procedures),
    ("K954", ventilation_in_stay),
    ("K956", nursing_days),
    ("M972", items_of_total),
    ("M973", sub_items),
    ("M975", item_splits),
    ("M976", payers),
    ("M977", surgery_fee),
    ("M978", cost_of_day),
];

/// The edits asked while the row is read.
const WHILE_READING: [&str; 27] = [
    "F001", "F002", "F003", "F004", "F006", "F007", "F008", "F009", "F010", "F012", "F014", "C101", "C102",
    "C103", "C104", "C107", "C108", "X301", "A401", "A402", "A404", "A406", "B501", "D601", "D602", "M971",
    "M979",
];

/// The function of an edit.
pub(in crate::records) fn function(code: &str) -> Option<EditFunction> {
    let found = FUNCTIONS.iter().find(|(known, _)| *known == code);
    found.map(|(_, function)| *function)
}

/// Whether an edit is asked while the row is read.
pub(in crate::records) fn is_asked_while_reading(code: &str) -> bool {
    WHILE_READING.contains(&code)
}

// ---- format and codes --------------------------------------------------------------------------

/// Identifiers in the notation of floating-point numbers.
fn damaged_ids(view: &View<'_>, _: &Parameters, hits: &mut Vec<Hit>) {
    for column in [
        Column::CaseId,
        Column::RecordNo,
        Column::Hospital,
        Column::EncounterId,
        Column::SettlementId,
    ] {
        let cell = view.cell(column);
        let is_damaged = cell.split_once("E+").is_some_and(|(number, exponent)| {
            let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
            digits(exponent) && digits(&number.replacen('.', "", 1))
        });
        if is_damaged {
            hits.push(Hit::of("F005").at(column));
        }
    }
}

/// Empty slots before filled ones, and codes and names that stand alone.
fn gaps(view: &View<'_>, _: &Parameters, hits: &mut Vec<Hit>) {
    let lists = [
        (Column::Diagnoses, Column::DiagnosisNames, 1),
        (Column::Procedures, Column::ProcedureNames, 0),
    ];
    for (codes, names, first) in lists {
        let (mut gap, mut last) = (None, 0);
        for (slot, code) in view.slots(codes).enumerate() {
            match code {
                "" if slot >= first => gap = gap.or(Some(slot)),
                "" => {}
                _ => last = slot,
            }
        }
        if let Some(gap) = gap.filter(|gap| *gap < last) {
            hits.push(Hit::of("F011").at(codes).slot(gap).value(""));
        }
        standing_alone(view, (codes, names), hits);
    }
}

/// Codes without a name, and names without a code, where there are names at all.
fn standing_alone(view: &View<'_>, (codes, names): (Column, Column), hits: &mut Vec<Hit>) {
    if view.cell(names).is_empty() {
        return;
    }
    let (mut all_codes, mut all_names) = (view.slots(codes), view.slots(names));
    for slot in 0.. {
        let (code, name) = match (all_codes.next(), all_names.next()) {
            (None, None) => return,
            (code, name) => (code.unwrap_or(""), name.unwrap_or("")),
        };
        let is_missing_principal = codes == Column::Diagnoses && slot == 0 && code.is_empty();
        if code.is_empty() != name.is_empty() && !is_missing_principal {
            let alone = if code.is_empty() { names } else { codes };
            hits.push(Hit::of("F011").at(alone).slot(slot).value(code));
        }
    }
}

/// A record that names another version than its file.
fn other_version(view: &View<'_>, _: &Parameters, hits: &mut Vec<Hit>) {
    let (written, declared) = (view.cell(Column::CodeVersion), view.codes.version.as_str());
    let is_mapped = view.codes.map.is_some(); // told when the row was mapped
    if !is_mapped && !written.is_empty() && !declared.is_empty() && written != declared {
        hits.push(Hit::of("C106").at(Column::CodeVersion).expected(declared));
    }
}

/// Names are compared after folding widths and leaving out blanks.
fn folded(name: &str) -> String {
    let fold = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => u32::from(c)
            .checked_sub(0xfee0)
            .and_then(char::from_u32)
            .unwrap_or(c),
        _ => c,
    };
    name.chars().filter(|c| !c.is_whitespace()).map(fold).collect()
}

fn names(view: &View<'_>, _: &Parameters, hits: &mut Vec<Hit>) {
    let lists = [
        (
            true,
            Column::Diagnoses,
            Column::DiagnosesWritten,
            Column::DiagnosisNames,
        ),
        (
            false,
            Column::Procedures,
            Column::ProceduresWritten,
            Column::ProcedureNames,
        ),
    ];
    for (is_diagnosis, mapped, written, names) in lists {
        let map = view.codes.map.as_deref();
        let codes = if map.is_some() { written } else { mapped };
        let list = if is_diagnosis {
            view.book.diagnoses()
        } else {
            view.book.procedures()
        };
        for (slot, name) in view.slots(names).enumerate().filter(|(_, name)| !name.is_empty()) {
            let code = view.slot(codes, slot);
            let of_map = map.and_then(|map| map.name(code, is_diagnosis));
            let expected = of_map.or_else(|| list.name(view.slot(mapped, slot)));
            let Some(expected) = expected.filter(|expected| *expected != name) else {
                continue;
            };
            if !code.is_empty() && folded(expected) != folded(name) {
                let severity = map.map(|_| Severity::Warning);
                hits.push(
                    Hit::of("C105")
                        .at(names)
                        .slot(slot)
                        .expected(expected)
                        .severity(severity),
                );
            }
        }
    }
}

fn doubled_diagnoses(view: &View<'_>, _: &Parameters, hits: &mut Vec<Hit>) {
    for (slot, code) in view.case.diagnoses().enumerate() {
        if !code.is_empty() && view.case.diagnoses().take(slot).any(|before| before == code) {
            hits.push(Hit::of("C109").at(Column::Diagnoses).slot(slot).value(code));
        }
    }
}

fn doubled_procedures(view: &View<'_>, _: &Parameters, hits: &mut Vec<Hit>) {
    let dated: Vec<(&str, &str)> = view
        .slots(Column::Procedures)
        .zip(view.slots(Column::ProcedureStarts))
        .collect();
    for (slot, (code, start)) in dated.iter().enumerate() {
        let before = dated.iter().take(slot);
        if !code.is_empty()
            && !start.is_empty()
            && before.filter(|other| **other == (*code, *start)).count() > 0
        {
            hits.push(Hit::of("C110").at(Column::Procedures).slot(slot).value(*code));
        }
    }
}

// ---- age and newborns --------------------------------------------------------------------------

fn years_at_admission(view: &View<'_>) -> Option<i64> {
    full_years(read_date(view.cell(Column::BirthDate))?, view.case.admit()?)
}

fn age_of_dates(view: &View<'_>, _: &Parameters, hits: &mut Vec<Hit>) {
    let written = read_number(view.cell(Column::Age));
    if let (Some(years), Some(age)) = (years_at_admission(view), written)
        && years * 100 != age
    {
        let expected = match view.lang {
            Lang::En => format!("{years}, from birth and admission date"),
            Lang::Zh => format!("按出生日期、入院日期为{years}"),
        };
        hits.push(Hit::of("A403").at(Column::Age).expected(expected));
    }
}

/// Days beside full years: within 0.6 years of the middle of that year of life.
fn days_of_years(view: &View<'_>, _: &Parameters, hits: &mut Vec<Hit>) {
    let (age, Some(days)) = (view.case.age(), view.number(Column::AgeDays)) else {
        return;
    };
    // in thousandths of days: 365.25 and 0.5, 0.6 of it
    let apart = days * 10 - age * 3_652 - age / 2 - 182_625;
    if age >= 100 && apart.abs() > 219_150 {
        hits.push(Hit::of("A405").at(Column::AgeDays));
    }
}

fn months_for_days(view: &View<'_>, _: &Parameters, hits: &mut Vec<Hit>) {
    let written = read_number(view.cell(Column::AgeDays)).map(|days| days / 100);
    let (Some(days), Some(birth), Some(admit)) = (
        written,
        read_date(view.cell(Column::BirthDate)),
        view.case.admit(),
    ) else {
        return;
    };
    let by_dates = day_number(admit) - day_number(birth);
    if (1..=11).contains(&days) && by_dates > 31 && (by_dates - days * 30).abs() <= 31 {
        let expected = match view.lang {
            Lang::En => format!("{by_dates} days, from birth and admission date"),
            Lang::Zh => format!("按出生日期、入院日期为{by_dates}天"),
        };
        hits.push(Hit::of("A407").at(Column::AgeDays).expected(expected));
    }
}

/// Every weight in grams, kilograms left out, with its column and slot.
fn weights<'v>(view: &'v View<'_>) -> impl Iterator<Item = (Column, usize, i64)> + 'v {
    [Column::BirthWeightsG, Column::AdmitWeightG]
        .into_iter()
        .flat_map(move |column| {
            let slots = view.slots(column).enumerate();
            slots.filter_map(move |(slot, cell)| {
                Some((column, slot, read_number(cell).filter(|weight| *weight > 0)?))
            })
        })
}

fn weight_hit(code: &'static str, column: Column, slot: usize, weight: i64) -> Hit {
    let hit = Hit::of(code).at(column).value(plain_number(weight));
    if column == Column::BirthWeightsG {
        hit.slot(slot)
    } else {
        hit
    }
}

/// Outside the wide limits an error, outside the narrow ones a warning.
fn weight_limits(view: &View<'_>, of: Column, code: &'static str, limits: &Parameters, hits: &mut Vec<Hit>) {
    let [low, high, least, most] =
        ["error_min", "error_max", "warning_min", "warning_max"].map(|name| limits.get(name));
    for (column, slot, weight) in
        weights(view).filter(|(column, _, weight)| *column == of && *weight >= 1_000)
    {
        let (severity, range) = if !(low..=high).contains(&weight) {
            (None, [low, high])
        } else if !(least..=most).contains(&weight) {
            (Some(Severity::Warning), [least, most])
        } else {
            continue;
        };
        let [from, to] = range.map(plain_number);
        let expected = match view.lang {
            Lang::En => format!("{from} to {to} grams"),
            Lang::Zh => format!("{from}至{to}克"),
        };
        hits.push(
            weight_hit(code, column, slot, weight)
                .expected(expected)
                .severity(severity),
        );
    }
}

fn birth_weights(view: &View<'_>, limits: &Parameters, hits: &mut Vec<Hit>) {
    weight_limits(view, Column::BirthWeightsG, "B502", limits, hits);
}

fn admission_weight(view: &View<'_>, limits: &Parameters, hits: &mut Vec<Hit>) {
    weight_limits(view, Column::AdmitWeightG, "B503", limits, hits);
}

fn weight_steps(view: &View<'_>, parameters: &Parameters, hits: &mut Vec<Hit>) {
    let step = parameters.get("step").max(1);
    let odd = weights(view).filter(|(_, _, weight)| *weight >= 1_000 && weight % step != 0);
    hits.extend(odd.map(|(column, slot, weight)| weight_hit("B504", column, slot, weight)));
}

fn kilograms(view: &View<'_>, _: &Parameters, hits: &mut Vec<Hit>) {
    let small = weights(view).filter(|(_, _, weight)| *weight < 1_000);
    hits.extend(small.map(|(column, slot, weight)| weight_hit("B505", column, slot, weight).emptied()));
}

fn weights_apart(view: &View<'_>, parameters: &Parameters, hits: &mut Vec<Hit>) {
    let first = |of: Column| {
        weights(view)
            .find(|(column, _, _)| *column == of)
            .map(|(_, _, weight)| weight)
    };
    let is_newborn = view.case.age() == 0 && view.case.age_days().is_some_and(|days| days <= 2_800);
    if let (true, Some(birth), Some(admission)) = (
        is_newborn,
        first(Column::BirthWeightsG),
        first(Column::AdmitWeightG),
    ) && (admission - birth).abs() * 100 > birth * parameters.get("share")
    {
        hits.push(Hit::of("B507").at(Column::AdmitWeightG));
    }
}

// ---- dates -------------------------------------------------------------------------------------

fn procedures_in_stay(view: &View<'_>, parameters: &Parameters, hits: &mut Vec<Hit>) {
    let (Some(admit), Some(discharge)) = (view.case.admit(), view.case.discharge()) else {
        return;
    };
    let is_emergency = view.cell(Column::AdmitRoute) == "1";
    for (slot, start) in view.slots(Column::ProcedureStarts).enumerate() {
        let Some(day) = read_date(start) else { continue };
        let early = day_number(admit) - day_number(day);
        if early <= 0 && day <= discharge {
            continue;
        }
        let severity = (is_emergency && early > 0 && early * 100 <= parameters.get("days_before"))
            .then_some(Severity::Warning);
        let expected = match view.lang {
            Lang::En => format!("a day from {admit} to {discharge}"),
            Lang::Zh => format!("{admit}至{discharge}"),
        };
        hits.push(
            Hit::of("D605")
                .at(Column::ProcedureStarts)
                .slot(slot)
                .value(start)
                .expected(expected)
                .severity(severity),
        );
    }
}

fn intensive_care(view: &View<'_>, _: &Parameters, hits: &mut Vec<Hit>) {
    let (Some(admit), Some(discharge)) = (view.case.admit(), view.case.discharge()) else {
        return;
    };
    for (slot, stay) in view.slots(Column::IcuStays).enumerate() {
        let mut parts = stay.split(';').skip(1).map(str::trim);
        let (entered, left) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
        let before = read_date(entered).is_some_and(|day| day < admit);
        let after = read_date(left).is_some_and(|day| day > discharge);
        let turned = matches!((read_moment(entered), read_moment(left)), (Some(from), Some(to)) if to < from);
        if before || after || turned {
            hits.push(Hit::of("D607").at(Column::IcuStays).slot(slot));
        }
    }
}

fn future_dates(view: &View<'_>, _: &Parameters, hits: &mut Vec<Hit>) {
    let Some(as_of) = view.book.as_of else { return };
    let expected = match view.lang {
        Lang::En => format!("a day up to {as_of}"),
        Lang::Zh => format!("不晚于{as_of}"),
    };
    let columns = [
        Column::BirthDate,
        Column::AdmitDate,
        Column::DischargeDate,
        Column::ProcedureStarts,
        Column::ProcedureEnds,
    ];
    for column in columns {
        let late = |cell: &&str| read_date(cell).is_some_and(|day| day > as_of);
        if let Some(late) = view.slots(column).find(late) {
            hits.push(Hit::of("D609").at(column).value(late).expected(expected.as_str()));
        }
    }
}

fn undated_procedures(view: &View<'_>, _: &Parameters, hits: &mut Vec<Hit>) {
    for (slot, code) in view.slots(Column::Procedures).enumerate() {
        if !code.is_empty() && view.slot(Column::ProcedureStarts, slot).is_empty() {
            hits.push(Hit::of("D610").at(Column::ProcedureStarts).slot(slot).value(""));
        }
    }
}

// ---- care --------------------------------------------------------------------------------------

/// Hours between admission and discharge, by the days where the times are unknown.
fn ventilation_in_stay(view: &View<'_>, _: &Parameters, hits: &mut Vec<Hit>) {
    let moment = |day: Option<jiff::civil::Date>, time: Column| {
        let minutes = crate::records::cells::read_time(view.cell(time))?;
        Some(day_number(day?) * 1440 + minutes)
    };
    let from = moment(view.case.admit(), Column::AdmitTime);
    let to = moment(view.case.discharge(), Column::DischargeTime);
    let by_times = from.zip(to).map(|(from, to)| (to - from) * 100 / 60);
    let days = view.case.admit().zip(view.case.discharge());
    let by_days = days.map(|(admit, discharge)| (day_number(discharge) - day_number(admit) + 1) * 2_400);
    let (Some(hours), Some(stay)) = (view.number(Column::VentilatorHours), by_times.or(by_days)) else {
        return;
    };
    if hours > stay {
        let most = plain_number(stay.max(0));
        let expected = match view.lang {
            Lang::En => format!("at most the {most} hours of the stay"),
            Lang::Zh => format!("不超过住院的{most}小时"),
        };
        hits.push(Hit::of("K954").at(Column::VentilatorHours).expected(expected));
    }
}

fn nursing_days(view: &View<'_>, _: &Parameters, hits: &mut Vec<Hit>) {
    let sum: i64 = view.slots(Column::NursingDays).filter_map(read_number).sum();
    if view.case.los().is_some_and(|los| sum > los + 100) {
        hits.push(Hit::of("K956").at(Column::NursingDays));
    }
}

// ---- cost --------------------------------------------------------------------------------------

/// `key;amount` of a list.
fn fees<'v>(view: &'v View<'_>, column: Column) -> impl Iterator<Item = (&'v str, i64)> + 'v {
    view.slots(column).filter_map(|entry| {
        let mut parts = entry.split(';').map(str::trim);
        Some((parts.next()?, read_number(parts.next()?)?))
    })
}

fn fee(view: &View<'_>, column: Column, key: &str) -> i64 {
    fees(view, column)
        .filter(|(known, _)| *known == key)
        .map(|(_, amount)| amount)
        .sum()
}

fn items_of_total(view: &View<'_>, parameters: &Parameters, hits: &mut Vec<Hit>) {
    let Some(total) = view.number(Column::TotalFee) else {
        return;
    };
    for column in [Column::FrontFees, Column::ListFees] {
        let is_main = |key: &str| column == Column::ListFees || !key.contains('x');
        let items = fees(view, column).filter(|(key, _)| is_main(key));
        let (count, sum) = items.fold((0, 0), |(count, sum), (_, amount)| (count + 1, sum + amount));
        if count > 0 && (total - sum).abs() > parameters.get("tolerance") {
            let sum = plain_number(sum);
            let expected = match view.lang {
                Lang::En => format!("the sum of the items: {sum}"),
                Lang::Zh => format!("分项之和：{sum}"),
            };
            hits.push(Hit::of("M972").at(Column::TotalFee).expected(expected));
        }
    }
}

/// Items of the front sheet, and the sub-items contained in each.
const SUB_ITEMS: [(&str, &[&str]); 3] = [
    ("D19", &["D19x01"]),
    ("D20", &["D20x01", "D20x02"]),
    ("D23", &["D23x01"]),
];

fn sub_items(view: &View<'_>, _: &Parameters, hits: &mut Vec<Hit>) {
    for (item, parts) in SUB_ITEMS {
        let (whole, part): (i64, i64) = (
            fee(view, Column::FrontFees, item),
            parts.iter().map(|part| fee(view, Column::FrontFees, part)).sum(),
        );
        if part > whole {
            let (parts, whole) = (parts.join(" + "), plain_number(whole));
            let expected = match view.lang {
                Lang::En => format!("{parts} at most {item} = {whole}"),
                Lang::Zh => format!("{parts}不大于{item}={whole}"),
            };
            hits.push(Hit::of("M973").at(Column::FrontFees).expected(expected));
        }
    }
}

fn item_splits(view: &View<'_>, parameters: &Parameters, hits: &mut Vec<Hit>) {
    for (slot, entry) in view.slots(Column::ListFees).enumerate() {
        let numbers: Vec<i64> = entry
            .split(';')
            .skip(1)
            .map(|cell| read_number(cell).unwrap_or(0))
            .collect();
        if let [amount, parts @ ..] = numbers.as_slice()
            && parts.iter().any(|part| *part > 0)
            && (amount - parts.iter().sum::<i64>()).abs() > parameters.get("tolerance")
        {
            hits.push(Hit::of("M975").at(Column::ListFees).slot(slot));
        }
    }
}

fn payers(view: &View<'_>, parameters: &Parameters, hits: &mut Vec<Hit>) {
    let Some(total) = view.number(Column::TotalFee) else {
        return;
    };
    let is_known = !view.cell(Column::FundPaid).is_empty() || view.number(Column::CashPaid).is_some();
    let fund: i64 = fees(view, Column::FundPaid).map(|(_, amount)| amount).sum();
    let own = [Column::AccountPaid, Column::CashPaid].map(|column| view.number(column).unwrap_or(0));
    let sum = fund + own.iter().sum::<i64>();
    if is_known && (total - sum).abs() > parameters.get("tolerance") {
        let sum = plain_number(sum);
        let expected = match view.lang {
            Lang::En => format!("what the payers pay: {sum}"),
            Lang::Zh => format!("各方支付之和：{sum}"),
        };
        hits.push(Hit::of("M976").at(Column::TotalFee).expected(expected));
    }
}

fn surgery_fee(view: &View<'_>, _: &Parameters, hits: &mut Vec<Hit>) {
    let lists = [(Column::FrontFees, "D20x02"), (Column::ListFees, "06")];
    let has_list = lists.iter().any(|(column, _)| !view.cell(*column).is_empty());
    let paid: i64 = lists.iter().map(|(column, key)| fee(view, *column, key)).sum();
    let has_procedure = view.case.procedures().len() > 0;
    let is_great = view
        .slots(Column::ProcedureLevels)
        .any(|level| matches!(level, "3" | "4"));
    if has_list && (paid > 0 && !has_procedure || paid == 0 && is_great && has_procedure) {
        hits.push(Hit::of("M977").at(Column::Procedures).slot(0));
    }
}

fn cost_of_day(view: &View<'_>, parameters: &Parameters, hits: &mut Vec<Hit>) {
    let (Some(total), Some(days)) = (
        view.number(Column::TotalFee),
        view.case.los().filter(|los| *los > 0),
    ) else {
        return;
    };
    let a_day = total.saturating_mul(100) / days;
    if total > 0 && !(parameters.get("min")..=parameters.get("max")).contains(&a_day) {
        hits.push(Hit::of("M978").at(Column::TotalFee));
    }
}
