"""`recctl list` and `recctl stats`: what there is, what fits conditions, and what it comes to."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from recctl.inventory.columns import COLUMNS
from tests.builders import chunk, delta, record
from tests.names import ask, current_name, old_name, write

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Run

pytestmark = pytest.mark.usefixtures("folder")

TEST = "tests/test_a.py::test_{}"


def call(name: str, arguments: str = "{}") -> dict[str, Any]:
    return {
        "index": 0,
        "id": f"call_{name}",
        "type": "function",
        "function": {"name": name, "arguments": arguments},
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four recordings: a conversation of two turns, one of another model, one under an old name."""
    (tmp_path / "pyproject.toml").write_text('[tool.recctl]\nscheme = "ogx-2026-04"\n')
    folder = tmp_path / "tests/recordings"
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    asked = [{"role": "user", "content": "How hot is it in Rome?"}]
    first = record([chunk(delta(tool_calls=[call("weather")])), chunk(delta(finish_reason="tool_calls"))])
    first["request"]["body"]["messages"] = asked
    second = record([chunk(delta(content="It is hot.", finish_reason="stop"), usage=usage)])
    second["request"]["body"]["messages"] = [
        *asked,
        {"role": "assistant", "tool_calls": [call("weather")]},
        {"role": "tool", "tool_call_id": "call_weather", "content": "35 degrees"},
    ]
    large = ask("Name a lake.", "Lake Constance.", {"model": "large"})
    large["request"]["model"] = "large"
    for test, document in (("talk", first), ("talk", second), ("lake", large)):
        write(folder, {**document, "test_id": TEST.format(test)})
    old = {**ask("Name a planet.", "Mars."), "test_id": TEST.format("planet")}
    write(folder, old, old_name(old))
    return folder


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def rows(text: str) -> list[dict[str, str]]:
    return [*csv.DictReader(io.StringIO(text))]


def test_in_a_pipe_cells_are_whole_with_tabs_between_them(run: Run) -> None:
    outcome = run("list", "--columns", "test,model,finish,tool,tokens,state")
    assert outcome.code == 0
    assert sorted(outcome.out.splitlines()) == [
        "tests/test_a.py::test_lake\tlarge\tstop\t\t\tcurrent",
        "tests/test_a.py::test_planet\tsmall\tstop\t\t\toutdated",
        "tests/test_a.py::test_talk\tsmall\tstop\t\t15\tcurrent",
        "tests/test_a.py::test_talk\tsmall\ttool_calls\tweather\t\tcurrent",
    ]
    assert outcome.err.startswith("4 recordings, ")
    assert outcome.err.endswith(", 15 tokens\n")


@pytest.mark.parametrize(
    ("condition", "tests"),
    [
        ("model=large", ["lake"]),
        ("model~LAR", ["lake"]),
        ("model!=large", ["planet", "talk", "talk"]),
        ("model!~a", []),
        ("finish=tool_calls", ["talk"]),
        ("tool=weather", ["talk"]),
        ("tool=", ["lake", "planet", "talk"]),
        ("tokens>14", ["talk"]),
        ("tokens>=15.5", []),
        ("tokens<=15", ["talk"]),
        ("tokens=15", ["talk"]),
        ("size>1MB", []),
        ("size < 1 MB", ["lake", "planet", "talk", "talk"]),
        ("state=outdated", ["planet"]),
        ("streamed=yes", ["lake", "planet", "talk", "talk"]),
        ("failed=yes", []),
        ("turn=2", ["talk"]),
        ("text~constance", ["lake"]),
        ("text~35 degrees", ["talk"]),
    ],
)
def test_a_condition_keeps_what_fits(condition: str, tests: list[str], run: Run) -> None:
    outcome = run("list", "--where", condition, "--format", "csv")
    assert outcome.code == 0
    assert [row["test"] for row in rows(outcome.out)] == [TEST.format(test) for test in tests]


