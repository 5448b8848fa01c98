use std::collections::BTreeMap;

use super::*;
use crate::base::{Digest, SecretRef, Span, StepId, Value};
use crate::effect::Risk;
use crate::runbook::{
    Argument, CallSpec, CheckSpec, Choice, DefaultFrom, DrillSubstitute, EstateKind, Expression, ForEach, Leads,
    NestedCall, Parameter, ParameterType, Runbook, Step, StepKind, Template, UndoUntil,
};

const GROUP: &str = "/subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/rg/providers";

fn site(name: &str) -> Value {
    let id = format!("{GROUP}/Microsoft.Web/sites/{name}");
    Value::record([("name", Value::text(name)), ("id", Value::text(id)), ("url", Value::text("https://x.example"))])
}

fn vault() -> Value {
    let id = format!("{GROUP}/Microsoft.KeyVault/vaults/kv");
    let url = Value::text("https://kv.vault.azure.net");
    Value::record([("name", Value::text("kv")), ("id", Value::text(id)), ("url", url)])
}

fn runbook(id: &str, steps: Vec<Step>) -> Runbook {
    Runbook {
        id: id.into(),
        format: 1,
        version: "1.0.0".into(),
        title: "A story".into(),
        sop: None,
        owner: None,
        use_when: vec![],
        not_when: vec![],
        parameters: vec![],
        rto: None,
        rpo: None,
        outputs: vec![],
        steps,
    }
}

fn plan(steps: Vec<Step>) -> Plan {
    let input = |name: &str, value| Input { name: name.into(), value };
    Plan {
        runbook: runbook("story", steps),
        revision: Revision { text: Digest::of("text-v1", b""), origin: Origin::File },
        inputs: vec![
            input("app", site("web")),
            input("again", site("WEB")),
            input("apps", Value::List(vec![site("one"), site("two")])),
            input("vault", vault()),
            input("full", Value::Boolean(false)),
            input("note", Value::text("n")),
        ],
        place: Place {
            environment: "test".into(),
            estate: EstateKind::Live,
            tenant: "t".into(),
            subscription: "s".into(),
            protected: true,
            drill: Vec::new(),
        },
        mode: Mode::Live,
        nested: vec![],
        resources: None,
        exercise: None,
    }
}

fn call(action: &str, with: &[(&str, &str)]) -> CallSpec {
    let argument = |text: &str| Argument::Template { text: Template::parse(text).unwrap() };
    let with = with.iter().map(|(name, text)| ((*name).to_owned(), argument(text))).collect();
    CallSpec { action: action.into(), with }
}

fn step(id: &str, needs: &[&str], kind: StepKind) -> Step {
    Step { needs: needs.iter().map(|need| StepId::new(*need)).collect(), ..Step::new(StepId::new(id), id, kind) }
}

fn restart(id: &str, needs: &[&str], app: &str) -> Step {
    step(id, needs, StepKind::Action(call("webapp.restart", &[("app", app)])))
}

fn versions(id: &str, needs: &[&str]) -> Step {
    let call = call("keyvault.secret.versions", &[("vault", "${{ inputs.vault }}"), ("name", "s")]);
    step(id, needs, StepKind::Check(CheckSpec { call, until: None }))
}

fn gate(id: &str, needs: &[&str], choices: &[(&str, Leads)]) -> Step {
    let choices = choices.iter().map(|(name, leads)| Choice { name: (*name).into(), leads: leads.clone() });
    let question = Template::parse("Which?").unwrap();
    step(id, needs, StepKind::Gate { question, choices: choices.collect(), headless: None })
}

fn expression(source: &str) -> Expression {
    Expression::parse(source).unwrap()
}

fn first(step: &StepPreview) -> &CallPreview {
    step.instances[0].call.as_ref().unwrap()
}

