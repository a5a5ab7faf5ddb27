//! One planted defect in a row, so that the checks have something to find.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::RECORD_COLUMNS;
use super::draw::Draft;

/// The defects that can be planted: the finding each must cause.
const PLANTED: [&str; 16] = [
    "X301", "A401", "F007", "C101", "C102", "C103", "D601", "D602", "F008", "M971", "M979", "M980", "F003",
    "F009", "F012", "F004",
];

/// The rows to write instead (a duplicate makes two) and the finding that must come of them.
pub(super) fn plant(draft: &Draft, row: String, rng: &mut ChaCha8Rng) -> (Vec<String>, &'static str) {
    let planted = PLANTED
        .get(rng.random_range(0..PLANTED.len()))
        .copied()
        .unwrap_or("X301");
    let mut cells: Vec<String> = row.split(',').map(str::to_owned).collect();
    let mut set = |column: &str, value: String| {
        let index = RECORD_COLUMNS.iter().position(|name| *name == column);
        if let Some(cell) = index.and_then(|index| cells.get_mut(index)) {
            *cell = value;
        }
    };
    let codes = |codes: &[String]| codes.join("|");
    match planted {
        "X301" => set("sex", "9".to_owned()),
        "A401" => set("age", String::new()),
        "F007" => set("age", format!("-{}", draft.age + 1)),
        "C101" => {
            let others = draft.diagnoses.get(1..).unwrap_or_default();
            set("diagnoses", format!("|{}", codes(others)));
        }
        "C102" => set("diagnoses", "J99.999x999".to_owned()),
        "C103" => set("diagnoses", format!("{}|E99.900", codes(&draft.diagnoses))),
        "D601" => {
            set("admit_date", draft.discharge.to_string());
            set("discharge_date", draft.admit.to_string());
            if draft.admit == draft.discharge {
                set(
                    "discharge_date",
                    draft.admit.yesterday().unwrap_or(draft.admit).to_string(),
                );
            }
        }
        "D602" => set("los_days", (draft.los + 3).to_string()),
        "F008" => set("discharge_date", format!("{}-02-30", draft.discharge.year())),
        "M971" => set("total_fee", "0.00".to_owned()),
        "M979" => set(
            "fee_own",
            (draft.fees.first().copied().unwrap_or_default() + crate::units::Fen::new(1)).to_string(),
        ),
        "M980" => set("hospital", "H999".to_owned()),
        "F009" => set("diagnoses", format!("{}|K35", codes(&draft.diagnoses))),
        "F004" => set("icu_hours", "-".to_owned()),
        "F003" => {
            // an unquoted comma in a text, as address columns bring it
            return (vec![format!("{row},extra")], planted);
        }
        _ => return (vec![row.clone(), row], "F012"),
    }
    (vec![cells.join(",")], planted)
}
