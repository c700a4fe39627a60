"""`recctl validate` on names: what is found, replaced, ahead, edited, and of which there are others."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from recctl.naming.engine import identify
from recctl.project import Place
from tests.builders import TEST_ID, read
from tests.names import AGAIN, ask, current_name, old_name, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Run

FOLDER = "tests/integration/inference/recordings"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with a configured scheme, where only names matter."""
    (tmp_path / "recctl.toml").write_text('scheme = "ogx-2026-04"\nignore = ["volatile-field"]\n')
    return tmp_path


@pytest.fixture
def held(project: Path) -> Path:
    """The project, with recordings that an older scheme has named: two replaced ones, and one stranded."""
    for text in ("1", "2"):
        write(project / FOLDER, ask(text), old_name(ask(text)))
        write(project / FOLDER, ask(text, body=AGAIN))
    write(project / FOLDER, ask("3"), old_name(ask("3")))
    return project


def test_what_is_stranded_is_an_error_and_what_was_replaced_a_line(run: Run, held: Path) -> None:
    stranded, wanted = old_name(ask("3")), current_name(ask("3"))
    told = (
        f"{FOLDER}/{stranded}: error[outdated-hash] ogx-2025-07 gives it this name, ogx-2026-04 looks for "
        f"{wanted} (recctl rehash gives it that name)\n"
    )
    outcome = run("validate", cwd=held)
    assert outcome.code == 1
    assert outcome.out == (
        f"{told}warning[outdated-hash] 2 recordings have older names, and others have taken their places: "
        "recctl prune takes them away (-v lists them)\n"
    )
    replaced, by = old_name(ask("1")), current_name(ask("1", body=AGAIN))
    verbose = run("validate", f"{FOLDER}/{replaced}", cwd=held)
    told = f"{current_name(ask('1'))}; {FOLDER}/{by} has taken its place (recctl prune takes it away)"
    assert verbose.code == 0
    assert verbose.out == (
        f"{FOLDER}/{replaced}: warning[outdated-hash] ogx-2025-07 gives it this name, ogx-2026-04 looks for "
        f"{told}\n"
    )
    listed = json.loads(run("validate", "--format", "json", cwd=held).out)["findings"]
    assert sorted((finding["severity"], finding["test_id"]) for finding in listed) == [
        ("error", TEST_ID),
        ("warning", TEST_ID),
        ("warning", TEST_ID),
    ]


def test_what_has_taken_a_place_need_not_be_held_to_a_scheme_itself(run: Run, held: Path) -> None:
    replaced, by = old_name(ask("1")), current_name(ask("1", body=AGAIN))
    (held / "recctl.toml").write_text(
        'ignore = ["volatile-field"]\n'
        f'[[overrides]]\npaths = ["{FOLDER}/{replaced}"]\nscheme = "ogx-2026-04"\n'
    )
    outcome = run("validate", "--select", "outdated-hash", cwd=held)
    assert outcome.code == 0
    assert outcome.out == (
        f"{FOLDER}/{replaced}: warning[outdated-hash] ogx-2025-07 gives it this name, ogx-2026-04 looks for "
        f"{current_name(ask('1'))}; {FOLDER}/{by} has taken its place (recctl prune takes it away)\n"
    )


def test_a_file_that_was_found_before_it_was_edited_is_an_error(
    run: Run, project: Path, git: Callable[..., str]
) -> None:
    path = write(project / FOLDER, ask("1"))
    git("add", ".")
    git("commit", "-qm", "1")
    path.write_bytes(path.read_bytes().replace(b'"content": "1"', b'"content": "2"'))
    told = "no hash scheme gives it this name; the recorder found it until a change that is not committed"
    outcome = run("validate", "--scheme", "ogx-2026-04", "--format", "concise", cwd=project)
    assert (outcome.code, outcome.out) == (
        1,
        f"{path.relative_to(project)}: error[unexplained-hash] {told} edited it\n",
    )
    git("commit", "-qam", "2")
    digits = git("rev-parse", "HEAD")[:12]
    outcome = run("validate", "--scheme", "ogx-2026-04", "--format", "concise", cwd=project)
    assert outcome.out.endswith(f"; the recorder found it until commit {digits} edited it\n")


def test_a_newer_scheme_s_name_is_no_outdated_one(run: Run, project: Path) -> None:
    document = ask("score: 0.5")
    recording = read(document)
    wanted = identify(recording, Place("", "")).wanted
    path = write(project / FOLDER, document, wanted)
    outcome = run("validate", "--scheme", "ogx-2026-03", cwd=project)
    assert outcome.code == 0
    assert outcome.out == (
        f"{path.relative_to(project)}: warning[newer-hash] ogx-2026-04 gives it this name, which is newer "
        "than ogx-2026-03 (set scheme to ogx-2026-04 if the recorder goes by it; rehash leaves it alone)\n"
    )
    assert run("rehash", "--apply", cwd=project).code == 0
    (project / "recctl.toml").write_text('scheme = "ogx-2026-03"\n')
    outcome = run("rehash", "--apply", cwd=project)
    assert (outcome.code, path.exists()) == (0, True)
    assert "1 ahead" in outcome.err
    run("rehash", "--apply", "--to", "ogx-2026-03", cwd=project)
    assert not path.exists()


@pytest.mark.parametrize(("other_request", "other_reply"), [(False, False), (True, False), (False, True)])
def test_of_a_duplicate_it_is_told_what_it_shares_and_prune_counts_as_many(
    run: Run, project: Path, other_request: bool, other_reply: bool
) -> None:
    found, other = ask("at 0.123456781"), ask("at 0.123456781", "Bye" if other_reply else "Hello")
    if other_request:
        other = ask("at 0.123456782")
    first = write(project / FOLDER, found, identify(read(found), Place("", "")).wanted)
    second = write(project / FOLDER, other, f"{'1' * 64}.json")
    (finding,) = [
        finding
        for finding in json.loads(
            run("validate", "--scheme", "ogx-2026-04", "--format", "json", cwd=project).out
        )["findings"]
        if finding["rule"] == "duplicate-recording"
    ]
    request = "a request that is the same to ogx-2026-04" if other_request else "the same request"
    reply = "another reply" if other_reply else "the same reply"
    assert finding["path"] == second.relative_to(project).as_posix()
    assert finding["message"] == (
        f"{first.relative_to(project)} records {request} with {reply}, and has the name that the recorder "
        "looks for"
    )
    assert ("keep" in finding["hint"]) is not (other_request or other_reply)
    pruned = json.loads(
        run("prune", "--scheme", "ogx-2026-04", "--grade", "duplicate", "--format", "json", cwd=project).out
    )
    assert [file["path"] for file in pruned["files"] if file["grade"] == "duplicate"] == [finding["path"]]


def test_a_copy_has_the_same_reply_though_its_id_is_that_of_the_first(run: Run, project: Path) -> None:
    document = ask("1")
    name = current_name(document)
    for piece in document["response"]["body"]:
        piece["__data__"]["id"] = f"rec-{name[:12]}"
    write(project / FOLDER, document)
    write(project / FOLDER, document, f"{'1' * 64}.json")
    outcome = run("validate", "--scheme", "ogx-2026-04", "--select", "duplicate-recording", cwd=project)
    assert " records the same request with the same reply, " in outcome.out
