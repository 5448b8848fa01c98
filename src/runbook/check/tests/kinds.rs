use super::*;
use crate::base::{Span, StepId};
use crate::effect::Risk;
use crate::runbook::{
    CallRole, DrillSubstitute, FieldKind, Leads, OnFailure, RetryCause, StepKind, Template, UndoUntil,
};

const GET: &str = "id: x, action: webapp.get, with: {app: '${{ inputs.app }}'}";
const RESTART: &str = "id: x, action: webapp.restart, with: {app: '${{ inputs.app }}'}";
const REFRESH: &str = "id: x, action: webapp.references.refresh, with: {app: '${{ inputs.app }}'}";

fn leads(choices: &str) -> Vec<Leads> {
    let gate = format!("id: g, gate: {{question: Q, headless: a, choices: {choices}}}");
    let runbook = good(&[&gate, "id: s, needs: [g], wait: {for: 1s}"]);
    let StepKind::Gate { choices, .. } = &runbook.steps[0].kind else { panic!("no gate") };
    choices.iter().map(|choice| choice.leads.clone()).collect()
}

fn gate_refused(choices: &str, code: Code, at: &str) {
    let gate = format!("id: g, gate: {{question: Q, headless: a, choices: {choices}}}");
    refused(&[&gate, "id: s, needs: [g], wait: {for: 1s}"], code, at);
}

#[test]
fn words_alone_have_the_short_meaning_and_beside_a_mapping_every_word_goes_on() {
    assert_eq!(leads("[a, b, c]"), [Leads::On, Leads::End, Leads::End]);
    assert_eq!(leads("[a, b, {choice: c, ends: true}]"), [Leads::On, Leads::On, Leads::End]);
    assert_eq!(
        leads("[{choice: a, leads_to: [s]}, {choice: b, ends: false}]"),
        [Leads::To(vec![StepId::new("s")]), Leads::On]
    );
}

#[test]
fn a_gate_can_be_passed_and_its_choices_say_one_thing() {
    gate_refused("[{choice: a, ends: true}, {choice: b, ends: true}]", Code::NoWayThrough, "choice");
    gate_refused("[{choice: a, leads_to: [s], ends: true}, b]", Code::KeysExclude, "leads_to");
    gate_refused("[{choice: a, leads_to: [t]}, b]", Code::UnknownStep, "t");
    gate_refused("[{choice: a, leads_to: [s, s]}, b]", Code::DuplicateName, "s");
    gate_refused("[{choice: a, leads_to: []}, b]", Code::WrongValue, "[]");
    gate_refused("[a, b, a]", Code::DuplicateName, "a");
    gate_refused("[a]", Code::WrongValue, "a");
    let many: Vec<String> = (0..21).map(|index| format!("c{index}")).collect();
    gate_refused(&format!("[a, {}]", many.join(", ")), Code::TooMany, "c19");
}

#[test]
fn the_choice_is_an_output() {
    let gate = "id: g, gate: {question: Q, headless: a, choices: [a, b]}";
    good(&[gate, "id: s, needs: [g], when: steps.g.outputs.choice == 'a', wait: {for: 1s}"]);
    refused(
        &[gate, "id: s, needs: [g], when: steps.g.outputs.chosen == 'a', wait: {for: 1s}"],
        Code::UnknownOutput,
        "chosen",
    );
}

fn field(field: &str) -> FieldKind {
    let step = first(&format!("id: m, manual: {{instruction: I, fields: {{f: {field}}}}}"));
    let StepKind::Manual { fields, .. } = step.kind else { panic!("not manual") };
    fields[0].kind.clone()
}

fn field_refused(field: &str, code: Code, at: &str) {
    refused(&[&format!("id: m, manual: {{instruction: I, fields: {{f: {field}}}}}")], code, at);
}

