//! The script of a promise against its state machine.

use bytes::Bytes;
use proptest::prelude::*;

use super::machine::{self, PromiseState};
use super::tagged;
use crate::objects::spec::{self, Step, element};

fn known() -> impl Strategy<Value = Vec<Bytes>> {
    let settled = prop::sample::select(vec![machine::KEPT, machine::FAILED]);
    let settled = (settled, element()).prop_map(|(tag, bytes)| tagged(tag, &bytes));
    prop_oneof![3 => Just(tagged(machine::OPEN, b"")), 1 => settled].prop_map(|known| vec![known])
}

fn settled() -> impl Strategy<Value = Vec<Bytes>> {
    known().prop_filter("open is no end", |known| {
        known[0].first() != Some(&machine::OPEN)
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        1 => settled().prop_map(|args| -> Step { (&machine::SETTLE, args) }),
        1 => Just::<Step>((&machine::TRY_GET, vec![])),
        1 => Just::<Step>((&machine::IS_DONE, vec![])),
        1 => Just::<Step>((&machine::GET, vec![])),
    ]
}

#[test]
fn the_script_does_what_the_machine_does() {
    spec::check::<PromiseState>(
        100,
        spec::cases(known(), step()),
        &[(&machine::TRY_GET, vec![]), (&machine::IS_DONE, vec![])],
        &[],
    );
}
