//! Bad runbooks and playbooks, one per finding, each beside what is said of it; and what holds for any text at all.
//!
//! `CALLOUT_BLESS=1 cargo test check` writes the expectations anew; they are reviewed by eye, as any change.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::{env, fs};

use callout::base::canonical;
use callout::runbook::{
    Code, Colour, Environment, Finding, Runbook, Severity, Shelf, bind_inputs, check, check_environment,
    check_playbook, is_playbook, render_findings, shipped,
};
use proptest::prelude::*;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/check")
}

/// The runbooks beside the playbooks among the examples: those that are built in, and one with errors.
pub(crate) static BESIDE: LazyLock<Shelf> = LazyLock::new(|| {
    let shipped = shipped().iter().map(|(file, text)| (*file, text.as_bytes()));
    Shelf::of(shipped.chain([("broken.yaml", &b"runbook: broken"[..])]))
});

/// A file is what it says of itself; an example of a code of environments is an environment.
fn findings_of(file: &str, bytes: &[u8]) -> Vec<Finding> {
    if file.starts_with("rb5") {
        return check_environment(file, bytes).findings;
    }
    if is_playbook(bytes) { check_playbook(file, bytes, &BESIDE).findings } else { check(file, bytes).findings }
}

fn rendered(file: &str, bytes: &[u8]) -> String {
    render_findings(&findings_of(file, bytes), file, &String::from_utf8_lossy(bytes), Colour::Off)
}

fn codes(findings: &[Finding]) -> BTreeSet<Code> {
    findings.iter().map(|finding| finding.code).collect()
}

/// Files that would be too large for the repository, by the code that they are examples of.
fn made() -> BTreeMap<Code, Vec<u8>> {
    let step = |index: usize| format!("  - {{id: s{index}, title: Wait, wait: {{for: 1s}}}}\n");
    let head = "runbook: made\nformat: 1\nversion: 1.0.0\ntitle: Made\nsteps:\n";
    BTreeMap::from([
        (Code::TooLarge, vec![b'#'; (4 << 20) + 1]),
        (Code::TooManyParts, "- a\n".repeat(100_001).into_bytes()),
        (Code::MoreFindings, (0..101).fold(String::new(), |text, key| format!("{text}k{key}: v\n")).into_bytes()),
        (Code::TooManySteps, (0..501).fold(head.to_owned(), |text, index| text + &step(index)).into_bytes()),
    ])
}

fn is_blessing() -> bool {
    env::var_os("CALLOUT_BLESS").is_some()
}

#[test]
fn every_bad_file_gets_exactly_the_findings_beside_it() {
    let mut examples = BTreeSet::new();
    let mut differences = Vec::new();
    let mut files: Vec<PathBuf> = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for path in files.iter().filter(|path| path.extension().is_some_and(|ending| ending == "yaml")) {
        let file = path.file_name().unwrap().to_str().unwrap();
        let bytes = fs::read(path).unwrap();
        let found = rendered(file, &bytes);
        let expectation = path.with_extension("txt");
        if is_blessing() {
            fs::write(&expectation, &found).unwrap();
        }
        if fs::read_to_string(&expectation).unwrap_or_default() != found {
            differences.push(format!("{file}:\n{found}"));
        }
        let prefix = file.split('-').next().unwrap().to_uppercase();
        let named = Code::ALL.iter().find(|code| code.id() == prefix);
        let named = *named.unwrap_or_else(|| panic!("{file} does not begin with a code"));
        assert!(codes(&findings_of(file, &bytes)).contains(&named), "{file} is no example of its code:\n{found}");
        examples.insert(named);
    }
    assert!(differences.is_empty(), "CALLOUT_BLESS=1 writes these:\n{}", differences.join("\n"));
    for (code, bytes) in made() {
        let checked = check("made.yaml", &bytes);
        assert!(codes(&checked.findings).contains(&code), "{code} is not found in what was made for it");
        assert!(!rendered("made.yaml", &bytes).is_empty());
        examples.insert(code);
    }
    let missing: Vec<_> = Code::ALL.iter().filter(|code| !examples.contains(code)).collect();
    assert!(missing.is_empty(), "codes without an example: {missing:?}");
}

