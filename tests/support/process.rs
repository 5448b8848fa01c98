use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustix::io::retry_on_intr;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid};

use super::watched::Watched;

/// A process that leads its own group, and is killed with it when the test ends.
pub(crate) struct Process {
    pid: Pid,
    end: Arc<Watched<Option<End>>>,
}

/// How a process ended: with an exit code, or by a signal, which has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) code: Option<i32>,
}

impl Process {
    /// Takes a process over; `reap` is called once it has ended, and collects its exit status.
    pub(crate) fn new(pid: u32, reap: impl FnOnce() -> End + Send + 'static) -> Self {
        let pid = Pid::from_raw(pid.try_into().unwrap()).unwrap();
        let end = Arc::new(Watched::new(None));
        let seen = Arc::clone(&end);
        thread::spawn(move || {
            // The process is not collected while it is waited for, and is collected under the lock; so a signal never
            // goes to a stranger that was given the same number.
            let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            retry_on_intr(|| waitid(WaitId::Pid(pid), options)).unwrap();
            seen.with(|end| *end = Some(reap()));
        });
        Self { pid, end }
    }

    pub(crate) fn pid(&self) -> Pid {
        self.pid
    }

    /// Sends a signal, unless the process has ended.
    pub(crate) fn signal(&self, signal: Signal) {
        self.end.with(|end| {
            if end.is_none() {
                kill_process(self.pid, signal).unwrap();
            }
        });
    }

    /// Waits for the end; nothing if the process still runs after `limit`.
    pub(crate) fn wait(&self, limit: Duration) -> Option<End> {
        self.end.wait(limit, |end| *end)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end.with(|end| {
            if end.is_none() {
                // What it started goes with it. An error here can only mean that there is nothing left to kill.
                let _ = kill_process_group(self.pid, Signal::KILL);
            }
        });
        // The home is removed next; nothing may still write there.
        self.wait(Duration::from_secs(5));
    }
}
