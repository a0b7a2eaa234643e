//! From counts to a [`Report`]: every situation that came up is evaluated once against the policies
//! of each stage, of the end, and of each remedy; figures are those verdicts times the counts.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::counts::Counts;
use super::error::RolloutError;
use super::facts::Modelled;
use super::rehearsal::{Rehearsal, Situation};
use super::remedy::{Change, Remedy};
use super::report::{
    AppRow, CauseRow, CodeRow, Helps, PhaseRow, Readiness, Ready, Report, Totals, UserRow, WeekRow,
};
use super::timeline::Mode;
use super::tried::{Tried, Users};
use super::trouble::Trouble;
use super::verdict::{Coverage, Judged, Verdict};
use crate::base::id::UserId;
use crate::base::{Lifetime, Timestamp};
use crate::directory::Group;
use crate::policy::PolicySet;

/// Seconds of a week.
const WEEK: u32 = 7 * 24 * 60 * 60;

type Cause = (Trouble, u32, u16);

/// Figures in the making.
struct Assessment<'r> {
    rehearsal: &'r Rehearsal,
    tried: Vec<Tried>,
    /// The policies with every exclusion that costs nothing.
    recommended: PolicySet,
    report: Report,
    blocked_users: Users,
    after_users: Users,
    apps: BTreeMap<&'static str, (AppRow, Users)>,
    codes: BTreeMap<(u32, u16), (CodeRow, Users)>,
    causes: BTreeMap<Cause, CauseSoFar>,
    users: Vec<UserSoFar>,
    phase_users: Vec<[Users; 2]>,
}

#[derive(Default)]
struct CauseSoFar {
    apps: BTreeSet<String>,
    blocked: u64,
    after: u64,
    users: Users,
    /// Users for whom something stays blocked.
    left: Users,
    helped: BTreeMap<usize, u64>,
}

#[derive(Clone, Default)]
struct UserSoFar {
    sign_ins: u64,
    covered: u64,
    unbound: u64,
    blocked: u64,
    after: u64,
    statuses: BTreeSet<u16>,
    named: bool,
}

impl Rehearsal {
    /// What the counted sign-ins come to.
    ///
    /// # Errors
    /// A policy's own error, if an exclusion cannot be put into it.
    pub fn report(&self, counts: &Counts) -> Result<Report, RolloutError> {
        let mut assessment = Assessment::new(self)?;
        for situation in self.situations() {
            let weeks = counts.weeks_of(situation.index);
            if weeks.iter().any(|count| *count > 0) {
                assessment.take(situation, weeks);
            }
        }
        assessment.exclude_whom_nothing_helps()?;
        Ok(assessment.finish())
    }
}

impl<'r> Assessment<'r> {
    fn new(rehearsal: &'r Rehearsal) -> Result<Self, RolloutError> {
        let tried: Vec<Tried> = rehearsal
            .remedies()
            .into_iter()
            .map(|remedy| Tried::new(rehearsal, remedy))
            .collect::<Result<_, _>>()?;
        let costs_nothing = |one: &&Tried| one.policies.is_some() && one.reopens.is_empty();
        let free = tried.iter().filter(costs_nothing).filter(|one| !one.is_by_user());
        let free: Vec<&Change> = free.map(|one| &one.remedy.change).collect();
        let recommended = rehearsal.policies_with(free).map_err(RolloutError::Policies)?;
        let plan = &rehearsal.plan;
        let users = rehearsal.fleet.users();
        Ok(Self {
            rehearsal,
            tried,
            recommended,
            report: Report {
                plan: plan.name.clone(),
                rules: plan.rules.clone(),
                seed: plan.seed,
                users: users as u64,
                totals: Totals::default(),
                after: Totals::default(),
                weeks: weeks(rehearsal),
                phases: phases(rehearsal),
                apps: Vec::new(),
                codes: Vec::new(),
                causes: Vec::new(),
                remedies: Vec::new(),
                readiness: Readiness::default(),
                by_user: Vec::new(),
            },
            blocked_users: Users::new(),
            after_users: Users::new(),
            apps: BTreeMap::new(),
            codes: BTreeMap::new(),
            causes: BTreeMap::new(),
            users: vec![UserSoFar::default(); users],
            phase_users: vec![[Users::new(), Users::new()]; plan.phases.len()],
        })
    }