#[test]
fn a_field_has_the_keys_of_its_type_and_values_that_fit() {
    assert_eq!(field("{type: choice, choices: [a, b]}"), FieldKind::Choice { choices: vec!["a".into(), "b".into()] });
    assert_eq!(field("{type: number, min: 0.5}"), FieldKind::Number { min: Some("0.5".into()), max: None });
    for right in [
        "{type: string, default: '${{ inputs.name }}'}",
        "{type: number, default: '${{ inputs.count }}'}",
        "{type: date, headless: 2026-02-28}",
        "{type: timestamp, headless: '2026-03-01T03:10:00+01:00'}",
        "{type: secret}",
    ] {
        field(right);
    }
    field_refused("{type: number, pattern: a}", Code::KeyOfOtherKind, "pattern");
    field_refused("{type: string, min: 1}", Code::KeyOfOtherKind, "min");
    field_refused("{type: secret, headless: 1}", Code::KeyOfOtherKind, "headless");
    field_refused("{type: evidence, default: x}", Code::KeyOfOtherKind, "default");
    field_refused("{type: choice}", Code::MissingKey, "type");
    field_refused("{type: choice, choices: [a]}", Code::WrongValue, "a");
    field_refused("{type: number, min: 2, max: 1.5}", Code::WrongValue, "2");
    field_refused("{type: number, max: many}", Code::WrongValue, "many");
    field_refused("{type: number, max: 3, headless: 4}", Code::Default, "4");
    field_refused("{type: choice, choices: [a, b], default: c}", Code::Default, "c");
    field_refused("{type: date, headless: 2026-02-30}", Code::Default, "2026-02-30");
    field_refused("{type: string, pattern: '[a-z]+', default: A}", Code::Default, "A");
    field_refused("{type: timestamp, default: '${{ inputs.name }}'}", Code::Default, "'${{ inputs.name }}'");
    field_refused("{type: txt}", Code::WrongValue, "txt");
}

#[test]
fn fields_are_outputs_with_their_types() {
    let ask =
        "id: m, manual: {instruction: I, fields: {who: {type: string}, at: {type: timestamp}, key: {type: secret}}}";
    good(&[ask, "id: w, needs: [m], wait: {until: '${{ steps.m.outputs.at }}'}"]);
    refused(
        &[ask, "id: w, needs: [m], wait: {until: '${{ steps.m.outputs.who }}'}"],
        Code::ArgumentType,
        "'${{ steps.m.outputs.who }}'",
    );
    refused(
        &[ask, "id: w, needs: [m], manual: {instruction: 'Say ${{ steps.m.outputs.key }}'}"],
        Code::SecretLeak,
        "steps.m.outputs.key",
    );
    refused(
        &[ask, "id: w, needs: [m], manual: {instruction: 'Say ${{ steps.m.outputs.wo }}'}"],
        Code::UnknownOutput,
        "wo",
    );
    good(&[
        ask,
        "id: s, needs: [m], action: keyvault.secret.set, with: {vault: '${{ inputs.vault }}', name: n, value: '${{ steps.m.outputs.key }}'}",
    ]);
}

#[test]
fn a_wait_says_one_thing() {
    assert!(matches!(first("id: w, wait: {until: '2026-03-01T03:10:00Z'}").kind, StepKind::WaitUntil { .. }));
    let check = "id: w, wait: {check: http.get, with: {url: 'https://x'}, every: 5s, timeout: 1m}";
    assert!(matches!(first(check).kind, StepKind::WaitCheck(_)));
    good(&[check, "id: y, needs: [w], when: steps.w.outputs.status == 200, wait: {for: 1s}"]);
    refused(&["id: w, wait: {for: 1s, until: '2026-03-01T03:10:00Z'}"], Code::OneOfSeveral, "until");
    refused(&["id: w, wait: {every: 1s}"], Code::OneOfSeveral, "every");
    refused(&["id: w, wait: {for: 1s, every: 1s}"], Code::KeyOfOtherKind, "every");
    refused(&["id: w, wait: {until: '03:10'}"], Code::NotAMoment, "'03:10'");
    refused(&["id: w, wait: {check: http.get, with: {url: 'https://x'}, every: 5s}"], Code::MissingKey, "http.get");
    refused(
        &["id: w, wait: {check: webapp.get, with: {app: '${{ inputs.app }}'}, every: 5s, timeout: 1m}"],
        Code::NotACheck,
        "webapp.get",
    );
    refused(&["id: w, wait: {for: 1s}, on_failure: ask"], Code::KeyOfOtherKind, "on_failure");
}

