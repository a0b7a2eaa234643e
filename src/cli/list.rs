//! `tplab list`

use clap::Args;
use serde_json::{Map, Value};
use token_protection_lab::render::list;
use token_protection_lab::render::page::{Page, Tone};

use super::failure::Failure;
use super::output::Finished;

#[derive(Args)]
#[command(
    after_help = "Examples:\n  tplab list\n  tplab list --apps --devices\n  tplab list --checks --json"
)]
pub(crate) struct List {
    /// Apps and resources of the catalogue
    #[arg(long)]
    apps: bool,
    /// Users and devices of the built-in tenant, and kinds of devices
    #[arg(long)]
    devices: bool,
    /// Settings that `run --set` takes, with their defaults
    #[arg(long)]
    settings: bool,
    /// Checks that refuse, with their sources
    #[arg(long)]
    checks: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl List {
    pub(crate) fn run(self) -> Result<Finished, Failure> {
        let lists = self.lists();
        if self.json {
            let member = |(name, list): (&str, list::List)| (name.to_owned(), list.to_json());
            let all: Map<String, Value> = lists.into_iter().map(member).collect();
            return Finished::json(&all);
        }
        let mut page = Page::new();
        for (_, list) in lists {
            page.gap();
            page.append(list.to_page());
        }
        if !self.any() {
            page.gap();
            page.say(
                0,
                Tone::Plain,
                "More: --apps, --devices, --settings, --checks. The cells of `tplab matrix` are \
                 scenarios too: tplab run matrix:refresh-token@T",
            );
        }
        Ok(Finished::page(page))
    }

    const fn any(&self) -> bool {
        self.apps || self.devices || self.settings || self.checks
    }

    fn lists(&self) -> Vec<(&'static str, list::List)> {
        let mut lists = Vec::new();
        if self.apps {
            lists.push(("apps", list::List::apps()));
            lists.push(("resources", list::List::resources()));
        }
        if self.devices {
            lists.push(("users", list::List::users()));
            lists.push(("devices", list::List::devices()));
            lists.push(("deviceKinds", list::List::device_kinds()));
        }
        if self.settings {
            lists.push(("settings", list::List::settings()));
        }
        if self.checks {
            lists.push(("checks", list::List::checks()));
        }
        if !self.any() {
            lists.push(("scenarios", list::List::scenarios()));
        }
        lists
    }
}
