//! `devices`: by filter, or by the states of the beta that came before it.
//!
//! # Simulated
//! The deprecated members (`includeDevices`, `includeDeviceStates`, `deviceStates` and their
//! exclusions) are evaluated as one list: `All`, less `Compliant` and `DomainJoined` devices.

use super::{Clause, Side, nothing_included, words};
use crate::base::id::PolicyId;
use crate::policy::error::PolicyError;
use crate::policy::facts::SignIn;
use crate::policy::filter::{DeviceFilter, FilterError};
use crate::policy::flags::{Flag, Flags};
use crate::policy::reader::{self, Object, Unknown, Words};
use crate::policy::rule::{Rule, RuleKind};

/// `conditions.devices`, and the deprecated `conditions.deviceStates`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Devices {
    /// `deviceFilter`.
    Filter {
        /// Whether devices that match are included or excluded.
        mode: FilterMode,
        /// The rule.
        filter: Box<DeviceFilter>,
    },
    /// The deprecated members.
    States(DeviceStates),
}

/// Devices by state (beta, deprecated). Exclusion overrides inclusion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceStates {
    /// Whether `All` is included.
    pub include_all: bool,
    /// Included states.
    pub include: Flags<DeviceState>,
    /// Excluded states.
    pub exclude: Flags<DeviceState>,
}

/// A state of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeviceState {
    /// Its management says that it is compliant.
    Compliant,
    /// It is hybrid joined.
    DomainJoined,
}

impl Flag for DeviceState {
    const ALL: &'static [Self] = &[Self::Compliant, Self::DomainJoined];

    fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// `mode` of a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FilterMode {
    /// What matches is excluded.
    Exclude,
    /// Only what matches is included.
    Include,
}

impl FilterMode {
    pub(super) const fn side(self) -> Side {
        match self {
            Self::Exclude => Side::Exclude,
            Self::Include => Side::Include,
        }
    }
}

impl Words for FilterMode {
    const WORDS: &'static [(&'static str, Self)] =
        &[("include", Self::Include), ("exclude", Self::Exclude)];
}

/// A word of the deprecated members that include.
#[derive(Clone, Copy)]
enum StateWord {
    All,
    One(DeviceState),
}

impl Words for StateWord {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("All", Self::All),
        ("Compliant", Self::One(DeviceState::Compliant)),
        ("DomainJoined", Self::One(DeviceState::DomainJoined)),
    ];
}

impl Words for DeviceState {
    const WORDS: &'static [(&'static str, Self)] =
        &[("Compliant", Self::Compliant), ("DomainJoined", Self::DomainJoined)];
}

/// None if the condition is not configured.
pub(super) fn read(
    conditions: &mut Object<'_>,
    policy: PolicyId,
) -> Result<Option<Devices>, PolicyError> {
    let path = conditions.path_of("devices");
    let mut states = DeviceStates::NONE;
    let mut filter = None;
    if let Some(mut object) = conditions.object("devices")? {
        filter = read_filter(&mut object, "deviceFilter", DeviceFilter::parse)?;
        states.read(&mut object, "includeDevices", "excludeDevices")?;
        states.read(&mut object, "includeDeviceStates", "excludeDeviceStates")?;
        object.finish(Unknown::Refuse)?;
    }
    if let Some(mut object) = conditions.object("deviceStates")? {
        states.read(&mut object, "includeStates", "excludeStates")?;
        object.finish(Unknown::Refuse)?;
    }
    let included = states.include_all || !states.include.is_empty();
    match (filter, included, states == DeviceStates::NONE) {
        (None, _, true) => Ok(None),
        (None, true, false) => Ok(Some(Devices::States(states))),
        (None, false, false) => Err(nothing_included(policy, path)),
        (Some((mode, filter)), _, true) => {
            Ok(Some(Devices::Filter { mode, filter: Box::new(filter) }))
        }
        (Some(_), _, false) => {
            let reason = "has a filter beside the states that it replaced";
            Err(PolicyError::Contradiction { policy, path, reason })
        }
    }
}

impl DeviceStates {
    const NONE: Self = Self { include_all: false, include: Flags::EMPTY, exclude: Flags::EMPTY };

    /// Takes in one pair of the deprecated members.
    fn read(
        &mut self,
        object: &mut Object<'_>,
        include: &'static str,
        exclude: &'static str,
    ) -> Result<(), PolicyError> {
        for word in object.list(include, reader::word)? {
            match word {
                StateWord::All => self.include_all = true,
                StateWord::One(state) => self.include.insert(state),
            }
        }
        self.exclude = self.exclude.or(object.word_set(exclude)?);
        Ok(())
    }
}

/// A filter with its mode; none if it is absent, null or empty.
pub(super) fn read_filter<F>(
    object: &mut Object<'_>,
    name: &'static str,
    parse: impl Fn(&str) -> Result<F, FilterError>,
) -> Result<Option<(FilterMode, F)>, PolicyError> {
    let Some(mut filter) = object.object(name)? else { return Ok(None) };
    let mode: Option<FilterMode> = filter.word("mode")?;
    let path = filter.path_of("rule");
    let rule = filter.text("rule")?.map(str::to_owned);
    let missing = filter.path_of("mode");
    filter.finish(Unknown::Refuse)?;
    match (mode, rule) {
        (None, None) => Ok(None),
        (Some(_), None) => Err(PolicyError::Missing { path }),
        (None, Some(_)) => Err(PolicyError::Missing { path: missing }),
        (Some(mode), Some(rule)) => {
            let filter = parse(&rule).map_err(|error| PolicyError::Filter { path, error })?;
            Ok(Some((mode, filter)))
        }
    }
}

impl Devices {
    /// The filter with its mode, if it is one.
    pub(in crate::policy) const fn filter(&self) -> Option<(FilterMode, &DeviceFilter)> {
        match self {
            Self::Filter { mode, filter } => Some((*mode, filter)),
            Self::States(_) => None,
        }
    }

    pub(super) fn clauses<'p>(&'p self, side: Side, to: &mut dyn FnMut(Clause<'p>)) {
        match self {
            Self::Filter { mode, filter } => {
                let everything = side == Side::Include && *mode == FilterMode::Exclude;
                words([(everything, RuleKind::AllDeviceStates)], to);
                if mode.side() == side {
                    to(Clause::DeviceFilter(filter));
                }
            }
            Self::States(states) => {
                let (all, named) = match side {
                    Side::Include => (states.include_all, states.include),
                    Side::Exclude => (false, states.exclude),
                };
                words([(all, RuleKind::AllDeviceStates)], to);
                named.iter().for_each(|state| to(Clause::Rule(Rule::device_state(state))));
            }
        }
    }
}

pub(super) fn traits(sign_in: &SignIn<'_>, to: &mut dyn FnMut(Rule)) {
    to(Rule::word(RuleKind::AllDeviceStates));
    if sign_in.device_is_compliant() {
        to(Rule::device_state(DeviceState::Compliant));
    }
    if sign_in.device_is_hybrid_joined() {
        to(Rule::device_state(DeviceState::DomainJoined));
    }
}
