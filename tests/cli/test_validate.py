"""`recctl validate`: what it says about files of every sort, and how it exits."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from typing import TYPE_CHECKING

import pytest

from recctl.checks.run import list_rules
from recctl.input.sources import LOOKED_FOR
from tests.builders import TEST_ID
from tests.cli.conftest import CHECKOUT
from tests.names import ask
from tests.names import write as write_recording

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Run

GOOD = CHECKOUT / "examples/good/tests/inference/recordings"
NAME = "a969023fd4367b0fb303b6b225812d96c21c6bae06f40aca1d5a7fe1c970c6d7.json"
FOLDER = "tests/inference/recordings"
SOUND = (GOOD / NAME).read_bytes()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with a configured scheme and one sound recording, where its recorder would look for it."""
    (tmp_path / "recctl.toml").write_text('scheme = "ogx-2026-04"\n')
    write(tmp_path, f"{FOLDER}/{NAME}", SOUND)
    return tmp_path


def write(folder: Path, name: str, content: bytes) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def test_a_sound_folder_is_silent_but_for_the_summary(run: Run, project: Path) -> None:
    outcome = run("validate", cwd=project)
    assert (outcome.code, outcome.out, outcome.err) == (0, "", "checked 1 recording: all sound\n")


def test_quiet_leaves_the_summary_out(run: Run, project: Path) -> None:
    outcome = run("validate", "-q", cwd=project)
    assert (outcome.code, outcome.out, outcome.err) == (0, "", "")


def test_a_finding_is_a_line_with_place_rule_and_remedy(run: Run, project: Path) -> None:
    write(project, f"{FOLDER}/{NAME}", SOUND[:700])
    outcome = run("validate", cwd=project)
    assert outcome.code == 1
    assert outcome.out == (
        f"{FOLDER}/{NAME}:28:12: error[invalid-json] the file ends before its value does: it is cut off "
        "(record it again, or take it from git's history)\n"
    )
    assert outcome.err == "checked 1 recording: 1 error\n"


def test_sarif_has_all_rules(run: Run, project: Path) -> None:
    driver = json.loads(run("validate", "--format", "sarif", cwd=project).out)["runs"][0]["tool"]["driver"]
    assert [rule["id"] for rule in driver["rules"]] == [rule.name for rule in list_rules()]


def test_exit_zero_reports_and_forgives(run: Run, project: Path) -> None:
    write(project, f"{FOLDER}/{NAME}", b"")
    outcome = run("validate", "--exit-zero", cwd=project)
    assert outcome.code == 0
    assert "error[invalid-json]" in outcome.out


def test_warnings_fail_only_when_strict(run: Run, project: Path) -> None:
    write(project, f"{FOLDER}/{NAME}", json.dumps(json.loads(SOUND)).encode())
    assert run("validate", cwd=project).code == 0
    outcome = run("validate", "--strict", cwd=project)
    assert outcome.code == 1
    assert outcome.out == (
        f"{FOLDER}/{NAME}: warning[formatting] not written as the recorder writes it (indent 2, ASCII, "
        "a newline at the end) (rewrite it with json.dump(recording, file, indent=2) and a newline, "
        "or let --fix do it)\n"
    )


BAD_CONTENT = {
    "an empty file": (b"", "1:1: error[invalid-json] the file is empty"),
    "a web page": (b"mirror of\n{}", "1:1: error[invalid-json] not JSON: a value should be where"),
    "a binary": (b"\x89PNG\r\n\x1a\n\0\0", "3:1: error[invalid-json] the file is binary"),
    "UTF-16": (SOUND.decode().encode("utf-16"), "1:1: error[invalid-json] the file is UTF-16, not UTF-8"),
    "an array": (b"[]", " error[not-a-recording] not a recording: JSON, but an array and not an object"),
    "a text": (b'"x"', " error[not-a-recording] not a recording: JSON, but a string and not an object"),
    "NaN": (SOUND.replace(b": 21,", b": NaN,"), "48:28: error[invalid-json] NaN is not a JSON value"),
    "deep nesting": (b"[" * 100_000, "error[invalid-json] values nest more than 254 deep"),
    "a number without end": (b"[" + b"7" * 2_000_000, "error[invalid-json]"),
}  # fmt: skip


@pytest.mark.parametrize("kind", BAD_CONTENT)
def test_what_is_in_a_file_is_a_finding(run: Run, project: Path, kind: str) -> None:
    content, expected = BAD_CONTENT[kind]
    write(project, "bad.json", content)
    outcome = run("validate", "bad.json", "--format", "concise", cwd=project)
    assert outcome.code == 1
    assert outcome.out.count("\n") == 1
    assert expected in outcome.out
    assert outcome.err == "checked 1 recording: 1 error\n"


