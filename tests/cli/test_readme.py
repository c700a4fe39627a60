"""The README says what the code does: tables are compared with it, commands are CI's own."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from typing import TYPE_CHECKING

import pytest

from recctl.checks.run import list_rules
from recctl.cli.app import COMMANDS
from recctl.completion import NOTE_CODES
from recctl.hashing import _KEYS
from recctl.project import find_project
from recctl.render import FORMATS
from tests.cli.conftest import CHECKOUT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Run

README = (CHECKOUT / "README.md").read_text()


def test_the_table_of_rules_is_the_registry() -> None:
    table = re.search(r"<!-- rules -->\n(.*?)<!-- /rules -->", README, re.DOTALL)
    assert table is not None
    assert table[1] == "".join(
        f"| `{rule.name}` | {rule.severity.label} | {rule.summary} |\n" for rule in list_rules()
    )


def test_the_table_of_notes_is_that_of_the_code() -> None:
    table = re.search(r"<!-- notes -->\n(.*?)<!-- /notes -->", README, re.DOTALL)
    assert table is not None
    assert table[1] == "".join(f"| `{code}` | {meaning} |\n" for code, meaning in NOTE_CODES.items())


def test_every_note_that_the_code_makes_is_in_the_table() -> None:
    made = set()
    for path in (CHECKOUT / "recctl/wire").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in {"note", "note_once"}:
                code = node.args[0]
                made.add(code.value if isinstance(code, ast.Constant) else None)
    assert made - {None} == NOTE_CODES.keys()  # None: `note_once` itself calls `note`


def test_every_configuration_key_is_in_the_example(run: Run) -> None:
    block = re.search(r"```toml\n(.*?)```", README, re.DOTALL)
    assert block is not None
    table = tomllib.loads(block[1])["tool"]["recctl"]
    values = json.loads(run("config", "--isolated", "--format", "json").out)["values"]
    assert table.keys() == {value["key"] for value in values} - {"root"} | {"overrides"}


def test_every_key_of_a_scheme_is_in_the_table() -> None:
    table = re.search(r"<!-- scheme -->\n(.*?)<!-- /scheme -->", README, re.DOTALL)
    assert table is not None
    assert re.findall(r"^\| `([a-z-]+)` \|", table[1], re.MULTILINE) == [*_KEYS]


COMMAND_OF = {
    "findings": "validate",
    "statistics": "validate",
    "exchanges": "show",
    "comparison": "diff",
    "restoration": "restore",
    "runs": "undo",
    "undone": "undo",
    "explanations": "rehash",
}
"""The commands that show results of a kind, where they are not called as that is."""


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_is_named_in_the_section_or_the_row_of_its_command(kind: str) -> None:
    command = COMMAND_OF.get(kind, kind)
    told = re.findall(rf"^\| `recctl {command}` \|.*$|^## {command}$[\s\S]*?^## ", README, re.MULTILINE)
    assert [name for name in FORMATS[kind] if f"`{name}`" not in "".join(told)] == []


def test_every_command_is_in_the_table() -> None:
    assert tuple(re.findall(r"^\| `recctl (\w+)` \|", README, re.MULTILINE)) == COMMANDS


def test_the_example_configuration_is_read_as_it_stands(tmp_path: Path) -> None:
    block = re.search(r"```toml\n(.*?)```", README, re.DOTALL)
    assert block is not None
    (tmp_path / "pyproject.toml").write_text(block[1])
    project = find_project(tmp_path)
    assert project.settings.scheme == "ogx-2026-04"
    assert project.settings_for(tmp_path / "tests/2025/x.json").scheme == "ogx-2025-07"
    (scheme,) = project.settings.schemes
    assert (scheme.name, scheme.name_length, len(scheme.forms[0].fields)) == ("acme", 16, 3)
