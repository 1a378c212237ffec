//! Mistakes that the test must find. Each is put into the scripts on purpose, and schedules are run until one fails.

use super::super::sim::Mutant;
use super::plan::Bias;
use super::{schedule, scripts};

/// How many schedules a mistake may survive.
const SCHEDULES: u64 = 4_000;

fn is_found(mutant: &'static Mutant, bias: Bias) {
    let scripts = scripts::ALONE
        .iter()
        .chain([&scripts::OF_METHODS, &scripts::RECORD]);
    for (right, _) in mutant.changes {
        assert!(
            scripts.clone().any(|script| script.contains(right)),
            "no script has the place for it any more: {}: {right}",
            mutant.name
        );
    }
    let found = (0..SCHEDULES).find_map(|seed| {
        let failure = schedule::run(seed, bias, Some(mutant), false).err()?;
        // The mistake has to be the reason.
        let is_fair = schedule::run(seed, bias, None, false).is_ok();
        is_fair.then_some((seed, failure.reason))
    });
    let Some((seed, reason)) = found else {
        panic!("nobody has found it: {}", mutant.name);
    };
    let reason = reason.lines().next().unwrap_or_default();
    println!("{}: found by schedule {seed}: {reason}", mutant.name);
}

macro_rules! mutants {
    ($($test:ident, $bias:ident: $name:literal { $($right:literal => $wrong:literal,)+ })+) => {
        $(#[test]
        fn $test() {
            static MUTANT: Mutant = Mutant {
                name: $name,
                changes: &[$(($right, $wrong)),+],
            };
            is_found(&MUTANT, Bias::$bias);
        })+
    };
}

mutants! {
    deaths_are_not_counted, Deadly: "however many leaders die, calls are not run one at a time" {
        "call('HINCRBY', lease, 'a', 1) >= 2" => "call('HSET', lease, 'a', 1) >= 2",
    }
    counts_are_reset_by_commits, Deadly: "each commit forgets how many leaders have died, and so does each new leader" {
        "local cur = suspect(held[3] or '')\n" => "local cur = suspect(held[3] or '')\ncall('HDEL', lease, 'a', 'at', 'died', 'cur')\n",
        "local granted = redis.pcall('HSET', lease," => "local granted = redis.pcall('HSET', lease, 'a', 0, 'died', '',",
    }
    poison_is_run_again, Deadly: "a call that has killed those who ran it alone is run again" {
        "if at ~= '' then" => "if false then",
    }
    neighbours_of_poison_are_blamed, Deadly: "not the call that killed whoever ran it is given up, but the first that came with it" {
        "redis.call('HSET', KEYS[1], 'at', ARGV[4])" => "redis.call('HSETNX', KEYS[1], 'at', ARGV[4])",
    }
    old_commits_are_taken, Cut: "a commit that comes late is taken, whoever has changed the object since" {
        "if held[1] ~= token then return refuse({'F'}) end" => "",
        "if held[2] ~= me then return refuse({repeated and 'D' or 'F'}) end" => "",
        "if not repeated and version ~= before then return refuse({'F'}) end" => "",
    }
    ghosts_are_run, Cut: "a repeat leaves its call in the queue, and commits do not look whether it has run" {
        "local function leave(reply)\n  call('HDEL', queue, me)" => "local function leave(reply)",
        "if #ran > 1 then" => "if false then",
    }
    submissions_are_run_again, Cut: "a call that is sent again is queued again although it has run" {
        "if ran == true then\n  leave()" => "if false then\n  leave()",
        "if #ran > 1 then" => "if false then",
    }
    commits_alone_are_repeated, Cut: "what a process did alone is not recognised when it is sent again, in whichever way" {
        "  if ran == true then\n    if string.sub(record, 25, 25) == '-'" => "  if false then\n    if string.sub(record, 25, 25) == '-'",
        "  if ran then return finish(ran) end\n" => "",
        "if ran == true then\n  leave()" => "if false then\n  leave()",
        "if #ran > 1 then" => "if false then",
    }
    commits_alone_ignore_versions, None: "a process that is alone commits over what others have done" {
        "if version ~= ARGV[4] then return finish('N') end" => "",
        "return finish('Q') end" => "end",
    }
    scripted_calls_are_run_again, Cut: "a batch for an object of the library is run again when it is sent again" {
        "if ran == true then return cmsgpack.unpack(string.sub(record, 26)) end\n    if ran then return ran end" => "",
    }
    forgotten_commits_are_taken, Forgotten: "a commit that is sent again after its record has ended is taken" {
        "recall(records, field, ARGV[1], ARGV[3])" => "recall(records, field, ARGV[1], '')",
    }
    forgotten_calls_are_run, Forgotten: "a batch that is sent again after its record has ended is run again" {
        "record, ran = recall(records, field, seq, refuse_after)" => "record, ran = recall(records, field, seq, '')",
    }
    forgotten_submissions_are_run, Forgotten: "a call that is sent again after its record has ended is queued again" {
        "recall(records, field, seq, ARGV[3])" => "recall(records, field, seq, '')",
    }
    refused_calls_are_run, Lives: "a call that was refused because there was no object is run in the next one's life" {
        "local noted = ARGV[3] ~= '' and remember(records, state, field, record, now, seq, '-', '')" => "local noted",
    }
    refused_creations_are_done, Lives: "a creation that was refused because there was an object is done when it is gone" {
        "local noted = ARGV[3] ~= '' and remember(records, description, field, record, renew, ARGV[1], '-', '')" => "local noted",
    }
    refused_batches_are_run, Cut: "a batch that was refused because there was no object is run when there is one" {
        "local noted = refuse_after ~= '' and note(reply)" => "local noted",
    }
    places_outlast_their_turn, Frozen: "whoever is handed the lease keeps its place in line, and what it wishes for" {
        "local place = call('LPOP', waiting)\nwhile" => "local place = call('LINDEX', waiting, 0)\nwhile",
        "if size == 16 or (not heard and place == following) then" => "if false then",
    }
    leases_never_end, None: "the lease of a dead leader never ends" {
        "if ends > now and not mine then" => "if ends > 0 and not mine then",
    }
    records_are_not_kept, Cut: "leaders' commits leave no records" {
        "remember(records, state, caller.field, caller.record, now, caller.seq, caller.kind, replies)" => "",
    }
    records_end_too_early, Cut: "records count as outdated that are still needed" {
        "local age = now - " => "local age = 1e9 + now - ",
    }
    records_die_with_their_object, Lives: "an object takes along what is remembered of calls on it" {
        "redis.call('UNLINK', unpack(KEYS, 3))" => "redis.call('UNLINK', KEYS[2], unpack(KEYS, 3))",
        "remember(KEYS[2], KEYS[1], ARGV[2], record, false, ARGV[1], 'r', existed)" => "",
    }
    records_have_a_time_to_live, Evicting: "a server that evicts keys with a time to live evicts what is remembered of calls" {
        "if left ~= -1 then redis.call(" => "if true then redis.call(",
        "redis.call('PERSIST', records)" => "",
        "call('PERSIST', records)" => "",
    }
    answered_calls_stay_queued, None: "calls stay in the queue when they have been run, and commits do not look" {
        "call('HDEL', queue, caller.session)" => "",
        "if #ran > 1 then" => "if false then",
    }
}
