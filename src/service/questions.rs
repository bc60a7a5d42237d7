//! Questions from tunnels, gathered: the same question from several is asked once, under a number that stays. It judges no
//! answer.

use std::time::{Duration, Instant};

use crate::model::{Name, Pending, Question};

/// An answered question that is still asked after this time was not settled by the answer, and is asked anew.
const SETTLING: Duration = Duration::from_secs(3);

/// The questions that are open, and those that were answered a moment ago.
#[derive(Debug, Default)]
pub(super) struct Questions {
    last: u64,
    open: Vec<Open>,
}

#[derive(Debug)]
struct Open {
    pending: Pending,
    answered: Option<Instant>,
}

impl Questions {
    /// Takes what the tunnels ask now and says what is to be shown, in the order of asking.
    pub(super) fn gather(&mut self, asked: impl Iterator<Item = (Name, Question)>, now: Instant) -> Vec<Pending> {
        for open in &mut self.open {
            open.pending.tunnels.clear();
        }
        for (name, question) in asked {
            match self.open.iter_mut().find(|open| open.pending.question == question) {
                Some(open) => open.pending.tunnels.push(name),
                None => {
                    self.last += 1;
                    let pending = Pending { id: self.last, tunnels: vec![name], question };
                    self.open.push(Open { pending, answered: None });
                }
            }
        }
        self.open.retain(|open| !open.pending.tunnels.is_empty());
        for open in &mut self.open {
            if open.answered.is_some_and(|at| now.saturating_duration_since(at) > SETTLING) {
                self.last += 1;
                open.pending.id = self.last;
                open.answered = None;
            }
        }
        self.open.iter().filter(|open| open.answered.is_none()).map(|open| open.pending.clone()).collect()
    }

    /// The question under a number, while it waits for an answer.
    pub(super) fn get(&self, id: u64) -> Option<&Pending> {
        self.open.iter().find(|open| open.answered.is_none() && open.pending.id == id).map(|open| &open.pending)
    }

    /// All questions that wait for an answer.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &Pending> {
        self.open.iter().filter(|open| open.answered.is_none()).map(|open| &open.pending)
    }

    /// Hides questions until their tunnels have had time to use the answer.
    pub(super) fn answered(&mut self, ids: &[u64], now: Instant) {
        for open in self.open.iter_mut().filter(|open| ids.contains(&open.pending.id)) {
            open.answered = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(word: &str) -> Name {
        word.parse().unwrap()
    }

    fn passphrase(again: bool) -> Question {
        Question::Passphrase { bastion: name("prod"), key: "key prod".to_owned(), again }
    }

    fn ids(pending: &[Pending]) -> Vec<(u64, usize)> {
        pending.iter().map(|pending| (pending.id, pending.tunnels.len())).collect()
    }

    #[test]
    fn the_same_question_is_asked_once_and_keeps_its_number() {
        let now = Instant::now();
        let mut questions = Questions::default();
        let asked = || [(name("a"), passphrase(false)), (name("b"), passphrase(false)), (name("c"), passphrase(true))];
        assert_eq!(ids(&questions.gather(asked().into_iter(), now)), [(1, 2), (2, 1)]);
        assert_eq!(ids(&questions.gather(asked().into_iter().skip(1), now)), [(1, 1), (2, 1)]);
        assert_eq!(ids(&questions.gather(asked().into_iter().take(2), now)), [(1, 2)]);
        assert!(questions.get(2).is_none());
        assert!(questions.gather(std::iter::empty(), now).is_empty());
        assert_eq!(ids(&questions.gather(asked().into_iter().take(1), now)), [(3, 1)]);
    }

    #[test]
    fn an_answered_question_hides_until_it_is_settled_or_asked_anew() {
        let now = Instant::now();
        let mut questions = Questions::default();
        let asked = || [(name("a"), passphrase(false))].into_iter();
        questions.gather(asked(), now);
        questions.answered(&[1], now);
        assert!(questions.get(1).is_none());
        assert!(questions.gather(asked(), now + Duration::from_secs(1)).is_empty());
        assert_eq!(ids(&questions.gather(asked(), now + Duration::from_secs(4))), [(2, 1)]);
        assert!(questions.get(2).is_some());
    }
}
