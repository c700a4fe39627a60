"""Holds what recctl makes of recorded streams against what the official SDKs make of the same ones.

`python -m tests.sdks FOLDER …` reads all recordings below the folders, gives each stream to its SDK in a
virtual environment made for that from PyPI, and tells how many come out the same, by wire protocol; then each
that does not, and what the SDKs raise. It exits with 1 when one comes out otherwise. With `--python PATH` it
uses an environment that is there, and has the packages of `REQUIREMENTS`.
"""

from __future__ import annotations

import argparse
import base64
import json
import re
import subprocess
import sys
import tempfile
import venv
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from recctl.base.errors import RecctlError
from recctl.recordings import event_stream
from recctl.recordings.load import load
from recctl.recordings.recording import Recording
from recctl.wire import assemble
from tests.builders import source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from recctl.wire.completion import Completion

REQUIREMENTS = (
    "openai==3.57.0 anthropic==2.14.0 google-genai==3.6.1 botocore==1.44.8 boto3==1.44.8 cohere==7.3.1"
)
WIRES = (
    *("openai-chat", "openai-completions", "openai-responses", "anthropic-messages", "gemini"),
    *("bedrock-converse", "titan", "anthropic-completions", "cohere-chat", "cohere-v1"),
)


class Stream(NamedTuple):
    """A recorded stream: as an SDK is to get it, and what recctl makes of it."""

    sent: dict[str, Any]
    completion: Completion


def main(arguments: list[str]) -> int:
    """Compare the streams below folders; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.sdks")
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--python", type=Path, help="of an environment that has the SDKs")
    options = parser.parse_args(arguments)
    streams = {stream.sent["key"]: stream for stream in read_streams(options.folders)}
    with tempfile.TemporaryDirectory(prefix="recctl-sdks-") as folder:
        python = options.python or make_environment(Path(folder))
        told = ask(python, [stream.sent for stream in streams.values()])
    return report(streams, told)


def make_environment(folder: Path) -> Path:
    """A virtual environment with the SDKs; gives its Python."""
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    install = [str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    subprocess.run([*install, *REQUIREMENTS.split()], check=True)
    return python


def read_streams(folders: Iterable[Path]) -> Iterator[Stream]:
    """The streams of protocols that have an SDK, from all files that hold recordings."""
    for path in sorted(path for folder in folders for path in folder.rglob("*") if path.is_file()):
        with _keep_frames() as frames:
            for recording in _load(path):
                stream = _read_stream(recording, frames)
                if stream is not None:
                    yield stream


def _load(path: Path) -> list[Recording]:
    given = source(path.read_bytes(), path.name, path.parent.as_posix())
    try:
        return [item for item in load(given) if isinstance(item, Recording)]
    except RecctlError:
        return []


class _keep_frames:  # noqa: N801  (used as a function)
    """Keeps the data of event streams while files are read: what is read of them is to be proven."""

    def __enter__(self) -> list[tuple[bytes, Any]]:
        self._read = event_stream.read_event_stream
        frames: list[tuple[bytes, Any]] = []

        def read(data: bytes) -> Any:
            events = self._read(data)
            frames.append((data, events))
            return events

        event_stream.read_event_stream = read
        return frames

    def __exit__(self, *_: object) -> None:
        event_stream.read_event_stream = self._read


def _read_stream(recording: Recording, frames: list[tuple[bytes, Any]]) -> Stream | None:
    body, completion = recording.body, assemble(recording)
    if not isinstance(body, list) or not body or completion.wire not in WIRES or not completion.streamed:
        return None
    sent: dict[str, Any] = {"wire": completion.wire, "key": str(recording.key)}
    data = next((data for data, events in frames if events is body), None)
    if data is not None:
        sent["data"] = base64.b64encode(data).decode()
    elif isinstance(body[0], str):
        sent["lines"] = body
    else:
        sent["chunks"] = [item.get("__data__", item) if isinstance(item, dict) else item for item in body]
    return Stream(sent, completion)


def ask(python: Path, sent: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the SDKs make of streams, in their order."""
    command = [str(python), "-W", "ignore", str(Path(__file__).parent / "accumulate.py")]
    lines = "".join(f"{json.dumps(stream)}\n" for stream in sent)
    ran = subprocess.run(command, input=lines, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in ran.stdout.splitlines()]


def report(streams: dict[str, Stream], told: list[dict[str, Any]]) -> int:
    """Print what comes out the same and what does not; gives the exit code."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    lines: list[str] = []
    for said in told:
        stream = streams[said["key"]]
        outcome, details = _compare(stream.completion, said)
        counts[stream.sent["wire"]][outcome] += 1
        lines += [f"{outcome}: {stream.sent['wire']} {said['key']}: {detail}" for detail in details]
    outcomes = ("same", "differs", "raises")
    rows = [f"{'':24}{'streams':>9}" + "".join(f"{outcome:>9}" for outcome in outcomes)]
    rows += [
        f"{wire:24}{found.total():9}" + "".join(f"{found[outcome]:9}" for outcome in outcomes)
        for wire, found in sorted(counts.items())
    ]
    print("\n".join([*rows, "", *sorted(lines)]))  # noqa: T201
    return int(any(found["differs"] for found in counts.values()))


def _compare(completion: Completion, said: dict[str, Any]) -> tuple[str, list[str]]:
    """Whether an SDK says what recctl says, and what else it says."""
    if "failed" in said:
        return "raises", [said["failed"]]
    ours = {
        str(choice.index): {
            "content": choice.message.content or "",
            "reasoning": choice.message.reasoning or "",
            "calls": [[call.id, call.name, call.arguments] for call in choice.message.tool_calls],
            "finish": choice.finish_reason,
        }
        for choice in completion.choices
    }
    details = []
    for index in sorted(ours.keys() | said["choices"].keys()):
        own, other = _normalise(ours.get(index)), _normalise(said["choices"].get(index))
        details += [
            f"{key} of choice {index}: recctl {own[key]!r:.200}, the SDK {other[key]!r:.200}"
            for key in own
            if own[key] != other[key]
        ]
    own_usage, usage = _spell(completion.usage or {}), _spell(said["usage"] or {})
    known = {key: value for key, value in own_usage.items() if key in usage or key not in _UNKNOWN}
    if known != usage:
        details.append(f"usage: recctl {known!r:.400}, the SDK {usage!r:.400}")
    return "differs" if details else "same", details


_UNKNOWN = (
    "service_tier",
    "cache_read_input_token_count",
    "cache_write_input_token_count",
    "server_tool_usage",
)
"""Counts that the SDKs drop, whose models don't have them."""


def _normalise(said: dict[str, Any] | None) -> dict[str, Any]:
    """What a choice says; arguments as the values that they are, where they are JSON."""
    told = said or {"content": "", "reasoning": "", "calls": [], "finish": None}
    calls = [
        [call_id or None, name or None, _decode(arguments)] for call_id, name, arguments in told["calls"]
    ]
    return {**told, "calls": calls, "finish": told["finish"] or None}


def _decode(arguments: str | None) -> Any:
    try:
        return json.loads(arguments or "{}")
    except ValueError:
        return arguments


def _spell(value: Any) -> Any:
    """Counts with keys as SDKs spell them, without those that are nothing."""
    if isinstance(value, dict):
        spelt = {
            _CAPITAL.sub(lambda sign: f"_{sign[0].lower()}", key): _spell(inner)
            for key, inner in value.items()
        }
        return {key: inner for key, inner in spelt.items() if inner}
    return [*map(_spell, value)] if isinstance(value, list) else value


_CAPITAL = re.compile("(?<=[a-z0-9])[A-Z]")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
