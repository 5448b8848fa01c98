use super::*;

#[test]
fn an_intent_is_written_only_after_consent_to_the_digest_that_was_shown() {
    let mut story = Story::of(vec![set()]);
    let seen = Ok(vec![("set".into(), looks("v1"))]);
    assert_eq!(story.give(&Input::Observed { step: "set".into(), seen }), ["step.readied"]);
    let begin = Input::Begin { step: "set".into(), attempt: AttemptId::new(Uuid::nil()), seen: Ok(looks("v1")) };
    assert_eq!(story.give(&begin), Vec::<&str>::new(), "nothing begins before consent");
    let wrong = Input::Consent {
        step: "set".into(),
        digest: Digest::of("step-v1", b"another"),
        typed: None,
        how: ConsentBy::Enter,
    };
    assert!(story.try_give(&wrong).unwrap_err().to_string().contains("has changed"));
    let digest = story.state.groups()[0].asked.as_ref().unwrap().digest;
    story.give(&Input::Consent { step: "set".into(), digest, typed: None, how: ConsentBy::Enter });
    assert_eq!(story.give(&begin), ["effect.intent"]);
}

#[test]
fn enter_alone_never_confirms_a_destructive_step() {
    let mut story = Story::of(vec![swap()]);
    story.give(&Input::Observed { step: "swap".into(), seen: Ok(vec![("swap".into(), looks("x"))]) });
    let digest = story.state.groups()[0].asked.as_ref().unwrap().digest;
    for typed in [None, Some(String::new()), Some("we".into())] {
        let consent = Input::Consent { step: "swap".into(), digest, typed, how: ConsentBy::Enter };
        assert!(story.try_give(&consent).is_err());
    }
    let typed = Some("web".into());
    let consent = Input::Consent { step: "swap".into(), digest, typed, how: ConsentBy::ReadBack };
    assert_eq!(story.give(&consent), ["step.confirmed"]);
}

#[test]
fn what_drifted_since_the_consent_voids_it_and_is_asked_anew() {
    let mut story = Story::of(vec![set()]);
    story.consent("set", &looks("v1"));
    let attempt = story.attempt();
    let kinds = story.give(&Input::Begin { step: "set".into(), attempt, seen: Ok(looks("v7")) });
    assert_eq!(kinds, ["step.drifted"]);
    assert!(matches!(owed(&story.state).as_slice(), [Command::Observe { .. }]));
    story.intend("set", &looks("v7"));
}

#[test]
fn an_intent_of_an_older_fence_is_in_doubt_and_is_never_owed_its_sending_again() {
    let mut story = Story::of(vec![set()]);
    story.intend("set", &looks("v1"));
    assert!(matches!(owed(&story.state).as_slice(), [Command::Send { .. }]));
    story.crash_and_take_again();
    assert_eq!(story.phase("set"), Phase::InDoubt);
    assert!(matches!(owed(&story.state).as_slice(), [Command::Probe { .. }]));
}

#[test]
fn an_accepted_operation_is_polled_on_at_its_journaled_address_by_whoever_takes_the_run() {
    let mut story = Story::of(vec![swap()]);
    let attempt = story.intend("swap", &looks("x"));
    story.give(&Input::Answered { attempt, meaning: Meaning::Accepted { handle: handle(), retry_after: Span::ZERO } });
    story.crash_and_take_again();
    assert_eq!(owed(&story.state), [Command::Poll { attempt, handle: handle() }]);
    story.give(&Input::Polled { attempt, progress: crate::effect::Progress::Succeeded });
    assert_eq!(story.state.phase, RunPhase::Ended(RunEnd::Succeeded));
}

