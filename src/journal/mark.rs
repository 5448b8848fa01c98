use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::{StoreKind, checkpoint};
use crate::base::{Digest, LogId};

/// How far a log is: what its checkpoint says ([`checkpoint`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point {
    /// The log.
    pub log: LogId,
    /// The number of its entries.
    pub entries: u64,
    /// The Merkle root over them.
    pub root: Digest,
}

/// What stands beside a store to remember how far it was, so that a store which was put back to an earlier state is
/// noticed: a checkpoint, the last leaf, and the kind of estate. Since every record holds the leaf before it, the last leaf
/// alone tells whether a longer log goes on from here, without reading what came before.
///
/// It guards against accidents: a file that was copied back, a database without its `-wal`, another store in its place. It
/// is no anchor: whoever can write the store can write the mark, and a folder that is restored as a whole brings both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// How far the log was.
    pub point: Point,
    /// The leaf of its last entry.
    pub leaf: Digest,
    /// The kind of estate that the store belongs to.
    pub estate: StoreKind,
}

impl Mark {
    /// The mark's file: the three lines of the checkpoint, then `leaf` in hexadecimal, then `estate`.
    pub fn text(&self) -> String {
        let Point { log, entries, root } = self.point;
        let estate = match self.estate {
            StoreKind::Live => "live",
            StoreKind::Simulated => "simulated",
        };
        format!("{}leaf {}\nestate {estate}\n", checkpoint(log, entries, root), self.leaf)
    }

    /// Reads the file back; none if it is anything but a whole mark.
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        let log = lines.next()?.strip_prefix("callout/")?.parse().ok()?;
        let entries = lines.next()?.parse().ok()?;
        let root = STANDARD.decode(lines.next()?).ok()?;
        let leaf = Digest::parse(lines.next()?.strip_prefix("leaf ")?)?;
        let estate = match lines.next()?.strip_prefix("estate ")? {
            "live" => StoreKind::Live,
            "simulated" => StoreKind::Simulated,
            _ => return None,
        };
        let point = Point { log, entries, root: Digest::from_bytes(root.try_into().ok()?) };
        let mark = Self { point, leaf, estate };
        (entries > 0 && mark.text() == text).then_some(mark)
    }
}

/// What a store holds of what the mark beside it remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remembered {
    /// Nothing is remembered of it: there is no mark, or none that can be read.
    Nothing,
    /// It holds all that the mark remembers, and perhaps more.
    Held,
    /// It does not hold what the mark remembers: it is shorter, it went on differently, or it is another log.
    Lost(Mark),
}

impl Remembered {
    /// Judges a log by its id and by the leaf, if there is one, at the place of the last entry that the mark remembers.
    pub fn of(mark: Option<Mark>, log: LogId, leaf: Option<Digest>) -> Self {
        match mark {
            None => Self::Nothing,
            Some(mark) if mark.point.log == log && leaf == Some(mark.leaf) => Self::Held,
            Some(mark) => Self::Lost(mark),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{Frontier, leaf_of};

    fn mark(estate: StoreKind) -> Mark {
        let leaf = leaf_of(b"x");
        let log = LogId::new(uuid::Uuid::from_bytes([1, 0x93, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 1]));
        Mark { point: Point { log, entries: 1, root: Frontier::over([leaf]).root() }, leaf, estate }
    }

    #[test]
    fn a_mark_is_read_back_and_anything_else_is_none() {
        for estate in [StoreKind::Live, StoreKind::Simulated] {
            let text = mark(estate).text();
            assert_eq!(Mark::parse(&text), Some(mark(estate)));
            for end in 0..text.len() {
                assert_eq!(Mark::parse(&text[..end]), None, "cut off after {end} bytes");
            }
            assert_eq!(Mark::parse(&format!("{text}{text}")), None);
            assert_eq!(Mark::parse(&text.replace("\n1\n", "\n0\n")), None);
        }
    }

    #[test]
    fn a_log_stands_as_marked_if_it_has_the_marked_leaf_in_its_place() {
        let mark = mark(StoreKind::Live);
        let log = mark.point.log;
        assert_eq!(Remembered::of(None, log, None), Remembered::Nothing);
        assert_eq!(Remembered::of(Some(mark), log, Some(mark.leaf)), Remembered::Held);
        for (log, leaf) in
            [(log, None), (log, Some(leaf_of(b"y"))), (LogId::new(uuid::Uuid::from_u128(9)), Some(mark.leaf))]
        {
            assert_eq!(Remembered::of(Some(mark), log, leaf), Remembered::Lost(mark));
        }
    }
}
