//! Questions from tunnels, gathered: the same question from several is asked once, under a number that stays. It judges no
//! answer.

use crate::model::{Name, Pending, Question};

/// The questions that are open.
#[derive(Debug, Default)]
pub(super) struct Questions {
    last: u64,
    open: Vec<Pending>,
}

impl Questions {
    /// Takes what the tunnels ask now and says what is to be shown, in the order of asking.
    pub(super) fn gather(&mut self, asked: impl Iterator<Item = (Name, Question)>) -> Vec<Pending> {
        for pending in &mut self.open {
            pending.tunnels.clear();
        }
        for (name, question) in asked {
            match self.open.iter_mut().find(|pending| pending.question == question) {
                Some(pending) => pending.tunnels.push(name),
                None => {
                    self.last += 1;
                    self.open.push(Pending { id: self.last, tunnels: vec![name], question });
                }
            }
        }
        self.open.retain(|pending| !pending.tunnels.is_empty());
        self.open.clone()
    }

    /// The questions that wait for an answer.
    pub(super) fn open(&self) -> &[Pending] {
        &self.open
    }

    /// Takes answered questions away; asked once more, they get another number.
    pub(super) fn close(&mut self, ids: &[u64]) {
        self.open.retain(|pending| !ids.contains(&pending.id));
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
        let mut questions = Questions::default();
        let asked = || [(name("a"), passphrase(false)), (name("b"), passphrase(false)), (name("c"), passphrase(true))];
        assert_eq!(ids(&questions.gather(asked().into_iter())), [(1, 2), (2, 1)]);
        assert_eq!(ids(&questions.gather(asked().into_iter().skip(1))), [(1, 1), (2, 1)]);
        assert_eq!(ids(&questions.gather(asked().into_iter().take(2))), [(1, 2)]);
        assert!(questions.gather(std::iter::empty()).is_empty());
        assert_eq!(ids(&questions.gather(asked().into_iter().take(1))), [(3, 1)]);
        questions.close(&[3]);
        assert!(questions.open().is_empty());
        assert_eq!(ids(&questions.gather(asked().into_iter().take(1))), [(4, 1)]);
    }
}
