use std::collections::BTreeMap;
use std::fmt;

use super::given::{Wrong, from_text, from_value};
use super::order::{input_order, reads};
use super::resolve::resolve;
use crate::base::{Value, did_you_mean};
use crate::runbook::expr::Scope;
use crate::runbook::{DefaultFrom, Environment, Parameter, ParameterType, Resources, Runbook, Template};

/// Something that is wrong with an input. Its text is a sentence without its full stop, and never holds what was given
/// for a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputProblem {
    /// The parameter, or the name that was given for one.
    pub parameter: String,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

impl fmt::Display for InputProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.help.as_ref().map_or(Ok(()), |help| write!(f, "; {help}"))
    }
}

/// The inputs of a run: what was given, else what the environment has for this runbook, else the parameter's default.
///
/// Every parameter of the runbook is in the answer. A target is resolved, by its name, another of its names or its full
/// resource id, to a record of `name`, `id` and `url` (a `resource` has no `url`); a secret is a reference; a list is
/// given as text with commas between its items.
///
/// # Errors
/// Every problem at once: a name that is no parameter or is given twice, a value of the wrong type or outside pattern,
/// choices or bounds, a target that the environment does not have, a parameter without any value. A default that is made
/// from an input with a problem is not looked at.
pub fn bind_inputs(
    runbook: &Runbook,
    given: &[(String, String)],
    environment: &Environment,
) -> Result<BTreeMap<String, Value>, Vec<InputProblem>> {
    let mut problems = strangers(runbook, given);
    let supplied = environment.inputs.get(&runbook.id);
    let given = |parameter: &Parameter| {
        let text = given.iter().find(|(name, _)| *name == parameter.name).map(|(_, text)| text.as_str());
        let supplied = || supplied.and_then(|inputs| inputs.get(&parameter.name));
        match text {
            Some(text) => Some(from_text(&parameter.kind, text)),
            None => supplied().map(|value| from_value(&parameter.kind, value)),
        }
    };
    let bound = bind(runbook, &given, &environment.resources(), &mut problems);
    if problems.is_empty() { Ok(bound.0) } else { Err(problems) }
}

/// The inputs of a nested runbook: the arguments that the step gives, else the parameters' defaults. What an environment
/// supplies is for those who start a runbook by hand.
///
/// # Errors
/// As [`bind_inputs`].
pub fn bind_nested(
    runbook: &Runbook,
    arguments: &BTreeMap<String, Value>,
    resources: &Resources,
) -> Result<BTreeMap<String, Value>, Vec<InputProblem>> {
    let mut problems = Vec::new();
    let given = |parameter: &Parameter| arguments.get(&parameter.name).map(|value| from_value(&parameter.kind, value));
    let bound = bind(runbook, &given, resources, &mut problems);
    if problems.is_empty() { Ok(bound.0) } else { Err(problems) }
}

/// What is given for a parameter, read by its type; none if nothing is.
type Giver<'a> = &'a dyn Fn(&Parameter) -> Option<Result<Value, Wrong>>;

fn bind(runbook: &Runbook, given: Giver<'_>, resources: &Resources, problems: &mut Vec<InputProblem>) -> Bound {
    let mut bound = Bound::default();
    for parameter in input_order(&runbook.parameters) {
        let value = match (given(parameter), &parameter.default, &parameter.default_from) {
            (Some(value), _, _) => value,
            (None, Some(value), _) => from_value(&parameter.kind, value),
            (None, None, Some(default)) => match bound.made(default) {
                Some(made) => made.and_then(|value| from_value(&parameter.kind, &value)),
                None => continue,
            },
            (None, None, None) => {
                problems.push(missing(parameter));
                continue;
            }
        };
        match value.and_then(|value| resolve(&parameter.kind, value, resources)) {
            Ok(value) => {
                bound.0.insert(parameter.name.clone(), value);
            }
            Err(Wrong { message, help }) => {
                let message = format!("the input `{}` is wrong: {message}", parameter.name);
                problems.push(InputProblem { parameter: parameter.name.clone(), message, help });
            }
        }
    }
    bound
}

