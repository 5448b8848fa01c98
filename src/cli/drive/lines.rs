use std::io::BufRead;

use tokio::sync::mpsc;

use crate::world::forget_typed;

/// Lines of an input, one at a time and only on demand.
pub(super) struct Lines {
    wanted: std::sync::mpsc::Sender<()>,
    read: mpsc::UnboundedReceiver<Option<String>>,
    /// The question for which the line is read that has been wanted and has not come.
    outstanding: Option<u64>,
    forget: fn(),
}

/// A line, and what it was read for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// The question that was open when the line was wanted. It may be another by now: a read cannot be called back.
    pub(super) question: u64,
    /// The text without its line end; none at the end of the input.
    pub(super) text: Option<String>,
}

impl Lines {
    /// Standard input.
    pub(super) fn standard_input() -> Self {
        Self::of(|| std::io::stdin().lock(), forget_typed)
    }

    /// Another input; `forget` drops what stands in it unread, if it is of the kind that forgets.
    pub(super) fn of<Input: BufRead>(open: impl FnOnce() -> Input + Send + 'static, forget: fn()) -> Self {
        let (wanted, wishes) = std::sync::mpsc::channel();
        let (sender, read) = mpsc::unbounded_channel();
        // A thread of its own: a read of standard input cannot be called back, and must not keep the program alive.
        std::thread::spawn(move || {
            let mut input = open();
            while wishes.recv().is_ok() {
                let mut line = String::new();
                let bytes = input.read_line(&mut line);
                line.truncate(line.trim_end_matches(['\n', '\r']).len());
                if sender.send(bytes.is_ok_and(|bytes| bytes > 0).then_some(line)).is_err() {
                    return;
                }
            }
        });
        Self { wanted, read, outstanding: None, forget }
    }

    /// Forgets what a person has typed ahead: it cannot be an answer to what is about to be asked.
    pub(super) fn forget(&self) {
        (self.forget)();
    }

    /// The next line, wanted for that question unless it was wanted before. May be dropped and called again: a line is
    /// not lost.
    pub(super) async fn next(&mut self, question: u64) -> Line {
        if self.outstanding.is_none() && self.wanted.send(()).is_err() {
            return Line { question, text: None };
        }
        let question = *self.outstanding.get_or_insert(question);
        let text = self.read.recv().await.flatten();
        self.outstanding = None;
        Line { question, text }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[tokio::test]
    async fn lines_come_on_demand_and_then_the_end() {
        let mut lines = Lines::of(|| Cursor::new("one\r\n\ntwo"), || ());
        let line = |question, text: Option<&str>| Line { question, text: text.map(str::to_owned) };
        assert_eq!(lines.next(1).await, line(1, Some("one")));
        assert_eq!(lines.next(2).await, line(2, Some("")));
        assert_eq!(lines.next(3).await, line(3, Some("two")));
        assert_eq!(lines.next(4).await, line(4, None));
    }

    #[tokio::test]
    async fn a_line_that_was_wanted_for_one_question_says_so_when_it_comes_during_another() {
        let (sender, receiver) = std::sync::mpsc::channel::<()>();
        let mut lines = Lines::of(
            move || {
                // Nothing is there to read until the test says so.
                let _ = receiver.recv();
                Cursor::new("late\nnew\n")
            },
            || (),
        );
        tokio::select! {
            biased;
            _ = lines.next(1) => panic!("there was nothing to read"),
            () = std::future::ready(()) => {}
        }
        sender.send(()).unwrap();
        assert_eq!(lines.next(2).await, Line { question: 1, text: Some("late".to_owned()) });
        assert_eq!(lines.next(2).await, Line { question: 2, text: Some("new".to_owned()) });
    }
}
