//! The condition language of `when` cells: words → tree, with every error at its column.
//!
//! ```text
//! expr  := conj ("or" conj)*          conj := unit ("and" unit)*
//! unit  := "not" unit | "(" expr ")" | atom
//! atom  := ("pdx"|"ppx"|"discharge") ["not"] "in" set
//!        | ("dx"|"sdx"|"px"|"spx") "any" ["not"] "in" set
//!        | "has" "px" | "no" "px" | "mcc" | "cc" | "true" | "false"
//!        | "sites" "(" set ")" cmp n
//!        | ("age"|"age_days"|"weight"|"los"|"icu_hours"|"amount") cmp n
//!        | "sex" "=" ("1"|"2") | "dept" "=" word
//!        | "px" "takes" "{" procedure expression "}"       packets: each operand its own procedure
//!        | "type" "=" treatment type | "surgery_level" "=" n ["-" n]
//!        | "long_stay" | ("cci"|"icu_days"|"cost_ratio") cmp n | "fee_share" "(" part ")" cmp n
//! set   := "@" name | "{" code ("," code)* "}"        a trailing * in a code is a prefix
//! cmp   := "<" | "<=" | ">" | ">=" | "="
//! ```
//!
//! A code with `+` inside is a dagger with its asterisk: the `*` at its end is part of it. `*` alone is
//! any code. The last line of atoms is for the auxiliary catalogue of packets only.
//!
//! Words are cut by nom; the grammar above is one function a line.

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while, take_while1};
use nom::character::complete::{char, multispace0};
use nom::combinator::{map, recognize};
use nom::sequence::{delimited, pair, preceded};
use nom::{IResult, Parser as _};

use super::packets::{Figure, PacketTest, Syntax, TreatmentType};
use crate::diagnostics::{Words, suggestion};

/// How deep parentheses and `not` may nest: far above any table, far below the stack.
const DEEPEST: usize = 64;

/// A parsed condition (条件).
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// Holds if all hold; empty: always.
    All(Vec<Condition>),
    /// Holds if one holds; empty: never.
    Any(Vec<Condition>),
    /// Holds if the inner one does not.
    Not(Box<Condition>),
    /// A single test.
    Atom(Atom),
}

/// A single test on a case (原子条件).
#[derive(Clone, Debug, PartialEq)]
pub enum Atom {
    /// `pdx in @S`: a code, or one code of a list, is in the set.
    In {
        /// Which codes.
        subject: Subject,
        /// `not in`.
        negated: bool,
        /// The set.
        set: SetRef,
    },
    /// `has px` (true), `no px` (false).
    HasProcedure(bool),
    /// `mcc`: a diagnosis other than the principal is an MCC and not excluded.
    Mcc,
    /// `cc`.
    Cc,
    /// `sites(@S) >= 2`: number of different body regions hit.
    Sites(SetRef, Comparison, i64),
    /// `age < 18`; both sides in hundredths.
    Number(NumberFact, Comparison, i64),
    /// `sex = 1`.
    Sex(u8),
    /// `dept = ICU`.
    Department(String),
    /// What only packets ask.
    Packet(PacketTest),
}

impl Atom {
    /// The sets it names or writes out.
    pub fn sets(&self) -> Vec<&SetRef> {
        match self {
            Atom::In { set, .. } | Atom::Sites(set, ..) => vec![set],
            Atom::Packet(PacketTest::Takes(expression)) => expression.operands().collect(),
            _ => Vec::new(),
        }
    }
}

/// Which codes a set test looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// `pdx`: the principal diagnosis (主要诊断).
    PrincipalDiagnosis,
    /// `dx any`: any diagnosis.
    AnyDiagnosis,
    /// `sdx any`: any diagnosis but the principal (其他诊断).
    OtherDiagnosis,
    /// `ppx`: the principal procedure (主要手术操作).
    PrincipalProcedure,
    /// `px any`: any procedure.
    AnyProcedure,
    /// `spx any`: any procedure but the principal (其他手术操作).
    OtherProcedure,
    /// `discharge`: the discharge status (离院方式).
    DischargeStatus,
}

