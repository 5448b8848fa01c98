use super::*;
use crate::runbook::StepKind;

const INNER: &str = "runbook: inner\nformat: 1\nversion: 1.0.0\ntitle: I\nparameters:\n\
    \x20 app: {type: webapp}\n  size: {type: integer, min: 1, max: 3, default: 1}\noutputs:\n\
    \x20 url: {type: string, value: '${{ steps.get.outputs.url }}'}\nsteps:\n\
    \x20 - {id: get, title: G, action: webapp.get, with: {app: '${{ inputs.app }}'}}\n";

/// The errors of a runbook of these steps beside `inner`.
fn errors_beside(lines: &[&str]) -> Vec<(Code, String)> {
    let text = text(lines);
    let checked = check_all(&[("lib/r.yaml", text.as_bytes()), ("lib/inner.yaml", INNER.as_bytes())]);
    assert!(checked[1].runbook.is_some(), "{:#?}", checked[1].findings);
    let findings = checked[0].findings.iter().filter(|finding| finding.severity() == Severity::Error);
    findings.map(|finding| (finding.code, text[finding.place.start..finding.place.end].to_owned())).collect()
}

#[track_caller]
fn refused_beside(lines: &[&str], code: Code, at: &str) {
    assert_eq!(errors_beside(lines), [(code, at.to_owned())]);
}

#[test]
fn what_is_given_to_a_nested_runbook_is_compared_with_its_parameters() {
    assert_eq!(errors_beside(&["id: n, runbook: inner, with: {app: '${{ inputs.app }}', size: 2}"]), []);
    refused_beside(&["id: n, runbook: inner, with: {size: 2}"], Code::MissingArgument, "size");
    refused_beside(&["id: n, runbook: inner"], Code::MissingArgument, "inner");
    refused_beside(&["id: n, runbook: inner, with: {ap: 1, app: '${{ inputs.app }}'}"], Code::UnknownArgument, "ap");
    refused_beside(
        &["id: n, runbook: inner, with: {app: '${{ inputs.vault }}'}"],
        Code::ArgumentType,
        "'${{ inputs.vault }}'",
    );
    refused_beside(&["id: n, runbook: inner, with: {app: '${{ inputs.app }}', size: 4}"], Code::WrongValue, "4");
    refused_beside(&["id: n, runbook: inne, with: {}"], Code::UnknownRunbook, "inne");
}

#[test]
fn what_a_nested_runbook_gives_is_typed_and_a_list_under_for_each() {
    let nest = "id: n, runbook: inner, with: {app: '${{ inputs.app }}'}";
    let read = "id: y, needs: [n], check: http.get, with: {url: '${{ steps.n.outputs.url }}'}";
    assert_eq!(errors_beside(&[nest, read]), []);
    refused_beside(&[nest, &read.replace("outputs.url", "outputs.uri")], Code::UnknownOutput, "uri");
    let each = "id: n, for_each: inputs.apps, runbook: inner, with: {app: '${{ item }}'}";
    refused_beside(&[each, read], Code::ArgumentType, "'${{ steps.n.outputs.url }}'");
    assert_eq!(
        errors_beside(&[
            each,
            "id: y, needs: [n], for_each: steps.n.outputs.url, check: http.get, with: {url: '${{ item }}'}"
        ]),
        []
    );
}

#[test]
fn a_runbook_is_looked_for_in_its_own_folder() {
    let text = text(&["id: n, runbook: inner, with: {app: '${{ inputs.app }}'}"]);
    let codes = |inner: &str| {
        let checked = check_all(&[("lib/r.yaml", text.as_bytes()), (inner, INNER.as_bytes())]);
        checked[0].findings.iter().map(|finding| finding.code).collect::<Vec<_>>()
    };
    assert_eq!(codes("lib/inner.yaml"), []);
    assert_eq!(codes("other/inner.yaml"), [Code::UnknownRunbook]);
    let nested = check_all(&[("lib/r.yaml", text.as_bytes()), ("lib/inner.yaml", INNER.as_bytes())]).swap_remove(0);
    assert!(matches!(&nested.runbook.unwrap().steps[0].kind, StepKind::Runbook(call) if call.runbook == "inner"));
}

