//! Procedure expressions of catalogues: `47.0100`, `36.0700+00.6600x004`, `(81.51*/81.52*)+81.5100`.

use nom::IResult;
use nom::Parser as _;
use nom::bytes::complete::take_while1;
use nom::character::complete::multispace0;
use nom::sequence::preceded;

use crate::codes::normal_form;
use crate::tables::{Pattern, SetRef, SyntaxError};

/// Most alternatives that an expression may stand for once it is written out.
const MOST_ALTERNATIVES: usize = 1_000;

/// How deep parentheses may nest.
const DEEPEST: usize = 16;

/// Lengths of whole procedure codes.
const WHOLE: [usize; 3] = [7, 8, 11];

/// The procedures a packet asks for (手术操作组合): one of several alternatives, of each every
/// operand, and each operand takes an occurrence of its own among the case's procedures, so that
/// `81.5100+81.5100` asks for the code twice.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    /// Never empty, nor is one of them; an operand is a set written out.
    alternatives: Alternatives,
}

impl Expression {
    /// The alternatives, each a list of operands; the first operand is the catalogue's main procedure.
    pub fn alternatives(&self) -> &[Vec<SetRef>] {
        &self.alternatives
    }

    /// Every operand of every alternative.
    pub fn operands(&self) -> impl Iterator<Item = &SetRef> {
        self.alternatives.iter().flatten()
    }

    /// In the language's own writing.
    pub fn written(&self) -> String {
        let alternative = |operands: &Vec<SetRef>| {
            let operands: Vec<String> = operands.iter().map(operand_written).collect();
            operands.join("+")
        };
        let all: Vec<String> = self.alternatives.iter().map(alternative).collect();
        match all.as_slice() {
            [one] => one.clone(),
            several => {
                let grouped = several.iter().map(|one| match one.contains('+') {
                    true => format!("({one})"),
                    false => one.clone(),
                });
                grouped.collect::<Vec<_>>().join("/")
            }
        }
    }
}

fn operand_written(operand: &SetRef) -> String {
    match operand {
        SetRef::Named { name, .. } => format!("@{name}"),
        SetRef::Inline(patterns) => {
            let written: Vec<String> = patterns.iter().map(Pattern::written).collect();
            written.join("/")
        }
    }
}

/// Takes an occurrence of its own for every operand (逐项匹配): which procedure each takes, by place.
///
/// `hits` says whether an operand means a procedure. Operands try procedures in order, so the main
/// procedure is taken where it can be.
pub fn occurrences(
    operands: usize,
    procedures: usize,
    hits: &impl Fn(usize, usize) -> bool,
    taken: &mut Vec<usize>,
) -> bool {
    taken.clear();
    operands <= procedures && take_next(operands, procedures, hits, taken)
}

fn take_next(
    operands: usize,
    procedures: usize,
    hits: &impl Fn(usize, usize) -> bool,
    taken: &mut Vec<usize>,
) -> bool {
    let operand = taken.len();
    if operand == operands {
        return true;
    }
    for procedure in 0..procedures {
        if !taken.contains(&procedure) && hits(operand, procedure) {
            taken.push(procedure);
            if take_next(operands, procedures, hits, taken) {
                return true;
            }
            taken.pop();
        }
    }
    false
}

/// How a catalogue writes its expressions (组合写法).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Syntax {
    /// Between alternatives.
    pub any: char,
    /// Between procedures that are all asked for.
    pub all: char,
    /// Between the main procedure and the related ones, where the catalogue tells them apart.
    pub main: Option<char>,
    /// Which of the two binds tighter where both stand side by side; without it that is an error.
    pub tighter: Option<Tighter>,
    /// Codes that are too short for a whole one are beginnings.
    pub short_is_beginning: bool,
}

/// Which sign of an expression binds tighter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tighter {
    /// `a + b / c` is a with one of b and c.
    Any,
    /// `a + b / c` is a with b, or c.
    All,
}

impl Default for Syntax {
    /// The language's own: `/` any, `+` all, parentheses where both meet.
    fn default() -> Syntax {
        Syntax {
            any: '/',
            all: '+',
            main: None,
            tighter: None,
            short_is_beginning: false,
        }
    }
}

/// Alternatives, each a list of operands.
type Alternatives = Vec<Vec<SetRef>>;

type Parsed<T> = Result<T, SyntaxError>;

impl Syntax {
    /// Parses a cell.
    ///
    /// # Errors
    /// The first fault, with its byte offset.
    pub fn parse(&self, text: &str) -> Parsed<Expression> {
        let mut parser = Parser {
            syntax: *self,
            text,
            rest: skip_space(text),
        };
        let alternatives = parser.main_and_related()?;
        if !parser.rest.is_empty() {
            return parser.fail(&format!("unexpected `{}`", first(parser.rest)));
        }
        Ok(Expression { alternatives })
    }
}

struct Parser<'a> {
    syntax: Syntax,
    text: &'a str,
    rest: &'a str,
}

