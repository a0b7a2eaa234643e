//! The policies turned round: from what a sign-in is to the policies that say so.
//!
//! A user is in few groups and a tenant's policies name many. To go from the few rules that are
//! true of a sign-in to the policies costs a few look-ups for each request, where to go through the
//! clauses of every policy costs a few comparisons for each policy. One table for each condition;
//! what cannot be turned round (a filter) is asked of the policies that got that far.

use std::collections::BTreeMap;

use super::applied::{AppliedPolicy, AppliedPolicyResult, Condition};
use super::bits::{self, BitSet};
use super::conditions::{Clause, Devices, FilterMode, ORDER, Side, any_subject, traits};
use super::facts::SignIn;
use super::filter::{DeviceFilter, SharedFilters};
use super::flags::Flags;
use super::model::{Policy, PolicyState};
use super::rule::Rule;

/// All policies of a set, by what they say. Positions are those of the policies by ascending id.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    tables: Vec<Table>,
    device_filters: SharedFilters,
    /// Policies whose device filter includes what it matches.
    including: BitSet,
    /// The entries as they are before anything is known of the request: every configured condition
    /// satisfied, and not applied all the same.
    blank: Box<[AppliedPolicy]>,
    /// Policies that are not disabled.
    evaluated: BitSet,
    /// Policies that are enforced.
    pub(super) enforced: BitSet,
}

/// One condition of all policies.
#[derive(Clone, Debug)]
struct Table {
    which: Condition,
    /// What a record lists when it fails: this condition.
    failed: Flags<Condition>,
    /// What is not satisfied when the walk stops here: this condition and those after it.
    left: Flags<Condition>,
    /// Policies that configure it.
    configured: BitSet,
    /// Policies that say something here that is no rule.
    filtered: BitSet,
    /// The numbers of all rules, ascending, apart from the rest: they are what is searched.
    values: Box<[u128]>,
    /// The rules that have these numbers, and what each does.
    mentions: Box<[(Rule, Mentions)]>,
}

/// Which policies include and which exclude a rule.
#[derive(Clone, Debug, Default)]
struct Mentions {
    included: Positions,
    excluded: Positions,
}

/// Positions in the form that takes less room.
#[derive(Clone, Debug)]
enum Positions {
    Few(Box<[u32]>),
    Many(BitSet),
}

impl Default for Positions {
    fn default() -> Self {
        Self::Few(Box::default())
    }
}

/// Room for one evaluation, taken once.
pub(super) struct Scratch {
    alive: Vec<u64>,
    /// Of the condition at hand: policies it holds for, that include, that exclude.
    sets: Vec<u64>,
    /// What device filters remember.
    answers: Vec<u64>,
    /// What is known of each policy so far.
    entries: Vec<AppliedPolicy>,
}

impl Index {
    /// The index of `policies`, which are counted from 0 in this order.
    pub(super) fn of(policies: &[Policy]) -> Self {
        let state = |at: usize| policies.get(at).map(|policy| policy.state);
        let mode = |at: usize| policies.get(at).and_then(device_filter).map(|(mode, _)| mode);
        let filters = policies.iter().map(|policy| device_filter(policy).map(|(_, filter)| filter));
        Self {
            device_filters: SharedFilters::of(filters),
            including: BitSet::of(policies.len(), |at| mode(at) == Some(FilterMode::Include)),
            tables: ORDER.iter().map(|which| Table::of(*which, policies)).collect(),
            blank: policies.iter().map(blank).collect(),
            evaluated: BitSet::of(policies.len(), |at| state(at) != Some(PolicyState::Disabled)),
            enforced: BitSet::of(policies.len(), |at| state(at) == Some(PolicyState::Enabled)),
        }
    }

    /// Walks the conditions of the policies in `scratch`, all at once, and leaves those that apply.
    pub(super) fn walk(&self, policies: &[Policy], sign_in: &SignIn<'_>, scratch: &mut Scratch) {
        for table in &self.tables {
            if !table.configured.is_empty() {
                table.find(sign_in, scratch);
                self.ask_filters(table, policies, sign_in, scratch);
                table.stop(scratch);
            }
        }
    }

