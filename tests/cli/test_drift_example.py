"""The suite in `examples/drift`: what its code sends changes, its tests stay green, and drift tells it."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import CHECKOUT

if TYPE_CHECKING:
    from tests.cli.conftest import Outcome, Run

SUITE = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
SETTLED = (0, "11 recordings are the same\n")


@dataclass(frozen=True)
class Example:
    """A copy of the example, whose code may be changed."""

    folder: Path
    run: Run

    def change(self, before: str, after: str) -> None:
        """Replace something in the assistant's code; it has to be there."""
        source = self.folder / "assistant.py"
        code = source.read_text()
        assert before in code
        source.write_text(code.replace(before, after))

    def look(self, *options: str) -> Outcome:
        """What drift says once the suite has been run; all of its tests pass."""
        tracked = self.run("track", "--", *SUITE, cwd=self.folder)
        assert (tracked.code, "tests: 6 passed" in tracked.err) == (0, True), tracked.out
        return self.run("drift", *options, cwd=self.folder)


@pytest.fixture
def example(tmp_path: Path, run: Run) -> Example:
    ignored = shutil.ignore_patterns("__pycache__", ".*")
    return Example(
        Path(shutil.copytree(CHECKOUT / "examples/drift", tmp_path / "drift", ignore=ignored)), run
    )


def show_places(*recordings: str) -> str:
    """What drift lists below a change: the tests, and their recordings by number."""
    lines = []
    for recording in recordings:
        name, numbers = recording.split("#")
        lines.append(f"  test_assistant.py::{name}")
        lines += [f"    cassettes/test_assistant/{name}.yaml#{number}" for number in numbers]
    return "".join(f"{line}\n" for line in lines)


WITH_TOOLS = (
    "test_answers_two_questions#1234",
    "test_answers_without_tools#1",
    "test_looks_the_weather_up[Oslo]#12",
    "test_looks_the_weather_up[Paris]#12",
)
PROMPTED = f"""\
10 recordings have drifted, in 5 tests
 1 recording is the same

the system prompt changed in 10 recordings of 5 tests
    … before you speak of it. Never [-guess-]{{+invent+}} a temperature.
{show_places(*WITH_TOOLS, "test_streams#1")}"""


def test_a_changed_prompt_is_told_with_its_words_until_it_is_taken_back(example: Example) -> None:
    outcome = example.look()
    assert (outcome.code, outcome.out) == SETTLED
    example.change("Never guess", "Never invent")
    outcome = example.look()
    assert (outcome.code, outcome.out) == (1, PROMPTED)
    example.change("Never invent", "Never guess")
    outcome = example.look()
    assert (outcome.code, outcome.out) == SETTLED


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (
            '"name": "get_weather"',
            '"name": "look_up_weather"',
            "tool get_weather was renamed to look_up_weather",
        ),
        (
            '"properties": {',
            '"properties": {"unit": {"type": "string"}, ',
            'parameters.properties.unit of tool get_weather was added ({"type": "string"})',
        ),
    ],
    ids=["a-renamed-tool", "an-added-parameter"],
)
def test_changed_tools_have_drifted(example: Example, before: str, after: str, told: str) -> None:
    example.change(before, after)
    outcome = example.look()
    counted = "9 recordings have drifted, in 4 tests\n2 recordings are the same\n"
    where = f"{told} in 9 recordings of 4 tests\n{show_places(*WITH_TOOLS)}"
    assert (outcome.code, outcome.out) == (1, f"{counted}\n{where}")


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (
            '{"model": MODEL, "messages": messages, **options}',
            '{**options, "messages": messages, "model": MODEL}',
            "10 recordings differ in noise only, 1 is the same\n",
        ),
        ("assistant/1.0", "assistant/2.0", "11 recordings differ in noise only\n"),
    ],
    ids=["another-order-of-keys", "another-user-agent"],
)
def test_noise_has_not_drifted(example: Example, before: str, after: str, told: str) -> None:
    example.change(before, after)
    outcome = example.look()
    assert (outcome.code, outcome.out) == (0, told)


def find_port() -> str:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return str(found.getsockname()[1])


def test_what_drift_names_can_be_recorded_again(example: Example) -> None:
    port = find_port()
    files = [*example.folder.glob("*.py"), *example.folder.rglob("*.yaml")]
    for path in files:
        path.write_text(path.read_text().replace("8765", port))
    example.change("Never guess", "Never invent")
    named = example.look("--format", "tests", "-0").out.split("\0")
    assert len(named) == len(WITH_TOOLS) + 2  # the streamed one, and what follows the last
    again = [*SUITE, "--record-mode=rewrite", *filter(None, named)]
    recorded = subprocess.run(again, cwd=example.folder, capture_output=True, text=True, check=False)
    assert recorded.returncode == 0, recorded.stdout
    outcome = example.look()
    assert (outcome.code, outcome.out) == SETTLED
