"""What commands print as JSON is what their published schemas say."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator

from recctl.checks.schema import list_output_schemas, read_output_schema
from tests.builders import chunk, delta, record
from tests.cli.conftest import CHECKOUT
from tests.names import AGAIN, ask, old_name, write

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Run

EXAMPLES = CHECKOUT / "examples"

COMMANDS = {
    "validate": ["validate bad", "validate bad nowhere"],
    "show": ["show good", "show bad", "show good --part request"],
    "diff": ["diff diff/before diff/after --noise"],
    "rehash": ["rehash", "rehash --to ogx-2025-10", "mv tests tests/new"],
    "explain": ["rehash --explain tests"],
    "prune": ["prune --grade superseded --grade duplicate"],
    "restore": ["restore tests", "restore nothing.json"],
    "undo": ["undo --list", "undo"],
    "rules": ["rules", "rules secret"],
    "config": ["config"],
    "list": ["list", "list good", "list --group-by model", "list --where text~lake"],
    "threads": ["list --tree good"],
    "stats": ["stats good"],
    "find": ["find test_reply", "find 0123456789ab", "find --request request.json"],
    "drift": ["drift --tracked track.json"],
}
"""Commands by the schemas of what they print, in a folder that has something for each."""


@pytest.fixture
def project(tmp_path: Path, run: Run) -> Path:
    (tmp_path / "recctl.toml").write_text('scheme = "ogx-2026-04"\n')
    for name in ("good", "bad", "diff"):
        shutil.copytree(EXAMPLES / name, tmp_path / name)
    folder = tmp_path / "tests/integration/inference/recordings"
    old, gone = ask("Name a lake."), ask("Bye?")
    for document in (ask("Hello?"), ask("Hello?", body=AGAIN), record([chunk(delta(content="Hi"))])):
        write(folder, document)
    write(folder, old, old_name(old))
    path = write(folder, gone)
    (tmp_path / "request.json").write_text(json.dumps({**old["request"], "test_id": old["test_id"]}))
    cassette = tmp_path / "tests/cassettes/test_chat/test_hello.yaml"
    cassette.parent.mkdir(parents=True)
    shutil.copy(EXAMPLES / "good/tests/cassettes/test_chat/test_hello.yaml", cassette)
    (tmp_path / "track.json").write_text(
        json.dumps(
            {
                "version": "recctl.track.v2",
                "complete": True,
                "reason": None,
                "opened": [],
                "unopened": [],
                "tests": {},
                "recorders": ["vcrpy"],
                "loaded": {},
                "unheard": [],
                "plays": [],
                "missed": [],
                "troubles": [],
                "errors": [],
            }
        )
    )
    assert (
        run(
            "rehash", path.relative_to(tmp_path).as_posix(), "--set", "/request/body/model", "x", "--apply"
        ).code
        == 0
    )
    return tmp_path


@pytest.mark.parametrize("name", COMMANDS)
def test_what_a_command_prints_is_what_its_schema_says(name: str, run: Run, project: Path) -> None:
    validator = Draft202012Validator(json.loads(read_output_schema(f"outputs/{name}")))
    for command in COMMANDS[name]:
        outcome = run(*command.split(), "--format", "json", cwd=project)
        assert outcome.out, outcome.err
        validator.validate(json.loads(outcome.out))


def test_every_output_has_a_schema_and_every_schema_is_sound() -> None:
    assert [*list_output_schemas()] == sorted(f"outputs/{name}" for name in COMMANDS)
    for name in list_output_schemas():
        schema = json.loads(read_output_schema(name))
        Draft202012Validator.check_schema(schema)
        assert schema["$id"] == f"https://recctl.dev/schemas/{name}.schema.json"
        assert schema["properties"]["version"] == {"const": f"recctl.{name.removeprefix('outputs/')}.v1"}


def test_a_schema_of_an_output_is_printed(run: Run) -> None:
    assert run("schema", "outputs/list").out == read_output_schema("outputs/list")
    assert "outputs/validate" in run("schema", "--list").out.splitlines()
    assert run("schema", "outputs/lst").err == (
        "error: unknown schema 'outputs/lst'\nhint: did you mean 'outputs/list'?\n"
    )
