//! Rounds of parties that each bring a part, and each get what all parts together give.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::sessions::{Sessions, Tenancy};
use super::{Bound, Element, Numbers, Reduction, Slices};

/// How many broken rounds are remembered for parties that have not looked since; those before them count as broken.
const REMEMBERED: usize = 16;

/// The rounds of one object.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "T: Element")]
pub(in crate::objects) struct Rounds<T> {
    /// The number of the round that gathers now.
    number: u64,
    /// What it has gathered, once a party has come.
    gathered: Option<Gathered<T>>,
    /// Whether it is broken, until a reset.
    broken: bool,
    /// The broken rounds before it, as far as they are remembered.
    ended_broken: VecDeque<u64>,
    /// The last round that became whole.
    whole: Option<Whole<T>>,
    sessions: Sessions,
    /// Whether the call under way ended or broke a round.
    #[serde(skip)]
    news: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "T: Element")]
struct Gathered<T> {
    parties: u32,
    came: u32,
    reduction: Reduction,
    numbers: Numbers<T>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "T: Element")]
struct Whole<T> {
    number: u64,
    /// Its result, if the object's own numbers are no longer that.
    numbers: Option<Numbers<T>>,
}

/// What a party brings.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::objects) struct Part<N> {
    pub(in crate::objects) parties: u32,
    pub(in crate::objects) reduction: Reduction,
    /// Rows and columns; a vector is one column.
    pub(in crate::objects) shape: (usize, usize),
    pub(in crate::objects) numbers: N,
}

/// What became of a part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "T: Element")]
pub(in crate::objects) enum Contribution<T> {
    /// Others of that round are still to come.
    Came {
        round: u64,
        /// In how many milliseconds the earliest lease of another process ends; -1 where there is none.
        left: i64,
    },
    /// It was the last: the result.
    Whole { numbers: Numbers<T>, left: i64 },
    /// The rounds are broken.
    Broken { round: u64 },
    /// It does not go with the others of its round, which is broken now.
    Misfit { reason: String },
}

/// How a round ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "T: Element")]
pub(in crate::objects) enum End<T> {
    /// Its result.
    Whole { numbers: Numbers<T> },
    /// A party gave it up.
    Broken,
    /// It became whole, but so did the next one.
    Forgotten,
}

impl<T: Element> Rounds<T> {
    /// Takes in a part; `own` are the object's own numbers, of that shape, which become the result.
    pub(in crate::objects) fn contribute(
        &mut self,
        own: &mut Vec<T>,
        shape: (usize, usize),
        part: Part<Numbers<T>>,
        tenancy: Tenancy,
    ) -> Contribution<T> {
        self.settle(tenancy.now);
        if self.broken {
            return Contribution::Broken { round: self.number };
        }
        let Part {
            parties,
            reduction,
            shape: given,
            numbers,
        } = part;
        let added = if given != shape || numbers.0.len() != own.len() {
            Err(format!(
                "the part has {}, the object {}",
                shape_text(given),
                shape_text(shape)
            ))
        } else {
            self.gather(parties, reduction, numbers)
        };
        let gathered = match added {
            Ok(gathered) => gathered,
            Err(reason) => {
                self.break_now();
                return Contribution::Misfit { reason };
            }
        };
        let left = self.sessions.come(tenancy, self.number);
        if gathered.came < gathered.parties {
            let round = self.number;
            self.gathered = Some(gathered);
            return Contribution::Came { round, left };
        }
        let mut numbers = gathered.numbers;
        if reduction == Reduction::Mean {
            for number in &mut numbers.0 {
                *number = number.divided(parties);
            }
        }
        own.clone_from(&numbers.0);
        self.whole = Some(Whole {
            number: self.number,
            numbers: None,
        });
        self.number += 1;
        self.news = true;
        Contribution::Whole { numbers, left }
    }

