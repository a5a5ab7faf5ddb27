//! A checked case.

use jiff::civil::Date;

use crate::units::Fen;

/// A span of the case's text.
pub(super) type Span = (u32, u32);

/// One inpatient stay as checked (病例): what holds of it was tested once, by the reader.
///
/// Codes are in normal form, the principal first; the principal diagnosis is there; sex is 1
/// or 2; the age is known. Numbers of the condition language are in hundredths, so that grams,
/// days, hours and yuan compare exactly.
#[derive(Debug, Default)]
pub struct Case {
    pub(super) text: String,
    pub(super) diagnoses: Vec<Span>,
    pub(super) procedures: Vec<Span>,
    pub(super) case_id: Span,
    pub(super) hospital: Span,
    pub(super) person: Span,
    pub(super) insured_scheme: Span,
    pub(super) department: Span,
    pub(super) discharge_status: Span,
    pub(super) front_fees: Span,
    pub(super) sex: u8,
    pub(super) numbers: Numbers,
    pub(super) admit: Option<Date>,
    pub(super) discharge: Option<Date>,
    pub(super) fees: Option<FeeSplit>,
    pub(super) stops_money: bool,
}

/// A bill by what the insurance makes of it (费用构成); the four parts sum to the total.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeeSplit {
    /// Total fee (总费用).
    pub total: Fen,
    /// Out of the list (全自费).
    pub own: Fen,
    /// Above a price limit (超限价自费).
    pub over: Fen,
    /// First own payment (先行自付).
    pub pre: Fen,
    /// In scope (政策范围内费用).
    pub scope: Fen,
}

/// What conditions compare of a case (数值项), in hundredths: years, days, grams, days, hours, yuan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Numbers {
    /// Full years at admission.
    pub age: i64,
    /// Days since birth.
    pub age_days: Option<i64>,
    /// Grams; never zero.
    pub weight: Option<i64>,
    /// Days of stay.
    pub los: Option<i64>,
    /// Hours in intensive care.
    pub icu_hours: Option<i64>,
    /// Total fee.
    pub amount: Option<i64>,
}

macro_rules! text_fields {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        $($(#[$doc])*
        pub fn $name(&self) -> &str {
            self.span(self.$name)
        })*
    };
}

impl Case {
    fn span(&self, (start, end): Span) -> &str {
        self.text.get(start as usize..end as usize).unwrap_or("")
    }

    text_fields! {
        /// Identifier of the stay (病例标识).
        case_id;
        /// Code of the hospital (医疗机构代码); may be empty outside money.
        hospital;
        /// The insurer's number of the person (人员编号); may be empty outside money.
        person;
        /// `employee` or `resident` (险种).
        insured_scheme;
        /// Department of discharge (出院科别).
        department;
        /// Discharge status (离院方式).
        discharge_status;
        /// Items of the front sheet's bill, `D11;420.00|D23;96.50` (首页费用分类).
        front_fees;
    }

    /// Diagnoses, the principal first; never empty.
    pub fn diagnoses(&self) -> impl ExactSizeIterator<Item = &str> + Clone {
        self.diagnoses.iter().map(|span| self.span(*span))
    }

    /// Procedures, the principal first.
    pub fn procedures(&self) -> impl ExactSizeIterator<Item = &str> + Clone {
        self.procedures.iter().map(|span| self.span(*span))
    }

    /// 1 male, 2 female.
    pub const fn sex(&self) -> u8 {
        self.sex
    }

    /// Full years at admission, in hundredths.
    pub const fn age(&self) -> i64 {
        self.numbers.age
    }

    /// Days, in hundredths.
    pub const fn age_days(&self) -> Option<i64> {
        self.numbers.age_days
    }

    /// Grams, in hundredths; never zero.
    pub const fn weight(&self) -> Option<i64> {
        self.numbers.weight
    }

    /// Days of stay, in hundredths.
    pub const fn los(&self) -> Option<i64> {
        self.numbers.los
    }

    /// Hours in intensive care, in hundredths.
    pub const fn icu_hours(&self) -> Option<i64> {
        self.numbers.icu_hours
    }

    /// All that conditions compare.
    pub const fn numbers(&self) -> &Numbers {
        &self.numbers
    }

    /// Day of admission.
    pub const fn admit(&self) -> Option<Date> {
        self.admit
    }

    /// Day of discharge.
    pub const fn discharge(&self) -> Option<Date> {
        self.discharge
    }

    /// Total fee.
    pub fn total_fee(&self) -> Option<Fen> {
        self.numbers.amount.map(Fen::new)
    }

    /// The bill in its four parts; `None` if it is not there or does not add up.
    pub const fn fees(&self) -> Option<FeeSplit> {
        self.fees
    }

    /// Grouped, but a finding keeps it from being priced.
    pub const fn stops_money(&self) -> bool {
        self.stops_money
    }
}

impl Case {
    /// Forgets the case, keeps the memory.
    pub(super) fn clear(&mut self) {
        let Case {
            mut text,
            mut diagnoses,
            mut procedures,
            ..
        } = std::mem::take(self);
        text.clear();
        diagnoses.clear();
        procedures.clear();
        *self = Case {
            text,
            diagnoses,
            procedures,
            ..Case::default()
        };
    }
}
