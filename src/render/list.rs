//! Lists of what there is: names to use in scenarios and on the command line.

use serde::Serialize;
use serde_json::{Value, json};

use super::page::{Page, Tone, shorten};
use super::table::{Grid, Rows};
use crate::base::Check;
use crate::base::check::CheckKind;
use crate::base::id::TenantId;
use crate::catalog::{BrokerUse, Catalog};
use crate::directory::{Device, Directory, User};
use crate::sim::{Settings, library};

/// A list: named columns and rows, as a table for people and as JSON objects.
#[derive(Clone, Debug)]
pub struct List {
    heading: &'static str,
    /// Member names of the JSON objects; the first few are columns of the table.
    names: &'static [&'static str],
    /// How many of them the table shows.
    shown: usize,
    /// The column by whose value the table is split, which it then does not show.
    grouped_by: Option<usize>,
    rows: Vec<Vec<Value>>,
}

impl List {
    /// The scenarios that come with the lab.
    #[must_use]
    pub fn scenarios() -> Self {
        let row = |scenario: &crate::sim::Scenario| {
            vec![
                json!(scenario.name),
                json!(scenario.title),
                json!(scenario.lesson),
                json!(library::group_of(&scenario.name).title),
            ]
        };
        Self {
            heading: "Scenarios (tplab run NAME)",
            names: &["name", "title", "lesson", "group"],
            shown: 2,
            grouped_by: Some(3),
            rows: library::all().iter().map(row).collect(),
        }
    }

    /// Client apps.
    #[must_use]
    pub fn apps() -> Self {
        let broker = |of| match of {
            BrokerUse::Integrated => "broker",
            BrokerUse::Outside => "outside",
        };
        let row = |app: &crate::catalog::ClientApp| {
            let registration = json!(app.registration);
            vec![
                json!(app.name),
                json!(app.title),
                registration,
                json!(broker(app.broker)),
                json!(app.app_id),
                json!(app.source),
            ]
        };
        Self {
            heading: "Apps (`app` in a scenario)",
            names: &["name", "title", "registration", "broker", "appId", "sources"],
            shown: 4,
            grouped_by: None,
            rows: Catalog::builtin().clients().iter().map(row).collect(),
        }
    }

    /// Resources.
    #[must_use]
    pub fn resources() -> Self {
        let row = |resource: &crate::catalog::Resource| {
            vec![
                json!(resource.name),
                json!(resource.display_name),
                json!(resource.origin),
                json!(resource.app_id),
                json!(resource.source),
            ]
        };
        Self {
            heading: "Resources (`resource` in a scenario)",
            names: &["name", "title", "origin", "appId", "sources"],
            shown: 3,
            grouped_by: None,
            rows: Catalog::builtin().resources().iter().map(row).collect(),
        }
    }

    /// Kinds of devices.
    #[must_use]
    pub fn device_kinds() -> Self {
        let row = |kind: &crate::catalog::DeviceKind| {
            vec![
                json!(kind.name),
                json!(kind.title),
                json!(kind.operating_system),
                json!(kind.trust_type),
                json!(kind.registration_method),
                json!(kind.source),
            ]
        };
        Self {
            heading: "Kinds of devices (`kind` in a directory)",
            names: &["name", "title", "system", "trustType", "registrationMethod", "sources"],
            shown: 4,
            grouped_by: None,
            rows: Catalog::builtin().device_kinds().iter().map(row).collect(),
        }
    }

    /// Users of the built-in tenant.
    #[must_use]
    pub fn users() -> Self {
        let directory = built_in();
        let row = |user: &User| {
            let upn = user.user_principal_name();
            let groups = directory.groups_of(user.id()).into_iter();
            let groups: Vec<&str> =
                groups.filter_map(|id| Some(directory.group(id)?.display_name.as_str())).collect();
            let name = upn.split('@').next().unwrap_or_default();
            vec![json!(name), json!(upn), json!(groups.join(", "))]
        };
        Self {
            heading: "Users of the built-in tenant (`user` in a scenario)",
            names: &["name", "userPrincipalName", "groups"],
            shown: 3,
            grouped_by: None,
            rows: by_name(directory.users().map(row)),
        }
    }

