use std::env;
use std::io::Write as _;

/// Says that a test is left out because the machine lacks something; the test returns after it.
///
/// With `CALLOUT_REQUIRE=all`, as `.ci/run` sets it, this is a failure: a check that is left out in silence is none.
pub(crate) fn skip(reason: &str) {
    skip_under(env::var("CALLOUT_REQUIRE").ok().as_deref(), reason);
}

fn skip_under(required: Option<&str>, reason: &str) {
    assert_ne!(required, Some("all"), "CALLOUT_REQUIRE=all, but {reason}");
    // Written past the test harness, which keeps the output of a test that passes to itself.
    let mut stderr = std::io::stderr();
    writeln!(stderr, "skipped: {reason}").unwrap();
}

#[test]
fn what_is_left_out_fails_where_everything_is_required() {
    let required = env::var("CALLOUT_REQUIRE").is_ok_and(|required| required == "all");
    let left_out = std::panic::catch_unwind(|| skip("this line only shows how a skipped test looks"));
    assert_eq!(left_out.is_err(), required);
    assert!(std::panic::catch_unwind(|| skip_under(Some("all"), "there is no clock")).is_err());
}
