"""The README says what the code does: tables are compared with it, commands are CI's own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from recctl.checks.run import list_rules
from recctl.cli.app import COMMANDS
from recctl.project import find_project
from tests.cli.conftest import CHECKOUT

if TYPE_CHECKING:
    from pathlib import Path

README = (CHECKOUT / "README.md").read_text()


def test_the_table_of_rules_is_the_registry() -> None:
    table = re.search(r"<!-- rules -->\n(.*?)<!-- /rules -->", README, re.DOTALL)
    assert table is not None
    assert table[1] == "".join(
        f"| `{rule.name}` | {rule.severity.label} | {rule.summary} |\n" for rule in list_rules()
    )


def test_every_command_is_in_the_table() -> None:
    assert tuple(re.findall(r"^\| `recctl (\w+)` \|", README, re.MULTILINE)) == COMMANDS


def test_the_example_configuration_is_read_as_it_stands(tmp_path: Path) -> None:
    block = re.search(r"```toml\n(.*?)```", README, re.DOTALL)
    assert block is not None
    (tmp_path / "pyproject.toml").write_text(block[1])
    project = find_project(tmp_path)
    assert project.settings.scheme == "ogx-2026-04"
    assert project.settings_for(tmp_path / "tests/2025/x.json").scheme == "ogx-2025-07"
