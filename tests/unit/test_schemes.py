"""How recorders have named recordings: every scheme of the table in RECORDINGS.md, computed a second time.

The second computation is written straight from the table and shares nothing with the code: one function for
each thing that a scheme does, one line for each scheme.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from recctl.naming.engine import CURRENT, SCHEMES, get_scheme, identify
from recctl.naming.engine.texts import Texts
from recctl.project import Place
from recctl.project.schemes import list_released
from tests.builders import TEST_ID, read, record

if TYPE_CHECKING:
    from collections.abc import Callable

    from recctl.naming.facts import Identity

# --- the table, a second time -------------------------------------------------------------------------------

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
NORMALIZED = "__NORMALIZED__"


def in_strings(change: Callable[[str], str]) -> Callable[[Any], Any]:
    def apply(value: Any) -> Any:
        match value:
            case str():
                return change(value)
            case list():
                return [apply(item) for item in value]
            case dict():
                return {key: apply(item) for key, item in value.items()}
        return value

    return apply


def replacing(pattern: str, replacement: str) -> Callable[[Any], Any]:
    return in_strings(lambda text: re.sub(pattern, replacement, text))


def rounding(digits: int) -> Callable[[Any], Any]:
    def in_text(match: re.Match[str]) -> str:
        return format(float(match.group()), f".{digits}f")

    def floats(value: Any) -> Any:
        if isinstance(value, float):
            return round(value, digits)
        if isinstance(value, list):
            return [floats(item) for item in value]
        return {key: floats(item) for key, item in value.items()} if isinstance(value, dict) else value

    strings = in_strings(lambda text: re.sub(r"-?\d+\.\d{4,}", in_text, text))
    return lambda value: floats(strings(value))


def numbering_files(value: Any) -> Any:
    order = re.findall(r"file-[0-9a-f]{32}", "\n".join(texts_of(value)))
    names = {name: f"file-{number}" for number, name in enumerate(dict.fromkeys(order), start=1)}
    return in_strings(lambda text: re.sub(r"file-[0-9a-f]{32}", lambda file: names[file.group()], text))(
        value
    )


def texts_of(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for item in items for text in texts_of(item)]


def without_project_id(value: Any) -> Any:
    def below(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: below(item) for key, item in value.items()}
        return [root(item) for item in value] if isinstance(value, list) else value

    def root(value: Any) -> Any:
        value = below(value)
        if isinstance(value, dict):
            for extra in (value.get("extra_body"), value.get("extra_query")):
                if isinstance(extra, dict):
                    extra.pop("project_id", None)
        return value

    return root(value)


SCORES = replacing(r"score:\s*[-+]?\d*\.?\d+(?:[eE][-+]?\d+)?", f"score: {NORMALIZED}")
ATTRIBUTES = replacing(r",?\s*attributes:\s*\{[^}]*\}", "")
UUIDS = [
    replacing(rf"document_id:\s*{UUID}", f"document_id: {NORMALIZED}"),
    replacing(rf"<\|{UUID}\|>", f"<|{NORMALIZED}|>"),
]
FILES = [
    replacing(r"document_id:\s*file-\d+", f"document_id: {NORMALIZED}"),
    replacing(r"<\|file-\d+\|>", f"<|{NORMALIZED}|>"),
]

TWO_PATHS = ["/api/tags", "/v1/models"]
THREE_PATHS = [*TWO_PATHS, "/v1/openai/v1/models"]
FIVE = [rounding(5)]
NO_PROJECT = [without_project_id, *FIVE]

# scheme: digits of the name, paths without a test id (None: no scheme-wide test id), bedrock rule, changes
TABLE: dict[str, tuple[int, list[str] | None, bool, list[Callable[[Any], Any]]]] = {
    "ogx-2025-07": (12, None, False, []),
    "ogx-2025-10": (64, TWO_PATHS, False, []),
    "ogx-2025-10-floats": (64, TWO_PATHS, False, FIVE),
    "ogx-2025-11": (64, THREE_PATHS, False, FIVE),
    "ogx-2026-01": (64, THREE_PATHS, True, FIVE),
    "ogx-2026-03": (64, THREE_PATHS, True, NO_PROJECT),
    "ogx-2026-04": (64, THREE_PATHS, True, [SCORES, ATTRIBUTES, *UUIDS, *NO_PROJECT]),
    "ogx-next": (64, ["/api/tags", "*/models"], True, [SCORES, ATTRIBUTES, *UUIDS, *NO_PROJECT]),
    "draft-floats6": (64, TWO_PATHS, False, [rounding(6)]),
    "draft-file-ids": (64, TWO_PATHS, False, [numbering_files]),
    "draft-score-attributes": (64, THREE_PATHS, True, [SCORES, ATTRIBUTES, *NO_PROJECT]),
    "draft-file-citations": (64, THREE_PATHS, True, [SCORES, ATTRIBUTES, *FILES, *NO_PROJECT]),
}
OGX = list_released("ogx")
NOT_VERIFIED = "ogx-next"


def hashed(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def split_url(url: str) -> tuple[str, str]:
    """Host and path of the urls below; recorders use urllib, whose parts these are."""
    match = re.fullmatch(r"(?:[a-z]+://([^/?#]*))?([^?#]*).*", url, re.DOTALL)
    assert match
    return match[1] or "", match[2]


def hashed_by(scheme: str, document: dict[str, Any]) -> str:
    """The text that a scheme hashes of a recording."""
    _, exempt, has_bedrock_rule, changes = TABLE[scheme]
    request = document["request"]
    normalised = request.get("body", request.get("payload"))
    if has_bedrock_rule and "body" in request and "bedrock" in split_url(request["url"])[0]:
        normalised = {key: item for key, item in normalised.items() if key != "stream_options"}
    for change in changes:
        normalised = change(normalised)
    if "tool_name" in request:
        basis = {key: request[key] for key in ("provider", "tool_name", "kwargs")}
    elif "payload" in request:
        basis = {**{key: request[key] for key in ("test_id", "url", "method")}, "payload": normalised}
    else:
        path = split_url(request["url"])[1]
        basis = {"method": request["method"].upper(), "endpoint": path, "body": normalised}
        ends = any(end.startswith("*") and path.endswith(end[1:]) for end in exempt or ())
        if exempt is not None and path not in exempt and not ends:
            basis["test_id"] = document.get("test_id")
    return json.dumps(basis, sort_keys=True)


def names_by(scheme: str, document: dict[str, Any]) -> list[str]:
    """The file names that a scheme gives to a recording, the one to write first."""
    name = hashlib.sha256(hashed_by(scheme, document).encode()).hexdigest()[: TABLE[scheme][0]]
    body = document["response"].get("body")
    if isinstance(body, list) and body and body[0].get("__type__") == "openai.types.model.Model":
        ids = "|".join(sorted({model["__data__"]["id"] for model in body})).encode()
        return [
            f"models-{name}-{digest(ids).hexdigest()[:8]}.json" for digest in (hashlib.sha256, hashlib.sha1)
        ]
    return [f"{name}.json"]


# --- requests that the schemes tell apart -------------------------------------------------------------------

A_UUID = "0123abcd-0123-4567-89ab-0123456789ab"
FILE_IDS = ["file-" + "0123456789abcdef" * 2, "file-" + "f" * 32]
fragments = st.sampled_from(
    [
        *("score:", "score: ", " -.5e-3", "+1.", ".25", "0.5", "12", "1e5", "E+"),
        *("attributes:", ", attributes: {", "attributes:{", "{", "}", ",", " ", "\n\t", "\u2003", "a: 1"),
        *("document_id:", "document_id: ", A_UUID, A_UUID.upper(), "<|", "|>", f"<|{A_UUID}|>"),
        *("file-12", *FILE_IDS, FILE_IDS[0][:-1], "<|file-3|>", "document_id:\nfile-4"),
        *("0.12345", "-3.14159265", "1.2345.67890", "1.234", "9" * 320 + ".00000", "-0.000001", "--1.99999"),
        *("\u0661.\u0662\u0663\u0664\u0665", "1.\u0661\u0662\u0663\u0664"),  # Arabic digits
        "\U0001d7ce.\U0001d7cf\U0001d7d0\U0001d7d1\U0001d7d2",  # digits that JSON writes as surrogate pairs
        *("\ud800", "\udc00", "é", "\u2028", "\x7f", '"', "\\", "\\u0031", "project_id", ""),
    ]
)
texts = (
    st.lists(fragments, max_size=8).map("".join)
    | st.from_regex(r"-?\d+\.\d{4,}")
    | st.from_regex(r"score:\s*[-+]?\d*\.?\d+(?:[eE][-+]?\d+)?")
    | st.from_regex(r",?\s*attributes:\s*\{[^}]*\}")
    | st.text(max_size=5)
)
floats = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from(
    [0.1, 0.123456, 0.1234565, -2.000005, 1e-5, 4.9e-6, 1e-7, 1e16, 123456.7891235, 1e22, -0.0, 5e-324, 2.5]
)
keys = st.sampled_from(
    [
        "extra_body",
        "extra_query",
        "project_id",
        "stream_options",
        "messages",
        "model",
        "temperature",
        "0.12345",
    ]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.integers(-(2**80), 2**80) | floats | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys | texts, inner, max_size=4),
    max_leaves=10,
)
bodies = st.dictionaries(keys | texts, values, max_size=5)
hosts = st.sampled_from(
    [
        "http://localhost:8000",
        "https://bedrock-runtime.us-east-1.example",
        "https://a.bedrock:8080",
        "https://BEDROCK.example",
        "https://x.example/bedrock",
        "https://bedrock@x.example",
        "vertexai://",
        "__databricks__",
    ]
)
paths = st.sampled_from(
    [
        *("/v1/v1/chat/completions", "/v1/completions?api-version=1", "/generate_content_stream", "", "/"),
        *("/api/tags", "/api/api/tags", "/v1/models", "/v1/v1/models", "/v1/openai/v1/models", "/x/models/"),
    ]
)
test_ids = st.none() | st.sampled_from([TEST_ID, "tests/a/test_b.py::test_c[0.123456-score: 1]", ""])
model_lists = st.lists(st.sampled_from(["small", "large", "a|b", "é"]), min_size=1, max_size=4).map(
    lambda ids: [
        {"__type__": "openai.types.model.Model", "__data__": {"id": id_, "object": "model"}} for id_ in ids
    ]
)


@st.composite
def inference(draw: st.DrawFn) -> dict[str, Any]:
    request = {
        "method": draw(st.sampled_from(["POST", "post", "GET"])),
        "url": draw(hosts) + draw(paths),
        "headers": {},
        "body": draw(bodies),
        "endpoint": draw(st.sampled_from(["/v1/chat/completions", "/v1/models"])),
        "model": "small",
    }
    body = draw(st.just({"a": 1}) | model_lists)
    document = {"request": request, "response": {"body": body, "is_streaming": False}}
    return document if draw(st.booleans()) else {"test_id": draw(test_ids), **document}


@st.composite
def http(draw: st.DrawFn) -> dict[str, Any]:
    request = {
        "test_id": draw(test_ids),
        "url": draw(hosts) + draw(paths),
        "method": "POST",
        "payload": draw(values),
    }
    return {"request": request, "response": {"body": {}, "is_streaming": False}}


@st.composite
def tool(draw: st.DrawFn) -> dict[str, Any]:
    request = {
        "test_id": draw(test_ids),
        "provider": "search",
        "tool_name": draw(texts),
        "kwargs": draw(bodies),
    }
    return {"request": request, "response": {"body": {}, "is_streaming": False}}


def identify_as(document: dict[str, Any], name: str, wanted: str = "ogx-2026-04") -> Identity:
    scheme = get_scheme(wanted)
    assert scheme is not None
    return identify(read(document), Place("tests/recordings", name), scheme)


def with_body(body: Any, url: str = "http://x/v1/chat/completions") -> dict[str, Any]:
    document = record({}, url=url)
    document["request"]["body"] = body
    return document


def test_the_table_and_the_code_know_the_same_schemes() -> None:
    assert [scheme.name for scheme in SCHEMES if scheme.format == "ogx"] == list(TABLE)
    assert [scheme.name for scheme in OGX] == [name for name in TABLE if not name.startswith("draft-")]
    assert CURRENT.name == "ogx-2026-04"
    assert get_scheme("draft-floats6") is None
    assert get_scheme("ogx-2025-7") is None


@given(inference() | http() | tool())
@example(with_body({"extra_body": {"project_id": "p", "a": 1}, "b": [{"extra_query": {"project_id": "p"}}]}))
@example(with_body({"a": {"extra_body": {"project_id": "p"}}, "extra_query": [{"project_id": "p"}]}))
@example(with_body([{"extra_body": {"project_id": "p"}}, [{"extra_body": {"project_id": 1}}]]))
@example(
    with_body({"stream_options": {"a": 0.5}, "a": {"stream_options": 1}}, "https://my.bedrock.example/v1/x")
)
@example(with_body([f"b {FILE_IDS[1]} {FILE_IDS[0]}", {"z": FILE_IDS[1], "a": "file-" + "e" * 32}]))
@example(with_body({"a": 1e-7}))
@example(with_body({}, "http://x/v1/supermodels"))
@example(with_body({"a": 2**80, "b": "\ud800 0.123456 score: 1", "c": [0.123456, 1e-7]}))
def test_every_scheme_names_as_the_table_says(document: dict[str, Any]) -> None:
    names = {scheme: names_by(scheme, document) for scheme in TABLE}
    for scheme in OGX:
        assert identify_as(document, "x.json", scheme.name).wanted == names[scheme.name][0]
    for name in {name for some in names.values() for name in some}:
        identity = identify_as(document, name)
        released = [scheme for scheme in TABLE if name in names[scheme] and not scheme.startswith("draft-")]
        verified = [scheme for scheme in released if scheme != NOT_VERIFIED] or released
        drafts = [scheme for scheme in TABLE if name in names[scheme] and scheme.startswith("draft-")]
        assert list(identity.schemes) == released
        assert [identity.oldest, identity.newest] == (
            [verified[0], verified[-1]] if verified else [None, None]
        )
        assert identity.draft == (None if released else drafts[0])
        assert identity.unjudged is None


# --- single rules, to read ----------------------------------------------------------------------------------


def current_name(body: Any) -> str | None:
    return identify_as(with_body(body), "x.json").wanted


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("0.1234561", "0.123459999"),
        ("score: 0.5", "score:\n-.5e-7"),
        ("a, attributes: {b: {c}", "a"),
        (f"document_id: {A_UUID}", "document_id:" + A_UUID.replace("0", "f")),
        (f"<|{A_UUID}|>", "<|" + A_UUID.replace("0", "f") + "|>"),
        (0.1234561, 0.1234559),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    ],
)
def test_what_varies_between_runs_leaves_the_current_name_alone(one: Any, other: Any) -> None:
    assert current_name({"content": one}) == current_name({"content": other})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("0.1234", "0.12341"),
        ("1.234", "1.235"),
        ("score:", "score: 1"),
        ("attributes: {a", "attributes: {b"),
        (A_UUID, A_UUID.replace("0", "f")),
        (f"<|{A_UUID.upper()}|>", f"<|{A_UUID}|>"),
        (1, 1.0),
        (1, True),
        ("é", "e\u0301"),
        ({"extra_body": {"project_id": 1}}, {"extra_body": {"project_id": 2}}),  # not at the root
    ],
)
def test_what_means_something_changes_the_current_name(one: Any, other: Any) -> None:
    assert current_name({"content": one}) != current_name({"content": other})


def test_the_test_id_counts_except_for_paths_that_tests_share() -> None:
    def name(url: str, test_id: str) -> str | None:
        return identify_as({**record({}, url=url), "test_id": test_id}, "x.json").wanted

    assert name("http://x/v1/v1/models", "a") != name("http://x/v1/v1/models", "b")
    for path in ("/v1/models", "/api/tags", "/v1/openai/v1/models"):
        assert name(f"http://x{path}", "a") == name(f"http://x{path}", "b")


def test_schemes_that_cannot_differ_hash_one_text() -> None:
    texts = Texts(read(record({}))).write_all(drafts=False)
    first, *others = OGX
    assert [schemes for _, schemes in texts] == [(first,), tuple(others)]


@pytest.mark.parametrize("rest", [";session=1", "?x=1", "#part"])
def test_of_the_url_s_last_part_only_the_path_counts(rest: str) -> None:
    plain = identify_as(record({}, url="http://x/v1/a;b/chat"), "x.json").wanted
    assert identify_as(record({}, url=f"http://x/v1/a;b/chat{rest}"), "x.json").wanted == plain


def test_a_name_with_the_wrong_ending_is_explained_by_nothing() -> None:
    document = record({})
    name = identify_as(document, "x.json").wanted
    assert name is not None
    assert identify_as(document, name).newest == CURRENT.name
    for wrong in (name.removesuffix(".json"), name.upper(), name[:12] + ".json", "models-" + name):
        identity = identify_as(document, wrong)
        assert (identity.schemes, identity.newest, identity.draft) == ((), None, None)


# --- model lists --------------------------------------------------------------------------------------------


def test_ollamas_tags_are_a_model_list_as_well() -> None:
    models = [{"model": "small:1b"}, {"model": "large:70b"}, {"model": "small:1b"}]
    body = {"__type__": "ollama._types.ListResponse", "__data__": {"models": models}}
    document = record(body, url="http://x/api/tags", endpoint="/api/tags")
    document["request"]["body"] = {}
    name = hashed({"method": "POST", "endpoint": "/api/tags", "body": {}})
    digest = hashlib.sha256(b"large:70b|small:1b").hexdigest()[:8]
    assert identify_as(document, "x.json").wanted == f"models-{name}-{digest}.json"


def test_every_model_of_a_list_counts_however_much_they_are_alike() -> None:
    ids = [{"content": text} for text in "abcde"]
    models = [{"__type__": "openai.types.model.Model", "__data__": {"id": an_id}} for an_id in ids]
    recording = read(record(models, streaming=False))
    listed = hashlib.sha256("|".join(sorted(map(str, ids))).encode()).hexdigest()[:8]
    assert (identify(recording, Place("", "x.json")).wanted or "").endswith(f"-{listed}.json")


def test_an_empty_reply_is_a_model_list_only_where_models_are_listed() -> None:
    digest = hashlib.sha256(b"").hexdigest()[:8]
    models = identify_as(record([], streaming=False, endpoint="/v1/models"), "x.json").wanted
    assert models is not None
    assert models.startswith("models-")
    assert models.endswith(f"-{digest}.json")
    other = identify_as(record([], streaming=False), "x.json").wanted
    assert other is not None
    assert not other.startswith("models-")


@pytest.mark.parametrize(
    "body",
    [[{"id": "small"}], [None], "models", {"__type__": "x.ListResponse"}, {"models": [{"model": "small"}]}],
)
def test_other_lists_are_no_model_lists(body: Any) -> None:
    wanted = identify_as(record(body, streaming=False), "x.json").wanted
    assert wanted is not None
    assert re.fullmatch(r"[0-9a-f]{64}\.json", wanted)


# --- what can't be judged -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (
            {"provider": "x", "api": "file_processors", "file_id": "file-1"},
            "a file processor's name hashes a chunking strategy that the recording does not hold",
        ),
        ({}, "the request is of no kind that a recorder names"),
        ({"url": "http://x/y", "body": {}}, "the request has no method"),
        ({"url": "http://x/y", "body": {}, "method": 5}, "the request has no method"),
    ],
)
def test_some_recordings_cannot_be_judged(request_: dict[str, Any], reason: str) -> None:
    identity = identify_as({"request": request_, "response": {}}, "x.json")
    assert identity.unjudged == reason
    assert (identity.wanted, identity.schemes, identity.oldest, identity.newest) == (None, (), None, None)


def test_a_url_that_cannot_be_read_cannot_be_judged() -> None:
    unjudged = identify_as(record({}, url="http://[::1/v1"), "x.json").unjudged
    assert unjudged is not None
    assert unjudged.startswith("the request's url can't be read: ")


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | floats | texts,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["__type__", "__data__", "id"]), inner)
    ),
    max_leaves=6,
)


@given(
    st.dictionaries(
        st.sampled_from(
            ["test_id", "method", "url", "body", "payload", "endpoint", "provider", "tool_name", "kwargs"]
        ),
        anything,
    ),
    anything,
    anything,
)
def test_values_of_any_type_get_an_answer(request_: dict[str, Any], body: Any, test_id: Any) -> None:
    document = {"test_id": test_id, "request": request_, "response": {"body": body}}
    identity = identify_as(document, "x.json")
    assert (identity.wanted is None) == (identity.unjudged is not None)


# --- texts made to hang a regular expression ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "normalised"),
    [
        ("1" * 1_000_000, "1" * 1_000_000),
        (" " * 1_000_000, " " * 1_000_000),
        ("attributes:" + " " * 1_000_000, "attributes:" + " " * 1_000_000),
        (", attributes: {" * 100_000, ", attributes: {" * 100_000),
        (", attributes: {" * 100_000 + "}", ""),
        (("1" * 1000 + "/") * 1000, ("1" * 1000 + "/") * 1000),
    ],
)
def test_endless_texts_are_normalised_in_linear_time(text: str, normalised: str) -> None:
    occasion = "score:x 1.00000;"  # for all rules to be tried, and to change nothing
    hashed_body = {"content": occasion + normalised}
    path = "/v1/chat/completions"
    expected = hashed({"method": "POST", "endpoint": path, "test_id": TEST_ID, "body": hashed_body})
    assert current_name({"content": occasion + text}) == f"{expected}.json"
