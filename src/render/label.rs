//! Short labels for tokens: the same text has the same label wherever it turns up in a trace, so a
//! reader sees a stolen token travel.

use std::collections::BTreeMap;

use super::message::{Field, TokenKind, request_fields, response_fields};
use crate::sim::Trace;

/// A token of a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// For example `PRT-1`: the kind and the number of its first appearance.
    pub name: String,
    /// What kind of token.
    pub kind: TokenKind,
    /// The whole text.
    pub text: String,
}

/// Labels of all tokens of a trace.
#[derive(Clone, Debug, Default)]
pub struct Labels {
    in_order: Vec<Label>,
    by_text: BTreeMap<String, usize>,
}

impl Labels {
    /// Labels in the order of first appearance.
    #[must_use]
    pub fn of(trace: &Trace) -> Self {
        let mut labels = Self::default();
        for exchange in trace.exchanges() {
            labels.learn(&request_fields(&exchange.request));
            labels.learn(&response_fields(&exchange.response));
        }
        labels
    }

    fn learn(&mut self, fields: &[Field]) {
        for Field { text, token, inside, .. } in fields {
            if let Some(kind) = *token
                && !self.by_text.contains_key(text)
            {
                let number = 1 + self.in_order.iter().filter(|label| label.kind == kind).count();
                let name = format!("{}-{number}", kind.prefix());
                self.by_text.insert(text.clone(), self.in_order.len());
                self.in_order.push(Label { name, kind, text: text.clone() });
            }
            self.learn(inside);
        }
    }

    /// The label of a token text.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<&Label> {
        self.in_order.get(*self.by_text.get(text)?)
    }

    /// All labels in order of first appearance.
    pub fn iter(&self) -> impl Iterator<Item = &Label> {
        self.in_order.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_text_has_one_label() {
        let field = |name: &str, text: &str, kind| Field {
            name: name.to_owned(),
            text: text.to_owned(),
            token: Some(kind),
            inside: Vec::new(),
        };
        let mut labels = Labels::default();
        labels.learn(&[
            field("a", "one", TokenKind::Prt),
            field("b", "two", TokenKind::Prt),
            field("c", "one", TokenKind::RefreshToken),
        ]);
        let names: Vec<&str> = labels.iter().map(|label| label.name.as_str()).collect();
        assert_eq!(names, ["PRT-1", "PRT-2"]);
        assert_eq!(labels.find("one").unwrap().kind, TokenKind::Prt);
    }
}
