//! Rules of `lint` and properties of filters, compared with the code.

use token_protection_lab::policy::filter::{DeviceFilter, DeviceProperty, Operator};
use token_protection_lab::policy::lint::LintRule;

use super::{reference, settle, table};

#[test]
fn lint_md_lists_every_rule() {
    let rows = LintRule::ALL.iter().map(|rule| {
        let severities: Vec<&str> = rule.severities().iter().map(|it| it.as_str()).collect();
        let cells = [rule.what(), rule.why(), rule.fix(), rule.source()].map(str::to_owned);
        let mut row = vec![rule.id().to_owned(), severities.join(", ")];
        row.extend(cells);
        row
    });
    let text = table(&["id", "severity", "what", "why", "fix", "source"], rows);
    settle(&reference("lint.md"), "rules", &text);
}

#[test]
fn filters_md_lists_every_property_with_its_operators() {
    let numbered = DeviceProperty::ExtensionAttribute(15);
    let rows = DeviceProperty::NAMED.iter().copied().chain([numbered]).map(|property| {
        let allowed: Vec<String> = Operator::ALL
            .iter()
            .filter(|operator| {
                let operand = if operator.takes_list() { "[\"x\"]" } else { "\"x\"" };
                DeviceFilter::parse(&format!("{property} -{operator} {operand}")).is_ok()
            })
            .map(|operator| format!("`{operator}`"))
            .collect();
        let operators = match allowed.len() {
            10 => "all".to_owned(),
            _ => allowed.join(" "),
        };
        let kind = if property.is_collection() { "collection of texts" } else { "text" };
        let name = match property {
            DeviceProperty::ExtensionAttribute(_) => {
                "`extensionAttribute1` to `extensionAttribute15`".to_owned()
            }
            other => format!("`{}`", other.as_str()),
        };
        vec![name, kind.to_owned(), operators]
    });
    settle(
        &reference("filters.md"),
        "properties",
        &table(&["property", "kind", "operators"], rows),
    );
}
