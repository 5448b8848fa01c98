use super::super::Row;
use super::{
    activity, consumers, copy, health, http, instances, keyvault, metrics, postgres, power, preview, references,
    rehost, reissue, search, settings, settings_replace, slots, sql, storage, swap, versions, webapp,
};

/// Every row, sorted by name.
static ROWS: &[&Row] = &[
    &activity::EVENTS,
    &http::GET,
    &consumers::CONSUMERS,
    &copy::COPY,
    &keyvault::DISABLE,
    &keyvault::ENABLE,
    &rehost::REHOST,
    &reissue::REISSUE,
    &keyvault::SET,
    &versions::VERSIONS,
    &postgres::FIREWALL_DELETE,
    &postgres::FIREWALL_LIST,
    &postgres::FIREWALL_SET,
    &postgres::LOCK_DELETE,
    &postgres::LOCK_GET,
    &postgres::LOCK_SET,
    &postgres::NAME_CHECK,
    &postgres::PARAMETERS_GET,
    &postgres::PARAMETERS_SET,
    &postgres::RESET,
    &postgres::DELETE,
    &postgres::GEO_RESTORE,
    &postgres::GET,
    &postgres::LIST,
    &postgres::RESTORE,
    &search::ALIAS_GET,
    &search::ALIAS_SET,
    &search::SOURCE_GET,
    &search::COUNT,
    &search::DISTINCT,
    &search::QUERY,
    &search::INDEX_CREATE,
    &search::INDEX_DELETE,
    &search::INDEX_GET,
    &search::INDEX_STATISTICS,
    &search::INDEX_UPDATE,
    &search::INDEXER_DELETE,
    &search::INDEXER_GET,
    &search::INDEXER_RESET,
    &search::INDEXER_RUN,
    &search::INDEXER_SET,
    &search::INDEXER_STATUS,
    &search::SERVICE_GET,
    &search::SERVICE_QUOTA,
    &sql::CHECK,
    &sql::LOGIN,
    &sql::NEWEST,
    &sql::QUERY,
    &sql::DISABLE,
    &sql::ENABLE,
    &sql::GET,
    &sql::PASSWORD,
    &storage::BLOBS,
    &storage::LENGTH,
    &storage::PEEK,
    &webapp::DEPLOYMENTS,
    &webapp::GET,
    &health::HEALTH,
    &instances::INSTANCES,
    &metrics::METRICS,
    &references::REFERENCES,
    &references::REFRESH,
    &webapp::RESTART,
    &settings::SETTINGS,
    &settings_replace::REPLACE,
    &slots::DIFFERENCES,
    &preview::PREVIEW,
    &preview::RESET,
    &swap::SWAP,
    &slots::SLOTS,
    &power::START,
    &power::STATE,
    &power::STOP,
    &slots::TRAFFIC,
];

/// Every row, sorted by name.
pub fn catalogue() -> impl Iterator<Item = &'static Row> {
    ROWS.iter().copied()
}

/// The row of that name.
pub fn find(name: &str) -> Option<&'static Row> {
    catalogue().find(|row| row.name == name)
}

#[cfg(test)]
mod tests {
    use super::super::super::{Answers, Class, ProbeContext, ProbeVerdict, Risk, Service, Type};
    use super::*;
    use crate::base::{Timestamp, Value};

    #[test]
    fn names_are_sorted_and_none_stands_twice() {
        let names: Vec<&str> = catalogue().map(|row| row.name).collect();
        assert!(names.is_sorted_by(|a, b| a < b), "{names:?}");
        assert_eq!(find("webapp.restart").map(|row| row.name), Some("webapp.restart"));
        assert!(find("webapp.delete").is_none());
    }

    #[test]
    fn a_row_reads_exactly_if_it_has_no_change() {
        for row in catalogue() {
            assert_eq!(row.class == Class::R, row.change.is_none(), "{}", row.name);
            assert_eq!(row.risk == Risk::Read, row.change.is_none(), "{}", row.name);
        }
    }

    #[test]
    fn every_row_says_where_it_is_documented_and_what_it_needs() {
        for row in catalogue() {
            assert!(row.documentation.starts_with("https://"), "{}", row.name);
            assert!(row.summary.ends_with('.'), "{}", row.name);
            let signed_in = row.service != Service::Http;
            assert_eq!(signed_in, !row.permissions.is_empty(), "{}", row.name);
            let versioned = signed_in && row.service != Service::Sql;
            assert_eq!(versioned, row.api_version.is_some(), "{}", row.name);
            let names = row.parameters.iter().map(|p| p.name).chain(row.outputs.iter().map(|o| o.name));
            for name in names {
                assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{} {name}", row.name);
            }
        }
    }

    #[test]
    fn every_change_says_how_it_is_undone_and_when_absence_begins_to_prove_something() {
        for row in catalogue() {
            if let Some(change) = &row.change {
                assert!(!change.undo.is_empty(), "{}", row.name);
                assert!(change.probe.settles > crate::base::Span::ZERO, "{}", row.name);
                assert!(change.expect > crate::base::Span::ZERO, "{}", row.name);
            }
        }
    }

    #[test]
    fn no_absence_is_believed_while_the_operation_may_still_be_under_way() {
        for row in catalogue() {
            if let Some(change) = &row.change {
                assert!(change.probe.settles > change.expect, "{}", row.name);
            }
        }
    }

    #[test]
    fn a_probe_that_never_answers_judges_nothing_of_what_it_sees() {
        let attempt = "01938a3c-0000-7000-8000-000000000001".parse().unwrap();
        let args = crate::effect::Args::new();
        let context = ProbeContext { args: &args, attempt, sent_at: Timestamp::from_seconds(0), before: &[] };
        let never = catalogue().filter_map(|row| Some((row.name, row.change.as_ref()?)));
        for (name, change) in never.filter(|(_, change)| change.probe.answers == Answers::Never) {
            for seen in [&[][..], &[Value::record([("state", Value::text("Running"))])]] {
                assert!(matches!((change.probe.judge)(&context, seen), ProbeVerdict::Unknown { .. }), "{name}");
            }
        }
    }

    #[test]
    fn no_row_gives_a_secret() {
        let secret = |row: &&Row| row.outputs.iter().any(|output| output.kind == Type::Secret);
        assert!(!catalogue().any(|row| secret(&row)));
    }

    #[test]
    fn a_row_without_its_arguments_refuses_to_render_and_never_confirms_an_empty_text() {
        for row in catalogue() {
            assert!((row.render)(&crate::effect::Args::new()).is_err(), "{}", row.name);
            if let Some(change) = &row.change {
                assert!(!(change.read_back)(&crate::effect::Args::new()).is_empty(), "{}", row.name);
            }
        }
    }
}
