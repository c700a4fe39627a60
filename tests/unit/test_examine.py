"""What the rules find in a file, whether its stream is read in runs or chunk by chunk."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recctl.checks import secret, secret_finder
from recctl.checks.examine import examine
from recctl.input.sources import Target
from recctl.naming.engine import identify
from recctl.project import Settings
from recctl.recordings.formats.ogx import serialise
from tests.builders import chunk, delta, read, record
from tests.unit.wire.hostile import spoil

if TYPE_CHECKING:
    from pathlib import Path

    from recctl.checks.finding import Examined

KEY = "sk-" + "proj-" + "Zq3vT8mNw5kRx7yB2cLd9fGh4jPs6aQe1uWi"
HIDDEN = f"sk-p…[{len(KEY)} characters]"
NAME = f"{'0' * 64}.json"


def stream(texts: Any, **fields: Any) -> dict[str, Any]:
    said = [chunk(delta(content=text), **{"id": f"rec-{'0' * 12}", **fields}) for text in texts]
    ends = [
        chunk(choice, id=f"rec-{'0' * 12}")
        for choice in (delta(role="assistant"), delta(finish_reason="stop"))
    ]
    return record([ends[0], *said, ends[1]])


def check(folder: Path, document: Any) -> Examined:
    path = folder / "tests" / "integration" / "inference" / "recordings" / NAME
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(serialise(document))
    return examine(Target("x.json", Settings(), path), folder)


@pytest.mark.parametrize(
    ("document", "rules"),
    [
        (stream("abcd"), []),
        (stream([KEY[start : start + 9] for start in range(0, len(KEY), 9)]), ["secret"]),
        (stream(["a", KEY, "b", "c"]), ["secret"]),
        (stream("abcd", created=5), ["volatile-field"]),
        (stream("abcd", object=5), ["schema"]),
    ],
)
def test_chunks_that_are_alike_hide_nothing(
    tmp_path: Path, document: dict[str, Any], rules: list[str]
) -> None:
    assert [finding.rule for finding in check(tmp_path, document).findings] == rules


def reply(*, url: str = "http://host/v1/chat/completions", **message: Any) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": "stop"}
    data = {"id": f"rec-{'0' * 12}", "created": 0, "choices": [choice]}
    tool = {"name": "log_in", "parameters": {"properties": {"key": {"type": "integer"}}}}
    body = {"messages": [], "tools": [{"type": "function", "function": tool}]}
    document = record({"__type__": "x.ChatCompletion", "__data__": data}, url=url)
    document["request"]["body"] = body
    return document


def call(name: str, arguments: str) -> list[dict[str, Any]]:
    return [{"id": "call_1", "type": "function", "function": {"name": name, "arguments": arguments}}]


@pytest.mark.parametrize(
    ("document", "rule", "message"),
    [
        (
            reply(tool_calls=call("log_in", json.dumps({"key": KEY}))),
            "tool-arguments-schema",
            f'\'log_in\': key: "{HIDDEN}" is not of type "integer"',
        ),
        (
            reply(tool_calls=call(KEY, "{}")),
            "unknown-tool",
            f"'{HIDDEN}' is called, but not among the tools that were offered",
        ),
        (
            reply(tool_calls=call("log_in", KEY), url=f"http://host/{KEY}"),
            "tool-arguments-json",
            "the arguments for 'log_in' are not JSON",
        ),
        (
            reply(content={"key": f"so: {KEY}"}),
            "schema",
            f'"content" should be text, an array or null, but is the object {{"key": "so: {HIDDEN}…',
        ),
        (
            record({"error": {"message": f"Incorrect API key provided: {KEY}"}}),
            "recorded-error",
            f"the provider answered with an error: Incorrect API key provided: {HIDDEN}",
        ),
        (
            {**stream("abcd"), "test_id": f"tests/{KEY}/test_x.py::test_y"},
            "misplaced",
            f"the recorder looks for its test's recordings in tests/{HIDDEN}/recordings",
        ),
    ],
)
def test_no_rule_tells_a_secret(tmp_path: Path, document: dict[str, Any], rule: str, message: str) -> None:
    findings = check(tmp_path, document).findings
    assert KEY[5:13] not in str(findings)
    assert [finding.message for finding in findings if finding.rule == rule] == [message]
    assert "secret" in {finding.rule for finding in findings}


def test_secrets_are_looked_for_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    searched: list[object] = []
    search = secret._search_document

    def count(*given: Any) -> Any:
        searched.append(given)
        return search(*given)

    monkeypatch.setattr(secret, "_search_document", count)
    rules = {finding.rule for finding in check(tmp_path, reply(tool_calls=call(KEY, "{}"))).findings}
    assert rules >= {"secret", "unknown-tool"}
    assert len(searched) == 1


def test_a_password_that_is_a_word_spoils_no_other_finding(tmp_path: Path) -> None:
    document = reply(tool_calls=call("call_weather", "{"), url="http://robot:" + "choices@db.internal/v1")
    findings = check(tmp_path, document).findings
    assert "secret" in {finding.rule for finding in findings}
    (unknown,) = (finding for finding in findings if finding.rule == "unknown-tool")
    assert unknown.message == "'call_weather' is called, but not among the tools that were offered"
    assert unknown.pointer == "/response/body/__data__/choices/0/message/tool_calls/0/function/name"


def check_text(folder: Path, text: str) -> Examined:
    path = folder / NAME
    path.write_text(text)
    return examine(Target("x.json", Settings(), path), folder)


def test_no_pointer_leads_through_a_secret(tmp_path: Path) -> None:
    findings = check_text(tmp_path, f'{{"request": {{"{KEY}": 1, "{KEY}": 2}}, "response": {{}}}}').findings
    assert KEY[5:13] not in str(findings)
    (repeated,) = (finding for finding in findings if finding.rule == "duplicate-key")
    assert repeated.pointer == "/request"
    assert repeated.message == f"the key '{HIDDEN}' occurs a second time in its object"


@pytest.mark.parametrize(("before", "secret"), [("", KEY), ('"api_key": ', "12e5" + KEY[8:28])])
def test_what_is_no_json_is_quoted_without_its_secrets(tmp_path: Path, before: str, secret: str) -> None:
    finding, told = check_text(tmp_path, f'{{"request": {{{before}{secret}').findings
    assert (finding.rule, told.rule) == ("invalid-json", "secret")
    assert secret[5:13] not in str(told)
    assert f"{secret[:4]}…[{len(secret)} characters]" in finding.message
    assert secret[5:13] not in str(finding)


CASSETTE = """\
interactions:
- request:
    body: ''
    headers: {}
    method: GET
    uri: https://api.openai.com/v1/models
  response:
    body: {string: ''}
    headers: {}
    status: {code: 200, message: OK}
