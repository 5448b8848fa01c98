//! One entry of every kind by which a log tells what became of its store: copies, what was put back, and successors.

use callout::base::{Digest, LogId, Seq};
use callout::journal::{
    Entry, Fact, Frontier, Head, Line, LogEvent, Point, Predecessor, Reference, Relation, RestoredBy, StoreKind,
    leaf_of,
};
use callout::run::Event;

use super::examples::{commitment, draft, log, planned, run, uuid};

fn point(log: LogId, entries: u64) -> Point {
    let root = Frontier::over((0..entries).map(|seq| leaf_of(&seq.to_be_bytes()))).root();
    Point { log, entries, root }
}

fn other() -> LogId {
    LogId::new(uuid(0xff))
}

fn predecessors() -> [Predecessor; 3] {
    let file = Digest::of_parts(&[b"a damaged file"]);
    let unread = Predecessor { whole: None, leaf: None, marked: None, file, wal: None, repeated: 0 };
    let whole = Some(point(other(), 4));
    let leaf = Some(leaf_of(b"the last whole record"));
    [
        Predecessor { whole, leaf, repeated: 2, ..unread.clone() },
        Predecessor {
            whole,
            leaf,
            marked: Some(point(other(), 7)),
            wal: Some(Digest::of_parts(&[])),
            ..unread.clone()
        },
        unread,
    ]
}

/// The facts, entry 0 first. A log that succeeds another says so in entry 1 only, but each can be read wherever it stands.
pub(crate) fn facts() -> Vec<Fact> {
    let mut facts = vec![Fact::Log(LogEvent::Created { estate: StoreKind::Simulated })];
    facts.extend(predecessors().map(|predecessor| Fact::Log(LogEvent::Succeeds(predecessor))));
    facts.extend([Fact::Run(planned()), Fact::Run(Event::Taken { fence: 1, pid: 4711 })]);
    let file = Digest::of_parts(&[b"a copy"]);
    let (before, after) = (Some(point(log(), 9)), point(log(), 6));
    facts.extend([
        Fact::Log(LogEvent::BackedUp { point: after, file }),
        Fact::Log(LogEvent::Restored { by: RestoredBy::Command, before, after }),
        Fact::Log(LogEvent::Restored { by: RestoredBy::Mark, before: Some(point(other(), 2)), after }),
        Fact::Log(LogEvent::Restored { by: RestoredBy::Command, before: None, after }),
        Fact::Log(LogEvent::Cut {}),
        Fact::Log(LogEvent::Released { reason: commitment("the version had been set") }),
    ]);
    facts
}

/// All of [`facts`] in their places, with their lines.
pub(crate) fn entries() -> Vec<(Entry, Line)> {
    let mut head = Head::of_new(log());
    let place = |(number, fact): (u32, Fact)| {
        let mut draft = draft(number, fact);
        match &draft.fact {
            Fact::Log(LogEvent::Cut {} | LogEvent::Released { .. }) => draft.run = Some(run()),
            Fact::Run(_) => {
                draft.refs = vec![Reference { log: other(), seq: Seq(2), rel: Relation::Repeats }];
            }
            _ => {}
        }
        head.place(&draft).unwrap()
    };
    (0..).zip(facts()).map(place).collect()
}
