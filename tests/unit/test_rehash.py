"""Names, folders and contents that recordings get: what moves, what follows, what is held back."""

from __future__ import annotations

import json
import os
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recctl.base.errors import RecctlError
from recctl.changes.plan import undo
from recctl.checks.stream import find_volatile_fields
from recctl.input.sources import select
from recctl.naming.engine import CURRENT, RELEASED, get_scheme, identify
from recctl.project import Place, Project, Rename, Settings
from recctl.recordings.formats.ogx import serialise
from recctl.recordings.load import load
from recctl.recordings.recording import Recording
from recctl.rehash import Action, Explained, explain_all, moving, report
from recctl.rehash.collisions import find_collisions
from recctl.rehash.edits import Edits, edit, find_changes, parse_setting, rename_test
from recctl.rehash.moving import rehash
from recctl.rehash.orders import NEWEST, Orders
from recctl.rehash.redaction import Redaction
from recctl.rehash.spelling import spell
from recctl.wire import assemble
from tests.builders import TEST_ID, chunk, delta, read, record, source
from tests.names import AGAIN, ask, current_name, hash_request, old_name, write

if TYPE_CHECKING:
    from pathlib import Path

    from recctl.rehash import RehashReport

FOLDER = "tests/integration/inference/recordings"
FOLDER_OF_TESTS = "tests/integration/inference"
COMMON = "tests/integration/common/recordings"
OLD_FOLDER = "tests/integration/recordings/responses"
NO_EDITS = Edits()


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project; the current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def carry_out(
    root: Path,
    *paths: str,
    applied: bool = True,
    edits: Edits = NO_EDITS,
    noise: tuple[str, ...] = (),
    **orders: Any,
) -> RehashReport:
    project = Project(root, settings=Settings(scheme="ogx-2026-04", noise=noise))
    selection = select(project, paths or (".",))
    return rehash(project, selection, Orders(edits=edits, **orders), applied=applied)


def files(root: Path) -> dict[str, Any]:
    """What lies in a project, by path; recordings as JSON."""
    return {
        path.relative_to(root).as_posix(): json.loads(path.read_bytes())
        for path in sorted(root.rglob("*.json"))
        if ".recctl" not in path.parts
    }


def actions(found: RehashReport) -> dict[str, tuple[str | None, str | None]]:
    """By file name: what becomes of it, and what is said of that."""
    return {
        entry.facts.location.name: (entry.action and entry.action.value, entry.remark)
        for entry in found.entries
    }


def with_ids(document: dict[str, Any], reply_id: str) -> dict[str, Any]:
    for item in document["response"]["body"]:
        item["__data__"]["id"] = reply_id
    return document


# --- what moves without an edit -----------------------------------------------------------------------------


def test_a_stranded_recording_gets_its_name_and_nothing_in_it_changes(root: Path) -> None:
    path = write(root / FOLDER, ask("Hello"), old_name(ask("Hello")))
    content = path.read_bytes()
    found = carry_out(root)
    assert actions(found) == {path.name: ("move", None)}
    assert not path.exists()
    assert (root / FOLDER / current_name(ask("Hello"))).read_bytes() == content
    assert actions(carry_out(root)) == {current_name(ask("Hello")): (None, None)}


def test_a_dry_run_says_the_same_and_changes_nothing(root: Path) -> None:
    write(root / FOLDER, ask("Hello"), old_name(ask("Hello")))
    before = files(root)
    planned = carry_out(root, applied=False)
    assert files(root) == before
    assert not (root / ".recctl").exists()
    assert actions(planned) == actions(carry_out(root))


def test_the_id_of_the_reply_follows_the_name_in_every_chunk(root: Path) -> None:
    old = old_name(ask("Hello"))
    document = record([chunk(delta(content="a")), chunk(delta(finish_reason="stop"))])
    document["request"] = ask("Hello")["request"]
    with_ids(document, f"rec-{old[:12]}")
    write(root / FOLDER, document, old)
    found = carry_out(root)
    name = current_name(document)
    (moved,) = files(root).values()
    assert moved == with_ids(document, f"rec-{name[:12]}")
    assert found.entries[0].changes == (
        "/response/body/0/__data__/id",
        "/response/body/1/__data__/id",
    )


def test_the_id_of_another_name_stays_and_is_told(root: Path) -> None:
    document = with_ids(ask("Hello"), "rec-0123456789ab")
    path = write(root / FOLDER, document, old_name(document))
    remark = "its reply has the id of another name, rec-0123456789ab, and keeps it"
    assert actions(carry_out(root)) == {path.name: ("move", remark)}
    assert files(root) == {f"{FOLDER}/{current_name(document)}": document}


def test_the_id_of_the_name_to_come_is_no_other(root: Path) -> None:
    document = with_ids(ask("Hello"), f"rec-{current_name(ask('Hello'))[:12]}")
    path = write(root / FOLDER, document, old_name(document))
    assert actions(carry_out(root)) == {path.name: ("move", None)}


def test_where_a_later_request_quotes_the_id_the_recording_is_held_back(root: Path) -> None:
    old = old_name(ask("Hello"))
    write(root / FOLDER, with_ids(ask("Hello"), f"rec-{old[:12]}"), old)
    other = "tests/integration/inference/test_other.py::t"
    quoting = write(root / FOLDER, ask(f"Go on from rec-{old[:12]}", test_id=other))
    stranded = write(root / FOLDER, ask("Bye"), old_name(ask("Bye")))
    found = carry_out(root)
    shown = quoting.relative_to(root).as_posix()
    remark = f"its reply's id rec-{old[:12]} would change, and the request of {shown} quotes it"
    assert actions(found) == {
        old: ("hold-back", remark),
        quoting.name: (None, None),
        stranded.name: ("move", None),
    }


def test_a_replaced_recording_is_left_to_prune_unless_it_is_included(root: Path) -> None:
    old = write(root / FOLDER, ask("Hello"), old_name(ask("Hello")))
    write(root / FOLDER, ask("Hello", body=AGAIN))
    assert actions(carry_out(root))[old.name] == (None, None)
    assert actions(carry_out(root, include_replaced=True))[old.name] == ("move", None)


