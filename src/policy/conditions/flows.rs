//! `authenticationFlows`: how the sign-in came over from another device.

use super::{Clause, Side};
use crate::policy::error::PolicyError;
use crate::policy::facts::{SignIn, TransferMethod};
use crate::policy::flags::Flags;
use crate::policy::reader::{Object, Unknown, Words};
use crate::policy::rule::Rule;

impl Words for TransferMethod {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("deviceCodeFlow", Self::DeviceCodeFlow),
        ("authenticationTransfer", Self::AuthenticationTransfer),
    ];
}

pub(super) fn read(conditions: &mut Object<'_>) -> Result<Flags<TransferMethod>, PolicyError> {
    let Some(mut object) = conditions.object("authenticationFlows")? else {
        return Ok(Flags::EMPTY);
    };
    let methods = object.flags("transferMethods")?;
    object.finish(Unknown::Refuse)?;
    Ok(methods)
}

pub(super) fn clauses<'p>(
    methods: Flags<TransferMethod>,
    side: Side,
    to: &mut dyn FnMut(Clause<'p>),
) {
    if side == Side::Include {
        methods.iter().for_each(|one| to(Clause::Rule(Rule::transfer_method(one))));
    }
}

pub(super) fn traits(sign_in: &SignIn<'_>, to: &mut dyn FnMut(Rule)) {
    sign_in.transfer_method.iter().for_each(|one| to(Rule::transfer_method(*one)));
}
