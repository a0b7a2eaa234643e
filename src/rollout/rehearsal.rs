//! [`Rehearsal`]: every sign-in of a plan by its number, so that any slice can be made alone.
//!
//! Sign-ins are numbered in the order of time. Time falls into slots, and in each slot every user
//! signs in once, in an order that the slot's number shuffles. What a sign-in is comes from the
//! stream of its user at the place of its slot: no sign-in depends on another.
//!
//! Time and ids apart, there are only so many different sign-ins: a user at a machine with an app.
//! Each such *situation* has a number, and counts of situations by week are all that a run keeps.

use rand::RngExt as _;
use rand::SeedableRng as _;

use super::error::RolloutError;
use super::fleet::{Fleet, Member, Station, Use};
use super::plan::{MAX_SIGN_INS, PlanFile};
use super::timeline::Timeline;
use super::trouble::Trouble;
use crate::base::Timestamp;
use crate::base::id::{CorrelationId, DeviceId, RequestId};
use crate::base::stream::Stream;
use crate::catalog::{ClientRegistration, RulePack};
use crate::directory::Directory;

/// Seconds of a week.
const WEEK: u64 = 7 * 24 * 60 * 60;
/// Words of a user's stream for one sign-in.
const WORDS: u128 = 64;

/// A plan with its fleet and its policies, ready to be played.
#[derive(Clone, Debug)]
pub struct Rehearsal {
    pub(super) plan: PlanFile,
    pub(super) fleet: Fleet,
    pub(super) timeline: Timeline,
    pub(super) rules: &'static RulePack,
    begins: Timestamp,
    total: u64,
    slots: u64,
    weeks: u32,
}

/// What an app does to get its token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Act {
    /// An app outside the broker redeems its refresh token.
    AppRefresh,
    /// A person signs in to an app outside the broker.
    AppSignIn,
    /// The broker redeems an app's refresh token.
    BrokerRefresh,
    /// The broker uses the PRT.
    BrokerUse,
    /// A person signs in in a browser.
    BrowserSignIn,
    /// A browser shows the PRT.
    BrowserSso,
    /// A mail client hands on a password.
    Legacy,
}

/// One sign-in, drawn and not yet evaluated.
#[derive(Clone, Copy, Debug)]
pub struct Drawn<'r> {
    /// Its number, from 0.
    pub number: u64,
    /// The week of the plan, from 0.
    pub week: u32,
    /// When.
    pub time: Timestamp,
    /// The request.
    pub request: RequestId,
    /// The sign-in the request belongs to.
    pub correlation: CorrelationId,
    /// What happens.
    pub situation: Situation<'r>,
}

/// Who does what where: everything about a sign-in but its time and ids.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'r> {
    /// Its number in the fleet.
    pub index: u32,
    pub(super) member_index: usize,
    pub(super) member: &'r Member,
    pub(super) station: &'r Station,
    pub(super) used: &'r Use,
    /// The device object in use.
    pub(super) device: Option<DeviceId>,
    /// How the token is asked for.
    pub act: Act,
}

impl Rehearsal {
    /// Sets a plan up in a directory. `sign_ins` replaces the number that follows from the plan.
    ///
    /// # Errors
    /// `rollout.no_users`, `rollout.nothing_to_roll_out`, `rollout.unknown_name` for a group or a
    /// policy, `rollout.bad_value` for a number of sign-ins out of bounds, and a policy's own error.
    pub fn new(
        plan: PlanFile,
        directory: Directory,
        sign_ins: Option<u64>,
    ) -> Result<Self, RolloutError> {
        let rules = plan.rule_pack();
        let timeline = Timeline::new(&plan, &directory)?;
        let fleet = Fleet::new(directory, &plan.shares(), rules, plan.root())?;
        let users = fleet.users() as u64;
        let weeks = plan.weeks();
        let by_plan = users * u64::from(weeks) * u64::from(plan.sign_ins_per_user_and_week);
        let total = sign_ins.unwrap_or(by_plan);
        if !(1..=MAX_SIGN_INS).contains(&total) {
            let expected = "a number of sign-ins from 1 to 1000000000";
            return Err(RolloutError::bad("sign-ins", &total.to_string(), expected));
        }
        let begins = plan.begins();
        let slots = total.div_ceil(users);
        Ok(Self { plan, fleet, timeline, rules, begins, total, slots, weeks })
    }

    /// The plan.
    #[must_use]
    pub const fn plan(&self) -> &PlanFile {
        &self.plan
    }

    /// The fleet.
    #[must_use]
    pub const fn fleet(&self) -> &Fleet {
        &self.fleet
    }

