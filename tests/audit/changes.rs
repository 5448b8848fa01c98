//! Every kind of single change, at every line of every file.

use std::fmt;

use callout::projection::{CHECKPOINT, LEAVES, RECORDS};
use proptest::prelude::*;

use super::{Bundle, ENTRIES, bundle, script};

/// A change to one file, and what must be named for it.
pub(crate) struct Change {
    file: &'static str,
    what: String,
    changed: Vec<u8>,
    named: String,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file, self.what)
    }
}

/// The changes to a file of one line per entry. What a change names follows from where it strikes.
fn changes_of_lines(file: &'static str, bytes: &[u8]) -> Vec<Change> {
    let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    assert_eq!(lines.len(), ENTRIES);
    let last = ENTRIES - 1;
    let mut changes = Vec::new();
    let mut add = |what: String, lines: &[&[u8]], named: String| {
        changes.push(Change { file, what, changed: lines.concat(), named });
    };
    let entry = |place: usize| format!("entry {place}: ");
    for place in 0..ENTRIES {
        let line = lines[place];
        let mut edited = line.to_vec();
        edited[line.len() / 2] ^= 1;
        add(format!("line {place} edited"), &replaced(&lines, place, &[&edited]), entry(place));
        add(format!("line {place} deleted"), &replaced(&lines, place, &[]), entry(place));
        add(format!("line {place} emptied"), &replaced(&lines, place, &[b"\n"]), entry(place));
        add(format!("line {place} twice"), &replaced(&lines, place, &[line, line]), entry(place + 1));
        add(format!("a blank line before {place}"), &replaced(&lines, place, &[b"\n", line]), entry(place));
        add(format!("a space before line {place}"), &replaced(&lines, place, &[b" ", line]), entry(place));
        let spaced = [&line[..line.len() - 1], b" \n"].concat();
        add(format!("a space after line {place}"), &replaced(&lines, place, &[&spaced]), entry(place));
        let joined = if place == last { file.to_owned() + ": " } else { entry(place) };
        add(format!("line {place} without its newline"), &replaced(&lines, place, &[&line[..line.len() - 1]]), joined);
        add(format!("cut before line {place}"), &lines[..place], entry(place));
        let cut = [&lines[..place], &[&line[..line.len() / 2]]].concat();
        add(format!("cut in line {place}"), &cut, entry(place));
        let cut = [&lines[..place], &[&line[..line.len() - 1]]].concat();
        let named = if place == last { file.to_owned() + ": " } else { entry(place + 1) };
        add(format!("cut before the newline of line {place}"), &cut, named);
        for other in [place + 1, last] {
            if place < other && other <= last {
                let mut swapped = lines.clone();
                swapped.swap(place, other);
                add(format!("lines {place} and {other} swapped"), &swapped, entry(place));
            }
        }
    }
    for (what, more) in
        [("copy", lines[last]), ("blank line", b"\n"), ("blank", b" "), ("text", b"x\n"), ("CR LF", b"\r\n")]
    {
        add(format!("a {what} appended"), &[lines.as_slice(), &[more]].concat(), entry(ENTRIES));
    }
    changes
}

/// The lines with others in the place of one.
fn replaced<'a>(lines: &[&'a [u8]], place: usize, others: &[&'a [u8]]) -> Vec<&'a [u8]> {
    [&lines[..place], others, &lines[place + 1..]].concat()
}

/// The changes to the checkpoint; it is not about any one entry.
fn changes_of_checkpoint(bytes: &[u8]) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut add = |what: String, changed: Vec<u8>| {
        changes.push(Change { file: CHECKPOINT, what, changed, named: "checkpoint: ".into() });
    };
    for place in 0..bytes.len() {
        let mut flipped = bytes.to_vec();
        flipped[place] ^= 1;
        add(format!("byte {place} changed"), flipped);
        add(format!("byte {place} deleted"), [&bytes[..place], &bytes[place + 1..]].concat());
        add(format!("cut before byte {place}"), bytes[..place].to_vec());
        add(format!("a newline before byte {place}"), [&bytes[..place], b"\n", &bytes[place..]].concat());
    }
    for more in ["\n", " ", "x", "\r\n", "\u{2014} signer AAAA\n"] {
        add(format!("{more:?} appended"), [bytes, more.as_bytes()].concat());
    }
    let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    add("lines 0 and 1 swapped".into(), [lines[1], lines[0], lines[2]].concat());
    add("lines 1 and 2 swapped".into(), [lines[0], lines[2], lines[1]].concat());
    add("line 2 twice".into(), [lines[0], lines[1], lines[2], lines[2]].concat());
    changes
}

