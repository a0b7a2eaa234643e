//! The policies of a tenant: read together, looked up by id, written back as they came.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::error::PolicyError;
use super::graph;
use super::index::Index;
use super::model::Policy;
use super::reader::{Object, Unknown, wrong_type};
use crate::base::id::PolicyId;
use crate::base::json;

/// The policies that apply to one tenant. Their order in the file has no influence on anything but
/// the text that [`Serialize`] writes.
#[derive(Clone, Debug)]
pub struct PolicySet {
    /// By ascending id.
    policies: Vec<Policy>,
    /// The ids in the order of the file.
    order: Vec<PolicyId>,
    index: Index,
    shape: Shape,
    warnings: Vec<Warning>,
}

/// How the policies stood in the file.
#[derive(Clone, Debug)]
enum Shape {
    Array,
    /// `{"value": [...]}` with its other members.
    Collection(Map<String, Value>),
    Single,
}

/// What an administrator should know of a file that was read all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// The policy has no id, as in the portal's download; one was made from the document.
    MadeId {
        /// Where the id is missing.
        path: String,
        /// The id that stands for it here; it is not written back.
        id: PolicyId,
    },
    /// A member that was kept for the round trip and has no influence, because nobody documents it.
    UnknownMember {
        /// Where it stands.
        path: String,
    },
}

impl Warning {
    /// The JSON path of the member.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Self::MadeId { path, .. } | Self::UnknownMember { path } => path,
        }
    }
}

impl std::fmt::Display for Warning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::MadeId { path, id } => {
                write!(f, "`{path}` is missing; the policy is called `{id}` here")
            }
            Self::UnknownMember { path } => {
                write!(f, "`{path}` is no documented member; it is kept and has no effect")
            }
        }
    }
}

impl PolicySet {
    /// No policies at all.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            policies: Vec::new(),
            order: Vec::new(),
            index: Index::default(),
            shape: Shape::Array,
            warnings: Vec::new(),
        }
    }

    /// Reads one policy, an array of policies, or Graph's `{"value": [...]}`.
    ///
    /// # Errors
    /// [`PolicyError`], with the JSON path of what cannot be evaluated as it was meant.
    ///
    /// # Security
    /// Conditions that would be ignored are refused: a policy evaluated without one of its
    /// conditions grants or refuses what its author did not mean.
    pub fn from_json(text: &[u8]) -> Result<Self, PolicyError> {
        let mut warnings = Vec::new();
        let (shape, read) = match json::from_slice(text)? {
            Value::Array(documents) => (Shape::Array, read_all(documents, "", &mut warnings)?),
            root if graph::is_collection(&root) => read_collection(root, &mut warnings)?,
            root @ Value::Object(_) => {
                (Shape::Single, vec![graph::read_policy(root, String::new(), &mut warnings)?])
            }
            other => {
                return Err(wrong_type(".".to_owned(), "a policy or an array of policies", &other));
            }
        };
        Self::of(read, shape, warnings)
    }

    /// All policies of several sets, as one array.
    ///
    /// # Errors
    /// `policy.duplicate_id` if an id stands in two of them.
    pub fn join(sets: impl IntoIterator<Item = Self>) -> Result<Self, PolicyError> {
        let (mut policies, mut warnings) = (Vec::new(), Vec::new());
        for mut set in sets {
            warnings.append(&mut set.warnings);
            policies.extend(set.into_file_order());
        }
        Self::of(policies, Shape::Array, warnings)
    }

    /// Members that are kept and have no influence.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// The policies by ascending id.
    pub fn iter(&self) -> std::slice::Iter<'_, Policy> {
        self.policies.iter()
    }

    /// The policy with this id.
    #[must_use]
    pub fn get(&self, id: PolicyId) -> Option<&Policy> {
        let at = self.policies.binary_search_by_key(&id, |policy| policy.id).ok()?;
        self.policies.get(at)
    }

    /// How many policies there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.policies.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.policies.is_empty()
    }

    /// The set as Graph JSON, in the shape and order it was read in.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let documents = || self.order.iter().filter_map(|id| self.get(*id)).map(Policy::document);
        match &self.shape {
            Shape::Single => documents().next().cloned().unwrap_or_default(),
            Shape::Array => documents().cloned().collect(),
            Shape::Collection(others) => {
                let mut root = others.clone();
                root.insert("value".to_owned(), documents().cloned().collect());
                Value::Object(root)
            }
        }
    }

    /// The policies by ascending id.
    pub(super) fn policies(&self) -> &[Policy] {
        &self.policies
    }

    /// The policies turned round.
    pub(super) const fn index(&self) -> &Index {
        &self.index
    }

    fn of(
        mut policies: Vec<Policy>,
        shape: Shape,
        warnings: Vec<Warning>,
    ) -> Result<Self, PolicyError> {
        let order = policies.iter().map(|policy| policy.id).collect();
        policies.sort_by_key(|policy| policy.id);
        let twice = policies.iter().zip(policies.iter().skip(1)).find(|(a, b)| a.id == b.id);
        match twice {
            Some((policy, _)) => Err(PolicyError::DuplicateId { id: policy.id }),
            None => {
                let index = Index::of(&policies);
                Ok(Self { policies, order, index, shape, warnings })
            }
        }
    }

    fn into_file_order(self) -> impl Iterator<Item = Policy> {
        let mut by_id: BTreeMap<_, _> =
            self.policies.into_iter().map(|policy| (policy.id, policy)).collect();
        self.order.into_iter().filter_map(move |id| by_id.remove(&id))
    }
}

impl<'s> IntoIterator for &'s PolicySet {
    type Item = &'s Policy;
    type IntoIter = std::slice::Iter<'s, Policy>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Serialize for PolicySet {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(to)
    }
}

fn read_all(
    documents: Vec<Value>,
    parent: &str,
    warnings: &mut Vec<Warning>,
) -> Result<Vec<Policy>, PolicyError> {
    documents
        .into_iter()
        .enumerate()
        .map(|(at, document)| graph::read_policy(document, format!("{parent}[{at}]"), warnings))
        .collect()
}

fn read_collection(
    mut root: Value,
    warnings: &mut Vec<Warning>,
) -> Result<(Shape, Vec<Policy>), PolicyError> {
    let mut object = Object::open(&mut root, String::new())?;
    object.without_influence(&["value"]);
    object.finish(Unknown::Warn(warnings))?;
    let mut others = match root {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    let documents = match others.remove("value") {
        Some(Value::Array(documents)) => documents,
        _ => Vec::new(),
    };
    Ok((Shape::Collection(others), read_all(documents, "value", warnings)?))
}
