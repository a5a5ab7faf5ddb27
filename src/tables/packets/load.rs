//! Reads the tables of a scheme of packets.

use std::collections::BTreeMap;

use hashbrown::{HashMap, HashSet};

use super::SeverityRows;
use super::diagnosis::{DiagnosisCell, scope};
use super::labels::{Comorbidity, Family, FeeItems, Figure, Label, MOST_FAMILIES};
use super::procedures::{ProcedureRule, ProcedureTraits, Procedures, TreatmentType};
use super::rows::{NamedRow, named_rows};
use super::selection::{Offer, OrderStep, Selection};
use super::settings::{
    AsConservative, AuxiliaryMode, ComprehensiveKey, ConservativeIf, DiagnosisMatch, FallbackKind,
    PreGroupsUse, PrimaryRows, Settings, StepWritten, Style,
};
use super::{Expression, Form, LeftOut, Packet, PacketTest, Packets, Syntax};
use crate::diagnostics::{Error, Place, Result, suggestion};
use crate::library::TableFile;
use crate::tables::condition::{Atom, surgery_levels};
use crate::tables::scheme::Loader;
use crate::tables::{CodeId, Condition, Level, Otherwise, Pattern, Rule, SetRef, Subject};

/// The layer of principal diagnoses that are not grouped.
const EXCLUDED: &str = "excluded";

/// The layer of rows that mark a case of primary care.
const PRIMARY_LIST: &str = "primary-list";

/// The file of rows that keys of the scheme make, and no table.
const OF_KEYS: usize = usize::MAX;

/// What the tables of packets gave.
pub(in crate::tables) struct Loaded {
    pub(in crate::tables) rules: Vec<Rule>,
    /// By [`Rule::file`].
    pub(in crate::tables) files: Vec<TableFile>,
    pub(in crate::tables) packets: Packets,
}

/// Reads every table the settings name; faults of rows are kept by the loader.
pub(in crate::tables) fn load(loader: &mut Loader<'_>, settings: &Settings) -> Result<Loaded> {
    let mut reading = Reading {
        syntax: settings.syntax()?,
        settings,
        loader,
        rules: Vec::new(),
        packets: Vec::new(),
        files: Vec::new(),
        known: HashMap::new(),
        left_out: Vec::new(),
    };
    reading.all()
}

struct Reading<'a, 'l> {
    loader: &'a mut Loader<'l>,
    settings: &'a Settings,
    syntax: Syntax,
    rules: Vec<Rule>,
    packets: Vec<Option<Packet>>,
    files: Vec<TableFile>,
    /// Codes of packets, folded, with their places.
    known: HashMap<String, Place>,
    /// Inherited rows that keys leave out.
    left_out: Vec<LeftOut>,
}

/// What a row asks for besides the principal diagnosis and the level of surgery: rank, severity, type.
type Asked = (u32, u8, Option<TreatmentType>);

/// A packet before its place among the rules is known.
struct Made {
    rule: Rule,
    packet: Packet,
    /// Where it stands among the rows of its layer.
    order: (u32, u32),
    /// Levels of surgery it is for, where it says so.
    surgery: Option<(u8, u8)>,
}

impl Made {
    fn asked(&self) -> Asked {
        (self.order.0, self.packet.severity, self.packet.treatment_type)
    }

    /// Whether some level of surgery is one of both.
    fn shares_levels(&self, other: &Made) -> bool {
        match (self.surgery, other.surgery) {
            (Some((low, high)), Some((from, to))) => low <= to && from <= high,
            _ => true,
        }
    }
}

impl Reading<'_, '_> {
    fn all(&mut self) -> Result<Loaded> {
        let written = &self.settings.written;
        let style = self
            .settings
            .need(&written.style, "style", "`catalogue` or `layers`")?;
        self.refuse_fallback_twice()?;
        let procedures = self.procedures()?;
        let excluded = self.excluded_diagnoses()?;
        let selection = match style {
            Style::Layers => {
                self.layers()?;
                Selection::FirstRow
            }
            Style::Catalogue => {
                let rows = self.catalogue_rows()?;
                self.put_levels(rows)?;
                self.selection()?
            }
        };
        let primary_list = self.primary_list()?;
        let families = self.families()?;
        let fees = self.fee_items(&families)?;
        let comorbidity = self.comorbidity()?;
        let mapped = self.maps()?;
        self.scores()?;
        self.mean_costs()?;
        self.refuse_mixed_severities(&selection, &families)?;
        let by_rows = matches!(
            selection,
            Selection::Catalogue {
                severity_rows: true,
                ..
            }
        );
        let severities = match by_rows {
            true => SeverityRows::of(&self.rules, &self.packets),
            false => SeverityRows::default(),
        };
        if let Some(family) = families.first() {
            self.open_from_severity(by_rows, family);
        }
        for (index, packet) in self.packets.iter_mut().enumerate() {
            packet.iter_mut().for_each(|packet| packet.rule = index);
        }
        Ok(Loaded {
            rules: std::mem::take(&mut self.rules),
            files: std::mem::take(&mut self.files),
            packets: Packets {
                of_rule: std::mem::take(&mut self.packets),
                excluded,
                primary_list,
                selection,
                procedures,
                families,
                fees,
                comorbidity,
                severities,
                exclusion_file: self.settings.written.exclusions.file.clone(),
                mapped,
                left_out: std::mem::take(&mut self.left_out),
            },
        })
    }

    /// A kind that stands twice would be fallen back to from itself.
    fn refuse_fallback_twice(&self) -> Result<()> {
        let used = self
            .settings
            .written
            .fallback
            .r#use
            .as_deref()
            .unwrap_or_default();
        let stood_before = |at: usize, kind: &FallbackKind| used.iter().take(at).any(|before| before == kind);
        match used.iter().enumerate().find(|(at, kind)| stood_before(*at, kind)) {
            None => Ok(()),
            Some((_, twice)) => Err(self
                .settings
                .fault(format!("`fallback.use` names a kind twice: {}", twice.word()))),
        }
    }

    // ---- files and rows

    fn fail(&mut self, place: Place, message: impl Into<String>) {
        self.loader.errors.push(Error::at(place, message));
    }

    /// A file that a key names.
    fn named_file(&mut self, name: &str, key: &str) -> Result<TableFile> {
        self.named_file_and_owner(name, key).map(|(file, _)| file)
    }

    /// A file that a key names, and whether it is the scheme's own.
    fn named_file_and_owner(&mut self, name: &str, key: &str) -> Result<(TableFile, bool)> {
        self.loader.nearest_and_owner(name)?.ok_or_else(|| {
            self.settings
                .fault(format!("`{key}` names `{name}`, and there is no such file"))
        })
    }

    /// Remembers a file of rules and gives its number.
    fn rule_file(&mut self, file: &TableFile) -> usize {
        self.files.push(file.clone());
        self.files.len() - 1
    }