#[test]
fn a_retry_has_its_usual_bounds_and_no_others() {
    let retry = |line: &str| first(&format!("{GET}, retry: {line}")).retry.unwrap();
    let usual = retry("{attempts: 3}");
    assert_eq!((usual.delay, usual.max_delay), (Span::seconds(2), Span::minutes(1)));
    assert_eq!(usual.only_on, [RetryCause::NotSent, RetryCause::Throttled]);
    assert_eq!(retry("{attempts: 2, delay: 5m}").max_delay, Span::minutes(5));
    let wrong = |line: &str, code, at| refused(&[&format!("{GET}, retry: {line}")], code, at);
    wrong("{attempts: 1}", Code::WrongValue, "1");
    wrong("{attempts: 11}", Code::WrongValue, "11");
    wrong("{attempts: 3, delay: 10s, max_delay: 5s}", Code::WrongValue, "5s");
    wrong("{attempts: 3, only_on: [troubled]}", Code::WrongValue, "troubled");
    wrong("{attempts: 3, only_on: [conflict, conflict]}", Code::DuplicateName, "conflict");
    refused(&["id: x, check: http.get, with: {url: 'https://x'}, retry: {attempts: 3}"], Code::KeyOfOtherKind, "retry");
}

#[test]
fn what_follows_a_failure_has_what_it_speaks_of() {
    assert_eq!(first(&format!("{GET}, on_failure: retry, retry: {{attempts: 2}}")).on_failure, OnFailure::Retry);
    refused(&[&format!("{GET}, on_failure: retry")], Code::NeedsOther, "retry");
    refused(&[&format!("{GET}, on_failure: undo")], Code::NeedsOther, "undo");
    refused(&[&format!("{GET}, on_failure: proceed")], Code::WrongValue, "proceed");
    refused(&["id: m, manual: {instruction: I}, on_failure: continue"], Code::KeyOfOtherKind, "on_failure");
}

#[test]
fn an_undo_is_a_list_or_has_an_end_that_comes_later() {
    let check = "{check: http.get, with: {url: 'https://x'}, until: {every: 1s, timeout: 5s}}";
    let step = first(&format!("{REFRESH}, undo: [{check}]"));
    assert_eq!((step.undo[0].role, step.undo[0].until.is_some()), (CallRole::Check, true));
    let until = |end: &str| format!("{REFRESH}, undo: {{steps: [{check}], possible_until: {end}}}");
    let later = "id: y, needs: [x], wait: {for: 1s}";
    assert_eq!(good(&[&until("y"), later]).steps[0].undo_until, Some(UndoUntil::Step(StepId::new("y"))));
    assert_eq!(good(&[&until("1h")]).steps[0].undo_until, Some(UndoUntil::For(Span::minutes(60))));
    refused(&["id: y, wait: {for: 1s}", &until("y")], Code::UndoUntil, "y");
    refused(&[&until("x")], Code::UndoUntil, "x");
    refused(&[&until("z")], Code::UnknownStep, "z");
    refused(&[&format!("{REFRESH}, undo: [{{with: {{}}}}]")], Code::OneOfSeveral, "with");
    let both = "{action: webapp.restart, with: {app: '${{ inputs.app }}'}, until: {every: 1s, timeout: 5s}}";
    refused(&[&format!("{REFRESH}, undo: [{both}]")], Code::KeyOfOtherKind, "until");
    refused(
        &[&format!("{REFRESH}, undo: [{check}], point_of_no_return: It is gone")],
        Code::KeysExclude,
        "point_of_no_return",
    );
    refused(&[&format!("{REFRESH}, undo: []")], Code::WrongValue, "[]");
}

#[test]
fn a_probe_knows_no_outputs_of_the_step() {
    let probe = |url: &str| format!("{REFRESH}, probe: {{check: http.get, with: {{url: '{url}'}}}}");
    assert!(first(&probe("${{ inputs.app.url }}")).probe.is_some());
    refused(&[&probe("https://x/${{ self.outputs.state }}")], Code::NoSelf, "self");
}

