//! `rule-packs.md`: every statement and limitation of every pack.

use token_protection_lab::render::rules::{facts_markdown, limitations_markdown};

use super::{reference, settle};

#[test]
fn rule_packs_md_has_every_statement_and_limitation() {
    let page = reference("rule-packs.md");
    settle(&page, "statements", &facts_markdown());
    settle(&page, "limitations", &limitations_markdown());
}
