use serde_json::{Value as Json, json};

use super::chart::Stretch;
use super::report::{Chain, Report};
use crate::base::Span;
use crate::run::ConsentBy;

/// A length of time in seconds, with its fraction.
fn seconds(span: Span) -> Json {
    // A drill of centuries would lose a microsecond here.
    #[expect(clippy::cast_precision_loss, reason = "a length of time of less than 285 years is exact")]
    let seconds = span.microseconds() as f64 / 1e6;
    json!(seconds)
}

const fn consent(how: ConsentBy) -> &'static str {
    match how {
        ConsentBy::Enter => "enter",
        ConsentBy::ReadBack => "read_back",
        ConsentBy::Headless => "headless",
    }
}

impl Report {
    /// The report for a program. Lengths of time are numbers of seconds, in members whose names end in `_s`; moments are
    /// RFC 3339; what was not measured is null.
    pub fn document(&self) -> Json {
        let parts = [self.what(), self.who_and_when(), self.measured(), self.follow_up()];
        let members = parts.into_iter().filter_map(|part| match part {
            Json::Object(members) => Some(members),
            _ => None,
        });
        Json::Object(members.flatten().collect())
    }

    /// What was drilled, where, and how real that is.
    fn what(&self) -> Json {
        json!({
            "run": self.run,
            "programme": self.programme,
            "version": self.version,
            "title": self.title,
            "owner": self.owner,
            "type": self.kind(),
            "simulated": self.simulated,
            "watermark": self.watermark(),
            "revision": {"origin": self.revision.0, "text": self.revision.1},
            "plan_digest": self.plan,
            "objectives_digest": self.fixed,
            "environment": self.environment,
            "subscription": self.subscription,
            "scope": self.bounds,
            "touched": self.touched.iter().map(|one| json!({
                "what": one.what, "effects": one.effects, "bound": one.is_bound,
            })).collect::<Json>(),
            "scenario": self.exercise.as_ref().map(|exercise| &exercise.scenario),
            "success_criteria": self.exercise.as_ref().map(|exercise| &exercise.success_criteria),
            "broken": self.broken,
        })
    }

    fn who_and_when(&self) -> Json {
        json!({
            "state": self.state,
            "is_over": self.is_over,
            "planned_at": self.planned,
            "impact_at": self.impact,
            "ended_at": Some(self.ended).filter(|_| self.is_over),
            "told_until": self.ended,
            "clock": self.clock,
            "people": self.people.iter().map(|one| json!({
                "role": one.role.word(), "planned": one.planned, "named": one.named,
            })).collect::<Json>(),
            "actors": self.actors,
        })
    }

    fn measured(&self) -> Json {
        json!({
            "verdict": self.verdict().word(),
            "objectives": self.objectives.iter().map(|one| json!({
                "kind": one.kind.word(),
                "target_s": seconds(one.target),
                "measured_s": one.measured.map(seconds),
                "claimed_s": one.claimed.map(seconds),
                "verdict": one.verdict.word(),
                "note": one.note,
            })).collect::<Json>(),
            "milestones": self.milestones.iter().map(|one| json!({
                "milestone": one.name, "step": one.step, "at": one.at,
            })).collect::<Json>(),
            "forecast": {
                "at_least_s": seconds(self.forecast.at_least()),
                "people": self.forecast.people.len(),
                "not_known": self.forecast.unknown.len(),
            },
            "checks": self.seen.iter().map(|one| json!({
                "step": one.step, "passed": one.passed, "seen": one.seen,
            })).collect::<Json>(),
            "coverage": self.coverage(),
            "time": self.time(),
            "runbooks": self.runbooks(),
            "steps": self.step_list(),
            "chart": self.chart_document(),
            "integrity": self.integrity_document(),
        })
    }

    fn follow_up(&self) -> Json {
        json!({
            "deviations": self.deviations,
            "remediation": self.remediation,
            "notes": self.notes.iter().map(|(at, text)| json!({"at": at, "text": text})).collect::<Json>(),
            "not_tested": self.not_tested,
            "cleanup": self.cleanup.iter().map(|one| json!({
                "step": one.step, "done": one.done, "verified": one.done && one.checks > 0, "checks": one.checks,
            })).collect::<Json>(),
            "standing": self.standing,
        })
    }

    fn coverage(&self) -> Json {
        json!({
            "steps": self.coverage.total(),
            "proven": self.coverage.proven,
            "substituted": self.coverage.substituted,
            "not_reached": self.coverage.not_reached,
            "failed": self.coverage.failed,
            "percent": self.coverage.percent(),
            "target_percent": self.coverage.target,
            "verdict": self.coverage.verdict.map(super::Verdict::word),
        })
    }

    fn time(&self) -> Json {
        let durations = &self.durations;
        json!({
            "total_s": seconds(durations.total),
            "machine_s": seconds(durations.machine),
            "operator_s": seconds(durations.operator),
            "azure_s": seconds(durations.azure),
            "in_doubt_s": seconds(durations.in_doubt),
            "waiting_s": seconds(durations.waiting),
            "standing_still_s": seconds(durations.standing_still),
            "rework": durations.rework,
        })
    }

    fn runbooks(&self) -> Json {
        let parts = self.parts.iter().map(|one| {
            json!({
                "step": one.step,
                "runbook": one.runbook,
                "revision": {"origin": one.revision.0, "text": one.revision.1},
                "outcome": one.outcome,
                "took_s": one.took.map(seconds),
                "restored_s": one.restored.map(seconds),
                "target_s": one.rto.map(seconds),
            })
        });
        parts.collect()
    }

    fn step_list(&self) -> Json {
        let steps = self.steps.iter().map(|one| {
            json!({
                "step": one.path,
                "title": one.title,
                "changes": one.changes,
                "standing": one.standing.word(),
                "why": Some(one.standing.why()).filter(|why| !why.is_empty()),
                "started_at": one.started,
                "ended_at": one.ended,
                "took_s": one.started.zip(one.ended).map(|(from, to)| seconds(to.since(from))),
                "expected_s": seconds(one.expected),
                "attempts": one.attempts,
                "items": one.items,
                "consent": one.consent.map(consent),
            })
        });
        steps.collect()
    }

    fn chart_document(&self) -> Json {
        let stretch = |one: Stretch| json!({"from_s": seconds(one.from), "until_s": seconds(one.until)});
        json!({
            "planned_s": seconds(self.chart.planned),
            "actual_s": seconds(self.chart.actual),
            "critical_path": self.chart.critical,
            "bars": self.chart.bars.iter().map(|bar| json!({
                "step": bar.path,
                "planned": stretch(bar.planned),
                "actual": bar.actual.map(stretch),
                "critical": bar.is_critical,
            })).collect::<Json>(),
        })
    }

    fn integrity_document(&self) -> Json {
        let integrity = &self.integrity;
        json!({
            "log": integrity.log,
            "entries": integrity.entries,
            "root": integrity.root,
            "run_entries": {"first": integrity.span.0, "last": integrity.span.1},
            "head": integrity.head,
            "verified": integrity.chain == Chain::Verified,
            "why_not": if let Chain::Refused(why) = &integrity.chain { Some(why) } else { None },
            "caveat": crate::projection::CAVEAT,
        })
    }
}