fn nesting(name: &str, nests: &[&str]) -> (String, String) {
    let steps: Vec<String> =
        nests.iter().map(|next| format!("  - {{id: {next}, title: N, runbook: {next}}}\n")).collect();
    let steps = steps.concat();
    let head = format!("runbook: {name}\nformat: 1\nversion: 1.0.0\ntitle: N\nsteps:\n");
    (format!("{name}.yaml"), format!("{head}{steps}  - {{id: last, title: W, wait: {{for: 1s}}}}\n"))
}

fn all(files: &[(String, String)]) -> Vec<Vec<(Code, String)>> {
    let files: Vec<(&str, &[u8])> = files.iter().map(|(file, text)| (file.as_str(), text.as_bytes())).collect();
    let findings =
        |checked: &Checked| checked.findings.iter().map(|finding| (finding.code, finding.message.clone())).collect();
    check_all(&files).iter().map(findings).collect()
}

#[test]
fn a_circle_is_shown_in_each_of_its_runbooks() {
    let found = all(&[nesting("a", &["b"]), nesting("b", &["c"]), nesting("c", &["a"]), nesting("d", &["a"])]);
    let messages: Vec<&str> = found.iter().flatten().map(|(_, message)| message.as_str()).collect();
    let circle = "runbooks nest each other in a circle: ";
    assert_eq!(
        messages,
        [format!("{circle}a → b → c → a"), format!("{circle}b → c → a → b"), format!("{circle}c → a → b → c")]
    );
    assert_eq!(all(&[nesting("a", &["a"])])[0][0], (Code::RunbookCycle, format!("{circle}a → a")));
}

#[test]
fn eight_levels_are_allowed_and_nine_are_not() {
    let names = ["l1", "l2", "l3", "l4", "l5", "l6", "l7", "l8", "l9"];
    let chain = |count: usize| -> Vec<(String, String)> {
        (0..count)
            .map(|level| {
                nesting(
                    names[level],
                    names.get(level + 1).filter(|_| level + 1 < count).map(std::slice::from_ref).unwrap_or_default(),
                )
            })
            .collect()
    };
    assert!(all(&chain(8)).iter().all(Vec::is_empty));
    let found = all(&chain(9));
    assert_eq!(found[0][0].0, Code::TooManyLevels);
    assert!(found[1..].iter().all(Vec::is_empty));
}

#[test]
fn an_output_of_a_runbook_is_there_at_its_end_and_of_its_type() {
    let outputs = |outputs: &str, steps: &str| {
        let text = format!(
            "runbook: r\nformat: 1\nversion: 1.0.0\ntitle: R\nparameters:\n  app: {{type: webapp}}\n  \
            count: {{type: integer}}\noutputs: {{out: {{{outputs}}}}}\nsteps:\n  - {{{steps}}}\n"
        );
        let findings = check("r.yaml", text.as_bytes()).findings.into_iter();
        findings
            .filter(|finding| finding.severity() == Severity::Error)
            .map(|finding| (finding.code, text[finding.place.start..finding.place.end].to_owned()))
            .collect::<Vec<_>>()
    };
    let get = "id: get, title: G, action: webapp.get, with: {app: '${{ inputs.app }}'}";
    let url = "'${{ steps.get.outputs.url }}'";
    assert_eq!(outputs(&format!("type: string, value: {url}"), get), []);
    assert_eq!(outputs("type: integer, value: '${{ 3 }}'", get), []);
    assert_eq!(outputs("type: integer, value: 3", get), [(Code::ArgumentType, "3".into())]);
    assert_eq!(outputs(&format!("type: integer, value: {url}"), get), [(Code::ArgumentType, url.into())]);
    let skipped = format!("{get}, when: inputs.count > 3");
    assert_eq!(outputs(&format!("type: string, value: {url}"), &skipped), [(Code::MayBeSkipped, "get".into())]);
    let ask = "id: get, title: G, manual: {instruction: I, fields: {url: {type: secret}}}";
    assert_eq!(outputs(&format!("type: string, value: {url}"), ask), [(Code::SecretLeak, url.into())]);
}
