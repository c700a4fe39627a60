"""Pages of HTML: all in one file, the same every time, and nothing recorded becomes markup or script."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

from tests.builders import chunk, delta, record
from tests.names import ask, write

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Run

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"
KEY = "sk" + "-proj-" + "Q7w3Er9tYu1Io5pAs8dFg2hJk6lZx4cVb0nMq"


class Page(HTMLParser):
    """What a browser would see: tags with their attributes, and what is in scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.is_in_script = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.is_in_script = tag == "script"
        if self.is_in_script:
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002  (scripts hold no tags)
        self.is_in_script = False

    def handle_data(self, data: str) -> None:
        if self.is_in_script:
            self.scripts[-1] += data

    def read(self, name: str) -> Any:
        """What is kept compressed under a name."""
        names = [attrs.get("id") for tag, attrs in self.tags if tag == "script"]
        return json.loads(gzip.decompress(base64.b64decode(self.scripts[names.index(name)])))


def test_a_page_holds_the_inventory_and_each_conversation(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "tests/recordings"
    call = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    document = record([chunk(delta(role="assistant", tool_calls=[call], finish_reason="tool_calls"))])
    write(folder, {**ask("Name a lake.", "Lake Constance."), "test_id": "tests/test_a.py::test_lake"})
    write(folder, {**document, "test_id": "tests/test_a.py::test_look"})
    outcome = run("list", "--format", "html")
    assert (outcome.code, outcome.err) == (0, f"2 recordings, {outcome.err.split(', ')[1]}")
    page = Page(outcome.out)
    lake, look = page.read("inventory")
    assert (lake["test"], lake["model"], lake["finish"], lake["asked"], lake["answered"]) == (
        "tests/test_a.py::test_lake",
        "small",
        "stop",
        "Name a lake.",
        "Lake Constance.",
    )
    assert look["tools"] == "look"
    first, second = page.read("block-0")
    assert [(said["who"], said["text"], said["reply"]) for said in first["said"]] == [
        ("user", "Name a lake.", False),
        ("reply", "Lake Constance.\nfinish     stop", True),
    ]
    assert (len(first["chunks"]), first["streamed"]) == (1, 1)
    assert first["chunks"][0].endswith(" B  content Lake Constance.; finish stop")
    assert [said["kind"] for said in second["said"]] == ["text", "text", "code", "text"]
    assert second["said"][1]["text"].startswith("calls look")


def test_nothing_recorded_becomes_markup_and_secrets_are_masked(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "recordings", {**ask(f"{HOSTILE} {KEY}", f"{HOSTILE} {KEY}"), "test_id": HOSTILE})
    for command in (("list",), ("show", "recordings")):
        outcome = run(*command, "--format", "html")
        page = Page(outcome.out)
        assert "alert" not in outcome.out
        assert {tag for tag, _ in page.tags}.isdisjoint({"img", "iframe", "link", "object"})
        (row,) = page.read("inventory")
        told = json.dumps([row, page.read("block-0")])
        assert row["test"] == HOSTILE
        assert KEY not in told
        assert "sk-p\\u2026" in told


def test_only_the_page_s_own_script_may_run(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "recordings", ask("Hello?"))
    page = Page(run("list", "--format", "html").out)
    digest = base64.b64encode(hashlib.sha256(page.scripts[-1].encode()).digest()).decode()
    (policy,) = [attrs["content"] for _, attrs in page.tags if "http-equiv" in attrs]
    assert policy == f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'"
    assert not [attrs for _, attrs in page.tags if {"src", "href"} & attrs.keys()]
    assert not re.search(r"innerHTML|insertAdjacentHTML|document\.write|eval\(", page.scripts[-1])


def test_the_same_recordings_give_the_same_page(run: Run, tmp_path: Path) -> None:
    for number in range(3):
        write(tmp_path / "recordings", ask(f"Hello {number}?"))
    assert run("list", "--format", "html").out == run("list", "--format", "html").out


def test_a_single_exchange_is_a_page_too(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path / "recordings", ask("Name a planet.", "Mars."))
    page = Page(run("show", f"recordings/{path.name}", "--format", "html").out)
    (row,) = page.read("inventory")
    assert (row["key"], row["asked"]) == (f"recordings/{path.name}", "Name a planet.")


def test_a_reply_that_is_no_message_is_told_as_the_reply(run: Run, tmp_path: Path) -> None:
    body = {"id": "batch_1", "object": "batch", "status": "completed", "endpoint": "/v1/embeddings"}
    path = write(tmp_path / "recordings", record(body))
    page = Page(run("show", f"recordings/{path.name}", "--format", "html").out)
    (row,) = page.read("inventory")
    assert row["answered"] == "batch: status completed, endpoint /v1/embeddings"
    (conversation,) = page.read("block-0")
    assert conversation["said"][-1] == {
        "who": "batch",
        "text": "id         batch_1\nstatus     completed\nendpoint   /v1/embeddings",
        "kind": "text",
        "reply": True,
    }
