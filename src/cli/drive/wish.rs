use super::face::Face;
use super::headless::Script;
use crate::base::Digest;
use crate::cli::args::Headless;
use crate::cli::setting::Terminal;
use crate::cli::{Exit, Failure, Setting, findings};
use crate::effect::Risk;
use crate::journal::Channel;
use crate::plan::Place;
use crate::runbook::{Answers, Environment, Policy, parse_answers};

/// Who is to answer a run's questions, as the command line has it. What they may confirm is known only with the run.
pub(super) enum Wish {
    /// A person at the screen.
    Screen,
    /// A person, or a pipe, at plain lines.
    Plain,
    /// Nobody: what was said beforehand.
    Headless {
        /// What the answers file says.
        answers: Answers,
        /// Up to which risk everything is confirmed.
        yes: Option<Risk>,
    },
}

/// Whether the place of a run asks for more than usual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protection {
    /// It does not.
    Usual,
    /// It does.
    Protected,
}

impl Protection {
    /// The stricter of what the plan says and what the environment says today. A run that was planned under protection
    /// keeps it, whatever the configuration has become since.
    pub(super) const fn of(place: &Place, environment: &Environment) -> Self {
        if place.protected || environment.protected { Self::Protected } else { Self::Usual }
    }

    /// The highest risk that is confirmed by others than a person at a terminal.
    const fn limit(self) -> Risk {
        match self {
            Self::Usual => Risk::Irreversible,
            Self::Protected => Risk::Reversible,
        }
    }
}

impl Wish {
    /// Takes the command line, and reads the answers file.
    ///
    /// # Errors
    /// The answers file cannot be read, or has findings.
    pub(super) fn read(setting: &Setting, headless: &Headless) -> Result<Self, Failure> {
        if headless.headless {
            return Ok(Self::Headless { answers: answers(headless)?, yes: headless.yes });
        }
        Ok(if setting.has_screen() { Self::Screen } else { Self::Plain })
    }

    /// The channel that the run's entries name.
    pub(super) const fn channel(&self) -> Channel {
        match self {
            Self::Screen => Channel::Tui,
            Self::Plain => Channel::Cli,
            Self::Headless { .. } => Channel::Headless,
        }
    }

    /// The face for a run of the plan with that digest.
    ///
    /// # Errors
    /// The answers are for another plan, or a protected environment or the environment's policy refuses them.
    pub(super) fn face(
        self,
        protection: Protection,
        policy: &Policy,
        plan: Digest,
        input: Terminal,
    ) -> Result<Face, Failure> {
        let limit = protection.limit();
        match self {
            Self::Screen => Ok(Face::Screen),
            // Lines that a person types are as good as a screen; lines of a file or another program are not.
            Self::Plain if input == Terminal::Yes => Ok(Face::Plain { limit: Risk::Irreversible }),
            Self::Plain => Ok(Face::Plain { limit }),
            Self::Headless { answers, yes } => {
                let refuse = |what: &str| Failure::new(Exit::Refused, what);
                if protection == Protection::Protected && yes.is_some() {
                    let what = "`--yes` is refused in a protected environment: each step is confirmed by itself";
                    return Err(refuse(what));
                }
                if let (Some(most), Some(asked)) = (policy.yes, yes)
                    && asked > most
                {
                    let what = format!("the environment's policy lets `--yes` confirm up to {most}, and not {asked}");
                    return Err(refuse(&what).hint("answer the rest in the answers file, or at a terminal"));
                }
                match answers.plan {
                    Some(meant) if meant != plan => {
                        Err(refuse("the answers file is for another plan: its digest is not that of this run")
                            .hint("look at what the plan is now, and answer that"))
                    }
                    None if protection == Protection::Protected => {
                        let what = "a protected environment demands the plan digest in the answers file (`plan: …`)";
                        Err(refuse(what).hint("`callout plan RUNBOOK` shows it, with all that it covers"))
                    }
                    Some(_) | None => Ok(Face::Headless(Script::new(answers, yes, limit))),
                }
            }
        }
    }
}

fn answers(headless: &Headless) -> Result<Answers, Failure> {
    let Some(path) = &headless.answers else { return Ok(Answers::default()) };
    let name = path.display().to_string();
    let bytes = std::fs::read(path)
        .map_err(|error| Failure::usage(format!("the answers file `{name}` cannot be read")).because(&error))?;
    parse_answers(&bytes).map_err(|found| findings::refused(&found, &name, &bytes, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Digest {
        Digest::of("plan-v1", b"this one")
    }

    fn headless(plan: Option<Digest>, yes: Option<Risk>) -> Wish {
        Wish::Headless { answers: Answers { plan, ..Answers::default() }, yes }
    }

    fn refusal(wish: Wish, protection: Protection) -> Option<Exit> {
        wish.face(protection, &Policy::default(), plan(), Terminal::No).err().map(|failure| failure.exit)
    }

    #[test]
    fn a_protected_place_demands_the_digest_of_this_very_plan_and_refuses_yes() {
        let (usual, protected) = (Protection::Usual, Protection::Protected);
        let other = Digest::of("plan-v1", b"another");
        assert_eq!(refusal(headless(None, None), protected), Some(Exit::Refused));
        assert_eq!(refusal(headless(Some(other), None), protected), Some(Exit::Refused));
        assert_eq!(refusal(headless(Some(plan()), Some(Risk::Reversible)), protected), Some(Exit::Refused));
        assert_eq!(refusal(headless(Some(plan()), None), protected), None);
        assert_eq!(refusal(headless(None, Some(Risk::Destructive)), usual), None);
        assert_eq!(refusal(headless(Some(other), None), usual), Some(Exit::Refused));
    }

    #[test]
    fn a_policy_says_how_much_a_word_beforehand_may_confirm() {
        let policy = Policy { yes: Some(Risk::Reversible), ..Policy::default() };
        let refused = |yes| headless(None, Some(yes)).face(Protection::Usual, &policy, plan(), Terminal::No).is_err();
        assert!(refused(Risk::Destructive) && !refused(Risk::Reversible));
        let nothing = Policy { yes: Some(Risk::Read), ..Policy::default() };
        let wish = headless(None, Some(Risk::Reversible));
        assert!(wish.face(Protection::Usual, &nothing, plan(), Terminal::No).is_err());
    }

    #[test]
    fn only_lines_that_a_person_types_confirm_what_is_destructive_in_a_protected_place() {
        let limit = |protection, input| match Wish::Plain.face(protection, &Policy::default(), plan(), input) {
            Ok(Face::Plain { limit }) => limit,
            _ => panic!("plain lines are plain lines"),
        };
        assert_eq!(limit(Protection::Protected, Terminal::No), Risk::Reversible);
        assert_eq!(limit(Protection::Protected, Terminal::Yes), Risk::Irreversible);
        assert_eq!(limit(Protection::Usual, Terminal::No), Risk::Irreversible);
    }

    #[test]
    fn taking_the_protection_out_of_the_configuration_does_not_take_it_from_a_run() {
        let today = Environment::simulated();
        let place = |protected| Place {
            environment: today.name.clone(),
            estate: today.estate,
            tenant: today.tenant.clone(),
            subscription: today.subscription.clone(),
            protected,
            drill: Vec::new(),
        };
        assert_eq!(Protection::of(&place(true), &today), Protection::Protected);
        assert_eq!(Protection::of(&place(false), &today), Protection::Usual);
        let today = Environment { protected: true, ..today.clone() };
        assert_eq!(Protection::of(&place(false), &today), Protection::Protected);
    }
}
