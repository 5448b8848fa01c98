use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::base::{Commitment, Digest, IncidentId, RunId, Timestamp};
use crate::runbook::{Content, Role, Shelf, check_playbook, shipped_playbooks};

fn id(number: u64) -> IncidentId {
    IncidentId::new(Uuid::from_u64_pair(9, number))
}

fn run(number: u64) -> RunId {
    RunId::new(Uuid::from_u64_pair(8, number))
}

fn text(text: &str) -> Commitment {
    Commitment::to_text(text, &[7; 32])
}

fn minute(minute: u32) -> Timestamp {
    Timestamp::from_seconds(1_795_144_200 + i64::from(minute) * 60)
}

fn adopted(name: &str) -> Box<Adopted> {
    let file = format!("{name}.yaml");
    let (_, bytes) = shipped_playbooks().iter().find(|(known, _)| *known == file).unwrap();
    let playbook = check_playbook(&file, bytes.as_bytes(), &Shelf::shipped()).playbook.unwrap();
    let Content::Guide(guide) = playbook.content else { panic!("{name} is no guide") };
    let (version, title) = (playbook.version, playbook.title);
    let revision = "built in".to_owned();
    Box::new(Adopted { id: playbook.id, version, title, text: Digest::of_parts(&[bytes.as_bytes()]), revision, guide })
}

/// An incident, and a person who talks about it minute by minute.
struct Talk {
    state: IncidentState,
    now: u32,
}

impl Talk {
    fn declared() -> Self {
        let mut state = IncidentState::new(id(1));
        let (title, environment) = (text("errors"), "sim".to_owned());
        state.evolve(
            minute(0),
            &Event::Declared { incident: id(1), title, severity: Severity::Sev2, environment, started_at: None },
        );
        Self { state, now: 0 }
    }

    fn say(&mut self, word: Word) -> Said {
        self.now += 1;
        let said = decide(&self.state, word, minute(self.now));
        for event in &said.events {
            self.state.evolve(minute(self.now), event);
        }
        said
    }
}

#[test]
fn a_second_resolve_is_a_sentence() {
    let mut talk = Talk::declared();
    assert_eq!(talk.say(Word::Move(Status::Resolved, None)).events.len(), 2);
    let again = talk.say(Word::Move(Status::Resolved, None));
    assert_eq!(
        (again.events.len(), again.remarks),
        (0, vec!["it is resolved already, since 2026-11-20 03:11Z".into()])
    );
    let with_reason = talk.say(Word::Move(Status::Resolved, Some(text("really"))));
    assert_eq!(with_reason.events.len(), 1, "a text is kept");
    assert_eq!(talk.state.milestones[&Milestone::Resolved], minute(1), "the moment is that of the first");
}

#[test]
fn what_is_opened_again_is_resolved_anew() {
    let mut talk = Talk::declared();
    talk.say(Word::Move(Status::Resolved, None));
    let reopened = talk.say(Word::Move(Status::Investigating, None));
    assert_eq!(reopened.remarks, ["it was resolved, and is open again"]);
    assert_eq!(talk.state.ended(), None);
    talk.say(Word::Move(Status::Resolved, None));
    assert_eq!(talk.state.ended(), Some(minute(3)));
}

#[test]
fn a_milestone_that_was_set_by_hand_is_not_moved_by_the_status() {
    let mut talk = Talk::declared();
    talk.say(Word::Move(Status::Identified, None));
    talk.say(Word::Mark(Milestone::Mitigated, minute(1)));
    talk.say(Word::Move(Status::Monitoring, None));
    assert_eq!(talk.state.milestones[&Milestone::Mitigated], minute(1));
}

#[test]
fn milestones_that_do_not_follow_one_another_are_kept_and_told() {
    let mut talk = Talk::declared();
    talk.say(Word::Mark(Milestone::Detected, minute(0)));
    let said = talk.say(Word::Mark(Milestone::Started, minute(1)));
    assert_eq!(said.remarks, ["started at 2026-11-20 03:11Z is after detected at 2026-11-20 03:10Z"]);
    assert_eq!(talk.state.began(), Some(minute(1)));
}

#[test]
fn a_milestone_that_is_still_to_come_is_kept_and_told() {
    let mut talk = Talk::declared();
    let said = talk.say(Word::Mark(Milestone::Mitigated, minute(90)));
    assert_eq!(said.remarks, ["2026-11-20 04:40Z is still to come"]);
    assert_eq!(talk.state.milestones[&Milestone::Mitigated], minute(90));
}

#[test]
fn first_actions_are_ticked_once_and_a_remark_is_never_lost() {
    let mut talk = Talk::declared();
    let without = talk.say(Word::Tick(1, Some(text("held"))));
    assert!(matches!(without.events[..], [Event::IncidentNoted { .. }]), "{without:?}");
    talk.say(Word::Adopt(adopted("bad-release")));
    assert_eq!(talk.say(Word::Tick(1, None)).events.len(), 1);
    assert_eq!(talk.say(Word::Tick(1, None)).remarks, ["first action 1 is ticked already, at 03:13:00Z"]);
    assert_eq!(talk.say(Word::Tick(1, Some(text("also staging")))).events.len(), 1);
    assert_eq!(talk.say(Word::Tick(6, None)).remarks, ["`bad-release` has the first actions 1 to 5"]);
    assert_eq!(talk.state.ticks.len(), 1);
}