def test_an_unexplained_recording_moves_only_when_it_is_included(root: Path) -> None:
    path = write(root / FOLDER, ask("Hello"), f"{'0' * 64}.json")
    assert actions(carry_out(root)) == {path.name: (None, None)}
    assert actions(carry_out(root, include_unexplained=True)) == {path.name: ("move", None)}
    assert list(files(root)) == [f"{FOLDER}/{current_name(ask('Hello'))}"]


def test_a_model_list_gets_todays_digest(root: Path) -> None:
    model = "openai.types.model.Model"
    body = [{"__type__": model, "__data__": {"id": name, "object": "model"}} for name in ("b", "a")]
    document = record(body, streaming=False, url="http://localhost/v1/v1/models", endpoint="/v1/models")
    of_week = f"models-{hash_request(document, with_test_id=False)[:12]}-a8f8f3e2.json"
    path = write(root / FOLDER, document, of_week)
    assert actions(carry_out(root, include_unexplained=True)) == {path.name: ("move", None)}
    digest = sha256(b"a|b").hexdigest()[:8]
    assert list(files(root)) == [f"{FOLDER}/models-{hash_request(document)}-{digest}.json"]


# --- older layouts ------------------------------------------------------------------------------------------


def old_layout(root: Path) -> dict[str, Any]:
    document = ask("Hello")
    del document["test_id"], document["id_normalization_mapping"]
    write(root / OLD_FOLDER, document, old_name(document))
    return document


def test_the_first_layout_migrates_without_a_test_as_the_recorder_does(root: Path) -> None:
    document = old_layout(root)
    (root / "tests/integration/recordings/index.sqlite").touch()
    found = carry_out(root, include_without_test=True)
    assert files(root) == {f"{COMMON}/{current_name(document)}": document}
    assert found.old_indexes == ("tests/integration/recordings/index.sqlite",)


@pytest.mark.parametrize("test_id", [None, TEST_ID])
def test_what_was_never_made_constant_need_not_be_under_its_new_name(test_id: str | None) -> None:
    document = record([chunk(delta(content="a", finish_reason="stop"), id="chatcmpl-1", created=7)])
    del document["test_id"], document["id_normalization_mapping"]
    named = document if test_id is None else {"test_id": test_id, **document}
    assert list(find_volatile_fields(read(named, current_name(named)))) == []
    today = {**named, "id_normalization_mapping": {}}
    assert len(list(find_volatile_fields(read(today, current_name(named))))) == 2


@pytest.mark.parametrize("by", ["name", "path", "all"])
def test_with_the_id_of_its_test_it_goes_to_its_test(root: Path, by: str) -> None:
    document = old_layout(root)
    name = old_name(document)
    keys = {"name": name, "path": f"{OLD_FOLDER}/{name}"}
    edits = Edits(test_ids={keys[by]: (TEST_ID,)}) if by in keys else Edits(test_id=TEST_ID)
    carry_out(root, edits=edits)
    named = {"test_id": TEST_ID, **document}
    assert files(root) == {f"{FOLDER}/{current_name(named)}": named}
    (path,) = (root / FOLDER).iterdir()
    assert path.read_bytes() == serialise(named)


def test_what_several_tests_use_is_copied_for_each(root: Path) -> None:
    document = old_layout(root)
    name = old_name(document)
    tests = (TEST_ID, "tests/a/test_b.py::test_c", "tests/a/test_b.py::test_d")
    found = carry_out(root, edits=Edits(test_ids={name: tests}))
    by_test = {test: {"test_id": test, **document} for test in tests}
    folders = (FOLDER, "tests/a/recordings", "tests/a/recordings")
    paths = [
        f"{folder}/{current_name(named)}" for folder, named in zip(folders, by_test.values(), strict=True)
    ]
    assert files(root) == dict(zip(paths, by_test.values(), strict=True))
    (entry,) = found.entries
    assert (entry.action, entry.new_path, list(entry.copies)) == (Action.MOVE, paths[0], paths[1:])
    assert found.deleted == ()
    undo(root)
    assert files(root) == {f"{OLD_FOLDER}/{name}": document}


def test_where_a_copy_has_no_place_all_stays(root: Path) -> None:
    document = old_layout(root)
    other = {"test_id": "tests/a/test_b.py::test_c", **document}
    write(root / "tests/a/recordings", {**other, "id_normalization_mapping": {"x": "y"}}, current_name(other))
    before = files(root)
    edits = Edits(test_ids={old_name(document): (TEST_ID, "tests/a/test_b.py::test_c")})
    found = carry_out(root, edits=edits)
    assert [entry.action for entry in found.entries if entry.action] == [Action.HOLD_BACK]
    assert files(root) == before


def test_what_names_no_test_is_held_back_unless_it_is_included(root: Path) -> None:
    document = old_layout(root)
    before = files(root)
    held = ("hold-back", "names no test, and no test would look for the name that it would get")
    assert actions(carry_out(root)) == {old_name(document): held}
    assert actions(carry_out(root, edits=Edits(test_ids={"x": (TEST_ID,), old_name(document): ()}))) == {
        old_name(document): held
    }
    assert files(root) == before
    assert actions(carry_out(root, include_without_test=True)) == {old_name(document): ("move", None)}
    assert list(files(root)) == [f"{COMMON}/{current_name({'test_id': None, **document})}"]


def test_what_names_its_test_as_null_or_needs_none_is_moved(root: Path) -> None:
    null = ask("score: 0.5", test_id=None)
    older = get_scheme("ogx-2026-03")
    assert older is not None
    old, _ = (str(identify(read(null), Place("", ""), scheme).wanted) for scheme in (older, CURRENT))
    write(root / FOLDER, null, old)
    assert actions(carry_out(root)) == {old: ("move", None)}
    tool = ask("x")
    del tool["test_id"]
    tool["request"] = {"provider": "tavily", "tool_name": "search", "kwargs": {"query": "x"}}
    old = str(identify(read(tool), Place("", ""), RELEASED[0]).wanted)
    write(root / FOLDER, tool, old)
    assert actions(carry_out(root))[old] == ("move", None)


