//! What codes a case may have, told apart only as far as the rules tell them apart.
//!
//! Two codes that stand in the same sets, and count alike as complications, are the same to every
//! rule: of each such class one code is tried. A class is named by its first code: listed codes
//! in code order, then codes only the tables know, then a made-up one for each prefix.

use std::collections::BTreeSet;

use hashbrown::{HashMap, HashSet};

use super::bits::Bits;
use crate::codes::normal_form;
use crate::tables::{Atom, CodeId, CodeLists, Complication, Pattern, Scheme, SetRef, Subject};

/// Most body regions of one set that are counted exactly.
const MOST_SITES: usize = 48;

/// Codes that are all the same to the rules.
#[derive(Debug)]
pub(super) struct Class {
    /// Its first two codes; the second stands in where the first is taken.
    codes: Vec<String>,
    /// Body regions hit, a mask for each set counted by `sites`.
    pub(super) sites: Vec<u64>,
}

impl Class {
    /// Its first code that is not among `taken`; the first if all are.
    pub(super) fn code<'c>(&'c self, taken: &[String]) -> &'c str {
        let free = self.codes.iter().find(|code| !taken.contains(code));
        free.or(self.codes.first()).map_or("", String::as_str)
    }
}

/// Every code a case may have, in classes (编码全集).
#[derive(Debug)]
pub(super) struct Universe {
    /// Principal diagnoses.
    pub(super) principals: Vec<Class>,
    /// The exclusion lists of each, and the class of [`Universe::others`] that has no other code.
    pub(super) of_principal: Vec<(Vec<u32>, Option<usize>)>,
    /// Other diagnoses.
    pub(super) others: Vec<Class>,
    /// What each counts for.
    pub(super) complications: Vec<Option<Complication>>,
    /// Procedures.
    pub(super) procedures: Vec<Class>,
    /// Whether every `sites` test can be counted.
    pub(super) countable: bool,
    members: HashMap<(Role, String), Bits>,
    site_sets: Vec<String>,
}

/// The part a code plays in a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Role {
    /// Principal diagnosis.
    Principal,
    /// Other diagnosis.
    Other,
    /// Procedure, principal or other.
    Procedure,
}

/// A set's name among all, inline ones by their text.
fn key(set: &SetRef) -> String {
    match set {
        SetRef::Named { name, .. } => format!("@{name}"),
        SetRef::Inline(patterns) => format!("{patterns:?}"),
    }
}

impl Universe {
    /// The codes of the lists and of the tables, as the scheme's conditions tell them apart.
    pub(super) fn new(scheme: &Scheme, lists: Option<&CodeLists>) -> Universe {
        let used = Used::of(scheme);
        let diagnoses = Codes::new(scheme, lists, true, &used);
        let procedures = Codes::new(scheme, lists, false, &used);
        let (sites, countable) = diagnoses.sites(scheme, &used.site_sets);
        let others = diagnoses.divided(scheme, &used.others, |partition| {
            partition.by(|code| masks_of(&sites, code));
            partition.by(|code| complication_key(diagnoses.complication(scheme, code)));
        });
        let sole = others.sole_codes(diagnoses.texts.len());
        let principals = diagnoses.divided(scheme, &used.principals, |partition| {
            partition.by(|code| masks_of(&sites, code));
            partition.by(|code| diagnoses.lists_of(scheme, code).into_iter().map(u64::from));
            partition.by(|code| sole_of(&sole, code).map(|class| class as u64));
        });
        let of_procedures = procedures.divided(scheme, &used.procedures, |_| {});
        let of_principal = principals.firsts().map(|code| {
            let lists = diagnoses.lists_of(scheme, code);
            (lists, sole_of(&sole, code))
        });
        let complications = others.firsts().map(|code| diagnoses.complication(scheme, code));
        let mut universe = Universe {
            of_principal: of_principal.collect(),
            complications: complications.collect(),
            principals: diagnoses.named(&principals.classes, &sites),
            others: diagnoses.named(&others.classes, &sites),
            procedures: procedures.named(&of_procedures.classes, &[]),
            countable,
            members: HashMap::new(),
            site_sets: used.site_sets.iter().map(key).collect(),
        };
        universe.note_members(Role::Principal, principals);
        universe.note_members(Role::Other, others);
        universe.note_members(Role::Procedure, of_procedures);
        universe
    }

    fn note_members(&mut self, role: Role, divided: Divided) {
        let Divided { of_code, sets, .. } = divided;
        for (name, codes) in sets {
            let classes = codes.iter().filter_map(|code| of_code.get(*code).copied());
            self.members.insert((role, name), classes.collect());
        }
    }

