//! Many device filters asked of one device: a comparison that several of them make is made once.
//!
//! The policies of a tenant ask the same few things (joined, compliant, a label) in ever new
//! combinations. Here each different comparison has a number, and a filter is the exits between
//! numbers; what a number came to is remembered for the length of one request.

use std::collections::BTreeMap;

use super::device::{self, DeviceFilter, DeviceProperty};
use super::program::{Exit, Test};
use crate::directory::Device;
use crate::policy::bits;

/// The filters of many policies, by the position of the policy.
#[derive(Clone, Debug, Default)]
pub(in crate::policy) struct SharedFilters {
    tests: Box<[(DeviceProperty, Test)]>,
    steps: Box<[Step]>,
    filters: Box<[Option<Start>]>,
}

/// A comparison by its number, and where it goes on; steps are counted from the filter's first.
#[derive(Clone, Copy, Debug)]
struct Step {
    test: u32,
    yes: Exit,
    no: Exit,
}

/// Where the steps of a filter begin, and with which one.
#[derive(Clone, Copy, Debug)]
struct Start {
    first: usize,
    entry: Exit,
}

impl SharedFilters {
    /// The filters of policies, none where a policy has none.
    pub(in crate::policy) fn of<'f>(
        filters: impl Iterator<Item = Option<&'f DeviceFilter>>,
    ) -> Self {
        let (mut tests, mut steps): (Vec<(DeviceProperty, Test)>, Vec<Step>) = Default::default();
        let mut numbers: BTreeMap<String, u32> = BTreeMap::new();
        let mut number = |property: DeviceProperty, test: &Test| {
            *numbers.entry(format!("{property:?} {test:?}")).or_insert_with(|| {
                tests.push((property, test.clone()));
                u32::try_from(tests.len() - 1).unwrap_or(u32::MAX)
            })
        };
        let mut start = |filter: &DeviceFilter| {
            let first = steps.len();
            let own = filter.program().steps();
            steps.extend(own.map(|(property, test, yes, no)| Step {
                test: number(*property, test),
                yes,
                no,
            }));
            Start { first, entry: filter.program().entry() }
        };
        let filters = filters.map(|filter| filter.map(&mut start)).collect();
        Self { tests: tests.into(), steps: steps.into(), filters }
    }

    /// How many words of zeros [`Self::matches`] needs to remember answers.
    pub(in crate::policy) fn words(&self) -> usize {
        bits::words_for(self.tests.len()) * 2
    }

    /// Whether the filter of the policy at this position matches; none if it has none. `answers`
    /// remembers from one question about this device to the next.
    pub(in crate::policy) fn matches(
        &self,
        at: usize,
        device: Option<&Device>,
        answers: &mut [u64],
    ) -> Option<bool> {
        let start = self.filters.get(at).copied().flatten()?;
        let mut exit = start.entry;
        loop {
            let step = match exit {
                Exit::Match => return Some(true),
                Exit::Miss => return Some(false),
                Exit::Step(step) => self.steps.get(start.first + step),
            };
            // A step that is not there belongs to no filter.
            let Some(step) = step else { return Some(false) };
            exit =
                if self.answer(step.test as usize, device, answers) { step.yes } else { step.no };
        }
    }

    fn answer(&self, test: usize, device: Option<&Device>, answers: &mut [u64]) -> bool {
        let (asked, yes) = answers.split_at_mut(answers.len() / 2);
        if bits::has(asked, test) {
            return bits::has(yes, test);
        }
        let holds = self
            .tests
            .get(test)
            .is_some_and(|(property, test)| device::comparison_holds(device, *property, test));
        bits::set(asked, test);
        if holds {
            bits::set(yes, test);
        }
        holds
    }
}
