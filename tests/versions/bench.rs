use std::fs;
use std::path::{Path, PathBuf};

use callout::base::Timestamp;
use git2::{Oid, Repository, RepositoryInitOptions, Signature, Time};
use serde_json::Value as Json;
use ssh_key::private::Ed25519Keypair;
use ssh_key::{HashAlg, LineEnding, PrivateKey};

use crate::support::callout::Callout;
use crate::support::home::Home;

/// A library in a git repository of its own, on somebody's desk.
pub(crate) struct Bench {
    pub(crate) home: Home,
    pub(crate) repository: Repository,
}

/// 2026-01-02 03:04:05Z. Commits are made at this time, so many days later.
const BEGUN: i64 = 1_767_323_045;

/// A runbook of the simulated environment that waits a second, which needs nobody.
pub(crate) fn waiting(name: &str, version: &str) -> String {
    format!(
        "runbook: {name}\nformat: 1\nversion: {version}\ntitle: Wait\nsteps:\n  - {{id: rest, title: Rest, wait: {{for: 1s}}}}\n"
    )
}

/// A key that is the same whenever the test runs.
pub(crate) fn key(seed: u8) -> PrivateKey {
    PrivateKey::from(Ed25519Keypair::from_seed(&[seed; 32]))
}

/// The public key as a line of an allowed-signers file has it.
pub(crate) fn public(key: &PrivateKey) -> String {
    key.public_key().to_openssh().unwrap()
}

/// The signature that `git commit -S` would make with that key.
pub(crate) fn sign(key: &PrivateKey, data: &[u8]) -> String {
    key.sign("git", HashAlg::Sha512, data).unwrap().to_pem(LineEnding::LF).unwrap()
}

impl Bench {
    /// A repository without a commit, and a library in it without a runbook.
    pub(crate) fn new() -> Self {
        let home = Home::new();
        let repository = Self::repository(&home.desk().join("library"));
        Self { home, repository }
    }

    /// A bench with one committed runbook, `rest` 1.0.0.
    pub(crate) fn with_rest() -> Self {
        let bench = Self::new();
        bench.write("rest", &waiting("rest", "1.0.0"));
        bench.commit(0);
        bench
    }

    pub(crate) fn repository(folder: &Path) -> Repository {
        fs::create_dir_all(folder.join("runbooks")).unwrap();
        Repository::init_opts(folder, RepositoryInitOptions::new().initial_head("main")).unwrap()
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.home.desk().join("library")
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder().join(format!("runbooks/{name}.yaml"))
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.file(name), text).unwrap();
    }

    /// Commits all that stands in the library.
    pub(crate) fn commit(&self, day: i64) -> Oid {
        let content = self.content(day);
        let id = self.repository.odb().unwrap().write(git2::ObjectType::Commit, content.as_bytes()).unwrap();
        self.point(id)
    }

    /// Commits all that stands in the library, with a signature over what is committed.
    pub(crate) fn commit_signed(&self, day: i64, key: &PrivateKey) -> Oid {
        let content = self.content(day);
        self.commit_with(&content, &sign(key, content.as_bytes()))
    }

    /// Commits that content with that signature, whether they belong together or not.
    pub(crate) fn commit_with(&self, content: &str, signature: &str) -> Oid {
        self.point(self.repository.commit_signed(content, signature, None).unwrap())
    }

    /// What a commit of all that stands in the library says.
    pub(crate) fn content(&self, day: i64) -> String {
        let mut index = self.repository.index().unwrap();
        index.add_all(["*"], git2::IndexAddOption::DEFAULT, None).unwrap();
        index.write().unwrap();
        let tree = self.repository.find_tree(index.write_tree().unwrap()).unwrap();
        let who = Signature::new("Ada Lovelace", "ada@example.com", &Time::new(BEGUN + day * 86_400, 0)).unwrap();
        let parent = self.repository.head().ok().map(|head| head.peel_to_commit().unwrap());
        let parents: Vec<_> = parent.iter().collect();
        let content = self.repository.commit_create_buffer(&who, &who, "A change", &tree, &parents).unwrap();
        content.as_str().unwrap().to_owned()
    }

    fn point(&self, commit: Oid) -> Oid {
        self.repository.reference("refs/heads/main", commit, true, "").unwrap();
        commit
    }

    pub(crate) fn tag(&self, name: &str) {
        let head = self.repository.head().unwrap().peel_to_commit().unwrap();
        self.repository.tag_lightweight(name, head.as_object(), false).unwrap();
    }

    /// Lets these lines of the user's own git configuration say who may sign.
    pub(crate) fn allow(&self, lines: &str) {
        let file = self.home.path("allowed_signers");
        fs::write(&file, lines).unwrap();
        let config = format!("[gpg \"ssh\"]\n\tallowedSignersFile = {}\n", file.display());
        fs::write(self.home.path(".gitconfig"), config).unwrap();
    }

    /// The program, started in the library.
    pub(crate) fn callout<A: AsRef<std::ffi::OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Callout {
        self.home.callout(args).folder(self.folder())
    }

    /// What the program prints, as JSON.
    pub(crate) fn json(&self, args: &[&str]) -> Json {
        let outcome = self.callout(args).run().succeeded();
        serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error}\n{}", outcome.stdout))
    }

    /// What `callout list --json` says of the only runbook, or of the first.
    pub(crate) fn listed(&self) -> Json {
        self.json(&["list", "--json"])[0].take()
    }

    /// A configuration with one live, protected environment, `production`, whose policy is these words; none for the
    /// usual one.
    pub(crate) fn protected(&self, policy: Option<&str>) -> PathBuf {
        let file = self.home.path("environments.yaml");
        let policy = policy.map(|policy| format!("    policy: {policy}\n")).unwrap_or_default();
        let text = format!(
            "environments:\n  - name: production\n    tenant: 11111111-1111-4111-8111-111111111112\n    \
             subscription: 33333333-3333-4333-8333-333333333333\n    resource_group: rg\n    sign_in: cli\n    \
             protected: true\n{policy}    targets: []\n"
        );
        fs::write(&file, text).unwrap();
        file
    }
}

#[test]
fn days_of_the_bench_are_days() {
    assert_eq!(Timestamp::from_seconds(BEGUN).minute(), "2026-01-02 03:04Z");
}
