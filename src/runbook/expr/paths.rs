use super::Expression;
use super::lexer::{TokenKind, tokens};

impl Expression {
    /// The dotted names in it, name by name: `steps.before.outputs.version`. Names inside quoted texts are none; names of
    /// functions are among them.
    pub(crate) fn paths(&self) -> Vec<Vec<String>> {
        let mut paths: Vec<Vec<String>> = Vec::new();
        let mut goes_on = false;
        for token in tokens(self.source()).unwrap_or_default() {
            match token.kind {
                TokenKind::Name(name) => {
                    match paths.last_mut().filter(|_| goes_on) {
                        Some(path) => path.push(name),
                        None => paths.push(vec![name]),
                    }
                    goes_on = false;
                }
                TokenKind::Dot => goes_on = true,
                _ => goes_on = false,
            }
        }
        paths
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_is_found_and_no_quoted_text() {
        let expression =
            Expression::parse("contains(inputs.apps, 'steps.a.outputs.b') && steps.c-d.outputs.e").unwrap();
        let paths: Vec<String> = expression.paths().iter().map(|path| path.join(".")).collect();
        assert_eq!(paths, ["contains", "inputs.apps", "steps.c-d.outputs.e"]);
    }
}