#[test]
fn what_an_accepted_operation_gave_is_read_by_its_probe_when_it_is_done() {
    let mut story = Story::of(vec![set()]);
    let attempt = story.intend("set", &looks("v1"));
    story.give(&Input::Answered { attempt, meaning: Meaning::Accepted { handle: handle(), retry_after: Span::ZERO } });
    story.give(&Input::Polled { attempt, progress: crate::effect::Progress::Succeeded });
    assert!(matches!(owed(&story.state).as_slice(), [Command::Probe { .. }]));
    let outputs = Value::record([("version", Value::text("v2"))]);
    let verdict = ProbeVerdict::Happened { outputs, seen: "it carries our tag".into() };
    story.give(&Input::Probed { attempt, verdict, asked_at: story.now });
    assert_eq!(story.state.phase, RunPhase::Ended(RunEnd::Succeeded));
}

#[test]
fn absence_proves_nothing_before_the_settling_time_and_then_a_marked_create_is_sent_as_a_new_attempt() {
    let mut story = Story::of(vec![set()]);
    let attempt = story.intend("set", &looks("v1"));
    story.give(&Input::Answered { attempt, meaning: lost() });
    let probed = |asked_at| Input::Probed { attempt, verdict: did_not(), asked_at };
    let early = probed(story.now);
    assert_eq!(story.give(&early), Vec::<&str>::new(), "too early to believe");
    story.later(Span::minutes(10));
    assert_eq!(story.give(&early), Vec::<&str>::new(), "it was seen too early, however late it is said");
    assert_eq!(story.give(&probed(story.now)), ["effect.reconciled"]);
    assert!(matches!(owed(&story.state).as_slice(), [Command::Begin { .. }]), "the consent still holds");
    story.begin("set", &looks("v1"));
    let numbers: Vec<u32> =
        story.state.instance(&"set".into()).unwrap().attempts.iter().map(|attempt| attempt.intent.number).collect();
    assert_eq!(numbers, [1, 2]);
}

#[test]
fn a_swap_that_left_no_trace_is_never_sent_again_without_a_person_and_a_new_consent() {
    let mut story = Story::of(vec![swap()]);
    let attempt = story.intend("swap", &looks("x"));
    story.give(&Input::Answered { attempt, meaning: lost() });
    story.later(Span::minutes(15));
    story.give(&Input::Probed { attempt, verdict: did_not(), asked_at: story.now });
    assert_eq!(story.phase("swap"), Phase::InDoubt);
    assert_eq!(owed(&story.state), []);
    let word = |typed: Option<&str>| Input::Resolve {
        step: "swap".into(),
        word: Resolution::DidNot { typed: typed.map(str::to_owned), reason: None },
    };
    assert!(story.try_give(&word(None)).is_err(), "the target must be typed");
    story.give(&word(Some("web")));
    assert!(matches!(owed(&story.state).as_slice(), [Command::Observe { .. }]), "consent is asked for anew");
}

#[test]
fn a_person_cannot_declare_that_it_did_not_happen_before_the_probe_has_spoken() {
    let mut story = Story::of(vec![swap()]);
    let attempt = story.intend("swap", &looks("x"));
    story.give(&Input::Answered { attempt, meaning: lost() });
    let word =
        Input::Resolve { step: "swap".into(), word: Resolution::DidNot { typed: Some("web".into()), reason: None } };
    assert!(story.try_give(&word).unwrap_err().to_string().contains("settling time"));
}

#[test]
fn a_failed_verification_is_repeated_without_sending_the_effect_again() {
    let mut verified = set();
    verified.verify = vec![ready_check(None)];
    let mut story = Story::of(vec![verified]);
    let attempt = story.intend("set", &looks("v1"));
    story.give(&Input::Answered { attempt, meaning: happened() });
    let looked = |verdict| Input::Looked { step: "set".into(), index: 0, verdict, outputs: None };
    assert_eq!(story.give(&looked(fail())), ["step.checked", "step.finished"]);
    assert_eq!(story.phase("set"), Phase::Failed);
    story.give(&Input::Retry { step: "set".into() });
    assert!(matches!(owed(&story.state).as_slice(), [Command::Look { .. }]));
    story.give(&looked(pass()));
    assert_eq!(story.state.phase, RunPhase::Ended(RunEnd::Succeeded));
    let intents = story.events.iter().filter(|(_, event)| matches!(event, Event::Intent(_))).count();
    assert_eq!(intents, 1);
}

