use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand};

use super::{
    Abort, Adhoc, Again, Answer, Audit, CheckFormat, Drill, Evidence, Headless, Incident, Inputs, New, Override,
    PlanFormat, Resolve, Run, RunMode, SchemaOf, Sim, Skip, Store, Trust,
};
use crate::cli::Exit;

const EXAMPLES: &str = "\
Examples:
  callout run key-rotation                  against a simulated Azure, with nothing to sign in to
  callout plan key-rotation                 what it would do exactly, and nothing done
  callout run key-rotation --headless --yes destructive --speed max
  callout resume                            take up the open run where it is
  callout timeline                          what happened in the latest run
  callout audit export --format bundle --out evidence/

Exit codes:
  0 succeeded, or nothing to do     1 failed, findings, or verification refused
  2 usage, not found or unreadable  3 paused, waiting for a person or a time
  4 in doubt                        5 aborted or rolled back
  6 refused by policy               70 a fault of the program";

/// Runbooks for the engineer who is woken at 03:10: steps against Azure with confirmation, a timeline, and an audit log
/// that a stranger can verify.
#[derive(Debug, Parser)]
#[command(name = "callout", version, after_help = EXAMPLES, max_term_width = 120)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What may stand before or after any command.
#[derive(Clone, Debug, ClapArgs)]
#[command(next_help_heading = "Everywhere")]
pub(crate) struct Global {
    /// The environment to work in; needed as soon as a live one is configured
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) env: Option<String>,
    /// The store, instead of the one in the data folder
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) store: Option<PathBuf>,
    /// The folder with `runbooks/`, instead of the nearest one above the current folder
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) library: Option<PathBuf>,
    /// The file with the environments, instead of the one in the configuration folder
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// How fast the clock of a simulated estate runs: a factor, or `max` to jump to whatever is due next
    #[arg(long, global = true, value_name = "N|max", value_parser = speed)]
    pub(crate) speed: Option<Speed>,
    /// Speak in lines, even on a terminal
    #[arg(long, global = true)]
    pub(crate) plain: bool,
    /// No colours; shapes and words say the same
    #[arg(long, global = true)]
    pub(crate) no_color: bool,
}

/// How fast the clock of a simulated estate runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speed {
    /// So many estate seconds in one host second.
    Times(u32),
    /// It jumps to the next time that is due.
    Max,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a runbook
    ///
    /// On a terminal this opens the run on the screen. Without a terminal, or with --plain, it speaks in lines and reads
    /// answers from standard input; with --headless it asks nobody.
    #[command(after_help = "\
Examples:
  callout run key-rotation
  callout run ./runbooks/rollback.yaml -i app=chatbot-web
  callout run key-rotation@v1.2.0           as that tag has it, whatever the file is now
  callout run key-rotation --headless --answers answers.yaml")]
    Run(Run),
    /// Take up a run where it is
    ///
    /// Without RUN this takes the only open run. What was sent and not answered is in doubt, and is asked about before
    /// anything else is sent.
    Resume {
        /// The run's id, or at least the last four digits of it
        run: Option<String>,
        #[command(flatten)]
        headless: Headless,
    },
    /// End a run, after saying what stays as it is and what would be undone
    ///
    /// The process that holds the run is asked to; a run that nobody holds is taken and ended here.
    #[command(after_help = "\
Examples:
  callout abort 4f2a91c3 --reason \"a false alarm\"
  callout abort 4f2a91c3 --undo             and undo what stands, step by step, the last effect first")]
    Abort(Abort),
    /// Answer a gate, or report a manual step done
    #[command(after_help = "\
Examples:
  callout answer 4f2a91c3 go yes
  callout answer 4f2a91c3 note-owner owner=platform-oncall log=./incident.log token=env:TOKEN")]
    Answer(Answer),
    /// Leave a step out; a deviation
    Skip(Skip),
    /// Count a step as succeeded although it does not say so itself; a deviation
    #[command(
        after_help = "Example:\n  callout override 4f2a91c3 health --reason \"the probe's own certificate is stale\""
    )]
    Override(Override),
    /// Try a failed step again
    ///
    /// An effect that is known to have happened is not sent again: what came after it is repeated.
    Retry(Again),
    /// Undo a step that has failed, or is in doubt, while the run goes on
    Undo(Again),
    /// Say what became of an effect in doubt
    #[command(after_help = "\
