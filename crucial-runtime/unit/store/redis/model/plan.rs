//! What a seed asks for: processes, what their tasks do, what goes wrong.

use super::super::sim::{Climate, Dice, Trouble};

/// What a plan is to have at any rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bias {
    None,
    /// A call that ends the process that runs it, and nothing else that goes wrong.
    Deadly,
    /// A process that stands still for longer than anything is remembered, after it sent a call whose reply is lost.
    Forgotten,
    /// Connections that are cut.
    Cut,
    /// A ledger that is removed and created again, while what is sent about it arrives twice, the first copy late.
    Lives,
    /// A process that stands still, perhaps while it wishes for the lease, and nothing else that goes wrong.
    Frozen,
    /// A server that evicts keys with a time to live again and again, while connections are cut.
    Evicting,
}

/// How long a process stands still that is to keep others waiting, ms.
pub(super) const FROZEN: u64 = 30_000;

/// One deed of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    /// Appends, with so many bytes that come back in the reply.
    Append {
        baggage: u32,
    },
    /// Appends once the ledger has so many entries.
    AppendAfter(u32),
    /// Appends and panics, which must leave no trace.
    Panic,
    /// Appends and ends the process that runs it.
    Die,
    Mark(u32),
    /// Asks how many entries there are.
    Length,
    /// Waits until there are so many.
    LengthFrom(u32),
    /// Adds one to the counter, an object whose methods the server runs.
    Count,
    /// Reads the counter.
    Counted,
    /// Removes the ledger.
    Destroy,
    /// Creates the ledger, if there is none.
    Create,
    /// Rests for so many milliseconds.
    Rest(u64),
}

/// What the processes do: tasks, and the deeds of each.
pub(super) type Process = Vec<Vec<Deed>>;

/// A schedule to be.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    /// Each with the millisecond at which it starts, and whether it ends when it is done.
    pub(super) processes: Vec<(u64, bool, Process)>,
    pub(super) climate: Climate,
    /// How many entries somebody waits for at the most.
    pub(super) awaited: u32,
}

impl Plan {
    /// Whether calls may be left in the queue: the server does not know the script that is to look at them, and then
    /// their process dies before it loads it, or there is no memory to hear of them again.
    pub(super) fn may_forsake(&self) -> bool {
        let deadly = |deed: &Deed| *deed == Deed::Die;
        let processes = self.processes.iter();
        let mut deeds = processes.flat_map(|(_, _, process)| process.iter().flatten());
        deeds.any(deadly)
            || self.processes.iter().any(|(_, ends, _)| *ends)
            || self.climate.troubles.iter().any(|(_, trouble)| {
                matches!(
                    trouble,
                    Trouble::Death { .. } | Trouble::Forget | Trouble::Full(_)
                )
            })
    }

