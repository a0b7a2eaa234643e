//! [`EntryTexts`]: entries of policies, each written out once.
//!
//! Half of a row are the entries of its policies, and a policy has few different ones: one for each
//! way in which it can come out. A log of a million rows repeats them.

use std::collections::BTreeMap;
use std::io;

use super::embedded;
use crate::base::id::PolicyId;
use crate::signin::export::{Policies, Policy};
use crate::signin::record::AppliedPolicyRecord;

/// So many entries are kept, which takes a megabyte or two. Later ones are written out each time.
const MOST: usize = 1024;

/// Texts of entries as they stand in a JSON string.
#[derive(Debug, Default)]
pub(in crate::signin) struct EntryTexts {
    known: BTreeMap<PolicyId, Vec<(AppliedPolicyRecord, Vec<u8>)>>,
    count: usize,
}

impl EntryTexts {
    pub(in crate::signin) const fn new() -> Self {
        Self { known: BTreeMap::new(), count: 0 }
    }

    /// Appends the JSON text of the entries as a JSON string.
    pub(super) fn append(&mut self, to: &mut Vec<u8>, policies: &Policies<'_>) -> io::Result<()> {
        to.extend_from_slice(b"\"[");
        for (at, entry) in policies.0.iter().enumerate() {
            if at > 0 {
                to.push(b',');
            }
            self.append_one(to, entry)?;
        }
        to.extend_from_slice(b"]\"");
        Ok(())
    }

    fn append_one(&mut self, to: &mut Vec<u8>, entry: &AppliedPolicyRecord) -> io::Result<()> {
        let known = self.known.get(&entry.id).into_iter().flatten();
        if let Some((_, text)) = known.into_iter().find(|(one, _)| one == entry) {
            to.extend_from_slice(text);
            return Ok(());
        }
        let begin = to.len();
        embedded::append_inside(to, &Policy::of(entry))?;
        if self.count < MOST {
            let text = to.get(begin..).unwrap_or_default().to_vec();
            self.known.entry(entry.id).or_default().push((entry.clone(), text));
            self.count += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{AppliedPolicyResult, Flags};

    #[test]
    fn an_entry_that_came_before_is_written_as_it_was() {
        let one = AppliedPolicyRecord {
            id: PolicyId::from_u128(1),
            display_name: "\"Block\" \\ €".to_owned(),
            enforced_grant_controls: vec!["Block".to_owned()],
            enforced_session_controls: Vec::new(),
            session_controls_not_satisfied: Vec::new(),
            result: AppliedPolicyResult::Success,
            conditions_satisfied: Flags::EMPTY,
            conditions_not_satisfied: Flags::EMPTY,
        };
        let other = AppliedPolicyRecord { result: AppliedPolicyResult::Failure, ..one.clone() };
        let third = AppliedPolicyRecord { id: PolicyId::from_u128(2), ..one.clone() };
        let mut texts = EntryTexts::new();
        let entry = one.clone();
        for entries in [vec![], vec![one.clone()], vec![other, one.clone(), third], vec![one]] {
            for _ in 0..2 {
                let (mut found, mut expected) = (Vec::new(), Vec::new());
                texts.append(&mut found, &Policies(&entries)).unwrap();
                embedded::append(&mut expected, &Policies(&entries)).unwrap();
                assert_eq!(String::from_utf8(found), String::from_utf8(expected));
            }
        }
        assert_eq!(texts.count, 3);
        texts.count = MOST;
        let new = [AppliedPolicyRecord { id: PolicyId::from_u128(3), ..entry }];
        texts.append(&mut Vec::new(), &Policies(&new)).unwrap();
        assert_eq!((texts.count, texts.known.len()), (MOST, 2));
    }
}
