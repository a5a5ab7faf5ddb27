//! What a packet's grouping says beyond its row.

use crate::tables::{Packets, TreatmentType};

/// What a scheme of packets says of a case beyond the row (病种入组附加信息).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PacketOutcome {
    /// The effective main procedure's place among the record's procedures, plus one; 0: none.
    main: u16,
    /// Treatment type of the case.
    pub treatment_type: TreatmentType,
    /// The case is on the list of primary care.
    pub primary_care: bool,
    /// A byte each family: the label's place plus one, or 0.
    labels: u64,
}

impl PacketOutcome {
    /// Of a case that no packets were looked for.
    pub const NONE: PacketOutcome = PacketOutcome {
        main: 0,
        treatment_type: TreatmentType::Conservative,
        primary_care: false,
        labels: 0,
    };

    /// With a main procedure at this place.
    pub(super) fn new(main: Option<usize>, treatment_type: TreatmentType) -> PacketOutcome {
        let place = main.and_then(|place| u16::try_from(place + 1).ok());
        PacketOutcome {
            main: place.unwrap_or(0),
            treatment_type,
            primary_care: false,
            labels: 0,
        }
    }

    /// The effective main procedure's place among the record's procedures.
    pub fn main_procedure(&self) -> Option<usize> {
        usize::from(self.main).checked_sub(1)
    }

    /// Notes the label of a family.
    pub(super) fn set_label(&mut self, family: usize, label: usize) {
        let label = u64::try_from(label + 1).unwrap_or(0) & 0xff;
        self.labels |= label << (8 * family);
    }

    /// The place of the label of a family, if it has one.
    pub(super) fn label(&self, family: usize) -> Option<usize> {
        let byte = (self.labels >> (8 * family)) & 0xff;
        usize::try_from(byte).ok()?.checked_sub(1)
    }

    /// Its labels, each with its family.
    pub fn labels<'p>(&self, packets: &'p Packets) -> impl Iterator<Item = (&'p str, &'p str)> {
        let families = packets.families.iter().enumerate();
        families.filter_map(|(at, family)| {
            let label = family.labels.get(self.label(at)?)?;
            Some((family.name.as_str(), label.name.as_str()))
        })
    }

    /// Its labels, `family=label` joined by `|`.
    pub fn write_labels(&self, packets: &Packets, out: &mut String) {
        for (family, label) in self.labels(packets) {
            if !out.is_empty() {
                out.push('|');
            }
            out.push_str(family);
            out.push('=');
            out.push_str(label);
        }
    }
}