impl Subject {
    /// The words of the language.
    pub const fn words(self) -> &'static str {
        match self {
            Subject::PrincipalDiagnosis => "pdx",
            Subject::AnyDiagnosis => "dx any",
            Subject::OtherDiagnosis => "sdx any",
            Subject::PrincipalProcedure => "ppx",
            Subject::AnyProcedure => "px any",
            Subject::OtherProcedure => "spx any",
            Subject::DischargeStatus => "discharge",
        }
    }
}

impl Subject {
    /// What it is called.
    pub const fn name(self) -> Words {
        let (en, zh) = match self {
            Subject::PrincipalDiagnosis => ("principal diagnosis", "主要诊断"),
            Subject::AnyDiagnosis => ("diagnosis", "诊断"),
            Subject::OtherDiagnosis => ("other diagnosis", "其他诊断"),
            Subject::PrincipalProcedure => ("principal procedure", "主要手术操作"),
            Subject::AnyProcedure => ("procedure", "手术操作"),
            Subject::OtherProcedure => ("other procedure", "其他手术操作"),
            Subject::DischargeStatus => ("discharge status", "离院方式"),
        };
        Words { en, zh }
    }

    /// Looks at one code, not at a list.
    pub const fn is_single(self) -> bool {
        matches!(
            self,
            Subject::PrincipalDiagnosis | Subject::PrincipalProcedure | Subject::DischargeStatus
        )
    }
}

/// A number of a case that conditions compare (数值项).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NumberFact {
    /// Full years at admission (年龄).
    Age,
    /// Days (日龄).
    AgeDays,
    /// Grams (体重).
    Weight,
    /// Days of stay (住院天数).
    Los,
    /// Hours in intensive care (重症监护时长).
    IcuHours,
    /// Total fee in yuan (总费用).
    Amount,
}

impl NumberFact {
    /// All, in the order of their index.
    pub const ALL: [NumberFact; 6] = [
        NumberFact::Age,
        NumberFact::AgeDays,
        NumberFact::Weight,
        NumberFact::Los,
        NumberFact::IcuHours,
        NumberFact::Amount,
    ];

    /// The word of the language.
    pub const fn word(self) -> &'static str {
        match self {
            NumberFact::Age => "age",
            NumberFact::AgeDays => "age_days",
            NumberFact::Weight => "weight",
            NumberFact::Los => "los",
            NumberFact::IcuHours => "icu_hours",
            NumberFact::Amount => "amount",
        }
    }
}

/// How two numbers are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
    /// `=`
    Equal,
}

impl Comparison {
    /// Whether `left` stands so to `right`.
    pub const fn holds(self, left: i64, right: i64) -> bool {
        match self {
            Comparison::Less => left < right,
            Comparison::AtMost => left <= right,
            Comparison::More => left > right,
            Comparison::AtLeast => left >= right,
            Comparison::Equal => left == right,
        }
    }

    /// The sign.
    pub const fn sign(self) -> &'static str {
        match self {
            Comparison::Less => "<",
            Comparison::AtMost => "<=",
            Comparison::More => ">",
            Comparison::AtLeast => ">=",
            Comparison::Equal => "=",
        }
    }
}

/// A set as a condition names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SetRef {
    /// `@name`, with the byte offset of the name in the cell.
    Named {
        /// Without the `@`.
        name: String,
        /// Bytes before it in the cell.
        offset: usize,
    },
    /// `{code, …}`.
    Inline(Vec<Pattern>),
}

/// One element of an inline set.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Pattern {
    /// This code.
    Exact(String),
    /// Every code that begins so.
    Prefix(String),
}

impl Pattern {
    /// As a table writes it: a trailing `*` makes a beginning, but for a dagger code with its
    /// asterisk (`A22.801+G01*`), whose `*` is part of it.
    pub fn of(written: &str) -> Pattern {
        match written.strip_suffix('*') {
            Some(prefix) if !written.contains('+') => Pattern::Prefix(prefix.to_owned()),
            _ => Pattern::Exact(written.to_owned()),
        }
    }