    /// The classes whose codes the set holds.
    pub(super) fn members(&self, role: Role, set: &SetRef) -> Bits {
        self.members.get(&(role, key(set))).cloned().unwrap_or_default()
    }

    /// Which of [`Class::sites`] belongs to the set.
    pub(super) fn site_set(&self, set: &SetRef) -> usize {
        let key = key(set);
        self.site_sets.iter().position(|known| *known == key).unwrap_or(0)
    }
}

/// The body regions of a code, a mask for each set.
fn masks_of(sites: &[Vec<u64>], code: usize) -> impl Iterator<Item = u64> {
    sites
        .iter()
        .map(move |of_set| of_set.get(code).copied().unwrap_or(0))
}

fn complication_key(complication: Option<Complication>) -> Option<u64> {
    let complication = complication?;
    let list = complication.exclusion.map_or(0, |list| u64::from(list) + 1);
    Some(list << 8 | (1 + complication.level as u64))
}

/// The class that holds no other code than this one: it cannot be principal and other diagnosis at
/// once.
fn sole_of(sole: &[Option<usize>], code: usize) -> Option<usize> {
    sole.get(code).copied().flatten()
}

/// Codes in classes, and the codes of each set by its name.
struct Divided {
    classes: Vec<Vec<usize>>,
    /// The class of each code.
    of_code: Vec<usize>,
    sets: Vec<(String, Vec<usize>)>,
}

impl Divided {
    /// The first code of each class.
    fn firsts(&self) -> impl Iterator<Item = usize> {
        self.classes
            .iter()
            .map(|codes| codes.first().copied().unwrap_or(0))
    }

    /// Of each code its class, if it is the only one in it.
    fn sole_codes(&self, codes: usize) -> Vec<Option<usize>> {
        let mut sole = vec![None; codes];
        for (class, codes) in self.classes.iter().enumerate() {
            if let [only] = codes.as_slice()
                && let Some(slot) = sole.get_mut(*only)
            {
                *slot = Some(class);
            }
        }
        sole
    }
}

/// The sets that conditions ask about, by the role they ask for; each once.
#[derive(Default)]
struct Used {
    principals: Vec<SetRef>,
    others: Vec<SetRef>,
    procedures: Vec<SetRef>,
    site_sets: Vec<SetRef>,
}

impl Used {
    fn of(scheme: &Scheme) -> Used {
        let mut used = Used::default();
        let mut seen: [HashSet<String>; 4] = Default::default();
        let atoms = scheme.rules().iter().flat_map(|rule| rule.when.atoms());
        for atom in atoms {
            let (set, roles): (&SetRef, &[usize]) = match atom {
                Atom::In { subject, set, .. } => (set, roles(*subject)),
                Atom::Sites(set, ..) => (set, &[3]),
                _ => continue,
            };
            let Used {
                principals,
                others,
                procedures,
                site_sets,
            } = &mut used;
            let lists = [principals, others, procedures, site_sets];
            for (role, (list, seen)) in lists.into_iter().zip(&mut seen).enumerate() {
                if roles.contains(&role) && seen.insert(key(set)) {
                    list.push(set.clone());
                }
            }
        }
        used
    }
}

/// Which lists of [`Used`] a set of this subject goes to.
const fn roles(subject: Subject) -> &'static [usize] {
    match subject {
        Subject::PrincipalDiagnosis => &[0],
        Subject::AnyDiagnosis => &[0, 1],
        Subject::OtherDiagnosis => &[1],
        Subject::PrincipalProcedure | Subject::AnyProcedure | Subject::OtherProcedure => &[2],
        Subject::DischargeStatus => &[],
    }
}

/// All diagnoses, or all procedures, that a case may have.
struct Codes {
    texts: Vec<String>,
    /// The scheme's numbers, of those it knows.
    ids: Vec<Option<CodeId>>,
    /// Where the scheme's numbers stand in `texts`.
    places: HashMap<CodeId, usize>,
    /// The places of `texts` in the order of the texts.
    sorted: Vec<usize>,
}

