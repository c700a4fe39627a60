"""`--test`, `--model` and the like: one meaning in all commands that have them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.main import get_command

from recctl.cli.app import COMMANDS, app
from tests.builders import chunk, delta, record
from tests.names import write

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Run

FILTERS = ("--test", "--model", "--endpoint", "--provider", "--older-than")
ALL = {"list", "stats", "prune", "rehash"}
ONLY_TEST = {"validate", "show", "diff", "drift", "restore"}


def list_options(name: str) -> dict[str, tuple[str, str, bool]]:
    """The filters of a command, each with what its help says and whether shells complete it."""
    command = get_command(app).get_command(None, name)  # type: ignore[attr-defined]
    return {
        flag: (option.metavar, option.help, option._custom_shell_complete is not None)
        for option in command.params
        for flag in option.opts
        if flag in FILTERS
    }


@pytest.mark.parametrize("name", sorted(ALL | ONLY_TEST))
def test_filters_mean_the_same_everywhere(name: str) -> None:
    told = list_options(name)
    assert set(told) == (set(FILTERS) if name in ALL else {"--test"})
    reference = list_options("list")
    assert told == {flag: reference[flag] for flag in told}
    assert all(is_completed for flag, (*_, is_completed) in told.items() if flag != "--older-than")


def test_no_other_command_has_a_filter_of_its_own() -> None:
    others = {name for name in COMMANDS if name not in ALL | ONLY_TEST | {"find", "config", "git"}}
    assert {name for name in others if set(list_options(name)) - {"--test"}} == set()


@pytest.mark.parametrize("name", ["list", "stats"])
def test_what_no_recording_fits_is_an_error_with_what_was_meant(run: Run, tmp_path: Path, name: str) -> None:
    write(tmp_path / "recordings", record([chunk(delta(content="Hi", finish_reason="stop"))]))
    outcome = run(name, "--model", "smal")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == "error: no recording is of model 'smal'\nhint: did you mean 'small'?\n"


def test_one_thing_that_was_made_for_each_run_is_no_endpoint_of_its_own(run: Run, tmp_path: Path) -> None:
    for thread in ("thread_Zq81mMn0aLw93kQxT5cYd7Uv", "thread_91mMn0aLw93kQxT5cYd7UvZq"):
        document = record([chunk(delta(content="Hi", finish_reason="stop"))])
        document["request"]["endpoint"] = f"/v1/threads/{thread}/runs"
        document["request"]["body"]["user"] = thread
        write(tmp_path / "recordings", document)
    charts = json.loads(run("stats", "--format", "json").out)["charts"]
    (groups,) = (chart["groups"] for chart in charts if chart["by"] == "endpoint")
    assert [(group["value"], group["recordings"]) for group in groups] == [("/v1/threads/thread_…/runs", 2)]
