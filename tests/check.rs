//! Bad runbooks and playbooks, one per finding, each beside what is said of it; and what holds for any text at all.
//!
//! `CALLOUT_BLESS=1 cargo test check` writes the expectations anew; they are reviewed by eye, as any change.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::{env, fs};

use callout::base::canonical;
use callout::runbook::{
    Checked, Code, Colour, Environment, Finding, Runbook, Severity, Shelf, bind_inputs, check, check_all,
    check_environment, check_playbook, is_playbook, render_findings, shipped,
};
use proptest::prelude::*;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/check")
}

/// A runbook that takes secrets.
const GUARDED: &str = "\
runbook: guarded
format: 1
version: 1.0.0
title: Takes secrets
parameters:
  token: {type: secret}
  more: {type: list, of: secret}
steps:
  - {id: rest, title: Rest, wait: {for: 1s}}
";

/// The runbooks beside the playbooks among the examples: those that are built in, one that takes secrets, and one with
/// errors.
pub(crate) static BESIDE: LazyLock<Shelf> = LazyLock::new(|| {
    let shipped = shipped().iter().map(|(file, text)| (*file, text.as_bytes()));
    let own = [("broken.yaml", &b"runbook: broken"[..]), ("guarded.yaml", GUARDED.as_bytes())];
    Shelf::of(shipped.chain(own))
});

/// What is found in a file that is no runbook: a file is what its first key says.
fn findings_of_another_kind(file: &str, bytes: &[u8]) -> Option<Vec<Finding>> {
    if bytes.starts_with(b"environment:") {
        return Some(check_environment(file, bytes).findings);
    }
    is_playbook(bytes).then(|| check_playbook(file, bytes, &BESIDE).findings)
}

fn rendered(file: &str, bytes: &[u8]) -> String {
    shown(file, bytes, &check(file, bytes).findings)
}

fn shown(file: &str, bytes: &[u8], findings: &[Finding]) -> String {
    render_findings(findings, file, &String::from_utf8_lossy(bytes), Colour::Off)
}

/// The runbooks of a folder, each with its name, sorted.
fn runbooks(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "yaml"));
    files.sort();
    let name = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
    files.iter().map(|path| (name(path), fs::read(path).unwrap())).collect()
}

/// What checking files together gives for each.
fn together(files: &[(String, Vec<u8>)]) -> Vec<Checked> {
    check_all(&files.iter().map(|(file, bytes)| (file.as_str(), bytes.as_slice())).collect::<Vec<_>>())
}

/// The built-in runbooks, each with its name and text as `written`, checked together.
fn built_in(written: impl Fn(&str) -> String) -> Vec<(String, String, Checked)> {
    let files: Vec<(String, Vec<u8>)> =
        shipped().iter().map(|(file, text)| ((*file).to_owned(), written(text).into_bytes())).collect();
    let checked = together(&files);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    files.into_iter().zip(checked).map(|((file, bytes), checked)| (file, text(bytes), checked)).collect()
}

fn codes(findings: &[Finding]) -> BTreeSet<Code> {
    findings.iter().map(|finding| finding.code).collect()
}

/// Files that would be too large, or too many, for the repository, by the code that the first is an example of.
fn made() -> BTreeMap<Code, Vec<(String, Vec<u8>)>> {
    let step = |index: usize| format!("  - {{id: s{index}, title: Wait, wait: {{for: 1s}}}}\n");
    let head = |name: &str| format!("runbook: {name}\nformat: 1\nversion: 1.0.0\ntitle: Made\nsteps:\n");
    let alone = |bytes: Vec<u8>| vec![("made.yaml".to_owned(), bytes)];
    let level = |level: usize| {
        let (name, next) = (format!("made-{level}"), format!("made-{}", level + 1));
        let nests = format!("  - {{id: next, title: Go deeper, runbook: {next}}}\n");
        (format!("{name}.yaml"), format!("{}{}", head(&name), if level < 9 { nests } else { step(0) }).into_bytes())
    };
    // Each of twelve steps nests the next level: with all eight that is 12 to the 8th.
    let fan = |level: usize| {
        let (name, next) = (format!("made-{level}"), format!("made-{}", level + 1));
        let nests = |step: usize| format!("  - {{id: s{step}, title: Go deeper, runbook: {next}}}\n");
        let steps: String = (0..12).map(|index| if level < 8 { nests(index) } else { step(index) }).collect();
        (format!("{name}.yaml"), format!("{}{steps}", head(&name)).into_bytes())
    };
    BTreeMap::from([
        (Code::TooLarge, alone(vec![b'#'; (4 << 20) + 1])),
        (Code::TooManyParts, alone("- a\n".repeat(100_001).into_bytes())),
        (
            Code::MoreFindings,
            alone((0..101).fold(String::new(), |text, key| format!("{text}k{key}: v\n")).into_bytes()),
        ),
        (Code::TooManySteps, alone((0..501).fold(head("made"), |text, index| text + &step(index)).into_bytes())),
        (Code::TooManyLevels, (1..10).map(level).collect()),
        (Code::TooManyNested, (1..9).map(fan).collect()),
    ])
}

