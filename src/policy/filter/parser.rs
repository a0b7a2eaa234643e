//! Tokens to an expression, without recursion: open parentheses lie on a stack of our own.

use std::fmt;

use super::error::{FilterError, FilterErrorKind as Kind};
use super::expression::{Comparison, Expression, Operand, Operator};
use super::lexer::{Placed, Token, excerpt, tokens};

/// What the properties of a rule are: device properties or custom security attributes.
pub(super) trait Property: Clone + fmt::Debug + fmt::Display + PartialEq + Sized {
    /// The property with this name, with or without its prefix.
    fn named(name: &str) -> Option<Self>;

    /// Whether the operator is there for it.
    fn allows(&self, operator: Operator) -> bool;

    /// What may have been meant by a name that does not exist.
    fn hint(name: &str) -> Option<String>;
}

/// Reads a rule.
pub(super) fn parse<P: Property>(rule: &str) -> Result<Expression<P>, FilterError> {
    let tokens = tokens(rule)?;
    if tokens.is_empty() {
        return Err(FilterError::at(0, Kind::Empty));
    }
    Parser { tokens: tokens.into_iter().peekable(), end: rule.chars().count() }.rule()
}

struct Parser {
    tokens: std::iter::Peekable<std::vec::IntoIter<Placed>>,
    end: usize,
}

/// What was read since a parenthesis opened.
struct Level<P> {
    opened_at: usize,
    /// Parts between `or`, finished.
    alternatives: Vec<Expression<P>>,
    /// Parts between `and` since the last `or`.
    conjuncts: Vec<Expression<P>>,
    /// `not` waits for what follows.
    negate: bool,
}

impl<P> Level<P> {
    const fn new(opened_at: usize) -> Self {
        Self { opened_at, alternatives: Vec::new(), conjuncts: Vec::new(), negate: false }
    }

    fn add(&mut self, part: Expression<P>) {
        let negate = std::mem::take(&mut self.negate);
        self.conjuncts.push(if negate { Expression::Not(Box::new(part)) } else { part });
    }

    fn end_alternative(&mut self) {
        let parts = std::mem::take(&mut self.conjuncts);
        self.alternatives.extend(one_or(parts, Expression::And));
    }

    fn finish(mut self) -> Option<Expression<P>> {
        self.end_alternative();
        one_or(self.alternatives, Expression::Or)
    }
}

fn one_or<P>(
    mut parts: Vec<Expression<P>>,
    several: fn(Vec<Expression<P>>) -> Expression<P>,
) -> Option<Expression<P>> {
    if parts.len() > 1 { Some(several(parts)) } else { parts.pop() }
}

impl Parser {
    fn rule<P: Property>(mut self) -> Result<Expression<P>, FilterError> {
        let mut outer: Vec<Level<P>> = Vec::new();
        let mut level = Level::new(0);
        loop {
            self.operand(&mut outer, &mut level)?;
            if let Some(finished) = self.after_operand(&mut outer, &mut level)? {
                return Ok(finished);
            }
        }
    }

    /// Reads `not`, parentheses that open, and the comparison inside of them.
    fn operand<P: Property>(
        &mut self,
        outer: &mut Vec<Level<P>>,
        level: &mut Level<P>,
    ) -> Result<(), FilterError> {
        loop {
            let Some(placed) = self.tokens.next() else {
                return Err(FilterError::at(self.end, Kind::MissingComparison));
            };
            match &placed.token {
                Token::Open => outer.push(std::mem::replace(level, Level::new(placed.start))),
                Token::Word { text, .. } if is_word(text, "not") => {
                    stands_free(&placed, text)?;
                    if std::mem::replace(&mut level.negate, true) {
                        let hint = Some("put what is denied twice in parentheses".to_owned());
                        let missing = FilterError::at(placed.start, Kind::MissingComparison);
                        return Err(missing.with_hint(hint));
                    }
                }
                Token::Word { dashed: false, text } if connective(text).is_none() => {
                    level.add(Expression::Comparison(self.comparison(text, placed.start)?));
                    return Ok(());
                }
                Token::Close if outer.is_empty() => {
                    return Err(FilterError::at(placed.start, Kind::UnbalancedParenthesis));
                }
                _ => return Err(FilterError::at(placed.start, Kind::MissingComparison)),
            }
        }
    }

    /// Reads parentheses that close, then `and` or `or`. At the end of the rule: what it says.
    fn after_operand<P>(
        &mut self,
        outer: &mut Vec<Level<P>>,
        level: &mut Level<P>,
    ) -> Result<Option<Expression<P>>, FilterError> {
        loop {
            let Some(placed) = self.tokens.next() else {
                if !outer.is_empty() {
                    return Err(FilterError::at(level.opened_at, Kind::UnbalancedParenthesis));
                }
                return Ok(std::mem::replace(level, Level::new(0)).finish());
            };
            let around = match &placed.token {
                Token::Close => outer.pop(),
                Token::Word { text, .. } => match connective(text) {
                    None => return Err(FilterError::at(placed.start, Kind::MissingConnective)),
                    Some(connective) => {
                        stands_free(&placed, text)?;
                        if connective == Connective::Or {
                            level.end_alternative();
                        }
                        return Ok(None);
                    }
                },
                _ => return Err(FilterError::at(placed.start, Kind::MissingConnective)),
            };
            let Some(around) = around else {
                return Err(FilterError::at(placed.start, Kind::UnbalancedParenthesis));
            };
            let inside = std::mem::replace(level, around).finish();
            inside.into_iter().for_each(|inside| level.add(inside));
        }
    }