#[test]
fn an_expectation_without_its_runbook_is_a_leftover() {
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        assert!(path.with_extension("yaml").exists(), "{}", path.display());
    }
}

#[test]
fn every_code_says_what_it_is_about_and_why() {
    for code in Code::ALL {
        assert!(code.title().ends_with('.') && code.explanation().ends_with('.'), "{code}");
    }
}

#[test]
fn the_shipped_runbooks_check_without_a_finding() {
    for (file, text) in shipped() {
        assert_eq!(rendered(file, text.as_bytes()), "", "{file}");
        assert!(check(file, text.as_bytes()).runbook.is_some());
    }
}

#[test]
fn the_simulated_environment_supplies_every_input_of_the_shipped_runbooks() {
    for (file, text) in shipped() {
        let runbook = check(file, text.as_bytes()).runbook.unwrap();
        let inputs = bind_inputs(&runbook, &[], &Environment::simulated()).unwrap();
        assert_eq!(inputs.len(), runbook.parameters.len());
    }
}

#[test]
fn steps_come_out_in_an_order_in_which_they_can_run() {
    let steps = "  - {id: c, title: C, needs: [b], wait: {for: 1s}}\n  - {id: a, title: A, wait: {for: 1s}}\n  \
        - {id: b, title: B, needs: [a], wait: {for: 1s}}\n  - {id: d, title: D, wait: {for: 1s}}\n";
    let text = format!("runbook: r\nformat: 1\nversion: 1.0.0\ntitle: R\nsteps:\n{steps}");
    let runbook = check("r.yaml", text.as_bytes()).runbook.unwrap();
    let order: Vec<&str> = runbook.steps.iter().map(|step| step.id.as_str()).collect();
    assert_eq!(order, ["a", "b", "c", "d"]);
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_change_no_place() {
    for (file, text) in shipped() {
        let windows = format!("\u{feff}{}", text.replace('\n', "\r\n"));
        assert_eq!(rendered(file, windows.as_bytes()), "", "{file}");
        let same = check(file, windows.as_bytes()).runbook.unwrap() == check(file, text.as_bytes()).runbook.unwrap();
        assert!(same, "{file}");
    }
    let rendered = rendered("x.yaml", "\u{feff}title: é\r\nunknöwn: 1\r\n".as_bytes());
    assert!(rendered.contains("x.yaml:2:1\n"), "{rendered}");
}

#[test]
fn a_secret_in_the_file_is_not_printed_into_a_log() {
    let text = fs::read_to_string(folder().join("rb402-secret-in-clear.yaml")).unwrap();
    assert!(text.contains("hünter2"));
    assert!(!rendered("rb402-secret-in-clear.yaml", text.as_bytes()).contains("nter2"));
}

#[test]
fn a_runbook_survives_the_journal() {
    for (file, text) in shipped() {
        let runbook = check(file, text.as_bytes()).runbook.unwrap();
        assert_eq!(journaled(&runbook), runbook, "{file}");
    }
}

#[test]
fn colours_change_nothing_but_colours() {
    let bytes = b"runbook: x\nunknown: 1\n";
    let findings = check("x.yaml", bytes).findings;
    let source = str::from_utf8(bytes).unwrap();
    let coloured = render_findings(&findings, "x.yaml", source, Colour::On);
    let mut bare = String::new();
    let mut rest = coloured.as_str();
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        bare.push_str(before);
        rest = after.split_once('m').unwrap().1;
    }
    assert_eq!(bare + rest, render_findings(&findings, "x.yaml", source, Colour::Off));
}

#[test]
fn a_file_cannot_drive_the_terminal() {
    let bytes = "runbook: x\n\u{1b}]0;owned\u{7}: 1\n\u{1b}[2Jtitle: x\n".as_bytes();
    assert!(!rendered("\u{1b}[31m.yaml", bytes).contains(['\u{1b}', '\u{7}']));
}

/// What the journal gives back for a runbook.
fn journaled(runbook: &Runbook) -> Runbook {
    serde_json::from_str(&canonical(&serde_json::to_value(runbook).unwrap()).unwrap()).unwrap()
}