def test_lone_surrogates_load(run: Run, project: Path) -> None:
    write(project, "lone.json", SOUND.replace(b"Mercury is", b"Mercury \\ud83d is"))
    outcome = run("validate", "lone.json", "--isolated", cwd=project)
    assert outcome.code == 0


CHECK = "check the path and its permissions"


def test_files_that_cannot_be_opened_exit_with_2(run: Run, project: Path) -> None:
    (project / "loop.json").symlink_to("loop.json")
    outcome = run("validate", "missing.json", "loop.json", cwd=project)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == (
        f"error: loop.json: can't be opened: too many levels of symbolic links ({CHECK})\n"
        f"error: missing.json: can't be opened: no such file or directory ({CHECK})\n"
        "checked 0 recordings\n"
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_exits_with_2(run: Run, project: Path) -> None:
    (project / FOLDER / NAME).chmod(0)
    outcome = run("validate", cwd=project)
    assert outcome.code == 2
    assert "can't be opened: permission denied" in outcome.err


def test_2_wins_over_1(run: Run, project: Path) -> None:
    write(project, "bad.json", b"")
    outcome = run("validate", "bad.json", "missing.json", cwd=project)
    assert outcome.code == 2
    assert "bad.json:1:1: error[invalid-json]" in outcome.out


def test_a_file_that_is_too_large_is_not_read(run: Run, project: Path) -> None:
    with (project / "large.json").open("wb") as file:
        file.truncate(200_000_000)
    outcome = run("validate", "large.json", cwd=project)
    assert outcome.code == 1
    assert outcome.out == (
        "large.json: error[large-file] the file is larger than 64 MB and was not read "
        "(a recording this large is hardly one; if it is, raise max-size)\n"
    )


def test_a_folder_without_recordings_is_sound_and_empty(run: Run, tmp_path: Path) -> None:
    write(tmp_path, "package.json", b'{"name": "x"}')
    outcome = run("validate", cwd=tmp_path)
    assert (outcome.code, outcome.out) == (0, "")
    told = f"no recordings found in .\nhint: {LOOKED_FOR}\n"
    assert outcome.err == f"{told}checked 0 recordings; 1 other JSON file ignored\n"
    assert run("validate", "-q", cwd=tmp_path).err == ""


@pytest.mark.parametrize("command", ["show", "prune", "rehash", "diff . ."])
def test_every_command_that_walks_says_when_it_found_nothing(run: Run, tmp_path: Path, command: str) -> None:
    outcome = run(*command.split(), cwd=tmp_path)
    assert outcome.code == 0
    assert outcome.err.startswith(f"no recordings found in .\nhint: {LOOKED_FOR}\n")


def test_a_list_of_files_is_all_there_is_even_when_it_is_empty(run: Run, project: Path) -> None:
    outcome = run("validate", "--files-from", "-", cwd=project, stdin=b"")
    assert (outcome.code, outcome.err) == (0, "checked 0 recordings\n")
    outcome = run("validate", "--files-from", "-", "-0", cwd=project, stdin=f"{FOLDER}/{NAME}\0".encode())
    assert (outcome.code, outcome.err) == (0, "checked 1 recording: all sound\n")


def test_what_a_list_holds_beside_recordings_is_passed_over(
    run: Run, project: Path, git: Callable[..., str]
) -> None:
    write(project, f"{FOLDER}/old.json", SOUND)
    write(project, f"{FOLDER}/README.md", b"not JSON")
    write(project, "elsewhere.json", SOUND)
    write(project, "package.json", b"{}")
    (project / "old.py").write_text("x")
    git("add", ".")
    git("commit", "-qm", "before")
    for name in (f"{FOLDER}/old.json", "old.py"):
        (project / name).unlink()
    for name in (f"{FOLDER}/README.md", f"{FOLDER}/{NAME}", "elsewhere.json", "package.json"):
        (project / name).write_bytes((project / name).read_bytes() + b"\n")
    listed = git("diff", "--name-only", "-z", "HEAD").encode()
    assert listed.count(b"\0") == 6
    outcome = run("validate", "--files-from", "-", "-0", "--select", "schema", cwd=project, stdin=listed)
    assert outcome.code == 0
    assert outcome.err == ("1 listed file is not there, and passed over\nchecked 2 recordings: all sound\n")


def test_standard_input_is_a_recording_of_no_name(run: Run, project: Path) -> None:
    outcome = run("validate", "-", "--max-size", "1000GB", cwd=project, stdin=SOUND)
    assert (outcome.code, outcome.err) == (0, "checked 1 recording: all sound\n")
    outcome = run("validate", "-", cwd=project, stdin=b"{")
    assert outcome.out.startswith("<stdin>:1:2: error[invalid-json]")


def test_excluded_files_are_looked_at_when_named_unless_forced(run: Run, project: Path) -> None:
    (project / "recctl.toml").write_text('scheme = "ogx-2026-04"\nexclude = ["tests/"]\n')
    assert run("validate", cwd=project).err.endswith("\nchecked 0 recordings\n")
    assert run("validate", f"{FOLDER}/{NAME}", cwd=project).err == "checked 1 recording: all sound\n"
    forced = run("validate", "--force-exclude", f"{FOLDER}/{NAME}", cwd=project)
    assert forced.err == "checked 0 recordings\n"


def test_results_go_to_a_file_on_demand(run: Run, project: Path) -> None:
    write(project, "bad.json", b"")
    outcome = run(
        "validate", "bad.json", "-o", "report.txt", "--color", "auto", cwd=project, env={"FORCE_COLOR": "1"}
    )
    assert (outcome.code, outcome.out) == (1, "")
    assert (project / "report.txt").read_text().startswith("bad.json:1:1: error[invalid-json]")


def test_json_is_the_documented_shape(run: Run, project: Path) -> None:
    write(project, "bad.json", b"{")
    outcome = run("validate", "bad.json", "missing.json", "--format", "json", cwd=project)
    assert outcome.code == 2
    assert json.loads(outcome.out) == {
        "version": "recctl.validate.v1",
        "checked": 1,
        "ignored": 0,
        "findings": [
            {
                "rule": "invalid-json",
                "severity": "error",
                "path": "bad.json",
                "index": None,
                "test_id": None,
                "line": 1,
                "column": 2,
                "pointer": None,
                "message": "the file ends before its value does: it is cut off",
                "hint": "record it again, or take it from git's history",
                "fixable": False,
            }
        ],
        "summary": {"error": 1, "warning": 0, "note": 0},
        "errors": [{"path": "missing.json", "message": "can't be opened: no such file or directory"}],
    }


def test_many_findings_are_grouped_by_rule_and_concise_lists_them(run: Run, project: Path) -> None:
    for number in range(60):
        write(project, f"recordings/{number:02}.json", b"")
    grouped = run("validate", "recordings", cwd=project)
    assert grouped.out.splitlines()[:1] == ["error[invalid-json] 60 findings"]
    assert grouped.out.splitlines()[-2:] == ["  and 57 more", "--format concise lists them all"]
    assert "can be fixed" not in grouped.out
    concise = run("validate", "recordings", "--format", "concise", cwd=project)
    assert concise.out.splitlines() == [
        f"recordings/{number:02}.json:1:1: error[invalid-json] the file is empty" for number in range(60)
    ]


def test_many_findings_are_grouped_by_test_and_the_command_that_fixes_them_can_be_pasted(
    run: Run, project: Path
) -> None:
    folder = project / "my tests/recordings"
    for number in range(60):
        write_recording(folder, ask(f"Is {number} prime?"), f"{number:064}.json")
    grouped = run("validate", "my tests", "--select", "volatile-field", cwd=project)
    lines = grouped.out.splitlines()
    assert lines[:2] == [
        "warning[volatile-field] 60 findings in 1 test",
        "  all can be fixed: recctl validate --select volatile-field --fix 'my tests'",
    ]
    assert lines[2] == f"  {TEST_ID}  60 findings"
    assert lines[3].startswith(f"    my tests/recordings/{0:064}.json:")
    assert lines[4:] == ["--format concise lists them all"]

    command = lines[1].partition(": recctl ")[2]
    assert run(*shlex.split(command), "-q", cwd=project).code == 0
    assert run("validate", "my tests", "--select", "volatile-field", cwd=project).out == ""


def test_without_a_scheme_the_likely_one_is_named_and_others_are_notes(run: Run, project: Path) -> None:
    (project / "recctl.toml").unlink()
    for path in GOOD.glob("*.json"):
        write(project, f"{FOLDER}/{path.name}", path.read_bytes())
    (project / FOLDER / NAME).rename(project / FOLDER / f"{'0' * 64}.json")
    total = len(list((project / FOLDER).iterdir()))
    outcome = run("validate", "--select", "unexplained-hash", cwd=project)
    assert (outcome.code, outcome.out) == (0, "")
    assert outcome.err == (
        f"checked {total} recordings: 1 note (-v shows them)\n"
        f"{total - 1} of {total} names match ogx-2026-04; set scheme to be held to it\n"
    )
    verbose = run("validate", "--select", "unexplained-hash", "-v", cwd=project)
    assert verbose.out == (
        f"{FOLDER}/{'0' * 64}.json: note[unexplained-hash] no hash scheme gives it this name "
        "(recctl rehash --explain shows why; --include-unexplained re-hashes it, or record it again)\n"
    )


def test_named_files_are_compared_with_their_folder(run: Run, project: Path) -> None:
    bad = CHECKOUT / "examples/bad/duplicate-recording" / FOLDER
    for path in bad.glob("*.json"):
        write(project, f"{FOLDER}/{path.name}", path.read_bytes())
    wanted, other = sorted(bad.glob("*.json"))
    named = run("validate", f"{FOLDER}/{other.name}", cwd=project)
    assert named.out == (
        f"{FOLDER}/{other.name}: warning[duplicate-recording] "
        f"{FOLDER}/{wanted.name} records the same request with the same reply, and has the name that the "
        "recorder looks for (keep that one: recctl prune --grade duplicate takes this one)\n"
    )
    assert run("validate", f"{FOLDER}/{wanted.name}", cwd=project).out == ""


@pytest.mark.parametrize("elsewhere", ["tests/a/recordings", "tests/old/recordings"])
def test_a_misplaced_copy_is_a_duplicate_for_every_command(run: Run, project: Path, elsewhere: str) -> None:
    write(project, f"{elsewhere}/{NAME}", SOUND)
    found = json.loads(run("validate", "--format", "json", cwd=project).out)["findings"]
    assert [(finding["rule"], finding["path"]) for finding in found] == [
        ("duplicate-recording", f"{elsewhere}/{NAME}"),
        ("misplaced", f"{elsewhere}/{NAME}"),
    ]
    pruned = json.loads(run("prune", "--grade", "duplicate", "--format", "json", cwd=project).out)["files"]
    assert [file["path"] for file in pruned if file["grade"] == "duplicate"] == [f"{elsewhere}/{NAME}"]
    checked = json.loads(run("rehash", "--check", "--format", "json", cwd=project).out)
    assert checked["summary"]["conflicts"] == 1


def test_rules_can_be_ignored_for_parts_of_the_tree(run: Run, project: Path) -> None:
    write(project, "old/recordings/x.json", b"")
    write(project, "new/recordings/x.json", b"")
    (project / "recctl.toml").write_text('[[overrides]]\npaths = ["old/"]\nignore = ["invalid-json"]\n')
    outcome = run("validate", "old", "new", cwd=project)
    assert [line.split(":")[0] for line in outcome.out.splitlines()] == ["new/recordings/x.json"]


@pytest.mark.parametrize(
    ("config", "message", "hint"),
    [
        ('shceme = "x"', "1: unknown key 'shceme'", "did you mean 'scheme'?"),
        ('ignore = "x"', "1: ignore should be a list of strings", None),
        (
            "[[overrides]]\nscheme = 'x'",
            " overrides[0] lacks 'paths'",
            "say which part of the tree it is for",
        ),
    ],
)
def test_a_wrong_configuration_is_told_with_its_file(
    run: Run, project: Path, config: str, message: str, hint: str | None
) -> None:
    (project / "recctl.toml").write_text(config)
    outcome = run("validate", cwd=project)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == f"error: {project}/recctl.toml:{message}\n" + (f"hint: {hint}\n" if hint else "")


def test_a_file_of_a_revision_is_checked_as_if_it_lay_there(run: Run, project: Path) -> None:
    git = ("git", "-c", "user.name=x", "-c", "user.email=x@example.org")
    for command in (("init", "-q"), ("add", "."), ("commit", "-qm", "x")):
        subprocess.run([*git, *command], cwd=project, check=True, capture_output=True)
    write(project, f"{FOLDER}/{NAME}", b"")
    outcome = run("validate", f"HEAD:{FOLDER}/{NAME}", cwd=project)
    assert (outcome.code, outcome.out, outcome.err) == (0, "", "checked 1 recording: all sound\n")


def test_services_get_paths_from_the_top_of_the_repository(run: Run, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "sub/recordings").mkdir(parents=True)
    (tmp_path / "sub/recordings/x.json").write_text("{")
    words = ("recordings", "gone.json")
    arguments = ("validate", "--isolated", *words, "--format")
    found = run(*arguments, "github", cwd=tmp_path / "sub").out.splitlines()
    assert [line.split(",")[0] for line in found] == [
        "::error file=sub/recordings/x.json",
        "::error file=sub/gone.json",
    ]
    (log,) = json.loads(run(*arguments, "sarif", cwd=tmp_path / "sub").out)["runs"]
    told = (*log["results"], *log["invocations"][0]["toolExecutionNotifications"])
    places = [
        place["physicalLocation"]["artifactLocation"]["uri"] for each in told for place in each["locations"]
    ]
    assert places == ["sub/recordings/x.json", "sub/gone.json"]
    assert run(*arguments, "concise", cwd=tmp_path / "sub").out.startswith("recordings/x.json:")
