//! The rules of one forwarded connection as a pure state machine: what happened in, what to do out. No bytes pass here.

/// What can happen to a forwarded connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    /// Bytes came from the database.
    Data,
    /// The far side will send no more (`SSH_MSG_CHANNEL_EOF`, RFC 4254 section 5.3).
    Eof,
    /// The far side closed the channel (`SSH_MSG_CHANNEL_CLOSE`).
    Close,
    /// The session is gone.
    Gone,
    /// Everything received was handed to the client.
    Drained,
    /// The client will send no more.
    LocalFin,
    /// The client's connection broke.
    LocalReset,
    /// Both sides said their end and the far side has not closed the channel for a while.
    Overdue,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// Hand the bytes to the client.
    Deliver,
    /// Tell the client that no more will come.
    FinLocal,
    /// Tell the far side that no more will come.
    SendEof,
    /// Close the channel. Only where the far side will not: russh never forgets a channel that it closed first.
    CloseChannel,
    /// Break the client's connection, so that it does not take what it has for the whole.
    ResetLocal,
    /// Nothing is left to do.
    Finish,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Far {
    Open,
    Eof,
    Closed,
}

/// Where a forwarded connection stands.
#[derive(Debug)]
pub(crate) struct Pump {
    far: Far,
    /// Bytes received wait for the client.
    pending: bool,
    fin_sent: bool,
    local_fin: bool,
    done: bool,
}

impl Pump {
    /// A fresh connection, open both ways.
    pub(crate) fn new() -> Self {
        Self { far: Far::Open, pending: false, fin_sent: false, local_fin: false, done: false }
    }

    /// True when both sides have said their end and only the channel's close is missing.
    pub(crate) fn is_over(&self) -> bool {
        self.far == Far::Eof && self.local_fin && !self.pending
    }

    /// True after `Finish`.
    #[cfg(test)]
    fn is_done(&self) -> bool {
        self.done
    }

    /// Takes one event and says what to do, in order.
    pub(crate) fn step(&mut self, event: Event) -> Vec<Act> {
        if self.done {
            return Vec::new();
        }
        match event {
            // Data after an end would be a fault of the server; it is not the client's business.
            Event::Data if self.far == Far::Open => {
                self.pending = true;
                vec![Act::Deliver]
            }
            Event::Data => Vec::new(),
            Event::Eof => {
                if self.far == Far::Open {
                    self.far = Far::Eof;
                }
                self.settle()
            }
            Event::Close if self.far == Far::Open => self.abort(),
            Event::Close => {
                self.far = Far::Closed;
                self.settle()
            }
            // With both ends said and all received, a session's end takes nothing away.
            Event::Gone if self.far == Far::Closed || (self.far == Far::Eof && self.local_fin) => {
                self.far = Far::Closed;
                self.settle()
            }
            Event::Gone => self.abort(),
            Event::Drained => {
                self.pending = false;
                self.settle()
            }
            Event::LocalFin => {
                if self.local_fin {
                    return Vec::new();
                }
                self.local_fin = true;
                let mut acts = if self.far == Far::Closed { Vec::new() } else { vec![Act::SendEof] };
                acts.extend(self.settle());
                acts
            }
            Event::LocalReset | Event::Overdue => {
                self.done = true;
                vec![Act::CloseChannel, Act::Finish]
            }
        }
    }

    /// What follows once the client has everything.
    fn settle(&mut self) -> Vec<Act> {
        let mut acts = Vec::new();
        if self.pending || self.far == Far::Open {
            return acts;
        }
        if !self.fin_sent {
            self.fin_sent = true;
            acts.push(Act::FinLocal);
        }
        if self.far == Far::Closed {
            self.done = true;
            acts.push(Act::Finish);
        }
        acts
    }

