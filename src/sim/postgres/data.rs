//! The rows of a server's database, as a pure function of when they were written.

use crate::sim::clock::Moment;

/// A message is written every so many estate seconds while a writer is connected.
const EVERY: i64 = 20;
/// How many messages make a conversation.
const LONG: i64 = 8;

/// What is in a database: when somebody wrote, and when somebody corrupted what stood there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Data {
    /// The times in which messages were written, in order; the last one may still go on.
    spans: Vec<Span>,
    /// At these moments a statement without a `WHERE` emptied every message that stood there.
    corruptions: Vec<Moment>,
}

/// From its first moment to its last.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Span {
    from: Moment,
    until: Option<Moment>,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    /// Counted on a grid of moments, so the same message has the same number on every server that has it.
    pub(crate) id: i64,
    pub(crate) at: Moment,
    /// Nothing once it was corrupted.
    pub(crate) body: Option<String>,
}

impl Message {
    pub(crate) fn conversation(&self) -> i64 {
        self.id / LONG
    }

    pub(crate) fn author(&self) -> &'static str {
        if self.id % 2 == 0 { "customer" } else { "bot" }
    }

    pub(crate) fn tokens(&self) -> i64 {
        20 + self.id * 7 % 180
    }
}

impl Data {
    /// A database to which somebody has written since `from`.
    pub(crate) fn since(from: Moment) -> Self {
        Self { spans: vec![Span { from, until: None }], corruptions: Vec::new() }
    }

    /// What stood there at `point`: nobody writes to it until somebody does.
    pub(crate) fn at(&self, point: Moment) -> Self {
        let before = self.spans.iter().filter(|span| span.from <= point);
        let cut = |span: &Span| Span { from: span.from, until: Some(span.until.map_or(point, |end| end.min(point))) };
        let corruptions = self.corruptions.iter().copied().filter(|at| *at <= point);
        Self { spans: before.map(cut).collect(), corruptions: corruptions.collect() }
    }

    /// From `at` on somebody writes, or nobody.
    pub(crate) fn written(&mut self, at: Moment, is_written: bool) {
        let open = self.spans.last_mut().filter(|span| span.until.is_none());
        match (open, is_written) {
            (None, true) => self.spans.push(Span { from: at, until: None }),
            (Some(span), false) => span.until = Some(at),
            (Some(_), true) | (None, false) => {}
        }
    }

    /// Empties every message that stands there.
    pub(crate) fn corrupt(&mut self, at: Moment) {
        self.corruptions.push(at);
    }

    /// The messages that stand there at `now`, oldest first.
    pub(crate) fn messages(&self, now: Moment) -> impl Iterator<Item = Message> {
        let corrupted = self.corruptions.iter().copied().filter(|at| *at <= now).max();
        let numbers = self.spans.iter().flat_map(move |span| {
            let end = span.until.map_or(now, |until| until.min(now));
            // The first number at or after the beginning, and the last one at or before the end.
            (span.from.plus_seconds(EVERY).seconds() - 1) / EVERY..=end.seconds() / EVERY
        });
        numbers.map(move |id| {
            let at = Moment::from_microseconds(id * EVERY * 1_000_000);
            let is_gone = corrupted.is_some_and(|moment| at <= moment);
            Message { id, at, body: (!is_gone).then(|| format!("Message {id} of the chat")) }
        })
    }

    /// How often something was written until `now`: what a transaction's number counts.
    pub(crate) fn transactions(&self, now: Moment) -> i64 {
        let messages = i64::try_from(self.messages(now).count()).unwrap_or(i64::MAX);
        messages + i64::try_from(self.corruptions.len()).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(seconds: i64) -> Moment {
        Moment::from_microseconds(seconds * 1_000_000)
    }

    fn ids(data: &Data, now: i64) -> Vec<i64> {
        data.messages(moment(now)).map(|message| message.at.seconds()).collect()
    }

    #[test]
    fn rows_are_written_up_to_the_last_moment_while_somebody_writes_and_not_after() {
        let mut data = Data::since(moment(1_000));
        assert_eq!(ids(&data, 1_059), [1_000, 1_020, 1_040]);
        data.written(moment(1_045), false);
        assert_eq!(ids(&data, 9_999), [1_000, 1_020, 1_040]);
        data.written(moment(2_001), true);
        assert_eq!(ids(&data, 2_020), [1_000, 1_020, 1_040, 2_020]);
    }

    #[test]
    fn a_restore_has_what_stood_there_at_its_moment_and_none_of_what_came_later() {
        let mut data = Data::since(moment(1_000));
        data.corrupt(moment(1_050));
        assert!(data.messages(moment(1_060)).filter(|message| message.body.is_none()).count() == 3);
        let before = data.at(moment(1_040));
        assert_eq!(ids(&before, 9_999), [1_000, 1_020, 1_040]);
        assert!(before.messages(moment(9_999)).all(|message| message.body.is_some()));
        let after = data.at(moment(1_055));
        assert!(after.messages(moment(9_999)).all(|message| message.body.is_none()));
    }
}