    fn comparison<P: Property>(
        &mut self,
        name: &str,
        start: usize,
    ) -> Result<Comparison<P>, FilterError> {
        let Some(property) = P::named(name) else {
            let kind = Kind::UnknownProperty { word: excerpt(name) };
            return Err(FilterError::at(start, kind).with_hint(P::hint(name)));
        };
        let (operator, at) = self.operator()?;
        if !property.allows(operator) {
            let property = property.to_string();
            let hint = operators_of::<P>(name);
            let kind = Kind::OperatorNotAllowed { property, operator };
            return Err(FilterError::at(at, kind).with_hint(hint));
        }
        let operand = self.value(operator)?;
        Ok(Comparison { property, operator, operand })
    }

    fn operator(&mut self) -> Result<(Operator, usize), FilterError> {
        let end = self.end;
        let missing = |at| FilterError::at(at, Kind::MissingOperator);
        let placed = self.tokens.next().ok_or_else(|| missing(end))?;
        let Token::Word { text, .. } = &placed.token else { return Err(missing(placed.start)) };
        if connective(text).is_some() || is_word(text, "not") {
            return Err(missing(placed.start));
        }
        let operator = Operator::named(text).ok_or_else(|| {
            let kind = Kind::UnknownOperator { word: excerpt(text) };
            let names = Operator::ALL.iter().map(|operator| operator.as_str());
            let hint = nearest(text, names).map(|name| format!("did you mean `-{name}`?"));
            FilterError::at(placed.start, kind).with_hint(hint)
        })?;
        Ok((operator, placed.start))
    }

    fn value(&mut self, operator: Operator) -> Result<Operand, FilterError> {
        let end = self.end;
        let missing = |at| FilterError::at(at, Kind::MissingOperand { operator });
        let placed = self.tokens.next().ok_or_else(|| missing(end))?;
        let fault = |kind| Err(FilterError::at(placed.start, kind));
        let literal = match &placed.token {
            Token::OpenList if operator.takes_list() => return self.list(placed.start),
            Token::OpenList => return fault(Kind::ListNotAllowed { operator }),
            Token::Text(text) => Operand::Text(text.clone()),
            Token::Word { dashed: false, text } if is_word(text, "true") => Operand::True,
            Token::Word { dashed: false, text } if is_word(text, "false") => Operand::False,
            Token::Word { dashed: false, text } if is_word(text, "null") => Operand::Null,
            Token::Word { dashed: false, text }
                if connective(text).is_none() && !is_word(text, "not") =>
            {
                let hint = Some(format!("a text stands in quotes: `\"{}\"`", excerpt(text)));
                return Err(missing(placed.start).with_hint(hint));
            }
            _ => return Err(missing(placed.start)),
        };
        match literal {
            _ if operator.takes_list() => fault(Kind::ListExpected { operator }),
            Operand::Text(_) => Ok(literal),
            _ if matches!(operator, Operator::Eq | Operator::Ne) => Ok(literal),
            _ => fault(Kind::OperandNotAllowed { operator }),
        }
    }

    /// What stands between brackets, the first of which was read.
    fn list(&mut self, start: usize) -> Result<Operand, FilterError> {
        let unterminated = FilterError::at(start, Kind::Unterminated);
        let mut texts = Vec::new();
        loop {
            let element = self.tokens.next().ok_or_else(|| unterminated.clone())?;
            match element.token {
                Token::Text(text) => texts.push(text),
                Token::CloseList if texts.is_empty() => {
                    return Err(FilterError::at(start, Kind::EmptyList));
                }
                _ => return Err(not_in_a_list(element.start)),
            }
            let after = self.tokens.next().ok_or_else(|| unterminated.clone())?;
            match after.token {
                Token::CloseList => return Ok(Operand::List(texts)),
                Token::Comma => {}
                _ => return Err(not_in_a_list(after.start)),
            }
        }
    }
}

fn not_in_a_list(at: usize) -> FilterError {
    let hint = Some("a list is texts in quotes, with commas between them".to_owned());
    FilterError::at(at, Kind::Unterminated).with_hint(hint)
}

#[derive(PartialEq)]
enum Connective {
    And,
    Or,
}

fn connective(word: &str) -> Option<Connective> {
    if is_word(word, "and") {
        Some(Connective::And)
    } else if is_word(word, "or") {
        Some(Connective::Or)
    } else {
        None
    }
}

const fn is_word(text: &str, word: &str) -> bool {
    text.eq_ignore_ascii_case(word)
}

fn stands_free(placed: &Placed, word: &str) -> Result<(), FilterError> {
    if placed.stands_free {
        return Ok(());
    }
    Err(FilterError::at(placed.start, Kind::MissingSpace { word: excerpt(word) }))
}

fn operators_of<P: Property>(name: &str) -> Option<String> {
    let property = P::named(name)?;
    let allowed = Operator::ALL.iter().filter(|operator| property.allows(**operator));
    let words: Vec<String> = allowed.map(|operator| format!("`-{operator}`")).collect();
    Some(format!("it has {}", words.join(", ")))
}

/// The most similar of the names, if one is similar at all.
pub(super) fn nearest<'n>(word: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    const SIMILAR: f64 = 0.75;
    let word = excerpt(word).to_ascii_lowercase();
    let scored = names.map(|name| (strsim::jaro_winkler(&word, &name.to_ascii_lowercase()), name));
    let best = scored.filter(|(score, _)| *score >= SIMILAR);
    best.max_by(|(one, _), (other, _)| one.total_cmp(other)).map(|(_, name)| name)
}