impl Codes {
    /// Listed codes in code order; then those of the tables that the other list does not hold;
    /// then one for each prefix that no table names.
    fn new(scheme: &Scheme, lists: Option<&CodeLists>, diagnoses: bool, used: &Used) -> Codes {
        let own = lists.map(|lists| {
            if diagnoses {
                &lists.diagnoses
            } else {
                &lists.procedures
            }
        });
        let foreign = lists.map(|lists| {
            if diagnoses {
                &lists.procedures
            } else {
                &lists.diagnoses
            }
        });
        let mut texts: Vec<String> = own.map_or_else(Vec::new, |list| list.codes().to_vec());
        let listed = |code: &&str| own.is_some_and(|list| list.contains(code));
        let elsewhere = |code: &&str| foreign.is_some_and(|list| list.contains(code));
        let in_tables: BTreeSet<&str> = scheme
            .codes()
            .filter(|code| !listed(code) && !elsewhere(code))
            .collect();
        texts.extend(in_tables.into_iter().map(str::to_owned));
        texts.retain(|code| can_be_read(code));
        let known: HashSet<String> = texts.iter().cloned().collect();
        let sets = if diagnoses {
            [used.principals.as_slice(), used.others.as_slice()].concat()
        } else {
            used.procedures.clone()
        };
        let made_up = made_up(&sets, |code| {
            known.contains(code) || scheme.code_id(code).is_some()
        });
        texts.extend(made_up);
        Codes::of_texts(scheme, texts)
    }

    fn of_texts(scheme: &Scheme, texts: Vec<String>) -> Codes {
        let ids: Vec<Option<CodeId>> = texts.iter().map(|code| scheme.code_id(code)).collect();
        let places = ids
            .iter()
            .enumerate()
            .filter_map(|(place, id)| id.map(|id| (id, place)))
            .collect();
        let mut sorted: Vec<usize> = (0..texts.len()).collect();
        sorted.sort_by_key(|place| texts.get(*place));
        Codes {
            texts,
            ids,
            places,
            sorted,
        }
    }

    /// The codes divided by the sets they are in and by what `further` says of them.
    fn divided(&self, scheme: &Scheme, sets: &[SetRef], further: impl Fn(&mut Partition)) -> Divided {
        let mut partition = Partition::new(self.texts.len());
        let mut held = Vec::with_capacity(sets.len());
        for set in sets {
            let codes = self.held_by(scheme, set);
            partition.by_set(&codes);
            held.push((key(set), codes));
        }
        further(&mut partition);
        let (classes, of_code) = partition.classes();
        Divided {
            classes,
            of_code,
            sets: held,
        }
    }

    fn complication(&self, scheme: &Scheme, code: usize) -> Option<Complication> {
        let id = self.ids.get(code).copied().flatten()?;
        scheme.complication(id)
    }

    /// The places of the codes in a set, rising.
    fn held_by(&self, scheme: &Scheme, set: &SetRef) -> Vec<usize> {
        let mut held: Vec<usize> = match set {
            SetRef::Inline(patterns) => patterns
                .iter()
                .flat_map(|pattern| self.matching(pattern))
                .collect(),
            SetRef::Named { .. } => {
                let named = scheme.set(set).map_or(&[][..], |set| &set.codes);
                named
                    .iter()
                    .filter_map(|id| self.places.get(id).copied())
                    .collect()
            }
        };
        held.sort_unstable();
        held.dedup();
        held
    }

    /// The places of the codes that a pattern names: neighbours in the order of the texts.
    fn matching(&self, pattern: &Pattern) -> impl Iterator<Item = usize> {
        let (Pattern::Exact(wanted) | Pattern::Prefix(wanted)) = pattern;
        let exact = matches!(pattern, Pattern::Exact(_));
        let text = |place: &usize| self.texts.get(*place).map_or("", String::as_str);
        let first = self.sorted.partition_point(|place| text(place) < wanted.as_str());
        let from_first = self.sorted.get(first..).unwrap_or_default().iter().copied();
        from_first.take_while(move |place| {
            let text = text(place);
            if exact {
                text == wanted
            } else {
                text.starts_with(wanted.as_str())
            }
        })
    }

    /// For each set the body regions of each code as a mask, and whether all found room in it.
    fn sites(&self, scheme: &Scheme, sets: &[SetRef]) -> (Vec<Vec<u64>>, bool) {
        let mut countable = true;
        let mut of_sets = Vec::new();
        for set in sets {
            let mut masks = vec![0; self.texts.len()];
            let rows = scheme.set(set).map_or(&[][..], |set| &set.sites);
            let regions: BTreeSet<u32> = rows.iter().map(|(_, site)| *site).collect();
            countable &= regions.len() <= MOST_SITES;
            for (code, site) in rows {
                let bit = regions.iter().position(|known| known == site).unwrap_or(0) % MOST_SITES;
                let code = self.places.get(code).copied().unwrap_or(usize::MAX);
                masks
                    .iter_mut()
                    .skip(code)
                    .take(1)
                    .for_each(|mask| *mask |= 1 << bit);
            }
            of_sets.push(masks);
        }
        (of_sets, countable)
    }

    fn lists_of(&self, scheme: &Scheme, code: usize) -> Vec<u32> {
        let id = self.ids.get(code).copied().flatten();
        let mut lists = id.map_or_else(Vec::new, |id| scheme.exclusions(id).to_vec());
        lists.sort_unstable();
        lists.dedup();
        lists
    }