# --- collisions ---------------------------------------------------------------------------------------------


def collide(root: Path, *replies: str) -> list[Path]:
    """Recordings in folders a, b, … of one request with these replies, left behind by the first scheme."""
    found = []
    for folder, reply in zip("abc", replies, strict=False):
        document = ask("Hello", reply, test_id=None)
        found.append(write(root / f"recordings/{folder}/responses", document, old_name(document)))
    return found


def test_what_wants_one_name_is_held_back_and_all_others_move(root: Path) -> None:
    one, two = collide(root, "Hello", "Good day")
    other = ask("Bye", test_id=None)
    write(root / "recordings/a/responses", other, old_name(other))
    found = carry_out(root)
    assert found.count_actions(Action.HOLD_BACK) == 2
    assert found.count_actions(Action.MOVE) == 1
    assert one.exists()
    assert two.exists()
    (collision,) = found.collisions
    assert [(member.path, member.difference) for member in collision.members] == [
        (one.relative_to(root).as_posix(), "the first of them"),
        (two.relative_to(root).as_posix(), "other wording"),
    ]
    assert collision.wanted == f"common/recordings/{current_name(ask('Hello', test_id=None))}"


def describe(root: Path, *bodies: Any, **settings: Any) -> str:
    """How a second reply to the same request differs, when the last of them, or both, are these."""
    one, two = collide(root, "Hello", "Hello")
    for path, body in zip((two, one), reversed(bodies), strict=False):
        document = json.loads(path.read_bytes())
        document["response"]["body"] = body
        path.write_bytes(serialise(document))
    (collision,) = carry_out(root, applied=False, **settings).collisions
    assert collision.members[0].path == one.relative_to(root).as_posix()
    return collision.members[1].difference


