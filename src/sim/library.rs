//! The named scenarios that come with the lab, as data in `src/data/scenarios/`.

use std::sync::OnceLock;

use super::scenario::{Scenario, ScenarioError};

macro_rules! scenarios {
    ($($name:literal)*) => {
        /// Every file, in the order of the tutorial.
        const FILES: &[&str] = &[
            $(include_str!(concat!("../data/scenarios/", $name, ".json")),)*
        ];
    };
}

scenarios! {
    "bearer-token-travels"
    "policy-asks-for-a-proof"
    "prt-without-its-key"
    "another-platform-claimed"
    "companions-close-the-gap"
}

/// All of them, in the order of the tutorial.
#[must_use]
pub fn all() -> &'static [Scenario] {
    static ALL: OnceLock<Vec<Scenario>> = OnceLock::new();
    ALL.get_or_init(|| read_all().unwrap_or_default())
}

/// The one with this name.
#[must_use]
pub fn named(name: &str) -> Option<&'static Scenario> {
    all().iter().find(|scenario| scenario.name == name)
}

fn read_all() -> Result<Vec<Scenario>, ScenarioError> {
    FILES.iter().map(|text| Scenario::from_json(text.as_bytes())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_can_be_read() {
        assert_eq!(read_all().unwrap().len(), FILES.len());
    }
}