#[test]
fn what_an_earlier_step_will_tell_is_marked_and_never_guessed() {
    let with = [
        ("vault", "${{ inputs.vault }}"),
        ("name", "s"),
        ("content_type", "${{ steps.before.outputs.content_type }}"),
        ("tags", "${{ steps.before.outputs.tags }}"),
    ];
    let mut spec = call("keyvault.secret.set", &with);
    let version = Template::parse("${{ steps.before.outputs.current }}").unwrap();
    spec.with.insert("value".into(), Argument::VersionOf { version, secret: None });
    let mut skipped = versions("later", &["before"]);
    skipped.when = Some(expression("length(steps.before.outputs.enabled) == 0"));
    let plan = plan(vec![versions("before", &[]), step("set", &["before"], StepKind::Action(spec)), skipped]);
    let outlook = Outlook::of(&plan);
    let set = first(&outlook.steps[1]);
    assert_eq!(set.known_after, ["before"]);
    assert_eq!(set.left_out, [("tags".to_owned(), "steps.before.outputs.tags".to_owned())]);
    let body = set.requests[0].split_once('\n').unwrap().1;
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["contentType"], "«steps.before.outputs.content_type»");
    assert_eq!(body["value"], "«secret: s version «steps.before.outputs.current»»");
    let when = outlook.steps[2].when.as_ref().unwrap();
    assert_eq!((when.holds, when.known_after.as_slice()), (None, ["before".to_owned()].as_slice()));
}

#[test]
fn a_default_for_what_is_not_known_yet_is_no_answer() {
    let mut maybe = restart("maybe", &["before"], "${{ inputs.app }}");
    maybe.when = Some(expression("default(steps.before.outputs.current, 'none') == 'none'"));
    let outlook = Outlook::of(&plan(vec![versions("before", &[]), maybe]));
    assert_eq!(outlook.steps[1].when.as_ref().unwrap().holds, None);
}

#[test]
fn a_known_list_is_taken_apart_and_an_unknown_one_is_marked() {
    let mut each = restart("each", &[], "${{ item }}");
    each.for_each = Some(ForEach::of(expression("inputs.apps")));
    let with = [("vault", "${{ inputs.vault }}"), ("name", "s"), ("version", "${{ item }}")];
    let mut retire = step("retire", &["before"], StepKind::Action(call("keyvault.secret.disable", &with)));
    retire.for_each = Some(ForEach::of(expression("steps.before.outputs.enabled")));
    let outlook = Outlook::of(&plan(vec![versions("before", &[]), each, retire]));
    let keys: Vec<_> = outlook.steps[1].instances.iter().map(|instance| instance.key.as_deref().unwrap()).collect();
    assert_eq!(keys, ["one", "two"]);
    assert!(first(&outlook.steps[1]).requests[0].contains("/sites/one/restart?"));
    assert_eq!(outlook.steps[1].consent, Consent::ReadBack { text: "2 each".into(), second_person: false });
    assert_eq!(outlook.steps[1].time.machine, Span::minutes(4), "one after the other");
    let retire = &outlook.steps[2];
    assert_eq!(retire.each.as_ref().unwrap().count, None);
    assert!(first(retire).requests[0].contains("/s/«each of steps.before.outputs.enabled»?"), "{:?}", first(retire));
    assert!(retire.time.unknown);
    assert_eq!(retire.consent, Consent::ReadBack { text: "«number of items» s".into(), second_person: false });
}

#[test]
fn a_target_that_is_known_later_stands_whole_in_the_address() {
    let mut each = restart("each", &["find"], "${{ item }}");
    each.for_each = Some(ForEach::of(expression("steps.find.outputs.consumers")));
    let find = call("keyvault.secret.consumers", &[("vault", "${{ inputs.vault }}"), ("name", "s")]);
    let plan = plan(vec![step("find", &[], StepKind::Action(find)), each]);
    let outlook = Outlook::of(&plan);
    let request = &first(&outlook.steps[1]).requests[0];
    assert!(request.contains("azure.com«each of steps.find.outputs.consumers.id»/restart?"), "{request}");
    assert!(first(&outlook.steps[1]).locks.is_empty() && outlook.summary.changed.is_empty());
    let sheet = checklist(&plan, Digest::of("plan-v1", b""), None);
    assert!(sheet.contains("for item in '<fill in: steps.find.outputs.consumers"), "{sheet}");
    assert!(sheet.contains("--url https://management.azure.com\"$item\"'/restart?api-version="), "{sheet}");
}

