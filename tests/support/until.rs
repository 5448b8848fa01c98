use std::time::{Duration, Instant};

use super::watched::Watched;

/// How long something in another process may take to come about.
const LIMIT: Duration = Duration::from_secs(30);
/// Another process cannot wake us, so it is asked again after this long.
const PAUSE: Duration = Duration::from_millis(5);

/// Asks another process, or the disk, until `found` finds something; `what` names that in the panic.
pub(crate) fn until<R>(what: &str, mut found: impl FnMut() -> Option<R>) -> R {
    let begun = Instant::now();
    let nobody = Watched::new(());
    loop {
        if let Some(result) = found() {
            return result;
        }
        assert!(begun.elapsed() < LIMIT, "after {LIMIT:?} there is not {what}");
        nobody.wait(PAUSE, |()| None::<()>);
    }
}

#[test]
fn what_comes_about_is_found_at_once() {
    let mut asked = 0;
    let found = until("a third question", || {
        asked += 1;
        (asked == 3).then_some("found")
    });
    assert_eq!((found, asked), ("found", 3));
}