_ALL_BUT_NOISE = "the same reply, but for ids and counters"
CALL = {"index": 0, "id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}


def call(id_: str, arguments: str = "{}") -> list[Any]:
    """A reply that calls a tool."""
    made = {**CALL, "id": id_, "function": {"name": "f", "arguments": arguments}}
    return [chunk(delta(tool_calls=[made], finish_reason="tool_calls"))]


@pytest.mark.parametrize(
    ("body", "difference"),
    [
        ([chunk(delta(content="Hello", finish_reason="stop"), id="chatcmpl-1")], "the same file"),
        (
            [chunk(delta(content="Hello", finish_reason="stop"), id="rec-ffffffffffff", created=7)],
            "the same reply, but for ids and counters",
        ),
        (
            [chunk(delta(content="Hel")), chunk(delta(content="lo", finish_reason="stop"))],
            "the same reply, but for ids and counters",
        ),
        ([chunk(delta(content="Hello", finish_reason="length"))], "another finish reason"),
        ([chunk(delta(content="Hello"))], "one reply failed or broke off"),
        ([chunk(delta(content="Hello", tool_calls=[CALL], finish_reason="stop"))], "other tool calls"),
    ],
)
def test_how_members_differ_is_told_in_a_few_words(root: Path, body: Any, difference: str) -> None:
    assert describe(root, body) == difference


SAID = delta(content="Hello", finish_reason="stop")


@pytest.mark.parametrize(
    ("one", "two", "noise", "difference"),
    [
        ([chunk(SAID, timings={"ms": 1})], [chunk(SAID, timings={"ms": 2})], (), _ALL_BUT_NOISE),
        ([chunk(SAID, x_trace="a")], [chunk(SAID, x_trace="b")], (), "other wording"),
        ([chunk(SAID, x_trace="a")], [chunk(SAID, x_trace="b")], ("x_trace",), _ALL_BUT_NOISE),
        (call("1"), call("2"), (), "the same reply, but for what later requests repeat"),
        (call("1"), call("1", "{ }"), (), "the same reply, but for what later requests repeat"),
        (call("1"), call("1", '{"a": 1}'), (), "other tool calls"),
    ],
)
def test_what_is_noise_to_diff_is_noise_here_but_for_what_is_quoted(
    root: Path, one: Any, two: Any, noise: tuple[str, ...], difference: str
) -> None:
    assert describe(root, one, two, noise=noise) == difference


def test_the_preferred_one_gets_the_name_and_the_other_goes_to_the_trash(root: Path) -> None:
    one, two = collide(root, "Hello", "Good day")
    found = carry_out(root, prefer=(two.relative_to(root).as_posix(),))
    kept = f"{two.relative_to(root).as_posix()} is kept: preferred"
    assert [(entry.action, entry.remark) for entry in found.entries] == [
        (Action.DELETE, kept),
        (Action.MOVE, kept),
    ]
    name = current_name(ask("Hello", test_id=None))
    (moved,) = files(root).items()
    assert moved[0] == f"common/recordings/{name}"
    assert moved[1]["response"]["body"][0]["__data__"]["choices"][0]["delta"] == {"content": "Good day"}
    assert undo(root).refusals == ()
    assert one.exists()
    assert two.exists()


def test_the_newest_is_the_one_that_was_changed_last(root: Path) -> None:
    one, two = collide(root, "Hello", "Good day")
    os.utime(one, (2_000_000_000, 2_000_000_000))
    os.utime(two, (1_000_000_000, 1_000_000_000))
    (collision,) = carry_out(root, prefer=(NEWEST,)).collisions
    assert (collision.kept and collision.kept.location, collision.why) == (one, "the newest")


def test_what_goes_while_it_is_looked_at_is_held_back(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = write(root / OLD_FOLDER, ask("Hello"), old_name(ask("Hello")))
    kept = write(root / FOLDER, ask("Hello"), old_name(ask("Hello")))

    def find(*arguments: Any) -> Any:
        gone.unlink()
        return find_collisions(*arguments)

    monkeypatch.setattr(moving, "find_collisions", find)
    found = carry_out(root, prefer=(NEWEST,))
    shown = gone.relative_to(root).as_posix()
    assert [(entry.action, entry.remark) for entry in found.entries] == [
        (Action.HOLD_BACK, f"{shown} is gone"),
        (Action.HOLD_BACK, "is gone"),
    ]
    assert kept.exists()


def test_replies_that_agree_are_merged_and_others_are_not(root: Path) -> None:
    collide(root, "Hello", "Hello", "Hello")
    found = carry_out(root, merges=True)
    assert [entry.action for entry in found.entries] == [Action.MOVE, Action.DELETE, Action.DELETE]
    assert len(files(root)) == 1
    undo(root)
    collide(root, "Hello", "Hello", "Good day")
    assert carry_out(root, merges=True).count_actions(Action.HOLD_BACK) == 3


def test_a_file_that_was_not_looked_at_is_never_overwritten(root: Path) -> None:
    document = ask("Hello", test_id=None)
    old = write(root / FOLDER, document, old_name(document))
    current = write(root / FOLDER, ask("Hello", "Good day", test_id=None))
    found = carry_out(root, old.relative_to(root).as_posix())
    assert actions(found) == {
        old.name: ("hold-back", f"would get the same name as {current.relative_to(root).as_posix()}")
    }
    found = carry_out(root, old.relative_to(root).as_posix(), prefer=(old.relative_to(root).as_posix(),))
    assert found.deleted == (current.relative_to(root).as_posix(),)
    assert files(root) == {f"{FOLDER}/{current.name}": document}


def test_a_preference_for_what_collides_with_nothing_is_an_error(root: Path) -> None:
    write(root / FOLDER, ask("Hello"))
    with pytest.raises(RecctlError, match=r"x\.json would get no name that another recording would get"):
        carry_out(root, prefer=("x.json",))


def test_names_can_be_swapped_and_passed_on(root: Path) -> None:
    documents = [ask(text) for text in ("a", "b", "c", "d")]
    names = [current_name(document) for document in documents]
    write(root / FOLDER, documents[0], names[1])
    write(root / FOLDER, documents[1], names[0])
    write(root / FOLDER, documents[2], names[3])
    write(root / FOLDER, documents[3], f"{'0' * 64}.json")
    found = carry_out(root, include_unexplained=True)
    assert found.count_actions(Action.MOVE) == 4
    assert files(root) == dict(sorted((f"{FOLDER}/{current_name(d)}", d) for d in documents))


def test_what_waits_in_a_row_for_a_name_that_stays_waits_altogether(root: Path) -> None:
    documents = [ask(str(number)) for number in range(5)]
    names = [current_name(document) for document in documents]
    write(root / FOLDER, ask("other"), names[0])  # which nobody moves: it explains nothing
    for document, name in zip(documents, [*names[1:], f"{'1' * 64}.json"], strict=True):
        write(root / FOLDER, document, name)
    (root / FOLDER / names[0]).write_text("{}")
    found = carry_out(root, include_unexplained=True)
    assert {action for action, _ in actions(found).values()} == {"hold-back"}
    assert len(actions(found)) == 5


def test_what_waits_for_a_name_that_is_held_back_is_held_back_too(root: Path) -> None:
    documents = [ask(text) for text in ("a", "b", "c")]
    names = [current_name(document) for document in documents]
    write(root / FOLDER, documents[0], names[1])  # wants what nobody has
    one = write(root / FOLDER, documents[1], names[2])  # would get the name of the first
    two = write(root / FOLDER, ask("b", "Good day"), f"{'0' * 64}.json")  # as this one does
    waiting = write(root / FOLDER, documents[2], f"{'1' * 64}.json")
    found = carry_out(root, include_unexplained=True)
    shown = {path: path.relative_to(root).as_posix() for path in (one, two, waiting)}
    assert actions(found) == {
        names[1]: ("move", None),
        one.name: ("hold-back", f"would get the same name as {shown[two]}"),
        two.name: ("hold-back", f"would get the same name as {shown[one]}"),
        waiting.name: ("hold-back", f"would get the name of {shown[one]}, which stays"),
    }


def test_a_recording_outside_the_root_is_refused(root: Path) -> None:
    inner = root / "project"
    inner.mkdir()
    path = write(root / "recordings", ask("Hello"), old_name(ask("Hello")))
    found = carry_out(inner, "recordings")
    ((action, remark),) = actions(found).values()
    assert (action, remark) == ("hold-back", "is not a path below the root")
    assert path.exists()


# --- edits --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "test_id", "renamed"),
    [
        (
            "a/test_x.py::test_y[1]",
            "a/test_x.py::test_z[2]",
            "a/test_x.py::test_y[1]",
            "a/test_x.py::test_z[2]",
        ),
        (
            "a/test_x.py::test_y",
            "a/test_x.py::test_z",
            "a/test_x.py::test_y[k=1]",
            "a/test_x.py::test_z[k=1]",
        ),
        ("a/test_x.py::test_y", "a/test_x.py::test_z", "a/test_x.py::test_y2[k=1]", None),
        ("a/test_x.py", "b/test_x.py", "a/test_x.py::C::test_y", "b/test_x.py::C::test_y"),
        ("a/test_x.py::C", "a/test_x.py::D", "a/test_x.py::C::test_y", "a/test_x.py::D::test_y"),
        ("a", "b", "a/test_x.py::test_y", "b/test_x.py::test_y"),
        ("a/", "b/", "a/test_x.py::test_y", "b/test_x.py::test_y"),
        ("a", "b", "ab/test_x.py::test_y", None),
        ("test_x.py", "test_z.py", "a/test_x.py::test_y", None),
        ("", "b", "a/test_x.py::test_y", None),
    ],
)
def test_ids_are_renamed_only_as_far_as_a_whole_part(
    old: str, new: str, test_id: str, renamed: str | None
) -> None:
    assert rename_test(test_id, [Rename(old, new)])[0] == (renamed or test_id)


def test_of_several_renames_the_most_specific_one_fits() -> None:
    renames = [Rename("a", "b"), Rename("a/test_x.py", "c/test_x.py")]
    assert rename_test("a/test_x.py::t", renames) == ("c/test_x.py::t", renames[1])
    assert rename_test("a/test_y.py::t", renames) == ("b/test_y.py::t", renames[0])


def test_recordings_follow_their_test_to_another_folder(root: Path) -> None:
    write(root / FOLDER, ask("Hello"))
    apart = write(root / FOLDER, ask("Bye", test_id="tests/integration/inference/test_other.py::t"))
    rename = Rename("tests/integration/inference/test_chat.py", "tests/unit/test_talk.py")
    found = carry_out(root, edits=Edits(tests=(rename,)))
    moved = ask("Hello", test_id="tests/unit/test_talk.py::test_reply[model=small]")
    assert set(files(root)) == {
        f"tests/unit/recordings/{current_name(moved)}",
        apart.relative_to(root).as_posix(),
    }
    assert found.is_narrow
    ((changes),) = [entry.changes for entry in found.entries if entry.action]
    assert changes == ("/test_id",)


def test_an_http_request_names_its_test_a_second_time(root: Path) -> None:
    request = {"test_id": TEST_ID, "url": "http://x/v1/messages", "method": "POST", "payload": {"a": 1}}
    document = {**ask("Hello"), "request": request}
    name = sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()
    write(root / FOLDER, document, f"{name}.json")
    carry_out(root, edits=Edits(tests=(Rename(TEST_ID, "tests/x/test_y.py::t"),)))
    request["test_id"] = "tests/x/test_y.py::t"
    name = sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()
    assert files(root) == {
        f"tests/x/recordings/{name}.json": {**document, "test_id": "tests/x/test_y.py::t", "request": request}
    }


def test_a_leftover_follows_its_test_and_stays_a_leftover(root: Path) -> None:
    old = write(root / FOLDER, ask("Hello"), old_name(ask("Hello")))
    again = write(root / FOLDER, ask("Hello", body=AGAIN))
    unexplained = write(root / FOLDER, ask("Hi"), f"{'0' * 64}.json")
    found = carry_out(root, edits=Edits(tests=(Rename(TEST_ID, "tests/x/test_y.py::t"),)))
    shown = again.relative_to(root).as_posix()
    assert actions(found) == {
        old.name: ("move", f"stays a leftover, since {shown} has replaced it"),
        again.name: ("move", None),
        unexplained.name: (
            "move",
            "keeps its name, which nothing explains; --include-unexplained gives it the right one",
        ),
    }
    moved = ask("Hello", body=AGAIN, test_id="tests/x/test_y.py::t")
    assert {path.rpartition("/")[2] for path in files(root)} == {
        old.name,
        current_name(moved),
        unexplained.name,
    }


def test_a_request_is_edited_and_gets_the_name_of_what_it_asks_now(root: Path) -> None:
    write(root / FOLDER, ask("Hello"))
    settings = (
        parse_setting("/request/body/temperature", "0.5", adds=True),
        parse_setting("/request/body/model", "large"),
        parse_setting("/request/model", '"large"'),
        parse_setting("/request/body/messages/0/content", "[1]"),
        parse_setting("/request/headers", None),
    )
    urls = (Rename("http://localhost:8000", "https://x"), Rename("http", "ftp"))
    carry_out(root, edits=Edits(settings=settings, urls=(urls[0],)))
    document = ask("Hello")
    document["request"]["body"] |= {"temperature": 0.5, "model": "large"}
    document["request"]["body"]["messages"][0]["content"] = [1]
    document["request"]["model"] = "large"
    document["request"]["url"] = "https://x/v1/v1/chat/completions"
    del document["request"]["headers"]
    assert files(root) == {f"{FOLDER}/{current_name(document)}": document}


def test_what_no_hash_covers_is_edited_in_place(root: Path) -> None:
    path = write(root / FOLDER, ask("Hello"))
    found = carry_out(root, edits=Edits(settings=(parse_setting("/request/headers/x", "1", adds=True),)))
    assert actions(found) == {path.name: ("edit", None)}
    assert files(root)[path.relative_to(root).as_posix()]["request"]["headers"] == {"x": 1}


def test_true_and_1_are_not_the_same(root: Path) -> None:
    document = ask("Hello")
    document["request"]["body"]["n"] = 1
    write(root / FOLDER, document)
    carry_out(root, edits=Edits(settings=(parse_setting("/request/body/n", "true"),)))
    document["request"]["body"]["n"] = True
    assert list(files(root)) == [f"{FOLDER}/{current_name(document)}"]


@pytest.mark.parametrize(
    ("edits", "message"),
    [
        (
            Edits(tests=(Rename("tests/nope", "x"),)),
            "no recording that was looked at is of a test tests/nope",
        ),
        (
            Edits(urls=(Rename("ftp:", "x"),)),
            "no recording that was looked at has a url that begins with ftp:",
        ),
        (Edits(settings=(parse_setting("/request/nope", None),)), "/request/nope names nothing"),
        (Edits(settings=(parse_setting("/request/body/nope/x", "1"),)), "/request/body/nope/x names nothing"),
        (Edits(settings=(parse_setting("/request/body/messages/7", "1"),)), "/request/body/messages/7 names"),
        (
            Edits(settings=(parse_setting("/request/body/messages/-1", "1"),)),
            "/request/body/messages/-1 names",
        ),
    ],
)
def test_an_edit_that_fits_nothing_is_an_error(root: Path, edits: Edits, message: str) -> None:
    path = write(root / FOLDER, ask("Hello"))
    with pytest.raises(RecctlError, match=message.replace("+", r"\+")):
        carry_out(root, edits=edits)
    assert path.exists()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            FOLDER_OF_TESTS,
            "../elsewhere",
            "'../elsewhere/test_chat.py::test_reply[model=small]' is no test below the root",
        ),
        (FOLDER_OF_TESTS, "/etc", "'/etc/test_chat.py::test_reply[model=small]' is no test below the root"),
        (
            FOLDER_OF_TESTS,
            "tests//x",
            "'tests//x/test_chat.py::test_reply[model=small]' is no test below the root",
        ),
        (FOLDER_OF_TESTS, "", "'/test_chat.py::test_reply[model=small]' is no test below the root"),
        (FOLDER_OF_TESTS, "a\n", "is no test below the root"),
        (
            f"{FOLDER_OF_TESTS}/test_chat.py",
            "tests/x/",
            "'tests/x::test_reply[model=small]' names no test of a file, as",
        ),
        (TEST_ID, "tests/x.py", "'tests/x.py' names no test of a file, as"),
    ],
)
def test_a_test_that_there_cannot_be_is_refused_before_anything_moves(
    root: Path, old: str, new: str, message: str
) -> None:
    path = write(root / FOLDER, ask("Hello"))
    for edits in (Edits(tests=(Rename(old, new),)), Edits(moved_files=(Rename(old, new),))):
        with pytest.raises(RecctlError) as raised:
            carry_out(root, edits=edits)
        assert message in raised.value.message
    assert list(files(root)) == [path.relative_to(root).as_posix()]


