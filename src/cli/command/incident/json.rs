use serde_json::{Value as Json, json};

use crate::base::Timestamp;
use crate::projection::IncidentBoard;

/// An incident in a list for a program.
pub(super) fn line(board: &IncidentBoard, now: Timestamp) -> Json {
    json!({
        "id": board.id,
        "short": board.id.short(),
        "title": board.title,
        "severity": board.severity,
        "status": board.status,
        "open": board.status.is_open(),
        "environment": board.environment,
        "simulated": board.simulated,
        "began": board.began,
        "ended": board.ended,
        "reopened": board.reopened,
        "elapsed_s": board.elapsed(now).microseconds() / 1_000_000,
        "playbook": board.playbook.as_ref().map(|playbook| &playbook.id),
        "runs": board.runs.iter().map(|line| line.run).collect::<Vec<_>>(),
    })
}

/// All of an incident but its timeline, for a program.
pub(super) fn document(board: &IncidentBoard, now: Timestamp) -> Json {
    let mut document = line(board, now);
    let tick = |number: usize| board.tick(number).map(|tick| json!({ "at": tick.at, "remark": tick.remark }));
    let playbook = board.playbook.as_ref().map(|playbook| {
        let actions = (1..).zip(&playbook.guide.first_five);
        let actions = actions.map(|(number, action)| {
            json!({ "number": number, "do": action.text, "runbook": action.runbook, "check": action.check,
                    "ticked": tick(number) })
        });
        json!({
            "id": playbook.id,
            "version": playbook.version,
            "revision": playbook.revision,
            "first_five": actions.collect::<Vec<_>>(),
            "runbooks": playbook.guide.runbooks.iter().map(|one| &one.runbook).collect::<Vec<_>>(),
            "exit_criteria": playbook.guide.exit_criteria,
        })
    });
    let roles = board.roles.iter().map(|(role, who)| json!({ "role": role, "who": who }));
    let milestones = board.milestones.iter().map(|(milestone, at)| json!({ "milestone": milestone, "at": at }));
    let runs = board.runs.iter().map(|line| {
        json!({ "id": line.run, "short": line.run.short(), "runbook": line.runbook, "state": line.state,
                "open": line.open })
    });
    document["summary"] = json!(board.summary);
    document["roles"] = roles.collect();
    document["milestones"] = milestones.collect();
    document["playbook"] = json!(playbook);
    document["runs"] = runs.collect();
    document
}