/// Every change of the table, and every so-manieth byte of the long files flipped in another way.
pub(crate) fn all(bundle: &Bundle) -> Vec<Change> {
    let mut changes = changes_of_lines(RECORDS, &bundle.records);
    changes.extend(changes_of_lines(LEAVES, &bundle.leaves));
    changes.extend(changes_of_checkpoint(&bundle.checkpoint));
    for (file, bytes, step) in [(RECORDS, &bundle.records, 41), (LEAVES, &bundle.leaves, 3)] {
        for (number, place) in (0..bytes.len()).step_by(step).enumerate() {
            let line = bytes[..place].split(|byte| *byte == b'\n').count() - 1;
            let mask = [0x01, 0x20, 0x80, 0x08][number % 4];
            let mut flipped = bytes.clone();
            flipped[place] ^= mask;
            let named = if place == bytes.len() - 1 { String::new() } else { format!("entry {line}: ") };
            changes.push(Change { file, what: format!("byte {place} with {mask:#x}"), changed: flipped, named });
        }
    }
    changes
}

pub(crate) fn apply(bundle: &Bundle, change: &Change) -> Bundle {
    let mut changed = bundle.clone();
    changed.file(change.file).clone_from(&change.changed);
    assert_ne!(&changed, bundle, "{change} changes nothing");
    changed
}

#[test]
fn any_single_change_is_refused_with_the_name_of_what_it_struck() {
    let bundle = bundle();
    let changes = all(&bundle);
    assert!(changes.len() > 1000, "{}", changes.len());
    for change in changes {
        let fault = apply(&bundle, &change).verify().expect_err(&change.to_string()).to_string();
        assert!(fault.starts_with(&change.named), "{change}: {fault}");
    }
}

#[test]
fn the_script_says_word_for_word_what_the_program_says() {
    if !script::is_runnable() {
        return;
    }
    let bundle = bundle();
    let mut bundles: Vec<(String, Bundle)> =
        all(&bundle).iter().map(|change| (change.to_string(), apply(&bundle, change))).collect();
    bundles.push(("nothing changed".into(), bundle.clone()));
    bundles.extend(rewrites(&bundle));
    let said = script::verdicts(&bundles.iter().map(|(_, bundle)| bundle).collect::<Vec<_>>());
    assert_eq!(said.len(), bundles.len());
    for ((what, bundle), said) in bundles.iter().zip(said) {
        assert_eq!(said, bundle.verdict(), "{what}");
    }
}