    /// Appends the row of a layer.
    fn put_layer(
        &mut self,
        code: &str,
        name: &str,
        (when, written): (Condition, String),
        file: Option<usize>,
    ) -> usize {
        self.rules.push(Rule {
            level: Level::Layer,
            code: code.to_owned(),
            when,
            written,
            otherwise: Otherwise::Continue,
            name: name.to_owned(),
            line: 1,
            file: file.unwrap_or(OF_KEYS),
        });
        self.packets.push(None);
        self.rules.len() - 1
    }

    fn put(&mut self, made: Made) {
        self.rules.push(made.rule);
        self.packets.push(Some(made.packet));
    }

    /// Keeps a group's code; a second row of it is a fault.
    fn is_new(&mut self, code: &str, place: Place) -> bool {
        let folded = code.to_uppercase();
        match self.known.get(&folded) {
            Some(before) => {
                let message = format!("field `code`: `{code}` stands already at {before}");
                self.fail(place, message);
                false
            }
            None => {
                self.known.insert(folded, place);
                true
            }
        }
    }

    // ---- procedures

    fn procedures(&mut self) -> Result<Procedures> {
        let written = &self.settings.written;
        let treatment = written.treatment.clone();
        let interventional_as = self.settings.need(
            &treatment.interventional_as,
            "treatment.interventional_as",
            "`surgical` or `therapeutic`",
        )?;
        let conservative_if = self.settings.need(
            &treatment.conservative_if,
            "treatment.conservative_if",
            "`type` or `incision_and_level`",
        )?;
        let type_from = self.settings.need(
            &written.comprehensive.type_from,
            "comprehensive.type_from",
            "`largest` or `main`",
        )?;
        let raw_first_layer = match (written.style, &written.layers.pre_groups_use) {
            (Some(Style::Layers), value) => {
                let value = self
                    .settings
                    .need(value, "layers.pre_groups_use", "`effective` or `raw`")?;
                value == PreGroupsUse::Raw
            }
            _ => false,
        };
        let mut procedures = Procedures {
            traits: self.types(interventional_as)?,
            skip_conservative: false,
            type_from,
            by_incision_and_level: conservative_if == ConservativeIf::IncisionAndLevel,
            raw_first_layer,
        };
        self.procedure_rules(&mut procedures)?;
        Ok(procedures)
    }

    fn types(&mut self, interventional_as: TreatmentType) -> Result<HashMap<CodeId, ProcedureTraits>> {
        let mut traits = HashMap::new();
        let Some(file) = self.loader.nearest("procedure-types.csv")? else {
            return Ok(traits);
        };
        named_rows(&file, ["code", "type"], ["level", "incision_class"], |row| {
            let [code, kind] = row.required;
            let [level, incision] = row.optional;
            let expected = "conservative, diagnostic, therapeutic, interventional or surgical";
            let kind = match TreatmentType::by_word(kind) {
                _ if kind.is_empty() => None,
                Some(TreatmentType::Interventional) => Some(interventional_as),
                Some(kind) => Some(kind),
                None => return Err(row.wrong("type", kind, expected)),
            };
            let level = match surgery_levels(level) {
                _ if level.is_empty() => 0,
                Some((level, high)) if level == high => level,
                _ => return Err(row.wrong("level", level, "a level of surgery from 1 to 4")),
            };
            let incision_class = match incision.parse() {
                _ if incision.is_empty() => None,
                Ok(class @ 0..=3) => Some(class),
                _ => return Err(row.wrong("incision_class", incision, "a class of incision from 0 to 3")),
            };
            let id = CodeId(self.loader.codes.id(&row.code("code", code)?));
            let own = ProcedureTraits {
                kind,
                level,
                incision_class,
                rule: None,
            };
            if traits.insert(id, own).is_some() {
                return Err(row.fault(format!("field `code`: `{code}` stands twice")));
            }
            Ok(())
        })
        .map(|errors| self.loader.errors.extend(errors))?;
        Ok(traits)
    }

    /// The list of exclusions, if one is named.
    fn exclusion_file(&mut self) -> Result<Option<TableFile>> {
        match self.settings.written.exclusions.file.clone() {
            None => Ok(None),
            Some(name) => self.named_file(&name, "exclusions.file").map(Some),
        }
    }

    fn procedure_rules(&mut self, procedures: &mut Procedures) -> Result<()> {
        let Some(file) = self.exclusion_file()? else {
            return Ok(());
        };
        let as_conservative = self.settings.need(
            &self.settings.written.exclusions.as_conservative,
            "exclusions.as_conservative",
            "`stop` or `skip`",
        )?;
        procedures.skip_conservative = as_conservative == AsConservative::Skip;
        let errors = named_rows(&file, ["kind", "code", "rule"], ["scope"], |row| {
            let [kind, code, rule] = row.required;
            let [of] = row.optional;
            if kind == "diagnosis" {
                return Ok(());
            }
            if kind != "procedure" {
                return Err(row.wrong("kind", kind, "diagnosis or procedure"));
            }
            let rule = match rule {
                "as_conservative" => ProcedureRule::AsConservative,
                "not_main" => ProcedureRule::NotMain,
                "drop" => ProcedureRule::Drop,
                "main_only_if_pdx" => {
                    let expected = "categories and ranges separated by blanks, such as `A00-A09 D01`";
                    let patterns = scope(of).ok_or_else(|| row.wrong("scope", of, expected))?;
                    ProcedureRule::MainOnlyFor(SetRef::Inline(patterns))
                }
                other => {
                    let known = ["as_conservative", "not_main", "main_only_if_pdx", "drop"];
                    let hint = suggestion(other, known);
                    return Err(row.fault(format!("field `rule`: unknown rule `{other}`{hint}")));
                }
            };
            let id = CodeId(self.loader.codes.id(&row.code("code", code)?));
            let traits = procedures.traits.entry(id).or_default();
            match traits.rule.replace(rule) {
                Some(_) => Err(row.fault(format!("field `code`: `{code}` stands twice"))),
                None => Ok(()),
            }
        })?;
        self.loader.errors.extend(errors);
        Ok(())
    }