    /// What the round has gathered with one part more, or why that does not go with it.
    fn gather(
        &mut self,
        parties: u32,
        reduction: Reduction,
        part: Numbers<T>,
    ) -> Result<Gathered<T>, String> {
        let Some(mut gathered) = self.gathered.take() else {
            return Ok(Gathered {
                parties,
                came: 1,
                reduction,
                numbers: part,
            });
        };
        if (gathered.parties, gathered.reduction) != (parties, reduction) {
            let described = |parties, reduction| format!("{reduction:?} of {parties} parties");
            return Err(format!(
                "it asks for the {}, those who came before it in its round for the {}",
                described(parties, reduction),
                described(gathered.parties, gathered.reduction)
            ));
        }
        let numbers = &mut gathered.numbers.0;
        match reduction {
            Reduction::Sum | Reduction::Mean => numbers
                .add_scaled(T::ONE, &part.0)
                .map_err(|refusal| refusal.to_string())?,
            Reduction::Min => numbers.bound(Bound::Min, &part.0),
            Reduction::Max => numbers.bound(Bound::Max, &part.0),
        }
        gathered.came += 1;
        Ok(gathered)
    }

    /// How a round ended, if it did.
    pub(in crate::objects) fn end(&self, round: u64, own: &[T]) -> Option<End<T>> {
        if round >= self.number {
            return self.broken.then_some(End::Broken);
        }
        let forgotten = self.ended_broken.len() == REMEMBERED
            && self
                .ended_broken
                .front()
                .is_some_and(|first| round < *first);
        if forgotten || self.ended_broken.contains(&round) {
            return Some(End::Broken);
        }
        Some(match &self.whole {
            Some(whole) if whole.number == round => End::Whole {
                numbers: whole
                    .numbers
                    .clone()
                    .unwrap_or_else(|| Numbers(own.to_vec())),
            },
            _ => End::Forgotten,
        })
    }

    /// Breaks a round that has not ended; its end, if it has.
    pub(in crate::objects) fn give_up(&mut self, round: u64, own: &[T]) -> Option<End<T>> {
        let end = self.end(round, own);
        if end.is_none() {
            self.break_now();
        }
        end
    }

    /// Renews the lease of a process; in how many milliseconds the earliest of another ends, or -1.
    pub(in crate::objects) fn renew(&mut self, tenancy: &Tenancy) -> i64 {
        self.settle(tenancy.now);
        self.sessions.renew(tenancy)
    }

    /// Forgets a process that ends in good order.
    pub(in crate::objects) fn leave(&mut self, session: &str) {
        self.sessions.leave(session);
    }

    /// Whether a call since the last time ended or broke a round, which is what others wait for.
    pub(in crate::objects) fn take_news(&mut self) -> bool {
        std::mem::take(&mut self.news)
    }

    fn break_now(&mut self) {
        self.broken = true;
        self.gathered = None;
        self.news = true;
    }

    /// Breaks the round if a process is missed in it.
    fn settle(&mut self, now: u64) {
        if self.sessions.settle(now, self.number) && !self.broken {
            self.break_now();
        }
    }

    /// Makes the rounds whole again: parties that wait are sent away.
    pub(in crate::objects) fn reset(&mut self, now: u64) {
        self.settle(now);
        self.news = true;
        if self.broken || self.gathered.is_some() {
            self.ended_broken.push_back(self.number);
            if self.ended_broken.len() > REMEMBERED {
                self.ended_broken.pop_front();
            }
            self.number += 1;
            self.broken = false;
            self.gathered = None;
        }
    }

    /// Whether parties have come to the round that gathers.
    pub(in crate::objects) fn came(&self) -> u32 {
        self.gathered.as_ref().map_or(0, |gathered| gathered.came)
    }

    /// Whether the rounds are broken.
    pub(in crate::objects) fn is_broken(&self) -> bool {
        self.broken
    }