    fn take(&mut self, situation: Situation<'r>, weeks: &[u32]) {
        let Some(modelled) = self.rehearsal.model(situation) else { return };
        let total: u64 = weeks.iter().map(|count| u64::from(*count)).sum();
        let end = self.rehearsal.judge(&modelled, &self.rehearsal.timeline.at_the_end);
        self.take_weeks(&modelled, weeks);
        self.report.totals.add(end.verdict, total);
        let all = self.rehearsal.judge(&modelled, &self.rehearsal.timeline.for_everybody);
        if let Some(user) = self.users.get_mut(situation.member_index) {
            user.sign_ins += total;
            user.named |= end.coverage != Coverage::None;
            user.covered += if all.coverage == Coverage::None { 0 } else { total };
            user.unbound += if all.coverage == Coverage::Unmet { total } else { 0 };
        }
        let client = situation.used.client;
        let (row, _) = self.apps.entry(&client.name).or_insert_with(|| {
            let (app, display_name) = (client.name.clone(), client.display_name.clone());
            let row =
                AppRow { app, display_name, sign_ins: 0, blocked: 0, blocked_users: 0, after: 0 };
            (row, Users::new())
        });
        row.sign_ins += total;
        let after = match end.verdict {
            Verdict::Blocked => self.take_blocked(&modelled, end, total),
            verdict => verdict,
        };
        self.report.after.add(after, total);
    }

    /// Each week under the policies of its stage.
    fn take_weeks(&mut self, modelled: &Modelled<'_>, weeks: &[u32]) {
        let mut known: Option<(usize, Judged)> = None;
        let member = modelled.situation.member_index;
        for (week, count) in (0_u32..).zip(weeks).filter(|(_, count)| **count > 0) {
            let stage = self.rehearsal.timeline.stage_of(week);
            let Some(here) = self.rehearsal.timeline.stage(week) else { continue };
            let judged = match known {
                Some((same, judged)) if same == stage => judged,
                _ => self.rehearsal.judge(modelled, &here.policies),
            };
            known = Some((stage, judged));
            let count = u64::from(*count);
            let row = self.report.weeks.get_mut(week as usize);
            if let Some(row) = row {
                row.add(judged.verdict, count);
            }
            let phase = self.report.phases.get_mut(here.phase);
            let users = self.phase_users.get_mut(here.phase);
            let (Some(phase), Some([would, blocked])) = (phase, users) else { continue };
            match (here.mode, judged.verdict) {
                (Mode::ReportOnly, Verdict::WouldBlock) => {
                    phase.would_block += count;
                    would.insert(member);
                }
                (Mode::On, Verdict::Blocked) => {
                    phase.blocked += count;
                    blocked.insert(member);
                }
                _ => {}
            }
        }
    }

    /// Looks for what helps; the verdict once everything recommended has been done.
    fn take_blocked(&mut self, modelled: &Modelled<'r>, end: Judged, total: u64) -> Verdict {
        let situation = modelled.situation;
        let member = situation.member_index;
        let client = situation.used.client;
        let after = self.after(modelled);
        let still = if after == Verdict::Blocked { total } else { 0 };
        self.blocked_users.insert(member);
        if still > 0 {
            self.after_users.insert(member);
        }
        if let Some((row, users)) = self.apps.get_mut(client.name.as_str()) {
            row.blocked += total;
            row.after += still;
            users.insert(member);
        }
        let (row, users) = self.codes.entry((end.code, end.status)).or_insert_with(|| {
            let (code, status) = (end.code, end.status);
            (CodeRow { code, status, blocked: 0, users: 0, after: 0 }, Users::new())
        });
        row.blocked += total;
        row.after += still;
        users.insert(member);
        if let Some(user) = self.users.get_mut(member) {
            user.blocked += total;
            user.after += still;
            user.statuses.insert(end.status);
        }
        let cause =
            self.causes.entry((trouble(&situation, end), end.code, end.status)).or_default();
        cause.apps.insert(client.display_name.clone());
        cause.blocked += total;
        cause.after += still;
        cause.users.insert(member);
        if still > 0 {
            cause.left.insert(member);
        }
        for (at, tried) in self.tried.iter_mut().enumerate() {
            if tried.helps(self.rehearsal, modelled) {
                tried.helps += total;
                tried.users.insert(member);
                *cause.helped.entry(at).or_default() += total;
            }
        }
        after
    }