    pub(super) fn of(seed: u64, bias: Bias) -> Self {
        let mut dice = Dice::of(seed ^ 0x706c_616e);
        let dice = &mut dice;
        // What is evicted of an object that is gone, and large replies that are, may be missed.
        let keeps = bias != Bias::Evicting;
        let lives = dice.happens(100) && keeps;
        let deadly = dice.happens(30) || bias == Bias::Deadly;
        // Whoever could end the waiting may be dead; or done, when late calls begin another life.
        let waiting = dice.happens(300) && !deadly && !lives;
        let bulky = dice.happens(40) && keeps;
        let mut awaited = 0;
        let count = if deadly {
            dice.between(5..=6)
        } else {
            dice.between(2..=4)
        };
        let mut processes: Vec<(u64, bool, Process)> = (0..count)
            .map(|_| {
                let start = if dice.happens(500) {
                    0
                } else {
                    dice.between(0..=60)
                };
                let tasks = dice.one_of(&[1, 1, 1, 2, 2, 3]);
                let process: Process = (0..tasks)
                    .map(|_| {
                        let deeds = dice.between(1..=4);
                        let deeds = (0..deeds).map(|_| match dice.between(0..=99) {
                            0..=39 => Deed::Append {
                                baggage: match dice.between(0..=19) {
                                    0 => 3_000,
                                    1 if bulky => 12_000,
                                    2 if bulky => 300_000,
                                    _ => 0,
                                },
                            },
                            40..=47 if waiting => {
                                let least = u32::try_from(dice.between(1..=12)).unwrap();
                                awaited = awaited.max(least);
                                Deed::AppendAfter(least)
                            }
                            48..=53 if waiting => {
                                let least = u32::try_from(dice.between(1..=12)).unwrap();
                                awaited = awaited.max(least);
                                Deed::LengthFrom(least)
                            }
                            40..=57 => Deed::Append { baggage: 0 },
                            58..=61 => Deed::Panic,
                            62..=65 => Deed::Mark(u32::try_from(dice.between(1..=9)).unwrap()),
                            66..=75 => Deed::Length,
                            76..=83 => Deed::Count,
                            84..=86 => Deed::Counted,
                            87..=89 if lives => Deed::Destroy,
                            90..=93 if lives => Deed::Create,
                            _ => Deed::Rest(match dice.between(0..=9) {
                                0 => dice.between(100..=1500),
                                _ => dice.between(1..=10),
                            }),
                        });
                        deeds.collect()
                    })
                    .collect();
                (start, dice.happens(300), process)
            })
            .collect();
        if deadly {
            // Not before there is a ledger, and others about.
            let (start, _, tasks) = &mut processes[dice.index(usize::try_from(count).unwrap())];
            *start = (*start).max(20);
            let task = &mut tasks[0];
            task.insert(dice.index(task.len() + 1), Deed::Die);
            for (start, _, tasks) in &mut processes {
                *start = (*start).min(40);
                for task in tasks {
                    let append = Deed::Append { baggage: 0 };
                    task.extend([append; 3]);
                }
            }
        }
        if bias == Bias::Evicting {
            // The objects are there by then: that there was none is noted with a time to live.
            for (start, _, _) in &mut processes {
                *start += 5_000;
            }
        }
        let mut climate = climate(dice, bias);
        if let Bias::Lives | Bias::Frozen = bias {
            awaited = 0;
            (processes, climate) = match bias {
                Bias::Lives => two_lives(dice),
                _ => one_frozen(dice),
            };
        }
        Self {
            processes,
            climate,
            awaited,
        }
    }
}

/// A ledger is removed, and created again when those that call it have ended. What they sent twice while there was
/// none, and were told so, must not be found in the second life by whoever comes then. Or it is what creates that life,
/// sent twice while there was one.
fn two_lives(dice: &mut Dice) -> (Vec<(u64, bool, Process)>, Climate) {
    let append = Deed::Append { baggage: 0 };
    let creates = dice.happens(500);
    let mut task = |deed| {
        // Side by side with others first, so that they have met.
        let mut deeds = vec![append; 3];
        deeds.push(Deed::Rest(if creates { 20 } else { 110 }));
        for _ in 0..8 {
            deeds.extend([deed, Deed::Rest(dice.between(1..=6))]);
        }
        deeds
    };
    let mut processes: Vec<(u64, bool, Process)> = (0..3)
        .map(|_| {
            let deed = if creates { Deed::Create } else { append };
            (5, false, vec![task(deed), task(deed)])
        })
        .collect();
    let start = if creates { 180 } else { 100 };
    let again = vec![Deed::Destroy, Deed::Rest(900), Deed::Create];
    processes.push((start, false, vec![again]));
    processes.push((4_000, false, vec![vec![append; 2]]));
    let mut climate = Climate::default();
    for _ in 0..3 {
        let part = dice.between(40..=180);
        let late = match creates {
            true => dice.between(60..=700),
            false => dice.between(900..=2_500),
        };
        climate
            .troubles
            .push((part, Trouble::Cut { arriving: 2, late }));
    }
    (processes, climate)
}