    /// About how many bytes they rest in.
    pub(in crate::objects) fn size(&self) -> usize {
        let gathered = self.gathered.as_ref().map(|gathered| &gathered.numbers);
        let whole = self.whole.as_ref().and_then(|whole| whole.numbers.as_ref());
        let numbers = gathered.into_iter().chain(whole).map(Numbers::size);
        300 + 9 * self.ended_broken.len() + self.sessions.size() + numbers.sum::<usize>()
    }

    /// Before the object's own numbers change: its parties still want the last result.
    pub(in crate::objects) fn keep_result(&mut self, own: &[T]) {
        if let Some(Whole {
            numbers: numbers @ None,
            ..
        }) = &mut self.whole
        {
            *numbers = Some(Numbers(own.to_vec()));
        }
    }
}

fn shape_text((rows, columns): (usize, usize)) -> String {
    match columns {
        1 => format!("{rows} numbers"),
        _ => format!("{rows} x {columns} numbers"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTH: u64 = 100;

    /// A party of that process comes at that time, with the number 1.
    fn come(rounds: &mut Rounds<i64>, session: &str, now: u64) -> Contribution<i64> {
        let part = Part {
            parties: 2,
            reduction: Reduction::Sum,
            shape: (1, 1),
            numbers: Numbers(vec![1]),
        };
        let tenancy = tenancy(session, now);
        rounds.contribute(&mut vec![0], (1, 1), part, tenancy)
    }

    fn tenancy(session: &str, now: u64) -> Tenancy {
        Tenancy {
            session: session.to_owned(),
            length: LENGTH,
            now,
        }
    }

    fn came(round: u64, left: i64) -> Contribution<i64> {
        Contribution::Came { round, left }
    }

    #[test]
    fn a_process_that_is_not_heard_of_breaks_the_round() {
        let mut rounds = Rounds::default();
        assert_eq!(come(&mut rounds, "a", 0), came(0, -1));
        // It is alive until its lease ends, and with each renewal for as long again.
        assert_eq!(rounds.renew(&tenancy("b", 60)), 40);
        assert_eq!(rounds.renew(&tenancy("a", 60)), -1);
        assert_eq!(rounds.renew(&tenancy("b", 159)), 1);
        assert_eq!(rounds.end(0, &[0]), None);
        assert!(!rounds.take_news());
        assert_eq!(rounds.renew(&tenancy("b", 160)), -1);
        assert!(rounds.take_news() && !rounds.take_news());
        assert_eq!(rounds.end(0, &[0]), Some(End::Broken));
        assert_eq!(
            come(&mut rounds, "b", 161),
            Contribution::Broken { round: 0 }
        );
        rounds.reset(162);
        assert_eq!(come(&mut rounds, "b", 163), came(1, -1));
        assert_eq!(rounds.end(0, &[0]), Some(End::Broken));
    }

    #[test]
    fn a_process_that_was_in_the_round_before_is_missed_and_one_that_left_is_not() {
        for leaves in [false, true] {
            let mut rounds = Rounds::default();
            assert_eq!(come(&mut rounds, "a", 0), came(0, -1));
            assert!(matches!(
                come(&mut rounds, "b", 50),
                Contribution::Whole { left: 50, .. }
            ));
            if leaves {
                rounds.leave("a");
            }
            let later = come(&mut rounds, "b", 120);
            if leaves {
                assert_eq!(later, came(1, -1));
            } else {
                assert_eq!(later, Contribution::Broken { round: 1 });
            }
        }
    }

    #[test]
    fn a_process_that_let_a_whole_round_pass_is_not_missed() {
        let mut rounds = Rounds::default();
        come(&mut rounds, "a", 0);
        come(&mut rounds, "b", 0);
        come(&mut rounds, "b", 10);
        come(&mut rounds, "c", 20);
        assert_eq!(come(&mut rounds, "b", 105), came(2, 15));
        assert!(matches!(
            come(&mut rounds, "c", 110),
            Contribution::Whole { .. }
        ));
    }
}