/// Changes to all three files that fit together, but for what the name says. The records no longer fit each other, or
/// are no records.
fn rewrites(bundle: &Bundle) -> Vec<(String, Bundle)> {
    let records = String::from_utf8(bundle.records.clone()).unwrap();
    let first = records.lines().next().unwrap().to_owned();
    let log = &first[first.find("\"log\":\"").unwrap() + 7..][..36];
    let consistent = |records: String| -> Bundle {
        let leaves: Vec<_> = records.lines().map(|line| callout::journal::leaf_of(line.as_bytes())).collect();
        let frontier = callout::journal::Frontier::over(leaves.iter().copied());
        let checkpoint = callout::journal::checkpoint(log, frontier.size(), frontier.root());
        let leaves = leaves.iter().flat_map(|leaf| [leaf.to_string(), "\n".into()]).collect::<String>();
        Bundle { records: records.into(), leaves: leaves.into(), checkpoint: checkpoint.into() }
    };
    let mut rewrites: Vec<(String, Bundle)> = [
        ("the first record alone", first.clone()),
        ("no JSON", "{".into()),
        ("a list", "[]".into()),
        ("a lone surrogate", first.replace("\"v\":1", "\"v\":\"\\ud800\"")),
        ("no number", first.replace("\"v\":1", "\"v\":NaN")),
        ("an endless number", first.replace("\"v\":1", "\"v\":1e999")),
        ("a number of 400 digits", first.replace("\"v\":1", &format!("\"v\":{}", "1".repeat(400)))),
        ("126 lists in a record", nested(&first, 126)),
        ("127 lists in a record", nested(&first, 127)),
        ("900 lists in a record", nested(&first, 900)),
        ("a member twice, the first too deep", nested(&first, 200).replace("\"v\":1", "\"deep\":1,\"v\":1")),
        ("seq is -0", first.replace("\"seq\":0", "\"seq\":-0")),
        ("seq is true", first.replace("\"seq\":0", "\"seq\":true")),
        ("seq is 0.0", first.replace("\"seq\":0", "\"seq\":0.0")),
        ("seq is text", first.replace("\"seq\":0", "\"seq\":\"0\"")),
        ("seq is missing", first.replace("\"seq\":0,", "")),
        ("seq is another", first.replace("\"seq\":0", "\"seq\":1")),
        ("prev is null", first.replace("\"seq\":0", "\"prev\":null,\"seq\":0")),
        ("prev before the first", first.replace("\"seq\":0", "\"prev\":\"00\",\"seq\":0")),
        ("the log has no name", first.replace(&format!("\"log\":\"{log}\""), "\"log\":\"\"")),
        ("the log is a number", first.replace(&format!("\"log\":\"{log}\""), "\"log\":7")),
        ("the log is not named", first.replace(&format!("\"log\":\"{log}\","), "")),
        ("a byte order mark", format!("\u{feff}{first}")),
    ]
    .map(|(what, line)| (what.to_owned(), consistent(line + "\n")))
    .into();
    let another_log = records.replacen(log, "another", 5).replacen("another", log, 4);
    rewrites.push(("entry 4 of another log".into(), consistent(another_log)));
    rewrites.push((
        "a whole rewrite that fits".into(),
        consistent(first.replace("\"os_user\":1000", "\"os_user\":1001") + "\n"),
    ));
    let mut edited = bundle.clone();
    let text = records.replacen("\"os_user\":1000", "\"os_user\":1001", 1);
    edited.leaves = consistent(text.clone()).leaves;
    edited.records = text.into();
    rewrites.push(("a record and all leaves".into(), edited));
    rewrites
}

/// The record with lists in lists, so many deep, as its first member.
fn nested(record: &str, lists: usize) -> String {
    record.replacen('{', &format!("{{\"deep\":{}{},", "[".repeat(lists), "]".repeat(lists)), 1)
}

#[test]
fn a_rewrite_that_does_not_fit_is_refused_and_one_that_fits_cannot_be() {
    let found = |what: &str| rewrites(&bundle()).into_iter().find(|(name, _)| name == what).unwrap().1.verdict();
    assert!(found("the first record alone").starts_with("intact: 1 entries"));
    assert!(found("a whole rewrite that fits").starts_with("intact: 1 entries"), "this is why the caveat is there");
    assert!(found("entry 4 of another log").starts_with("entry 4: "));
    assert!(found("a record and all leaves").starts_with("entry 1: "), "the next record names the old leaf");
    assert!(found("seq is another").starts_with("entry 0: "));
    assert!(found("seq is -0").starts_with("entry 0: "));
    assert!(found("126 lists in a record").starts_with("intact: 1 entries"));
    assert!(found("127 lists in a record").starts_with("entry 0: "), "a reader may refuse 128 levels");
    assert!(found("900 lists in a record").starts_with("entry 0: "));
}

proptest! {
    #[test]
    fn any_byte_put_in_taken_out_or_changed_anywhere_is_refused(
        file in proptest::sample::select(vec![RECORDS, LEAVES, CHECKPOINT]),
        place: proptest::sample::Index,
        byte: u8,
        kind in 0..3,
    ) {
        thread_local! {
            static BUNDLE: Bundle = bundle();
        }
        let whole = BUNDLE.with(Bundle::clone);
        let mut changed = whole.clone();
        let bytes = changed.file(file);
        let place = place.index(bytes.len());
        match kind {
            0 => bytes.insert(place, byte),
            1 => drop(bytes.remove(place)),
            _ => bytes[place] = byte,
        }
        prop_assume!(changed != whole);
        prop_assert!(changed.verify().is_err());
    }
}
