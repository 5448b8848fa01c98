use super::report::{Chain, NO_DEVIATION, NO_REMEDY, Report, SIGNING};
use super::standing::consent;
use crate::base::{Span, Timestamp};
use crate::plan::markdown::{code, text};

/// A Markdown document under way.
struct Page(String);

impl Page {
    fn head(&mut self, title: &str) {
        self.0.push_str(&format!("\n## {title}\n\n"));
    }

    fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    /// A list of foreign texts; the sentence if there is none.
    fn list<'a>(&mut self, items: impl IntoIterator<Item = &'a String>, none: &str) {
        let before = self.0.len();
        for item in items {
            self.line(&format!("- {}", text(item)));
        }
        if self.0.len() == before {
            self.line(none);
        }
    }

    fn table<const N: usize>(&mut self, head: [&str; N], rows: impl IntoIterator<Item = [String; N]>) {
        self.line(&format!("| {} |", head.join(" | ")));
        self.line(&format!("|{}", " --- |".repeat(N)));
        for row in rows {
            self.line(&format!("| {} |", row.join(" | ")));
        }
    }
}

fn span(span: Option<Span>) -> String {
    span.map_or_else(|| "–".to_owned(), |span| span.to_string())
}

impl Report {
    /// The report in Markdown (`CommonMark` with tables). Foreign text is text, whatever it says.
    pub fn markdown(&self) -> String {
        let mut page = Page(String::new());
        page.line(&format!("# Drill report: {}", text(&self.title)));
        if let Some(watermark) = self.watermark() {
            page.line(&format!("\n**{watermark}**"));
        }
        if let Some(interim) = self.interim() {
            page.line(&format!("\n**{interim}**"));
        }
        self.summary(&mut page);
        self.objectives(&mut page);
        self.people_and_scenario(&mut page);
        self.scope(&mut page);
        self.times(&mut page);
        self.proven(&mut page);
        page.head("Deviations");
        page.list(&self.deviations, NO_DEVIATION);
        page.head("Remediation");
        page.list(&self.remediation, NO_REMEDY);
        page.line("\nEach of these needs an owner and a day; the log does not know them.");
        page.head("Not tested");
        page.list(&self.not_tested, "Nothing is named; that does not mean that everything was tested.");
        self.cleared_away(&mut page);
        self.proof(&mut page);
        self.signatures(&mut page);
        page.0
    }

    fn summary(&self, page: &mut Page) {
        page.line("");
        let rows = [
            ("Verdict", self.verdict().name().to_owned()),
            ("Programme", format!("{} {} ({})", text(&self.programme), text(&self.version), text(&self.revision.0))),
            ("Run", format!("{}, {}", self.run, text(&self.state))),
            ("Kind", if self.simulated { "a simulated drill" } else { "a drill, really done" }.to_owned()),
            ("Where", format!("{}, subscription {}", text(&self.environment), text(&self.subscription))),
            ("Began", format!("{} ({})", self.impact, self.since)),
            (if self.is_over { "Ended" } else { "Told up to" }, self.ended.to_string()),
            ("Clock", self.clock_word().to_owned()),
            ("Owner", self.owner.as_deref().map_or_else(|| "–".to_owned(), text)),
        ];
        page.table(["", ""], rows.map(|(label, value)| [label.to_owned(), value]));
    }

    fn objectives(&self, page: &mut Page) {
        page.head("Objectives");
        let rows = self.objectives.iter().map(|one| {
            [
                one.kind.name().to_owned(),
                one.target.to_string(),
                span(one.measured),
                span(one.claimed),
                one.verdict.name().to_owned(),
                text(&one.note),
            ]
        });
        page.table(["Objective", "Target", "Measured", "Claimed", "Verdict", "How"], rows);
        page.line(&format!("\n{}.", text(&self.coverage.to_string())));
        page.line(&format!("\n{}.", text(&self.expectation())));
        if let Some(fixed) = &self.fixed {
            page.line(&format!(
                "\nFixed before the start, as the digest {} in the log says.",
                code(&fixed.to_string())
            ));
        }
        if let Some(exercise) = &self.exercise {
            page.line("\nIt has succeeded when (a person judges that):\n");
            page.list(&exercise.success_criteria, "Nothing is named.");
        }
    }

    fn people_and_scenario(&self, page: &mut Page) {
        if let Some(exercise) = &self.exercise {
            page.head("Scenario");
            page.line(&text(&exercise.scenario));
        }
        page.line("");
        page.list(&self.broken, "Nothing was broken for it.");
        page.head("People");
        let rows = self.people.iter().map(|one| {
            let planned = one.planned.as_deref().map_or_else(|| "–".to_owned(), text);
            [one.role.word().to_owned(), one.named.as_deref().map_or_else(|| "not named".to_owned(), text), planned]
        });
        page.table(["Role", "Who", "As the programme wants it"], rows);
        page.line("\nThe log was written by:\n");
        page.list(&self.actors, "Nobody.");
    }

    fn scope(&self, page: &mut Page) {
        page.head("Scope");
        page.line("Bound to the drill:\n");
        page.list(&self.bounds, "Nothing.");
        page.line(&format!("\nWritten to. {}\n", self.isolation()));
        let touched = self.touched.iter().map(|one| {
            let bound = if one.is_bound || self.bounds.is_empty() { "" } else { ", NOT BOUND" };
            format!("{} ({} effects{bound})", one.what, one.effects)
        });
        page.list(&touched.collect::<Vec<_>>(), "Nothing.");
    }

