use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::measure::Verdict;
use super::report::{Chain, NO_DEVIATION, NO_REMEDY, Report, SIGNING};
use super::standing::{Standing, consent};
use crate::base::{Span, Timestamp, legible};

/// The page's own style; nothing is fetched from anywhere.
const STYLE: &str = include_str!("../../../assets/report.css");

fn span(span: Option<Span>) -> String {
    span.map_or_else(|| "–".to_owned(), |span| span.to_string())
}

const fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Met => "met",
        Verdict::NotMeasured => "open",
        Verdict::Missed => "missed",
    }
}

/// A list of texts, or the sentence if there is none.
fn list(items: &[String], none: &str) -> Markup {
    html! {
        @if items.is_empty() {
            p.none { (none) }
        } @else {
            ul { @for item in items { li { (item) } } }
        }
    }
}

/// A term and what it means, in two columns.
fn facts<'a>(pairs: impl IntoIterator<Item = (&'a str, Markup)>) -> Markup {
    html! { dl { @for (term, text) in pairs { dt { (term) } dd { (text) } } } }
}

impl Report {
    /// The report as one page that needs nothing else: no script, no font, no picture from elsewhere. It can be read on
    /// paper, by day and by night, and by who cannot see the chart.
    pub fn html(&self) -> String {
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { "Drill report: " (self.title) }
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    main {
                        (self.watermark_line())
                        (self.head())
                        (self.objective_cards())
                        (self.plan_and_actual())
                        (self.story())
                        (self.scope_section())
                        (self.time_table())
                        (self.part_table())
                        (self.after())
                        (self.step_table())
                        (self.seen_table())
                        (self.proof_table())
                        (self.signature_table())
                        (self.watermark_line())
                    }
                }
            }
        };
        // What does not show, or turns the direction of what does, stands in a page for no good reason.
        legible(&page.into_string()).into_owned()
    }

    fn watermark_line(&self) -> Markup {
        html! { @if let Some(watermark) = self.watermark() { p.watermark { (watermark) } } }
    }

    fn head(&self) -> Markup {
        html! {
            header {
                p.kind { "Drill report" }
                h1 { (self.title) }
                p.lead {
                    (self.programme) " " (self.version) " · " (self.revision.0) " · run " (self.run.short()) " · "
                    (self.environment) " · " (self.impact.minute())
                }
                @if let Some(interim) = self.interim() { p.watermark { (interim) } }
                p.verdict.(class(self.verdict())) { "Objectives " (self.verdict().name()) ", run " (self.state) }
            }
        }
    }

    fn objective_cards(&self) -> Markup {
        let coverage = &self.coverage;
        html! {
            section {
                h2 { "Objectives" }
                div.cards {
                    @for one in &self.objectives {
                        div.card.(class(one.verdict)) {
                            p.name { (one.kind.name()) " " span.word { (one.verdict.name()) } }
                            p.figure { (span(one.measured)) }
                            p.small { "measured; " (one.target) " allowed" }
                            @if let Some(claimed) = one.claimed { p.small { "claimed by the restore point: " (claimed) } }
                            p.note { (one.note) }
                        }
                    }
                    div.card.(coverage.verdict.map_or("open", class)) {
                        p.name {
                            "Coverage " span.word { (coverage.verdict.map_or("not asked for", Verdict::name)) }
                        }
                        p.figure { (coverage.percent()) " %" }
                        p.small {
                            "of the steps proven"
                            @if let Some(target) = coverage.target { "; " (target) " % asked for" }
                        }
                        p.note {
                            (coverage.proven) " proven, " (coverage.substituted) " substituted, "
                            (coverage.not_reached) " not reached, " (coverage.failed) " failed"
                        }
                    }
                }
                p.small { (self.expectation()) "." }
                @if let Some(fixed) = &self.fixed {
                    p.small { "Fixed before anything was broken; the log has their digest, " code { (fixed.short()) } "." }
                }
            }
        }
    }

    fn plan_and_actual(&self) -> Markup {
        html! {
            section {
                h2 { "Planned against actual" }
                p.small {
                    span.key.planned {} " planned " (self.chart.planned) " · "
                    span.key.step {} " actual " (self.chart.actual) " · "
                    span.key.critical {} " on the critical path"
                    @if self.chart.left_out > 0 { " · " (self.chart.left_out) " steps are too short to be drawn" }
                }
                (self.chart.svg())
                p.small { "Critical path: " (self.chart.critical.join(" → ")) }
            }
        }
    }

    fn story(&self) -> Markup {
        html! {
            section {
                h2 { "Scenario" }
                @if let Some(exercise) = &self.exercise { p { (exercise.scenario) } }
                (list(&self.broken, "Nothing was broken for it."))
                @if let Some(exercise) = &self.exercise {
                    h3 { "It has succeeded when (a person judges that)" }
                    (list(&exercise.success_criteria, "Nothing is named."))
                }
            }
            section {
                h2 { "People" }
                table {
                    thead { tr { th { "Role" } th { "Who" } th { "As the programme wants it" } } }
                    tbody {
                        @for one in &self.people {
                            tr {
                                td { (one.role.word()) }
                                td { (one.named.as_deref().unwrap_or("not named")) }
                                td { (one.planned.as_deref().unwrap_or("–")) }
                            }
                        }
                    }
                }
                p.small { "The log was written by: " (self.actors.join("; ")) "." }
            }
        }
    }

    fn scope_section(&self) -> Markup {
        html! {
            section {
                h2 { "Scope" }
                p.small { "Bound to the drill:" }
                (list(&self.bounds, "Nothing."))
                p { (self.isolation()) }
                details {
                    summary { "Written to: " (self.touched.len()) }
                    ul {
                        @for one in &self.touched {
                            li {
                                (one.what) " (" (one.effects) " effects)"
                                @if !one.is_bound && !self.bounds.is_empty() { span.missed { " NOT BOUND" } }
                            }
                        }
                    }
                }
            }
        }
    }

    fn seen_table(&self) -> Markup {
        html! {
            section {
                h2 { "What was seen" }
                details {
                    summary { (self.seen.len()) " checks, each as it looked last" }
                    table {
                        thead { tr { th { "Step" } th { "Last look" } th { "Seen" } } }
                        tbody {
                            @for one in &self.seen {
                                tr {
                                    td { (one.step) }
                                    td.(if one.passed { "met" } else { "missed" }) {
                                        (if one.passed { "pass" } else { "NOT passed" })
                                    }
                                    td { (one.seen) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// Room for those who answer for it; nothing of that stands in the log.
    fn signature_table(&self) -> Markup {
        html! {
            section {
                h2 { "Signed" }
                table {
                    thead { tr { th { "Role" } th { "Name" } th { "Day" } th { "Signature" } } }
                    tbody {
                        @for role in SIGNING {
                            @let named = self.people.iter().find(|one| one.role == role);
                            tr {
                                td { (role.word()) }
                                td { (named.and_then(|one| one.named.as_deref()).unwrap_or_default()) }
                                td {} td {}
                            }
                        }
                    }
                }
            }
        }
    }

    fn time_table(&self) -> Markup {
        let durations = &self.durations;
        html! {
            section {
                h2 { "Where the time went" }
                table.narrow { tbody { @for (name, time) in durations.parts() { tr { td { (name) } td.number { (time) } } } } }
                p.small { "Further attempts: " (durations.rework) ". The clock is " (self.clock_word()) "." }
                table {
                    thead { tr { th { "When (UTC)" } th { "What" } th { "By the end of" } } }
                    tbody {
                        tr { td { (self.impact) } td { (self.since.trim_start_matches("when ")) } td {} }
                        @for one in &self.milestones {
                            tr { td { (one.at) } td { (one.name.replace('_', " ")) } td { (one.step) } }
                        }
                    }
                }
            }
        }
    }

    fn part_table(&self) -> Markup {
        html! {
            @if !self.parts.is_empty() {
                section {
                    h2 { "Runbooks" }
                    table {
                        thead {
                            tr {
                                th { "Runbook" } th { "Revision" } th { "Outcome" } th { "Took" }
                                th { "Restored after" } th { "Its RTO" }
                            }
                        }
                        tbody {
                            @for one in &self.parts {
                                tr {
                                    td { (one.runbook) }
                                    td { (one.revision.0) ", text " code { (one.revision.1.short()) } }
                                    td { (one.outcome) }
                                    td.number { (span(one.took)) }
                                    td.number { (span(one.restored)) }
                                    td.number { (span(one.rto)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    fn after(&self) -> Markup {
        html! {
            section {
                h2 { "Deviations" }
                (list(&self.deviations, NO_DEVIATION))
                h2 { "Remediation" }
                (list(&self.remediation, NO_REMEDY))
                p.small { "Each of these needs an owner and a day; the log does not know them." }
                h2 { "Not tested" }
                (list(&self.not_tested, "Nothing is named; that does not mean that everything was tested."))
                h2 { "Cleanup" }
                @if self.cleanup.is_empty() {
                    p.none { "The programme names no step that clears anything away." }
                }
                ul {
                    @for one in &self.cleanup {
                        li {
                            (one.step) ": " (if one.done { "done" } else { "NOT DONE" })
                            @if one.done && one.checks > 0 { ", verified by " (one.checks) " checks" }
                            @if one.done && one.checks == 0 { ", not verified" }
                        }
                    }
                }
                details {
                    summary { (self.standing.len()) " effects were not undone; a later one may have taken an earlier one back" }
                    (list(&self.standing, "Nothing."))
                }
            }
        }
    }

    fn step_table(&self) -> Markup {
        html! {
            section {
                h2 { "Steps" }
                table.steps {
                    thead { tr { th { "Step" } th { "Standing" } th { "Began" } th { "Consent" } th { "Took" } th { "Expected" } } }
                    tbody {
                        @for one in &self.steps {
                            @let took = one.started.zip(one.ended).map(|(from, to)| to.since(from));
                            tr.changes[one.changes] {
                                td { (one.path) }
                                td.(standing(&one.standing)) {
                                    (one.standing.word())
                                    @if !one.standing.why().is_empty() { span.why { ": " (one.standing.why()) } }
                                }
                                td.number { (one.started.map(Timestamp::clock_face).unwrap_or_default()) }
                                td { (one.consent.map_or("", consent)) }
                                td.number { (span(took)) }
                                td.number { (one.expected) }
                            }
                        }
                    }
                }
                p.small { "A step in bold changes something." }
            }
        }
    }

    fn proof_table(&self) -> Markup {
        let integrity = &self.integrity;
        let chain = match &integrity.chain {
            Chain::Verified => html! { span.met { "verified" } ": every entry follows the one before it" },
            Chain::Refused(why) => html! { span.missed { "REFUSED" } ": " (why) },
        };
        let (first, last) = integrity.span;
        let head = integrity.head.as_ref().map(ToString::to_string).unwrap_or_default();
        html! {
            section {
                h2 { "Proof" }
                (facts([
                    ("Run", html! { code { (self.run) } }),
                    ("Log", html! { code { (integrity.log) } }),
                    ("Chain", chain),
                    ("Entries", html! { (integrity.entries) "; those of the run from " (first) " to " (last) }),
                    ("Root", html! { code { (integrity.root) } }),
                    ("Head of the run", html! { code { (head) } }),
                    ("Plan", html! { code { (self.plan) } }),
                    ("Text", html! { code { (self.revision.1) } }),
                ]))
                p.small { (crate::projection::CAVEAT) }
            }
        }
    }
}

const fn standing(standing: &Standing) -> &'static str {
    match standing {
        Standing::Proven => "met",
        Standing::Substituted(_) | Standing::NotReached(_) => "open",
        Standing::Failed(_) => "missed",
    }
}
