//! One entry of every kind in which people tell of an incident, and of every shape that a kind can take.

use callout::base::{Digest, IncidentId, Span, Value};
use callout::incident::{Adopted, Event, Milestone, Severity, Status};
use callout::journal::{Draft, Entry, Fact, Head, Line, LogEvent, StoreKind};
use callout::runbook::{
    Alert, AlertSource, Escalation, FirstAction, Guide, IncidentSeverity, Level, Message, Moment, Role, Suggestion,
    Template,
};

use super::examples::{commitment, draft, log, moment, run, uuid};

fn incident() -> IncidentId {
    IncidentId::new(uuid(0x1c))
}

fn guide() -> Guide {
    let level = |who: &str, minutes, only| Level {
        who: who.into(),
        how: "by telephone".into(),
        after: Span::minutes(minutes),
        only,
    };
    let text = "${{ incident.severity }}: ${{ incident.title }}";
    Guide {
        symptoms: vec!["Errors began with a swap".into()],
        alerts: vec![Alert { name: "errors".into(), source: AlertSource::AzureMonitor }],
        severity: vec![(IncidentSeverity::Sev1, "Nobody can use it".into())],
        first_five: vec![
            FirstAction { text: "Hold deployments.".into(), runbook: None, check: None },
            FirstAction {
                text: "Roll back.".into(),
                runbook: Some("rollback".into()),
                check: Some("webapp.health".into()),
            },
        ],
        escalation: Escalation {
            levels: vec![level("On call", 0, vec![]), level("Head", 30, vec![IncidentSeverity::Sev1])],
            repeat: 2,
        },
        roles: vec![(Role::Commander, "Second engineer".into())],
        messages: vec![Message {
            audience: "all".into(),
            moment: Moment::Declared,
            text: Template::parse(text).unwrap(),
        }],
        runbooks: vec![Suggestion {
            runbook: "rollback".into(),
            when: "It began with the swap".into(),
            with: vec![("app".into(), Value::text("chatbot-web"))],
            open: vec!["standby".into()],
        }],
        exit_criteria: vec!["The health page is well".into()],
    }
}

fn playbook() -> Box<Adopted> {
    Box::new(Adopted {
        id: "bad-release".into(),
        version: "1.0.0".into(),
        title: "A release went wrong".into(),
        text: Digest::of_parts(&[b"a playbook"]),
        revision: "built in".into(),
        guide: guide(),
    })
}

/// The facts, entry 0 first.
pub(crate) fn facts() -> Vec<Fact> {
    let incident = incident();
    let said = |text| commitment(text);
    let declared = |severity, started_at| Event::Declared {
        incident,
        title: said("errors after the swap"),
        severity,
        environment: "sim".into(),
        started_at,
    };
    let events = [
        declared(Severity::Pending, None),
        declared(Severity::Sev1, Some(moment())),
        Event::Renamed { incident, title: said("errors") },
        Event::Summarised { incident, summary: said("one in twenty requests fails") },
        Event::SeveritySet { incident, severity: Severity::Sev2, reason: None },
        Event::SeveritySet { incident, severity: Severity::Sev3, reason: Some(said("only staging")) },
        Event::StatusSet { incident, status: Status::Resolved, reason: None },
        Event::StatusSet { incident, status: Status::Investigating, reason: Some(said("back again")) },
        Event::RoleSet { incident, role: Role::Commander, who: said("somebody") },
        Event::MilestoneSet { incident, milestone: Milestone::Detected, at: moment() },
        Event::IncidentNoted { incident, text: said("called the vendor"), at: None },
        Event::IncidentNoted { incident, text: said("the alert"), at: Some(moment()) },
        Event::PlaybookSet { incident, playbook: playbook() },
        Event::Ticked { incident, playbook: "bad-release".into(), number: 1, remark: None },
        Event::Ticked { incident, playbook: "bad-release".into(), number: 2, remark: Some(said("done by hand")) },
        Event::Attached { incident, attached: run() },
        Event::Detached { incident, detached: run() },
    ];
    let mut facts = vec![Fact::Log(LogEvent::Created { estate: StoreKind::Simulated })];
    facts.extend(events.map(Fact::Incident));
    facts
}

/// All of [`facts`] in their places, with their lines.
pub(crate) fn entries() -> Vec<(Entry, Line)> {
    let mut head = Head::of_new(log());
    let place = |(number, fact): (u32, Fact)| {
        let run = if let Fact::Incident(event) = &fact { event.run() } else { None };
        head.place(&Draft { run, ..draft(number, fact) }).unwrap()
    };
    (0..).zip(facts()).map(place).collect()
}