@pytest.mark.parametrize("test_id", ["", "../x.py::t", "/x.py::t", "tests/./x.py::t"])
def test_neither_is_one_given_to_a_recording_that_has_none(root: Path, test_id: str) -> None:
    path = write(root / FOLDER, ask("Hello", test_id=None))
    setting = parse_setting("/test_id", json.dumps(test_id))
    for edits in (
        Edits(test_id=test_id),
        Edits(test_ids={path.name: (test_id,)}),
        Edits(settings=(setting,)),
    ):
        with pytest.raises(RecctlError, match="is no test below the root"):
            carry_out(root, edits=edits)
    assert path.exists()


@pytest.mark.parametrize(
    ("pointer", "value", "message"),
    [
        ("/request/url", "3", "/request/url has to stay a string"),
        ("/request/url", None, "/request/url has to stay a string"),
        ("/request/method", "null", "/request/method has to stay a string"),
        ("/request/body", "[]", "/request/body has to stay an object"),
        ("/test_id", "5", "a test's id is a string, or null"),
        ("/request/test_id", "{}", "a test's id is a string, or null"),
    ],
)
def test_an_edit_leaves_a_request_that_a_recorder_could_have_made(
    root: Path, pointer: str, value: str | None, message: str
) -> None:
    path = write(root / FOLDER, ask("Hello"))
    with pytest.raises(RecctlError) as raised:
        carry_out(root, edits=Edits(settings=(parse_setting(pointer, value, adds=True),)))
    assert raised.value.message == f"{path.relative_to(root).as_posix()}: {message}"


