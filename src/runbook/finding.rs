use super::Code;

/// Something that is to be said about a file: what, where, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What kind of finding it is.
    pub code: Code,
    /// What is wrong, as a sentence without its full stop.
    pub message: String,
    /// Where.
    pub place: Place,
    /// What to write instead.
    pub help: Option<String>,
    /// Other places that belong to it, each with a few words.
    pub related: Vec<(Place, String)>,
}

impl Finding {
    /// A finding without help or related places.
    pub fn new(code: Code, place: Place, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), place, help: None, related: Vec::new() }
    }

    /// The same, saying what to write instead.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same, with help if there is any.
    #[must_use]
    pub fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help = help;
        self
    }

    /// The same, showing another place too.
    #[must_use]
    pub fn related(mut self, place: Place, words: impl Into<String>) -> Self {
        self.related.push((place, words.into()));
        self
    }

    /// How bad it is; a code has one severity.
    pub const fn severity(&self) -> Severity {
        self.code.severity()
    }
}

/// How bad a finding is. Only an error keeps a file from being used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The file cannot be used.
    Error,
    /// It can, but the author should think again.
    Warning,
    /// Worth knowing.
    Note,
}

impl Severity {
    /// The word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// A stretch of the text, in bytes, `start <= end`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

impl Place {
    /// The stretch from `start` to `end`.
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }
}

/// The findings of one file while it is being read, and the text that they are about.
pub(crate) struct Findings<'s> {
    source: &'s str,
    list: Vec<Finding>,
    /// The place of the first finding that was not kept.
    more: Option<Place>,
}

impl<'s> Findings<'s> {
    /// So many findings are kept; a file with more has one fault that repeats itself.
    pub(crate) const LIMIT: usize = 100;

    pub(crate) const fn new(source: &'s str) -> Self {
        Self { source, list: Vec::new(), more: None }
    }

    /// The text that is being read.
    pub(crate) const fn source(&self) -> &'s str {
        self.source
    }

    /// Whether more findings would not be kept: then there is no sense in looking for what to write instead.
    pub(crate) const fn is_full(&self) -> bool {
        self.list.len() >= Self::LIMIT
    }

    /// Keeps a finding, up to the limit. The first error is always kept, because it decides about the file.
    pub(crate) fn add(&mut self, finding: Finding) {
        let decides = finding.severity() == Severity::Error && !self.any_error();
        if !self.is_full() || decides {
            self.list.push(finding);
        } else {
            self.more.get_or_insert(finding.place);
        }
    }

    /// Tells whether the file cannot be used.
    pub(crate) fn any_error(&self) -> bool {
        self.list.iter().any(|finding| finding.severity() == Severity::Error)
    }

    /// Tells whether a finding of this code overlaps `place`.
    pub(crate) fn any_within(&self, code: Code, place: Place) -> bool {
        let overlaps = |other: Place| other.start < place.end && place.start < other.end;
        self.list.iter().any(|finding| finding.code == code && overlaps(finding.place))
    }

    fn hide_secrets(&mut self) {
        // Shorter texts stand in ordinary words as well, and hiding them would only make these unreadable.
        const SHORTEST: usize = 6;
        let found = self.list.iter().filter(|finding| finding.code.is_about_a_secret());
        let places = found.filter_map(|finding| self.source.get(finding.place.start..finding.place.end));
        let secrets: Vec<String> = places
            .map(|text| text.trim().trim_matches(['\'', '"']).to_owned())
            .filter(|text| text.len() >= SHORTEST)
            .collect();
        for finding in &mut self.list {
            let related = finding.related.iter_mut().map(|(_, words)| words);
            for text in std::iter::once(&mut finding.message).chain(&mut finding.help).chain(related) {
                for secret in secrets.iter().filter(|secret| text.contains(*secret)).collect::<Vec<_>>() {
                    *text = text.replace(secret, "***");
                }
            }
        }
    }

    /// The findings in the order of the text; those of one place in the order in which they were found. What stands where
    /// one of them finds a secret is repeated by none.
    pub(crate) fn into_sorted(mut self) -> Vec<Finding> {
        self.hide_secrets();
        self.list.sort_by_key(|finding| finding.place.start);
        if let Some(place) = self.more {
            let message = format!("{} findings are shown, and there are more", self.list.len());
            self.list.push(Finding::new(Code::MoreFindings, place, message));
        }
        self.list
    }
}