    /// As a table writes it.
    pub fn written(&self) -> String {
        match self {
            Pattern::Exact(code) => code.clone(),
            Pattern::Prefix(prefix) => format!("{prefix}*"),
        }
    }

    /// Whether a code is meant.
    pub fn holds(&self, code: &str) -> bool {
        match self {
            Pattern::Exact(exact) => exact == code,
            // no code at all begins with nothing, but is no code
            Pattern::Prefix(prefix) => !code.is_empty() && code.starts_with(prefix.as_str()),
        }
    }
}

/// Why a cell is no condition, and where in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// Bytes before the fault.
    pub offset: usize,
    /// One line.
    pub message: String,
}

impl Condition {
    /// Parses a `when` cell.
    ///
    /// # Errors
    /// The first fault, with its byte offset.
    pub fn parse(text: &str) -> Result<Condition, SyntaxError> {
        let tokens = tokens(text)?;
        let mut parser = Parser {
            tokens: &tokens,
            at: 0,
            end: text.len(),
        };
        let condition = parser.expr(0)?;
        match parser.tokens.get(parser.at) {
            None => Ok(condition),
            Some((offset, token)) => Err(SyntaxError {
                offset: *offset,
                message: format!("unexpected {}; expected `and`, `or` or the end", token.shown()),
            }),
        }
    }

    /// Every atom, left to right.
    pub fn atoms(&self) -> Vec<&Atom> {
        let mut found = Vec::new();
        let mut open = vec![self];
        while let Some(next) = open.pop() {
            match next {
                Condition::All(inner) | Condition::Any(inner) => open.extend(inner.iter().rev()),
                Condition::Not(inner) => open.push(inner),
                Condition::Atom(atom) => found.push(atom),
            }
        }
        found
    }

    /// Every set named or written out, left to right.
    pub fn sets(&self) -> impl Iterator<Item = &SetRef> {
        self.atoms().into_iter().flat_map(Atom::sets)
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token<'a> {
    Word(&'a str),
    Name(&'a str),
    Codes(&'a str),
    Sign(&'a str),
    Open,
    Close,
}

impl Token<'_> {
    fn shown(&self) -> String {
        match self {
            Token::Word(text) | Token::Sign(text) => format!("`{}`", cut(text)),
            Token::Name(text) => format!("`@{}`", cut(text)),
            Token::Codes(text) => format!("`{{{}}}`", cut(text)),
            Token::Open => "`(`".to_owned(),
            Token::Close => "`)`".to_owned(),
        }
    }
}

/// Enough of a word to find it again.
pub(super) fn cut(text: &str) -> &str {
    text.char_indices()
        .nth(80)
        .map_or(text, |(at, _)| text.get(..at).unwrap_or(text))
}

fn tokens(text: &str) -> Result<Vec<(usize, Token<'_>)>, SyntaxError> {
    let mut found = Vec::new();
    let mut rest = skip_space(text);
    let offset_of = |rest: &str| text.len() - rest.len();
    while !rest.is_empty() {
        match token(rest) {
            Ok((after, token)) => {
                found.push((offset_of(rest), token));
                rest = skip_space(after);
            }
            Err(_) => {
                let offset = offset_of(rest);
                let message = match rest.chars().next() {
                    Some('{') => "this `{` is not closed".to_owned(),
                    Some('@') => "a set name is missing after `@`".to_owned(),
                    other => format!("`{}` has no meaning here", other.unwrap_or(' ')),
                };
                return Err(SyntaxError { offset, message });
            }
        }
    }
    Ok(found)
}

fn skip_space(text: &str) -> &str {
    let space: IResult<&str, &str> = multispace0(text);
    space.map_or(text, |(rest, _)| rest)
}

fn token(input: &str) -> IResult<&str, Token<'_>> {
    let word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-');
    let name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | ':');
    alt((
        map(preceded(char('@'), take_while1(name)), Token::Name),
        map(
            delimited(char('{'), take_while(|c| c != '}'), char('}')),
            Token::Codes,
        ),
        map(
            alt((tag("<="), tag(">="), tag("<"), tag(">"), tag("="))),
            Token::Sign,
        ),
        map(char('('), |_| Token::Open),
        map(char(')'), |_| Token::Close),
        map(recognize(pair(take_while1(word), take_while(word))), Token::Word),
    ))
    .parse(input)
}

struct Parser<'a> {
    tokens: &'a [(usize, Token<'a>)],
    at: usize,
    end: usize,
}

