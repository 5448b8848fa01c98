//! The apps themselves: what `https://{app}.azurewebsites.net` answers.

use axum::http::StatusCode;
use serde_json::json;

use super::answer::Answer;
use super::asked::Asked;
use super::change::Place;
use super::clock::Moment;
use super::estate::{Estate, PRODUCTION};
use super::web::{BAD_BUILD, Trouble, default_host};

/// What an app searches in unless its setting `SEARCH_INDEX` says otherwise, and how many documents it answers from.
const INDEX: &str = "chatbot-docs";
const SOURCES: usize = 3;

/// The slot that a host name belongs to.
pub(crate) fn place(estate: &Estate, host: &str) -> Option<Place> {
    let places = estate
        .apps
        .iter()
        .flat_map(|(app, found)| found.slots.keys().map(|slot| Place { app: app.clone(), slot: slot.clone() }));
    places.into_iter().find(|place| default_host(place) == host)
}

/// Whether the request puts a question to the chat bot.
pub(crate) fn is_question(asked: &Asked) -> bool {
    asked.segments() == ["api", "ask"]
}

/// Answers as the app that runs in the host's slot. `questions` counts the questions so far, this one included.
///
/// Apps do not know the version of a secret, only its value; nothing here tells which one they hold.
pub(crate) fn answer(estate: &Estate, at: Moment, asked: &Asked, questions: u64) -> Answer {
    let Some((place, slot)) = place(estate, &asked.host).and_then(|place| Some((place.clone(), estate.slot(&place)?)))
    else {
        return Answer::html(StatusCode::NOT_FOUND, "404 Web Site not found", "There is no app at this name.");
    };
    let cut_off = || (!estate.has_its_database(&place.app, slot)).then_some(Trouble::NoDatabase);
    let trouble = slot.trouble(at).or_else(cut_off);
    if trouble == Some(Trouble::Stopped) {
        return Answer::html(
            StatusCode::FORBIDDEN,
            "Error 403 - This web app is stopped.",
            "The web app you have attempted to reach is currently stopped.",
        );
    }
    match (asked.segments()[..].as_ref(), trouble) {
        (["health", "ready"], None) => Answer::ok(&json!({"status": "ready", "build": slot.content.build})),
        (["health", "ready"], Some(trouble)) => unready(trouble),
        (_, Some(Trouble::Starting)) => {
            Answer::html(StatusCode::SERVICE_UNAVAILABLE, "503 Service Unavailable", "The app is starting.")
        }
        (["version"], _) => Answer::ok(&json!({"build": slot.content.build, "commit": slot.content.commit})),
        (["api", "ask"], Some(trouble)) => unready(trouble),
        (["api", "ask"], None) if slot.content.build == BAD_BUILD && questions % 2 == 1 => {
            Answer::json(StatusCode::INTERNAL_SERVER_ERROR, &json!({"error": "the answer could not be composed"}))
        }
        (["api", "ask"], None) => {
            // What it answers from: the documents that its search finds.
            let index = slot.settings.get("SEARCH_INDEX").map_or(INDEX, String::as_str);
            let sources = estate.search.read(index, at).map_or(0, |index| index.documents.len().min(SOURCES));
            let answer = if sources == 0 {
                "I could not find anything about that."
            } else {
                "Your order left the warehouse this morning."
            };
            Answer::ok(&json!({"answer": answer, "sources": sources}))
        }
        ([], _) => {
            let slot = if place.slot == PRODUCTION { String::new() } else { format!(" ({})", place.slot) };
            Answer::html(StatusCode::OK, &format!("{}{slot}", place.app), "The chat bot's front page.")
        }
        _ => Answer::json(StatusCode::NOT_FOUND, &json!({"error": "not found"})),
    }
}

fn unready(trouble: Trouble<'_>) -> Answer {
    let reason = match trouble {
        Trouble::Stopped => "the app is stopped".to_owned(),
        Trouble::Starting => "the app is starting".to_owned(),
        Trouble::Unresolved(setting) => format!("the setting {setting} has no value"),
        Trouble::NoDatabase => "the database cannot be reached".to_owned(),
    };
    Answer::json(StatusCode::SERVICE_UNAVAILABLE, &json!({"status": "unready", "reason": reason}))
}
