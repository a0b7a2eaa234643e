//! [`AttributeFilter`]: rules over custom security attributes of applications and of service
//! principals.

use std::collections::BTreeMap;
use std::fmt;

use super::error::FilterError;
use super::expression::{Expression, Operator};
use super::parser::{self, Property};
use super::program::{Program, Subject};

/// The rule of a policy's `applicationFilter` or `servicePrincipalFilter`.
///
/// # Simulated
/// The sources show the grammar on devices alone; here it compares
/// `CustomSecurityAttribute.Set_Attribute`. An attribute that is not assigned is null. Of an attribute
/// with several values one is enough, and `-contains` asks for a whole value. Names of attributes
/// are compared without regard to case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttributeFilter {
    rule: String,
    expression: Expression<AttributeName>,
    program: Program<AttributeName>,
}

/// The custom security attributes of one object, by `Set_Attribute`.
pub type AttributeValues = BTreeMap<String, AttributeValue>;

/// What is assigned to an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttributeValue {
    /// One value.
    One(String),
    /// Several values.
    Several(Vec<String>),
}

impl AttributeFilter {
    /// Reads a rule.
    ///
    /// # Errors
    /// [`FilterError`] with its place.
    pub fn parse(rule: &str) -> Result<Self, FilterError> {
        let expression = parser::parse(rule)?;
        let program = Program::of(&expression);
        Ok(Self { rule: rule.to_owned(), expression, program })
    }

    /// Whether the rule matches an object with these attributes.
    #[must_use]
    pub fn matches(&self, values: &AttributeValues) -> bool {
        self.program.matches(|name, test| {
            let value = values.get(&name.0).or_else(|| {
                let same = |(known, _): &(&String, _)| known.eq_ignore_ascii_case(&name.0);
                values.iter().find(same).map(|(_, value)| value)
            });
            test.holds(match value {
                None => Subject::Null,
                Some(AttributeValue::One(text)) => Subject::Text(text),
                Some(AttributeValue::Several(texts)) => Subject::Texts(texts),
            })
        })
    }

    /// The rule as it was written.
    #[must_use]
    pub fn rule(&self) -> &str {
        &self.rule
    }

    /// What the rule says.
    #[must_use]
    pub const fn expression(&self) -> &Expression<AttributeName> {
        &self.expression
    }
}

const PREFIX: &str = "CustomSecurityAttribute.";

/// `Set_Attribute`: the set an attribute is in, and its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttributeName(String);

impl AttributeName {
    /// Set and name, joined by an underscore.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Property for AttributeName {
    fn named(name: &str) -> Option<Self> {
        let (prefix, rest) = name.split_at_checked(PREFIX.len())?;
        let (set, attribute) = rest.split_once('_')?;
        let sound = prefix.eq_ignore_ascii_case(PREFIX)
            && !set.is_empty()
            && !attribute.is_empty()
            && !rest.contains('.');
        sound.then(|| Self(rest.to_owned()))
    }

    fn allows(&self, _: Operator) -> bool {
        true
    }

    fn hint(_: &str) -> Option<String> {
        Some(format!("write `{PREFIX}Set_Attribute`"))
    }
}

/// With its prefix, as rules are written.
impl fmt::Display for AttributeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", self.0)
    }
}