type Parsed<T> = Result<T, SyntaxError>;

const ATOM_WORDS: [&str; 22] = [
    "type",
    "surgery_level",
    "pdx",
    "ppx",
    "discharge",
    "dx",
    "sdx",
    "px",
    "spx",
    "has",
    "no",
    "mcc",
    "cc",
    "true",
    "false",
    "sites",
    "age",
    "age_days",
    "weight",
    "los",
    "icu_hours",
    "amount",
];

impl<'a> Parser<'a> {
    fn expr(&mut self, depth: usize) -> Parsed<Condition> {
        let mut parts = vec![self.conj(depth)?];
        while self.take_word("or") {
            parts.push(self.conj(depth)?);
        }
        Ok(single_or(parts, Condition::Any))
    }

    fn conj(&mut self, depth: usize) -> Parsed<Condition> {
        let mut parts = vec![self.unit(depth)?];
        while self.take_word("and") {
            parts.push(self.unit(depth)?);
        }
        Ok(single_or(parts, Condition::All))
    }

    fn unit(&mut self, depth: usize) -> Parsed<Condition> {
        if depth > DEEPEST {
            return self.fail(format!("more than {DEEPEST} nested parentheses or `not`"));
        }
        if self.take_word("not") {
            return Ok(Condition::Not(Box::new(self.unit(depth + 1)?)));
        }
        if self.take(&Token::Open) {
            let inner = self.expr(depth + 1)?;
            self.need(&Token::Close, "`)`")?;
            return Ok(inner);
        }
        self.atom()
    }

    fn atom(&mut self) -> Parsed<Condition> {
        let word = match self.tokens.get(self.at) {
            Some((_, Token::Word(word))) => *word,
            _ => return self.fail_expecting("a test such as `pdx in @SET`, `age < 18` or `mcc`"),
        };
        let start = self.at;
        self.at += 1;
        let atom = match word {
            "true" => return Ok(Condition::All(Vec::new())),
            "false" => return Ok(Condition::Any(Vec::new())),
            "mcc" => Atom::Mcc,
            "cc" => Atom::Cc,
            "has" => self.has_procedure(true)?,
            "no" => self.has_procedure(false)?,
            "pdx" => self.in_set(Subject::PrincipalDiagnosis)?,
            "ppx" => self.in_set(Subject::PrincipalProcedure)?,
            "discharge" => self.in_set(Subject::DischargeStatus)?,
            "dx" => self.any_in_set(Subject::AnyDiagnosis)?,
            "sdx" => self.any_in_set(Subject::OtherDiagnosis)?,
            "px" if self.take_word("takes") => self.takes()?,
            "px" => self.any_in_set(Subject::AnyProcedure)?,
            "spx" => self.any_in_set(Subject::OtherProcedure)?,
            "sites" => self.sites()?,
            "sex" => self.sex()?,
            "dept" => self.department()?,
            "type" => self.treatment_type()?,
            "surgery_level" => self.surgery_level()?,
            "long_stay" => Atom::Packet(PacketTest::LongStay),
            "fee_share" => self.fee_share()?,
            _ if Figure::by_word(word).is_some() => self.figure(Figure::by_word(word))?,
            _ => match NumberFact::ALL.into_iter().find(|fact| fact.word() == word) {
                Some(fact) => {
                    let (comparison, number) = self.comparison()?;
                    Atom::Number(fact, comparison, number)
                }
                None => {
                    self.at = start;
                    let hint = suggestion(word, ATOM_WORDS.into_iter().chain(["sex", "dept"]));
                    return self.fail(format!("`{}` is not a test{hint}", cut(word)));
                }
            },
        };
        Ok(Condition::Atom(atom))
    }

