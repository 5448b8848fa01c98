use serde_json::{Value as Json, json};

use super::report::Report;
use crate::base::{RunId, Timestamp};

/// A past drill in one line.
#[derive(Clone, Debug)]
pub struct DrillLine {
    /// The run.
    pub run: RunId,
    /// The programme, or the runbook that was drilled by itself.
    pub programme: String,
    /// When it began to count.
    pub at: Timestamp,
    /// The run's state.
    pub state: String,
    /// Whether the estate was the simulator's.
    pub simulated: bool,
    /// The verdict of the whole.
    pub verdict: &'static str,
    /// Each objective, `RTO met: 17m measured, 1h allowed`.
    pub objectives: Vec<String>,
    /// What was proven, in percent of all steps.
    pub percent: usize,
    /// How many things were done otherwise than as written.
    pub deviations: usize,
    document: Json,
}

impl DrillLine {
    /// The line of a report.
    pub fn of(report: &Report) -> Self {
        let whole = report.document();
        Self {
            run: report.run,
            programme: format!("{} {}", report.programme, report.version),
            at: report.impact,
            state: report.state.clone(),
            simulated: report.simulated,
            verdict: report.verdict().name(),
            objectives: report.objectives.iter().map(ToString::to_string).collect(),
            percent: report.coverage.percent(),
            deviations: report.deviations.len(),
            document: json!({
                "run": report.run,
                "programme": report.programme,
                "version": report.version,
                "at": report.impact,
                "state": report.state,
                "simulated": report.simulated,
                "verdict": report.verdict().word(),
                "objectives": whole["objectives"],
                "coverage": whole["coverage"],
                "deviations": report.deviations.len(),
            }),
        }
    }

    /// The line for a program.
    pub const fn document(&self) -> &Json {
        &self.document
    }
}