def test_all_conditions_must_hold(run: Run) -> None:
    outcome = run("list", "--where", "model=small", "--where", "text~planet", "--format", "jsonl")
    assert [json.loads(line)["test_id"] for line in outcome.out.splitlines()] == [TEST.format("planet")]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--where", "modl=x"), "error: there is no column 'modl'\nhint: did you mean 'model'?\n"),
        (("--where", "tokens>many"), "error: tokens: 'many' is no number\nhint: write it as 4000\n"),
        (("--where", "size>4x"), "error: size: '4x' is no number\nhint: write it as 4000, 20kB or 1.5MB\n"),
        (("--where", "tokens>2kB"), "error: tokens: '2kB' is no number\nhint: write it as 4000\n"),
        (
            ("--where", "gpt-4o"),
            (
                "error: 'gpt-4o' is no condition\n"
                "hint: write it as model~gpt-4o, finish=length, tokens>4000 or text~word\n"
            ),
        ),
        (
            ("--where", "text=x"),
            "error: 'text=x': all that was said can only be searched\nhint: write it as text~word\n",
        ),
        (("--sort", "sise"), "error: there is no column 'sise'\nhint: did you mean 'size'?\n"),
        (
            ("--test", "test_tlak"),
            "error: no recording is of test 'test_tlak'\nhint: did you mean 'test_talk'?\n",
        ),
        (
            ("--tree", "--sort", "size"),
            "error: --tree has an order and columns of its own\nhint: leave --sort and the like out\n",
        ),
        (
            ("-l", "--format", "csv"),
            "error: -l and --format csv can't be combined\nhint: leave one of them out\n",
        ),
    ],
)
def test_what_is_not_understood_is_told(arguments: tuple[str, ...], message: str, run: Run) -> None:
    outcome = run("list", *arguments)
    assert (outcome.code, outcome.out, outcome.err) == (2, "", message)


def test_recordings_are_sorted_by_columns_and_what_is_not_known_comes_last(run: Run) -> None:
    outcome = run("list", "--sort", "-tokens,model,-test", "--columns", "test,tokens", "--format", "csv")
    assert [(row["test"].rpartition("_")[2], row["tokens"]) for row in rows(outcome.out)] == [
        ("talk", "15"),
        ("lake", ""),
        ("talk", ""),
        ("planet", ""),
    ]


def test_groups_are_counted_the_largest_first(run: Run) -> None:
    outcome = run("list", "--group-by", "model", "--format", "json")
    document = json.loads(outcome.out)
    assert [(group["value"], group["recordings"]) for group in document["groups"]] == [
        ("small", 3),
        ("large", 1),
    ]
    assert document["grouped_by"] == "model"
    assert document["summary"]["tokens"] == 15
    assert run("list", "--group-by", "tool", "--format", "csv").out.splitlines()[1].startswith(",3,")


def test_a_document_has_all_that_is_known(run: Run) -> None:
    outcome = run("list", "--where", "model=large", "--format", "json")
    (recording,) = json.loads(outcome.out)["recordings"]
    assert recording.pop("bytes") > 0
    large = {**ask("Name a lake.", body={"model": "large"}), "test_id": TEST.format("lake")}
    assert recording == {
        "path": f"tests/recordings/{current_name(large)}",
        "index": None,
        "test_id": TEST.format("lake"),
        "turn": 1,
        "method": "POST",
        "url": "http://localhost:8000/v1/v1/chat/completions",
        "endpoint": "/v1/chat/completions",
        "provider": "localhost",
        "model": "large",
        "wire": "openai-chat",
        "streamed": True,
        "status": None,
        "failed": False,
        "finish": "stop",
        "tool_calls": [],
        "tokens": None,
        "state": "current",
        "asked": "Name a lake.",
        "answered": "Lake Constance.",
        "hits": [],
    }