fn is_blessing() -> bool {
    env::var_os("CALLOUT_BLESS").is_some()
}

#[test]
fn every_bad_file_gets_exactly_the_findings_beside_it() {
    let mut examples = BTreeSet::new();
    let mut differences = Vec::new();
    let files = runbooks(&folder());
    for ((file, bytes), checked) in files.iter().zip(together(&files)) {
        let findings = findings_of_another_kind(file, bytes).unwrap_or(checked.findings);
        let found = shown(file, bytes, &findings);
        let expectation = folder().join(file).with_extension("txt");
        if is_blessing() {
            fs::write(&expectation, &found).unwrap();
        }
        if fs::read_to_string(&expectation).unwrap_or_default() != found {
            differences.push(format!("{file}:\n{found}"));
        }
        let prefix = file.split('-').next().unwrap().to_uppercase();
        let named = Code::ALL.iter().find(|code| code.id() == prefix);
        let named = *named.unwrap_or_else(|| panic!("{file} does not begin with a code"));
        assert!(codes(&findings).contains(&named), "{file} is no example of its code:\n{found}");
        examples.insert(named);
    }
    assert!(differences.is_empty(), "CALLOUT_BLESS=1 writes these:\n{}", differences.join("\n"));
    for (code, files) in made() {
        let findings = together(&files).swap_remove(0).findings;
        assert!(codes(&findings).contains(&code), "{code} is not found in what was made for it");
        assert!(!shown(&files[0].0, &files[0].1, &findings).is_empty());
        examples.insert(code);
    }
    let missing: Vec<_> = Code::ALL.iter().filter(|code| !examples.contains(code)).collect();
    assert!(missing.is_empty(), "codes without an example: {missing:?}");
}

#[test]
fn an_expectation_without_its_runbook_is_a_leftover() {
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        assert!(path.is_dir() || path.with_extension("yaml").exists(), "{}", path.display());
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
    for (file, text, checked) in built_in(str::to_owned) {
        assert_eq!(shown(&file, text.as_bytes(), &checked.findings), "", "{file}");
        assert!(checked.runbook.is_some());
    }
}

#[test]
fn the_good_runbooks_have_neither_errors_nor_warnings_and_survive_the_journal() {
    let files = runbooks(&folder().join("good"));
    assert!(files.len() > 1);
    for ((file, bytes), checked) in files.iter().zip(together(&files)) {
        // A secret and a photograph only a person can give, which is a note.
        let worse: Vec<Finding> =
            checked.findings.into_iter().filter(|finding| finding.severity() != Severity::Note).collect();
        assert_eq!(shown(file, bytes, &worse), "");
        let runbook = checked.runbook.unwrap();
        assert_eq!(journaled(&runbook), runbook, "{file}");
    }
}