    /// The policies by week.
    #[must_use]
    pub const fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// All sign-ins have numbers below this one.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.total
    }

    /// Weeks of the plan.
    #[must_use]
    pub const fn weeks(&self) -> u32 {
        self.weeks
    }

    /// The user of sign-in `number`, by its place in the fleet.
    #[must_use]
    pub fn user_of(&self, number: u64) -> usize {
        let users = self.fleet.users() as u64;
        let (slot, place) = (number / users, number % users);
        // Adding a shift that differs from slot to slot is a permutation and costs nothing.
        let shift = slot.wrapping_mul(0x9e37_79b9_7f4a_7c15) % users;
        ((place + shift) % users) as usize
    }

    /// Draws sign-in `number`; none from [`Rehearsal::total`] on.
    #[must_use]
    pub fn draw(&self, number: u64) -> Option<Drawn<'_>> {
        if number >= self.total {
            return None;
        }
        let users = self.fleet.users() as u64;
        let slot = number / users;
        let member_index = self.user_of(number);
        let member = self.fleet.members.get(member_index)?;
        let week = self.week(number);
        let mut rng = Stream::from_seed(member.key);
        rng.set_word_pos(u128::from(slot) * WORDS);
        let request = RequestId::random(&mut rng);
        let correlation = CorrelationId::random(&mut rng);
        let situation = self.situation(member_index, member, week, &mut rng)?;
        let time = self.time(number);
        Some(Drawn { number, week, time, request, correlation, situation })
    }

    /// The week that [`Rehearsal::time`] falls into: a slot may begin in one and end in the next.
    fn week(&self, number: u64) -> u32 {
        let places = u128::from(self.slots) * self.fleet.users() as u128;
        (u128::from(self.weeks) * u128::from(number) / places) as u32
    }

    /// Sign-ins are spread evenly over the weeks.
    fn time(&self, number: u64) -> Timestamp {
        let span = u128::from(WEEK) * u128::from(self.weeks);
        let places = u128::from(self.slots) * self.fleet.users() as u128;
        let seconds = span * u128::from(number) / places;
        Timestamp::from_unix(self.begins.as_unix() + seconds as i64)
    }

    fn situation<'r>(
        &'r self,
        member_index: usize,
        member: &'r Member,
        week: u32,
        rng: &mut Stream,
    ) -> Option<Situation<'r>> {
        let stations = member.stations.iter().map(|station| station.weight);
        let station = member.stations.get(pick(stations, rng)?)?;
        let app = pick(station.uses.iter().map(|used| used.weight), rng)?;
        let lost = rng.random_range(0..1000) < station.lost;
        let objects = station.devices.len();
        let slot = if lost || objects == 0 { objects } else { week as usize % objects };
        let second = rng.random_range(0..100_u32);
        let used = station.uses.get(app)?;
        let device = station.devices.get(slot).copied();
        let act = act(used, device.is_some(), second);
        let way = u32::from(matches!(act, Act::AppRefresh | Act::BrokerRefresh));
        let uses = station.uses.len();
        let index = station.first + ((slot * uses + app) as u32) * 2 + way;
        Some(Situation { index, member_index, member, station, used, device, act })
    }

    /// Every situation that the fleet can come into, by its number.
    pub fn situations(&self) -> impl Iterator<Item = Situation<'_>> {
        self.fleet.members.iter().enumerate().flat_map(|(member_index, member)| {
            member.stations.iter().flat_map(move |station| {
                let uses = station.uses.len().max(1);
                (0..station.situations()).filter_map(move |offset| {
                    let (place, way) = (offset as usize / 2, offset % 2);
                    let used = station.uses.get(place % uses)?;
                    let device = station.devices.get(place / uses).copied();
                    // The second way is a refresh; where there is none the number stays unused.
                    let act = act(used, device.is_some(), if way == 1 { REFRESH } else { 0 });
                    let index = station.first + offset;
                    Some(Situation { index, member_index, member, station, used, device, act })
                })
            })
        })
    }
}

/// From this on, of 100, a native app refreshes what it has.
const REFRESH: u32 = 40;

fn act(used: &Use, registered: bool, drawn: u32) -> Act {
    match used.client.registration {
        ClientRegistration::Legacy => Act::Legacy,
        ClientRegistration::Browser | ClientRegistration::Confidential => match registered {
            true => Act::BrowserSso,
            false => Act::BrowserSignIn,
        },
        ClientRegistration::Native => {
            match (registered && used.goes_through_broker(), drawn >= REFRESH) {
                (true, false) => Act::BrokerUse,
                (true, true) => Act::BrokerRefresh,
                (false, false) => Act::AppSignIn,
                (false, true) => Act::AppRefresh,
            }
        }
    }
}

fn pick(weights: impl Iterator<Item = u32> + Clone, rng: &mut Stream) -> Option<usize> {
    let sum: u32 = weights.clone().sum();
    let mut drawn = rng.random_range(0..sum.max(1));
    for (at, weight) in weights.enumerate() {
        if drawn < weight {
            return Some(at);
        }
        drawn -= weight;
    }
    None
}

impl Situation<'_> {
    /// The trouble that shows: the machine's, or the app's if the machine has none.
    #[must_use]
    pub fn trouble(&self) -> Trouble {
        match (self.machine_trouble(), self.used.trouble) {
            (_, Trouble::LegacyMail) => Trouble::LegacyMail,
            (Trouble::Ordinary | Trouble::OtherPlatform, app) if app != Trouble::Ordinary => app,
            (machine, _) => machine,
        }
    }

    /// The machine's trouble. A pooled desktop is ordinary while it is registered.
    pub(super) fn machine_trouble(&self) -> Trouble {
        match (self.station.trouble, self.device) {
            (Trouble::PooledDesktop, Some(_)) => Trouble::Ordinary,
            (trouble, _) => trouble,
        }
    }
}