def test_paths_are_for_other_programs(run: Run, folder: Path) -> None:
    found = run("list", "-l")
    assert sorted(found.out.splitlines()) == [f"tests/recordings/{name}" for name in names(folder)]
    assert sorted(run("list", "-l", "-0").out.split("\0")[:-1]) == sorted(found.out.splitlines())


def test_what_was_searched_for_is_shown_in_its_place(run: Run) -> None:
    outcome = run("list", "--where", "text~hot", "--columns", "finish", "-v")
    lines = outcome.out.splitlines()
    assert "    user: …How hot is it in Rome?…" in lines
    assert "    assistant: …It is hot.…" in lines or "    reply: …It is hot.…" in lines


def test_a_conversation_is_a_tree(run: Run, folder: Path) -> None:
    outcome = run("list", "--tree", "--test", "test_talk")
    talk = [json.loads(path.read_text()) for path in folder.iterdir() if b"How hot" in path.read_bytes()]
    first, second = sorted(talk, key=lambda document: len(document["request"]["body"]["messages"]))
    assert outcome.code == 0
    assert outcome.out == (
        "tests/test_a.py::test_talk\n"
        f"└─ {current_name(first)[:12]}  small, tool_calls\n"
        "   │  user How hot is it in Rome?\n"
        "   │  calls weather {}\n"
        f"   └─ {current_name(second)[:12]}  small, stop\n"
        "         tool 35 degrees\n"
        "         says It is hot.\n"
    )
    document = json.loads(run("list", "--tree", "--test", "test_talk", "--format", "json").out)
    (thread,) = document["threads"]
    assert [turn["after"] for turn in thread["turns"]] == [None, 1]


def test_a_formula_is_none_in_a_spreadsheet(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "recordings", ask("=HYPERLINK(1)"))
    outcome = run("list", "recordings", "--columns", "asked", "--format", "csv")
    assert outcome.out == "asked\n'=HYPERLINK(1)\n"


def test_what_can_not_be_read_is_told(run: Run, folder: Path) -> None:
    (folder / f"{'0' * 64}.json").write_text("{")
    outcome = run("list", "-l", "--where", "model=large")
    assert outcome.code == 1
    assert "error: tests/recordings/000" in outcome.err
    assert outcome.out.count("\n") == 1


def test_where_nothing_fits_that_is_said(run: Run) -> None:
    outcome = run("list", "--where", "model=none")
    assert (outcome.code, outcome.out, outcome.err) == (0, "", "no recording fits\n")


def test_statistics_tell_what_deserves_a_look_and_what_there_is(run: Run) -> None:
    outcome = run("stats")
    assert outcome.code == 0
    lines = outcome.out.splitlines()
    assert lines[0].startswith("4 recordings, 4 files, ")
    assert "  1 outdated  recctl list --where state=outdated" in lines
    (small,) = (line.split("\t") for line in lines if line.startswith("model\tsmall\t"))
    assert (len(small), small[2]) == (5, "3")
    document = json.loads(run("stats", "--format", "json").out)
    by = {chart["by"]: chart["groups"] for chart in document["charts"]}
    assert [*by] == ["model", "provider", "endpoint", "finish", "test file", "written within"]
    assert [(group["value"], group["recordings"]) for group in by["finish"]] == [
        ("stop", 3),
        ("tool_calls", 1),
    ]
    assert document["summary"]["files"] == 4


def test_statistics_as_markdown_are_tables(run: Run) -> None:
    outcome = run("stats", "--format", "markdown")
    assert outcome.out.startswith("### 4 recordings in 4 files, ")
    assert "| model | recordings | size | tokens |\n|---|---:|---:|---:|\n| `small` | 3 |" in outcome.out


def test_every_column_can_be_asked_for(run: Run) -> None:
    outcome = run("list", "--columns", ",".join(COLUMNS), "--format", "csv", "--sort", ",".join(COLUMNS))
    assert [*rows(outcome.out)[0]] == [*COLUMNS]