    /// Asks the filters of the policies that got this far.
    fn ask_filters(
        &self,
        table: &Table,
        policies: &[Policy],
        sign_in: &SignIn<'_>,
        scratch: &mut Scratch,
    ) {
        let Scratch { alive, sets: holding, answers, .. } = scratch;
        let device = sign_in.shown_device();
        for (word, filtered) in table.filtered.words().iter().enumerate() {
            let Some((alive, holding)) = alive.get(word).zip(holding.get_mut(word)) else {
                continue;
            };
            for bit in bits::positions(&[filtered & alive]) {
                let at = word * 64 + bit;
                let takes = match table.which {
                    Condition::DeviceState => {
                        let found = self.device_filters.matches(at, device, answers);
                        found.map(|found| found == bits::has(self.including.words(), at))
                    }
                    which => {
                        let policy = policies.get(at);
                        policy.and_then(|policy| policy.conditions.holds(which, sign_in))
                    }
                };
                *holding &= !(1 << bit);
                *holding |= u64::from(takes == Some(true)) << bit;
            }
        }
    }

    /// Room for a walk over all policies that are not disabled.
    pub(super) fn scratch(&self) -> Scratch {
        Scratch {
            alive: self.evaluated.words().to_vec(),
            sets: vec![0; self.evaluated.words().len() * 3],
            answers: vec![0; self.device_filters.words()],
            entries: self.blank.to_vec(),
        }
    }
}

fn device_filter(policy: &Policy) -> Option<(FilterMode, &DeviceFilter)> {
    policy.conditions.devices.as_ref().and_then(Devices::filter)
}

/// The entry of a policy before anything is known of a request.
fn blank(policy: &Policy) -> AppliedPolicy {
    let (result, conditions_satisfied) = match policy.state {
        PolicyState::Disabled => (AppliedPolicyResult::NotEnabled, Flags::EMPTY),
        PolicyState::Enabled => (AppliedPolicyResult::NotApplied, policy.conditions.configured()),
        PolicyState::EnabledForReportingButNotEnforced => {
            (AppliedPolicyResult::ReportOnlyNotApplied, policy.conditions.configured())
        }
    };
    AppliedPolicy {
        policy: policy.id,
        result,
        conditions_satisfied,
        conditions_not_satisfied: Flags::EMPTY,
        grant_controls_not_satisfied: Flags::EMPTY,
        session_controls_not_satisfied: Flags::EMPTY,
    }
}

impl Scratch {
    /// The policies that nothing has stopped yet.
    pub(super) fn alive(&self) -> &[u64] {
        &self.alive
    }

    /// The next policy that applies, counted from `from`.
    pub(super) fn next_applying(&self, from: usize) -> Option<usize> {
        bits::next(&self.alive, from)
    }

    /// Takes a policy out that the request is exempt from: nothing of it is looked at.
    pub(super) fn exempt(&mut self, at: usize) {
        bits::clear(&mut self.alive, at);
        if let Some(entry) = self.entries.get_mut(at) {
            entry.conditions_satisfied = Flags::EMPTY;
        }
    }

    /// What is known of each policy, in the order of the policies.
    pub(super) fn entries(&self) -> &[AppliedPolicy] {
        &self.entries
    }

    /// The same of one policy, to be completed.
    pub(super) fn entry_mut(&mut self, at: usize) -> Option<&mut AppliedPolicy> {
        self.entries.get_mut(at)
    }
}

