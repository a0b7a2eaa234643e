//! `tplab whatif`

use clap::{Args, ValueEnum};
use token_protection_lab::catalog::{Catalog, ClientApp};
use token_protection_lab::directory::{Device, Directory};
use token_protection_lab::policy::whatif::{
    Simulation, Stated, WhatIfError, WhatIfRequest, simulate, what_if,
};
use token_protection_lab::policy::{Evidence, PolicySet, SecondFactorProof};
use token_protection_lab::render::whatif::WhatIfReport;

use super::failure::Failure;
use super::input::{read_file, read_stdin};
use super::output::Finished;
use super::suggest::nearest;
use super::tenant;

/// Longer requests are not read, in octets.
const MAX_REQUEST: usize = 1024 * 1024;

#[derive(Args)]
#[command(after_help = "\
Examples:
  tplab whatif request.json --policies policies/ --directory directory.json
  tplab whatif - --policies policy.json --applied-only --json < request.json
  tplab whatif request.json --policies policies/ --directory directory.json \\
    --simulate --client outlook --device LT-ALICE --evidence possession")]
pub(crate) struct WhatIf {
    /// Body of Graph's What If request; `-` is standard input
    request: String,
    /// Policies exported from Graph; a folder stands for its .json files
    #[arg(long, required = true, num_args = 1.., value_name = "FILE|DIR")]
    policies: Vec<String>,
    /// Users, groups, devices and named locations
    #[arg(long, value_name = "FILE")]
    directory: Option<String>,
    /// The rules of a date (default: the newest)
    #[arg(long, value_name = "ID")]
    rules: Option<String>,
    /// Only policies that would apply
    #[arg(long)]
    applied_only: bool,
    /// Also say whether the controls would be met, and what the log would say
    #[arg(long)]
    simulate: bool,
    /// App of the catalogue (tplab list --apps)
    #[arg(long, value_name = "NAME", requires = "simulate")]
    client: Option<String>,
    /// Device of the directory, by its name
    #[arg(long, value_name = "NAME", requires_all = ["simulate", "directory"])]
    device: Option<String>,
    /// How the request shows its device
    #[arg(long, value_name = "HOW", requires = "simulate", default_value = "none")]
    evidence: Shown,
    /// A second factor was passed
    #[arg(long, requires = "simulate")]
    mfa: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// How a request shows its device.
#[derive(Clone, Copy, ValueEnum)]
enum Shown {
    /// Not at all
    None,
    /// By a device credential, which does not bind
    DeviceCredential,
    /// By possession of the key
    Possession,
}

impl WhatIf {
    pub(crate) fn run(self) -> Result<Finished, Failure> {
        let rules = tenant::rules(self.rules.as_deref())?;
        let directory = tenant::directory(self.directory.as_deref())?;
        let policies = tenant::policies(&self.policies)?;
        let mut request = self.read_request()?;
        request.applied_policies_only |= self.applied_only;
        let refuse = |error| Failure::WhatIf { path: self.request.clone(), error };
        let answer = what_if(&policies, &request, directory.as_ref(), rules).map_err(refuse)?;
        let simulation = match self.simulate {
            false => None,
            true => Some(self.simulation(&policies, &request, directory.as_ref(), rules)?),
        };
        let report = WhatIfReport {
            request: &request,
            policies: &policies,
            tenant: directory.as_ref().map(Directory::tenant),
            rules,
            answer: &answer,
            simulation: simulation.as_ref(),
        };
        match self.json {
            true => Finished::json(&report.to_json()),
            false => Ok(Finished::page(report.to_page())),
        }
    }

    fn read_request(&self) -> Result<WhatIfRequest, Failure> {
        let text = match self.request.as_str() {
            "-" => read_stdin(MAX_REQUEST)?,
            path => read_file(path, MAX_REQUEST)?,
        };
        let refuse = |error: WhatIfError| Failure::WhatIf { path: self.request.clone(), error };
        WhatIfRequest::from_json(text.as_bytes()).map_err(refuse)
    }

    fn simulation<'a>(
        &self,
        policies: &PolicySet,
        request: &'a WhatIfRequest,
        directory: Option<&'a Directory>,
        rules: &token_protection_lab::catalog::RulePack,
    ) -> Result<Simulation<'a>, Failure> {
        let stated = Stated {
            client: self.client()?,
            device: self.device(directory)?,
            evidence: match self.evidence {
                Shown::None => Evidence::None,
                Shown::DeviceCredential => Evidence::DeviceCredential,
                Shown::Possession => Evidence::Possession,
            },
            second_factor: match self.mfa {
                true => SecondFactorProof::Passed,
                false => SecondFactorProof::Absent,
            },
        };
        let refuse = |error| Failure::WhatIf { path: self.request.clone(), error };
        simulate(policies, request, directory, stated, rules).map_err(refuse)
    }

    fn client(&self) -> Result<Option<&'static ClientApp>, Failure> {
        let Some(name) = &self.client else { return Ok(None) };
        let found = Catalog::builtin().client(name);
        found.map(Some).ok_or_else(|| {
            let names = Catalog::builtin().clients().iter().map(|client| client.name.as_str());
            let nearest = nearest(name, names).to_owned();
            Failure::UnknownClient { name: name.chars().take(60).collect(), nearest }
        })
    }

    fn device<'a>(&self, directory: Option<&'a Directory>) -> Result<Option<&'a Device>, Failure> {
        let Some(name) = &self.device else { return Ok(None) };
        let found = directory.and_then(|directory| directory.device_by_name(name));
        let name = || name.chars().take(60).collect();
        found.map(Some).ok_or_else(|| Failure::UnknownDevice { name: name() })
    }
}
