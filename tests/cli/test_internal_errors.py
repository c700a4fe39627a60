"""A file that recctl itself fails on: it is told in a line, the others are done, and the exit code is 2."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

from recctl import rehash, wire
from recctl.__main__ import main
from recctl.checks import examine, schema
from recctl.naming import survey
from recctl.recordings.formats.ogx import serialise
from recctl.rehash import proposals
from tests.builders import record

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from recctl.recordings.recording import Recording

    Invoke = Callable[..., tuple[int, str, str]]

FILES = ("1.json", "2.json", "3.json")
TRIPS = "2.json"


@pytest.fixture
def invoke(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Invoke:
    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["recctl", *arguments])
        monkeypatch.chdir(tmp_path)
        code = main()
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


@pytest.fixture(autouse=True)
def recordings(tmp_path: Path) -> Path:
    folder = tmp_path / "recordings"
    folder.mkdir()
    for name in FILES:
        choice = {"index": 0, "message": {"role": "assistant", "content": name}, "finish_reason": "stop"}
        data = {"id": "rec-1", "choices": [choice]}
        (folder / name).write_bytes(serialise(record({"__type__": "x.ChatCompletion", "__data__": data})))
    return folder


class OwnError(Exception):
    """What nobody has thought of."""


ERRORS: list[type[Exception]] = [OwnError, RecursionError, MemoryError, KeyError, SystemError]


def trip(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, error: type[Exception] = OwnError) -> None:
    """Have a function of recctl fail on one recording; the error quotes what must not be told."""
    function = getattr(module, name)

    def fail(recording: Recording, *given: Any, **options: Any) -> Any:
        if recording.source.name.rpartition("/")[2] == TRIPS:
            raise error("sk-quoted")
        return function(recording, *given, **options)

    monkeypatch.setattr(module, name, fail)


@pytest.mark.parametrize("error", ERRORS)
def test_validate_finds_it_and_checks_the_others(
    monkeypatch: pytest.MonkeyPatch, invoke: Invoke, error: type[Exception]
) -> None:
    trip(monkeypatch, wire, "recognise", error)
    code, out, _ = invoke("validate", "recordings", "--format", "json", "--select", "secret")
    report = json.loads(out)
    (finding,) = report["findings"]
    assert (code, report["checked"]) == (2, 3)
    assert (finding["rule"], finding["severity"], finding["path"]) == (
        "internal-error",
        "error",
        "recordings/2.json",
    )
    assert finding["message"].startswith(f"recctl itself failed on it: {error.__name__} at recctl/wire/")
    assert finding["hint"] == "please report it; RECCTL_DEBUG=1 shows where it happened"


def test_no_baseline_and_no_cache_knows_it(
    monkeypatch: pytest.MonkeyPatch, invoke: Invoke, recordings: Path
) -> None:
    for number in range(60):  # as many as are worth a cache
        (recordings / f"more-{number}.json").write_bytes((recordings / "1.json").read_bytes())
    with monkeypatch.context() as patch:
        trip(patch, wire, "recognise")
        assert invoke("validate", "recordings", "--write-baseline", "known.json")[0] == 2
        assert "internal-error" not in (recordings.parent / "known.json").read_text()
        code, out, _ = invoke("validate", "recordings", "--baseline", "known.json", "--format", "concise")
        assert (code, out.count("\n")) == (2, 1)
    code, out, _ = invoke("validate", "recordings", "--select", "internal-error", "--format", "concise")
    assert (code, out) == (0, "")


def test_who_ignores_it_by_name_is_not_told(monkeypatch: pytest.MonkeyPatch, invoke: Invoke) -> None:
    trip(monkeypatch, wire, "recognise")
    assert invoke("validate", "recordings", "--ignore", "internal-error", "--select", "secret")[0] == 0


@pytest.mark.parametrize(
    ("module", "name", "rule"), [(schema, "check_schema", "schema"), (examine, "find_facts", "misplaced")]
)
def test_what_is_not_selected_is_not_run(
    monkeypatch: pytest.MonkeyPatch, invoke: Invoke, module: Any, name: str, rule: str
) -> None:
    trip(monkeypatch, module, name)
    assert invoke("validate", "recordings", "--select", "secret") == (
        0,
        "",
        "checked 3 recordings: all sound\n",
    )
    assert invoke("validate", "recordings", "--select", rule)[0] == 2


@pytest.mark.parametrize("output_format", ["text", "markdown", "json"])
@pytest.mark.parametrize(("module", "name"), [(wire, "recognise"), (wire, "Exchange")])
def test_show_tells_it_and_shows_the_others(
    monkeypatch: pytest.MonkeyPatch, invoke: Invoke, output_format: str, module: Any, name: str
) -> None:
    if name == "Exchange":  # and what is read is found to be wrong only when it is shown
        monkeypatch.setattr("recctl.render.conversation.text._describe_reply", raise_on_trip("2.json"))
        monkeypatch.setattr("recctl.render.conversation.markdown._describe_reply", raise_on_trip("2.json"))
        monkeypatch.setattr("recctl.render.conversation.json._response", raise_on_trip("2.json"))
    else:
        trip(monkeypatch, module, name)
    code, out, err = invoke("show", "recordings", "--format", output_format)
    assert code == 2
    assert "1.json" in out
    assert "3.json" in out
    assert err.startswith("error: recordings/2.json: recctl itself failed on it: OwnError at recctl/")
    assert err.count("\n") == 1
    assert "sk-quoted" not in out + err
    if output_format == "json":
        document = json.loads(out)
        assert [recording["path"] for recording in document["recordings"]] == [
            "recordings/1.json",
            "recordings/3.json",
        ]
        assert [error["path"] for error in document["errors"]] == ["recordings/2.json"]


def raise_on_trip(text: str) -> Callable[..., list[Any]]:
    def fail(told: Any, *_: Any) -> list[Any]:
        completion = getattr(told, "completion", told)
        if completion.choices[0].message.content == text:
            raise OwnError("sk-quoted")
        return []

    return fail


@pytest.mark.parametrize("arguments", [("rehash",), ("rehash", "--check"), ("prune", "--grade", "orphan")])
def test_rehash_and_prune_tell_it_and_go_on(
    monkeypatch: pytest.MonkeyPatch, invoke: Invoke, arguments: tuple[str, ...]
) -> None:
    trip(monkeypatch, survey, "find_facts")
    code, out, err = invoke(*arguments, "recordings", "--format", "json")
    document = json.loads(out)
    told = document["recordings"] if "recordings" in document else document["files"]
    assert code == 2
    assert [entry["path"] for entry in told] == ["recordings/1.json", "recordings/3.json"]
    assert [error["path"] for error in document["errors"]] == ["recordings/2.json"]
    assert "error: recordings/2.json: recctl itself failed on it: OwnError" in err


def test_rehash_tells_what_it_fails_to_edit(monkeypatch: pytest.MonkeyPatch, invoke: Invoke) -> None:
    trip(monkeypatch, proposals, "edit")
    edit = ("--set", "/request/body/model", "big")
    code, out, err = invoke("rehash", *edit, "recordings", "--format", "json", "-q")
    assert code == 2
    assert [error["path"] for error in json.loads(out)["errors"]] == ["recordings/2.json"]
    assert err.startswith("error: recordings/2.json: recctl itself failed on it: OwnError")


def test_rehash_explains_the_others(monkeypatch: pytest.MonkeyPatch, invoke: Invoke) -> None:
    trip(monkeypatch, rehash, "explain")
    code, out, err = invoke("rehash", "--explain", "recordings")
    assert code == 2
    assert "recordings/3.json" in out
    assert err.startswith("error: recordings/2.json: recctl itself failed on it: OwnError")


def test_diff_tells_it_and_compares_the_others(
    monkeypatch: pytest.MonkeyPatch, invoke: Invoke, recordings: Path
) -> None:
    after = recordings.parent / "after"
    after.mkdir()
    for name in FILES:
        (after / name).write_bytes((recordings / name).read_bytes().replace(b'"rec-1"', b'"rec-2"'))
    trip(monkeypatch, wire, "recognise")
    code, out, err = invoke("diff", "recordings", "after", "--format", "json")
    document = json.loads(out)
    assert code == 2
    assert [pair["right"] for pair in document["pairs"]] == ["after/1.json", "after/3.json"]
    assert [error["path"] for error in document["errors"]] == ["after/2.json"]
    assert "error: after/2.json: recctl itself failed on it: OwnError" in err
    code, _, err = invoke("diff", f"recordings/{TRIPS}", f"after/{TRIPS}")
    assert (code, err.partition(":")[0]) == (2, "error")


@pytest.mark.parametrize(
    ("output_format", "teller"), [("text", "_describe_changes"), ("markdown", "_describe_test")]
)
def test_diff_tells_what_it_fails_to_show_and_shows_the_others(
    monkeypatch: pytest.MonkeyPatch, invoke: Invoke, recordings: Path, output_format: str, teller: str
) -> None:
    after = recordings.parent / "after"
    after.mkdir()
    for name in FILES:
        text = (recordings / name).read_text()
        (after / name).write_text(text.replace(f'"{name}"', f'"no {name}"'))
    module = f"recctl.render.comparison.{output_format}.{teller}"
    function = import_module(module.rpartition(".")[0]).__dict__[teller]

    def fail(told: Any, *given: Any) -> Any:
        if TRIPS in str(told):
            raise OwnError("sk-quoted")
        return function(told, *given)

    monkeypatch.setattr(module, fail)
    code, out, err = invoke("diff", "recordings", "after", "--format", output_format)
    assert code == 2
    assert "after/1.json" in out
    assert "after/3.json" in out
    assert "after/2.json" not in out
    assert "error: after/2.json: recctl itself failed on it: OwnError at recctl/render/" in err
    assert "sk-quoted" not in out + err


def test_debugging_shows_where_it_happened(monkeypatch: pytest.MonkeyPatch, invoke: Invoke) -> None:
    trip(monkeypatch, wire, "recognise")
    monkeypatch.setenv("RECCTL_DEBUG", "1")
    with pytest.raises(OwnError):
        invoke("validate", "recordings")