    fn has_procedure(&mut self, wanted: bool) -> Parsed<Atom> {
        self.need(&Token::Word("px"), "`px`")?;
        Ok(Atom::HasProcedure(wanted))
    }

    fn any_in_set(&mut self, subject: Subject) -> Parsed<Atom> {
        self.need(&Token::Word("any"), "`any`")?;
        self.in_set(subject)
    }

    fn in_set(&mut self, subject: Subject) -> Parsed<Atom> {
        let negated = self.take_word("not");
        self.need(
            &Token::Word("in"),
            if negated { "`in`" } else { "`in` or `not in`" },
        )?;
        let set = self.set()?;
        Ok(Atom::In {
            subject,
            negated,
            set,
        })
    }

    fn sites(&mut self) -> Parsed<Atom> {
        self.need(&Token::Open, "`(`")?;
        let set = self.set()?;
        self.need(&Token::Close, "`)`")?;
        let (comparison, number) = self.comparison()?;
        Ok(Atom::Sites(set, comparison, number))
    }

    fn sex(&mut self) -> Parsed<Atom> {
        self.need(&Token::Sign("="), "`=`")?;
        if self.take_word("1") {
            return Ok(Atom::Sex(1));
        }
        if self.take_word("2") {
            return Ok(Atom::Sex(2));
        }
        self.fail_expecting("`1` (male) or `2` (female)")
    }

    fn takes(&mut self) -> Parsed<Atom> {
        let Some((offset, Token::Codes(text))) = self.tokens.get(self.at) else {
            return self.fail_expecting("a procedure expression such as `{47.0100+54.2100}`");
        };
        let expression = Syntax::default().parse(text).map_err(|error| SyntaxError {
            offset: offset + 1 + error.offset,
            ..error
        })?;
        self.at += 1;
        Ok(Atom::Packet(PacketTest::Takes(expression)))
    }

    fn treatment_type(&mut self) -> Parsed<Atom> {
        self.need(&Token::Sign("="), "`=`")?;
        let word = match self.tokens.get(self.at) {
            Some((_, Token::Word(word))) => TreatmentType::by_word(word),
            _ => None,
        };
        let Some(kind) = word else {
            return self.fail_expecting(
                "`conservative`, `diagnostic`, `therapeutic`, `interventional` or `surgical`",
            );
        };
        self.at += 1;
        Ok(Atom::Packet(PacketTest::Type(kind)))
    }

    /// `surgery_level = 3` or `surgery_level = 3-4`.
    fn surgery_level(&mut self) -> Parsed<Atom> {
        self.need(&Token::Sign("="), "`=`")?;
        let levels = match self.tokens.get(self.at) {
            Some((_, Token::Word(word))) => surgery_levels(word),
            _ => None,
        };
        let Some((low, high)) = levels else {
            return self.fail_expecting("a level of surgery from 1 to 4, or two such as `3-4`");
        };
        self.at += 1;
        Ok(Atom::Packet(PacketTest::SurgeryLevel(low, high)))
    }

    fn fee_share(&mut self) -> Parsed<Atom> {
        self.need(&Token::Open, "`(`")?;
        let part = match self.tokens.get(self.at) {
            Some((_, Token::Word(word))) => Figure::fee_share_of(word),
            _ => None,
        };
        if part.is_none() {
            return self.fail_expecting("`drug` or `treatment`");
        }
        self.at += 1;
        self.need(&Token::Close, "`)`")?;
        self.figure(part)
    }

    fn figure(&mut self, figure: Option<Figure>) -> Parsed<Atom> {
        let (comparison, number) = self.comparison()?;
        match figure {
            Some(figure) => Ok(Atom::Packet(PacketTest::Figure(figure, comparison, number))),
            None => self.fail_expecting("a figure of the auxiliary catalogue"),
        }
    }