    /// The verdict with all changes of facts and all exclusions that cost nothing.
    fn after(&self, modelled: &Modelled<'r>) -> Verdict {
        let mut changed = modelled.clone();
        for tried in self.tried.iter().filter(|tried| tried.policies.is_none()) {
            if let Some(next) = self.rehearsal.changed(&changed, &tried.remedy.change) {
                changed = next;
            }
        }
        self.rehearsal.judge(&changed, &self.recommended).verdict
    }

    /// Where something stays blocked one way is left: to exclude its users, by name or by a group
    /// that they are in.
    fn exclude_whom_nothing_helps(&mut self) -> Result<(), RolloutError> {
        let left = self.causes.iter().filter(|(_, so_far)| !so_far.left.is_empty());
        let left: Vec<(Cause, Users)> =
            left.map(|(cause, so_far)| (*cause, so_far.left.clone())).collect();
        for (cause, members) in left {
            let ids: BTreeSet<UserId> = members
                .iter()
                .filter_map(|at| Some(self.rehearsal.fleet.members.get(*at)?.user))
                .collect();
            let (name, title) = (cause.0.name(), cause.0.title());
            let mut ways = vec![Remedy {
                id: format!("exclude-users-{name}-{}", cause.2),
                title: format!("exclude by name: {title}"),
                change: Change::ExcludeUsers { users: ids.clone() },
            }];
            if let Some(group) = self.group_around(&ids) {
                ways.push(Remedy {
                    id: format!("exclude-group-{name}-{}", cause.2),
                    title: format!("exclude the group `{}`: {title}", group.display_name),
                    change: Change::ExcludeGroup { group: group.id },
                });
            }
            for remedy in ways {
                self.exclude(cause, remedy)?;
            }
        }
        Ok(())
    }

