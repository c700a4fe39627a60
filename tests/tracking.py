"""A suite whose run was tracked, made by hand: cassettes, what was played of them, and what was missed."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from recctl.recordings.http import SentRequest
from recctl.testsuite.track import Miss, Play, Tracked
from tests.builders import write

if TYPE_CHECKING:
    from pathlib import Path

URL = "https://api.openai.com/v1/chat/completions"
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Tell the weather.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}


def ask(question: str, **more: Any) -> dict[str, Any]:
    """The body of a chat request; `more` is added, or replaces parts of it."""
    messages = [
        {"role": "system", "content": "You are a helpful assistant. Answer in one sentence."},
        {"role": "user", "content": question},
    ]
    return {"model": "gpt-4o", "messages": messages, "tools": [WEATHER], **more}


def write_flow(value: Any) -> str:
    """A value as YAML takes it: as JSON, but for characters that JSON writes as a pair of surrogates."""
    pairs = r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    return re.sub(pairs, lambda found: str(json.loads(f'"{found[0]}"')), json.dumps(value))


def write_cassette(path: Path, *bodies: Any, url: str = URL) -> Path:
    """A cassette with an exchange for each request's body: JSON, text, or None."""
    exchanges = []
    for body in bodies:
        request = {
            "method": "GET" if body is None else "POST",
            "uri": url,
            "headers": {"content-type": ["application/json"], "user-agent": ["tests/1.0"]},
            "body": body if body is None or isinstance(body, str) else json.dumps(body),
        }
        response = {"status": {"code": 200, "message": "OK"}, "headers": {}, "body": {"string": "{}"}}
        exchanges.append(f"- request: {write_flow(request)}\n  response: {write_flow(response)}\n")
    return write(path, f"interactions:\n{''.join(exchanges)}version: 1\n")


def send(body: Any, url: str = URL) -> SentRequest:
    """A request as it was sent."""
    return SentRequest("GET" if body is None else "POST", url, ("Content-Type", "User-Agent"), body)


@dataclass
class Suite:
    """A suite below a root, and its run so far: each test has a cassette of its own, which it loads."""

    root: Path
    plays: list[Play] = field(default_factory=list)
    missed: list[Miss] = field(default_factory=list)
    outcomes: dict[str, str] = field(default_factory=dict)
    loaded: dict[str, str] = field(default_factory=dict)
    unopened: list[str] = field(default_factory=list)

    def path(self, name: str) -> str:
        """Where the cassette of `test_NAME` lies, from the root."""
        return f"tests/cassettes/test_chat/test_{name}.yaml"

    def test(self, name: str) -> str:
        """The id of `test_NAME`."""
        return f"tests/test_chat.py::test_{name}"

    def record(self, name: str, *bodies: Any, is_run: bool = True, **options: Any) -> None:
        """Write a test's cassette, and let the test load it and pass, unless it is not run."""
        path = write_cassette(self.root / self.path(name), *bodies, **options)
        if is_run:
            self.outcomes[self.test(name)] = "passed"
            self.loaded[self.path(name)] = sha256(path.read_bytes()).hexdigest()
        else:
            self.unopened.append(self.path(name))

    def play(self, name: str, number: int | None = 1, body: Any = ..., **facts: Any) -> None:
        """Let a test play a recording: as it is kept, or with that body; `facts` are of `Play`."""
        sent = None if body is ... else send(body)
        known = {"result": "same" if body is ... else "different", "sent": sent, "test_id": self.test(name)}
        self.plays.append(Play(**{"path": self.path(name), "number": number, "times": 1, **known, **facts}))

    def miss(self, name: str, body: Any, **facts: Any) -> None:
        """Let a test send what no recording matches; `facts` are of `Miss`."""
        known = {"cassette": self.path(name), "reason": "no_match", "times": 1, "recorder": "vcrpy"}
        self.missed.append(Miss(**{"test_id": self.test(name), "sent": send(body), **known, **facts}))

    def end(self, reason: str | None = None, **facts: Any) -> Tracked:
        """The run as `recctl track` tells it; `reason` is why it is not complete."""
        by_test = {test: frozenset([self._find_cassette(test)]) for test in self.outcomes}
        return Tracked(
            complete=reason is None,
            reason=reason,
            opened=frozenset(self.loaded),
            by_test=by_test,
            passed=frozenset(test for test, outcome in self.outcomes.items() if outcome == "passed"),
            outcomes=self.outcomes,
            unopened=frozenset(self.unopened),
        )._replace(
            **{
                "plays": tuple(self.plays),
                "missed": tuple(self.missed),
                "loaded": self.loaded,
                "loaded_by_test": by_test,
                "recorders": frozenset({"vcrpy"}),
                **facts,
            }
        )

    def _find_cassette(self, test_id: str) -> str:
        return self.path(test_id.partition("::test_")[2])