    /// The layer that principal diagnoses end in which are not grouped.
    fn excluded_diagnoses(&mut self) -> Result<Option<usize>> {
        let Some(file) = self.exclusion_file()? else {
            return Ok(None);
        };
        let how = self.settings.need(
            &self.settings.written.exclusions.diagnosis_match,
            "exclusions.diagnosis_match",
            "`exact` or `prefix`",
        )?;
        let mut patterns = Vec::new();
        let errors = named_rows(&file, ["kind", "code", "rule"], [], |row: &NamedRow<'_, 3, 0>| {
            let [kind, code, rule] = row.required;
            if kind != "diagnosis" {
                return Ok(());
            }
            if rule != "excluded" {
                return Err(row.wrong("rule", rule, "`excluded` for a diagnosis"));
            }
            let code = row.code("code", code)?;
            patterns.push(match how {
                DiagnosisMatch::Exact => Pattern::of(&code),
                DiagnosisMatch::Prefix => Pattern::Prefix(code),
            });
            Ok(())
        })?;
        self.loader.errors.extend(errors);
        if patterns.is_empty() {
            return Ok(None);
        }
        let file = self.rule_file(&file);
        let listed = principal_in(patterns);
        Ok(Some(self.put_layer(
            EXCLUDED,
            "不予入组的主要诊断",
            listed,
            Some(file),
        )))
    }

    // ---- layers

    fn layers(&mut self) -> Result<()> {
        let keys = self.settings.written.layers.clone();
        let order = self
            .settings
            .need(&keys.order, "layers.order", "the layers in order")?;
        let files = self
            .settings
            .need(&keys.files, "layers.files", "the files of rows")?;
        repeated(&order).map_or(Ok(()), |twice| {
            Err(self
                .settings
                .fault(format!("`layers.order` names `{twice}` twice")))
        })?;
        let mut rows: BTreeMap<usize, Vec<Made>> = BTreeMap::new();
        for name in files {
            let file = self.named_file(&name, "layers.files")?;
            self.layer_rows(&file, &order, &mut rows)?;
        }
        let comprehensive = order.iter().any(|layer| layer == Offer::Comprehensive.word());
        let mut of_catalogue = match comprehensive && self.settings.written.groups.files.is_some() {
            true => self.catalogue_rows()?,
            false => BTreeMap::new(),
        };
        for (at, layer) in order.iter().enumerate() {
            let mut made = rows.remove(&at).unwrap_or_default();
            if layer == Offer::Comprehensive.word() {
                made.extend(of_catalogue.remove(&Offer::Comprehensive).unwrap_or_default());
            }
            made.sort_by_key(|made| made.order);
            self.undecided_order(layer, &made);
            self.put_layer(layer, "", always(), None);
            made.into_iter().for_each(|made| self.put(made));
        }
        match of_catalogue.into_keys().next() {
            Some(level) => Err(self.settings.fault(format!(
                "`groups.files` hold rows of level `{}`; under `style = \"layers\"` only comprehensive rows are taken \
                 from them",
                level.word()
            ))),
            None => Ok(()),
        }
    }

    fn layer_rows(
        &mut self,
        file: &TableFile,
        order: &[String],
        rows: &mut BTreeMap<usize, Vec<Made>>,
    ) -> Result<()> {
        let number = self.rule_file(file);
        let columns = ["layer", "code", "seq", "rank", "when", "name"];
        let mut made = Vec::new();
        let errors = named_rows(file, columns, [], |row: &NamedRow<'_, 6, 0>| {
            let [layer, code, seq, rank, when, name] = row.required;
            let Some(at) = order.iter().position(|known| known == layer) else {
                let hint = suggestion(layer, order.iter().map(String::as_str));
                return Err(row.fault(format!("field `layer`: `{layer}` is not in `layers.order`{hint}")));
            };
            let figure = |field: &str, text: &str| {
                text.parse::<u32>()
                    .map_err(|_| row.wrong(field, text, "a whole number"))
            };
            let condition = row.condition("when", when)?;
            let rule = row.rule(code, name, condition, when.to_owned(), number)?;
            let order = (figure("rank", rank)?, figure("seq", seq)?);
            let packet = Packet::of_condition(&rule.when);
            made.push((
                at,
                row.place(),
                Made {
                    rule,
                    packet,
                    order,
                    surgery: None,
                },
            ));
            Ok(())
        })?;
        self.loader.errors.extend(errors);
        for (at, place, made) in made {
            if self.is_new(&made.rule.code, place) {
                rows.entry(at).or_default().push(made);
            }
        }
        Ok(())
    }

    /// Rows of the list of primary-care packets, if the scheme has one.
    fn primary_list(&mut self) -> Result<Option<usize>> {
        let keys = self.settings.written.primary.clone();
        let listed = keys.rows.is_some_and(|rows| rows.contains(&PrimaryRows::List));
        if !listed {
            return Ok(None);
        }
        let name = self
            .settings
            .need(&keys.file, "primary.file", "the file of the list")?;
        let file = self.named_file(&name, "primary.file")?;
        let mut rows = BTreeMap::new();
        let layers = layers_of(&file)?;
        self.layer_rows(&file, &layers, &mut rows)?;
        let mut made: Vec<Made> = rows.into_values().flatten().collect();
        made.sort_by_key(|made| made.order);
        let layer = self.put_layer(PRIMARY_LIST, "基层病种", always(), None);
        made.into_iter().for_each(|made| self.put(made));
        Ok(Some(layer))
    }

    // ---- catalogue

    fn catalogue_rows(&mut self) -> Result<BTreeMap<Offer, Vec<Made>>> {
        let keys = self.settings.written.groups.clone();
        let files = self
            .settings
            .need(&keys.files, "groups.files", "the files of the catalogue")?;
        let values = keys.level_values.unwrap_or_default();
        let mut rows: BTreeMap<Offer, Vec<Made>> = BTreeMap::new();
        let mut seen = 0;
        for name in files {
            let (file, is_own) = self.named_file_and_owner(&name, "groups.files")?;
            let number = self.rule_file(&file);
            let mut made = Vec::new();
            let mut left_out = Vec::new();
            let reading = CatalogueReading {
                settings: self.settings,
                syntax: self.syntax,
                values: &values,
                file: number,
            };
            let errors = named_rows(&file, CATALOGUE, CATALOGUE_MORE, |row| {
                seen += 1;
                match reading.row(row, seen)? {
                    Read::Made(offer, one) => made.push((offer, row.place(), *one)),
                    Read::LeftOut(form) if is_own => return Err(reading.left_out(row, form)),
                    Read::LeftOut(form) => left_out.push((row.place(), form)),
                }
                Ok(())
            })?;
            self.loader.errors.extend(errors);
            left_out
                .into_iter()
                .for_each(|(place, form)| self.leave_out(place, form));
            for (offer, place, made) in made {
                if self.is_new(&made.rule.code, place) {
                    rows.entry(offer).or_default().push(made);
                }
            }
        }
        for offer in [Offer::Comprehensive, Offer::Fallback] {
            let rows = rows.get_mut(&offer).map_or(&mut [][..], Vec::as_mut_slice);
            rows.sort_by_key(|made| made.order);
            tell_levels_apart(rows);
            self.undecided(rows);
        }
        if rows.contains_key(&Offer::Comprehensive) {
            self.refuse_untyped()?;
        }
        Ok(rows)
    }

    /// Counts a row of an inherited catalogue that a key of this scheme leaves out.
    fn leave_out(&mut self, first: Place, form: Form) {
        match self.left_out.iter_mut().find(|known| known.form == form) {
            Some(known) => known.rows += 1,
            None => self.left_out.push(LeftOut { first, form, rows: 1 }),
        }
    }

    /// Comprehensive groups are told apart by the treatment type of a case, which procedures make.
    fn refuse_untyped(&mut self) -> Result<()> {
        if self.loader.nearest("procedure-types.csv")?.is_some() {
            return Ok(());
        }
        let message = "there are comprehensive groups, and no `procedure-types.csv` here or in what this scheme \
                       extends; expected a table code,type of the procedures that make a case more than conservative";
        Err(Error::at(self.settings.place.clone(), message))
    }

    /// Rows of a layer are tried by rank and sequence; two of the same place would be tried as the file has them.
    fn undecided_order(&mut self, layer: &str, rows: &[Made]) {
        let mut errors = Vec::new();
        for (before, made) in rows.iter().zip(rows.iter().skip(1)) {
            // comprehensive rows that a catalogue brings are told apart by what they ask for
            let numbered = before.packet.diagnosis_length == 0 && made.packet.diagnosis_length == 0;
            if before.order != made.order || !numbered {
                continue;
            }
            let (rank, seq) = made.order;
            let message = format!(
                "`{}` and `{}` of layer `{layer}` have the same rank {rank} and seq {seq}, and nothing decides between \
                 them; expected a seq of its own for each row of a rank",
                before.rule.code, made.rule.code
            );
            let file = self.files.get(made.rule.file);
            let place = file.map(|file| file.place.line(made.rule.line));
            errors.push(place.map_or_else(|| Error::new(&*message), |place| Error::at(place, &*message)));
        }
        self.loader.errors.extend(errors);
    }

    /// Two rows of which nothing says which one a case belongs to.
    fn undecided(&mut self, rows: &[Made]) {
        let mut seen: HashMap<Asked, Vec<&Made>> = HashMap::new();
        let mut errors = Vec::new();
        for made in rows {
            let asked = made.asked();
            let beside = seen.entry(asked).or_default();
            if let Some(before) = beside
                .iter()
                .find(|before| before.shares_levels(made) && shares_diagnoses(&before.rule, &made.rule))
            {
                let place = self
                    .files
                    .get(made.rule.file)
                    .map(|file| file.place.line(made.rule.line));
                let message = format!(
                    "`{}` and `{}` hold for the same cases, and nothing decides between them: {}",
                    before.rule.code, made.rule.code, made.rule.written
                );
                errors.push(place.map_or_else(|| Error::new(&*message), |place| Error::at(place, &*message)));
            }
            beside.push(made);
        }
        self.loader.errors.extend(errors);
    }

    fn put_levels(&mut self, mut rows: BTreeMap<Offer, Vec<Made>>) -> Result<()> {
        for offer in Offer::ALL {
            let Some(rows) = rows.remove(&offer) else { continue };
            self.put_layer(offer.word(), offer.name(), always(), None);
            rows.into_iter().for_each(|made| self.put(made));
        }
        Ok(())
    }

    fn selection(&mut self) -> Result<Selection> {
        let keys = self.settings.written.matching.clone();
        let settings = self.settings;
        let tie_break = settings.need(
            &keys.tie_break,
            "match.tie_break",
            "criteria in order, the last total",
        )?;
        if !tie_break.last().is_some_and(|last| last.is_total()) {
            let message = "`match.tie_break` may leave several rows; expected `code_order`, `earliest_row` or \
                           `latest_row` at its end";
            return Err(settings.fault(message));
        }
        let levels = settings.need(
            &keys.pool,
            "match.pool",
            "levels that compete, such as [\"core\"]",
        )?;
        let pool: Option<Vec<Offer>> = levels.iter().map(|word| Offer::by_word(word)).collect();
        let pool = pool.filter(|pool| {
            let competes = |offer: &Offer| matches!(offer, Offer::Core | Offer::Primary);
            !pool.is_empty() && pool.iter().all(competes)
        });
        let pool =
            pool.ok_or_else(|| settings.fault("`match.pool`: expected `core`, or `core` and `primary`"))?;
        let primary_survives = match pool.contains(&Offer::Primary) {
            true => settings.need(
                &settings.written.primary.survives_pool,
                "primary.survives_pool",
                "true or false",
            )?,
            false => false,
        };
        let steps = settings.need(
            &keys.order,
            "match.order",
            "steps such as [\"core:operative\", …]",
        )?;
        let order = self.order(&steps)?;
        let mode = settings.need(
            &settings.written.auxiliary.mode,
            "auxiliary.mode",
            "`none`, `factor` or `rows`",
        )?;
        Ok(Selection::Catalogue {
            pool,
            tie_break,
            order,
            primary_survives,
            severity_rows: mode == AuxiliaryMode::Rows,
        })
    }

    fn order(&mut self, steps: &[StepWritten]) -> Result<Vec<OrderStep>> {
        let mut order: Vec<OrderStep> = Vec::new();
        for step in steps {
            let (select, conditional) = match step {
                StepWritten::Always(select) => (select, false),
                StepWritten::When(step) => (&step.select, true),
            };
            let Some(step) = OrderStep::parse(select, conditional) else {
                return Err(self.settings.fault(format!(
                    "`match.order`: `{select}`; expected a level (core, primary, comprehensive, fallback), a colon, and \
                     a type, `operative` or `any`"
                )));
            };
            if order.contains(&step) {
                return Err(self
                    .settings
                    .fault(format!("`match.order` names `{select}` twice")));
            }
            let fell_back = order.iter().any(|before| before.offer == Offer::Fallback);
            if fell_back && step.offer != Offer::Fallback {
                return Err(self.settings.fault(format!(
                    "`match.order`: `{select}` stands behind a step of `fallback`, which would take its cases; expected \
                     fall-backs at the end"
                )));
            }
            order.push(step);
        }
        for (rule, packet) in self.rules.iter().zip(&self.packets) {
            let Some(offer) = Offer::by_word(&rule.code).filter(|_| packet.is_none()) else {
                continue;
            };
            if !order.iter().any(|step| step.offer == offer) {
                return Err(self.settings.fault(format!(
                    "no step of `match.order` takes rows of level `{}`, and there are such rows",
                    offer.word()
                )));
            }
        }
        Ok(order)
    }

    // ---- auxiliary catalogue

    fn families(&mut self) -> Result<Vec<Family>> {
        let keys = self.settings.written.auxiliary.clone();
        let mode = self
            .settings
            .need(&keys.mode, "auxiliary.mode", "`none`, `factor` or `rows`")?;
        let Some(file) = self
            .loader
            .nearest("auxiliary.csv")?
            .filter(|_| mode != AuxiliaryMode::None)
        else {
            return Ok(Vec::new());
        };
        let long_stay = keys.long_stay.map(toml::Spanned::into_inner);
        let long_stay = long_stay.map(|text| {
            Condition::parse(&text).map_err(|error| {
                self.settings
                    .fault(format!("`auxiliary.long_stay`: `{text}`: {}", error.message))
            })
        });
        let long_stay = long_stay.transpose()?;
        let mut families: Vec<Family> = Vec::new();
        let columns = ["family", "label", "order", "scope", "when"];
        let errors = named_rows(&file, columns, [], |row: &NamedRow<'_, 5, 0>| {
            let (family, label) = label_of(row, long_stay.as_ref())?;
            match families.iter_mut().find(|known| known.name == family) {
                Some(known) => known.labels.push(label),
                None => families.push(Family {
                    name: family.to_owned(),
                    labels: vec![label],
                }),
            }
            Ok(())
        })?;
        self.loader.errors.extend(errors);
        families
            .iter_mut()
            .for_each(|family| family.labels.sort_by_key(|label| label.order));
        let longest = families
            .iter()
            .map(|family| family.labels.len())
            .max()
            .unwrap_or(0);
        if families.len() > MOST_FAMILIES || longest > usize::from(u8::MAX) {
            return Err(Error::at(
                file.place,
                format!("at most {MOST_FAMILIES} families of at most {} labels", u8::MAX),
            ));
        }
        Ok(families)
    }

    /// The items of the bill whose share labels ask for; none where none asks.
    fn fee_items(&self, families: &[Family]) -> Result<FeeItems> {
        let labels = families.iter().flat_map(|family| &family.labels);
        let asked: Vec<Figure> = labels.flat_map(|label| label.when.figures()).collect();
        let keys = &self.settings.written.auxiliary;
        let items = |figure: Figure, value: &Option<Vec<String>>, key: &str| {
            if !asked.contains(&figure) {
                return Ok(Vec::new());
            }
            let expected = format!(
                "the items of the front sheet's bill that `{}` in auxiliary.csv means, such as [\"D23\", \"D24\"]",
                figure.word()
            );
            let items = self.settings.need(value, key, &expected)?;
            let odd = items
                .iter()
                .find(|item| item.is_empty() || item.contains([';', '|', ',']));
            match (odd, items.is_empty()) {
                (None, false) => Ok(items),
                (Some(odd), _) => Err(self
                    .settings
                    .fault(format!("`{key}`: `{odd}`; expected {expected}"))),
                (None, true) => Err(self
                    .settings
                    .fault(format!("`{key}` is empty; expected {expected}"))),
            }
        };
        Ok(FeeItems {
            drug: items(Figure::DrugShare, &keys.drug_fees, "auxiliary.drug_fees")?,
            treatment: items(
                Figure::TreatmentShare,
                &keys.treatment_fees,
                "auxiliary.treatment_fees",
            )?,
        })
    }

    fn comorbidity(&mut self) -> Result<Comorbidity> {
        let mut weights = Comorbidity::default();
        let Some(file) = self.loader.nearest("cci.csv")? else {
            return Ok(weights);
        };
        let mut classes: Vec<String> = Vec::new();
        let errors = named_rows(
            &file,
            ["class", "weight", "code"],
            [],
            |row: &NamedRow<'_, 3, 0>| {
                let [class, weight, code] = row.required;
                let weight = weight
                    .parse()
                    .map_err(|_| row.wrong("weight", weight, "a whole number"))?;
                let known = classes.iter().position(|known| known == class);
                let number = known.unwrap_or_else(|| {
                    classes.push(class.to_owned());
                    classes.len() - 1
                });
                let number = u16::try_from(number).map_err(|_| row.fault("more than 65,535 classes"))?;
                let id = CodeId(self.loader.codes.id(&row.code("code", code)?));
                match weights.of.insert(id, (number, weight)) {
                    Some(_) => Err(row.fault(format!("field `code`: `{code}` stands twice"))),
                    None => Ok(()),
                }
            },
        )?;
        self.loader.errors.extend(errors);
        Ok(weights)
    }

    /// Lines of several severities need one family whose labels are severities; without it they stand
    /// for nothing.
    fn refuse_mixed_severities(&mut self, selection: &Selection, families: &[Family]) -> Result<()> {
        let by_rows = matches!(
            selection,
            Selection::Catalogue {
                severity_rows: true,
                ..
            }
        );
        let with_severity = self
            .packets
            .iter()
            .flatten()
            .position(|packet| packet.severity > 0);
        if !by_rows {
            return match with_severity {
                None => Ok(()),
                Some(_) => Err(self.settings.fault(
                    "rows state a `severity`, and `auxiliary.mode` is not `rows`: nothing would pick among them",
                )),
            };
        }
        let labels = families.iter().flat_map(|family| &family.labels);
        let odd = labels.clone().find(|label| label.severity().is_none());
        match (families.len(), odd) {
            (1, None) => Ok(()),
            (1, Some(odd)) => Err(self.settings.fault(format!(
                "`auxiliary.mode` is `rows`: label `{}` of auxiliary.csv must be a severity from 1 to 9",
                odd.name
            ))),
            (count, _) => Err(self.settings.fault(format!(
                "`auxiliary.mode` is `rows`: expected one family in auxiliary.csv, found {count}"
            ))),
        }
    }

    /// A line holds for its severity and heavier ones: a case falls to a lighter line, never to a heavier one.
    fn open_from_severity(&mut self, by_rows: bool, family: &Family) {
        if !by_rows {
            return;
        }
        let packets = self.packets.iter().map(Option::as_ref);
        for (rule, packet) in self.rules.iter_mut().zip(packets) {
            let Some(severity) = packet.map(|packet| packet.severity) else {
                continue;
            };
            if severity < 2 {
                continue;
            }
            let labels = family.labels.iter();
            let asked = labels.filter(|label| label.is_for(Offer::Core.word(), &rule.code));
            if let Some((condition, written)) = at_least_as_severe(severity, asked) {
                match &mut rule.when {
                    Condition::All(parts) => parts.push(condition),
                    other => *other = Condition::All(vec![other.clone(), condition]),
                }
                rule.written = format!("{} and ({written})", rule.written);
            }
        }
    }

    // ---- codes read as others, scores, reference costs

    fn maps(&mut self) -> Result<Vec<(String, String)>> {
        let written = &self.settings.written;
        let lists = [
            ("codes.diagnosis_maps", written.diagnosis_maps.clone()),
            ("codes.procedure_maps", written.procedure_maps.clone()),
        ];
        let mut mapped: HashMap<String, String> = HashMap::new();
        for (key, names) in lists {
            let mut of_kind: HashMap<String, String> = HashMap::new();
            for name in names.unwrap_or_default() {
                let file = self.named_file(&name, key)?;
                let mut next: HashMap<String, String> = HashMap::new();
                let errors = named_rows(&file, ["code", "target"], [], |row: &NamedRow<'_, 2, 0>| {
                    let [code, target] = row.required;
                    let (code, target) = (row.code("code", code)?, row.code("target", target)?);
                    match next.insert(code, target) {
                        Some(_) => Err(row.fault("field `code` stands twice")),
                        None => Ok(()),
                    }
                })?;
                self.loader.errors.extend(errors);
                // maps are applied in order: what the first gave, the next may change
                for target in of_kind.values_mut() {
                    if let Some(further) = next.get(target) {
                        target.clone_from(further);
                    }
                }
                next.into_iter().for_each(|(code, target)| {
                    of_kind.entry(code).or_insert(target);
                });
            }
            mapped.extend(of_kind);
        }
        let mut mapped: Vec<(String, String)> = mapped.into_iter().filter(|(from, to)| from != to).collect();
        mapped.sort_unstable();
        mapped.iter().for_each(|(from, to)| {
            self.loader.codes.id(from);
            self.loader.codes.id(to);
        });
        Ok(mapped)
    }

    fn by_code(&self) -> HashMap<String, usize> {
        let rules = self.rules.iter().enumerate();
        rules.map(|(index, rule)| (rule.code.clone(), index)).collect()
    }

    /// Scores that stand beside the layers.
    fn scores(&mut self) -> Result<()> {
        let Some(file) = self.loader.nearest("scores.csv")? else {
            return Ok(());
        };
        let by_code = self.by_code();
        let errors = named_rows(&file, ["code", "score"], [], |row: &NamedRow<'_, 2, 0>| {
            let [code, score] = row.required;
            let score = millionths(score).ok_or_else(|| row.wrong("score", score, SIX_DECIMALS))?;
            let packet = by_code
                .get(code)
                .and_then(|rule| self.packets.get_mut(*rule)?.as_mut());
            let packet =
                packet.ok_or_else(|| row.fault(format!("field `code`: `{code}` is no group here")))?;
            packet.score = Some(score);
            Ok(())
        })?;
        self.loader.errors.extend(errors);
        Ok(())
    }

    /// Reference costs that hold for every hospital, person and label.
    fn mean_costs(&mut self) -> Result<()> {
        let Some(file) = self.loader.nearest("mean-costs.csv")? else {
            return Ok(());
        };
        let by_code = self.by_code();
        let errors = named_rows(&file, ["group", "mean"], ["class", "label", "insurance"], |row| {
            let [group, mean] = row.required;
            if row.optional.iter().any(|cell| !cell.is_empty()) {
                return Ok(()); // of one class of hospitals or persons: for the price, not for the group
            }
            let mean = millionths(mean).ok_or_else(|| row.wrong("mean", mean, SIX_DECIMALS))?;
            let packet = by_code
                .get(group)
                .and_then(|rule| self.packets.get_mut(*rule)?.as_mut());
            let packet =
                packet.ok_or_else(|| row.fault(format!("field `group`: `{group}` is no group here")))?;
            packet.mean_cost = Some(mean);
            Ok(())
        })?;
        self.loader.errors.extend(errors);
        Ok(())
    }
}

