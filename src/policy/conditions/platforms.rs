//! `platforms`: what the request claims to run on.

use super::{Clause, Side, nothing_included};
use crate::base::id::PolicyId;
use crate::policy::error::PolicyError;
use crate::policy::facts::{Platform, SignIn};
use crate::policy::flags::Flags;
use crate::policy::reader::{self, Object, Unknown, Words};
use crate::policy::rule::{Rule, RuleKind};

/// `conditions.platforms`. Exclusion overrides inclusion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Platforms {
    /// Included platforms; `all` stands for every one, the unknown one too.
    pub include: Flags<Platform>,
    /// Excluded platforms.
    pub exclude: Flags<Platform>,
}

/// A word of `includePlatforms` and `excludePlatforms`.
#[derive(Clone, Copy)]
enum Word {
    All,
    One(Platform),
}

impl Words for Word {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("android", Self::One(Platform::Android)),
        ("iOS", Self::One(Platform::Ios)),
        ("windows", Self::One(Platform::Windows)),
        ("windowsPhone", Self::One(Platform::WindowsPhone)),
        ("macOS", Self::One(Platform::MacOs)),
        ("linux", Self::One(Platform::Linux)),
        ("all", Self::All),
    ];
}

impl Words for Platform {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("android", Self::Android),
        ("iOS", Self::Ios),
        ("windows", Self::Windows),
        ("windowsPhone", Self::WindowsPhone),
        ("macOS", Self::MacOs),
        ("linux", Self::Linux),
    ];
}

/// None if the condition is not configured.
pub(super) fn read(
    conditions: &mut Object<'_>,
    policy: PolicyId,
) -> Result<Option<Platforms>, PolicyError> {
    let Some(mut object) = conditions.object("platforms")? else { return Ok(None) };
    let include = object.list("includePlatforms", reader::word::<Word>)?;
    let exclude = object.list("excludePlatforms", reader::word::<Word>)?;
    let path = object.path_of("includePlatforms");
    object.finish(Unknown::Refuse)?;
    match (include.is_empty(), exclude.is_empty()) {
        (true, true) => Ok(None),
        (true, false) => Err(nothing_included(policy, path)),
        (false, _) => Ok(Some(Platforms { include: flags(&include), exclude: flags(&exclude) })),
    }
}

fn flags(words: &[Word]) -> Flags<Platform> {
    let each = words.iter().map(|word| match word {
        Word::All => Platform::all(),
        Word::One(platform) => Flags::of(&[*platform]),
    });
    each.fold(Flags::EMPTY, Flags::or)
}

impl Platforms {
    pub(super) fn clauses<'p>(&self, side: Side, to: &mut dyn FnMut(Clause<'p>)) {
        let platforms = match side {
            Side::Include => self.include,
            Side::Exclude => self.exclude,
        };
        if platforms == Platform::all() {
            to(Clause::Rule(Rule::word(RuleKind::AllDevicePlatforms)));
        } else {
            platforms.iter().for_each(|one| to(Clause::Rule(Rule::platform(one))));
        }
    }
}

pub(super) fn traits(sign_in: &SignIn<'_>, to: &mut dyn FnMut(Rule)) {
    to(Rule::word(RuleKind::AllDevicePlatforms));
    to(Rule::platform(sign_in.platform));
}
