//! What Node.js tells of the requests that it made, as trace events: `--trace-event-categories
//! node.http` (nodejs/node `doc/api/tracing.md`; the fields are those of its `lib/_http_client.js`).
//! Neither headers nor what was sent stand in it.

use serde::Deserialize;

use crate::formats::json;
use crate::scan::raw_report::Document;

/// The files of one job begin so; each process writes its own.
pub(crate) const PREFIX: &str = "requests-";

/// Options for Node.js that make it write them in this folder.
pub(crate) fn options(folder: &str) -> String {
    // In NODE_OPTIONS quotes keep spaces together.
    format!(
        "--trace-event-categories=node.http \"--trace-event-file-pattern={folder}/{PREFIX}${{pid}}.json\""
    )
}

/// Whether a server has answered 200 to a request for a path that ends so.
pub(crate) fn answered(documents: &[Document], path: &str) -> bool {
    documents.iter().filter(|document| document.name.starts_with(PREFIX)).any(|document| {
        // One that is cut short tells nothing.
        let trace = json::read::<Trace>(&document.bytes, "trace of Node.js");
        trace.is_ok_and(|trace| trace.events.iter().any(|event| event.is_answer(path)))
    })
}

#[derive(Deserialize)]
struct Trace {
    #[serde(rename = "traceEvents")]
    events: Vec<Event>,
}

#[derive(Deserialize)]
struct Event {
    name: String,
    #[serde(default)]
    args: Args,
}

#[derive(Default, Deserialize)]
struct Args {
    data: Option<Answer>,
}

/// How a request came out, in the event of its end.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    path: Option<String>,
    status_code: Option<u64>,
}

impl Event {
    fn is_answer(&self, wanted: &str) -> bool {
        let Some(Answer { path: Some(path), status_code: Some(200) }) = &self.args.data else { return false };
        self.name == "http.client.request" && path.ends_with(wanted)
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    fn trace(name: &str, events: &str) -> Vec<Document<'static>> {
        let text = format!(r#"{{"traceEvents":[{events}]}}"#);
        vec![Document { name: name.to_owned(), bytes: Cow::Owned(text.into_bytes()) }]
    }

    #[test]
    fn only_an_answer_200_to_the_path_counts() {
        let event = |path: &str, status: u64| {
            format!(
                r#"{{"name":"process_name","args":{{"name":"node"}}}},
                {{"name":"http.client.request","ph":"b","args":{{}}}},
                {{"name":"http.client.request","ph":"e","args":{{"data":{{"path":"{path}","statusCode":{status}}}}}}}"#
            )
        };
        let good = event("/npm/-/npm/v1/security/advisories/bulk", 200);
        assert!(answered(&trace("requests-7.json", &good), "/advisories/bulk"));
        assert!(!answered(&trace("stdout.txt", &good), "/advisories/bulk"));
        assert!(!answered(&trace("requests-7.json", &event("/x/advisories/bulk", 405)), "/advisories/bulk"));
        assert!(!answered(&trace("requests-7.json", &event("/lodash", 200)), "/advisories/bulk"));
        assert!(!answered(&trace("requests-7.json", &good[..good.len() - 1]), "/advisories/bulk"));
    }
}
