use super::*;
use crate::runbook::OnFailure;

fn five() -> Vec<Step> {
    ["one", "two", "three", "four", "five"].map(|name| set_of(name, name)).to_vec()
}

/// A check of each item, asked again for ten minutes.
fn look_at(items: &[&str], max_parallel: u32) -> Step {
    let until = Until { every: Span::seconds(5), timeout: Span::minutes(10) };
    let kind = StepKind::Check(ready_check(Some(until)));
    Step { for_each: Some(each_of(items, max_parallel)), ..step("look", kind) }
}

#[test]
fn branches_that_need_nothing_of_each_other_are_asked_for_at_once_and_four_are_at_work() {
    let mut story = Story::graph(five());
    assert_eq!(story.owes().len(), 5);
    let mut attempts = Vec::new();
    for step in ["one", "two", "three", "four", "five"] {
        story.consent(step, &looks("v1"));
    }
    for step in ["one", "two", "three", "four"] {
        attempts.push(story.begin(step, &looks("v1")));
    }
    assert_eq!(story.owes(), ["send"; 4], "the fifth waits");
    let early = Input::Begin { step: "five".into(), attempt: AttemptId::new(Uuid::nil()), seen: Ok(looks("v1")) };
    assert_eq!(story.give(&early), Vec::<&str>::new());
    story.give(&Input::Answered { attempt: attempts[0], meaning: happened() });
    assert!(story.owes().contains(&"begin five".to_owned()));
}

#[test]
fn two_effects_are_never_under_way_on_one_target_and_a_doubt_holds_it() {
    let mut story = Story::graph(vec![set_of("a", "one"), set_of("b", "one")]);
    story.consent("b", &looks("v1"));
    let attempt = story.intend("a", &looks("v1"));
    assert_eq!(story.owes(), ["send"]);
    story.give(&Input::Answered { attempt, meaning: lost() });
    assert_eq!(story.owes(), ["probe"], "what is in doubt may still happen");
    story.later(Span::minutes(10));
    let seen = "the tag is there".to_owned();
    let outputs = Value::record([("version", Value::text("v2"))]);
    story.give(&Input::Probed { attempt, verdict: ProbeVerdict::Happened { outputs, seen }, asked_at: story.now });
    assert_eq!(story.owes(), ["begin b"]);
}

#[test]
fn no_more_items_are_under_way_than_the_author_wants() {
    let mut each = set_each();
    each.for_each = Some(each_of(&["x", "y", "z"], 2));
    let mut story = Story::graph(vec![each]);
    story.consent("set", &looks("v1"));
    assert_eq!(story.owes(), ["begin set[x]", "begin set[y]"]);
    let attempt = story.begin("set[y]", &looks("v1"));
    story.give(&Input::Answered { attempt, meaning: happened() });
    assert_eq!(story.owes(), ["begin set[x]", "begin set[z]"]);
}

#[test]
fn a_failed_item_starts_no_new_one_and_the_others_come_to_their_end() {
    let mut each = set_each();
    each.for_each = Some(each_of(&["x", "y", "z"], 2));
    let mut story = Story::graph(vec![each]);
    story.consent("set", &looks("v1"));
    let (x, y) = (story.begin("set[x]", &looks("v1")), story.begin("set[y]", &looks("v1")));
    story.give(&Input::Answered { attempt: x, meaning: refused() });
    assert_eq!(story.owes(), ["send"], "what was sent is answered");
    story.give(&Input::Answered { attempt: y, meaning: happened() });
    assert_eq!(story.owes(), Vec::<String>::new(), "a person decides");
    assert_eq!(story.phase("set[z]"), Phase::Ready);
}

#[test]
fn a_failed_item_of_a_check_starts_no_new_look_either() {
    let mut story = Story::graph(vec![look_at(&["x", "y", "z"], 2)]);
    story.later(Span::minutes(10));
    story.give(&looked("look[x]", fail()));
    story.give(&looked("look[y]", pass()));
    assert_eq!(story.owes(), Vec::<String>::new());
}

#[test]
fn the_time_of_an_item_does_not_run_while_a_failed_one_waits_for_a_person() {
    let mut story = Story::graph(vec![look_at(&["x", "y"], 1)]);
    story.later(Span::minutes(10));
    story.give(&looked("look[x]", fail()));
    story.later(Span::minutes(60));
    story.skips("look[x]");
    assert_eq!(story.give(&looked("look[y]", fail())), ["step.checked"]);
    assert_eq!(story.phase("look[y]"), Phase::Running, "it has ten minutes of its own");
}

#[test]
fn a_failed_item_whose_failure_is_answered_leaves_out_those_that_were_confirmed_and_not_sent() {
    let mut each = set_each();
    each.on_failure = OnFailure::GoTo(StepId::new("instead"));
    let mut story = Story::graph(vec![each, set_of("instead", "three")]);
    story.consent("set", &looks("v1"));
    let attempt = story.begin("set[one]", &looks("v1"));
    story.give(&Input::Answered { attempt, meaning: refused() });
    assert_eq!(story.phase("set[two]"), Phase::Skipped);
    assert_eq!(story.owes(), ["observe instead"]);
}

#[test]
fn what_only_reads_takes_no_more_room_than_there_is() {
    let items = ["a", "b", "c", "d", "e", "f"];
    let story = Story::graph(vec![look_at(&items, 32)]);
    assert_eq!(story.owes().len(), 4);
    let gate = gate();
    let mut beside = Story::graph(vec![set_of("a", "one"), gate, needing(look_at(&items, 4), &["gate"])]);
    let attempt = beside.intend("a", &looks("v1"));
    beside.decides("gate", "yes");
    assert_eq!(beside.owes(), ["send"], "there is room for three more only");
    beside.give(&Input::Answered { attempt, meaning: happened() });
    assert_eq!(beside.owes().len(), 4);
}

#[test]
fn a_mistake_in_one_item_is_told_of_that_item() {
    let mut each = set_each();
    each.for_each = Some(each_of(&["fine", "not a name"], 1));
    let story = Story::graph(vec![each]);
    assert_eq!((story.phase("set[fine]"), story.phase("set[not a name]")), (Phase::Pending, Phase::Failed));
}
