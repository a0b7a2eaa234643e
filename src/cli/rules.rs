//! `tplab rules`

use clap::{Args, Subcommand};
use token_protection_lab::catalog::{Catalog, RulePack};
use token_protection_lab::render::rules::{
    DiffJson, PackJson, diff_page, list_json, list_page, pack_page,
};
use token_protection_lab::sim::population::compare;

use super::failure::Failure;
use super::output::Finished;
use super::suggest::nearest;

#[derive(Args)]
#[command(after_help = "\
Examples:
  tplab rules list
  tplab rules show 2026-09
  tplab rules diff 2025-05 2026-09
  tplab rules diff 2023-06 2026-09 --json")]
pub(crate) struct Rules {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// List the dated rule packs
    List(List),
    /// Show every statement and limitation of a pack, with sources
    Show(Show),
    /// Say what changed, and for which sign-ins the verdict changes
    Diff(Diff),
}

#[derive(Args)]
#[command(after_help = "Example:\n  tplab rules list")]
struct List {
    #[command(flatten)]
    out: Json,
}

#[derive(Args)]
struct Json {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
#[command(after_help = "Example:\n  tplab rules show 2026-09")]
struct Show {
    /// Id of a pack, such as 2026-09
    id: String,
    #[command(flatten)]
    out: Json,
}

#[derive(Args)]
#[command(after_help = "Example:\n  tplab rules diff 2025-05 2026-09")]
struct Diff {
    /// Id of the pack to start from
    old: String,
    /// Id of the pack to compare it with
    new: String,
    #[command(flatten)]
    out: Json,
}

impl Rules {
    pub(crate) fn run(self) -> Result<Finished, Failure> {
        match self.action {
            Action::List(list) if list.out.json => Finished::json(&list_json()),
            Action::List(_) => Ok(Finished::page(list_page())),
            Action::Show(show) => show.run(),
            Action::Diff(diff) => diff.run(),
        }
    }
}

impl Show {
    fn run(self) -> Result<Finished, Failure> {
        let pack = pack(&self.id)?;
        match self.out.json {
            true => Finished::json(&PackJson::of(pack)),
            false => Ok(Finished::page(pack_page(pack))),
        }
    }
}

impl Diff {
    fn run(self) -> Result<Finished, Failure> {
        let (old, new) = (pack(&self.old)?, pack(&self.new)?);
        let comparison = compare(old, new)?;
        match self.out.json {
            true => Finished::json(&DiffJson::of(old, new, &comparison)),
            false => Ok(Finished::page(diff_page(old, new, &comparison))),
        }
    }
}

/// `--rules ID` as a setting.
pub(super) fn setting(id: &str) -> Result<String, Failure> {
    Ok(format!("rules={}", pack(id)?.id))
}

/// The pack with this id.
pub(crate) fn pack(id: &str) -> Result<&'static RulePack, Failure> {
    RulePack::named(id).ok_or_else(|| {
        let known = Catalog::builtin().rule_packs().iter().map(|pack| pack.id.as_str());
        Failure::UnknownRulePack { id: id.to_owned(), nearest: nearest(id, known).to_owned() }
    })
}
