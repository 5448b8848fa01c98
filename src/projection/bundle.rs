use std::io::{self, Write};

use crate::base::LogId;
use crate::journal::{Frontier, Line, checkpoint};

/// The names of a bundle's files that are verified.
pub const RECORDS: &str = "records.jsonl";
/// See [`RECORDS`].
pub const LEAVES: &str = "leaves.txt";
/// See [`RECORDS`].
pub const CHECKPOINT: &str = "checkpoint";

/// Makes an evidence bundle: a folder that a stranger can verify without this program.
///
/// The two long files are written line by line, the short ones come out at the end. The leaves are those that the store
/// keeps beside its lines: a line that was changed in the store does not fit its leaf in the bundle either.
pub struct BundleWriter<W> {
    log: LogId,
    records: W,
    leaves: W,
    frontier: Frontier,
}

/// A short file of a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BundleFile {
    /// Its name in the folder.
    pub name: &'static str,
    /// What it holds.
    pub text: String,
}

impl<W: Write> BundleWriter<W> {
    /// Begins a bundle of a log; `records` becomes [`RECORDS`], `leaves` becomes [`LEAVES`].
    pub fn new(log: LogId, records: W, leaves: W) -> Self {
        Self { log, records, leaves, frontier: Frontier::default() }
    }

    /// Adds the next line; the first must be entry 0, and none may be left out.
    ///
    /// # Errors
    /// The line cannot be written.
    pub fn add(&mut self, line: &Line) -> io::Result<()> {
        writeln!(self.records, "{}", line.text)?;
        writeln!(self.leaves, "{}", line.leaf)?;
        self.frontier.push(line.leaf);
        Ok(())
    }

    /// Flushes the long files and gives them back, records first, and gives the short ones. That a long file is on the
    /// disk only its maker can say.
    ///
    /// # Errors
    /// What was held back cannot be written.
    pub fn finish(mut self) -> io::Result<([W; 2], [BundleFile; 3])> {
        self.records.flush()?;
        self.leaves.flush()?;
        let text = checkpoint(self.log, self.frontier.size(), self.frontier.root());
        let short = [
            BundleFile { name: CHECKPOINT, text },
            BundleFile { name: "verify.py", text: include_str!("../../assets/verify.py").into() },
            BundleFile { name: "README.txt", text: include_str!("../../assets/bundle-readme.txt").into() },
        ];
        Ok(([self.records, self.leaves], short))
    }
}