#[test]
fn a_check_is_asked_again_until_its_time_is_over() {
    let until = Until { every: Span::seconds(5), timeout: Span::minutes(10) };
    let mut story = Story::of(vec![step("ready", StepKind::Check(ready_check(Some(until))))]);
    let looked = Input::Looked { step: "ready".into(), index: 0, verdict: fail(), outputs: None };
    assert_eq!(story.give(&looked), ["step.checked"]);
    assert_eq!(story.give(&looked), Vec::<&str>::new(), "the same verdict is no news");
    story.later(Span::minutes(10));
    assert_eq!(story.give(&looked), ["step.finished"]);
    assert_eq!(story.phase("ready"), Phase::Failed);
}

#[test]
fn a_check_of_a_run_that_is_parked_between_looks_runs_out_and_one_that_a_person_paused_does_not() {
    let until = Until { every: Span::seconds(5), timeout: Span::minutes(10) };
    let looks = |why: PauseReason| {
        let mut story = Story::of(vec![step("ready", StepKind::Check(ready_check(Some(until))))]);
        let looked = Input::Looked { step: "ready".into(), index: 0, verdict: fail(), outputs: None };
        for _ in 0..2 {
            assert_eq!(story.give(&looked), ["step.checked"], "{why:?}");
            story.give(&Input::Pause { why });
            story.later(Span::minutes(6));
            story.crash_and_take_again();
        }
        story.give(&looked)
    };
    assert_eq!(looks(PauseReason::Parked), ["step.checked", "step.finished"]);
    assert_eq!(looks(PauseReason::Unanswered), ["step.checked", "step.finished"]);
    assert_eq!(looks(PauseReason::Asked), ["step.checked"]);
    assert_eq!(looks(PauseReason::Left), ["step.checked"]);
}

#[test]
fn a_run_that_was_left_is_paused_by_a_person_all_the_same() {
    let mut story = Story::of(vec![gate()]);
    story.give(&Input::Pause { why: PauseReason::Parked });
    assert_eq!(story.give(&Input::Pause { why: PauseReason::Left }), Vec::<&str>::new());
    assert_eq!(story.give(&Input::Pause { why: PauseReason::Asked }), ["run.paused"]);
    assert_eq!(story.state.phase, RunPhase::Paused(PauseReason::Asked));
    assert_eq!(story.give(&Input::Pause { why: PauseReason::Asked }), Vec::<&str>::new());
}

#[test]
fn a_for_each_is_confirmed_once_for_all_its_items_by_their_number() {
    let mut story = Story::of(vec![set_each()]);
    story.give(&Input::Proceed);
    let Some(Command::Observe { step, calls }) = owed(&story.state).pop() else { panic!("must observe") };
    assert_eq!(calls.len(), 2);
    let seen = calls.into_iter().map(|(id, _)| (id, looks("v1"))).collect();
    story.give(&Input::Observed { step, seen: Ok(seen) });
    let asked = story.state.groups()[0].asked.clone().unwrap();
    assert_eq!(asked.effects.len(), 2);
    assert!(asked.read_back.starts_with("2 "), "{}", asked.read_back);
}

#[test]
fn a_wait_is_over_only_when_the_estates_clock_says_so() {
    let mut story = Story::of(vec![wait()]);
    let due = Input::Due { step: "soak".into() };
    assert_eq!(story.give(&due), Vec::<&str>::new());
    story.later(Span::seconds(86_400));
    assert_eq!(story.give(&due), ["step.finished", "run.finished"]);
}

