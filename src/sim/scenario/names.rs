//! Looking up every name of a scenario before it runs.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use serde_json::Value;

use super::device::user;
use super::step::{AdminAction, Step};
use super::{Scenario, ScenarioError};
use crate::catalog::{Catalog, LegacyProtocol};
use crate::directory::{self, Directory, RegistrationMethod};
use crate::sim::policies;

/// A name of a device that is this close to that of a known one is a slip, not another machine.
const SLIP: usize = 2;
/// A name of any length can be written; nothing is gained by comparing more of it than this.
const LONGEST: usize = 100;

/// What the names of one scenario are looked up in.
struct Known {
    directory: Directory,
    /// Devices of directory and scenario, and those registered in it.
    devices: BTreeSet<String>,
}

impl Scenario {
    /// The tenant that it plays in.
    pub(in crate::sim) fn tenant(&self) -> Result<Directory, ScenarioError> {
        let refuse = |error: directory::DirectoryError| ScenarioError::Directory(error.to_string());
        let mut tenant = match &self.directory {
            None => built_in(),
            Some(own) => Directory::from_json(own.to_string().as_bytes()),
        }
        .map_err(refuse)?;
        for (at, device) in self.devices.iter().enumerate() {
            if let Some(device) = device.registered(at, &tenant)? {
                tenant.add_device(device).map_err(refuse)?;
            }
        }
        Ok(tenant)
    }

    /// # Errors
    /// [`ScenarioError::UnknownName`] for the first that is not there.
    pub(in crate::sim) fn check_names(&self) -> Result<(), ScenarioError> {
        self.check_devices()?;
        let directory = self.tenant()?;
        let named = directory.devices().map(|device| device.display_name.clone());
        let own = self.devices.iter().map(|device| device.name.clone());
        let devices = named.chain(own).collect();
        let mut known = Known { directory, devices };
        known.policies("settings.policies", self.settings.get("policies"))?;
        for (at, step) in self.steps.iter().enumerate() {
            known.step(&format!("steps[{at}].{}", step.verb()), step)?;
        }
        Ok(())
    }

    /// Kinds and owners, which the making of the tenant looks up.
    fn check_devices(&self) -> Result<(), ScenarioError> {
        if self.devices.is_empty() {
            return Ok(());
        }
        let own = Self { devices: Vec::new(), ..self.clone() };
        let known = Known { directory: own.tenant()?, devices: BTreeSet::new() };
        for (at, device) in self.devices.iter().enumerate() {
            if let Some(kind) = &device.kind {
                let kinds = Catalog::builtin().device_kinds().iter().map(|kind| kind.name.as_str());
                look_up(&format!("devices[{at}].kind"), "device kind", kind, kinds)?;
            }
            if let Some(owner) = &device.owner {
                known.user(&format!("devices[{at}].owner"), owner)?;
            }
        }
        Ok(())
    }
}

/// The built-in tenant, read once.
fn built_in() -> Result<Directory, directory::DirectoryError> {
    static TENANT: OnceLock<Result<Directory, directory::DirectoryError>> = OnceLock::new();
    TENANT.get_or_init(|| Directory::from_json(directory::SAMPLE)).clone()
}

