use super::*;
use crate::runbook::{Expression, OnFailure};

fn answered_by(step: Step, answer: &str) -> Step {
    Step { on_failure: OnFailure::GoTo(StepId::new(answer)), ..step }
}

#[test]
fn a_choice_leads_to_its_steps_and_the_others_are_passed_by_with_all_that_needs_only_them() {
    let ways: [(&str, &[&str]); 2] = [("left", &["a"]), ("right", &["b"])];
    let mut story = Story::graph(vec![
        gate_to(&ways),
        needing(set_of("a", "one"), &["gate"]),
        needing(set_of("b", "two"), &["gate"]),
        needing(ready("after-b"), &["b"]),
        needing(ready("join"), &["a", "after-b"]),
    ]);
    story.decides("gate", "left");
    assert_eq!([story.phase("b"), story.phase("after-b")], [Phase::Skipped; 2]);
    assert_eq!(story.why("b"), "`gate` was answered with `left`");
    assert_eq!(story.why("after-b"), "nothing that it needs was done");
    assert_eq!(story.owes(), ["observe a"], "the join waits for the way that was taken");
    story.does("a");
    assert_eq!(story.owes(), ["look join 0"]);
    story.give(&looked("join", pass()));
    assert_eq!(story.state.phase, RunPhase::Ended(RunEnd::Succeeded), "another way is no deviation");
}

#[test]
fn a_gate_that_a_person_leaves_out_leads_nowhere() {
    let ways: [(&str, &[&str]); 2] = [("left", &["a"]), ("right", &[])];
    let mut story = Story::graph(vec![gate_to(&ways), needing(set_of("a", "one"), &["gate"])]);
    story.skips("gate");
    assert_eq!(story.why("a"), "`gate` was not asked");
}

#[test]
fn what_is_not_wanted_is_skipped_and_what_needs_it_is_done_all_the_same() {
    let unwanted = Step { when: Some(Expression::parse("inputs.full").unwrap()), ..set_of("a", "one") };
    let story = Story::graph(vec![unwanted, needing(set_of("b", "two"), &["a"])]);
    assert_eq!(story.phase("a"), Phase::Skipped);
    assert_eq!(story.owes(), ["observe b"]);
}

#[test]
fn an_answer_is_done_after_the_failure_alone_and_the_two_ways_meet_again() {
    let steps = || {
        vec![
            answered_by(set_of("a", "one"), "instead"),
            needing(ready("after"), &["a"]),
            set_of("instead", "two"),
            needing(ready("meet"), &["a", "instead"]),
        ]
    };
    let mut failing = Story::graph(steps());
    assert_eq!(failing.owes(), ["observe a"], "the answer is not done before there is a failure");
    failing.fails("a", refused());
    assert_eq!(failing.why("after"), "`a` has failed, and `instead` is done instead");
    failing.does("instead");
    failing.give(&looked("meet", pass()));
    assert_eq!(failing.state.phase, RunPhase::Ended(RunEnd::SucceededWithDeviations));
    let mut well = Story::graph(steps());
    well.does("a");
    assert_eq!(well.why("instead"), "nothing has failed that it answers");
    assert_eq!(well.owes(), ["look after 0", "look meet 0"]);
}

#[test]
fn where_two_ways_meet_it_goes_on_although_what_leads_there_from_the_answer_was_passed_by() {
    let ways: [(&str, &[&str]); 2] = [("left", &["detour"]), ("right", &[])];
    let mut story = Story::graph(vec![
        gate_to(&ways),
        answered_by(needing(set_of("a", "one"), &["gate"]), "instead"),
        set_of("instead", "two"),
        needing(set_of("detour", "three"), &["gate", "instead"]),
        needing(ready("meet"), &["a", "detour"]),
    ]);
    story.decides("gate", "right");
    story.fails("a", refused());
    story.does("instead");
    assert_eq!(story.phase("detour"), Phase::Skipped);
    assert_eq!(story.owes(), ["look meet 0"], "the checker says that it is done in this run");
}