#[test]
fn the_first_choice_of_a_gate_goes_on_and_any_other_ends_the_run() {
    let choose = |choice: &str| Input::Decide {
        step: "gate".into(),
        choice: choice.into(),
        fields: None,
        how: ConsentBy::Enter,
    };
    let mut on = Story::of(vec![gate()]);
    on.give(&choose("yes"));
    assert_eq!(on.state.phase, RunPhase::Ended(RunEnd::Succeeded));
    let mut off = Story::of(vec![gate(), wait()]);
    off.give(&choose("no"));
    assert_eq!(off.state.phase, RunPhase::Ended(RunEnd::Aborted));
    assert_eq!(off.phase("soak"), Phase::Cancelled);
    assert!(Story::of(vec![gate()]).try_give(&choose("perhaps")).is_err());
}

#[test]
fn an_abort_waits_for_what_is_in_flight_and_never_hides_a_doubt() {
    let mut story = Story::of(vec![set(), wait()]);
    let attempt = story.intend("set", &looks("v1"));
    assert_eq!(story.give(&Input::Abort { reason: None, undo: false }), ["run.aborting"]);
    assert!(matches!(owed(&story.state).as_slice(), [Command::Send { .. }]), "what is in flight is waited for");
    story.give(&Input::Answered { attempt, meaning: lost() });
    assert!(matches!(owed(&story.state).as_slice(), [Command::Probe { .. }]), "a doubt is looked into first");
    let verdict = ProbeVerdict::Unknown { seen: "not reachable".into() };
    story.give(&Input::Probed { attempt, verdict, asked_at: story.now });
    assert_eq!(story.state.phase, RunPhase::Ended(RunEnd::Aborted));
    assert_eq!(story.state.in_doubt(), [InstanceId::from("set")]);
}

#[test]
fn what_an_ended_run_left_in_doubt_can_still_be_told_and_nothing_else_can() {
    let mut story = Story::of(vec![swap(), wait()]);
    let attempt = story.intend("swap", &looks("x"));
    story.give(&Input::Answered { attempt, meaning: lost() });
    story.give(&Input::Abort { reason: None, undo: false });
    story.later(Span::minutes(15));
    story.give(&Input::Probed { attempt, verdict: did_not(), asked_at: story.now });
    assert_eq!(story.state.phase, RunPhase::Ended(RunEnd::Aborted));
    story.state = fold(&story.events);
    story.give(&Input::Take { pid: 2 });
    assert_eq!(owed(&story.state), [], "the probe has spoken; a person decides");
    assert!(story.try_give(&Input::Retry { step: "swap".into() }).is_err());
    story.give(&Input::Resolve { step: "swap".into(), word: Resolution::Adopt { outputs: None, reason: None } });
    assert_eq!(story.state.in_doubt(), []);
    assert!(story.try_give(&Input::Take { pid: 3 }).is_err(), "now it is over for good");
}

#[test]
fn a_swap_without_a_trace_keeps_its_keys_until_a_person_has_spoken() {
    let mut story = Story::of(vec![swap()]);
    let attempt = story.intend("swap", &looks("x"));
    story.give(&Input::Answered { attempt, meaning: lost() });
    story.later(Span::minutes(15));
    story.give(&Input::Probed { attempt, verdict: did_not(), asked_at: story.now });
    let (_, probed) = story.events.last().unwrap();
    assert_eq!(probed.settled(), None);
    story.give(&Input::Resolve {
        step: "swap".into(),
        word: Resolution::DidNot { typed: Some("web".into()), reason: None },
    });
    let (_, said) = story.events.last().unwrap();
    assert_eq!(said.settled(), Some(attempt));
}

#[test]
fn the_settling_time_runs_from_when_nothing_of_ours_was_under_way_any_more() {
    let mut story = Story::of(vec![set()]);
    let attempt = story.intend("set", &looks("v1"));
    story.later(Span::minutes(5));
    story.give(&Input::Answered { attempt, meaning: lost() });
    let probed = |asked_at| Input::Probed { attempt, verdict: did_not(), asked_at };
    assert_eq!(story.give(&probed(story.now)), Vec::<&str>::new(), "five minutes on the way count for nothing");
    story.later(Span::minutes(5));
    assert_eq!(story.give(&probed(story.now)), ["effect.reconciled"]);
}