    /// The smallest group that all these users are in, unless it is more than twice their number.
    fn group_around(&self, users: &BTreeSet<UserId>) -> Option<&'r Group> {
        let fits = |group: &&Group| {
            group.members.is_superset(users) && group.members.len() <= users.len() * 2
        };
        let groups = self.rehearsal.fleet.directory().groups().filter(fits);
        groups.min_by_key(|group| group.members.len())
    }

    fn exclude(&mut self, cause: Cause, remedy: Remedy) -> Result<(), RolloutError> {
        let mut tried = Tried::new(self.rehearsal, remedy)?;
        let directory = self.rehearsal.fleet.directory();
        let members = self.rehearsal.fleet.members.iter().enumerate();
        let taken = members.filter(|(_, member)| tried.remedy.change.concerns(member, directory));
        tried.users =
            taken.map(|(at, _)| at).filter(|at| self.blocked_users.contains(at)).collect();
        let blocked = |at: &usize| self.users.get(*at).map_or(0, |user| user.blocked);
        tried.helps = tried.users.iter().map(blocked).sum();
        if let Some(so_far) = self.causes.get_mut(&cause) {
            so_far.helped.insert(self.tried.len(), so_far.after);
        }
        self.tried.push(tried);
        Ok(())
    }

    fn finish(mut self) -> Report {
        self.report.totals.blocked_users = self.blocked_users.len() as u64;
        self.report.after.blocked_users = self.after_users.len() as u64;
        self.finish_users();
        self.finish_phases();
        let mut report = self.report;
        report.apps = self.apps.into_values().map(|(row, users)| row.of(&users)).collect();
        report
            .apps
            .sort_by(|a, b| (b.blocked, b.sign_ins, &a.app).cmp(&(a.blocked, a.sign_ins, &b.app)));
        report.codes = self.codes.into_values().map(|(row, users)| row.of(&users)).collect();
        report.codes.sort_by_key(|row| Reverse(row.blocked));
        let tried = &self.tried;
        let causes = self.causes.into_iter();
        report.causes = causes.map(|(cause, so_far)| so_far.row(cause, tried)).collect();
        report.causes.sort_by_key(|row| Reverse(row.blocked));
        let rehearsal = self.rehearsal;
        let helpful = self.tried.iter().filter(|tried| tried.helps > 0);
        report.remedies = helpful.map(|tried| tried.row(rehearsal)).collect();
        report
            .remedies
            .sort_by(|a, b| (b.recommended, b.helps, &a.id).cmp(&(a.recommended, a.helps, &b.id)));
        report
    }

    fn finish_users(&mut self) {
        let asked = u64::from(self.rehearsal.plan.ready_after);
        let readiness = &mut self.report.readiness;
        readiness.asked = asked;
        for (member, user) in self.rehearsal.fleet.members.iter().zip(&self.users) {
            let known = self.rehearsal.fleet.directory().user(member.user);
            let name = known.map(|user| user.user_principal_name().to_owned()).unwrap_or_default();
            let phase = self.rehearsal.timeline.phase_of(&member.groups, user.named);
            let ready = match (user.unbound, user.covered >= asked) {
                (0, true) => Ready::Yes,
                (0, false) => Ready::TooLittle,
                _ => Ready::No,
            };
            match ready {
                Ready::Yes => readiness.ready += 1,
                Ready::No => readiness.not_ready += 1,
                Ready::TooLittle => readiness.too_little += 1,
            }
            if ready == Ready::Yes && phase != Some(0) {
                readiness.candidates.push(name.clone());
            }
            if let Some(row) = phase.and_then(|at| self.report.phases.get_mut(at)) {
                row.users += 1;
                row.ready += u64::from(ready == Ready::Yes);
            }
            let named = |at: usize| self.rehearsal.plan.phases.get(at).map(|one| one.name.clone());
            self.report.by_user.push(UserRow {
                id: member.user,
                user_principal_name: name,
                phase: phase.and_then(named),
                sign_ins: user.sign_ins,
                covered: user.covered,
                unbound: user.unbound,
                blocked: user.blocked,
                after: user.after,
                statuses: user.statuses.iter().copied().collect(),
                readiness: ready,
            });
        }
        readiness.candidates.sort();
        self.report.by_user.sort_by(|a, b| a.user_principal_name.cmp(&b.user_principal_name));
    }

    fn finish_phases(&mut self) {
        for (row, [would, blocked]) in self.report.phases.iter_mut().zip(&self.phase_users) {
            row.would_block_users = would.len() as u64;
            row.blocked_users = blocked.len() as u64;
        }
    }
}

impl CauseSoFar {
    fn row(self, cause: Cause, tried: &[Tried]) -> CauseRow {
        let helped = self.helped.into_iter().filter_map(|(at, sign_ins)| {
            Some(Helps { remedy: tried.get(at)?.remedy.id.clone(), sign_ins })
        });
        let mut remedies: Vec<Helps> = helped.collect();
        remedies.sort_by_key(|one| Reverse(one.sign_ins));
        CauseRow {
            trouble: cause.0,
            code: cause.1,
            status: cause.2,
            apps: self.apps.into_iter().collect(),
            blocked: self.blocked,
            users: self.users.len() as u64,
            after: self.after,
            remedies,
        }
    }
}

/// The trouble behind a status: 1008 is about the app, every other code about the machine.
fn trouble(situation: &Situation<'_>, end: Judged) -> Trouble {
    match (end.status, situation.used.trouble) {
        (1008, app) if app != Trouble::Ordinary => app,
        (1008, _) => Trouble::AppOutsideBroker,
        _ => situation.machine_trouble(),
    }
}

fn weeks(rehearsal: &Rehearsal) -> Vec<WeekRow> {
    let mut begins: Timestamp = rehearsal.plan.begins();
    let mut rows = Vec::new();
    for week in 0..rehearsal.weeks() {
        let Some(stage) = rehearsal.timeline.stage(week) else { continue };
        let phase = rehearsal.plan.phases.get(stage.phase);
        rows.push(WeekRow {
            week: week + 1,
            begins,
            phase: phase.map(|phase| phase.name.clone()).unwrap_or_default(),
            mode: stage.mode,
            sign_ins: 0,
            bound: 0,
            would_block: 0,
            blocked: 0,
            refused: 0,
            not_covered: 0,
        });
        begins = begins + Lifetime::from_secs(WEEK);
    }
    rows
}