Examples:
  callout resolve 4f2a91c3 new-version adopt version=1f0c… --reason \"the portal shows it\"
  callout resolve 4f2a91c3 swap did-not --typed chatbot-web
  callout resolve 4f2a91c3 swap by-hand --reason \"swapped in the portal\"")]
    Resolve(Resolve),
    /// Perform a command outside the runbook, and keep it with what it said in the run's record; a deviation
    ///
    /// What it says is redacted by what secrets look like, and at most 256 KiB of it are kept. The exit code is the
    /// command's own.
    #[command(after_help = "Example:\n  callout adhoc 4f2a91c3 -- az webapp log tail -n chatbot-web -g chatbot-rg")]
    Adhoc(Adhoc),
    /// Do in every open run what is due and needs nobody; for cron
    ///
    /// A wait that is over, a try that is due, one look of a check. Nothing is consented to, no question is answered, and no
    /// run is taken that somebody holds or has paused. Says in a line per run what happened and what it waits for.
    #[command(after_help = "Example, in a crontab:\n  * * * * *  callout tick --env production")]
    Tick,
    /// Run a drill programme
    #[command(subcommand)]
    Drill(Drill),
    /// Declare an incident, and write down what becomes of it
    #[command(subcommand)]
    Incident(Incident),
    /// Let a run finish what is in flight and start nothing new
    Pause {
        /// The run's id, or at least the last four digits of it
        run: String,
    },
    /// Put a note on the timeline of a run or an incident
    #[command(after_help = "Example:\n  callout note 4f2a91c3 \"database team is on the bridge\"")]
    Note {
        /// Its id, or at least the last four digits of it
        #[arg(value_name = "RUN|INCIDENT")]
        run: String,
        /// What happened
        text: String,
    },
    /// List the runs, latest first
    Runs {
        /// As JSON: a list of {id, runbook, state, …}
        #[arg(long)]
        json: bool,
    },
    /// Show a run as it stands, a runbook, or a playbook on one page
    Show {
        /// A run's id, or at least the last four digits of it; or a playbook's name or file; or a runbook's, perhaps as a
        /// commit has it
        #[arg(value_name = "RUN|RUNBOOK[@REV]|PLAYBOOK")]
        what: String,
    },
    /// Say exactly what a runbook or drill programme would do, and do nothing
    ///
    /// It opens nothing and asks nobody, and says the same for the same text, inputs and environment.
    #[command(after_help = "\
Examples:
  callout plan key-rotation -i consumers=chatbot-web,chatbot-worker
  callout plan rollback --format checklist > rollback.md      with commands to paste, for the day this program is down")]
    Plan {
        /// A runbook's name, or its file, perhaps as a commit has it
        #[arg(value_name = "RUNBOOK[@REV]")]
        runbook: String,
        #[command(flatten)]
        inputs: Inputs,
        /// How it would be run
        #[arg(long, value_enum, default_value_t = RunMode::Live)]
        mode: RunMode,
        /// How to say it
        #[arg(long, value_enum, default_value_t = PlanFormat::Text)]
        format: PlanFormat,
    },
    /// Tell what happened in a run, or in an incident and all its runs; without either, in the latest run
    Timeline {
        /// Its id, or at least the last four digits of it
        #[arg(value_name = "RUN|INCIDENT")]
        run: Option<String>,
        /// As JSON: a list of {at, run, step, text, loud}
        #[arg(long)]
        json: bool,
    },
    /// List the evidence that a run has kept, or give a piece of it back
    ///
    /// Files that were given to manual steps, and what ad-hoc commands said. What comes out is held against its hash; exit
    /// code 1 if it is not what was kept.
    #[command(after_help = "\
Examples:
  callout evidence 4f2a91c3
  callout evidence 4f2a91c3 note-owner --hash c641 --out incident.log")]
    Evidence(Evidence),
    /// Check runbooks and playbooks; without PATH, all of the library
    ///
    /// Every finding has a file, a line, a column, a code and what to write instead. Exit code 1 if there is an error
    /// among them.
    Check {
        /// Files or folders
        #[arg(value_name = "PATH")]
        paths: Vec<PathBuf>,
        /// How to say it
        #[arg(long, value_enum, default_value_t = CheckFormat::Text)]
        format: CheckFormat,
        /// Explain a code, such as RB203, instead
        #[arg(long, value_name = "CODE", conflicts_with = "paths")]
        explain: Option<String>,
    },
    /// List the runbooks of the library, each with its version, and its playbooks
    ///
    /// The last commit that changed it, whether it was edited since, the tag on that commit or on the one checked out, and
    /// the SSH signature. Keys that may sign stand in the file that `gpg.ssh.allowedSignersFile` of your own git
    /// configuration names, never in one that the library names. With --env, what its policy refuses is said as well.
    List {
        /// As JSON: a list of {runbook, version, title, revision, state, tag, signature, …}, then {playbook, kind, …}
        #[arg(long)]
        json: bool,
    },
    /// Say how a runbook changed from one revision to another, step by step
    #[command(after_help = "\
