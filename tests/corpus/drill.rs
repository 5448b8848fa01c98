//! One entry of every kind that came with drills.

use callout::base::Span;
use callout::journal::{Entry, Fact, Head, Line, LogEvent, StoreKind};
use callout::plan::Plan;
use callout::run::{Attendee, Broken, BrokenBy, Event, Preparation};
use callout::runbook::{Breakage, Exercise, Given, Participant, Recovered, Role, Trouble};

use super::examples::{commitment, draft, log, moment, planned};

fn breakage(trouble: Trouble, name: Option<&str>) -> Breakage {
    Breakage { trouble, of: "chatbot-web".into(), name: name.map(str::to_owned) }
}

fn exercise() -> Exercise {
    let given = |output: &str| Given { step: "restore".into(), output: output.into() };
    Exercise {
        scenario: "A release went out".into(),
        breaks: vec![
            breakage(Trouble::BadRelease, None),
            breakage(Trouble::SecretLeaked, Some("session-secret")),
            breakage(Trouble::IndexDeleted, Some("docs")),
            breakage(Trouble::RowsCorrupted, None),
        ],
        rto: Span::minutes(60),
        rpo: Some(Span::minutes(5)),
        recovered: Some(Recovered { newest: given("newest"), point: Some(given("point")) }),
        coverage: Some(60),
        participants: Role::ALL.map(|role| Participant { role, who: format!("a {}", role.word()) }).to_vec(),
        cadence: "quarterly".into(),
        success_criteria: vec!["All is well".into()],
        not_tested: vec!["Another region".into()],
        cleanup: vec![callout::base::StepId::new("clear-away")],
    }
}

/// The facts in an order that a run could have written them in, entry 0 first.
pub(crate) fn facts() -> Vec<Fact> {
    let Event::Planned { plan, .. } = planned() else { unreachable!("it is planned") };
    let plan = Plan { exercise: Some(Box::new(exercise())), ..*plan };
    let exercise = plan.exercise_digest().unwrap().unwrap();
    let digest = plan.digest().unwrap();
    let broken = |breakage, by, at| Broken { breakage, by, at };
    let prepared = Preparation {
        exercise,
        people: vec![Attendee { role: Role::Observer, name: commitment("A. Nother") }],
        broken: vec![
            broken(breakage(Trouble::BadRelease, None), BrokenBy::Simulator, Some(moment())),
            broken(breakage(Trouble::RowsCorrupted, None), BrokenBy::Person, None),
        ],
    };
    let bare = Preparation { exercise, people: Vec::new(), broken: Vec::new() };
    vec![
        Fact::Log(LogEvent::Created { estate: StoreKind::Simulated }),
        Fact::Run(Event::Planned { plan: Box::new(plan), digest }),
        Fact::Run(Event::Prepared(Box::new(prepared))),
        Fact::Run(Event::Prepared(Box::new(bare))),
    ]
}

/// All of [`facts`] in their places, with their lines.
pub(crate) fn entries() -> Vec<(Entry, Line)> {
    let mut head = Head::of_new(log());
    (0..).zip(facts()).map(|(number, fact)| head.place(&draft(number, fact)).unwrap()).collect()
}