#[test]
fn a_substitute_is_of_the_same_kind_and_gives_what_others_read() {
    let drill = |drill: &str| format!("{GET}, drill: {drill}");
    let reader = "id: y, needs: [x], check: http.get, with: {url: '${{ steps.x.outputs.url }}'}";
    assert!(matches!(first(&drill("{skip: Not in a drill}")).drill, Some(DrillSubstitute::Skip { .. })));
    refused(&[&drill("{skip: Not in a drill}"), reader], Code::SubstituteOutputs, "skip");
    good(&[&drill("{skip: Not in a drill}"), &format!("{reader}, drill: {{skip: Nor this}}")]);
    good(&[&drill("{action: webapp.get, with: {app: '${{ inputs.app }}'}}"), reader]);
    good(&[&drill("{manual: {instruction: I, fields: {url: {type: string}}}}"), reader]);
    refused(
        &[
            &drill("{manual: {instruction: I, fields: {url: {type: evidence}}}}"),
            &reader
                .replace("'${{ steps.x.outputs.url }}'", "https://x")
                .replace("check:", "when: steps.x.outputs.url == 'a', check:"),
        ],
        Code::SubstituteOutputs,
        "manual",
    );
    refused(&[&drill("{check: http.get, with: {url: 'https://x'}}")], Code::KeyOfOtherKind, "check");
    refused(&[&drill("{with: {}}")], Code::OneOfSeveral, "with");
    refused(&["id: w, wait: {for: 1s}, drill: {manual: {instruction: I}}"], Code::KeyOfOtherKind, "manual");
    refused(
        &["id: g, gate: {question: Q, headless: a, choices: [a, b]}, drill: {skip: W}"],
        Code::KeyOfOtherKind,
        "drill",
    );
}

#[test]
fn keys_about_a_change_have_no_place_on_a_reading() {
    for key in
        ["confirm: destructive", "probe: {check: http.get, with: {url: 'https://x'}}", "point_of_no_return: Gone"]
    {
        let name = key.split(':').next().unwrap();
        refused(&[&format!("{GET}, {key}")], Code::NothingToEnforce, name);
    }
    let verified = "verify: [{check: http.get, with: {url: 'https://x'}}]";
    assert_eq!(first(&format!("{RESTART}, confirm: irreversible, {verified}")).confirm, Some(Risk::Irreversible));
}

#[test]
fn more_than_the_limits_is_a_finding() {
    let check = "{check: http.get, with: {url: 'https://x'}}";
    let many = |count: usize| vec![check; count].join(", ");
    good(&[&format!("{REFRESH}, verify: [{}], undo: [{}]", many(20), many(50))]);
    refused(&[&format!("{REFRESH}, verify: [{}]", many(21))], Code::TooMany, "check");
    refused(&[&format!("{REFRESH}, undo: [{}]", many(51))], Code::TooMany, "check");
    let fields: Vec<String> = (0..41).map(|index| format!("f{index}: {{type: string}}")).collect();
    refused(&[&format!("id: m, manual: {{instruction: I, fields: {{{}}}}}", fields.join(", "))], Code::TooMany, "f40");
}

#[test]
fn a_headless_value_is_kept_as_text_and_may_come_from_what_was_read() {
    let step = first("id: m, manual: {instruction: I, fields: {f: {type: number, headless: 1.50}}}");
    let StepKind::Manual { fields, .. } = step.kind else { panic!("not manual") };
    assert_eq!(fields[0].headless.as_ref().map(Template::source), Some("1.50"));
    let read = "id: s, check: keyvault.secret.versions, with: {vault: '${{ inputs.vault }}', name: n}";
    let asks = |kind: &str| {
        let field = format!("{{type: {kind}, headless: '${{{{ steps.s.outputs.current }}}}'}}");
        format!("id: m, needs: [s], manual: {{instruction: I, fields: {{f: {field}}}}}")
    };
    good(&[read, &asks("string")]);
    refused(&[read, &asks("timestamp")], Code::Default, "'${{ steps.s.outputs.current }}'");
}