const CATALOGUE: [&str; 7] = [
    "code",
    "level",
    "diagnosis",
    "procedures",
    "treatment_type",
    "name",
    "score",
];

const CATALOGUE_MORE: [&str; 3] = ["surgery_level", "mean_cost", "severity"];

/// The levels of surgery of a main procedure that has none, and of a case without one.
pub(super) const NO_LEVEL: (u8, u8) = (0, 0);

const SIX_DECIMALS: &str = "a number from 0 on with at most six decimals";

/// Reads rows of `groups.csv`.
struct CatalogueReading<'a> {
    settings: &'a Settings,
    syntax: Syntax,
    values: &'a BTreeMap<String, String>,
    file: usize,
}

/// Where a row stands among those of its level, or its form that no key names.
type Ranked = std::result::Result<u32, Form>;

const COMPREHENSIVE_KEYS: &str = "comprehensive.keys";

const FALLBACK_USE: &str = "fallback.use";

/// What a row of `groups.csv` came to.
enum Read {
    Made(Offer, Box<Made>),
    /// No key names rows of its form.
    LeftOut(Form),
}

impl CatalogueReading<'_> {
    /// That a scheme's own row is of a form that its keys leave out.
    fn left_out(&self, row: &NamedRow<'_, 7, 3>, Form { key, word }: Form) -> Error {
        let [_, level, diagnosis, ..] = row.required;
        row.fault(format!(
            "field `diagnosis`: `{diagnosis}` makes this row of level `{level}` one of the form `{word}`, which `{key}` \
             does not name, so that no case would reach it; expected {named}, or `{word}` named in `{key}`",
            named = self.named(key)
        ))
    }

    /// The forms that a key names, in words.
    fn named(&self, key: &str) -> String {
        let written = &self.settings.written;
        let comprehensive = written.comprehensive.keys.iter().flatten().map(|key| key.word());
        let fallback = written.fallback.r#use.iter().flatten().map(|kind| kind.word());
        let words: Vec<String> = match key {
            COMPREHENSIVE_KEYS => comprehensive.map(|word| format!("`{word}`")).collect(),
            _ => fallback.map(|word| format!("`{word}`")).collect(),
        };
        match words.as_slice() {
            [] => "no such row".to_owned(),
            words => format!("a diagnosis of the form {}", words.join(" or ")),
        }
    }

    /// A row with its level, or the form that leaves it out.
    fn row(&self, row: &NamedRow<'_, 7, 3>, number: u32) -> Result<Read> {
        let [code, level, diagnosis, procedures, kind, name, score] = row.required;
        let [surgery_level, mean_cost, severity] = row.optional;
        let level = self.values.get(level).map_or(level, String::as_str);
        let offer = Offer::by_word(level).ok_or_else(|| {
            row.wrong(
                "level",
                level,
                "core, primary, comprehensive or fallback, or a value that `groups.level_values` names",
            )
        })?;
        let cell = DiagnosisCell::parse(diagnosis).ok_or_else(|| {
            row.wrong(
                "diagnosis",
                diagnosis,
                "the beginning of a diagnosis, a range of categories such as `A00-C50`, or `*`",
            )
        })?;
        let expression = match procedures {
            "" => None,
            text => Some(row.expression("procedures", text, &self.syntax)?),
        };
        let kind = match kind {
            "" => None,
            word => Some(TreatmentType::by_word(word).ok_or_else(|| {
                row.wrong(
                    "treatment_type",
                    word,
                    "conservative, diagnostic, therapeutic, interventional or surgical",
                )
            })?),
        };
        let rank = match self.rank(row, offer, &cell, expression.as_ref())? {
            Ok(rank) => rank,
            Err(form) => return Ok(Read::LeftOut(form)),
        };
        let surgery = self.surgery_level(row, offer, surgery_level)?;
        let kind_of_fallback = (offer == Offer::Fallback).then(|| fallback_kind(&cell)).flatten();
        let type_asked = type_asked(row, (offer, kind_of_fallback), expression.is_some(), kind)?;
        let (when, written) = condition_of(&cell, expression.as_ref(), type_asked, surgery);
        let packet = Packet {
            rule: 0,
            fallback: kind_of_fallback,
            treatment_type: kind,
            diagnosis_length: cell.length(),
            score: number_or_none(row, "score", score)?,
            mean_cost: number_or_none(row, "mean_cost", mean_cost)?,
            severity: match severity.parse() {
                _ if severity.is_empty() => 0,
                Ok(severity @ 1..=9) => severity,
                _ => return Err(row.wrong("severity", severity, "a severity from 1 to 9")),
            },
            expression,
        };
        let rule = row.rule(code, name, when, written, self.file)?;
        let order = (rank, number);
        let made = Made {
            rule,
            packet,
            order,
            surgery,
        };
        Ok(Read::Made(offer, Box::new(made)))
    }

    /// Where a row stands among those of its level, or its form if no key names that.
    fn rank(
        &self,
        row: &NamedRow<'_, 7, 3>,
        offer: Offer,
        cell: &DiagnosisCell,
        expression: Option<&Expression>,
    ) -> Result<Ranked> {
        match offer {
            Offer::Core => Ok(Ok(0)),
            Offer::Primary => self.primary_rank(row, cell, expression),
            Offer::Comprehensive => self.comprehensive_rank(row, cell, expression),
            Offer::Fallback => self.fallback_rank(row, cell),
        }
    }

    fn primary_rank(
        &self,
        row: &NamedRow<'_, 7, 3>,
        cell: &DiagnosisCell,
        expression: Option<&Expression>,
    ) -> Result<Ranked> {
        let rows = self.settings.need(
            &self.settings.written.primary.rows,
            "primary.rows",
            "`core`, `comprehensive`, `list`",
        )?;
        let core_like = expression.is_some() || matches!(cell, DiagnosisCell::Prefix(p) if p.len() > 3);
        let form = match core_like {
            true => PrimaryRows::Core,
            false => PrimaryRows::Comprehensive,
        };
        match rows.contains(&form) {
            true => Ok(Ok(0)),
            false => Err(row.fault("this primary row has a form that `primary.rows` does not name")),
        }
    }

    fn comprehensive_rank(
        &self,
        row: &NamedRow<'_, 7, 3>,
        cell: &DiagnosisCell,
        expression: Option<&Expression>,
    ) -> Result<Ranked> {
        let keys = self.settings.need(
            &self.settings.written.comprehensive.keys,
            "comprehensive.keys",
            "the forms in order, such as [\"prefix:3\", \"range\"]",
        )?;
        if expression.is_some() {
            return Err(row.fault("a comprehensive row has no procedures"));
        }
        let key = match cell {
            DiagnosisCell::Range(..) => ComprehensiveKey::Range,
            DiagnosisCell::Prefix(prefix) if prefix.len() == 3 => ComprehensiveKey::Category,
            DiagnosisCell::Prefix(prefix) if prefix.len() == 2 => ComprehensiveKey::TwoCharacters,
            DiagnosisCell::Prefix(prefix) if prefix.len() == 1 => ComprehensiveKey::Letter,
            _ => {
                let [_, _, written, ..] = row.required;
                let expected = "a category, its first one or two characters, or a range";
                return Err(row.wrong("diagnosis", written, expected));
            }
        };
        Ok(place_among(&keys, key, (COMPREHENSIVE_KEYS, key.word())))
    }

    fn fallback_rank(&self, row: &NamedRow<'_, 7, 3>, cell: &DiagnosisCell) -> Result<Ranked> {
        let used = self.settings.need(
            &self.settings.written.fallback.r#use,
            "fallback.use",
            "any of `letter`, `chapter`, `blank`, in order",
        )?;
        let [_, _, written, ..] = row.required;
        let kind = fallback_kind(cell);
        let kind =
            kind.ok_or_else(|| row.wrong("diagnosis", written, "a letter, a range of categories, or `*`"))?;
        Ok(place_among(&used, kind, (FALLBACK_USE, kind.word())))
    }

    /// The levels of surgery a comprehensive row is for, where the scheme tells them apart.
    fn surgery_level(&self, row: &NamedRow<'_, 7, 3>, offer: Offer, cell: &str) -> Result<Option<(u8, u8)>> {
        if offer != Offer::Comprehensive || cell.is_empty() {
            return Ok(None);
        }
        let known = self.settings.need(
            &self.settings.written.comprehensive.surgery_levels,
            "comprehensive.surgery_levels",
            "the levels rows are told apart by, such as [\"1\", \"2\", \"3-4\"], or []",
        )?;
        let levels = surgery_levels(cell).filter(|_| known.iter().any(|known| known == cell));
        let expected = format!("one of `comprehensive.surgery_levels`: {}", known.join(", "));
        levels
            .map(Some)
            .ok_or_else(|| row.wrong("surgery_level", cell, &expected))
    }
}