/// Processes whose calls are now and then so large that the lease has to come to them. One of them stands still, which
/// must not keep the others waiting again and again.
fn one_frozen(dice: &mut Dice) -> (Vec<(u64, bool, Process)>, Climate) {
    let mut task = || {
        let deeds = (0..20).map(|_| Deed::Append {
            baggage: dice.one_of(&[0, 0, 0, 300_000]),
        });
        deeds.collect()
    };
    let processes = (0..4).map(|_| (5, false, vec![task()])).collect();
    let mut climate = Climate::default();
    let (life, cut) = (FROZEN, false);
    climate
        .troubles
        .push((dice.between(40..=160), Trouble::Freeze { life, cut }));
    (processes, climate)
}

fn climate(dice: &mut Dice, bias: Bias) -> Climate {
    let mut climate = Climate {
        without_functions: dice.happens(200),
        new_server: dice.happens(250),
        slow: dice.one_of(&[0, 50, 300]),
        very_slow: dice.one_of(&[0, 0, 0, 5, 30]),
        split: dice.one_of(&[0, 100, 400]),
        lost_pushes: dice.one_of(&[0, 0, 0, 100, 500]),
        troubles: Vec::new(),
    };
    let count = dice.one_of(&[0, 1, 1, 2, 2, 3, 4, 6, 8]);
    // Some processes fail in the first moments, some later.
    let last = dice.one_of(&[30, 60, 120]);
    for _ in 0..count {
        let part = dice.between(8..=last);
        climate.troubles.push((part, trouble(dice)));
    }
    let biased = (0..4).map(|_| (dice.between(12..=80), dice.between(0..=2000)));
    let biased: Vec<(u64, u64)> = biased.collect();
    match bias {
        Bias::None | Bias::Lives | Bias::Frozen => {}
        Bias::Deadly => {
            climate = Climate {
                new_server: climate.new_server,
                ..Climate::default()
            }
        }
        Bias::Forgotten => climate
            .troubles
            .extend(biased.into_iter().take(2).map(|(part, _)| {
                let (life, cut) = (700_000, true);
                (part, Trouble::Freeze { life, cut })
            })),
        Bias::Cut | Bias::Evicting => {
            let cuts = biased.into_iter().map(|(part, late)| {
                let arriving = 1 + usize::from(late % 2 == 0);
                (part, Trouble::Cut { arriving, late })
            });
            climate.troubles.extend(cuts);
            if bias == Bias::Evicting {
                let evictions = (13..100).step_by(2).map(|part| (part, Trouble::Evict));
                climate.troubles.extend(evictions);
            }
        }
    }
    climate
}

fn trouble(dice: &mut Dice) -> Trouble {
    // About the length of a lease and of several, and beyond the time that calls are tried and remembered.
    let stop = |dice: &mut Dice| match dice.between(0..=19) {
        0 => 700_000,
        1 => 70_000,
        2..=4 => dice.between(5_000..=12_000),
        5..=9 => dice.between(900..=3_000),
        _ => dice.between(1..=400),
    };
    let late = |dice: &mut Dice| match dice.between(0..=9) {
        0 => dice.between(2_000..=30_000),
        1..=3 => dice.between(100..=2_000),
        _ => dice.between(0..=30),
    };
    match dice.between(0..=99) {
        0..=33 => Trouble::Cut {
            arriving: dice.one_of(&[0, 1, 1, 1, 2, 5]),
            late: late(dice),
        },
        34..=39 => Trouble::Deaf {
            heard_after: dice.between(1..=2_000),
        },
        40..=47 => Trouble::Closed {
            heard_after: dice.between(1..=50),
        },
        48..=64 => Trouble::Freeze {
            life: stop(dice),
            cut: dice.happens(300),
        },
        65..=77 => Trouble::Death {
            arriving: dice.one_of(&[0, 1, 1, 3]),
            late: late(dice),
        },
        78..=81 => Trouble::Pause(dice.between(1..=3_000)),
        82..=87 => Trouble::Silence(dice.between(1..=15_000)),
        88..=93 => Trouble::Full(dice.between(1..=500)),
        _ => Trouble::Forget,
    }
}
