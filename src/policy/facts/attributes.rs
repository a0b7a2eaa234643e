//! Custom security attributes, which filters over applications and workloads look at.

use std::collections::BTreeMap;

/// The custom security attributes of an application or a service principal: `Set_Name` to values.
///
/// Names are compared without regard to case. A Boolean is `True` or `False` and a number its
/// decimal digits, since the filter language writes both as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustomSecurityAttributes(BTreeMap<String, Vec<String>>);

impl CustomSecurityAttributes {
    /// No attributes.
    pub const NONE: Self = Self(BTreeMap::new());

    /// The values of an attribute by `Set_Name`; none if it is not assigned.
    #[must_use]
    pub fn values(&self, name: &str) -> Option<&[String]> {
        let found = self.0.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
        found.map(|(_, values)| values.as_slice())
    }
}

/// Of two names that differ in case alone the later one counts.
impl<N: Into<String>, V: IntoIterator<Item: Into<String>>> FromIterator<(N, V)>
    for CustomSecurityAttributes
{
    fn from_iter<I: IntoIterator<Item = (N, V)>>(attributes: I) -> Self {
        let mut all = BTreeMap::new();
        for (name, values) in attributes {
            let name = name.into();
            all.retain(|own: &String, _| !own.eq_ignore_ascii_case(&name));
            all.insert(name, values.into_iter().map(Into::into).collect());
        }
        Self(all)
    }
}
