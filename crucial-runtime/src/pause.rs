//! The pauses of whatever asks again.

use std::time::Duration;

use crate::chance;

/// The pauses between the tries of one thing, which grow.
///
/// Each is about twice as long as the one before it, up to the longest, and is drawn from a range: those who failed
/// together do not try again together.
#[derive(Debug, Clone)]
pub(crate) struct Pause {
    first: Duration,
    next: Duration,
    longest: Duration,
}

impl Pause {
    /// Pauses from `first` on, and none longer than `longest`.
    pub(crate) const fn new(first: Duration, longest: Duration) -> Self {
        Self {
            first,
            next: first,
            longest,
        }
    }

    /// How long the next pause lasts.
    pub(crate) fn next(&mut self) -> Duration {
        let pause = self.next.mul_f64(chance::factor(0.5..1.0));
        self.next = (self.next * 2).min(self.longest);
        pause
    }

    /// Waits for the length of the next pause.
    #[cfg(any(feature = "redis", feature = "lambda"))]
    pub(crate) async fn wait(&mut self) {
        tokio::time::sleep(self.next()).await;
    }

    /// The next pause is as short as the first was: a try has succeeded.
    pub(crate) fn reset(&mut self) {
        self.next = self.first;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_the_longest_and_begin_anew() {
        let ms = Duration::from_millis;
        let mut pause = Pause::new(ms(10), ms(35));
        for _ in 0..2 {
            for most in [10, 20, 35, 35] {
                let next = pause.next();
                assert!(
                    ms(most) / 2 <= next && next < ms(most),
                    "{next:?} of {most} ms"
                );
            }
            pause.reset();
        }
    }
}
