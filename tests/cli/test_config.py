"""`recctl config`: what is in force, and where it comes from."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from recctl.recordings.formats.ogx import serialise
from tests.builders import record
from tests.names import ask, old_name, write

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Run


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "recctl.toml").write_text(
        """
        exclude = ["tests/old/"]
        scheme = "acme"

        [schemes.acme]
        fields = { path = "/request/url | path", body = "/request/body" }
        drop = ["/body/*/id"]
        replace = [['a+', "é"]]
        within = ["body"]
        length = 16

        [secrets]
        patterns = { "project id" = "proj-[0-9]" }

        [[renames]]
        old = "acme"
        new = "zeta"

        [[overrides]]
        paths = ["2025/"]
        max-size = "1kB"
        keep = ["*"]
        """
    )
    return tmp_path


def test_the_configuration_as_text(run: Run, project: Path) -> None:
    outcome = run("config", cwd=project)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out == (
        f'root           = "{project.as_posix()}"  (recctl.toml)\n'
        "paths          = []  (default)\n"
        'exclude        = ["tests/old/"]  (recctl.toml)\n'
        "baseline       = null  (default)\n"
        "drift-baseline = null  (default)\n"
        'scheme         = "acme"  (recctl.toml)\n'
        "select         = []  (default)\n"
        "ignore         = []  (default)\n"
        "max-size       = 64000000  (default)\n"
        'secrets        = {"allow": [], "patterns": {"project id": "proj-[0-9]"}}  (recctl.toml)\n'
        "keep           = []  (default)\n"
        "noise          = []  (default)\n"
        "test-names     = []  (default)\n"
        "companions     = []  (default)\n"
        'schemes.acme   = {"fields": {"path": "/request/url | path", "body": "/request/body"}, '
        '"drop": ["/body/*/id"], "replace": [["a+", "é"]], "within": ["body"], "length": 16}  (recctl.toml)\n'
        'renames        = [{"old": "acme", "new": "zeta"}]  (recctl.toml)\n'
        'overrides[0]   = {"paths": ["2025/"], "max-size": 1000, "keep": ["*"]}  (recctl.toml)\n'
    )


def test_what_is_in_force_for_a_file(run: Run, project: Path) -> None:
    outcome = run("config", "2025/x.json", cwd=project)
    lines = outcome.out.splitlines()
    assert "max-size       = 1000  (recctl.toml, overrides)" in lines
    assert 'keep           = ["*"]  (recctl.toml, overrides)' in lines
    assert "noise          = []  (default)" in lines
    assert not any(line.startswith("overrides") for line in lines)


def test_a_value_that_is_the_default_is_from_where_it_stands(run: Run, tmp_path: Path) -> None:
    (tmp_path / "recctl.toml").write_text('max-size       = "64MB"\nkeep = []\nexclude = []\n')
    lines = run("config").out.splitlines()
    assert "max-size       = 64000000  (recctl.toml)" in lines
    assert {"keep           = []  (recctl.toml)", "exclude        = []  (recctl.toml)"} < {*lines}
    assert "noise          = []  (default)" in lines


def test_an_override_that_changes_nothing_is_where_a_value_is_from(run: Run, tmp_path: Path) -> None:
    (tmp_path / "recctl.toml").write_text(
        'select = ["schema"]\n[[overrides]]\npaths = ["2025/"]\nmax-size = "64MB"\nselect = ["schema"]\n'
    )
    lines = run("config", "2025/x.json").out.splitlines()
    assert {
        'select         = ["schema"]  (recctl.toml, overrides)',
        "max-size       = 64000000  (recctl.toml, overrides)",
    } < {*lines}
    lines = run("config", "2026/x.json").out.splitlines()
    assert {'select         = ["schema"]  (recctl.toml)', "max-size       = 64000000  (default)"} < {*lines}


def test_a_file_is_that_of_its_path_from_wherever_it_is_named(run: Run, project: Path) -> None:
    (project / "tests").mkdir()
    outcome = run("config", "../2025/x.json", cwd=project / "tests")
    assert "max-size       = 1000  (recctl.toml, overrides)" in outcome.out.splitlines()


def test_the_configuration_as_json(run: Run, project: Path) -> None:
    outcome = run("config", "--format", "json", "--isolated", cwd=project)
    values: dict[str, Any] = {
        "root": project.as_posix(),
        "paths": [],
        "exclude": [],
        "baseline": None,
        "drift-baseline": None,
        "scheme": None,
        "select": [],
        "ignore": [],
        "max-size": 64_000_000,
        "secrets": {"allow": [], "patterns": {}},
        "keep": [],
        "noise": [],
        "test-names": [],
        "companions": [],
        "schemes": {},
        "renames": [],
    }
    origins = {"root": "found"}
    assert json.loads(outcome.out) == {
        "version": "recctl.config.v1",
        "values": [
            {"key": key, "value": value, "from": origins.get(key, "default")} for key, value in values.items()
        ],
        "errors": [],
    }


def test_an_unknown_format_is_told(run: Run, project: Path) -> None:
    outcome = run("config", "--format", "jsn", cwd=project)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == "error: unknown format 'jsn'\nhint: did you mean 'json'?\n"


def test_a_broken_scheme_is_told_in_a_line(run: Run, project: Path) -> None:
    (project / "recctl.toml").write_text("[schemes.acme]\nfields = '/request'\nreplace = [['(', '']]\n")
    outcome = run("config", cwd=project)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == (
        f"error: {project / 'recctl.toml'}:3: schemes.acme: replace has a broken regular expression, '(': "
        "missing ), unterminated subpattern at position 0\n"
    )


def test_names_are_held_to_a_scheme_of_ones_own(run: Run, project: Path) -> None:
    """The same in this process and in others."""
    document = record({"id": "x", "object": "chat.completion", "choices": []}, streaming=False)
    document["request"]["body"] = {"content": "aa"}
    text = '{"body": {"content": "\\u00e9"}, "path": "/v1/v1/chat/completions"}'
    good = f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.json"
    for number in range(210):
        folder = project / f"{number}/recordings"
        folder.mkdir(parents=True)
        (folder / (good if number else "wrong.json")).write_bytes(serialise(document))
    for jobs in ("1", "2"):
        outcome = run("validate", "--select", "unexplained-hash", "--no-cache", "-j", jobs, cwd=project)
        assert outcome.out == (
            "0/recordings/wrong.json: warning[unexplained-hash] no hash scheme gives it this name "
            "(recctl rehash --explain shows why; --include-unexplained re-hashes it, or record it again)\n"
        )
    outcome = run("validate", "--scheme", "acmee", cwd=project)
    assert (outcome.code, outcome.err) == (2, "error: unknown scheme 'acmee'\nhint: did you mean 'acme'?\n")


def test_a_cause_is_told_for_a_name_that_no_scheme_gives(run: Run, project: Path) -> None:
    was, now = record(None), record(None)
    was["test_id"], now["test_id"] = "tests/test_acme.py::test_a", "tests/test_zeta.py::test_a"
    basis = {"method": "POST", "endpoint": "/v1/v1/chat/completions", "body": was["request"]["body"]}
    text = json.dumps({**basis, "test_id": was["test_id"]}, sort_keys=True)
    folder = project / "tests/recordings"
    folder.mkdir(parents=True)
    name = f"{hashlib.sha256(text.encode()).hexdigest()}.json"
    (folder / name).write_bytes(serialise(now))
    outcome = run(
        "validate",
        "--select",
        "unexplained-hash",
        "--scheme",
        "ogx-2026-04",
        "--format",
        "concise",
        cwd=project,
    )
    assert outcome.out == (
        f"tests/recordings/{name}: warning[unexplained-hash] before acme became zeta (test_id), "
        "ogx-2026-04 gave it this name\n"
    )


@pytest.mark.parametrize("command", ["validate", "show", "diff", "rehash", "prune", "restore x", "config"])
def test_a_scheme_that_there_is_not_stops_every_command(run: Run, tmp_path: Path, command: str) -> None:
    (tmp_path / "recctl.toml").write_text('[[overrides]]\npaths = ["tests/"]\nscheme = "ogx-2026-4"\n')
    outcome = run(*command.split())
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == "error: unknown scheme 'ogx-2026-4'\nhint: did you mean 'ogx-2026-04'?\n"


def test_init_writes_what_fits_and_takes_today_s_findings_down(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "tests/recordings"
    old = ask("Name a lake.")
    for question in ("Hello?", "Bye?"):
        write(folder, ask(question))
    write(folder, old, old_name(old))
    outcome = run("config", "--init")
    assert (outcome.code, outcome.out) == (0, "")
    assert outcome.err == (
        "3 recordings of ogx\n"
        "66 % of those that are named after a hash have the names of ogx-2026-04\n"
        "wrote recctl.toml:\n"
        '  paths = ["tests"]\n'
        '  scheme = "ogx-2026-04"\n'
        '  baseline = "recctl-baseline.json"\n'
        "wrote 6 findings to recctl-baseline.json, which are known from now on:\n"
        "  1 outdated-hash (error)\n"
        "  3 misplaced (warning)\n"
        "  2 volatile-field (warning)\n"
        "recctl validate fails for what is new; recctl undo 1 takes this back\n"
        "recctl help hooks says how to run it at each commit, and in CI\n"
    )
    assert (tmp_path / "recctl.toml").read_text() == (
        'paths = ["tests"]\nscheme = "ogx-2026-04"\nbaseline = "recctl-baseline.json"\n'
    )
    known = run("validate")
    assert (known.code, known.err) == (
        0,
        "checked 3 recordings: nothing new\n6 findings are known to recctl-baseline.json\n",
    )
    assert run("validate", "--baseline", "").code == 1
    assert run("validate", cwd=folder).code == 0
    again = run("config", "--init")
    assert (again.code, again.err) == (
        2,
        "error: recctl.toml configures recctl already\nhint: edit it; recctl config shows it\n",
    )
    assert run("undo").code == 0
    assert not (tmp_path / "recctl.toml").exists()
    assert not (tmp_path / "recctl-baseline.json").exists()


def test_init_adds_a_table_to_what_configures_the_project(run: Run, tmp_path: Path) -> None:
    before = '[project]\nname = "x"'
    (tmp_path / "pyproject.toml").write_text(before)
    write(tmp_path / "recordings", ask("Hello?"))
    assert run("config", "--init").code == 0
    text = (tmp_path / "pyproject.toml").read_text()
    assert text == before + '\n\n[tool.recctl]\npaths = ["recordings"]\nscheme = "ogx-2026-04"\n' + (
        'baseline = "recctl-baseline.json"\n'
    )
    assert run("validate").code == 0


def test_init_needs_recordings(run: Run, tmp_path: Path) -> None:
    outcome = run("config", "--init")
    assert (outcome.code, outcome.err) == (
        2,
        "error: there are no recordings here to configure recctl for\nhint: run it where they are\n",
    )
    assert not (tmp_path / "recctl.toml").exists()


def test_recctl_alone_says_what_is_here_and_how_to_begin(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "tests/recordings", ask("Hello?"))
    outcome = run()
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out == (
        "1 recording of ogx\n"
        "100 % of those that are named after a hash have the names of ogx-2026-04\n"
        "\n"
        "For recctl.toml, or below [tool.recctl] in pyproject.toml:\n"
        "\n"
        '  paths = ["tests"]\n'
        '  scheme = "ogx-2026-04"\n'
        "\n"
        "recctl config --init writes that, and a baseline of today's findings:\n"
        "then recctl validate fails for what is new.\n"
        "recctl --help lists the commands, recctl help the manual.\n"
    )
    (tmp_path / "recctl.toml").write_text("")
    assert run().err.startswith("Usage: recctl [OPTIONS] COMMAND")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('paths = ["a"]\n\nshceme = "a"\n', "{path}:3: unknown key 'shceme'\nhint: did you mean 'scheme'?"),
        ("# max-size\nmax-size = -1\n", "{path}:2: max-size should be a size, such as 500kB or 64MB"),
        (
            '[[overrides]]\npaths = ["x"]\nkepe = ["y"]\n',
            "{path}:3: overrides[0]: unknown key 'kepe'\nhint: did you mean 'keep'?",
        ),
        ('[secret]\nallow = ["x"]\n', "{path}:1: unknown key 'secret'\nhint: did you mean 'secrets'?"),
    ],
)
def test_what_is_wrong_with_a_key_is_told_with_its_line(
    text: str, message: str, run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "recctl.toml"
    path.write_text(text)
    outcome = run("config")
    assert (outcome.code, outcome.err) == (2, f"error: {message.format(path=path)}\n")
