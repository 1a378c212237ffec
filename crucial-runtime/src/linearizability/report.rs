//! What a person is shown of a history that no order explains.

use std::fmt::{self, Write};
use std::task::Poll;

use super::history::{End, Operation};
use super::model::Model;
use super::search::Stuck;

/// How many calls before the unexplained one are shown.
const BEFORE: usize = 12;
/// How many of those under way are shown.
const UNDER_WAY: usize = 24;
/// How much of one value is shown, in characters.
const WIDTH: usize = 300;

/// The first answer of a history that no order of the calls explains, and the calls around it.
///
/// Printed, it tells that answer, the states in which the object may have been when the call ran, the calls that
/// led there in an order that explains their own answers, and the calls that were under way. All that came later
/// is left out: the history up to that answer is not linearizable by itself.
///
/// ```
/// # use std::task::Poll;
/// # use crucial::linearizability::{History, Model};
/// # #[derive(Debug, Clone, PartialEq, Eq, Hash)]
/// # struct Sum(u32);
/// # impl Model for Sum {
/// #     type Call = u32;
/// #     type Reply = u32;
/// #     fn apply(&mut self, more: &u32) -> Poll<u32> {
/// #         self.0 += more;
/// #         if self.0 <= 9 { Poll::Ready(self.0) } else { Poll::Pending }
/// #     }
/// # }
/// let mut history = History::new(); // of the sum that `History` shows
/// history.replied("a", 0..1, 2, 2);
/// history.replied("b", 2..3, 1, 1); // where is a's?
/// let Err(violation) = history.check(Sum(0)) else { panic!("it is not linearizable") };
/// let report = violation.to_string();
/// assert!(report.contains("no order of its calls explains this answer\n    [2 to 3] b: 1 -> 1"), "{report}");
/// assert!(report.contains("in an order that explains them,\n    [0 to 1] a: 2 -> 2"), "{report}");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    object: String,
    unexplained: String,
    report: String,
}

impl Violation {
    pub(super) fn new<M: Model>(object: &str, stuck: &Stuck<'_, M>) -> Self {
        let unexplained = line::<M>(stuck.unexplained);
        let mut report = String::new();
        // Writing to a string does not fail.
        let _ = write_report(&mut report, stuck, &unexplained);
        Self {
            object: object.to_owned(),
            unexplained,
            report,
        }
    }

    /// The object.
    ///
    /// ```
    /// # use std::sync::atomic::{AtomicU32, Ordering};
    /// # use crucial::linearizability::{CheckError, Recorder};
    /// # use serde::{Deserialize, Serialize};
    /// # static NEXT: AtomicU32 = AtomicU32::new(0);
    /// # #[derive(Clone, Serialize, Deserialize)]
    /// # struct Tickets;
    /// # #[crucial::shared]
    /// # impl Tickets {
    /// #     pub fn draw(&mut self) -> u32 {
    /// #         NEXT.fetch_add(1, Ordering::Relaxed)
    /// #     }
    /// # }
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let recorder = Recorder::new();
    /// let runtime = crucial::Runtime::builder().namespace("job").recorder(&recorder).build().await?;
    /// let _entered = runtime.enter();
    /// let tickets = TicketsProxy::create("tickets", Tickets).await?;
    /// tickets.draw().await?; // counts outside of the state: done again, it gives another number
    /// let Err(CheckError::NotLinearizable(violation)) = recorder.check() else { panic!("it is not") };
    /// assert_eq!(violation.object(), "object `job/tickets`");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn object(&self) -> &str {
        &self.object
    }

    /// The call whose answer can't be explained, in one line.
    ///
    /// ```
    /// # use std::task::Poll;
    /// # use crucial::linearizability::{CheckError, History, Model};
    /// # #[derive(Debug, Clone, PartialEq, Eq, Hash)]
    /// # struct Sum(u32);
    /// # impl Model for Sum {
    /// #     type Call = u32;
    /// #     type Reply = u32;
    /// #     fn apply(&mut self, more: &u32) -> Poll<u32> {
    /// #         self.0 += more;
    /// #         if self.0 <= 9 { Poll::Ready(self.0) } else { Poll::Pending }
    /// #     }
    /// # }
    /// let mut history = History::new();
    /// history.in_doubt("a", 0.., 2);
    /// history.replied("b", 1..4, 1, 9); // neither 1 nor 3
    /// let Err(CheckError::NotLinearizable(violation)) = history.check(Sum(0)) else { panic!("it is not") };
    /// assert_eq!(violation.unexplained(), "[1 to 4] b: 1 -> 9");
    /// ```
    #[must_use]
    pub fn unexplained(&self) -> &str {
        &self.unexplained
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} is not linearizable: no order of its calls explains this answer\n{}",
            self.object, self.report
        )
    }
}

impl std::error::Error for Violation {}

fn write_report<M: Model>(
    report: &mut String,
    stuck: &Stuck<'_, M>,
    unexplained: &str,
) -> fmt::Result {
    writeln!(report, "    {unexplained}")?;
    writeln!(
        report,
        "when that call ran, the object can only have been, as far as the answers before tell,"
    )?;
    for state in &stuck.states {
        writeln!(report, "    {}", short(format!("{state:?}")))?;
    }
    let hidden = stuck.before.len().saturating_sub(BEFORE);
    writeln!(report, "after these calls, in an order that explains them,")?;
    if hidden > 0 {
        writeln!(report, "    ({hidden} calls before)")?;
    }
    for operation in &stuck.before[hidden..] {
        writeln!(report, "    {}", line::<M>(operation))?;
    }
    if !stuck.under_way.is_empty() {
        writeln!(report, "while these were under way,")?;
    }
    for operation in stuck.under_way.iter().take(UNDER_WAY) {
        writeln!(report, "    {}", line::<M>(operation))?;
    }
    let hidden = stuck.under_way.len().saturating_sub(UNDER_WAY);
    if hidden > 0 {
        writeln!(report, "    ({hidden} more)")?;
    }
    Ok(())
}

fn line<M: Model>(operation: &Operation<M::Call, M::Reply>) -> String {
    let Operation {
        caller,
        call,
        started,
        end,
    } = operation;
    let shown = short(M::show_call(call));
    match end {
        End::Answered(at, Poll::Ready(reply)) => {
            let reply = short(M::show_reply(call, reply));
            format!("[{started} to {at}] {caller}: {shown} -> {reply}")
        }
        End::Answered(at, Poll::Pending) => {
            format!("[{started} to {at}] {caller}: {shown} -> not ready")
        }
        End::Effective(at) => format!("[{started} to {at}] {caller}: {shown}"),
        End::Late(reply) => {
            let reply = short(M::show_reply(call, reply));
            format!("[{started} to ?] {caller}: {shown} -> {reply}, late")
        }
        End::InDoubt => format!("[{started} to ?] {caller}: {shown}, in doubt"),
    }
}

fn short(text: String) -> String {
    match text.char_indices().nth(WIDTH) {
        Some((end, _)) => format!("{} … ({} bytes)", &text[..end], text.len()),
        None => text,
    }
}
