//! What makes a packet's pay beside its score (病种计价依据): procedures, type, labels, coefficients, price.

use crate::grouper::{Grouping, taken_procedures};
use crate::points::Score;
use crate::records::Case;
use crate::tables::{Packets, Scheme};
use crate::units::Overflow;

/// Decimals a coefficient, label's coefficient or known price is written with, at most.
const DECIMALS: u32 = 12;

/// A case's procedures as its packet has them (病种手术操作).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PacketFacts {
    /// The effective main procedure; empty without one.
    pub main_procedure: String,
    /// The other procedures that the packet takes, in its order.
    pub related_procedures: Vec<String>,
    /// Codes that the scheme's own maps read as others, `written>read as` joined by `|`.
    pub codes_read_as: String,
}

impl PacketFacts {
    /// Of a grouped case; nothing under a scheme of groups.
    pub(super) fn of(scheme: &Scheme, case: &Case, grouping: &Grouping) -> Option<Box<PacketFacts>> {
        let packets = scheme.packets()?;
        let main = grouping.packet.main_procedure();
        let code = |place: usize| case.procedures().nth(place).unwrap_or("").to_owned();
        let taken = taken_procedures(scheme, case, grouping).into_iter();
        let codes_read_as = match packets.maps_codes() {
            true => packets.codes_read_as(case.diagnoses().chain(case.procedures())),
            false => String::new(),
        };
        Some(Box::new(PacketFacts {
            main_procedure: main.map_or_else(String::new, code),
            related_procedures: taken.filter(|place| Some(*place) != main).map(code).collect(),
            codes_read_as,
        }))
    }
}

/// Columns that say what a packet is paid by besides its group, in the order of [`packet_grounds`] (病种计价依据列).
///
/// | column | means |
/// |---|---|
/// | `main_procedure` | effective main procedure |
/// | `related_procedures` | the other procedures that the packet takes, joined by a bar |
/// | `packet_type` | treatment type of the case |
/// | `primary_care` | 1: on the list of primary care |
/// | `auxiliary` | labels of the auxiliary catalogue, `family=label` joined by a bar |
/// | `codes_read_as` | codes that the scheme's own maps read as others |
pub const PACKET_GROUNDS: [&str; 6] = [
    "main_procedure",
    "related_procedures",
    "packet_type",
    "primary_care",
    "auxiliary",
    "codes_read_as",
];

/// Columns that say by which numbers any case is paid, in the order of [`score_grounds`] (计价参数列).
///
/// | column | means |
/// |---|---|
/// | `weight` | weight or score as printed |
/// | `coefficient` | the hospital's coefficient, or the group's own |
/// | `auxiliary_coefficient` | of the labels |
/// | `outlier_base` | what the cost was held against, yuan |
/// | `preset_price` | yuan a point, where that is known beforehand |
pub const SCORE_GROUNDS: [&str; 5] = [
    "weight",
    "coefficient",
    "auxiliary_coefficient",
    "outlier_base",
    "preset_price",
];

/// The cells of [`PACKET_GROUNDS`].
pub fn packet_grounds(packets: &Packets, grouping: &Grouping, facts: &PacketFacts) -> [String; 6] {
    let mut labels = String::new();
    grouping.packet.write_labels(packets, &mut labels);
    let primary_care = if grouping.packet.primary_care { "1" } else { "" };
    [
        facts.main_procedure.clone(),
        facts.related_procedures.join("|"),
        grouping.packet.treatment_type.word().to_owned(),
        primary_care.to_owned(),
        labels,
        facts.codes_read_as.clone(),
    ]
}

/// The cells of [`SCORE_GROUNDS`]; empty where nothing of the kind was asked.
///
/// # Errors
/// A number that cannot be shown.
pub fn score_grounds(score: &Score) -> Result<[String; 5], Overflow> {
    let shown = |number: Option<crate::units::Exact>| {
        let text = number.map(|number| number.show_shortest(DECIMALS)).transpose()?;
        Ok::<String, Overflow>(text.unwrap_or_default())
    };
    let base = score.outlier_base.map(|base| base.fen_half_away()).transpose()?;
    Ok([
        score.weight.map_or_else(String::new, |weight| weight.to_string()),
        shown(score.coefficient)?,
        auxiliary_shown(score)?,
        base.map_or_else(String::new, |base| base.to_string()),
        preset_price_shown(score)?,
    ])
}

/// The coefficient of the case's labels, as long as it is; empty where the group has no weight.
///
/// # Errors
/// It cannot be shown.
pub fn auxiliary_shown(score: &Score) -> Result<String, Overflow> {
    let shown = score.auxiliary.map(|factor| factor.show_shortest(DECIMALS));
    Ok(shown.transpose()?.unwrap_or_default())
}

/// Yuan a point, as long as it is, where that is known beforehand (预定点值); else empty.
///
/// # Errors
/// It cannot be shown.
pub fn preset_price_shown(score: &Score) -> Result<String, Overflow> {
    let Some(fen) = score.point_price else {
        return Ok(String::new());
    };
    fen.div(crate::units::Exact::integer(100))?
        .show_shortest(DECIMALS)
}
