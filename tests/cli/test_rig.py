"""rig's cassettes on the command line: whose test is gone, what follows a renamed one, one of several."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import CHECKOUT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Run

CASSETTE = "tests/cassettes/openai/agent/asks_a_tool.yaml"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Two cassettes, and the test of one of them."""
    example = (CHECKOUT / "examples/good" / CASSETTE).read_bytes()
    for path in (CASSETTE, CASSETTE.replace("asks", "has_asked")):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(example)
    (tmp_path / "recctl.toml").touch()
    (tmp_path / "tests/openai.rs").write_text('fn asks() { with_cassette("agent/asks_a_tool", run) }\n')
    return tmp_path


def test_a_cassette_without_its_scenario_is_told_and_can_go(run: Run, project: Path) -> None:
    gone = CASSETTE.replace("asks", "has_asked")
    outcome = run("validate", cwd=project)
    assert outcome.out == (
        f"{gone}: warning[missing-test] no source in tests names the scenario 'agent/has_asked_a_tool' "
        "(recctl mv takes it along with a test that was renamed, recctl prune takes it away)\n"
    )
    assert f"    {gone}: no source in tests names" in run("prune", "-v", cwd=project).out


def test_a_cassette_follows_its_scenario(run: Run, project: Path) -> None:
    old, new = (f"tests/openai.rs::agent/{name}" for name in ("has_asked_a_tool", "tools/asks twice"))
    assert run("mv", old, new, "--apply", cwd=project).code == 0
    assert (project / "tests/cassettes/openai/agent/tools/asks_twice.yaml").is_file()


def test_one_exchange_is_shown_edited_and_taken_away(run: Run, project: Path) -> None:
    before = (project / CASSETTE).read_text()
    shown = run("show", f"{CASSETTE}#1", cwd=project).out
    assert "\n  test      tests/openai.rs::agent/asks_a_tool\n" in shown
    assert 'calls get_weather  call_REDACTED_1\n    {"city": "Lima"}' in shown
    edit = ("rehash", f"{CASSETTE}#2", "--set", "/request/body/model", "gpt-5", "--apply")
    assert run(*edit, cwd=project).code == 0
    first, second = before.split("---\n")
    assert (project / CASSETTE).read_text() == f"{first}---\n{second.replace('gpt-4o-mini', 'gpt-5', 1)}"