fn phases(rehearsal: &Rehearsal) -> Vec<PhaseRow> {
    let row = |phase: &super::plan::Phase| PhaseRow {
        name: phase.name.clone(),
        users: 0,
        ready: 0,
        would_block: 0,
        would_block_users: 0,
        blocked: 0,
        blocked_users: 0,
    };
    rehearsal.plan.phases.iter().map(row).collect()
}

impl Totals {
    fn add(&mut self, verdict: Verdict, count: u64) {
        self.sign_ins += count;
        match verdict {
            Verdict::Blocked | Verdict::WouldBlock => self.blocked += count,
            Verdict::Bound => self.bound += count,
            Verdict::NotCovered => self.not_covered += count,
            Verdict::Refused => self.refused += count,
        }
    }
}

impl WeekRow {
    fn add(&mut self, verdict: Verdict, count: u64) {
        self.sign_ins += count;
        match verdict {
            Verdict::Blocked => self.blocked += count,
            Verdict::Bound => self.bound += count,
            Verdict::NotCovered => self.not_covered += count,
            Verdict::Refused => self.refused += count,
            Verdict::WouldBlock => self.would_block += count,
        }
    }
}

impl AppRow {
    fn of(mut self, users: &Users) -> Self {
        self.blocked_users = users.len() as u64;
        self
    }
}