#[test]
fn a_step_behind_a_gate_says_which_choice_leads_to_it_and_so_does_what_needs_it() {
    let to = |id: &str| Leads::To(vec![StepId::new(id)]);
    let outlook = Outlook::of(&plan(vec![
        gate("which", &[], &[("left", to("l")), ("right", to("r"))]),
        restart("l", &["which"], "${{ inputs.app }}"),
        restart("r", &["which"], "${{ inputs.again }}"),
        versions("after-l", &["l"]),
        versions("after-both", &["l", "r"]),
        gate("go", &["after-both"], &[("yes", Leads::On), ("no", Leads::End)]),
        versions("last", &["go"]),
    ]));
    let of = |index: usize| {
        let branches = outlook.steps[index].only_if.iter();
        branches.map(|branch| format!("{}={}", branch.gate, branch.choices.join("|"))).collect::<Vec<_>>()
    };
    assert_eq!(of(1), ["which=left"]);
    assert_eq!(of(3), ["which=left"]);
    assert_eq!(of(4), ["which=left", "which=right"]);
    assert_eq!(of(6), ["go=yes"]);
    assert!(outlook.warnings.is_empty(), "only one of them is done: {:?}", outlook.warnings);
}

#[test]
fn two_changes_of_one_target_without_an_order_are_pointed_out() {
    let two = |needs: &[&str]| {
        let steps = vec![restart("a", &[], "${{ inputs.app }}"), restart("b", needs, "${{ inputs.again }}")];
        Outlook::of(&plan(steps)).warnings
    };
    let [warning] = two(&[]).try_into().unwrap();
    assert!(warning.starts_with("`a` and `b` change the same target (/subscriptions/"), "{warning}");
    assert!(two(&["a"]).is_empty(), "one waits for the other");
    let mut each = restart("each", &[], "${{ item }}");
    let mut twice = plan(vec![]);
    twice.inputs[2].value = Value::List(vec![site("one"), site("ONE")]);
    each.for_each = Some(ForEach { max_parallel: 2, ..ForEach::of(expression("inputs.apps")) });
    twice.runbook.steps = vec![each];
    let [warning] = Outlook::of(&twice).warnings.try_into().unwrap();
    assert!(warning.contains("`each[one]` and `each[ONE]`"), "{warning}");
}

/// A plan that nests `inner` with what `before` will tell.
fn nesting() -> Plan {
    let argument = |text: &str| Argument::Template { text: Template::parse(text).unwrap() };
    let with = BTreeMap::from([
        ("target".to_owned(), argument("${{ inputs.app }}")),
        ("version".to_owned(), argument("${{ steps.before.outputs.current }}")),
        ("vault".to_owned(), argument("${{ inputs.vault }}")),
    ]);
    let nested = step("outer", &["before"], StepKind::Runbook(NestedCall { runbook: "inner".into(), with }));
    let mut plan = plan(vec![versions("before", &[]), nested, versions("after", &["outer"])]);
    let disable = [("vault", "${{ inputs.vault }}"), ("name", "s"), ("version", "${{ inputs.version }}")];
    let mut inner = runbook(
        "inner",
        vec![
            restart("restart", &[], "${{ inputs.target }}"),
            step("disable", &["restart"], StepKind::Action(call("keyvault.secret.disable", &disable))),
            versions("look", &[]),
        ],
    );
    let parameter = |name: &str| Parameter {
        name: name.into(),
        kind: ParameterType::Boolean,
        description: None,
        default: None,
        default_from: None,
    };
    inner.parameters = ["target", "version", "vault"].map(parameter).into();
    plan.nested = vec![Nested { runbook: inner, revision: plan.revision.clone() }];
    plan
}

#[test]
fn a_nested_runbook_is_taken_apart_in_its_place_with_its_inputs() {
    let outlook = Outlook::of(&nesting());
    let paths: Vec<_> = outlook.steps.iter().map(|step| step.path.as_str()).collect();
    assert_eq!(paths, ["before", "outer", "outer/restart", "outer/disable", "outer/look", "after"]);
    assert_eq!(outlook.steps[2].needs, [1], "its first steps wait for what the step that nests it needs");
    assert_eq!(outlook.steps[5].needs, [3, 4], "what comes after waits for all of it");
    assert!(first(&outlook.steps[2]).requests[0].contains("/sites/web/restart?"));
    let disable = first(&outlook.steps[3]);
    assert!(disable.requests[0].contains("/s/«steps.before.outputs.current»?"), "{disable:?}");
    assert_eq!(disable.known_after, ["before"]);
    assert_eq!((outlook.summary.steps, outlook.summary.changes), (5, 2));
}