/// Beside rows of the same diagnosis and type that state levels of surgery, one that states none is for main
/// procedures without a level: no match with the levels must not fall to it.
fn tell_levels_apart(rows: &mut [Made]) {
    let key = |made: &Made| {
        let principal = made.rule.when.sets().next().cloned();
        (made.asked(), principal)
    };
    let with_levels: Vec<_> = rows
        .iter()
        .filter(|made| made.surgery.is_some())
        .map(key)
        .collect();
    for made in rows.iter_mut().filter(|made| made.surgery.is_none()) {
        if with_levels.is_empty() || !with_levels.contains(&key(made)) {
            continue;
        }
        made.surgery = Some(NO_LEVEL);
        if let Condition::All(parts) = &mut made.rule.when {
            let (low, high) = NO_LEVEL;
            parts.push(Condition::Atom(Atom::Packet(PacketTest::SurgeryLevel(low, high))));
            made.rule.written.push_str(" and surgery_level = 0");
        }
    }
}

/// Whether some principal diagnosis is one of both.
fn shares_diagnoses(one: &Rule, other: &Rule) -> bool {
    let patterns = |rule: &Rule| -> Vec<Pattern> {
        let first = rule.when.sets().next();
        match first {
            Some(SetRef::Inline(patterns)) => patterns.clone(),
            _ => Vec::new(),
        }
    };
    let begins = |pattern: &Pattern| match pattern {
        Pattern::Prefix(text) | Pattern::Exact(text) => text.clone(),
    };
    let others: Vec<String> = patterns(other).iter().map(begins).collect();
    let near = |own: &String| {
        others
            .iter()
            .any(|text| text.starts_with(own) || own.starts_with(text))
    };
    patterns(one).iter().map(begins).any(|own| near(&own))
}

