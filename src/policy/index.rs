//! The policies turned round: from what a sign-in is to the policies that say so.
//!
//! A user is in few groups and a tenant's policies name many. To go from the few rules that are
//! true of a sign-in to the policies costs a few look-ups for each request, where to go through the
//! clauses of every policy costs a few comparisons for each policy. One table for each condition;
//! what cannot be turned round (a filter) is asked of the policies that got that far.

use std::collections::BTreeMap;

use super::applied::Condition;
use super::bits::{self, BitSet};
use super::conditions::{Clause, ORDER, Side, any_subject, traits};
use super::facts::SignIn;
use super::flags::Flags;
use super::model::{Policy, PolicyState};
use super::rule::Rule;
use crate::base::id::PolicyId;

/// All policies of a set, by what they say. Positions are those of the policies by ascending id.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    tables: Vec<Table>,
    /// What every entry says of its policy.
    pub(super) heads: Box<[Head]>,
    /// Policies that are not disabled.
    pub(super) evaluated: BitSet,
    /// Policies that are enforced.
    pub(super) enforced: BitSet,
}

/// What an entry says of its policy whatever the request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub(super) id: PolicyId,
    pub(super) state: PolicyState,
    pub(super) configured: Flags<Condition>,
}

/// One condition of all policies.
#[derive(Clone, Debug)]
struct Table {
    which: Condition,
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
    words: Vec<u64>,
    /// Where the walk of each policy stopped: a position in [`ORDER`], or [`APPLIES`].
    stopped: Vec<u8>,
}

/// The walk of a policy did not stop at a condition.
pub(super) const APPLIES: u8 = u8::MAX;

impl Index {
    /// The index of `policies`, which are counted from 0 in this order.
    pub(super) fn of(policies: &[Policy]) -> Self {
        let state = |at: usize| policies.get(at).map(|policy| policy.state);
        Self {
            tables: ORDER.iter().map(|which| Table::of(*which, policies)).collect(),
            heads: policies.iter().map(Head::of).collect(),
            evaluated: BitSet::of(policies.len(), |at| state(at) != Some(PolicyState::Disabled)),
            enforced: BitSet::of(policies.len(), |at| state(at) == Some(PolicyState::Enabled)),
        }
    }

    /// Walks the conditions of the policies in `scratch`, all at once, and leaves those that apply.
    pub(super) fn walk(&self, policies: &[Policy], sign_in: &SignIn<'_>, scratch: &mut Scratch) {
        for (step, table) in (0..).zip(&self.tables) {
            if !table.configured.is_empty() {
                table.walk(step, policies, sign_in, scratch);
            }
        }
    }
}

impl Head {
    fn of(policy: &Policy) -> Self {
        let configured = policy.conditions.configured();
        Self { id: policy.id, state: policy.state, configured }
    }
}

impl Scratch {
    /// Room for a walk over the policies that `alive` names, of `count` policies.
    pub(super) fn starting_with(alive: &[u64], count: usize) -> Self {
        // Alive, holding, included, excluded.
        let mut words = vec![0; alive.len() * 4];
        words.iter_mut().zip(alive).for_each(|(word, alive)| *word = *alive);
        Self { words, stopped: vec![APPLIES; count] }
    }

    /// The policies that nothing has stopped yet.
    pub(super) fn alive(&self) -> &[u64] {
        self.words.get(..self.words.len() / 4).unwrap_or_default()
    }

    /// Takes a policy out.
    pub(super) fn remove(&mut self, at: usize) {
        bits::clear(&mut self.words, at);
    }

    /// Where the walk of a policy stopped.
    pub(super) fn stopped(&self) -> &[u8] {
        &self.stopped
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
        Self {
            which,
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

    fn walk(&self, step: u8, policies: &[Policy], sign_in: &SignIn<'_>, scratch: &mut Scratch) {
        let count = self.configured.words().len();
        let (alive, rest) = scratch.words.split_at_mut(count);
        let (holding, rest) = rest.split_at_mut(count);
        let (included, excluded) = rest.split_at_mut(count);
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
        // From here on `included` holds the policies whose filter says whether they go on.
        let filtered = self.filtered.words().iter().zip(alive.iter());
        included
            .iter_mut()
            .zip(filtered)
            .for_each(|(word, (filter, alive))| *word = filter & alive);
        for at in bits::positions(included) {
            let holds = |policy: &Policy| policy.conditions.holds(self.which, sign_in);
            match policies.get(at).and_then(holds) {
                Some(true) => bits::set(holding, at),
                _ => bits::clear(holding, at),
            }
        }
        let outcome = self.configured.words().iter().zip(holding.iter());
        for (word, (alive, (configured, holds))) in alive.iter_mut().zip(outcome).enumerate() {
            let fails = *alive & configured & !holds;
            *alive &= !fails;
            for at in bits::positions(&[fails]) {
                if let Some(stopped) = scratch.stopped.get_mut(word * 64 + at) {
                    *stopped = step;
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