def test_a_broken_request_can_be_mended(root: Path) -> None:
    document = ask("Hello")
    write(root / FOLDER, {**document, "request": {**document["request"], "url": None}}, "a.json")
    edits = Edits(settings=(parse_setting("/request/url", document["request"]["url"]),))
    carry_out(root, edits=edits, include_unexplained=True)
    assert files(root) == {f"{FOLDER}/{current_name(document)}": document}


def test_a_number_that_json_cannot_hold_is_refused() -> None:
    with pytest.raises(RecctlError, match="1e999 is too large a number"):
        parse_setting("/request/body/n", "[1e999]")


def test_what_nests_too_deeply_is_not_written(root: Path) -> None:
    path = write(root / FOLDER, ask("Hello"))
    with pytest.raises(RecctlError, match="the value for /request/body/n nests too deeply"):
        parse_setting("/request/body/n", "[" * 300 + "]" * 300)
    deep = "[" * 253 + "]" * 253
    found = carry_out(root, edits=Edits(settings=(parse_setting("/request/body/n", deep, adds=True),)))
    remark = "could not be written so that it is read again: does it nest too deeply?"
    assert actions(found) == {path.name: ("hold-back", remark)}


@pytest.mark.parametrize(
    ("old", "new", "url"),
    [
        ("http://host:80", "http://new", None),
        ("http://host:8000", "http://new", "http://new/v1/chat"),
        ("http://host", "http://new", "http://new:8000/v1/chat"),
        ("http:", "https:", "https://host:8000/v1/chat"),
        ("http://host:8000/", "http://new/x/", "http://new/x/v1/chat"),
        ("", "http://new", None),
    ],
)
def test_urls_begin_with_whole_parts(root: Path, old: str, new: str, url: str | None) -> None:
    document = ask("Hello")
    document["request"]["url"] = "http://host:8000/v1/chat"
    write(root / FOLDER, document)
    edits = Edits(urls=(Rename(old, new),))
    if url is None:
        with pytest.raises(RecctlError, match="has a url that begins with"):
            carry_out(root, edits=edits)
    else:
        carry_out(root, edits=edits)
        assert [found["request"]["url"] for found in files(root).values()] == [url]


def test_a_folder_whose_name_is_too_long_is_refused(root: Path) -> None:
    path = write(root / FOLDER, ask("Hello"))
    found = carry_out(root, edits=Edits(tests=(Rename(FOLDER_OF_TESTS, "x" * 300),)))
    ((action, remark),) = actions(found).values()
    assert action == "hold-back"
    assert remark is not None
    assert "name too long" in remark
    assert path.exists()


def test_ids_for_tests_of_other_recordings_are_an_error(root: Path) -> None:
    write(root / FOLDER, ask("Hello", test_id=None))
    with pytest.raises(RecctlError, match="none of the recordings that were looked at"):
        carry_out(root, edits=Edits(test_ids={"nope.json": (TEST_ID,)}))


@pytest.mark.parametrize("pointer", ["", "request/body", "/response/body", "/request", "/id", "/test_id/x"])
def test_a_pointer_leads_into_the_request(pointer: str) -> None:
    with pytest.raises(RecctlError, match="does not lead to a part of the request"):
        parse_setting(pointer, "1")


def test_git_s_renames_need_not_fit_anything(root: Path) -> None:
    write(root / FOLDER, ask("Hello"))
    renames = (Rename("tests/conftest.py", "tests/x.py"),)
    assert carry_out(root, edits=Edits(moved_files=renames)).count_actions(Action.MOVE) == 0


