use super::*;

const GATE: &str =
    "id: g, gate: {question: Which, headless: a, choices: [{choice: a, leads_to: [a1]}, {choice: b, leads_to: [b1]}]}";
const A1: &str = "id: a1, needs: [g], action: webapp.get, with: {app: '${{ inputs.app }}'}";
const B1: &str = "id: b1, needs: [g], action: webapp.get, with: {app: '${{ inputs.app }}'}";

/// A step that reads the state that another one gave.
fn reader(id: &str, needs: &str, read: &str, more: &str) -> String {
    format!(
        "id: {id}, needs: [{needs}], {more} check: http.get, with: {{url: 'https://x/${{{{ steps.{read}.outputs.state }}}}'}}"
    )
}

#[test]
fn a_step_reads_what_stands_earlier_in_its_own_branch() {
    good(&[GATE, A1, B1, &reader("a2", "a1", "a1", "")]);
    good(&[GATE, A1, B1, &reader("a2", "a1", "a1", ""), &reader("a3", "a2", "a1", "")]);
}

#[test]
fn where_branches_meet_again_none_of_them_can_be_read() {
    let join = reader("join", "a1, b1", "a1", "");
    refused(&[GATE, A1, B1, &join], Code::MayBeSkipped, "a1");
    let checked = steps(&[GATE, A1, B1, &join]);
    let finding = checked.findings.iter().find(|finding| finding.code == Code::MayBeSkipped).unwrap();
    assert!(finding.message.contains("only if `a` is chosen at `g`"), "{}", finding.message);
}

#[test]
fn with_a_default_anything_that_has_ended_can_be_read() {
    let join = "id: join, needs: [a1, b1], check: http.get, \
        with: {url: \"https://x/${{ default(steps.a1.outputs.state, 'none') }}\"}";
    good(&[GATE, A1, B1, join]);
    refused(&[GATE, A1, B1, &join.replace("a1, b1", "b1")], Code::NotBefore, "a1");
    refused(&[GATE, A1, B1, &join.replace("state", "stat")], Code::UnknownOutput, "stat");
    let other = join.replace("'none'", "steps.b1.outputs.state");
    refused(&[GATE, A1, B1, &other], Code::MayBeSkipped, "b1");
}

#[test]
fn what_is_done_whatever_is_chosen_can_be_read_after_the_branches_meet() {
    let before = "id: before, action: webapp.get, with: {app: '${{ inputs.app }}'}";
    let gate = GATE.replace("id: g,", "id: g, needs: [before],");
    good(&[before, &gate, A1, B1, &reader("join", "a1, b1", "before", "")]);
    // Both choices lead to it, so it is no branch at all.
    let both = GATE.replace("leads_to: [b1]", "leads_to: [a1]");
    good(&[&both, A1, &reader("after", "a1", "a1", "")]);
}

#[test]
fn a_branch_inside_a_branch_is_read_only_in_both() {
    let inner = "id: h, needs: [a1], gate: {question: Which, headless: c, choices: [{choice: c, leads_to: [c1]}, d]}";
    let c1 = "id: c1, needs: [h], action: webapp.get, with: {app: '${{ inputs.app }}'}";
    good(&[GATE, A1, B1, inner, c1, &reader("c2", "c1", "a1", "")]);
    refused(&[GATE, A1, B1, inner, c1, &reader("a3", "c1, h", "c1", "")], Code::MayBeSkipped, "c1");
}

#[test]
fn a_condition_is_the_same_if_its_text_is() {
    let read = "id: x, when: inputs.count > 3, action: webapp.get, with: {app: '${{ inputs.app }}'}";
    good(&[read, &reader("y", "x", "x", "when: '${{ inputs.count > 3 }}',")]);
    refused(&[read, &reader("y", "x", "x", "when: inputs.count > 4,")], Code::MayBeSkipped, "x");
    // Who demands more demands that as well, and who demands less does not.
    good(&[read, &reader("y", "x", "x", "when: inputs.app.name != '' && inputs.count > 3,")]);
    let more =
        "id: x, when: inputs.count > 3 && inputs.count < 9, action: webapp.get, with: {app: '${{ inputs.app }}'}";
    refused(&[more, &reader("y", "x", "x", "when: inputs.count > 3,")], Code::MayBeSkipped, "x");
    // The condition itself is worked out before it is known to hold.
    let own = "id: y, needs: [x], when: steps.x.outputs.state == '', check: http.get, with: {url: 'https://x'}";
    refused(&[read, own], Code::MayBeSkipped, "x");
}

