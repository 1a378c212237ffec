//! Mistakes that the test must find. Each is put into the scripts on purpose, and schedules are run until one fails.

use super::super::sim::Mutant;
use super::plan::Bias;
use super::{schedule, scripts};

/// How many schedules a mistake may survive.
const SCHEDULES: u64 = 4_000;

fn is_found(mutant: &'static Mutant, bias: Bias) {
    let scripts = scripts::ALONE.iter().chain([&scripts::OF_METHODS]);
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
        "if last == seq then\n  leave()" => "if false then\n  leave()",
        "if #ran > 1 then" => "if false then",
    }
    commits_alone_are_repeated, Cut: "what a process did alone is not recognised when it is sent again, in whichever way" {
        "if last == ARGV[1] then\n" => "if false then\n",
        "if last == seq then\n  leave()" => "if false then\n  leave()",
        "if #ran > 1 then" => "if false then",
    }
    commits_alone_ignore_versions, None: "a process that is alone commits over what others have done" {
        "if version ~= ARGV[4] then return finish('N') end" => "",
        "return finish('Q') end" => "end",
    }
    scripted_calls_are_run_again, Cut: "a batch for an object of the library is run again when it is sent again" {
        "if last == seq then return cmsgpack.unpack(string.sub(record, 17)) end" => "",
    }
    forgotten_commits_are_taken, Forgotten: "a commit that is sent again after its record has ended is taken" {
        "> tonumber(ARGV[3]) then\n    finish()" => "> math.huge then\n    finish()",
    }
    forgotten_calls_are_run, Forgotten: "a batch that is sent again after its record has ended is run again" {
        "> tonumber(refuse_after) then" => "> math.huge then",
    }
    forgotten_submissions_are_run, Forgotten: "a call that is sent again after its record has ended is queued again" {
        "if ARGV[3] ~= '' and now > tonumber(ARGV[3]) then" => "if false then",
    }
    refused_calls_are_run, Lives: "a call that was refused because there was no object is run in the next one's life" {
        "local noted = ARGV[3] ~= '' and redis.pcall('SET', record, seq .. '-', 'PX', ARGV[7])" => "local noted",
    }
    refused_creations_are_done, Lives: "a creation that was refused because there was an object is done when it is gone" {
        "local noted = ARGV[3] ~= '' and redis.pcall('SET', record, ARGV[1] .. '-', 'PX', ARGV[2])" => "local noted",
    }
    refused_batches_are_run, Cut: "a batch that was refused because there was no object is run when there is one" {
        "local noted = repeated and note(seq, lasting, reply)" => "local noted",
    }
    places_outlast_their_turn, Frozen: "whoever is handed the lease keeps its place in line, and what it wishes for" {
        "local place = call('LPOP', waiting)\nwhile" => "local place = call('LINDEX', waiting, 0)\nwhile",
        "if size == 16 or (not heard and place == following) then" => "if false then",
    }
    leases_never_end, None: "the lease of a dead leader never ends" {
        "if ends > now and not mine then" => "if ends > 0 and not mine then",
    }
    records_are_not_kept, Cut: "leaders' commits leave no records" {
        "if not caller.staged then call('SET', caller.record, caller.reply, 'PX', ARGV[7]) end" => "",
    }
    answered_calls_stay_queued, None: "calls stay in the queue when they have been run, and commits do not look" {
        "call('HDEL', queue, caller.session)" => "",
        "if #ran > 1 then" => "if false then",
    }
}
