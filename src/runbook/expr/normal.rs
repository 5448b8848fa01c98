use super::tree::{Literal, LiteralKind, Node, Segment, Tree};
use super::{Expression, Template};

impl Expression {
    /// The expression written in one way, whatever the author's blanks, parentheses, quotes and bound names: two with the
    /// same normal form have the same value. `path` may put something else in the place of a path.
    pub(crate) fn normal(&self, path: &dyn Fn(&[&str]) -> Option<String>) -> String {
        let mut text = String::new();
        write(self.tree(), path, &mut Vec::new(), &mut text);
        text
    }

    /// The names of its path, if it is nothing else.
    pub(crate) fn as_path(&self) -> Option<Vec<&str>> {
        let Node::Path(segments) = &self.tree().node else { return None };
        Some(segments.iter().map(|segment| segment.name.as_str()).collect())
    }
}

impl Template {
    /// The same of a text with holes. One that is a single hole keeps its type, so it is not the text of its value.
    pub(crate) fn normal(&self, path: &dyn Fn(&[&str]) -> Option<String>) -> String {
        if let Some((_, whole)) = self.whole() {
            return whole.normal(path);
        }
        let pieces = self.pieces().map(|piece| match piece {
            Ok(text) => format!("{text:?}"),
            Err(hole) => format!("text({})", hole.normal(path)),
        });
        pieces.collect::<Vec<_>>().join("+")
    }
}

fn write(tree: &Tree, path: &dyn Fn(&[&str]) -> Option<String>, bound: &mut Vec<String>, text: &mut String) {
    match &tree.node {
        Node::Literal(Literal { kind: LiteralKind::Text, value }) => text.push_str(&format!("{:?}", value.to_string())),
        Node::Literal(literal) => text.push_str(&format!("{:?}:{}", literal.kind, literal.value)),
        Node::Path(segments) => text.push_str(&named(segments, path, bound)),
        Node::Call { function, arguments } => {
            text.push_str(function.name);
            text.push('(');
            for argument in arguments {
                // A bound name is known by its depth.
                bound.extend(argument.bound.iter().map(|name| name.name.clone()));
                write(&argument.body, path, bound, text);
                bound.truncate(bound.len() - usize::from(argument.bound.is_some()));
                text.push(',');
            }
            text.push(')');
        }
        Node::Not(inner) => several("!", [&**inner], path, bound, text),
        Node::Compare { comparison, left, right } => {
            several(&format!("{comparison:?}"), [&**left, &**right], path, bound, text);
        }
        Node::All(parts) => several("&&", parts, path, bound, text),
        Node::Any(parts) => several("||", parts, path, bound, text),
    }
}

fn several<'t>(
    what: &str,
    parts: impl IntoIterator<Item = &'t Tree>,
    path: &dyn Fn(&[&str]) -> Option<String>,
    bound: &mut Vec<String>,
    text: &mut String,
) {
    text.push_str(what);
    text.push('(');
    for part in parts {
        write(part, path, bound, text);
        text.push(',');
    }
    text.push(')');
}

fn named(segments: &[Segment], path: &dyn Fn(&[&str]) -> Option<String>, bound: &[String]) -> String {
    let names: Vec<&str> = segments.iter().map(|segment| segment.name.as_str()).collect();
    let depth = names.first().and_then(|first| bound.iter().rposition(|name| name == first));
    match (depth, names.split_first()) {
        (Some(depth), Some((_, rest))) => {
            let own = format!("${depth}");
            std::iter::once(own.as_str()).chain(rest.iter().copied()).collect::<Vec<_>>().join(".")
        }
        _ => path(&names).unwrap_or_else(|| names.join(".")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(source: &str) -> String {
        Template::parse(source).unwrap().normal(&|_| None)
    }

    #[test]
    fn what_differs_only_in_how_it_is_written_has_one_normal_form() {
        for (one, other) in [
            ("${{ inputs.app }}", "${{((inputs.app))}}"),
            ("${{ inputs.app.name }}-x", "${{ (inputs.app.name) }}-x"),
            ("${{ if( a.b==\"c\", d.e , f.g ) }}", "${{ if((a.b == 'c'), d.e, f.g) }}"),
            (
                "${{ first(filter(inputs.apps, a => a.name == 'x')) }}",
                "${{ first(filter(inputs.apps, b => (b.name == 'x'))) }}",
            ),
            ("${{ a.b && c.d && e.f }}", "${{ (a.b) && (c.d) && e.f }}"),
        ] {
            assert_eq!(normal(one), normal(other), "{one} {other}");
        }
        for (one, other) in [
            ("inputs.app", "${{ inputs.app }}"),
            ("${{ inputs.app }}", "${{ inputs.apps }}"),
            ("${{ 'a.b' }}", "${{ a.b }}"),
            ("${{ '1' }}", "${{ 1 }}"),
            ("${{ a.b && (c.d || e.f) }}", "${{ a.b && c.d || e.f }}"),
            ("${{ inputs.a }}${{ inputs.b }}", "${{ inputs.b }}${{ inputs.a }}"),
        ] {
            assert_ne!(normal(one), normal(other), "{one} {other}");
        }
    }

    #[test]
    fn a_path_may_stand_for_another_one_but_a_bound_name_never_does() {
        let alias = |path: &[&str]| (path == ["inputs", "same"]).then(|| "inputs.app".to_owned());
        let of = |source: &str| Expression::parse(source).unwrap().normal(&alias);
        assert_eq!(of("inputs.same"), of("inputs.app"));
        assert_ne!(of("inputs.other"), of("inputs.app"));
    }
}