impl Parser<'_> {
    /// `main_related`, or just an expression.
    fn main_and_related(&mut self) -> Parsed<Alternatives> {
        let mut all = self.expr(0)?;
        while let Some(sign) = self.syntax.main
            && self.take(sign)
        {
            let related = self.expr(0)?;
            all = self.both(all, related)?;
        }
        Ok(all)
    }

    fn expr(&mut self, depth: usize) -> Parsed<Alternatives> {
        match self.syntax.tighter {
            Some(Tighter::Any) => self.chain(depth, Self::any_of, Joint::All),
            Some(Tighter::All) => self.chain(depth, Self::all_of, Joint::Any),
            None => self.one_sign(depth),
        }
    }

    fn any_of(&mut self, depth: usize) -> Parsed<Alternatives> {
        self.chain(depth, Self::unit, Joint::Any)
    }

    fn all_of(&mut self, depth: usize) -> Parsed<Alternatives> {
        self.chain(depth, Self::unit, Joint::All)
    }

    /// Units joined by the same sign throughout.
    fn one_sign(&mut self, depth: usize) -> Parsed<Alternatives> {
        let first_unit = self.unit(depth)?;
        let joint = match self.rest.chars().next() {
            Some(sign) if sign == self.syntax.all => Joint::All,
            Some(sign) if sign == self.syntax.any => Joint::Any,
            _ => return Ok(first_unit),
        };
        let joined = self.join(first_unit, depth, Self::unit, joint)?;
        let other = self.sign(joint.other());
        if self.rest.starts_with(other) {
            let (all, any) = (self.syntax.all, self.syntax.any);
            return self.fail(&format!("`{all}` and `{any}` side by side need parentheses"));
        }
        Ok(joined)
    }

    fn chain(
        &mut self,
        depth: usize,
        part: fn(&mut Self, usize) -> Parsed<Alternatives>,
        joint: Joint,
    ) -> Parsed<Alternatives> {
        let first_part = part(self, depth)?;
        self.join(first_part, depth, part, joint)
    }

    fn join(
        &mut self,
        mut joined: Alternatives,
        depth: usize,
        part: fn(&mut Self, usize) -> Parsed<Alternatives>,
        joint: Joint,
    ) -> Parsed<Alternatives> {
        while self.take(self.sign(joint)) {
            let next = part(self, depth)?;
            joined = match joint {
                Joint::All => self.both(joined, next)?,
                Joint::Any => self.either(joined, next)?,
            };
        }
        Ok(joined)
    }

    fn sign(&self, joint: Joint) -> char {
        match joint {
            Joint::All => self.syntax.all,
            Joint::Any => self.syntax.any,
        }
    }

    fn both(&self, left: Alternatives, right: Alternatives) -> Parsed<Alternatives> {
        if left.len().saturating_mul(right.len()) > MOST_ALTERNATIVES {
            return self.too_many();
        }
        let with = |one: &Vec<SetRef>| {
            let one = one.clone();
            right.iter().map(move |other| [one.as_slice(), other].concat())
        };
        Ok(left.iter().flat_map(with).collect())
    }

    fn either(&self, mut left: Alternatives, right: Alternatives) -> Parsed<Alternatives> {
        left.extend(right);
        match left.len() > MOST_ALTERNATIVES {
            true => self.too_many(),
            false => Ok(left),
        }
    }

    fn too_many<T>(&self) -> Parsed<T> {
        self.fail(&format!("more than {MOST_ALTERNATIVES} alternatives"))
    }

    fn unit(&mut self, depth: usize) -> Parsed<Alternatives> {
        if depth > DEEPEST {
            return self.fail(&format!("more than {DEEPEST} nested parentheses"));
        }
        if self.take('(') {
            let inner = self.expr(depth + 1)?;
            if !self.take(')') {
                return self.fail("expected `)`");
            }
            return Ok(inner);
        }
        self.code()
            .map(|pattern| vec![vec![SetRef::Inline(vec![pattern])]])
    }

    fn code(&mut self) -> Parsed<Pattern> {
        let of_code = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '*';
        let cut: IResult<&str, &str> =
            preceded(multispace0, take_while1(|c: char| of_code(c))).parse(self.rest);
        let Ok((rest, written)) = cut else {
            let found = match self.rest {
                "" => "the end".to_owned(),
                rest => format!("`{}`", first(rest)),
            };
            return self.fail(&format!("expected the code of a procedure, found {found}"));
        };
        let pattern = self.pattern(written)?;
        self.rest = skip_space(rest);
        Ok(pattern)
    }

    fn pattern(&self, written: &str) -> Parsed<Pattern> {
        let code = normal_form(written);
        let begins = code.strip_suffix('*').unwrap_or("");
        match Pattern::of(&code) {
            Pattern::Exact(code) if WHOLE.contains(&code.len()) && !code.contains('*') => {
                Ok(Pattern::Exact(code))
            }
            Pattern::Exact(code) if self.syntax.short_is_beginning && code.len() < 7 => {
                Ok(Pattern::Prefix(code))
            }
            Pattern::Prefix(prefix) if prefix.len() >= 2 && !prefix.contains('*') => {
                Ok(Pattern::Prefix(prefix))
            }
            Pattern::Prefix(_) => self.fail(&format!(
                "`{begins}*`: expected at least two characters before one `*`"
            )),
            Pattern::Exact(code) => self.fail(&format!(
                "`{code}` has {} characters; a whole procedure code has 7, 8 or 11, a beginning ends with `*`",
                code.len()
            )),
        }
    }

    fn take(&mut self, sign: char) -> bool {
        match self.rest.strip_prefix(sign) {
            Some(rest) => {
                self.rest = skip_space(rest);
                true
            }
            None => false,
        }
    }

    fn fail<T>(&self, message: &str) -> Parsed<T> {
        Err(SyntaxError {
            offset: self.text.len() - self.rest.len(),
            message: message.to_owned(),
        })
    }
}

/// How two parts of an expression are joined.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Joint {
    All,
    Any,
}

impl Joint {
    fn other(self) -> Joint {
        match self {
            Joint::All => Joint::Any,
            Joint::Any => Joint::All,
        }
    }
}

fn skip_space(text: &str) -> &str {
    text.trim_start()
}

fn first(text: &str) -> char {
    text.chars().next().unwrap_or(' ')
}
