//! Filters as trees: what a rule means by the documents (conditional-access 3.3 and 4), and the text
//! that says it. The tests write the text and ask the tree, so nothing here reads a rule.

use std::collections::BTreeMap;

/// What a filter looks at, by property: one value or the elements of a collection. What is not
/// there is null.
#[derive(Clone, Debug, Default)]
pub struct Subject {
    pub values: BTreeMap<&'static str, Vec<String>>,
    /// Whether atoms on extension attributes are false, whatever they say (last row of 3.3).
    pub extension_attributes_hidden: bool,
}

#[derive(Clone, Debug)]
pub enum Filter {
    All(Vec<Filter>),
    Any(Vec<Filter>),
    Not(Box<Filter>),
    Compare { property: &'static str, operator: &'static str, values: Vec<String> },
}

impl Filter {
    pub fn holds(&self, subject: &Subject) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(subject)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(subject)),
            Self::Not(part) => !part.holds(subject),
            Self::Compare { property, operator, values } => {
                if property.starts_with("extension") && subject.extension_attributes_hidden {
                    return false;
                }
                compare(property, subject.values.get(property), operator, values)
            }
        }
    }

    /// The rule, with `prefix` before every property.
    pub fn render(&self, prefix: &str) -> String {
        let joined = |parts: &[Filter], word: &str| {
            let parts: Vec<String> =
                parts.iter().map(|part| format!("({})", part.render(prefix))).collect();
            parts.join(word)
        };
        match self {
            Self::All(parts) => joined(parts, " -and "),
            Self::Any(parts) => joined(parts, " or "),
            Self::Not(part) => format!("-not ({})", part.render(prefix)),
            Self::Compare { property, operator, values } => {
                let quoted: Vec<String> =
                    values.iter().map(|value| format!("\"{value}\"")).collect();
                let operand = match (*operator, values.is_empty()) {
                    ("in" | "notIn", _) => format!("[{}]", quoted.join(", ")),
                    (_, true) => "null".to_owned(),
                    _ => quoted.concat(),
                };
                format!("{prefix}{property} -{operator} {operand}")
            }
        }
    }
}

/// Two-valued: on null a positive operator is false and a negative one true, but for null itself.
fn compare(property: &str, own: Option<&Vec<String>>, operator: &str, values: &[String]) -> bool {
    let (positive, negative) = match operator {
        "ne" => ("eq", true),
        "notStartsWith" => ("startsWith", true),
        "notEndsWith" => ("endsWith", true),
        "notContains" => ("contains", true),
        "notIn" => ("in", true),
        other => (other, false),
    };
    let Some(own) = own else {
        let is_null = values.is_empty();
        return if positive == "eq" && is_null { !negative } else { negative };
    };
    let lower = |text: &String| text.to_lowercase();
    let holds = own.iter().any(|own| {
        let own = lower(own);
        values.iter().map(lower).any(|value| match positive {
            "eq" | "in" => own == value,
            // On a collection it asks for one whole element.
            "contains" if property == "systemLabels" => own == value,
            "startsWith" => own.starts_with(&value),
            "endsWith" => own.ends_with(&value),
            "contains" => own.contains(&value),
            other => panic!("no operator {other}"),
        })
    });
    holds != negative
}