/// Any bytes are an answer as an environment too.
fn holds_as_environment(bytes: &[u8]) {
    let checked = check_environment("any.yaml", bytes);
    let is_error = checked.findings.iter().any(|finding| finding.severity() == Severity::Error);
    assert_eq!(checked.environment.is_none(), is_error, "{checked:?}");
}

/// A runbook without error is complete: whatever is an error keeps it from being made, and nothing else does.
fn holds_its_word(file: &str, bytes: &[u8]) {
    let checked = check(file, bytes);
    let is_error = checked.findings.iter().any(|finding| finding.severity() == Severity::Error);
    assert_eq!(checked.runbook.is_none(), is_error, "{checked:?}");
    for finding in &checked.findings {
        assert!(finding.place.start <= finding.place.end && finding.place.end <= bytes.len(), "{finding:?}");
    }
    let _ = rendered(file, bytes);
    if let Some(runbook) = checked.runbook {
        assert_eq!(journaled(&runbook), runbook);
    }
}

#[test]
fn hostile_files_get_a_finding_at_once() {
    let deep = |open: &str| open.repeat(2_000_000 / open.len());
    let laughs = (1..30).fold("a0: &a0 [x]\n".to_owned(), |text, level| {
        format!("{text}a{level}: &a{level} [{}]\n", vec![format!("*a{}", level - 1); 9].join(","))
    });
    for text in
        [deep("["), deep("{"), deep("- "), deep("? "), deep("a: &a "), deep("\"\\x"), deep("!"), deep("  \n"), laughs]
    {
        holds_its_word("hostile.yaml", text.as_bytes());
    }
    let parentheses = format!("runbook: a\nsteps: [{{id: a, when: '{}'}}]\n", "(".repeat(5_000));
    assert!(codes(&check("a.yaml", parentheses.as_bytes()).findings).contains(&Code::TooComplex));
}

/// A shipped runbook with some stretches cut, doubled or replaced.
fn mutated() -> impl Strategy<Value = (usize, Vec<u8>)> {
    let edit = (any::<prop::sample::Index>(), 0..40_usize, prop::option::of(scrap()));
    (0..shipped().len(), prop::collection::vec(edit, 1..6)).prop_map(|(which, edits)| {
        let mut bytes = shipped()[which].1.as_bytes().to_vec();
        for (at, length, scrap) in edits {
            let start = at.index(bytes.len());
            let end = (start + length).min(bytes.len());
            let new = scrap.map_or_else(|| bytes[start..end].repeat(2), |text| text.as_bytes().to_vec());
            bytes.splice(start..end, new);
        }
        (which, bytes)
    })
}

fn scrap() -> impl Strategy<Value = String> {
    let words = [
        "",
        "\n",
        "  ",
        ": ",
        "- ",
        "[",
        "}",
        "'",
        "\"",
        "&a ",
        "*a",
        "!!str ",
        "<<: ",
        "---\n",
        "${{ ",
        " }}",
        "item",
        "self",
        "steps.before.outputs.enabled",
        "(",
        "!",
        " == ",
        "null",
        "é",
        "\u{feff}",
        "\0",
        "\t",
        "generate: {bytes: 32}",
    ];
    prop_oneof![prop::sample::select(words.to_vec()).prop_map(str::to_owned), ".{0,8}"]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn any_bytes_give_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        holds_its_word("any.yaml", &bytes);
        holds_as_environment(&bytes);
    }

    #[test]
    fn any_text_gives_an_answer(text in "(\\PC|[-:{}\\[\\]'\"&*!|>\n #]){0,200}") {
        holds_its_word("any.yaml", text.as_bytes());
    }

    #[test]
    fn any_change_to_a_good_runbook_gives_an_answer((which, bytes) in mutated()) {
        holds_its_word(shipped()[which].0, &bytes);
    }

    #[test]
    fn any_expression_gives_an_answer(text in "[a-z.()!&|=<>,'\" 0-9-]{0,80}") {
        let _ = callout::runbook::Expression::parse(&text);
        let _ = callout::runbook::Template::parse(&format!("a ${{{{{text}}}}} b"));
    }
}
