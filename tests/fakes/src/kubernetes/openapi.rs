//! The server's `OpenAPI` v2 document in protobuf, the only form in which kubectl reads it: as much of it as says that a
//! patch of a config map can be tried with `dryRun`.

use axum::{
    http::header,
    response::{IntoResponse, Response},
};

/// What servers of that time say of it: the type that kubectl asks for has an `@` in it, which is no media type.
const MEDIA_TYPE: &str = "application/octet-stream";

/// The answer of `/openapi/v2`. Numbers are those of the fields in gnostic's `OpenAPIv2.proto`.
pub(super) fn document() -> Response {
    let kind = [text(1, "x-kubernetes-group-version-kind"), message(2, &text(2, KIND))].concat();
    let query = [text(2, "query"), text(4, "dryRun"), text(6, "string")].concat();
    // Parameter items, parameter, not in the body, in the query.
    let parameter = message(1, &message(2, &message(3, &query)));
    let patch = [message(8, &parameter), message(13, &kind)].concat();
    let path = [
        text(1, "/api/v1/namespaces/{namespace}/configmaps/{name}"),
        message(2, &message(8, &patch)),
    ];
    let info = [text(1, "Kubernetes"), text(2, "v1.20.2")].concat();
    let document =
        [text(1, "2.0"), message(2, &info), message(8, &message(2, &path.concat()))].concat();
    ([(header::CONTENT_TYPE, MEDIA_TYPE)], document).into_response()
}

const KIND: &str = "group: \"\"\nkind: ConfigMap\nversion: v1\n";

fn text(field: u8, text: &str) -> Vec<u8> {
    message(field, text.as_bytes())
}

/// A field that is measured by its length.
fn message(field: u8, content: &[u8]) -> Vec<u8> {
    const BY_LENGTH: u8 = 2;
    let length = u16::try_from(content.len()).expect("all of it is short");
    let [low, high] = [length & 0x7f, length >> 7].map(|seven| seven.to_le_bytes()[0]);
    // Seven bits in a byte; the eighth says that another one follows.
    let length = if high == 0 { vec![low] } else { vec![low | 0x80, high] };
    [vec![field << 3 | BY_LENGTH], length, content.to_vec()].concat()
}