/// That the first label which holds is of this severity or a heavier one.
fn at_least_as_severe<'l>(
    severity: u8,
    labels: impl Iterator<Item = &'l Label>,
) -> Option<(Condition, String)> {
    let mut lighter: Vec<&Label> = Vec::new();
    let mut ways: Vec<Condition> = Vec::new();
    let mut written: Vec<String> = Vec::new();
    for label in labels {
        if label.severity().is_none_or(|own| own < severity) {
            lighter.push(label);
            continue;
        }
        let not = |label: &&Label| Condition::Not(Box::new(label.when.clone()));
        let mut parts: Vec<Condition> = lighter.iter().map(not).collect();
        parts.push(label.when.clone());
        ways.push(Condition::All(parts));
        let mut words: Vec<String> = lighter
            .iter()
            .map(|label| format!("not ({})", label.written))
            .collect();
        words.push(format!("({})", label.written));
        written.push(words.join(" and "));
    }
    (!ways.is_empty()).then(|| (Condition::Any(ways), written.join(" or ")))
}

/// The treatment type that cases of a row must have; a row with procedures asks for those instead.
fn type_asked(
    row: &NamedRow<'_, 7, 3>,
    (offer, fallback): (Offer, Option<FallbackKind>),
    has_procedures: bool,
    stated: Option<TreatmentType>,
) -> Result<Option<TreatmentType>> {
    match (offer, fallback, stated) {
        (Offer::Fallback, Some(FallbackKind::Blank | FallbackKind::Letter), Some(stated)) => {
            let expected = "nothing: such a fall-back takes every type";
            Err(row.wrong("treatment_type", stated.word(), expected))
        }
        (Offer::Fallback, ..) => Ok(stated),
        _ if has_procedures => Ok(None),
        (.., Some(stated)) => Ok(Some(stated)),
        _ => Err(row.fault("field `treatment_type` is empty; a row without procedures must state it")),
    }
}