    fn department(&mut self) -> Parsed<Atom> {
        self.need(&Token::Sign("="), "`=`")?;
        match self.tokens.get(self.at) {
            Some((_, Token::Word(word))) => {
                self.at += 1;
                Ok(Atom::Department((*word).to_owned()))
            }
            _ => self.fail_expecting("a department code"),
        }
    }

    fn comparison(&mut self) -> Parsed<(Comparison, i64)> {
        let comparison = match self.tokens.get(self.at) {
            Some((_, Token::Sign("<"))) => Comparison::Less,
            Some((_, Token::Sign("<="))) => Comparison::AtMost,
            Some((_, Token::Sign(">"))) => Comparison::More,
            Some((_, Token::Sign(">="))) => Comparison::AtLeast,
            Some((_, Token::Sign("="))) => Comparison::Equal,
            _ => return self.fail_expecting("`<`, `<=`, `>`, `>=` or `=`"),
        };
        self.at += 1;
        let number = match self.tokens.get(self.at) {
            Some((_, Token::Word(word))) => hundredths(word),
            _ => None,
        };
        match number {
            Some(number) => {
                self.at += 1;
                Ok((comparison, number))
            }
            None => self.fail_expecting("a number with at most two decimals"),
        }
    }

    fn set(&mut self) -> Parsed<SetRef> {
        let set = match self.tokens.get(self.at) {
            Some((offset, Token::Name(name))) => SetRef::Named {
                name: (*name).to_owned(),
                offset: *offset,
            },
            Some((_, Token::Codes(codes))) => match inline_set(codes) {
                Some(patterns) => SetRef::Inline(patterns),
                None => return self.fail_expecting("codes separated by commas inside `{}`"),
            },
            _ => return self.fail_expecting("a set: `@NAME` or `{CODE, …}`"),
        };
        self.at += 1;
        Ok(set)
    }

    fn take(&mut self, wanted: &Token<'_>) -> bool {
        let found = self.tokens.get(self.at).is_some_and(|(_, token)| token == wanted);
        self.at += usize::from(found);
        found
    }

    fn take_word(&mut self, word: &str) -> bool {
        self.take(&Token::Word(word))
    }

    fn need(&mut self, wanted: &Token<'_>, shown: &str) -> Parsed<()> {
        if self.take(wanted) {
            Ok(())
        } else {
            self.fail_expecting(shown)
        }
    }

    fn fail_expecting<T>(&self, expected: &str) -> Parsed<T> {
        let found = self
            .tokens
            .get(self.at)
            .map_or_else(|| "the end".to_owned(), |(_, token)| token.shown());
        self.fail(format!("expected {expected}, found {found}"))
    }

    fn fail<T>(&self, message: String) -> Parsed<T> {
        let offset = self.tokens.get(self.at).map_or(self.end, |(offset, _)| *offset);
        Err(SyntaxError { offset, message })
    }
}

fn single_or(mut parts: Vec<Condition>, many: fn(Vec<Condition>) -> Condition) -> Condition {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            many(parts)
        }
        None => many(parts),
    }
}

fn inline_set(codes: &str) -> Option<Vec<Pattern>> {
    codes
        .split(',')
        .map(str::trim)
        .map(|code| (!code.is_empty()).then(|| Pattern::of(code)))
        .collect()
}

/// `3` or `3-4`: the lowest and highest level of surgery (手术级别).
pub(super) fn surgery_levels(text: &str) -> Option<(u8, u8)> {
    let (low, high) = text.split_once('-').unwrap_or((text, text));
    let level = |text: &str| text.parse().ok().filter(|level| (1..=4).contains(level));
    let (low, high): (u8, u8) = (level(low)?, level(high)?);
    (low <= high).then_some((low, high))
}

/// `37.5` → 3750: numbers of conditions and cases are compared in hundredths.
pub fn hundredths(text: &str) -> Option<i64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(part) || part.len() > 2 {
        return None;
    }
    let whole: i64 = whole.parse().ok()?;
    let part: i64 = part.parse::<i64>().ok()? * if part.len() == 1 { 10 } else { 1 };
    whole.checked_mul(100)?.checked_add(part)
}