"""


@pytest.mark.parametrize(
    ("note", "is_quoted"),
    [("", True), (KEY, False), (f"{KEY} {'c ' * 20_000}", False), (f"{KEY} {'c ' * 50_000}", True)],
)
def test_of_a_cassette_nothing_near_a_secret_in_a_comment_is_quoted(
    tmp_path: Path, note: str, is_quoted: bool
) -> None:
    path = tmp_path / "x.yaml"
    failed = CASSETTE.replace("string: ''", "string: '{\"error\": {}}'").replace("code: 200", "code: 400")
    path.write_text(f"version: 1  # {note}\n{failed}")
    (finding,) = examine(Target("x.yaml", Settings(), path), tmp_path).findings
    assert finding.rule == "recorded-error"
    assert (finding.excerpt is not None) == is_quoted


def test_an_id_that_is_right_for_the_wanted_name_is_no_field_to_put_right(tmp_path: Path) -> None:
    document = stream("abcd")
    recording = read(document, NAME)
    assert recording.source.place is not None
    wanted = identify(recording, recording.source.place).wanted or ""
    for each in document["response"]["body"]:
        each["__data__"]["id"] = f"rec-{wanted[:12]}"
    assert [finding.rule for finding in check(tmp_path, document).findings] == []
    document["response"]["body"][2]["__data__"]["id"] = "chatcmpl-1"
    assert [finding.message for finding in check(tmp_path, document).findings] == [
        f"the recorder would write 'rec-{wanted[:12]}' here",
    ]


@given(spoil(stream("abcdef", obfuscation="x")), st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_any_json_in_any_place_is_looked_at(tmp_path: Path, document: Any, is_list: bool) -> None:
    document = [document] if is_list else document
    assert "internal-error" not in {finding.rule for finding in check(tmp_path, document).findings}


EXCHANGE = """interactions:
- request:
    method: POST
    uri: http://x/v1/chat/completions
    headers: {}
    body: null
  response:
    status: {code: 200, message: OK}
    headers: {}
    body: {string: text}
