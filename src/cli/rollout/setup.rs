//! What a rehearsal is made from: plan, policy files, directory.

use std::path::Path;

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use token_protection_lab::base::json;
use token_protection_lab::directory::{Directory, MAX_FILE_LEN};
use token_protection_lab::rollout::{
    MAX_PLAN_LEN, PlanFile, Rehearsal, RolloutError, Shard, directory_file,
};

use super::super::failure::Failure;
use super::super::input::read_file;
use super::super::output::Finished;
use super::LogFormat;

/// Longer policy files are not read, in octets.
const MAX_POLICIES: usize = 16 * 1024 * 1024;

/// A plan with the content of its files.
pub(super) struct Setup {
    plan: PlanFile,
    /// Where the plan came from, for its errors.
    path: Option<String>,
    /// The directory file, if one is given.
    directory: Option<String>,
}

impl Setup {
    pub(super) fn read(
        plan: Option<&str>,
        directory: Option<&str>,
        seed: Option<u64>,
    ) -> Result<Self, Failure> {
        let mut setup = Self {
            plan: match plan {
                None => PlanFile::builtin(),
                Some(path) => read_plan(path)?,
            },
            path: plan.map(str::to_owned),
            directory: directory.map(|path| read_file(path, MAX_FILE_LEN)).transpose()?,
        };
        setup.plan.seed = seed.unwrap_or(setup.plan.seed);
        Ok(setup)
    }

    /// A plan that comes from a result file; its directory has to be the one of the run.
    pub(super) fn of_result(
        plan: PlanFile,
        digest: Option<&str>,
        directory: Option<&str>,
    ) -> Result<Self, Failure> {
        let directory = directory.map(|path| read_file(path, MAX_FILE_LEN)).transpose()?;
        let setup = Self { plan, path: None, directory };
        match setup.directory_digest().as_deref() == digest {
            true => Ok(setup),
            false => {
                let why = "the run had another directory; name it with --directory";
                Err(RolloutError::Shard { path: "directory".to_owned(), why }.into())
            }
        }
    }

    pub(super) fn rehearsal(&self, sign_ins: Option<u64>) -> Result<Rehearsal, Failure> {
        let directory = Directory::from_json(self.directory_text().as_bytes())
            .map_err(|error| Failure::Rollout(error.into()))?;
        Rehearsal::new(self.plan.clone(), directory, sign_ins).map_err(|error| match &self.path {
            Some(path) => Failure::RolloutFile { path: path.clone(), error },
            None => Failure::Rollout(error),
        })
    }

    pub(super) fn write_directory(&self, path: &str) -> Result<Finished, Failure> {
        let mut text =
            serde_json::to_string_pretty(&directory_file(&self.plan)).map_err(|_| Failure::Json)?;
        text.push('\n');
        super::write_file(path, text.as_bytes())?;
        Ok(Finished::raw(String::new()))
    }

    /// SHA-256 of the directory file, if one is given.
    pub(super) fn directory_digest(&self) -> Option<String> {
        self.directory.as_deref().map(|text| hexadecimal(&Sha256::digest(text)))
    }

    /// What a log is the log of: a resumed run must have the same.
    pub(super) fn digest(&self, rehearsal: &Rehearsal, shard: Shard, format: LogFormat) -> String {
        let mut hash = Sha256::new();
        let plan = serde_json::to_vec(rehearsal.plan()).unwrap_or_default();
        let shape: &[u8] = match format {
            LogFormat::Diagnostic => b"diagnostic",
            LogFormat::Graph => b"graph",
            LogFormat::LogAnalytics => b"log-analytics",
            #[cfg(feature = "parquet")]
            LogFormat::Parquet => b"parquet",
        };
        let version = env!("CARGO_PKG_VERSION").as_bytes();
        let numbers = format!("{} {shard}", rehearsal.total());
        let directory = self.directory_text();
        for part in [version, &plan, directory.as_bytes(), shape, numbers.as_bytes()] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hexadecimal(&hash.finalize())
    }

    fn directory_text(&self) -> std::borrow::Cow<'_, str> {
        match &self.directory {
            Some(text) => text.into(),
            None => directory_file(&self.plan).to_string().into(),
        }
    }
}

fn hexadecimal(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn read_plan(path: &str) -> Result<PlanFile, Failure> {
    let refuse = |error| Failure::RolloutFile { path: path.to_owned(), error };
    let text = read_file(path, MAX_PLAN_LEN)?;
    let mut plan = PlanFile::from_json(text.as_bytes()).map_err(refuse)?;
    let folder = Path::new(path).parent().unwrap_or(Path::new(""));
    let files: Vec<_> = plan.policy_files().map(|(at, name)| (at, name.to_owned())).collect();
    for (at, name) in files {
        let beside = folder.join(&name).display().to_string();
        let text = read_file(&beside, MAX_POLICIES)?;
        let content: Value = json::from_slice(text.as_bytes())
            .map_err(|error| Failure::RolloutFile { path: beside.clone(), error: error.into() })?;
        plan.put_policies(at, content);
    }
    Ok(plan)
}
