//! The restore of an index: what it would do for each way in which an app addresses its index and documents come into it.

use crate::support::Home;

fn plan(home: &Home, addressed_by: &str, ingestion: &str) -> String {
    let (way, from) = (format!("addressed_by={addressed_by}"), format!("ingestion={ingestion}"));
    home.callout(["plan", "index-restore", "-i", &way, "-i", &from]).run().succeeded().stdout
}

/// The part of a plan that is about a step.
fn step<'a>(plan: &'a str, id: &str) -> &'a str {
    let begins =
        |line: &str| line.split_once(". ").is_some_and(|(number, _)| number.bytes().all(|byte| byte.is_ascii_digit()));
    let is_it =
        |line: &str| begins(line) && line.split_whitespace().nth(1).map(|word| word.trim_end_matches('*')) == Some(id);
    let from = plan.lines().find(|line| is_it(line)).unwrap_or_else(|| panic!("{id}: {plan}"));
    let from = plan.find(from).unwrap();
    let rest = &plan[from..];
    let next = rest.lines().skip(1).find(|line| begins(line)).and_then(|line| rest.find(line));
    &rest[..next.unwrap_or(rest.len())]
}

#[test]
fn each_way_is_planned_whole_and_changes_only_what_belongs_to_it() {
    let home = Home::new();
    for (addressed_by, changes) in [("alias", "swap"), ("setting", "setting"), ("name", "delete-broken")] {
        for (ingestion, fills) in [("pull", "fill"), ("push", "push-all")] {
            let plan = plan(&home, addressed_by, ingestion);
            assert!(!plan.contains("cannot be told"), "{addressed_by} {ingestion}: {plan}");
            for (id, wanted) in [
                ("swap", changes == "swap"),
                ("setting", changes == "setting"),
                ("delete-broken", changes == "delete-broken"),
                ("fill", fills == "fill"),
                ("push-all", fills == "push-all"),
            ] {
                let holds = !step(&plan, id).contains("does not hold");
                assert_eq!(holds, wanted, "{addressed_by} {ingestion}: {}", step(&plan, id));
            }
        }
    }
}

#[test]
fn the_index_is_created_only_where_none_is_and_under_one_name_it_takes_the_place_of_the_old_one() {
    let home = Home::new();
    let beside = plan(&home, "alias", "pull");
    let create = step(&beside, "create");
    assert!(create.contains("indexes('docs-2')") && create.contains("if-none-match: *"), "{create}");
    assert!(step(&beside, "swap").contains("if-match: «steps.alias-before.outputs.etag»"), "{}", step(&beside, "swap"));
    let same = plan(&home, "name", "pull");
    assert!(step(&same, "create").contains("indexes('docs')"), "{}", step(&same, "create"));
    assert!(step(&same, "delete-broken").contains("irreversible"), "{}", step(&same, "delete-broken"));
}
