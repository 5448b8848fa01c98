//! What a drill has shown: a fold of its run, in the forms in which people hand it on.
//!
//! What comes in: the run's state and its entries, what beside the log belongs to them, and whether the log's chain was
//! verified. What goes out: a [`Report`] with people, objectives, times, steps, deviations, what is left to repair and what
//! was not tested, as Markdown, JSON or one page of HTML; of many drills a [`DrillLine`] each, and for each runbook when it
//! was last [`proven`](Proof). Nothing in it was typed in afterwards, and everything can be made again from the log.
//!
//! Deliberately absent: any judgement that the log does not bear. What was not measured is said to be not measured, and a
//! simulated drill says on every page that it is no evidence of a recovery in production.

mod chart;
mod evidence;
mod follow_up;
mod history;
mod html;
mod json;
mod markdown;
mod measure;
mod people;
mod proof;
#[expect(clippy::module_inception, reason = "a file is named after its main type")]
mod report;
mod standing;
mod svg;

pub use chart::{Bar, Chart, Stretch};
pub use evidence::{Reached, Seen, Touched};
pub use history::DrillLine;
pub use measure::{Coverage, Objective, ObjectiveKind, Verdict};
pub use people::Person;
pub use proof::Proof;
pub use report::{Chain, Cleanup, Integrity, Part, Report};
pub use standing::{Standing, StepResult};