    fn abort(&mut self) -> Vec<Act> {
        self.done = true;
        vec![Act::ResetLocal, Act::Finish]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn run(events: &[Event]) -> Vec<Act> {
        let mut pump = Pump::new();
        events.iter().flat_map(|event| pump.step(*event)).collect()
    }

    #[test]
    fn a_clean_end_reaches_the_client_as_fin() {
        use Act::*;
        assert_eq!(run(&[Event::Data, Event::Drained, Event::Eof]), [Deliver, FinLocal]);
        assert_eq!(
            run(&[Event::LocalFin, Event::Data, Event::Eof, Event::Close, Event::Drained]),
            [SendEof, Deliver, FinLocal, Finish]
        );
        assert_eq!(run(&[Event::Eof, Event::Close]), [FinLocal, Finish]);
    }

    #[test]
    fn an_abnormal_end_reaches_the_client_as_reset() {
        use Act::*;
        assert_eq!(run(&[Event::Data, Event::Gone]), [Deliver, ResetLocal, Finish]);
        assert_eq!(run(&[Event::Close]), [ResetLocal, Finish]);
        assert_eq!(run(&[Event::Eof, Event::Gone]), [FinLocal, ResetLocal, Finish]);
    }

    #[test]
    fn half_close_is_kept_both_ways() {
        use Act::*;
        assert_eq!(run(&[Event::LocalFin, Event::Data, Event::Drained]), [SendEof, Deliver]);
        assert_eq!(run(&[Event::Eof, Event::LocalFin]), [FinLocal, SendEof]);
        assert_eq!(run(&[Event::Eof, Event::LocalFin, Event::Overdue]), [FinLocal, SendEof, CloseChannel, Finish]);
    }

    fn any_event() -> impl Strategy<Value = Event> {
        prop_oneof![
            Just(Event::Data),
            Just(Event::Eof),
            Just(Event::Close),
            Just(Event::Gone),
            Just(Event::Drained),
            Just(Event::LocalFin),
            Just(Event::LocalReset),
            Just(Event::Overdue),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn whatever_the_order(events in proptest::collection::vec(any_event(), 0..24)) {
            let mut pump = Pump::new();
            let (mut eof, mut pending, mut reset, mut local_fin, mut closed) = (false, false, false, false, false);
            let mut all = Vec::new();
            for event in events {
                let was_done = pump.is_done();
                let acts = pump.step(event);
                prop_assert!(!was_done || acts.is_empty(), "nothing happens after the end");
                match event {
                    Event::Eof if !was_done => eof = true,
                    Event::Data if !was_done && !eof => pending = true,
                    Event::Drained => pending = false,
                    Event::LocalFin => local_fin = true,
                    Event::LocalReset => reset |= !was_done,
                    Event::Close | Event::Gone if !was_done => closed = true,
                    _ => {}
                }
                for act in &acts {
                    match act {
                        Act::Deliver => prop_assert!(!eof),
                        Act::FinLocal => {
                            prop_assert!(eof, "no FIN without the far side's own end");
                            prop_assert!(!pending, "no FIN before the last byte");
                        }
                        Act::SendEof => prop_assert!(local_fin),
                        Act::ResetLocal => prop_assert!(matches!(event, Event::Close | Event::Gone)),
                        Act::CloseChannel | Act::Finish => {}
                    }
                }
                all.extend(acts);
            }
            let count = |wanted: Act| all.iter().filter(|act| **act == wanted).count();
            for once in [Act::FinLocal, Act::SendEof, Act::ResetLocal, Act::CloseChannel, Act::Finish] {
                prop_assert!(count(once) <= 1, "{once:?} twice");
            }
            prop_assert_eq!(count(Act::Finish), usize::from(pump.is_done()));
            prop_assert!(!pump.is_done() || closed || count(Act::CloseChannel) == 1, "no channel is left behind");
            prop_assert!(!(reset && count(Act::ResetLocal) > 0));
        }

        #[test]
        fn a_lost_session_always_ends_it(events in proptest::collection::vec(any_event(), 0..12)) {
            let mut pump = Pump::new();
            for event in events {
                pump.step(event);
            }
            pump.step(Event::Gone);
            pump.step(Event::Drained);
            prop_assert!(pump.is_done());
        }
    }
}
