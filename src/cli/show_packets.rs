//! `tables show` of packets: what a row competes with, and what decides.

use super::show_words::Teller;
use crate::tables::{Level, Offer, Packet, Packets, Rule, Selection};

impl Teller<'_> {
    /// What is tried before a packet or its layer, its score, and how one of several rows is chosen.
    pub(super) fn competition(&self, packets: &Packets, at: usize) -> Vec<String> {
        let Some(rule) = self.rules.get(at) else {
            return Vec::new();
        };
        let mut lines = Vec::new();
        match (&packets.selection, rule.level) {
            (Selection::FirstRow, _) => lines.push(self.labelled_before(at)),
            (Selection::Catalogue { order, .. }, Level::Layer) => {
                let mine = order.iter().filter(|step| step.offer.word() == rule.code);
                let steps: Vec<&str> = mine.map(|step| step.written.as_str()).collect();
                lines.extend((!steps.is_empty()).then(|| self.steps(&steps)));
            }
            (Selection::Catalogue { pool, tie_break, .. }, _) => {
                let layer = self.above(at).and_then(|layer| self.rules.get(layer));
                let offer = layer.and_then(|layer| Offer::by_word(&layer.code));
                match offer {
                    Some(Offer::Core | Offer::Primary) => {
                        let levels: Vec<&str> = match offer.is_some_and(|offer| pool.contains(&offer)) {
                            true => pool.iter().map(|offer| offer.word()).collect(),
                            false => offer.iter().map(|offer| offer.word()).collect(),
                        };
                        let criteria: Vec<&str> = tie_break.iter().map(|one| one.word()).collect();
                        lines.push(self.tie(&levels, &criteria));
                    }
                    _ => lines.push(self.labelled_before(at)),
                }
            }
        }
        lines.extend(packets.of(at).map(|packet| self.score(packet)));
        lines
    }

    fn labelled_before(&self, at: usize) -> String {
        let colon = self.lang.pick(": ", "：");
        let label = self.lang.pick("tried before it", "先于本行判定");
        format!("{label}{colon}{}", self.before(at))
    }

    fn steps(&self, steps: &[&str]) -> String {
        let label = self.lang.pick("taken by the steps: ", "由以下次序选取：");
        format!("{label}{}", steps.join(" → "))
    }

    fn tie(&self, levels: &[&str], criteria: &[&str]) -> String {
        let (levels, criteria) = (levels.join(" + "), criteria.join(" → "));
        let en = format!("of several rows of {levels} that hold, one is chosen by: {criteria}");
        let zh = format!("{levels}层级内多行同时满足时依次择优：{criteria}");
        self.lang.pick(&en, &zh).to_owned()
    }

    fn score(&self, packet: &Packet) -> String {
        let unknown = self.lang.pick("none here", "本表未列");
        let shown = packet.score.map_or_else(|| unknown.to_owned(), millionths_shown);
        format!("{}{shown}", self.lang.pick("score: ", "分值："))
    }

    /// Where a row stands; that of a level is made by the keys of the scheme.
    pub(super) fn place(&self, rule: &Rule) -> String {
        match self.words.scheme.file_name(rule) {
            "" => "(scheme.toml)".to_owned(),
            file => format!("({file}:{})", rule.line),
        }
    }
}

/// `1484833425` → `1484.833425`, without zeros at the end.
fn millionths_shown(millionths: i64) -> String {
    let text = format!("{}.{:06}", millionths / 1_000_000, millionths % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
