"""The README says what the code does: what is generated is compared with it, commands are CI's own."""

from __future__ import annotations

import ast
import json
import re
import shlex
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
import typer
from markdown_it import MarkdownIt

from recctl.checks.run import list_rules
from recctl.cli.app import COMMANDS, app
from recctl.project import find_project
from recctl.project.schemes import KEYS
from recctl.render import list_formats
from recctl.wire.completion import NOTE_CODES
from tests.cli.conftest import CHECKOUT
from tests.docs import GENERATED, MANUAL, PART, PARTS

if TYPE_CHECKING:
    from collections.abc import Sized
    from pathlib import Path

    from tests.cli.conftest import Run

README = (CHECKOUT / "README.md").read_text()
PAGES = {path.stem: path.read_text() for path in MANUAL}


def test_the_generated_parts_are_as_a_program_writes_them() -> None:
    texts = [path.read_text() for path in GENERATED]
    assert {name for text in texts for _, name, _ in PART.findall(text)} == {*PARTS}
    for path, write in GENERATED.items():
        assert write(path.read_text()) == path.read_text(), "python -m tests.docs --write"


@pytest.mark.parametrize("text", [README, *PAGES.values()], ids=["README", *PAGES])
def test_every_table_is_one_for_a_reader_of_github_flavoured_markdown(text: str) -> None:
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    tables = [token.map for token in tokens if token.type == "table_open" and token.map]
    fences = [token.map for token in tokens if token.type == "fence" and token.map]
    in_tables, in_fences = ({n for span in spans for n in range(*span)} for spans in (tables, fences))
    looking_so = {n for n, line in enumerate(text.split("\n")) if line.startswith("|")} - in_fences
    assert looking_so == in_tables
    assert len(tables) == text.count("\n|---")


@pytest.mark.parametrize(
    ("part", "entries"), [("rules", list_rules()), ("notes", NOTE_CODES), ("keys of a scheme", KEYS)]
)
def test_a_generated_table_has_a_row_for_each_entry(part: str, entries: Sized) -> None:
    tokens = MarkdownIt("commonmark").enable("table").parse(PARTS[part]())
    assert [token.type for token in tokens].count("tr_open") == 1 + len(entries)


def test_every_note_that_the_code_makes_is_in_the_table() -> None:
    made = set()
    for path in (CHECKOUT / "recctl/wire").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in {"note", "note_once"}:
                code = node.args[0]
                made.add(code.value if isinstance(code, ast.Constant) else None)
    assert made - {None} == NOTE_CODES.keys()  # None: `note_once` itself calls `note`


def test_every_configuration_key_is_in_the_example(run: Run) -> None:
    block = re.search(r"```toml\n(.*?)```", PAGES["configuration"], re.DOTALL)
    assert block is not None
    table = tomllib.loads(block[1])["tool"]["recctl"]
    values = json.loads(run("config", "--isolated", "--format", "json").out)["values"]
    assert table.keys() == {value["key"] for value in values} - {"root"} | {"overrides"}


COMMAND_OF = {
    "findings": "validate",
    "rule_counts": "validate",
    "inventory": "list",
    "threads": "list",
    "conversation": "show",
    "comparison": "diff",
    "answers": "find",
    "restoration": "restore",
    "runs": "undo",
    "undone": "undo",
    "explanations": "rehash",
}
"""The commands that show results of a kind, where they are not called as that is."""


KINDS = sorted({path.parent.name for path in (CHECKOUT / "recctl/render").glob("*/json.py")})


@pytest.mark.parametrize("kind", KINDS)
def test_every_format_is_named_on_the_page_or_in_the_row_of_its_command(kind: str) -> None:
    command = COMMAND_OF.get(kind, kind)
    told = re.findall(rf"^\| `recctl {command}` \|.*$", README, re.MULTILINE)
    told.append(PAGES.get(command, ""))
    assert [name for name in list_formats(kind) if f"`{name}`" not in "".join(told)] == []


def test_every_command_is_in_the_table() -> None:
    assert tuple(re.findall(r"^\| `recctl (\w+)` \|", README, re.MULTILINE)) == COMMANDS


def test_the_example_configuration_is_read_as_it_stands(tmp_path: Path) -> None:
    block = re.search(r"```toml\n(.*?)```", PAGES["configuration"], re.DOTALL)
    assert block is not None
    (tmp_path / "pyproject.toml").write_text(block[1])
    project = find_project(tmp_path)
    assert project.settings.scheme == "ogx-2026-04"
    assert project.settings_for(tmp_path / "tests/2025/x.json").scheme == "ogx-2025-07"
    (scheme,) = project.settings.schemes
    assert (scheme.name, scheme.name_length, len(scheme.forms[0].fields)) == ("acme", 16, 3)


def test_the_manual_has_a_page_for_each_command_that_changes_or_judges_recordings() -> None:
    assert {"validate", "show", "diff", "rehash", "mv", "prune", "restore", "undo", "track", "drift"} <= {
        *PAGES
    }


def test_what_the_readme_and_the_manual_refer_to_is_there() -> None:
    for text in (README, *PAGES.values()):
        assert {*re.findall(r"`recctl help (\w+)`", text)} - {"TOPIC"} <= {*PAGES}
    assert all((CHECKOUT / place).exists() for place in re.findall(r"\]\(([\w/.]+)\)", README))


@pytest.mark.parametrize("text", [README, *PAGES.values()], ids=["README", *PAGES])
def test_every_command_that_is_told_of_can_be_typed(text: str) -> None:
    group: Any = typer.main.get_command(app)
    typed = re.findall(r"^\$ (.*)$|`(recctl [a-z][^`]*)`", text, re.MULTILINE)
    for part in (part.strip() for line in typed for part in re.split(r"&&|[|;>]", "".join(line))):
        if part.startswith("recctl ") and "..." not in part:
            name, *arguments = shlex.split(part.removeprefix("recctl "))
            command = group.get_command(None, name)
            if arguments:  # else it is only named
                command.make_context(name, arguments)  # raises what a user would see


def test_the_raw_diff_is_one_of_the_examples() -> None:
    block = re.search(r"```diff\n(.*?)```", README, re.DOTALL)
    assert block is not None
    (name,) = {path.name for path in CHECKOUT.glob("examples/diff/before/**/98850206b39c*.json")}
    before, after = (next((CHECKOUT / "examples/diff" / side).rglob(name)) for side in ("before", "after"))
    for sign, path in (("-", before), ("+", after)):
        kept = [line[1:] for line in block[1].splitlines() if line[0] in (" ", sign)]
        assert "\n".join(kept) in path.read_text()


def test_a_page_begins_with_its_title_and_a_sentence() -> None:
    for topic, text in PAGES.items():
        title, lead, _ = text.split("\n\n", 2)
        assert title.startswith("# "), topic
        assert lead.endswith((".", "?")), topic
        assert "\n" not in lead, topic