/// What a fall-back row with this diagnosis takes.
fn fallback_kind(cell: &DiagnosisCell) -> Option<FallbackKind> {
    match cell {
        DiagnosisCell::Any => Some(FallbackKind::Blank),
        DiagnosisCell::Range(..) => Some(FallbackKind::Chapter),
        DiagnosisCell::Prefix(prefix) if prefix.len() == 1 => Some(FallbackKind::Letter),
        DiagnosisCell::Prefix(_) => None,
    }
}

impl Packet {
    /// Of a row that is only a condition.
    fn of_condition(when: &Condition) -> Packet {
        let takes = when.atoms().into_iter().find_map(|atom| match atom {
            Atom::Packet(PacketTest::Takes(expression)) => Some(expression.clone()),
            _ => None,
        });
        Packet {
            rule: 0,
            fallback: None,
            expression: takes,
            treatment_type: None,
            diagnosis_length: 0,
            score: None,
            mean_cost: None,
            severity: 0,
        }
    }
}

fn number_or_none<const N: usize, const M: usize>(
    row: &NamedRow<'_, N, M>,
    field: &str,
    cell: &str,
) -> Result<Option<i64>> {
    if cell.is_empty() {
        return Ok(None);
    }
    let number = millionths(cell).ok_or_else(|| row.wrong(field, cell, SIX_DECIMALS))?;
    Ok(Some(number))
}