#[test]
fn what_is_left_out_before_its_turn_lets_nothing_go_first_that_stands_behind_it() {
    let mut story = Story::graph(vec![
        set_of("a", "one"),
        needing(set_of("b", "two"), &["a"]),
        needing(set_of("c", "three"), &["b"]),
    ]);
    story.skips("b");
    assert_eq!(story.owes(), ["observe a"]);
    story.does("a");
    assert_eq!(story.owes(), ["observe c"]);
}

#[test]
fn what_is_left_out_or_declared_before_its_turn_does_not_open_a_way_that_was_not_taken() {
    let ways: [(&str, &[&str]); 2] = [("left", &["a"]), ("right", &[])];
    let mut left_out =
        Story::graph(vec![gate_to(&ways), needing(set_of("a", "one"), &["gate"]), needing(set_of("b", "two"), &["a"])]);
    let mut declared = Story::planned(left_out.state.plan.as_ref().clone());
    left_out.skips("a");
    declared.give(&Input::Override { step: "a".into(), reason: reason(), outputs: None });
    for mut story in [left_out, declared] {
        story.decides("gate", "right");
        assert_eq!(story.phase("b"), Phase::Skipped);
    }
}

#[test]
fn a_failure_that_the_run_has_answered_can_no_more_be_made_undone_by_trying_again() {
    let steps =
        vec![answered_by(set_of("a", "one"), "instead"), set_of("instead", "two"), needing(ready("after"), &["a"])];
    let mut story = Story::graph(steps);
    story.fails("a", refused());
    let step = || InstanceId::from("a");
    for late in [
        Input::Retry { step: step() },
        Input::Skip { step: step(), reason: reason() },
        Input::Override { step: step(), reason: reason(), outputs: None },
    ] {
        assert!(story.refuses(&late).contains("gone on with `instead`"), "{late:?}");
    }
}

#[test]
fn a_failure_after_which_the_run_goes_on_is_a_deviation_until_it_is_tried_again_with_success() {
    let steps = || vec![Step { on_failure: OnFailure::Continue, ..set_of("a", "one") }, needing(ready("b"), &["a"])];
    let mut story = Story::graph(steps());
    story.fails("a", refused());
    story.give(&looked("b", pass()));
    assert_eq!(story.state.phase, RunPhase::Ended(RunEnd::SucceededWithDeviations));
    assert_eq!(story.state.deviations()[0].kind, DeviationKind::FailedOn);
    let mut again = Story::graph(steps());
    again.fails("a", refused());
    again.give(&Input::Retry { step: "a".into() });
    again.does("a");
    again.give(&looked("b", pass()));
    assert_eq!(again.state.phase, RunPhase::Ended(RunEnd::Succeeded));
}

#[test]
fn a_list_that_cannot_be_worked_out_is_a_failure_like_another_one() {
    let each = |on_failure| {
        let at_most = 1;
        let for_each = Some(ForEach { at_most, ..each_of(&["x", "y"], 1) });
        Step { for_each, on_failure, ..set_of("each", "one") }
    };
    let asks = Story::graph(vec![each(OnFailure::Ask), needing(ready("b"), &["each"])]);
    assert!(asks.state.has_failed(), "somebody is asked");
    let goes_on = Story::graph(vec![each(OnFailure::Continue), needing(ready("b"), &["each"])]);
    assert_eq!(goes_on.owes(), ["look b 0"]);
    let answer = OnFailure::GoTo(StepId::new("instead"));
    let answered = Story::graph(vec![each(answer), set_of("instead", "two")]);
    assert_eq!(answered.owes(), ["observe instead"]);
}

#[test]
fn a_doubt_stops_even_a_step_after_whose_failure_the_run_goes_on() {
    let first = Step { on_failure: OnFailure::Continue, ..set_of("a", "one") };
    let mut story = Story::graph(vec![first, needing(ready("b"), &["a"])]);
    story.fails("a", lost());
    story.give(&Input::Resolve { step: "a".into(), word: Resolution::GiveUp });
    assert_eq!(story.phase("b"), Phase::Pending);
}