def test_moved_files_are_those_of_the_folder_at_which_test_ids_start(root: Path) -> None:
    for package in ("one", "two"):
        write(root / package / FOLDER, ask("Hello"))
    test = TEST_ID.partition("::")[0]
    renames = (Rename(f"one/{test}", "one/tests/integration/moved/test_new.py"),)
    carry_out(root, edits=Edits(moved_files=renames))
    moved = ask("Hello", test_id=TEST_ID.replace(test, "tests/integration/moved/test_new.py"))
    assert files(root) == {
        f"one/tests/integration/moved/recordings/{current_name(moved)}": moved,
        f"two/{FOLDER}/{current_name(ask('Hello'))}": ask("Hello"),
    }


# --- nothing else in the file changes -----------------------------------------------------------------------


def as_recorded(document: dict[str, Any], **style: Any) -> Recording:
    content = json.dumps(document, **style).encode("utf-8", "surrogatepass")
    (recording,) = load(source(content))
    assert isinstance(recording, Recording)
    return recording


@pytest.mark.parametrize("style", [{"indent": 4}, {"ensure_ascii": False}, {"separators": (",", ":")}])
def test_a_file_of_another_style_keeps_it(style: dict[str, Any]) -> None:
    document = ask("Grüße €", test_id="täst")
    recording = as_recorded(document, **style)
    changed = json.loads(json.dumps(document))
    changed["test_id"] = 'new "name"'
    changed["request"]["url"] = "https://x"
    expected = recording.source.content.replace(
        json.dumps(document["test_id"], ensure_ascii=style.get("ensure_ascii", True)).encode(),
        b'"new \\"name\\""',
    ).replace(b"http://localhost:8000/v1/v1/chat/completions", b"https://x")
    assert spell(recording, changed) == expected


def test_of_a_key_that_is_repeated_the_value_that_counts_changes(root: Path) -> None:
    path = write(root / FOLDER, ask("Hello"))
    repeated = path.read_bytes().replace(b'"test_id":', b'"test_id": "a.py::b",\n  "test_id":', 1)
    path.write_bytes(repeated)
    new_id = "tests/integration/inference/test_new.py::t"
    carry_out(root, edits=Edits(tests=(Rename(TEST_ID, new_id),)))
    moved = root / FOLDER / current_name(ask("Hello", test_id=new_id))
    assert moved.read_bytes() == repeated.replace(TEST_ID.encode(), new_id.encode())


def test_a_file_of_another_style_is_not_given_new_keys() -> None:
    recording = as_recorded(ask("Hello"), indent=4)
    assert spell(recording, {**recording.document, "new": 1}) is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(json_values, st.text(), st.sampled_from([None, 1, 3]))
def test_only_what_was_changed_changes(value: Any, text: str, indent: int | None) -> None:
    document = {**ask("Hello", test_id=text), "x": value}
    recording = as_recorded(document, indent=indent)
    changed = {**recording.document, "test_id": text + "!"}
    content = spell(recording, changed)
    assert content is not None
    assert json.loads(content) == changed
    expected = recording.source.content.replace(json.dumps(text).encode(), json.dumps(text + "!").encode(), 1)
    assert content == expected


@given(json_values, json_values)
def test_changes_are_where_documents_differ(old: Any, new: Any) -> None:
    changes = list(find_changes({"x": old}, {"x": new}))
    assert bool(changes) == (json.dumps(old, sort_keys=True) != json.dumps(new, sort_keys=True))


# --- redaction ----------------------------------------------------------------------------------------------

SECRET = "proj-7Ab3-0042"  # noqa: S105  (of nobody)


def redact(document: dict[str, Any], *values: str) -> dict[str, Any]:
    return edit(read(document), Edits(redaction=Redaction(values)), set())


def test_a_mask_is_of_the_same_kind() -> None:
    hidden = redact(ask(f"I am {SECRET}!", f"Hello {SECRET}"), SECRET)
    text = json.dumps(hidden)
    assert SECRET not in text
    assert hidden["request"]["body"]["messages"][0]["content"] == "I am xxxx-9Xx9-9999!"
    assert text.count("xxxx-9Xx9-9999") == 2


def test_values_that_look_alike_stay_apart_and_no_mask_is_a_value() -> None:
    values = ["1234", "5678", "9999", "12345"]
    hidden = redact(ask(" ".join(values)), *values)
    masks = hidden["request"]["body"]["messages"][0]["content"].split()
    assert len(set(masks)) == 4
    assert not set(masks) & set(values)
    assert redact(ask(" ".join(values)), *values) == hidden


def test_the_longest_value_is_masked_first() -> None:
    hidden = redact(ask("secret secretive"), "secret", "secretive")
    masks = hidden["request"]["body"]["messages"][0]["content"].split()
    assert [len(mask) for mask in masks] == [6, 9]
    assert masks[1] == "x" * 9


def test_keys_numbers_and_what_is_json_inside_a_text_are_masked_too() -> None:
    document = ask("x")
    document["request"]["body"] |= {
        SECRET: 1,
        "project": 123456789012,
        "arguments": json.dumps({"q": 'say "abcd"'}),
        "path": "a%2Fbcd",
    }
    hidden = redact(document, SECRET, "123456789012", '"abcd"', "a/bcd")
    body = hidden["request"]["body"]
    assert body["xxxx-9Xx9-9999"] == 1
    assert body["project"] == 999999999999
    assert json.loads(body["arguments"]) == {"q": 'say "xxxx"'}
    assert body["path"] == "x%2Fxxx"


def stream(*pieces: str) -> dict[str, Any]:
    return record([*(chunk(delta(content=piece)) for piece in pieces), chunk(delta(finish_reason="stop"))])


def test_a_value_that_is_spread_over_chunks_is_masked_in_each() -> None:
    hidden = redact(stream("I am pr", "oj-7Ab", "3-0042", "!"), SECRET)
    deltas = [item["__data__"]["choices"][0]["delta"] for item in hidden["response"]["body"]]
    assert [part.get("content") for part in deltas] == ["I am xx", "xx-9Xx", "9-9999", "!", None]