impl Table {
    fn of(which: Condition, policies: &[Policy]) -> Self {
        let configured = |at: usize| {
            policies.get(at).is_some_and(|policy| policy.conditions.is_configured(which))
        };
        let mut by_rule: BTreeMap<Rule, [Vec<u32>; 2]> = BTreeMap::new();
        let mut filtered = vec![0; bits::words_for(policies.len())];
        for (at, policy) in (0_u32..).zip(policies) {
            for (side, name) in [(Side::Include, 0), (Side::Exclude, 1)] {
                policy.conditions.clauses(which, side, &mut |clause| match clause {
                    Clause::Rule(rule) => {
                        let positions = by_rule.entry(rule).or_default();
                        positions.iter_mut().skip(name).take(1).for_each(|list| list.push(at));
                    }
                    _ => bits::set(&mut filtered, at as usize),
                });
            }
        }
        let (mut values, mut mentions) = (Vec::new(), Vec::new());
        for (rule, [included, excluded]) in by_rule {
            values.push(rule.value());
            let included = Positions::of(included, policies.len());
            let excluded = Positions::of(excluded, policies.len());
            mentions.push((rule, Mentions { included, excluded }));
        }
        let after = ORDER.iter().skip_while(|other| **other != which);
        Self {
            which,
            failed: which.recorded(),
            left: after.fold(Flags::EMPTY, |all, other| all.or(other.recorded())),
            configured: BitSet::of(policies.len(), configured),
            filtered: BitSet::of(policies.len(), |at| bits::has(&filtered, at)),
            values: values.into(),
            mentions: mentions.into(),
        }
    }

    fn mentions(&self, rule: Rule) -> Option<&Mentions> {
        let value = rule.value();
        let first = self.values.partition_point(|other| *other < value);
        let same = self.mentions.get(first..)?.iter().take_while(|(it, _)| it.value() == value);
        same.filter(|(it, _)| *it == rule).map(|(_, mentions)| mentions).next()
    }

    /// Finds the policies whose rules the sign-in fits.
    fn find(&self, sign_in: &SignIn<'_>, scratch: &mut Scratch) {
        let third = scratch.sets.len() / 3;
        let (holding, rest) = scratch.sets.split_at_mut(third);
        let (included, excluded) = rest.split_at_mut(third);
        holding.fill(0);
        any_subject(self.which, sign_in, |subject| {
            included.fill(0);
            excluded.fill(0);
            traits(self.which, sign_in, subject, &mut |rule| {
                if let Some(mentions) = self.mentions(rule) {
                    mentions.included.add_to(included);
                    mentions.excluded.add_to(excluded);
                }
            });
            let sides = included.iter().zip(excluded.iter());
            holding.iter_mut().zip(sides).for_each(|(holds, (yes, no))| *holds |= yes & !no);
            false
        });
    }

    /// Stops the policies that configure the condition and for which it does not hold.
    fn stop(&self, scratch: &mut Scratch) {
        let outcome = self.configured.words().iter().zip(&scratch.sets);
        for (word, (alive, (configured, holds))) in
            scratch.alive.iter_mut().zip(outcome).enumerate()
        {
            let fails = *alive & configured & !holds;
            *alive &= !fails;
            for bit in bits::positions(&[fails]) {
                if let Some(entry) = scratch.entries.get_mut(word * 64 + bit) {
                    entry.conditions_satisfied = entry.conditions_satisfied.without(self.left);
                    entry.conditions_not_satisfied = self.failed;
                }
            }
        }
    }
}

impl Positions {
    fn of(positions: Vec<u32>, count: usize) -> Self {
        // A position takes four octets, a set one bit for each policy.
        if positions.len() * 32 <= bits::words_for(count) * 64 {
            return Self::Few(positions.into());
        }
        let mut words = vec![0; bits::words_for(count)];
        positions.iter().for_each(|at| bits::set(&mut words, *at as usize));
        Self::Many(BitSet::of(count, |at| bits::has(&words, at)))
    }

    fn add_to(&self, words: &mut [u64]) {
        match self {
            Self::Few(positions) => positions.iter().for_each(|at| bits::set(words, *at as usize)),
            Self::Many(set) => bits::add(words, set.words()),
        }
    }
}