#[test]
fn a_nested_runbook_makes_the_defaults_that_nobody_gives_from_what_it_is_given() {
    let mut plan = nesting();
    let StepKind::Runbook(nested) = &mut plan.runbook.steps[1].kind else { panic!("it nests") };
    nested.with.remove("version");
    let made = Template::parse("${{ inputs.other }}").unwrap();
    let parameters = &mut plan.nested[0].runbook.parameters;
    parameters[1].default_from = Some(DefaultFrom::Whole(made));
    let other = Parameter { name: "other".into(), default: Some(Value::text("0".repeat(32))), ..parameters[0].clone() };
    parameters.push(other);
    let outlook = Outlook::of(&plan);
    assert!(first(&outlook.steps[3]).requests[0].contains(&"0".repeat(32)), "{:?}", first(&outlook.steps[3]));
}

#[test]
fn the_plan_digest_covers_what_is_nested_and_a_plan_without_it_is_written_as_before() {
    let (plain, mut nesting) = (plan(vec![versions("v", &[])]), nesting());
    assert!(!serde_json::to_string(&plain).unwrap().contains("nested"));
    let before = nesting.digest().unwrap();
    nesting.nested[0].runbook.steps.pop();
    assert_ne!(nesting.digest().unwrap(), before);
}

#[test]
fn a_runbook_that_nests_itself_is_not_followed_for_ever() {
    let mut plan = nesting();
    let inner = NestedCall { runbook: "inner".into(), with: BTreeMap::new() };
    plan.nested[0].runbook.steps.push(step("me", &[], StepKind::Runbook(inner)));
    assert_eq!(Outlook::of(&plan).steps.last().unwrap().path, "after");
}

#[test]
fn a_drill_does_the_substitute_and_says_in_whose_place() {
    let mut with = restart("swap", &[], "${{ inputs.app }}");
    let refresh = call("webapp.references.refresh", &[("app", "${{ inputs.app }}")]);
    with.drill = Some(DrillSubstitute::Call(refresh));
    let mut without = restart("none", &["swap"], "${{ inputs.app }}");
    without.drill = Some(DrillSubstitute::Skip { why: "nobody may".into() });
    let mut plan = plan(vec![with, without]);
    let live = Outlook::of(&plan);
    assert_eq!(first(&live.steps[0]).action, "webapp.restart");
    plan.mode = Mode::Drill;
    let drill = Outlook::of(&plan);
    assert_eq!(first(&drill.steps[0]).action, "webapp.references.refresh");
    assert_eq!(drill.steps[0].stands_for.as_deref(), Some("webapp.restart"));
    assert_eq!((drill.steps[0].risk, &drill.steps[0].consent), (Risk::Reversible, &Consent::Acknowledge));
    assert!(drill.steps[1].is_skipped() && drill.steps[1].instances[0].call.is_none());
    assert_eq!((drill.summary.skipped, drill.summary.destructive), (1, 0));
}

#[test]
fn the_objective_is_compared_with_the_way_to_the_restored_service_and_waits_are_apart() {
    let mut restored = restart("restored", &["wait"], "${{ inputs.app }}");
    restored.marks = Some("service_restored".into());
    restored.expect = Some(Span::seconds(30));
    restored.confirm = Some(Risk::Irreversible);
    restored.undo_until = Some(UndoUntil::For(Span::minutes(5)));
    let wait = step("wait", &[], StepKind::Wait { span: Span::minutes(2) });
    let soak = step("soak", &["restored"], StepKind::Wait { span: Span::minutes(60) });
    let mut plan = plan(vec![wait, restored, soak]);
    plan.runbook.rto = Some(Span::minutes(3));
    let outlook = Outlook::of(&plan);
    let way = outlook.until_restored();
    assert_eq!((way.machine, way.waiting), (Span::seconds(30), Span::minutes(2)));
    assert_eq!(way.people, [1]);
    assert_eq!(outlook.keeps_rto(), Some(true));
    assert_eq!(outlook.whole.waiting, Span::minutes(62));
    let step = &outlook.steps[1];
    assert_eq!(step.consent, Consent::ReadBack { text: "web".into(), second_person: true });
    assert_eq!(step.undo.until.as_deref(), Some("for 5m after it has succeeded"));
    plan.runbook.rto = Some(Span::minutes(2));
    assert_eq!(Outlook::of(&plan).keeps_rto(), Some(false));
}

