/// The known word nearest to what was written, if it is near enough to be worth a "did you mean".
///
/// A word of more than 64 bytes has no near one: nobody mistypes that, and comparing costs its square.
///
/// Near means a Jaro-Winkler similarity of at least 0.8, which forgives a slip of a key or two and a swapped pair.
pub fn did_you_mean<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if written.len() > 64 {
        return None;
    }
    known
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(written, candidate), candidate))
        .filter(|(similarity, _)| *similarity >= 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_key_finds_its_word_and_a_stranger_finds_none() {
        assert_eq!(did_you_mean("timout", ["title", "timeout"]), Some("timeout"));
        assert_eq!(did_you_mean("banana", ["title", "timeout"]), None);
    }
}
