//! Foreign text in a Markdown document (`CommonMark`): it can say anything and be nothing but text.

use crate::base::one_line;

/// The widest line of prose, in characters.
const WIDTH: usize = 100;

/// The text on one line, with a mark in the place of each character that does not show; every blank is a space.
fn legible(text: &str) -> String {
    one_line(&text.split_whitespace().collect::<Vec<_>>().join(" ")).into_owned()
}

/// The text as text: whatever could be markup or HTML is escaped. It must not stand at the beginning of a line.
pub(crate) fn text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in legible(text).chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '|' | '~' | '!' | '$' => {
                escaped.push('\\');
                escaped.push(letter);
            }
            // An address becomes a link by itself in many readers; whoever wrote the text has not been trusted with one.
            ':' if escaped.ends_with("http") || escaped.ends_with("https") => escaped.push_str("&#58;"),
            '@' => escaped.push_str("&#64;"),
            _ => escaped.push(letter),
        }
    }
    escaped
}

/// The text as code inside a line.
pub(crate) fn code(text: &str) -> String {
    let text = legible(text);
    let fence = "`".repeat(longest_run(&text) + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') || text.is_empty() { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// Lines of shell as a block, `indent` columns in. No line of it can end the block.
pub(super) fn block(lines: &[String], indent: usize) -> String {
    let fence = "`".repeat(lines.iter().map(|line| longest_run(line)).max().unwrap_or(0).max(2) + 1);
    let pad = " ".repeat(indent);
    let mut block = format!("{pad}{fence}sh\n");
    for line in lines.iter().flat_map(|line| line.split('\n')) {
        block.push_str(format!("{pad}{line}").trim_end());
        block.push('\n');
    }
    block.push_str(&format!("{pad}{fence}\n"));
    block
}

/// A paragraph in lines, the first behind `lead` and the others `indent` columns in. No line begins with what would be
/// markup there.
pub(super) fn paragraph(lead: &str, text: &str, indent: usize) -> String {
    let mut lines = vec![lead.to_owned()];
    let mut is_first = true;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let Some(line) = lines.last_mut() else { break };
        let fits = line.chars().count() + 1 + word.chars().count() <= WIDTH;
        if fits || is_first || begins_markup(word) {
            if !line.is_empty() && !line.ends_with(' ') {
                line.push(' ');
            }
            line.push_str(word);
        } else {
            lines.push(format!("{}{word}", " ".repeat(indent)));
        }
        is_first = false;
    }
    lines.join("\n") + "\n"
}

fn begins_markup(word: &str) -> bool {
    let rest = word.trim_start_matches(|letter: char| letter.is_ascii_digit());
    word.starts_with(['-', '+', '=']) || (rest.len() < word.len() && rest.starts_with(['.', ')']))
}

fn longest_run(text: &str) -> usize {
    text.split(|letter| letter != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_is_never_markup() {
        let hostile =
            "<script>x</script> [a](javascript:b) ![i](//e) `c` **b** _e_ # h | ~~s~~ https://e.example a@b \u{1b}[2J";
        let safe = text(hostile);
        let mut rest = safe.chars();
        while let Some(letter) = rest.next() {
            // What follows a backslash is text (CommonMark 2.4).
            if letter == '\\' {
                rest.next();
            }
            assert!(!"<>`*_[]|~!@\u{1b}".contains(letter), "{letter}: {safe}");
        }
        assert!(!safe.contains("https:"), "{safe}");
        assert_eq!(text("a\nb\r\n- c"), "a b - c", "a line's end would begin something new");
    }

    #[test]
    fn code_holds_any_number_of_backticks_and_a_block_is_longer_than_any_fence_in_it() {
        assert_eq!(code("a"), "`a`");
        assert_eq!(code("a``b"), "```a``b```");
        assert_eq!(code("`"), "`` ` ``");
        let block = block(&["echo '```'".into(), "two\nlines".into()], 2);
        assert_eq!(block, "  ````sh\n  echo '```'\n  two\n  lines\n  ````\n");
    }

    #[test]
    fn a_line_that_is_wrapped_never_begins_with_markup() {
        let words = format!("{} - x {} 12. y {} === z", "a".repeat(96), "b".repeat(94), "c".repeat(96));
        let wrapped = paragraph("- ", &words, 2);
        let lines: Vec<&str> = wrapped.lines().collect();
        assert_eq!(lines.len(), 4, "{wrapped}");
        for line in &lines[1..] {
            assert!(!begins_markup(line.trim_start()), "{wrapped}");
        }
    }
}