/// A row of the auxiliary catalogue: its family and label.
fn label_of<'r>(row: &NamedRow<'r, 5, 0>, long_stay: Option<&Condition>) -> Result<(&'r str, Label)> {
    let [family, label, order, scope, when] = row.required;
    let order = order
        .parse()
        .map_err(|_| row.wrong("order", order, "a whole number"))?;
    if family.is_empty() || label.is_empty() {
        return Err(row.fault("fields `family` and `label` must not be empty"));
    }
    let mut condition = row.condition("when", when)?;
    if !condition.say_long_stay(long_stay) {
        return Err(row.fault("`long_stay` is asked for, and `auxiliary.long_stay` is not set"));
    }
    let scope = scope.split('|').map(str::trim).filter(|word| !word.is_empty());
    let label = Label {
        name: label.to_owned(),
        order,
        scope: scope.map(Pattern::of).collect(),
        when: condition,
        written: when.to_owned(),
        place: row.place(),
    };
    Ok((family, label))
}

/// No condition, in words too.
fn always() -> (Condition, String) {
    (Condition::All(Vec::new()), "true".to_owned())
}

/// `pdx in {…}`, as a condition and in words.
fn principal_in(patterns: Vec<Pattern>) -> (Condition, String) {
    let written: Vec<String> = patterns.iter().map(Pattern::written).collect();
    let atom = Atom::In {
        subject: Subject::PrincipalDiagnosis,
        negated: false,
        set: SetRef::Inline(patterns),
    };
    (
        Condition::Atom(atom),
        format!("pdx in {{{}}}", written.join(", ")),
    )
}

/// What a catalogue row asks for.
fn condition_of(
    cell: &DiagnosisCell,
    expression: Option<&Expression>,
    kind: Option<TreatmentType>,
    surgery: Option<(u8, u8)>,
) -> (Condition, String) {
    let (principal, mut written) = principal_in(cell.patterns());
    let mut parts = vec![principal];
    let mut push = |test: PacketTest, words: String| {
        parts.push(Condition::Atom(Atom::Packet(test)));
        written.push_str(" and ");
        written.push_str(&words);
    };
    if let Some(expression) = expression {
        let words = format!("px takes {{{}}}", expression.written());
        push(PacketTest::Takes(expression.clone()), words);
    }
    if let Some(kind) = kind {
        push(PacketTest::Type(kind), format!("type = {}", kind.word()));
    }
    if let Some((low, high)) = surgery {
        let levels = match low == high {
            true => low.to_string(),
            false => format!("{low}-{high}"),
        };
        push(
            PacketTest::SurgeryLevel(low, high),
            format!("surgery_level = {levels}"),
        );
    }
    (Condition::All(parts), written)
}

/// `1484.833425` → 1484833425.
fn millionths(text: &str) -> Option<i64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(part) || part.len() > 6 {
        return None;
    }
    let part: i64 = format!("{part:0<6}").parse().ok()?;
    whole
        .parse::<i64>()
        .ok()?
        .checked_mul(1_000_000)?
        .checked_add(part)
}

/// The place of a form among those a key names, if it names it.
fn place_among<T: PartialEq>(all: &[T], one: T, (key, word): (&'static str, &'static str)) -> Ranked {
    let at = all.iter().position(|known| *known == one);
    at.and_then(|at| u32::try_from(at).ok()).ok_or(Form { key, word })
}

/// The first of several words that stands twice.
fn repeated(words: &[String]) -> Option<&str> {
    let mut seen = HashSet::new();
    words.iter().map(String::as_str).find(|word| !seen.insert(*word))
}

/// The layers that a file's rows name, in order of first sight.
fn layers_of(file: &TableFile) -> Result<Vec<String>> {
    let mut layers: Vec<String> = Vec::new();
    named_rows(file, ["layer"], [], |row: &NamedRow<'_, 1, 0>| {
        let [layer] = row.required;
        if !layers.iter().any(|known| known == layer) {
            layers.push(layer.to_owned());
        }
        Ok(())
    })?;
    Ok(layers)
}

impl Condition {
    /// The figures of the auxiliary catalogue it asks for.
    fn figures(&self) -> Vec<Figure> {
        let atoms = self.atoms().into_iter();
        let figures = atoms.filter_map(|atom| match atom {
            Atom::Packet(PacketTest::Figure(figure, ..)) => Some(*figure),
            _ => None,
        });
        figures.collect()
    }

    /// Puts what a long stay is in place of `long_stay`; whether that could be done.
    fn say_long_stay(&mut self, long_stay: Option<&Condition>) -> bool {
        match self {
            Condition::All(parts) | Condition::Any(parts) => {
                parts.iter_mut().all(|part| part.say_long_stay(long_stay))
            }
            Condition::Not(inner) => inner.say_long_stay(long_stay),
            Condition::Atom(Atom::Packet(PacketTest::LongStay)) => match long_stay {
                Some(said) => {
                    *self = said.clone();
                    true
                }
                None => false,
            },
            Condition::Atom(_) => true,
        }
    }
}