#[test]
fn what_the_service_said_yes_to_is_never_sent_again_because_no_trace_is_seen() {
    let mut story = Story::of(vec![set()]);
    let attempt = story.intend("set", &looks("v1"));
    story.give(&Input::Answered { attempt, meaning: Meaning::HappenedUnread { why: "no version".into() } });
    story.later(Span::minutes(10));
    story.give(&Input::Probed { attempt, verdict: did_not(), asked_at: story.now });
    assert_eq!(story.phase("set"), Phase::InDoubt);
    assert_eq!(owed(&story.state), [], "a person decides");
}

#[test]
fn giving_a_doubt_up_fails_the_step_and_hides_nothing() {
    let mut story = Story::of(vec![swap()]);
    let attempt = story.intend("swap", &looks("x"));
    story.give(&Input::Answered { attempt, meaning: lost() });
    story.give(&Input::Resolve { step: "swap".into(), word: Resolution::GiveUp });
    assert_eq!(story.phase("swap"), Phase::Failed);
    assert_eq!(story.state.in_doubt(), [InstanceId::from("swap")]);
    story.give(&Input::Retry { step: "swap".into() });
    assert!(matches!(owed(&story.state).as_slice(), [Command::Probe { .. }]), "a retry probes and sends nothing");
}

#[test]
fn a_conflict_is_a_doubt_only_after_an_attempt_that_was_in_doubt() {
    let mut story = Story::of(vec![swap()]);
    let attempt = story.intend("swap", &looks("x"));
    story.give(&Input::Answered { attempt, meaning: refused() });
    story.give(&Input::Retry { step: "swap".into() });
    story.intend("swap", &looks("x"));
    assert!(matches!(owed(&story.state).as_slice(), [Command::Send { doubted: false, .. }]));
}

#[test]
fn each_item_of_a_check_has_its_own_time_and_a_pause_does_not_count() {
    let until = Until { every: Span::seconds(5), timeout: Span::minutes(5) };
    let mut each = step("ready", StepKind::Check(ready_check(Some(until))));
    each.for_each = Some(crate::runbook::ForEach::of(crate::runbook::Expression::parse("inputs.names").unwrap()));
    let mut story = Story::of(vec![each]);
    let looked = |item: &str, verdict| Input::Looked { step: item.into(), index: 0, verdict, outputs: None };
    story.later(Span::minutes(4));
    story.give(&looked("ready[one]", pass()));
    story.later(Span::minutes(4));
    assert_eq!(story.give(&looked("ready[two]", fail())), ["step.checked"], "its time began when its turn came");
    story.give(&Input::Pause { why: PauseReason::Asked });
    story.later(Span::minutes(60));
    story.give(&Input::Continue);
    assert_eq!(story.give(&looked("ready[two]", fail())), ["step.checked"], "nobody looked meanwhile");
    story.later(Span::minutes(5));
    assert_eq!(story.give(&looked("ready[two]", fail())), ["step.finished"]);
}

#[test]
fn the_outputs_of_a_for_each_are_lists_in_the_order_of_its_items() {
    let again =
        Some(crate::runbook::ForEach::of(crate::runbook::Expression::parse("steps.set.outputs.version").unwrap()));
    let mut later = step("again", StepKind::Check(ready_check(None)));
    later.for_each = again;
    let mut story = Story::of(vec![set_each(), later]);
    story.consent("set", &looks("v1"));
    for (item, version) in [("set[one]", "v2"), ("set[two]", "v3")] {
        let attempt = story.begin(item, &looks("v1"));
        let outputs = Value::record([("version", Value::text(version))]);
        story.give(&Input::Answered { attempt, meaning: Meaning::Happened { outputs } });
    }
    let versions = Value::List(vec![Value::text("v2"), Value::text("v3")]);
    assert_eq!(story.state.outputs_near(&"set".into())[&StepId::new("set")], Value::record([("version", versions)]));
    let items: Vec<_> = story.state.instances().skip(2).map(|instance| instance.id.to_string()).collect();
    assert_eq!(items, ["again[v2]", "again[v3]"]);
}

