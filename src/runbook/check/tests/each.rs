use super::*;
use crate::base::Value;
use crate::runbook::{ForEach, Items};

const READ: &str = "id: x, for_each: inputs.apps, action: webapp.get, with: {app: '${{ item }}'}";

fn each(line: &str) -> ForEach {
    let step = first(&format!("id: x, for_each: {line}, check: http.get, with: {{url: 'https://x/${{{{ item }}}}'}}"));
    step.for_each.unwrap()
}

fn each_refused(line: &str, code: Code, at: &str) {
    refused(
        &[&format!("id: x, for_each: {line}, check: http.get, with: {{url: 'https://x/${{{{ item }}}}'}}")],
        code,
        at,
    );
}

#[test]
fn the_outputs_of_a_for_each_are_lists() {
    let lines =
        |read: &str| format!("id: y, needs: [x], for_each: {read}, check: http.get, with: {{url: '${{{{ item }}}}'}}");
    good(&[READ, &lines("steps.x.outputs.url")]);
    refused(&[READ, &lines("first(steps.x.outputs.url)")], Code::NotAList, "first(steps.x.outputs.url)");
    let one = "id: y, needs: [x], check: http.get, with: {url: '${{ steps.x.outputs.url }}'}";
    refused(&[READ, one], Code::ArgumentType, "'${{ steps.x.outputs.url }}'");
}

#[test]
fn inside_verify_and_undo_self_is_the_one_item() {
    let set = "id: x, for_each: [a, b], action: keyvault.secret.set, \
        with: {vault: '${{ inputs.vault }}', name: '${{ item }}', value: {generate: {bytes: 32}}}, \
        verify: [{check: keyvault.secret.versions, with: {vault: '${{ inputs.vault }}', name: '${{ item }}', \
        newest: '${{ self.outputs.version }}'}}]";
    good(&[set]);
}

#[test]
fn a_list_may_be_written_out_as_texts_or_whole_numbers() {
    assert_eq!(each("[a, b]").list, Items::Values(vec![Value::text("a"), Value::text("b")]));
    assert_eq!(each("[1, 2]").list, Items::Values(vec![Value::Integer(1), Value::Integer(2)]));
    assert_eq!(each("[1, '2']").list, Items::Values(vec![Value::text("1"), Value::text("2")]));
    each_refused("[]", Code::WrongValue, "[]");
    each_refused("[a, a]", Code::DuplicateName, "a");
    each_refused("[a, '${{ inputs.name }}']", Code::WrongValue, "'${{ inputs.name }}'");
    each_refused("{list: [a, b, c], at_most: 2}", Code::TooMany, "c");
}

#[test]
fn the_long_form_has_bounds() {
    let long = each(
        "{list: inputs.apps, key: item.name, at_most: 7, max_parallel: 3}"
            .replace("inputs.apps", "[a, b]")
            .replace("item.name", "item")
            .as_str(),
    );
    assert_eq!((long.at_most, long.max_parallel), (7, 3));
    assert_eq!(each("{list: [a, b]}"), each("[a, b]"));
    each_refused("{list: [a], at_most: 1001}", Code::WrongValue, "1001");
    each_refused("{list: [a], max_parallel: 0}", Code::WrongValue, "0");
    each_refused("{at_most: 3}", Code::MissingKey, "at_most");
}

#[test]
fn an_item_without_a_name_of_its_own_needs_a_key_that_is_a_text() {
    let tags = "id: t, check: keyvault.secret.versions, with: {vault: '${{ inputs.vault }}', name: a}";
    let of = |each: &str| format!("id: x, needs: [t], for_each: {each}, check: http.get, with: {{url: 'https://x'}}");
    refused(&[tags, &of("steps.t.outputs.tags")], Code::MissingKey, "steps.t.outputs.tags");
    good(&[tags, &of("{list: steps.t.outputs.tags, key: item.name}")]);
    refused(&[&of("{list: inputs.apps, key: item}").replace(" needs: [t],", "")], Code::NotText, "item");
}
