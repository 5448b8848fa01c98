//! What the process finds around it: the only file that reads the environment and the configuration's places.

use std::env;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

use etcetera::{AppStrategy as _, AppStrategyArgs, choose_app_strategy};

use super::Failure;
use super::args::{Global, Speed};
use crate::journal::real_path;
use crate::runbook::EstateKind;

/// Everything that a command may know of its surroundings, by value. It is read once, at the start.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    /// Where stores stand, unless one is named.
    pub(crate) data: PathBuf,
    /// Where the program's own log stands.
    pub(crate) state: PathBuf,
    /// The file with the environments; it need not be there.
    pub(crate) config: Config,
    /// The home folder, for which `~/` stands.
    pub(crate) home: PathBuf,
    /// The current folder.
    pub(crate) here: PathBuf,
    /// The store that was named, with every link followed.
    pub(crate) store: Option<PathBuf>,
    /// The library that was named.
    pub(crate) library: Option<PathBuf>,
    /// The environment that was named.
    pub(crate) environment: Option<String>,
    /// How fast a simulated clock is to run.
    pub(crate) speed: Option<Speed>,
    /// Whether a person reads what is printed.
    pub(crate) output: Terminal,
    /// Whether a person types what is read.
    pub(crate) input: Terminal,
    /// Whether lines were asked for even on a terminal.
    pub(crate) plain: bool,
    /// Whether colours may be used.
    pub(crate) colour: bool,
    /// Whether the terminal shows more than ASCII, by its locale.
    pub(crate) unicode: bool,
    /// What `RUST_LOG` says.
    pub(crate) log: Option<String>,
}

/// The file with the environments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Config {
    /// It was named, so it must be there.
    Named(PathBuf),
    /// It stands, if there is one, in the usual place.
    Usual(PathBuf),
}

impl Config {
    /// The file.
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Named(path) | Self::Usual(path) => path,
        }
    }
}

/// Whether a stream is a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Terminal {
    /// It is.
    Yes,
    /// It is a file, a pipe or nothing.
    No,
}

impl Setting {
    /// Reads the environment: XDG folders, `NO_COLOR`, `RUST_LOG`, the current folder, and whether streams are terminals.
    ///
    /// # Errors
    /// There is no home folder, or no current folder.
    pub(crate) fn read(global: &Global) -> Result<Self, Failure> {
        let app =
            AppStrategyArgs { top_level_domain: String::new(), author: String::new(), app_name: "callout".to_owned() };
        let folders = choose_app_strategy(app).map_err(|error| {
            Failure::usage("there is no home folder to keep anything in").because(&error).hint("set HOME")
        })?;
        let here = env::current_dir().map_err(|error| {
            Failure::usage("the current folder cannot be read").because(&error).hint("change to one that is there")
        })?;
        let terminal = |is_one| if is_one { Terminal::Yes } else { Terminal::No };
        let output = terminal(io::stdout().is_terminal());
        let absolute = |path: &PathBuf| here.join(path);
        Ok(Self {
            data: folders.data_dir(),
            // XDG has a state folder and other conventions do not; what they have for data is near enough.
            state: folders.state_dir().unwrap_or_else(|| folders.data_dir()),
            config: match &global.config {
                Some(path) => Config::Named(absolute(path)),
                None => Config::Usual(folders.config_dir().join("environments.yaml")),
            },
            home: folders.home_dir().to_owned(),
            store: global.store.as_ref().map(absolute).map(|path| real_path(&path)),
            library: global.library.as_ref().map(absolute),
            environment: global.env.clone(),
            speed: global.speed,
            output,
            input: terminal(io::stdin().is_terminal()),
            plain: global.plain,
            colour: output == Terminal::Yes && !global.no_color && variable("NO_COLOR").is_none(),
            unicode: is_unicode(),
            log: variable("RUST_LOG"),
            here,
        })
    }

    /// The store for an estate of that kind: the one that was named, or else the usual one, with every link followed. It
    /// need not be there.
    pub(crate) fn store_for(&self, estate: EstateKind) -> PathBuf {
        let usual = match estate {
            EstateKind::Live => "journal.db",
            EstateKind::Simulated => "sim.db",
        };
        self.store.clone().unwrap_or_else(|| real_path(&self.data.join(usual)))
    }

    /// Whether a person sits at a screen: both streams are a terminal, and lines were not asked for.
    pub(crate) fn has_screen(&self) -> bool {
        !self.plain && self.output == Terminal::Yes && self.input == Terminal::Yes
    }

    /// How a secret that an environment variable holds is looked up, when a request is sent that needs it.
    #[expect(
        clippy::unused_self,
        reason = "settings are where the environment is read, and one day may hide some of it"
    )]
    pub(crate) fn lookup(&self) -> crate::world::Environment {
        std::sync::Arc::new(variable)
    }

    /// The list of the libraries that the user trusts.
    pub(crate) fn trust_file(&self) -> PathBuf {
        self.data.join("trusted.json")
    }

    /// The program's own log.
    pub(crate) fn log_file(&self) -> PathBuf {
        self.state.join("callout.log")
    }
}

/// A variable that is set to something. One that is not Unicode counts as not set: none of ours could mean anything.
#[expect(clippy::disallowed_methods, reason = "this is the file in which the environment is read")]
fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// The locale's encoding, by the first variable of POSIX's order that is set; with none set, terminals of today show it.
fn is_unicode() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(variable);
    locale.is_none_or(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}
