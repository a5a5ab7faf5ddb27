//! Dates, days and money of the stay, and how single cells are read.

use jiff::civil::Date;

use super::Checker;
use super::found::Hit;
use crate::codes::is_placeholder;
use crate::diagnostics::Lang;
use crate::records::case::FeeSplit;
use crate::records::cells::{day_number, read_number, read_serial_date};
use crate::records::{Column, read_date};
use crate::units::Fen;

/// What a cell holds.
pub(super) enum Read<T> {
    Empty,
    Placeholder,
    Value(T),
    /// Restored without doubt.
    Restored(T),
    /// Not what it should be.
    Other,
}

pub(super) fn read_number_cell(cell: &str) -> Read<i64> {
    match cell.trim() {
        "" => Read::Empty,
        cell if is_placeholder(cell) => Read::Placeholder,
        cell => read_number(cell).map_or(Read::Other, Read::Value),
    }
}

pub(super) fn read_date_cell(cell: &str) -> Read<Date> {
    match cell.trim() {
        "" => Read::Empty,
        cell if is_placeholder(cell) => Read::Placeholder,
        cell => match (read_date(cell), read_serial_date(cell)) {
            (Some(date), _) => Read::Value(date),
            (None, Some(date)) => Read::Restored(date),
            (None, None) => Read::Other,
        },
    }
}

impl Checker<'_> {
    pub(super) fn read_stay(&mut self) {
        self.case.numbers.los = self.number(Column::LosDays);
        self.case.numbers.icu_hours = self.number(Column::IcuHours);
        self.case.numbers.amount = self.amount(Column::TotalFee).map(Fen::fen);
        self.case.admit = self.date(Column::AdmitDate);
        self.case.discharge = self.date(Column::DischargeDate);
        if let (Some(admit), Some(discharge)) = (self.case.admit, self.case.discharge) {
            self.check_dates(admit, discharge);
        }
    }

    fn check_dates(&mut self, admit: Date, discharge: Date) {
        if discharge < admit {
            let expected = match self.lang {
                Lang::En => format!("a day from {admit} (admission) on"),
                Lang::Zh => format!("不早于入院日期{admit}"),
            };
            let hit = Hit::of("D601").at(Column::DischargeDate);
            return self.note(hit.value(discharge.to_string()).expected(expected));
        }
        let days = (day_number(discharge) - day_number(admit)).max(1);
        match self.case.numbers.los {
            None => self.case.numbers.los = Some(days * 100),
            Some(los) if los != days * 100 && self.asks_all() => {
                let expected = match self.lang {
                    Lang::En => format!("{days}, from the dates of admission and discharge"),
                    Lang::Zh => format!("按入院、出院日期应为{days}"),
                };
                self.note(Hit::of("D602").at(Column::LosDays).expected(expected));
            }
            Some(_) => {}
        }
    }

    /// The bill: for money its four parts must be there and sum to the total.
    pub(super) fn read_money(&mut self, for_money: bool) {
        let is_there = self.ready.header.field(Column::TotalFee).is_some();
        let total = self.case.total_fee().filter(|total| *total > Fen::ZERO);
        let Some(total) = total else {
            if for_money || is_there {
                self.note(Hit::of("M971").at(Column::TotalFee));
            }
            return;
        };
        if !for_money {
            return;
        }
        let parts = [Column::FeeOwn, Column::FeeOver, Column::FeePre, Column::FeeScope];
        let [own, over, pre, scope] = parts.map(|column| self.amount(column));
        let split = own.zip(over).zip(pre.zip(scope));
        match split {
            Some(((own, over), (pre, scope))) if own + over + pre + scope == total => {
                self.case.fees = Some(FeeSplit {
                    total,
                    own,
                    over,
                    pre,
                    scope,
                });
            }
            _ => {
                let sum = parts_sum(split, self.lang);
                let expected = match self.lang {
                    Lang::En => format!("fee_own + fee_over + fee_pre + fee_scope = {total}; {sum}"),
                    Lang::Zh => format!("全自费+超限价自费+先行自付+政策范围内费用={total}；{sum}"),
                };
                self.note(Hit::of("M979").at(Column::TotalFee).expected(expected));
            }
        }
    }

    /// A number cell in hundredths; what is none becomes a finding and counts as empty.
    pub(super) fn number(&mut self, column: Column) -> Option<i64> {
        let read = read_number_cell(self.cell(column));
        self.taken(read, column, None, "F007")
    }

    /// A date cell; what is none becomes a finding and counts as empty.
    pub(super) fn date(&mut self, column: Column) -> Option<Date> {
        let read = read_date_cell(self.cell(column));
        self.taken_date(read, column, None)
    }

    pub(super) fn taken_date(
        &mut self,
        read: Read<Date>,
        column: Column,
        slot: Option<usize>,
    ) -> Option<Date> {
        match read {
            Read::Restored(date) if self.ready.limits.serial_dates => {
                let hit = self.slot_hit("F008", column, slot).expected(date.to_string());
                self.note(hit.repaired());
                Some(date)
            }
            Read::Restored(_) => self.taken(Read::Other, column, slot, "F008"),
            read => self.taken(read, column, slot, "F008"),
        }
    }

    /// The value of a cell or of one slot of it; placeholders and others are noted.
    pub(super) fn taken<T>(
        &mut self,
        read: Read<T>,
        column: Column,
        slot: Option<usize>,
        other: &'static str,
    ) -> Option<T> {
        match read {
            Read::Value(value) | Read::Restored(value) => return Some(value),
            Read::Empty => {}
            Read::Placeholder => {
                if self.asks_all() {
                    let hit = self.slot_hit("F004", column, slot);
                    self.note(hit.emptied());
                }
            }
            Read::Other => {
                let hit = self.slot_hit(other, column, slot);
                self.note(hit.emptied());
            }
        }
        None
    }

    /// A hit at a cell, or at one slot of it.
    pub(super) fn slot_hit(&self, code: &'static str, column: Column, slot: Option<usize>) -> Hit {
        let hit = Hit::of(code).at(column);
        match slot {
            None => hit,
            Some(slot) => {
                let value = self.cell(column).split('|').nth(slot).unwrap_or("").trim();
                hit.slot(slot).value(value)
            }
        }
    }

    pub(super) fn amount(&mut self, column: Column) -> Option<Fen> {
        let amount = Fen::new(self.number(column)?).of_a_cell();
        if amount.is_none() {
            let expected = self
                .lang
                .pick("yuan, at most 1000000000.00", "元，不超过1000000000.00");
            self.note(Hit::of("F007").at(column).expected(expected).emptied());
        }
        amount
    }
}

/// What the four parts of a bill come to.
fn parts_sum(split: Option<((Fen, Fen), (Fen, Fen))>, lang: Lang) -> String {
    match (split, lang) {
        (Some(((own, over), (pre, scope))), Lang::En) => format!("they sum to {}", own + over + pre + scope),
        (Some(((own, over), (pre, scope))), Lang::Zh) => format!("实为{}", own + over + pre + scope),
        (None, Lang::En) => "not all of them are there".to_owned(),
        (None, Lang::Zh) => "其中有缺项".to_owned(),
    }
}