    fn named(&self, classes: &[Vec<usize>], sites: &[Vec<u64>]) -> Vec<Class> {
        let text = |code: &usize| self.texts.get(*code).cloned();
        let class = |codes: &Vec<usize>| {
            let first = codes.first().copied().unwrap_or(0);
            Class {
                codes: codes.iter().take(2).filter_map(text).collect(),
                sites: sites
                    .iter()
                    .map(|of_set| of_set.get(first).copied().unwrap_or(0))
                    .collect(),
            }
        };
        classes.iter().map(class).collect()
    }
}

/// Whether a record's reader leaves the code as it is: what it changes no case can have.
pub(super) fn can_be_read(code: &str) -> bool {
    !code.is_empty()
        && normal_form(code) == code
        && !matches!(code, "-" | "--" | "—" | "NULL" | "N/A" | "无")
        && !code.contains(['|', '"', ',', '\n', '\r'])
}

/// The beginnings that written-out sets name, looked up by a code.
struct Beginnings<'p>(HashSet<&'p str>);

impl<'p> Beginnings<'p> {
    fn of(patterns: impl IntoIterator<Item = &'p Pattern>) -> Beginnings<'p> {
        let prefixes = patterns.into_iter().filter_map(|pattern| match pattern {
            Pattern::Prefix(prefix) => Some(prefix.as_str()),
            Pattern::Exact(_) => None,
        });
        Beginnings(prefixes.collect())
    }

    /// Whether one of at least so many bytes begins the code.
    fn begin(&self, code: &str, least: usize) -> bool {
        let mut beginnings = (least..=code.len()).filter_map(|end| code.get(..end));
        !self.0.is_empty() && beginnings.any(|beginning| self.0.contains(beginning))
    }
}

/// For each prefix, the empty one too, a code that begins so and that nothing names.
fn made_up(sets: &[SetRef], known: impl Fn(&str) -> bool) -> Vec<String> {
    let patterns = sets.iter().filter_map(|set| match set {
        SetRef::Inline(patterns) => Some(patterns),
        SetRef::Named { .. } => None,
    });
    let beginnings = Beginnings::of(patterns.flatten());
    let prefixes: BTreeSet<&str> = beginnings.0.iter().copied().chain([""]).collect();
    let endings = || ('0'..='9').chain('A'..='Z');
    let mut found = Vec::new();
    for prefix in prefixes {
        let fits =
            |code: &String| can_be_read(code) && !known(code) && !beginnings.begin(code, prefix.len() + 1);
        let one = endings().map(|end| format!("{prefix}{end}"));
        let two = endings().flat_map(|a| endings().map(move |b| format!("{prefix}{a}{b}")));
        let itself = std::iter::once(prefix.to_owned());
        found.extend(itself.chain(one).chain(two).find(fits));
    }
    found
}

/// Codes told apart by all that was said of them.
struct Partition {
    keys: Vec<Vec<u64>>,
    said: u64,
}

impl Partition {
    fn new(codes: usize) -> Partition {
        Partition {
            keys: vec![Vec::new(); codes],
            said: 0,
        }
    }

    /// Codes of which other numbers are said are not the same.
    fn by<I: IntoIterator<Item = u64>>(&mut self, say: impl Fn(usize) -> I) {
        // a mark that no number reaches, so that what is said is not mistaken for something else
        self.said += 1;
        let mark = u64::MAX - self.said;
        for (code, key) in self.keys.iter_mut().enumerate() {
            let before = key.len();
            key.extend(say(code));
            if key.len() > before {
                key.push(mark);
            }
        }
    }

    /// Codes of a set are not the same as those outside it; only those inside are visited.
    fn by_set(&mut self, codes: &[usize]) {
        self.said += 1;
        let mark = u64::MAX - self.said;
        for code in codes {
            if let Some(key) = self.keys.get_mut(*code) {
                key.push(mark);
            }
        }
    }

    /// The codes of each class, classes in order of their first code; and the class of each code.
    fn classes(self) -> (Vec<Vec<usize>>, Vec<usize>) {
        let mut classes: Vec<Vec<usize>> = Vec::new();
        let mut of_code = Vec::with_capacity(self.keys.len());
        let mut by_key: HashMap<Vec<u64>, usize> = HashMap::new();
        for (code, key) in self.keys.into_iter().enumerate() {
            let next = classes.len();
            let class = *by_key.entry(key).or_insert(next);
            if class == next {
                classes.push(Vec::new());
            }
            if let Some(codes) = classes.get_mut(class) {
                codes.push(code);
            }
            of_code.push(class);
        }
        (classes, of_code)
    }
}