version: 1
"""


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("version: 1", f"# {KEY}\nversion: 1", 11),
        ("version: 1", f"note: {KEY}", 11),
        ("version: 1", f"{KEY}: 1", 11),
        ("- request:", f"- recorder: {{by: [{KEY}]}}\n  request:", 2),
        ("message: OK", f"message: {KEY}", 8),
        ("{string: text}", f"{{string: text, more: {KEY}}}", 10),
        (
            "    headers: {}\n    body: null",
            f"    headers: {{a: {KEY}}}\n    headers: {{}}\n    body: null",
            5,
        ),
        ("body: null", f"body: {KEY}\n    parsed_body: null", 6),
        ("method: POST", f"method: !{KEY} POST", 3),
        ("version: 1", f"- {KEY}\nversion: 1", 11),
        ("version: 1", f"note: *{KEY}", 11),
        ("version: 1", f"version: 1\n---\n{KEY}", 13),
        ("version: 1", f"version: 1\n{KEY}: 1\n{KEY}: 1", 12),
        ("method: POST", f"method: [{KEY}", 3),
    ],
)
@pytest.mark.parametrize("is_compressed", [False, True])
def test_a_secret_beside_what_is_recorded_is_told_and_not_shown(
    tmp_path: Path, old: str, new: str, line: int, is_compressed: bool
) -> None:
    content = EXCHANGE.replace(old, new, 1).encode()
    path = tmp_path / ("x.yaml.gz" if is_compressed else "x.yaml")
    path.write_bytes(gzip.compress(content) if is_compressed else content)
    findings = examine(Target(path.name, Settings(), path), tmp_path).findings
    (told,) = (finding for finding in findings if finding.rule == "secret")
    assert told.message.endswith(", outside of what is recorded")
    assert told.position is not None
    assert told.position.line == line
    assert KEY[19:27] not in str(findings)


def test_what_a_recording_tells_of_a_secret_is_told_once(tmp_path: Path) -> None:
    content = EXCHANGE.replace("body: null", f"body: {KEY}").replace("version: 1", f"# {KEY}")
    (tmp_path / "x.yaml").write_text(content)
    findings = examine(Target("x.yaml", Settings(), tmp_path / "x.yaml"), tmp_path).findings
    assert [finding.number for finding in findings if finding.rule == "secret"] == [1]


def test_what_is_quoted_of_a_compressed_file_is_its_text(tmp_path: Path) -> None:
    (tmp_path / "x.yaml.gz").write_bytes(gzip.compress(EXCHANGE.encode() + b"version: 2\n"))
    findings = examine(Target("x.yaml.gz", Settings(), tmp_path / "x.yaml.gz"), tmp_path).findings
    (repeated,) = (finding for finding in findings if finding.rule == "duplicate-key")
    assert repeated.excerpt == "version: 2"


def test_the_text_of_a_file_with_many_faults_is_searched_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched: list[object] = []
    search = secret_finder.Finder.find

    def count(*given: Any) -> Any:
        searched.append(given)
        return search(*given)

    monkeypatch.setattr(secret_finder.Finder, "find", count)
    (tmp_path / "x.yaml").write_text("requests: [a]\nresponses:\n" + "- a\n" * 1000)
    assert len(examine(Target("x.yaml", Settings(), tmp_path / "x.yaml"), tmp_path).findings) == 101
    assert len(searched) <= 2
