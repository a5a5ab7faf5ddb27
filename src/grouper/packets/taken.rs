//! Which of a case's procedures its packet takes.

use super::plain::takes;
use super::view::View;
use crate::grouper::Grouping;
use crate::grouper::plain::Facts;
use crate::records::Case;
use crate::tables::{Level, Packets, Scheme};

/// Places in the record of the procedures that the packet's expression takes, in its order (病种匹配的手术操作).
/// Nothing of a packet that asks for its procedures in a condition alone, nor of a case without a packet.
pub fn taken_procedures(scheme: &Scheme, case: &Case, grouping: &Grouping) -> Vec<usize> {
    let expression = || {
        let packet = scheme.packets()?.of(grouping.row?)?;
        packet.expression.as_ref()
    };
    let (Some(packets), Some(expression)) = (scheme.packets(), expression()) else {
        return Vec::new();
    };
    let mut facts = Facts::new(scheme, case);
    if is_read_raw(scheme, packets, grouping) {
        facts.view = Some(View::as_recorded(scheme, packets, case));
    }
    takes(&facts, expression).map_or_else(Vec::new, |taken| taken.places)
}

/// Whether the packet's layer is the first, and sees procedures as recorded.
fn is_read_raw(scheme: &Scheme, packets: &Packets, grouping: &Grouping) -> bool {
    let mut layers = scheme.rules().iter().enumerate();
    let first = layers.find(|(row, rule)| rule.level == Level::Layer && Some(*row) != packets.excluded());
    packets.procedures.raw_first_layer && first.map(|(row, _)| row) == grouping.mdc
}