impl CodeRow {
    fn of(mut self, users: &Users) -> Self {
        self.users = users.len() as u64;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::Directory;
    use crate::rollout::{PlanFile, directory_file};
    use crate::signin::SignInRecord;

    fn rehearsal(policies: &[&str]) -> Rehearsal {
        let mut plan = PlanFile::builtin();
        plan.fleet.users = 100;
        plan.sign_ins_per_user_and_week = 4;
        plan.policies = policies.iter().map(|name| (*name).into()).collect();
        let directory = Directory::from_json(directory_file(&plan).to_string().as_bytes()).unwrap();
        Rehearsal::new(plan, directory, None).unwrap()
    }

    fn counted(rehearsal: &Rehearsal) -> Counts {
        let mut counts = Counts::new(rehearsal);
        (0..rehearsal.total()).for_each(|number| counts.add(&rehearsal.draw(number).unwrap()));
        counts
    }

    /// How a record says that its sign-in came out.
    fn of_record(rehearsal: &Rehearsal, record: &SignInRecord) -> Verdict {
        let ours = record
            .applied_conditional_access_policies
            .iter()
            .filter(|entry| rehearsal.timeline.rolls_out(entry.id));
        let has = |name: &str| {
            ours.clone().any(|entry| serde_json::to_value(entry.result).unwrap() == name)
        };
        match record.status.error_code {
            530_084 => Verdict::Blocked,
            0 if has("reportOnlyFailure") => Verdict::WouldBlock,
            0 if has("success") || has("reportOnlySuccess") => Verdict::Bound,
            0 => Verdict::NotCovered,
            _ => Verdict::Refused,
        }
    }

    #[test]
    fn the_figures_of_the_weeks_are_those_of_the_records() {
        let rehearsal = rehearsal(&["b", "d1", "d2", "d3"]);
        let report = rehearsal.report(&counted(&rehearsal)).unwrap();
        let mut expected = weeks(&rehearsal);
        let mut blocked = BTreeSet::new();
        let last = rehearsal.weeks() - 1;
        for number in 0..rehearsal.total() {
            let drawn = rehearsal.draw(number).unwrap();
            let verdict = of_record(&rehearsal, &rehearsal.record(&drawn).unwrap());
            expected[drawn.week as usize].add(verdict, 1);
            if drawn.week == last && verdict == Verdict::Blocked {
                blocked.insert(drawn.situation.member.user);
            }
        }
        assert_eq!(report.weeks, expected);
        for user in report.by_user.iter().filter(|user| blocked.contains(&user.id)) {
            assert!(user.blocked > 0 && user.readiness == Ready::No, "{user:?}");
        }
        let sum: u64 = report.by_user.iter().map(|user| user.blocked).sum();
        let by_app: u64 = report.apps.iter().map(|app| app.blocked).sum();
        let by_code: u64 = report.codes.iter().map(|code| code.blocked).sum();
        let by_cause: u64 = report.causes.iter().map(|cause| cause.blocked).sum();
        assert_eq!([sum, by_app, by_code, by_cause], [report.totals.blocked; 4]);
        let after: u64 = report.by_user.iter().map(|user| user.after).sum();
        assert_eq!(after, report.after.blocked);
        assert_eq!(report.after.sign_ins, report.totals.sign_ins);
    }

    #[test]
    fn a_user_is_ready_only_if_bound_throughout_and_often_enough() {
        let rehearsal = rehearsal(&["b"]);
        let report = rehearsal.report(&counted(&rehearsal)).unwrap();
        let asked = report.readiness.asked;
        for user in &report.by_user {
            let expected = match (user.unbound, user.covered) {
                (1.., _) => Ready::No,
                (0, covered) if covered < asked => Ready::TooLittle,
                _ => Ready::Yes,
            };
            assert_eq!(user.readiness, expected);
        }
        let ready = &report.readiness;
        assert_eq!(ready.ready + ready.not_ready + ready.too_little, report.users);
        assert!(ready.ready > 0 && ready.not_ready > 0);
        assert!(ready.candidates.len() as u64 <= ready.ready && !ready.candidates.is_empty());
        let phases: u64 = report.phases.iter().map(|phase| phase.users).sum();
        assert_eq!(phases, report.users);
    }

    #[test]
    fn each_kind_of_trouble_has_its_remedy_and_exclusions_have_their_price() {
        let rehearsal = rehearsal(&["b", "d1", "d3"]);
        let report = rehearsal.report(&counted(&rehearsal)).unwrap();
        let helps = |trouble: Trouble, remedy: &str| {
            let cause = report.causes.iter().find(|cause| cause.trouble == trouble);
            let cause = cause.unwrap_or_else(|| panic!("{trouble:?} blocks nobody"));
            cause.remedies.iter().any(|one| one.remedy == remedy)
        };
        use crate::rollout::Method as M;
        for (trouble, remedy) in [
            (Trouble::Unmanaged, "register"),
            (Trouble::SharedAccount, "register"),
            (Trouble::LegacyRegistration, "register-again"),
            (Trouble::OldSystem, "update-system"),
            (Trouble::GuestWithoutTrust, "trust-home-devices"),
            (Trouble::GuestWithoutTrust, "exclude-guests"),
            (Trouble::UnsupportedMethod(M::CloudPc), "filter-cloud-pc"),
            (Trouble::UnsupportedMethod(M::AvdSessionHost), "filter-avd-host"),
            (Trouble::UnsupportedMethod(M::AzureVmExtension), "filter-azure-vm"),
            (Trouble::UnsupportedMethod(M::PowerAutomateHosted), "filter-power-automate"),
            (Trouble::UnsupportedMethod(M::AutopilotSelfDeploying), "filter-autopilot"),
            (Trouble::UnsupportedKind, "exclude-users-unsupported-kind-1003"),
            (Trouble::UnsupportedKind, "exclude-group-unsupported-kind-1003"),
        ] {
            assert!(helps(trouble, remedy), "{remedy} against {trouble:?}");
        }
        for remedy in &report.remedies {
            let people = matches!(remedy.kind, "excludeGroup" | "excludeGuests" | "excludeUsers");
            assert_eq!(remedy.reopens.is_empty(), !people, "{}", remedy.id);
            assert_eq!(remedy.recommended, !people, "{}", remedy.id);
        }
        assert!(report.after.blocked < report.totals.blocked);
    }

    #[test]
    fn a_careless_filter_reopens_the_theft_and_companions_close_it_again() {
        let careless = |policies: &[&str]| {
            let rehearsal = rehearsal(policies);
            let rule = "device.deviceOwnership -ne \"Company\"".to_owned();
            let remedy = Remedy {
                id: "careless".to_owned(),
                title: String::new(),
                change: Change::ExcludeDevices { rule },
            };
            Tried::new(&rehearsal, remedy).unwrap().reopens
        };
        let reopened = careless(&["b", "d1"]);
        assert!(reopened.iter().any(|one| {
            one.theft == crate::rollout::Theft::TokenClaimingWindows && one.code == 530_084
        }));
        assert_eq!(careless(&["b", "d1", "d2", "d3"]), []);
    }
}
