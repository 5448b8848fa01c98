//! Folds of the journal: throw them away and they come back.
//!
//! What comes in: entries. What goes out: the board of a run, its timeline, the audit bundle and its verdict, the
//! report of a drill.
//! Deliberately absent: any decision, and any way to ask for more than the journal holds.

mod audit;
mod board;
mod bundle;
mod desk;
mod details;
mod durations;
mod incident_board;
mod incident_story;
mod make;
mod needs;
mod report;
mod timeline;
mod verify;

pub use audit::AuditFormat;
pub use board::{
    Answer, Board, Choice, Entry, Fact, FormField, Header, Mark, Need, Question, Reason, StepLine, TimelineLine,
};
pub use bundle::{BundleFile, BundleWriter, CHECKPOINT, LEAVES, RECORDS};
pub use desk::{Desk, DeskAnswer, IncidentLine, StartPage};
pub use durations::Durations;
pub use incident_board::{IncidentBoard, RunLine, TickLine, incident_state};
pub use incident_story::StoryLine;
pub use make::{revision, state_word};
pub use report::{
    Bar, Chain, Chart, Cleanup, Coverage, DrillLine, Integrity, Objective, ObjectiveKind, Part, Person, Proof, Reached,
    Report, Seen, Standing, StepResult, Stretch, Touched, Verdict,
};
pub use timeline::Timeline;
pub use verify::{CAVEAT, Fault, Intact, Kin, Seam, StoreVerdict, VerifyError, verify_bundle, verify_store};