#[test]
fn a_for_each_without_items_gives_empty_lists() {
    let mut none = set_each();
    none.for_each = Some(crate::runbook::ForEach::of(crate::runbook::Items::Values(Vec::new())));
    let mut story = Story::of(vec![none, gate()]);
    story.give(&Input::Proceed);
    let outputs = Value::record([("version", Value::List(Vec::new()))]);
    assert_eq!(story.state.outputs_near(&"set".into())[&StepId::new("set")], outputs);
}

#[test]
fn a_for_each_that_is_not_wanted_needs_no_list() {
    let mut each = set_each();
    each.when = Some(crate::runbook::Expression::parse("inputs.full").unwrap());
    each.for_each =
        Some(crate::runbook::ForEach::of(crate::runbook::Expression::parse("steps.never.outputs.list").unwrap()));
    let mut story = Story::of(vec![each, gate()]);
    story.give(&Input::Proceed);
    assert_eq!(story.phase("gate"), Phase::Awaiting(Awaiting::Person));
}

#[test]
fn an_abort_ends_although_the_operation_cannot_be_followed() {
    let mut story = Story::of(vec![swap()]);
    let attempt = story.intend("swap", &looks("x"));
    story.give(&Input::Answered { attempt, meaning: Meaning::Accepted { handle: handle(), retry_after: Span::ZERO } });
    story.give(&Input::Abort { reason: None, undo: false });
    let unreachable = || crate::effect::Progress::Unreachable { why: "no route".into() };
    assert_eq!(story.give(&Input::Polled { attempt, progress: unreachable() }), ["effect.progressed"]);
    story.later(Span::minutes(1));
    story.give(&Input::Polled { attempt, progress: unreachable() });
    let verdict = ProbeVerdict::Unknown { seen: "no route".into() };
    story.give(&Input::Probed { attempt, verdict, asked_at: story.now });
    assert_eq!(story.state.phase, RunPhase::Ended(RunEnd::Aborted));
    assert_eq!(story.state.in_doubt(), [InstanceId::from("swap")]);
}

#[test]
fn a_refusal_by_the_service_fails_the_step_and_a_retry_asks_for_consent_again() {
    let mut story = Story::of(vec![set()]);
    let attempt = story.intend("set", &looks("v1"));
    story.give(&Input::Answered { attempt, meaning: refused() });
    assert_eq!(story.phase("set"), Phase::Failed);
    story.give(&Input::Retry { step: "set".into() });
    assert!(matches!(owed(&story.state).as_slice(), [Command::Observe { .. }]));
}

#[test]
fn a_paused_run_starts_nothing_and_taking_it_goes_on() {
    let mut story = Story::of(vec![set()]);
    story.give(&Input::Pause { why: PauseReason::Left });
    assert_eq!(owed(&story.state), []);
    story.crash_and_take_again();
    assert_eq!(story.state.phase, RunPhase::Running);
    assert!(matches!(owed(&story.state).as_slice(), [Command::Observe { .. }]));
}

#[test]
fn taking_a_paused_run_to_end_it_lets_nothing_go_on() {
    let mut story = Story::of(vec![set()]);
    story.give(&Input::Pause { why: PauseReason::Left });
    story.state = fold(&story.events);
    story.give(&Input::Take { pid: 2 });
    assert_eq!(story.give(&Input::Abort { reason: None, undo: false }), ["run.aborting", "run.finished"]);
}

#[test]
fn an_event_that_the_state_does_not_allow_is_an_error() {
    let story = Story::of(vec![wait()]);
    let event =
        Event::Succeeded { step: "soak".into(), attempt: AttemptId::new(Uuid::nil()), outputs: Value::record([]) };
    assert_eq!(story.state.evolve(story.now, &event).unwrap_err().event, "effect.succeeded");
}