    fn times(&self, page: &mut Page) {
        page.head("Time");
        let planned = ("planned".to_owned(), String::new(), self.planned);
        let impact = (self.since.trim_start_matches("when ").to_owned(), String::new(), self.impact);
        let reached = self.milestones.iter().map(|one| (one.name.replace('_', " "), one.step.clone(), one.at));
        let moments = [planned, impact].into_iter().chain(reached);
        let rows = moments.map(|(what, step, at)| [at.to_string(), text(&what), text(&step)]);
        page.table(["When (UTC)", "What", "By the end of"], rows);
        page.line("");
        let durations = &self.durations;
        page.table(
            ["Where it went", "How long"],
            durations.parts().map(|(name, time)| [name.to_owned(), time.to_string()]),
        );
        page.line(&format!("\nFurther attempts: {}.", durations.rework));
        page.head("Planned against actual");
        page.line(&format!("Planned {}, actual {}.\n", self.chart.planned, self.chart.actual));
        let rows = self.chart.bars.iter().map(|bar| {
            let stretch = |one: super::Stretch| format!("{} – {}", one.from, one.until);
            let name = if bar.is_part { format!("**{}**", text(&bar.path)) } else { text(&bar.path) };
            let critical = if bar.is_critical { "critical" } else { "" };
            [name, stretch(bar.planned), bar.actual.map_or_else(|| "–".to_owned(), stretch), critical.to_owned()]
        });
        page.table(["Step", "Planned", "Actual", ""], rows);
        page.line(&format!("\n{} steps are too short to be shown. The critical path:\n", self.chart.left_out));
        page.line(&self.chart.critical.iter().map(|step| text(step)).collect::<Vec<_>>().join(" → "));
    }

    fn proven(&self, page: &mut Page) {
        page.head("Runbooks");
        let rows = self.parts.iter().map(|one| {
            [
                text(&one.runbook),
                text(&one.revision.0),
                code(&one.revision.1.short()),
                one.outcome.to_owned(),
                span(one.took),
                span(one.restored),
                span(one.rto),
            ]
        });
        page.table(["Runbook", "Revision", "Text", "Outcome", "Took", "Restored after", "Its RTO"], rows);
        page.head("Steps");
        let coverage = &self.coverage;
        page.line(&format!(
            "{} steps: {} proven, {} substituted, {} not reached, {} failed.\n",
            coverage.total(),
            coverage.proven,
            coverage.substituted,
            coverage.not_reached,
            coverage.failed
        ));
        let rows = self.steps.iter().map(|one| {
            let took = one.started.zip(one.ended).map(|(from, to)| to.since(from));
            let name = if one.changes { format!("**{}**", text(&one.path)) } else { text(&one.path) };
            let when = one.started.map_or_else(|| "–".to_owned(), Timestamp::clock_face);
            let consent = one.consent.map_or("", consent);
            let standing = one.standing.word().to_owned();
            let (why, expected) = (text(one.standing.why()), one.expected.to_string());
            [name, when, standing, why, consent.to_owned(), span(took), expected]
        });
        let head = ["Step (bold: it changes something)", "Began", "Standing", "Why", "Consent", "Took", "Expected"];
        page.table(head, rows);
        page.head("What was seen");
        let rows = self.seen.iter().map(|one| {
            let passed = if one.passed { "pass" } else { "NOT passed" };
            [text(one.step.as_str()), passed.to_owned(), text(&one.seen)]
        });
        page.table(["Step", "Last look", "Seen"], rows);
    }

    fn cleared_away(&self, page: &mut Page) {
        page.head("Cleanup");
        let rows = self.cleanup.iter().map(|one| {
            let done = if one.done { "done" } else { "NOT DONE" };
            let verified = match one.checks {
                _ if !one.done => "–".to_owned(),
                0 => "not verified".to_owned(),
                checks => format!("verified by {checks} checks"),
            };
            [text(&one.step), done.to_owned(), verified]
        });
        if self.cleanup.is_empty() {
            page.line("The programme names no step that clears anything away.");
        } else {
            page.table(["Step", "", ""], rows);
        }
        page.line("\nEffects that were not undone; a later one may have taken an earlier one back:\n");
        page.list(&self.standing, "Nothing.");
    }

    /// Room for those who answer for it; nothing of that stands in the log.
    fn signatures(&self, page: &mut Page) {
        page.head("Signed");
        let rows = SIGNING.map(|role| {
            let named = self.people.iter().find(|one| one.role == role).and_then(|one| one.named.as_deref());
            [role.word().to_owned(), named.map(text).unwrap_or_default(), String::new(), String::new()]
        });
        page.table(["Role", "Name", "Day", "Signature"], rows);
        if let Some(watermark) = self.watermark() {
            page.line(&format!("\n**{watermark}**"));
        }
    }

    fn proof(&self, page: &mut Page) {
        page.head("Proof");
        let integrity = &self.integrity;
        let verdict = match &integrity.chain {
            Chain::Verified => "verified: every entry follows the one before it".to_owned(),
            Chain::Refused(why) => format!("**REFUSED**: {}", text(why)),
        };
        let rows = [
            ("Log", integrity.log.to_string()),
            ("Chain", verdict),
            (
                "Entries",
                format!("{}; those of the run from {} to {}", integrity.entries, integrity.span.0, integrity.span.1),
            ),
            ("Root", code(&integrity.root)),
            ("Head of the run", integrity.head.as_ref().map_or_else(|| "–".to_owned(), |head| code(&head.to_string()))),
            ("Plan", code(&self.plan.to_string())),
            ("Text", code(&self.revision.1.to_string())),
        ];
        page.table(["", ""], rows.map(|(label, value)| [label.to_owned(), value]));
        page.line(&format!("\n{}", text(crate::projection::CAVEAT)));
    }
}