/// A value for an input of that type with the resources that it names, where both are known before a run.
///
/// # Errors
/// A sentence that says what does not fit.
pub fn fit_input(kind: &ParameterType, value: &Value, resources: &Resources) -> Result<Value, String> {
    let fitted = from_value(kind, value).and_then(|value| resolve(kind, value, resources));
    fitted.map_err(|Wrong { message, help }| help.map_or_else(|| message.clone(), |help| format!("{message}; {help}")))
}

/// The inputs that have a value by now.
#[derive(Default)]
struct Bound(BTreeMap<String, Value>);

impl Bound {
    /// A default made from other inputs; nothing if one of them has no value, which has been said already.
    fn made(&self, default: &DefaultFrom) -> Option<Result<Value, Wrong>> {
        let made = |template: &Template| {
            let known = reads(template).iter().all(|(name, _)| self.0.contains_key(name));
            let failed = |error| Wrong::from(format!("its default cannot be made: {error}"));
            known.then(|| template.evaluate(self).map_err(failed))
        };
        match default {
            DefaultFrom::Whole(template) => made(template),
            DefaultFrom::Items(templates) => {
                let items: Option<Vec<_>> = templates.iter().map(made).collect();
                items.map(|items| items.into_iter().collect::<Result<_, _>>().map(Value::List))
            }
        }
    }
}

impl Scope for Bound {
    fn root(&self, name: &str) -> Option<Value> {
        (name == "inputs").then(|| Value::Record(self.0.clone()))
    }
}

fn strangers(runbook: &Runbook, given: &[(String, String)]) -> Vec<InputProblem> {
    let names = || runbook.parameters.iter().map(|parameter| parameter.name.as_str());
    let mut problems = Vec::new();
    for (index, (name, _)) in given.iter().enumerate() {
        let earlier = given[..index].iter().any(|(earlier, _)| earlier == name);
        let (message, help) = if earlier {
            (format!("the input `{name}` is given twice"), "give it once".to_owned())
        } else if names().any(|known| known == name) {
            continue;
        } else {
            let help = match did_you_mean(name, names()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("its parameters are {}", crate::runbook::fields::list(names())),
            };
            (format!("`{}` has no parameter `{name}`", runbook.id), help)
        };
        problems.push(InputProblem { parameter: name.clone(), message, help: Some(help) });
    }
    problems
}