#[test]
fn another_playbook_begins_with_nothing_ticked() {
    let mut talk = Talk::declared();
    talk.say(Word::Adopt(adopted("bad-release")));
    talk.say(Word::Tick(2, None));
    assert!(talk.say(Word::Adopt(adopted("bad-release"))).events.is_empty());
    let said = talk.say(Word::Adopt(adopted("secret-leaked")));
    assert_eq!(said.remarks, ["what was ticked of `bad-release` stays on the timeline"]);
    assert!(talk.state.ticks.is_empty());
    // A tick that was under way for the other one is not taken for one of these.
    let late = Event::Ticked { incident: id(1), playbook: "bad-release".into(), number: 3, remark: None };
    talk.state.evolve(minute(9), &late);
    assert!(talk.state.ticks.is_empty());
}

#[test]
fn a_playbook_travels_as_data() {
    let event = Event::PlaybookSet { incident: id(1), playbook: adopted("secret-leaked") };
    let written = serde_json::to_string(&event).unwrap();
    assert_eq!(serde_json::from_str::<Event>(&written).unwrap(), event);
}

#[test]
fn a_run_is_attached_once_and_can_be_let_go() {
    let mut talk = Talk::declared();
    assert_eq!(talk.say(Word::Attach(run(1))).events.len(), 1);
    assert_eq!(talk.say(Word::Attach(run(1))).events.len(), 0);
    assert_eq!(talk.say(Word::Detach(run(2))).events.len(), 0);
    assert_eq!(talk.say(Word::Detach(run(1))).events.len(), 1);
    assert!(talk.state.runs.is_empty());
}

fn words() -> impl Strategy<Value = Word> {
    let severity = (0..5_usize).prop_map(|at| Severity::WORDS[at].1);
    let status = (0..7_usize).prop_map(|at| Status::WORDS[at].1);
    let milestone = (0..8_usize).prop_map(|at| Milestone::WORDS[at].1);
    let reason = || prop::option::of("[a-z]{1,4}".prop_map(|said| text(&said)));
    let playbook = prop_oneof![Just("bad-release"), Just("secret-leaked")].prop_map(adopted);
    prop_oneof![
        Just(Word::Rename(text("other"))),
        Just(Word::Summarise(text("known"))),
        (severity, reason()).prop_map(|(severity, reason)| Word::Rate(severity, reason)),
        (status, reason()).prop_map(|(status, reason)| Word::Move(status, reason)),
        (0..5_usize).prop_map(|at| Word::Assign(Role::ALL[at], text("somebody"))),
        (milestone, 0..600_u32).prop_map(|(milestone, at)| Word::Mark(milestone, minute(at))),
        prop::option::of(0..600_u32).prop_map(|at| Word::Note(text("note"), at.map(minute))),
        playbook.prop_map(Word::Adopt),
        (any::<u8>(), reason()).prop_map(|(number, remark)| Word::Tick(number % 8, remark)),
        (0..3_u64).prop_map(|number| Word::Attach(run(number))),
        (0..3_u64).prop_map(|number| Word::Detach(run(number))),
    ]
}

/// Events as they were really made, each with its moment.
fn events(words: Vec<Word>) -> Vec<(Timestamp, Event)> {
    let mut talk = Talk { state: IncidentState::new(id(1)), now: 0 };
    let said = |word| (talk.say(word).events, minute(talk.now));
    words.into_iter().map(said).flat_map(|(events, at)| events.into_iter().map(move |event| (at, event))).collect()
}

fn folded(mut state: IncidentState, events: &[(Timestamp, Event)]) -> IncidentState {
    for (at, event) in events {
        state.evolve(*at, event);
    }
    state
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_refused_and_nothing_is_left_unsaid(words in prop::collection::vec(words(), 1..30)) {
        let mut talk = Talk::declared();
        for word in words {
            let said = talk.say(word.clone());
            prop_assert!(!said.events.is_empty() || !said.remarks.is_empty(), "{word:?} is answered with nothing");
            for event in &said.events {
                prop_assert_eq!(event.incident(), Some(id(1)));
            }
        }
    }

    #[test]
    fn what_is_said_twice_without_a_text_is_one_thing(word in words(), before in prop::collection::vec(words(), 0..8)) {
        let mut talk = Talk::declared();
        for word in before {
            talk.say(word);
        }
        talk.say(word.clone());
        let once = talk.state.clone();
        let again = talk.say(word.clone());
        let carries = matches!(&word, Word::Rate(_, Some(_)) | Word::Move(_, Some(_)) | Word::Tick(_, Some(_)));
        if !carries {
            prop_assert_eq!(&once, &talk.state, "{:?}: {:?}", word, again);
        }
    }

    #[test]
    fn a_fold_can_be_taken_up_anywhere(words in prop::collection::vec(words(), 0..30), at in 0..60_usize) {
        let events = events(words);
        let (before, after) = events.split_at(at.min(events.len()));
        let whole = folded(IncidentState::new(id(1)), &events);
        prop_assert_eq!(folded(folded(IncidentState::new(id(1)), before), after), whole);
    }

    #[test]
    fn events_in_any_order_are_folded_and_those_of_others_pass_by(
        words in prop::collection::vec(words(), 0..20),
        order in prop::collection::vec(any::<prop::sample::Index>(), 0..60),
    ) {
        let events = events(words);
        let shuffled: Vec<_> = order.iter().filter(|_| !events.is_empty()).map(|at| at.get(&events).clone()).collect();
        let state = folded(IncidentState::new(id(1)), &shuffled);
        prop_assert!(state.ticks.is_empty() || state.playbook.is_some());
        prop_assert_eq!(folded(IncidentState::new(id(2)), &shuffled), IncidentState::new(id(2)));
    }
}