Examples:
  callout diff key-rotation v1.0.0 v1.1.0
  callout diff key-rotation HEAD            what has been edited since")]
    Diff {
        /// A runbook's name, or its file
        runbook: String,
        /// The older revision: whatever git takes for a commit
        #[arg(value_name = "REV1")]
        old: String,
        /// The newer one; without it, the file as it is
        #[arg(value_name = "REV2")]
        new: Option<String>,
        /// As JSON: {runbook, old, new, header, steps, …}
        #[arg(long)]
        json: bool,
    },
    /// Write the skeleton of a new runbook into the library
    #[command(subcommand)]
    New(New),
    /// Print the JSON Schema of a kind of file, for editors
    #[command(after_help = "Example:\n  callout schema runbook > runbook.schema.json")]
    Schema {
        /// The kind of file
        of: SchemaOf,
    },
    /// List what a step can ask of the world, or show one action whole
    Actions {
        /// The action, such as keyvault.secret.set
        name: Option<String>,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Export the audit log, or verify one
    #[command(subcommand)]
    Audit(Audit),
    /// Serve, move and disturb the simulated estate
    #[command(subcommand)]
    Sim(Sim),
    /// Say what is configured, signed in and reachable from here
    ///
    /// Every question gets a verdict: pass, fail, or cannot observe. Exit code 1 if one fails.
    Doctor {
        /// Make the store's derived tables anew from its log
        #[arg(long)]
        rebuild: bool,
        /// As JSON: a list of {question, verdict, seen}
        #[arg(long)]
        json: bool,
    },
    /// Look at the store, copy it, put a copy in its place, or go on after it was damaged
    #[command(subcommand)]
    Store(Store),
    /// Let a library's environments take effect, after showing what they would allow
    ///
    /// Environments that come with a library say who signs in and where tokens go, so they take effect only while their
    /// content is what was looked at here. On a terminal the name of the library's folder is typed to trust it; a script
    /// says the digest of the content that somebody has looked at. Runbooks need no trust.
    #[command(after_help = "\
Examples:
  callout trust                             the library of the current folder
  callout trust ~/ops --digest 3b6f…        without a question, if the content is still that
  callout trust --list
  callout trust --revoke ~/ops")]
    Trust(Trust),
}

impl Args {
    /// Reads a command line, the program's name first.
    ///
    /// # Errors
    /// What is left to do is to exit: help or a complaint has been printed.
    pub(crate) fn read(words: impl IntoIterator<Item = OsString>) -> Result<Self, Exit> {
        Self::try_parse_from(words).map_err(|shown| {
            // Nobody is left to be told that nobody reads.
            let _ = shown.print();
            if shown.use_stderr() { Exit::Usage } else { Exit::Success }
        })
    }
}

fn speed(text: &str) -> Result<Speed, String> {
    match text.parse() {
        _ if text == "max" => Ok(Speed::Max),
        Ok(times @ 1..) => Ok(Speed::Times(times)),
        _ => Err("it is a whole number of at least 1, or `max`".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    fn read(line: &str) -> Result<Args, clap::Error> {
        Args::try_parse_from(line.split(' '))
    }

    #[test]
    fn the_definition_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn what_may_stand_everywhere_stands_before_and_after_a_command() {
        for line in ["callout --store x.db --speed max runs", "callout runs --speed max --store x.db"] {
            let global = read(line).unwrap().global;
            assert_eq!((global.store, global.speed), (Some("x.db".into()), Some(Speed::Max)));
        }
    }

    #[test]
    fn a_word_that_means_nothing_is_a_usage_error() {
        for line in [
            "callout run k --speed 0",
            "callout run k --yes read --headless",
            "callout run k --yes destructive",
            "callout run k --mode pretend",
            "callout adhoc 4f2a",
            "callout skip 4f2a go",
            "callout sim fault --path x",
            "callout sim fault --status 500 --hold",
            "callout audit export --format bundle",
            "callout tick tock",
        ] {
            let error = read(line).expect_err(line);
            assert_eq!(error.exit_code(), 2, "{line}");
        }
    }

    #[test]
    fn an_input_keeps_what_stands_behind_its_first_equals_sign() {
        let Some(Command::Run(run)) = read("callout run k -i url=https://x/?a=b -i n=").unwrap().command else {
            panic!("it is a run");
        };
        let pairs = [("url", "https://x/?a=b"), ("n", "")];
        assert_eq!(run.inputs.named().unwrap(), pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}