fn missing(parameter: &Parameter) -> InputProblem {
    let described = parameter.description.as_ref().map(|text| format!(" ({text})")).unwrap_or_default();
    InputProblem {
        parameter: parameter.name.clone(),
        message: format!("the input `{}`{described} is missing, and nothing supplies it", parameter.name),
        help: Some(format!("add `-i {}=…`", parameter.name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::SecretRef;
    use crate::effect::TargetKind;
    use crate::runbook::Target;

    fn runbook() -> Runbook {
        let text = "runbook: r\nformat: 1\nversion: 1.0.0\ntitle: T\nparameters:\n\
            \x20 app: {type: webapp, description: the app}\n\
            \x20 apps: {type: list, of: webapp, default: [chatbot-web, chatbot-worker]}\n\
            \x20 name: {type: string, pattern: '[a-z]+', default: abc}\n\
            \x20 count: {type: integer, min: 1, max: 9, default: 3}\n\
            \x20 pause: {type: duration, default: 5m}\n\
            \x20 colour: {type: string, choices: [red, blue], default: red}\n\
            steps:\n  - {id: s, title: S, wait: {for: 1s}}\n";
        let checked = crate::runbook::check("r.yaml", text.as_bytes());
        checked.runbook.unwrap_or_else(|| panic!("{:?}", checked.findings))
    }

    fn bind(given: &[(&str, &str)]) -> Result<BTreeMap<String, Value>, Vec<String>> {
        let given: Vec<_> = given.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        bind_inputs(&runbook(), &given, &Environment::simulated())
            .map_err(|problems| problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_target_is_found_by_name_and_by_id_and_becomes_a_record() {
        let by_name = bind(&[("app", "chatbot-web/staging")]).unwrap();
        let id = by_name["app"].field("id").unwrap().as_text().unwrap().to_uppercase();
        assert_eq!(bind(&[("app", &id)]).unwrap()["app"], by_name["app"]);
        assert_eq!(by_name["app"].field("url"), Some(&Value::text("https://chatbot-web-staging.azurewebsites.net")));
    }

    #[test]
    fn what_is_not_given_comes_from_the_default() {
        let bound = bind(&[("app", "chatbot-web"), ("apps", "chatbot-worker, chatbot-scheduler")]).unwrap();
        assert_eq!(bound["apps"].to_string(), "chatbot-worker, chatbot-scheduler");
        assert_eq!((&bound["count"], &bound["pause"]), (&Value::Integer(3), &Value::text("5m")));
    }

    #[test]
    fn every_problem_is_said_at_once_with_what_to_write_instead() {
        let problems = bind(&[
            ("ap", "x"),
            ("apps", "chatbot-wep, chatbot-kv"),
            ("name", "ABC"),
            ("count", "10"),
            ("pause", "soon"),
            ("colour", "green"),
            ("colour", "red"),
        ])
        .unwrap_err();
        let expected = [
            "`r` has no parameter `ap`; did you mean `app`?",
            "the input `colour` is given twice; give it once",
            "the input `app` (the app) is missing, and nothing supplies it; add `-i app=…`",
            "the input `apps` is wrong: the environment `sim` has no webapp `chatbot-wep`; did you mean `chatbot-web`?",
            "the input `name` is wrong: `ABC` does not match the pattern `[a-z]+`",
            "the input `count` is wrong: 10 is more than 9",
            "the input `pause` is wrong: `soon` is not a length of time; write for example `90s`, `5m` or `24h`",
            "the input `colour` is wrong: `green` is not one of `red` and `blue`",
        ];
        assert_eq!(problems, expected);
        let kind = bind(&[("app", "chatbot-kv")]).unwrap_err();
        assert_eq!(kind, ["the input `app` is wrong: `chatbot-kv` is a keyvault, and a webapp is needed"]);
    }

    /// Binds the inputs of a runbook with these parameters in the simulated environment, with a few resources more.
    fn bound(parameters: &str, given: &[(&str, &str)]) -> Result<BTreeMap<String, Value>, Vec<String>> {
        let text = format!(
            "runbook: r\nformat: 1\nversion: 1.0.0\ntitle: T\nparameters:\n{parameters}\nsteps:\n  \
             - {{id: s, title: S, wait: {{for: 1s}}}}\n"
        );
        let checked = crate::runbook::check("r.yaml", text.as_bytes());
        let runbook = checked.runbook.unwrap_or_else(|| panic!("{:?}", checked.findings));
        let mut environment = Environment::simulated();
        let group = "/subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/rg/providers";
        let target = |kind, name: &str, id: String| Target {
            name: name.into(),
            kind,
            id,
            url: None,
            aliases: vec![],
            drill: false,
        };
        environment.targets.push(target(TargetKind::Resource, "shop", format!("{group}/Microsoft.Sql/servers/shop")));
        environment.targets.push(target(
            TargetKind::Search,
            "shop",
            format!("{group}/Microsoft.Search/searchServices/shop"),
        ));
        environment.targets[0].aliases.push("web".to_owned());
        let given: Vec<_> = given.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        bind_inputs(&runbook, &given, &environment)
            .map_err(|problems| problems.iter().map(ToString::to_string).collect())
    }

    const VERSION: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn a_secret_is_bound_as_a_reference_and_what_is_none_is_never_repeated() {
        let version = format!("chatbot-kv/session-secret@{VERSION}");
        let given = [("one", "env:TOKEN"), ("two", &version)];
        let inputs = bound("  one: {type: secret}\n  two: {type: secret}", &given).unwrap();
        assert_eq!(inputs["one"], Value::Secret { secret: SecretRef::Environment { name: "TOKEN".into() } });
        let (vault, name) = ("https://chatbot-kv.vault.azure.net".into(), "session-secret".into());
        let secret = SecretRef::Version { vault, name, version: VERSION.into() };
        assert_eq!(inputs["two"], Value::Secret { secret });

        let no_version = "chatbot-kv/session-secret";
        for wrong in ["hunter2", "env:not a name", "env:1A", no_version, "a/b@c", "Zm9v/YmFy+QUJD", ""] {
            let problems = bound("  one: {type: secret}", &[("one", wrong)]).unwrap_err().concat();
            assert!(problems.contains("`one`") && problems.contains("`env:NAME`"), "{problems}");
            assert!(wrong.is_empty() || !problems.contains(wrong), "{problems}");
        }
        let elsewhere = format!("shop-kv/session-secret@{VERSION}");
        let problems = bound("  all: {type: list, of: secret}", &[("all", &elsewhere)]).unwrap_err().concat();
        assert!(problems.contains("the environment `sim` has no keyvault `shop-kv`"), "{problems}");
    }

    #[test]
    fn numbers_moments_and_lengths_are_bounded_and_have_one_spelling() {
        let parameters = "  share: {type: decimal, min: 0.5, max: 2}\n  since: {type: timestamp}\n  \
            pause: {type: duration, min: 1m, max: 2h}\n  names: {type: list, of: string, pattern: '[a-z]+', length: {max: 2}}";
        let good = [("share", "01.50"), ("since", "2026-11-20T04:10:00+01:00"), ("pause", "90m"), ("names", "a,b")];
        let inputs = bound(parameters, &good).unwrap();
        let shown: Vec<String> = inputs.values().map(ToString::to_string).collect();
        assert_eq!(shown, ["a, b", "90m", "1.5", "2026-11-20T03:10:00.000000Z"]);
        let bad = [("share", "2.000000000000000001"), ("since", "tomorrow"), ("pause", "59s"), ("names", "a,b,c")];
        let problems = bound(parameters, &bad).unwrap_err();
        assert_eq!(problems[0], "the input `share` is wrong: 2.000000000000000001 is more than 2");
        assert!(problems[1].contains("`tomorrow` is not a moment"), "{problems:?}");
        assert_eq!(problems[2], "the input `pause` is wrong: 59s is less than 1m");
        assert_eq!(problems[3], "the input `names` is wrong: it has 3 items, and may have 2");
        let problems = bound(parameters, &[good[0], good[1], good[2], ("names", "a,B")]).unwrap_err();
        assert_eq!(problems, ["the input `names` is wrong: `B` does not match the pattern `[a-z]+`"]);
    }

    #[test]
    fn defaults_are_made_from_other_inputs_whatever_their_order() {
        let parameters = "  apps: {type: list, of: webapp, default: ['${{ inputs.standby }}', '${{ inputs.app.name }}']}\n  \
            standby: {type: webapp, default: '${{ inputs.app.name }}/staging'}\n  app: {type: webapp}\n  \
            same: {type: webapp, default: '${{ inputs.app }}'}\n  note: {type: string, default: 'for ${{ inputs.count }}'}\n  \
            count: {type: integer, default: 3}\n  old: {type: secret}\n  new: {type: secret, default: '${{ inputs.old }}'}";
        let inputs = bound(parameters, &[("app", "web"), ("old", "env:OLD")]).unwrap();
        assert_eq!(inputs["apps"].to_string(), "chatbot-web/staging, chatbot-web");
        assert_eq!((&inputs["same"], &inputs["note"]), (&inputs["app"], &Value::text("for 3")));
        assert_eq!(inputs["new"], inputs["old"]);
        // A default is looked at as an input is, and one whose source is wrong is not looked at at all.
        let problems = bound(parameters, &[("app", "chatbot-worker"), ("old", "env:OLD")]).unwrap_err();
        assert!(
            problems[0].contains("`standby` is wrong: the environment `sim` has no webapp `chatbot-worker/staging`")
        );
        assert_eq!(problems.len(), 1, "{problems:?}");
    }

    #[test]
    fn a_resource_of_any_kind_is_found_by_a_name_that_is_its_alone_or_by_its_id() {
        let one = |given: &str| bound("  it: {type: resource}", &[("it", given)]).map(|inputs| inputs["it"].clone());
        let web = one("web").unwrap();
        assert_eq!((web.field("name"), web.field("url")), (Some(&Value::text("chatbot-web")), None));
        let here =
            "/subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/rg/providers/Microsoft.Sql/servers/x";
        assert_eq!(one(here).unwrap().field("id"), Some(&Value::text(here)));
        assert!(one("shop").unwrap_err()[0].contains("`shop` is a resource and a search; write the resource id"));
        assert!(one(&here.replace('2', "4")).unwrap_err()[0].contains("in another subscription"));
        assert!(one("chatbot-wep").unwrap_err()[0].contains("did you mean `chatbot-web`?"));
    }
}