    /// Devices of the built-in tenant.
    #[must_use]
    pub fn devices() -> Self {
        let directory = built_in();
        let row = |device: &Device| {
            let owner = device.registered_owner.and_then(|id| directory.user(id));
            vec![
                json!(device.display_name),
                json!(owner.map_or("", User::user_principal_name)),
                json!(device.operating_system),
                json!(device.trust_type.as_str()),
                json!(device.is_compliant),
            ]
        };
        Self {
            heading: "Devices of the built-in tenant (`device` in a scenario)",
            names: &["name", "owner", "system", "trustType", "compliant"],
            shown: 5,
            grouped_by: None,
            rows: by_name(directory.devices().map(row)),
        }
    }

    /// Settings with their defaults.
    #[must_use]
    pub fn settings() -> Self {
        Self {
            heading: "Settings (tplab run NAME --set NAME=VALUE)",
            names: &["name", "default"],
            shown: 2,
            grouped_by: None,
            rows: Settings::names()
                .into_iter()
                .map(|(name, value)| vec![json!(name), value])
                .collect(),
        }
    }

    /// Checks.
    #[must_use]
    pub fn checks() -> Self {
        let row = |check: &Check| {
            let structural = check.kind() == CheckKind::Structural;
            vec![json!(check.id()), json!(check.title()), json!(check.source()), json!(structural)]
        };
        Self {
            heading: "Checks",
            names: &["id", "rule", "source", "structural"],
            shown: 3,
            grouped_by: None,
            rows: Check::ALL.iter().map(row).collect(),
        }
    }

    /// The names alone: the first column.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.rows.iter().filter_map(|row| row.first()?.as_str())
    }

    /// The list for people.
    #[must_use]
    pub fn to_page(&self) -> Page {
        let mut page = Page::new();
        page.say(0, Tone::Heading, self.heading);
        let group = |row: &Vec<Value>| self.grouped_by.and_then(|at| row.get(at)).map(cell);
        let mut groups: Vec<Option<String>> = Vec::new();
        for row in &self.rows {
            let group = group(row);
            if !groups.contains(&group) {
                groups.push(group);
            }
        }
        for title in groups {
            let mut grid = Grid::with_columns(self.names.iter().take(self.shown).copied());
            for row in self.rows.iter().filter(|row| group(row) == title) {
                grid.push(row.iter().take(self.shown).map(cell));
            }
            if let Some(title) = &title {
                page.heading(title);
            }
            page.table(&grid.to_text(Rows::Close, None), |_| Tone::Plain);
        }
        page
    }

    /// An array of objects.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let object = |row: &Vec<Value>| {
            let members = self.names.iter().zip(row);
            Value::Object(
                members.map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
            )
        };
        self.rows.iter().map(object).collect()
    }
}

impl Serialize for List {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(to)
    }
}

/// The tenant that scenarios use unless they bring their own; empty if it cannot be read, which a
/// test excludes.
fn built_in() -> Directory {
    Directory::from_json(include_bytes!("../data/directory.json"))
        .unwrap_or_else(|_| Directory::empty(TenantId::from_u128(0)))
}

fn by_name(rows: impl Iterator<Item = Vec<Value>>) -> Vec<Vec<Value>> {
    let mut rows: Vec<_> = rows.collect();
    rows.sort_by(|one, other| {
        let name =
            |row: &[Value]| row.first().and_then(Value::as_str).unwrap_or_default().to_owned();
        name(one).cmp(&name(other))
    });
    rows
}

fn cell(value: &Value) -> String {
    match value {
        Value::String(text) => shorten(text, 200),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_has_rows_as_long_as_its_names() {
        for list in [
            List::apps(),
            List::checks(),
            List::device_kinds(),
            List::devices(),
            List::resources(),
            List::scenarios(),
            List::settings(),
            List::users(),
        ] {
            assert!(!list.rows.is_empty(), "{}", list.heading);
            assert!(list.rows.iter().all(|row| row.len() == list.names.len()), "{}", list.heading);
        }
    }
}
