//! A site's own page, under the host name that Azure gives it: a guess made from names may be a stranger's.

use super::super::by_hand::line;
use super::super::{
    Args, Class, Follow, Method, Piece, RenderError, Reply, Request, Risk, Row, Script, Service, Type, Unreadable,
};
use super::argument::{is_host, is_path, optional, optional_text};
use super::http::{EXPECT, OUTPUTS, READ, check_wishes, judge, page, wishes};
use super::reading::{body, needed};
use super::webapp::{API, APP, request};
use crate::base::Value;

/// `webapp.health`. Two reads: Resource Manager tells the host, the host tells the rest, and never sees a token.
///
/// Azure may have given a site a unique default host name (`NAME-HASH.REGION.azurewebsites.net`), so a host made from
/// the site's name need not be the site's: whoever holds it would answer.
pub(super) static HEALTH: Row = Row {
    name: "webapp.health",
    summary: "Asks a site for a page under its default host name, and compares status, text and members.",
    parameters: &[
        APP,
        optional("path", Type::String, "The path, with the query if it has one; `/health/ready` if not given."),
        EXPECT,
        READ,
    ],
    outputs: OUTPUTS,
    risk: Risk::Read,
    class: Class::R,
    service: Service::ResourceManager,
    api_version: Some(API),
    operation_id: Some("WebApps_Get"),
    documentation: "https://learn.microsoft.com/rest/api/appservice/web-apps/get",
    permissions: &["Microsoft.Web/sites/read"],
    render,
    follow: Some(Follow { next: follow, foretell }),
    parse,
    judge: Some(judge),
    change: None,
    by_hand: Some(by_hand),
};

fn render(args: &Args) -> Result<Request, RenderError> {
    path(args)?;
    check_wishes(args)?;
    request(args, Method::Get, "")
}

fn path(args: &Args) -> Result<&str, RenderError> {
    let path = optional_text(args, "path")?.unwrap_or("/health/ready");
    let wanted = "a path that begins with a slash";
    if is_path(path) { Ok(path) } else { Err(RenderError::Shape { name: "path", wanted, found: path.to_owned() }) }
}

fn follow(args: &Args, replies: &[Reply]) -> Vec<Request> {
    match (replies, host(replies), path(args)) {
        ([_], Ok(host), Ok(path)) => {
            vec![Request::new(Service::Http, Method::Get, format!("https://{host}{path}"))]
        }
        _ => Vec::new(),
    }
}

fn foretell(args: &Args) -> Vec<String> {
    path(args).map(|path| format!("GET https://«the site's default host name»{path}")).into_iter().collect()
}

fn by_hand(args: &Args) -> Result<Script, RenderError> {
    let mut host = line([("host=$(az rest --method GET --url ", &render(args)?.url)]);
    host.push(Piece::Shell(" --query properties.defaultHostName --output tsv)"));
    let mut command = line([(
        "curl --silent --show-error --max-time 30 --write-out '\\n%{http_code}\\n' \"https://${host:?}\"",
        path(args)?,
    )]);
    command.push(Piece::Shell(" </dev/null"));
    Ok(Script { before: vec![host], command, good: Some(wishes(args)) })
}

/// The host that the site itself says it has; it is about to become part of an address, so its shape is checked.
fn host(replies: &[Reply]) -> Result<&str, Unreadable> {
    const HOST: &str = "/properties/defaultHostName";
    let host = needed(body(replies, 0)?, HOST)?;
    if is_host(host) { Ok(host) } else { Err(Unreadable("properties.defaultHostName".into())) }
}

fn parse(args: &Args, replies: &[Reply]) -> Result<Value, Unreadable> {
    host(replies)?;
    let reply = replies.get(1).ok_or_else(|| Unreadable("status".into()))?;
    Ok(page(args, reply))
}

#[cfg(test)]
mod tests {
    use super::super::super::Verdict;
    use super::super::argument::tests::{app, args};
    use super::*;
    use serde_json::json;

    const UNIQUE: &str = "chatbot-web-staging-d4f2a1.westeurope-01.azurewebsites.net";

    fn site(host: &str) -> Reply {
        Reply::json(200, json!({"properties": {"defaultHostName": host}}))
    }

    fn of(path: Option<&str>) -> Args {
        let mut args = args([("app", app("chatbot-web/staging"))]);
        args.extend(path.map(|path| ("path".to_owned(), Value::text(path))));
        args
    }

    #[test]
    fn the_host_is_asked_for_and_never_made_from_the_name() {
        let first = render(&of(None)).unwrap();
        assert_eq!(first.service, Service::ResourceManager);
        assert!(first.url.contains("/sites/chatbot-web/slots/staging?"), "{}", first.url);
        let asked = follow(&of(None), &[site(UNIQUE)]);
        let page = |path| Request::new(Service::Http, Method::Get, format!("https://{UNIQUE}{path}"));
        assert_eq!(asked, [page("/health/ready")]);
        assert_eq!(follow(&of(Some("/version?full=1")), &[site(UNIQUE)]), [page("/version?full=1")]);
        assert!(follow(&of(None), &[site(UNIQUE), Reply::empty(200)]).is_empty(), "it is complete");
    }

    #[test]
    fn a_host_or_a_path_that_would_lead_elsewhere_is_never_asked() {
        for bad in ["", "a.example/x", "a.example@b.example", "a.example:443", "a b", "a.example#", "."] {
            assert!(follow(&of(None), &[site(bad)]).is_empty(), "{bad}");
            assert!(parse(&of(None), &[site(bad), Reply::empty(200)]).is_err(), "{bad}");
        }
        for bad in ["", "health", "@evil.example/", ".evil.example/", "//evil.example", "/a b", "/a#b", "/a\\b"] {
            assert!(render(&of(Some(bad))).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_sites_answer_is_judged_and_not_resource_managers() {
        let judged = |status| {
            let outputs = parse(&of(None), &[site(UNIQUE), Reply::empty(status)]).unwrap();
            judge(&of(None), &outputs)
        };
        assert!(matches!(judged(200), Verdict::Pass { .. }));
        assert!(matches!(judged(503), Verdict::Fail { seen } if seen.contains("answered 503")));
        assert!(parse(&of(None), &[site(UNIQUE)]).is_err(), "the site has not been asked");
    }
}