impl Known {
    fn step(&mut self, path: &str, step: &Step) -> Result<(), ScenarioError> {
        match step {
            Step::Admin(admin) => {
                use AdminAction as A;
                let device =
                    matches!(admin.action, A::DeleteDevice | A::DisableDevice | A::EnableDevice);
                let user = matches!(
                    admin.action,
                    A::ChangePassword | A::DeleteUser | A::DisableUser | A::RevokeTokens
                );
                if device {
                    let name = admin.device.as_deref().unwrap_or_default();
                    let all = self.devices.iter().map(String::as_str);
                    look_up(&format!("{path}.device"), "device", name, all)?;
                }
                if user {
                    self.user(&format!("{path}.user"), admin.user.as_deref().unwrap_or_default())?;
                }
                for (at, policy) in admin.policies.iter().flatten().enumerate() {
                    look_up_policy(&format!("{path}.policies[{at}]"), policy)?;
                }
                Ok(())
            }
            Step::Browse(access)
            | Step::Fetch(access)
            | Step::Refresh(access)
            | Step::SignIn(access)
            | Step::Write(access) => {
                self.user(&format!("{path}.user"), &access.user)?;
                self.machine(path, &access.device)?;
                app(path, &access.app)?;
                resource(path, &access.resource)
            }
            Step::BrowserCredential(who)
            | Step::RegisterUserKey(who)
            | Step::Renew(who)
            | Step::RollSessionKey(who) => {
                self.user(&format!("{path}.user"), &who.user)?;
                self.machine(path, &who.device)
            }
            Step::LegacySignIn(legacy) => {
                self.user(&format!("{path}.user"), &legacy.user)?;
                let known = LegacyProtocol::ALL.iter().map(|one| one.client_app_used());
                look_up(&format!("{path}.protocol"), "protocol", &legacy.protocol, known)?;
                resource(path, &legacy.resource)
            }
            Step::Phish(phish) => {
                self.user(&format!("{path}.user"), &phish.user)?;
                app(path, &phish.app)?;
                resource(path, &phish.resource)
            }
            Step::RegisterDevice(register) => {
                self.user(&format!("{path}.user"), &register.user)?;
                let known = RegistrationMethod::ALL.iter().map(|method| method.as_str());
                let method = format!("{path}.method");
                look_up(&method, "registration method", &register.method, known)?;
                self.devices.insert(register.device.clone());
                Ok(())
            }
            Step::RegisterOwnDevice(wanted) | Step::Use(wanted) => {
                wanted.app.as_deref().map_or(Ok(()), |name| app(path, name))?;
                resource(path, &wanted.resource)
            }
            Step::Reset(machine) => self.machine(path, &machine.device),
            Step::Steal(steal) => {
                self.user(&format!("{path}.user"), &steal.user)?;
                self.machine(path, &steal.device)
            }
            Step::Wait(_) => Ok(()),
        }
    }

    /// A name of its own stands for a bare machine, unless it is next to that of a known device.
    fn machine(&self, path: &str, name: &str) -> Result<(), ScenarioError> {
        if self.devices.contains(name) || name.len() > LONGEST {
            return Ok(());
        }
        let folded = name.to_lowercase();
        let near = |known: &&String| {
            strsim::levenshtein(&known.to_lowercase(), &folded) <= SLIP.min(name.len() / 4)
        };
        match self.devices.iter().find(near) {
            None => Ok(()),
            Some(nearest) => Err(ScenarioError::UnknownName {
                path: format!("{path}.device"),
                kind: "device",
                name: name.to_owned(),
                nearest: nearest.clone(),
            }),
        }
    }

    fn user(&self, path: &str, name: &str) -> Result<(), ScenarioError> {
        if user(&self.directory, name).is_some() {
            return Ok(());
        }
        let all = self.directory.users().map(|user| user.user_principal_name());
        let all = all.filter_map(|upn| upn.split('@').next());
        look_up(path, "user", name, all)
    }

    fn policies(&self, path: &str, wanted: Option<&Value>) -> Result<(), ScenarioError> {
        let Some(Value::Array(wanted)) = wanted else { return Ok(()) };
        for (at, policy) in wanted.iter().enumerate() {
            look_up_policy(&format!("{path}[{at}]"), policy)?;
        }
        Ok(())
    }
}

fn look_up_policy(path: &str, policy: &Value) -> Result<(), ScenarioError> {
    let Value::String(name) = policy else { return Ok(()) };
    look_up(path, "policy", name, policies::built_in().map(|(name, _)| name))
}

fn app(path: &str, name: &str) -> Result<(), ScenarioError> {
    let all = Catalog::builtin().clients().iter().map(|client| client.name.as_str());
    look_up(&format!("{path}.app"), "app", name, all)
}

fn resource(path: &str, name: &str) -> Result<(), ScenarioError> {
    let all = Catalog::builtin().resources().iter().map(|resource| resource.name.as_str());
    look_up(&format!("{path}.resource"), "resource", name, all)
}

/// That `name` is one of `all`, or an error with the nearest of them.
fn look_up<'n>(
    path: &str,
    kind: &'static str,
    name: &str,
    all: impl Iterator<Item = &'n str>,
) -> Result<(), ScenarioError> {
    let all: Vec<&str> = all.collect();
    if all.contains(&name) {
        return Ok(());
    }
    let name: String = name.chars().take(LONGEST).collect();
    let folded = name.to_lowercase();
    let distance = |known: &&str| strsim::levenshtein(&known.to_lowercase(), &folded);
    let nearest = all.into_iter().min_by_key(distance).unwrap_or_default();
    let (path, nearest) = (path.to_owned(), nearest.to_owned());
    Err(ScenarioError::UnknownName { path, kind, name, nearest })
}