#[test]
fn a_step_whose_failure_the_run_passes_over_cannot_be_read() {
    let read = "id: x, on_failure: continue, action: webapp.get, with: {app: '${{ inputs.app }}'}";
    refused(&[read, &reader("y", "x", "x", "")], Code::MayBeSkipped, "x");
}

#[test]
fn what_needs_a_failed_step_is_skipped_and_so_may_read_it_but_not_beside_the_answer() {
    let read = "id: x, on_failure: {go_to: h}, action: webapp.get, with: {app: '${{ inputs.app }}'}";
    let answer = "id: h, manual: {instruction: Do it by hand}";
    good(&[read, answer, &reader("y", "x", "x", "")]);
    refused(&[read, answer, &reader("z", "x, h", "x", "")], Code::MayBeSkipped, "x");
    // The answer may read what stands before the failed step, and never the failed step.
    let earlier = "id: w, action: webapp.get, with: {app: '${{ inputs.app }}'}";
    let read = read.replace("id: x,", "id: x, needs: [w],");
    good(&[earlier, &read, &reader("h", "w", "w", "")]);
    refused(&[earlier, &read, &reader("h", "w", "x", "")], Code::MayBeSkipped, "x");
}

#[test]
fn a_need_that_is_never_met_is_found_and_one_that_joins_is_not() {
    good(&[GATE, A1, B1, "id: join, needs: [a1, b1], wait: {for: 1s}"]);
    good(&[GATE, A1, B1, "id: next, needs: [g, a1], wait: {for: 1s}"]);
    let a1 = A1.replace("[g]", "[g, b1]");
    refused(&[GATE, B1, &a1], Code::Unreachable, "b1");
    let failing = "id: x, on_failure: {go_to: h}, action: webapp.get, with: {app: '${{ inputs.app }}'}";
    refused(&[failing, "id: h, needs: [x], wait: {for: 1s}"], Code::Unreachable, "x");
    good(&[failing, "id: h, wait: {for: 1s}", "id: y, needs: [x, h], wait: {for: 1s}"]);
}

#[test]
fn a_choice_leads_to_steps_that_wait_for_it_and_for_nobody_else() {
    refused(&[GATE, "id: a1, wait: {for: 1s}", B1], Code::LeadsElsewhere, "a1");
    let other = "id: h, gate: {question: Which, headless: c, choices: [{choice: c, leads_to: [a1]}, d]}";
    refused(&[GATE, other, &A1.replace("[g]", "[g, h]"), B1], Code::TwoMasters, "a1");
    let failing = "id: x, on_failure: {go_to: a1}, action: webapp.get, with: {app: '${{ inputs.app }}'}";
    refused(&[failing, GATE, A1, B1], Code::TwoMasters, "a1");
}

#[test]
fn a_failure_is_answered_by_a_later_step_that_is_another_one() {
    let x = "id: x, on_failure: {go_to: h}, action: webapp.get, with: {app: '${{ inputs.app }}'}";
    refused(&["id: h, wait: {for: 1s}", &x.replace("id: x,", "id: x, needs: [h],")], Code::GoTo, "h");
    refused(&[&x.replace("go_to: h", "go_to: x")], Code::GoTo, "x");
    refused(&[x], Code::UnknownStep, "h");
    // Two failures that answer each other.
    let other = x.replace("id: x", "id: h").replace("go_to: h", "go_to: x");
    refused(&[x, &other], Code::GoTo, "x");
}

#[test]
fn the_order_puts_an_answer_behind_what_it_answers() {
    let x = "id: x, on_failure: {go_to: h}, action: webapp.get, with: {app: '${{ inputs.app }}'}";
    let runbook = good(&["id: h, wait: {for: 1s}", x]);
    let order: Vec<&str> = runbook.steps.iter().map(|step| step.id.as_str()).collect();
    assert_eq!(order, ["x", "h"]);
}

#[test]
fn many_gates_one_after_the_other_are_no_trouble() {
    let mut lines = vec!["id: s0, wait: {for: 1s}".to_owned()];
    for gate in 1..100 {
        let (before, way) = (gate - 1, format!("a{gate}, b{gate}"));
        let needs = if gate == 1 { "s0".to_owned() } else { format!("a{before}, b{before}") };
        lines.push(format!(
            "id: g{gate}, needs: [{needs}], gate: {{question: Q, headless: a, choices: [{{choice: a, leads_to: [a{gate}]}}, \
             {{choice: b, leads_to: [b{gate}]}}]}}"
        ));
        for step in way.split(", ") {
            lines.push(format!("id: {step}, needs: [g{gate}], wait: {{for: 1s}}"));
        }
    }
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    good(&lines);
}