#[test]
fn a_condition_on_the_inputs_is_decided_and_what_it_leaves_out_takes_no_time() {
    let mut skipped = restart("skipped", &[], "${{ inputs.app }}");
    skipped.when = Some(expression("inputs.full"));
    let outlook = Outlook::of(&plan(vec![skipped]));
    assert!(outlook.steps[0].is_skipped());
    assert_eq!(outlook.whole.at_least(), Span::ZERO);
    assert_eq!((outlook.summary.skipped, outlook.summary.changes), (1, 0));
    assert!(outlook.summary.permissions.is_empty(), "what is not done needs no permission");
}

#[test]
fn every_request_of_a_read_of_several_is_told_as_far_as_it_can_be() {
    let elsewhere = site("far");
    let mut plan = plan(vec![]);
    let id = elsewhere.field("id").unwrap().to_string().replace("/rg/", "/other/");
    let far = Value::record([
        ("name", Value::text("far")),
        ("id", Value::text(id)),
        ("url", Value::text("https://x.example")),
    ]);
    plan.inputs[2].value = Value::List(vec![far]);
    let with = [("vault", "${{ inputs.vault }}"), ("name", "s"), ("expected", "${{ inputs.apps }}")];
    plan.runbook.steps = vec![step("find", &[], StepKind::Action(call("keyvault.secret.consumers", &with)))];
    let outlook = Outlook::of(&plan);
    let find = first(&outlook.steps[0]);
    assert_eq!(find.requests.len(), 2, "one for each resource group: {:?}", find.requests);
    assert!(find.requests[1].contains("/resourceGroups/other/"));
    assert_eq!(find.foretold.len(), 2);
}

#[test]
fn a_checklist_never_holds_a_secret_and_tells_what_it_cannot_write() {
    let mut spec = call("keyvault.secret.set", &[("vault", "${{ inputs.vault }}"), ("name", "s")]);
    let secret = SecretRef::Environment { name: "TOK$(id)".into() };
    spec.with.insert("value".into(), Argument::Literal { value: Value::Secret { secret } });
    let plan = plan(vec![step("set", &[], StepKind::Action(spec))]);
    let sheet = checklist(&plan, Digest::of("plan-v1", b""), None);
    assert!(sheet.contains("printenv -- 'TOK$(id)'"), "{sheet}");
    assert!(sheet.contains("umask 077") && sheet.contains("trap 'rm -rf \"$folder\"' EXIT"), "{sheet}");
    assert!(!sheet.contains("--value"), "a value on a command line is seen by every process");
}

#[test]
fn the_items_of_a_list_are_those_that_the_run_will_have() {
    let keyed = |key: &str, at_most| {
        let mut each = restart("each", &[], "${{ inputs.app }}");
        let list = ForEach::of(crate::runbook::Items::Values(["a]", "b", "a]"].map(Value::text).to_vec()));
        each.for_each = Some(ForEach { key: Some(expression(key)), at_most, ..list });
        let outlook = Outlook::of(&plan(vec![versions("before", &[]), each]));
        let step = &outlook.steps[1];
        let keys: Vec<_> = step.instances.iter().map(|instance| instance.key.clone()).collect();
        (keys, step.each.as_ref().unwrap().clone())
    };
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(keyed("item", 9).0, [text("a)"), text("b")]);
    assert_eq!(keyed("inputs.note", 9).0, [text("n"), text("n#2")]);
    assert_eq!(keyed("steps.before.outputs.current", 9).0, [None, None], "what they are called is known later");
    let (keys, each) = keyed("item", 2);
    assert_eq!((keys, each.count), (vec![None], None));
    assert!(each.source.contains("at most 2"), "{}", each.source);
}
