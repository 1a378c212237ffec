//! The starts and answers of calls, from which those are lifted that have been put in order.

use super::history::Operation;

/// The starts and answers of the calls that have not been put in order yet, by time: a list with two links, from
/// which a call is lifted, and into which it is put back, in constant time (Knuth's dancing links).
pub(super) struct Events {
    /// The start of call `n` is event `n`, its answer event `count + n`, and the ends of the list meet at `2 * count`.
    count: usize,
    next: Vec<usize>,
    previous: Vec<usize>,
    /// How many answers came before that of a call.
    pub(super) rank: Vec<usize>,
}

impl Events {
    pub(super) fn of<C, R>(calls: &[&Operation<C, R>]) -> Self {
        let count = calls.len();
        let mut events: Vec<(u64, bool, usize)> = Vec::with_capacity(2 * count);
        for (call, operation) in calls.iter().enumerate() {
            let deadline = operation.end.deadline().unwrap_or(u64::MAX);
            events.push((operation.started, false, call));
            // Nothing ends before it starts, whatever the clock says.
            events.push((deadline.max(operation.started), true, call));
        }
        // At one time starts come before answers: such calls overlap.
        events.sort_unstable();
        let end = 2 * count;
        let (mut next, mut previous) = (vec![end; end + 1], vec![end; end + 1]);
        let mut rank = vec![0; count];
        let (mut last, mut answers) = (end, 0);
        for (_, is_answer, call) in events {
            let event = if is_answer { count + call } else { call };
            if is_answer {
                rank[call] = answers;
                answers += 1;
            }
            (next[last], previous[event]) = (event, last);
            last = event;
        }
        (next[last], previous[end]) = (end, last);
        Self {
            count,
            next,
            previous,
            rank,
        }
    }

    /// The call whose answer comes first.
    pub(super) fn first_answer(&self) -> Option<usize> {
        let mut event = self.next[2 * self.count];
        while event < self.count {
            event = self.next[event];
        }
        (event < 2 * self.count).then(|| event - self.count)
    }

    /// The calls that began before that answer, which is the first.
    pub(super) fn until(&self, first: usize) -> Vec<usize> {
        let start = self.next[2 * self.count];
        std::iter::successors(Some(start), |event| Some(self.next[*event]))
            .take_while(|event| *event != self.count + first)
            .collect()
    }

    pub(super) fn lift(&mut self, call: usize) {
        for event in [call, self.count + call] {
            let (previous, next) = (self.previous[event], self.next[event]);
            self.next[previous] = next;
            self.previous[next] = previous;
        }
    }

    pub(super) fn put_back(&mut self, call: usize) {
        for event in [self.count + call, call] {
            let (previous, next) = (self.previous[event], self.next[event]);
            self.next[previous] = event;
            self.previous[next] = event;
        }
    }
}
