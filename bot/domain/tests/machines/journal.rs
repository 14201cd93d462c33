//! The journal: every byte, every entry and their order are covered by the chain.

use domain::{
    id::IncidentId,
    incident::Event,
    journal::{ChainError, Head, Record, SealedEntry},
};
use proptest::prelude::*;
use uuid::Uuid;

use crate::world::{desk::Desk, incident_id, minute};

/// Six entries, of which the third carries a receipt.
fn six() -> Vec<SealedEntry> {
    let mut desk = Desk::new();
    for at in 0..6 {
        let what = format!("remark {at} with \"quotes\" and ümlauts");
        desk.append(Record::Incident(Event::Remarked { what, at: minute(at) }), vec![], minute(at));
    }
    let mut journal = desk.journal;
    rechain(&mut journal, 2, |entry| entry.receipt = Some("{\"payload\":\"cGxhbg==\"}".to_owned()));
    journal
}

/// Changes an entry and seals it and all after it anew, as one who holds the whole database could.
fn rechain(journal: &mut [SealedEntry], from: usize, change: impl FnOnce(&mut SealedEntry)) {
    change(&mut journal[from]);
    let mut head = Head::genesis(&incident_id());
    for sealed in journal {
        let entry = serde_json::from_str(&sealed.body).unwrap();
        let (resealed, next) = head.seal(&entry, sealed.receipt.clone());
        (*sealed, head) = (resealed, next);
    }
}

fn verify(journal: &[SealedEntry]) -> Result<Head, ChainError> {
    let mut head = Head::genesis(&incident_id());
    journal.iter().try_for_each(|sealed| head.follow(sealed).map(|_| ()))?;
    Ok(head)
}

/// What the chain says: the place and whether the entry itself or its predecessor is to blame.
fn verdict(journal: &[SealedEntry]) -> Option<(u64, &'static str)> {
    verify(journal).err().map(|error| match error {
        ChainError::Changed { seq, .. } => (seq, "changed"),
        ChainError::Broken { seq, .. } => (seq, "broken"),
        ChainError::Decode { seq, .. } => (seq, "decode"),
    })
}

#[track_caller]
fn is_found(tamper: impl FnOnce(&mut Vec<SealedEntry>), expected: (u64, &'static str)) {
    let mut journal = six();
    tamper(&mut journal);
    assert_eq!(verdict(&journal), Some(expected));
}

#[test]
fn a_whole_chain_verifies() {
    let head = verify(&six()).unwrap();
    assert_eq!((head.next_seq, &head.hash), (6, &six()[5].hash));
}

#[test]
fn entries_that_are_removed_moved_or_put_in_are_found() {
    is_found(|journal| drop(journal.remove(0)), (0, "broken"));
    is_found(|journal| drop(journal.remove(3)), (3, "broken"));
    is_found(|journal| journal.swap(2, 3), (2, "broken"));
    is_found(|journal| journal.insert(4, journal[1].clone()), (4, "broken"));
    is_found(|journal| journal.push(journal[5].clone()), (6, "broken"));
    is_found(|journal| journal[4].receipt.clone_from(&six()[2].receipt), (4, "changed"));
    is_found(|journal| journal[2].receipt = None, (2, "changed"));
    is_found(|journal| journal[4].receipt = Some(String::new()), (4, "changed"));
}

#[test]
fn a_changed_entry_is_found_even_when_its_hash_was_made_to_fit() {
    let other = IncidentId::new(Uuid::from_u128(99));
    let renamed = |entry: &mut SealedEntry| {
        entry.body = entry.body.replace(incident_id().as_str(), other.as_str());
    };
    is_found(|journal| chain_as_is(journal, 3, renamed), (3, "broken"));
    let reworded = |entry: &mut SealedEntry| entry.body = entry.body.replace("remark 3", "a lie");
    is_found(|journal| chain_as_is(journal, 3, reworded), (4, "broken"));
    let renumbered =
        |entry: &mut SealedEntry| entry.body = entry.body.replace("\"seq\":3", "\"seq\":4");
    is_found(|journal| chain_as_is(journal, 3, renumbered), (3, "broken"));
    let garbled = |entry: &mut SealedEntry| entry.body.push('}');
    is_found(|journal| chain_as_is(journal, 3, garbled), (3, "decode"));
}

/// Changes an entry and gives it a hash that fits its bytes, without reading them.
fn chain_as_is(journal: &mut [SealedEntry], place: usize, change: impl FnOnce(&mut SealedEntry)) {
    let entry = &mut journal[place];
    change(entry);
    let text =
        format!("{}\n{}\n{}", entry.prev, entry.body, entry.receipt.as_deref().unwrap_or(""));
    entry.hash = domain::digest::Digest::of(text);
}

/// A shortened chain is whole in itself: only a head that was published elsewhere shows what is missing.
#[test]
fn a_chain_that_was_cut_or_rewritten_ends_in_another_head() {
    let published = verify(&six()).unwrap();
    assert_ne!(verify(&six()[..5]).unwrap(), published);
    let mut rewritten = six();
    rechain(&mut rewritten, 4, |entry| entry.body = entry.body.replace("remark 4", "a lie"));
    assert_ne!(verify(&rewritten).unwrap(), published);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Whichever byte of whichever field is changed: the entry that carries it is named.
    #[test]
    fn each_changed_byte_is_named(
        place in 0..6_usize, field in 0..4_u8, byte in any::<prop::sample::Index>(), letter in "[0-9a-f]",
    ) {
        let mut journal = six();
        let entry = &mut journal[place];
        let text = match field {
            0 => entry.body.clone(),
            1 => entry.receipt.clone().unwrap_or_default(),
            2 => entry.prev.to_string(),
            _ => entry.hash.to_string(),
        };
        let changed = replaced(&text, byte, &letter);
        prop_assume!(changed.as_ref().is_some_and(|changed| *changed != text));
        let changed = changed.unwrap();
        match field {
            0 => entry.body = changed,
            1 => entry.receipt = Some(changed),
            2 => entry.prev = changed.try_into().unwrap(),
            _ => entry.hash = changed.try_into().unwrap(),
        }
        prop_assert_eq!(verdict(&journal), Some((place as u64, "changed")));
    }
}

/// `text` with one character replaced; the prefix of a digest is left alone, for the type refuses it anyway.
fn replaced(text: &str, byte: prop::sample::Index, letter: &str) -> Option<String> {
    let start = if text.starts_with("sha256:") { "sha256:".len() } else { 0 };
    let places: Vec<usize> =
        text.char_indices().map(|(at, _)| at).filter(|at| *at >= start).collect();
    let at = *places.get(byte.index(places.len().max(1)))?;
    let after = at + text[at..].chars().next()?.len_utf8();
    Some(format!("{}{letter}{}", &text[..at], &text[after..]))
}
