//! Case → packet (DIP 入组): what is done to the procedures, which rows hold, which of them is the
//! group, which labels the case has besides.
//!
//! 1. A principal diagnosis on the list of exclusions ends there.
//! 2. The procedures are walked in order for the effective main procedure ([`View`]).
//! 3. Of a scheme in layers the first row that holds is the group. Of a catalogue, rows of a level
//!    that hold compete by the criteria of the tie-break, and the first step of the order that a
//!    level can serve decides.
//! 4. Labels of the auxiliary catalogue are given to the case and its group.
//!
//! As for groups there are two evaluations that share nothing but the tables: the fast one over kinds
//! of codes, and the plain one over texts, which explains and is the oracle of the other.

mod fast;
mod outcome;
mod plain;
mod taken;
mod view;

pub(super) use fast::{PacketScratch, numbered_figure_holds};
pub use outcome::PacketOutcome;
pub use plain::{Considered, Lost, PacketWalk, walk_packets};
pub(super) use plain::{group_packets_plainly, takes};
pub use taken::taken_procedures;
pub(super) use view::{View, figure_holds};