#[test]
fn the_simulated_environment_supplies_every_input_of_the_shipped_runbooks() {
    for (_, _, checked) in built_in(str::to_owned) {
        let runbook = checked.runbook.unwrap();
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
    let windows = built_in(|text| format!("\u{feff}{}", text.replace('\n', "\r\n")));
    for ((file, text, checked), (_, _, usual)) in windows.into_iter().zip(built_in(str::to_owned)) {
        assert_eq!(shown(&file, text.as_bytes(), &checked.findings), "", "{file}");
        assert!(checked.runbook.unwrap() == usual.runbook.unwrap(), "{file}");
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
    for (file, _, checked) in built_in(str::to_owned) {
        let runbook = checked.runbook.unwrap();
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

#[test]
fn a_secret_is_repeated_by_no_finding_that_stands_at_its_place() {
    let token = format!("ghp_{}", "a1B2c3D4e5".repeat(4).get(..36).unwrap());
    let text = format!("runbook: x\nformat: 1\nversion: {token}\ntitle: T\nsteps: []\n");
    let findings = check("x.yaml", text.as_bytes()).findings;
    assert!(findings.iter().any(|finding| finding.code.is_about_a_secret()), "{findings:?}");
    assert!(findings.iter().any(|finding| finding.message.contains("`***` is not a version")), "{findings:?}");
    assert!(!format!("{findings:?}").contains(&token) && !rendered("x.yaml", text.as_bytes()).contains(&token));
}

#[test]
fn a_line_of_the_file_cannot_drive_the_terminal_by_what_is_beyond_ascii() {
    let line = "tit\u{9b}2Jle\u{202e}\u{200b}x: é\u{85}\n";
    let drawn = rendered("x.yaml", format!("runbook: x\n{line}").as_bytes());
    assert!(drawn.contains("tit¿2Jle"), "the line is shown: {drawn}");
    assert!(!drawn.contains(['\u{9b}', '\u{202e}', '\u{200b}', '\u{85}']), "{drawn:?}");
    let before = "title: é\u{9b}".len();
    let place = check("x.yaml", "title: é\u{9b}\nunknown: 1\n".as_bytes()).findings;
    assert!(place.iter().any(|finding| finding.place.start == before + 1), "places stay where they are: {place:?}");
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
    let inner = include_bytes!("check/good/inner.yaml");
    let checked = check_all(&[(file, bytes), ("inner.yaml", inner)]).swap_remove(0);
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

/// The runbooks that are changed: the shipped ones, and those that are good, among them one with every key.
fn originals() -> Vec<(String, Vec<u8>)> {
    let shipped = shipped().iter().map(|(file, text)| ((*file).to_owned(), text.as_bytes().to_vec()));
    shipped.chain(runbooks(&folder().join("good"))).collect()
}

/// One of the originals with some stretches cut, doubled or replaced.
fn mutated() -> impl Strategy<Value = (String, Vec<u8>)> {
    let edit = (any::<prop::sample::Index>(), 0..40_usize, prop::option::of(scrap()));
    let originals = originals();
    (0..originals.len(), prop::collection::vec(edit, 1..6)).prop_map(move |(which, edits)| {
        let (file, mut bytes) = originals[which].clone();
        for (at, length, scrap) in edits {
            let start = at.index(bytes.len());
            let end = (start + length).min(bytes.len());
            let new = scrap.map_or_else(|| bytes[start..end].repeat(2), |text| text.as_bytes().to_vec());
            bytes.splice(start..end, new);
        }
        (file, bytes)
    })
}

/// The runbook with every key, some of its lines gone, doubled or moved elsewhere, perhaps to another depth.
fn shuffled() -> impl Strategy<Value = Vec<u8>> {
    let edit = (any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..4_u8, 0..6_usize);
    prop::collection::vec(edit, 1..8).prop_map(|edits| {
        let text = fs::read_to_string(folder().join("good/every-key.yaml")).unwrap();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        for (from, to, what, depth) in edits {
            let line = lines[from.index(lines.len())].clone();
            let at = to.index(lines.len());
            match what {
                0 => drop(lines.remove(at)),
                1 => lines.insert(at, line),
                2 => lines[at] = line,
                _ => lines.insert(at, format!("{}{}", "  ".repeat(depth), line.trim_start())),
            }
        }
        lines.join("\n").into_bytes()
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
    fn any_change_to_a_good_runbook_gives_an_answer((file, bytes) in mutated()) {
        holds_its_word(&file, &bytes);
    }

    #[test]
    fn any_shuffle_of_the_runbook_with_every_key_gives_an_answer(bytes in shuffled()) {
        holds_its_word("every-key.yaml", &bytes);
    }

    #[test]
    fn any_expression_gives_an_answer(text in "[a-z.()!&|=<>,'\" 0-9-]{0,80}") {
        let _ = callout::runbook::Expression::parse(&text);
        let _ = callout::runbook::Template::parse(&format!("a ${{{{{text}}}}} b"));
    }
}