def test_a_token_of_a_log_probability_keeps_its_bytes_in_step() -> None:
    document = stream("secret", "ive")
    for item, token in zip(document["response"]["body"], ("secret", "ive"), strict=False):
        logprobs = {"content": [{"token": token, "bytes": [*token.encode()], "logprob": -1.0}]}
        item["__data__"]["choices"][0]["logprobs"] = logprobs
    hidden = redact(document, "secretive")
    found = [item["__data__"]["choices"][0]["logprobs"] for item in hidden["response"]["body"][:2]]
    assert [entry["content"][0]["bytes"] for entry in found] == [[*b"xxxxxx"], [*b"xxx"]]


NOT_MASKED = (
    "what is to be redacted is spread over its chunks, part of a number, in base64, or under a key that is "
    "repeated: record it again"
)


def list_events(*texts: str) -> list[str]:
    """Anthropic's events of a reply that begins with the first of some texts, and goes on with the others."""
    first, *others = texts
    start = 'data:{"type":"content_block_start","index":0,"content_block":{"type":"text","text":"_"}}'
    delta = 'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"_"} }'
    return [
        'data: {"type":"message_start","message":{"role":"assistant"}}',
        start.replace('"_"', f'"{first}"'),
        *(delta.replace('"_"', f'"{text}"') for text in others),
        'data: {"type":"message_stop"}',
        "data: [DONE]",
    ]


def test_a_value_that_is_spread_over_events_is_masked_in_each() -> None:
    hidden = redact(record(list_events("", "so secr", "eti", "ve it is")), "secretive")
    assert hidden["response"]["body"] == list_events("", "so xxxx", "xxx", "xx it is")


def test_what_cannot_be_masked_is_held_back(root: Path) -> None:
    path = write(root / FOLDER, record(list_events("secr", "etive")))
    other = write(root / FOLDER, ask("is it secretive?"))
    found = carry_out(root, edits=Edits(redaction=Redaction(["secretive"])))
    assert actions(found) == {path.name: ("hold-back", NOT_MASKED), other.name: ("move", None)}


@pytest.mark.parametrize("rest", ["nothing", "secretive"])
def test_what_stands_under_a_key_that_is_repeated_is_noticed(root: Path, rest: str) -> None:
    path = write(root / FOLDER, ask("Hello", reply=rest))
    content = path.read_bytes().replace(b'"url":', b'"url": "http://secretive/",\n    "url":')
    path.write_bytes(content)
    found = carry_out(root, edits=Edits(redaction=Redaction(["secretive"])))
    assert actions(found) == {path.name: ("hold-back", NOT_MASKED)}
    assert path.read_bytes() == content


def test_what_is_part_of_a_number_is_noticed(root: Path) -> None:
    document = ask("Hello")
    document["request"]["body"]["seed"] = 123456
    path = write(root / FOLDER, document)
    found = carry_out(root, edits=Edits(redaction=Redaction(["2345"])))
    assert actions(found) == {path.name: ("hold-back", NOT_MASKED)}


def test_a_redacted_recording_gets_the_name_of_its_redacted_request(root: Path) -> None:
    write(root / FOLDER, ask(f"I am {SECRET}"))
    found = carry_out(root, edits=Edits(redaction=Redaction([SECRET])))
    masked = ask("I am xxxx-9Xx9-9999")
    assert files(root) == {f"{FOLDER}/{current_name(masked)}": masked}
    assert SECRET not in repr(found)


def test_a_secret_key_is_not_told_as_a_pointer(root: Path) -> None:
    document = ask("x")
    document["request"]["body"]["se/cret"] = 1
    write(root / FOLDER, document)
    (entry,) = carry_out(root, edits=Edits(redaction=Redaction(["se/cret"]))).entries
    assert entry.changes == ("/request/body/xx~1xxxx", "/request/body/xx~1xxxx")


@pytest.mark.parametrize("value", ["abc", "-----", "1"])
def test_what_would_be_found_everywhere_is_refused(value: str) -> None:
    with pytest.raises(RecctlError, match="value 2 of those to redact is shorter than 4 letters and digits"):
        Redaction(["long enough", value])


@pytest.mark.parametrize("value", ["request", "respons", "__data__", "true", "test_id"])
def test_what_recordings_are_made_of_is_not_masked(value: str) -> None:
    with pytest.raises(RecctlError, match="value 1 of those to redact is part of a word that all recordings"):
        Redaction([value])


words = st.text("ax9X ", min_size=4, max_size=6).filter(lambda text: any(map(str.isalnum, text)))


@given(st.lists(words, min_size=1, max_size=3), st.integers(1, 5))
def test_what_is_left_of_a_value_is_noticed(values: list[str], size: int) -> None:
    try:
        masks = Redaction(values)
    except RecctlError:
        return
    text = "".join(values)
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    recording = read(edit(read(stream(*pieces)), Edits(redaction=masks), set()))
    said = assemble(recording).choices[0].message.content or ""
    assert len(said) == len(text)
    if any(value in said for value in values):
        assert masks.is_left_in(recording)


# --- reports ------------------------------------------------------------------------------------------------


def test_a_check_fails_for_the_stranded_alone_unless_it_is_strict(root: Path) -> None:
    write(root / FOLDER, ask("Hello"), f"{'0' * 64}.json")
    project = Project(root, settings=Settings(scheme="ogx-2026-04"))
    found = report(project, select(project, ["."]), Orders())
    assert found.find_failures(strict=False) == []
    assert len(found.find_failures(strict=True)) == 1
    write(root / FOLDER, ask("Bye"), old_name(ask("Bye")))
    found = report(project, select(project, ["."]), Orders())
    assert len(found.find_failures(strict=False)) == 1
    nobody = Project(root)
    found = report(nobody, select(nobody, ["."]), Orders())
    assert found.find_failures(strict=True) == []


def test_every_scheme_is_explained(tmp_path: Path) -> None:
    name = write(tmp_path, ask("Hello")).name
    (explained,) = explain_all(select(Project(tmp_path), [str(tmp_path)]))
    assert isinstance(explained, Explained)
    assert explained.cause is None
    current = next(found for found in explained.explanations if found.scheme.name == "ogx-2026-04")
    assert (current.matches, current.names) == (True, (name,))
    assert current.text is not None
    assert sha256(current.text.encode()).hexdigest() == current.digest
