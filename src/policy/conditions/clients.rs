//! `clientAppTypes`: the kinds of client.
//!
//! # Simulated
//! `easSupported` is Exchange ActiveSync from Android, iOS, macOS or Windows, the platforms that the
//! Conditional Access of its day knew.

use super::{Clause, Side};
use crate::policy::error::PolicyError;
use crate::policy::facts::{ClientAppType, Platform, SignIn};
use crate::policy::flags::Flags;
use crate::policy::reader::{self, Object, Words};
use crate::policy::rule::Rule;

/// A word of `clientAppTypes`.
#[derive(Clone, Copy)]
enum Word {
    All,
    One(ClientAppType),
}

impl Words for Word {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("all", Self::All),
        ("browser", Self::One(ClientAppType::Browser)),
        ("mobileAppsAndDesktopClients", Self::One(ClientAppType::MobileAppsAndDesktopClients)),
        ("exchangeActiveSync", Self::One(ClientAppType::ExchangeActiveSync)),
        ("easSupported", Self::One(ClientAppType::EasSupported)),
        ("other", Self::One(ClientAppType::Other)),
    ];
}

impl Words for ClientAppType {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("browser", Self::Browser),
        ("mobileAppsAndDesktopClients", Self::MobileAppsAndDesktopClients),
        ("exchangeActiveSync", Self::ExchangeActiveSync),
        ("easSupported", Self::EasSupported),
        ("other", Self::Other),
    ];
}

/// None if the condition is not configured, which `all` says too.
pub(super) fn read(
    conditions: &mut Object<'_>,
) -> Result<Option<Flags<ClientAppType>>, PolicyError> {
    let words = conditions.list("clientAppTypes", reader::word::<Word>)?;
    let types = words.iter().map(|word| match word {
        Word::All => None,
        Word::One(client) => Some(*client),
    });
    let types: Option<Flags<ClientAppType>> = types.collect();
    Ok(types.filter(|types| !types.is_empty()))
}

pub(super) fn clauses<'p>(
    types: Option<Flags<ClientAppType>>,
    side: Side,
    to: &mut dyn FnMut(Clause<'p>),
) {
    if side == Side::Include {
        types.unwrap_or_default().iter().for_each(|one| to(Clause::Rule(Rule::client(one))));
    }
}

pub(super) fn traits(sign_in: &SignIn<'_>, to: &mut dyn FnMut(Rule)) {
    to(Rule::client(sign_in.client_app_type));
    let supported = matches!(
        sign_in.platform,
        Platform::Android | Platform::Ios | Platform::MacOs | Platform::Windows
    );
    if supported && sign_in.client_app_type == ClientAppType::ExchangeActiveSync {
        to(Rule::client(ClientAppType::EasSupported));
    }
}
