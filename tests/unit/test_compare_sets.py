"""Two sets of recordings: which are paired, and why; what became of names; what many requests share."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recctl.diff import Change, ComparedPair, Comparison, FoundRename, PairVerdict, SharedChange, compare_sets
from recctl.input.sources import Target
from recctl.naming.engine import RELEASED, identify
from recctl.project import Place, Settings
from recctl.recordings.formats.ogx import serialise
from recctl.recordings.source import Source, Unread
from tests.builders import TEST_ID, chunk, delta, read, record

FOLDER = "tests/integration/inference/recordings"


class Files:
    """One side of a comparison: files by path. `blobs` says whether git's ids are known."""

    def __init__(self, *, blobs: bool = False, scheme: str | None = None) -> None:
        self.contents: dict[str, bytes] = {}
        self._blobs = blobs
        self._settings = Settings(scheme=scheme)

    def add(self, document: Any, name: str | None = None, folder: str = FOLDER) -> str:
        """Add a recording, under the name that the recorder gives it unless one is given."""
        name = name or identify(read(document), Place(folder, "x.json")).wanted
        self.contents[f"{folder}/{name}"] = serialise(document)
        return f"{folder}/{name}"

    def targets(self, side: str) -> list[Target]:
        return [
            Target(
                f"{side}/{path}",
                self._settings,
                path=Path(side, path),
                key=path,
                blob=str(hash(content)) if self._blobs else None,
            )
            for path, content in sorted(self.contents.items())
        ]


class Reader:
    """Reads targets of two sides, and remembers which."""

    def __init__(self, **sides: Files) -> None:
        self._sides = sides
        self.read: list[str] = []

    def __call__(self, target: Target) -> Source | Unread:
        self.read.append(target.name)
        side, _, path = target.name.partition("/")
        content = self._sides[side].contents[path]
        if content == b"locked":
            return Unread(target.name, "can't be opened: permission denied", "check its permissions")
        folder, _, name = path.rpartition("/")
        return Source(target.name, content, Place(folder, name), target.settings)


def compare(old: Files, new: Files) -> Comparison:
    return compare_sets(old.targets("old"), new.targets("new"), Reader(old=old, new=new))


def only(comparison: Comparison) -> ComparedPair:
    (pair,) = comparison.pairs
    return pair


def ask(text: str = "Hello", reply: str = "Hi", test_id: str | None = TEST_ID, **body: Any) -> dict[str, Any]:
    """The document of a recording in which a user says something."""
    document = record([chunk(delta(content=reply, finish_reason="stop"))])
    document["test_id"] = test_id
    messages = body.pop("messages", [{"role": "user", "content": text}])
    document["request"]["body"] = {"model": "small", "messages": messages, **body}
    return document


# Pairs


def test_the_same_path() -> None:
    old, new = Files(), Files()
    old.add(ask(reply="Hi"), "0.json")
    new.add(ask(reply="Ho"), "0.json")
    pair = only(compare(old, new))
    assert (pair.paired_by, pair.verdict) == ("the same path", PairVerdict.WORDING)
    assert pair.left is not None
    assert pair.right is not None
    assert (pair.left.name, pair.right.name) == (f"old/{FOLDER}/0.json", f"new/{FOLDER}/0.json")


def test_what_is_the_same_on_both_sides_is_only_counted() -> None:
    files = Files()
    for number in range(3):
        files.add(ask(f"Question {number}"))
    assert compare(files, files) == Comparison((), 3, (), ())


def test_what_git_knows_to_be_the_same_is_not_read() -> None:
    files = Files(blobs=True)
    files.add(ask())
    reader = Reader(old=files, new=files)
    assert compare_sets(files.targets("old"), files.targets("new"), reader).identical == 1
    assert reader.read == []


def test_the_same_name_in_another_folder() -> None:
    old, new = Files(), Files()
    name = old.add(ask(reply="Hi")).rpartition("/")[2]
    old.add(ask("moved as it is"), folder="tests/old/recordings")
    new.add(ask(reply="Ho"), name, folder="tests/moved/recordings")
    new.add(ask("moved as it is"), folder="tests/new/recordings")
    comparison = compare(old, new)
    assert only(comparison).paired_by == "the same name in another folder"
    assert comparison.identical == 1


def test_the_same_turn_of_a_test_under_a_new_name() -> None:
    old, new = Files(), Files()
    turns: list[list[dict[str, Any]]] = [[{"role": "user", "content": "Hello"}]]
    turns.append([*turns[0], {"role": "assistant", "content": "Hi"}, {"role": "tool", "content": "x"}])
    for number, messages in enumerate(turns):
        old.add(ask(reply=f"reply {number}", messages=messages))
        new.add(ask(reply=f"reply {number}", messages=messages, service_tier="default"))
    pairs = compare(old, new).pairs
    assert [(pair.paired_by, pair.verdict) for pair in pairs] == 2 * [
        ("the same test and turn", PairVerdict.REQUEST)
    ]
    assert {change.where for pair in pairs for change in pair.changes} == {"/request/body/service_tier"}


def test_a_renamed_test_is_found_by_its_question() -> None:
    old, new = Files(), Files()
    for city in ("Rome", "Oslo"):
        old.add(ask(f"The weather in {city}?", city, "tests/test_x.py::test_old[a]"))
        new.add(ask(f"The weather in {city}?", city, "tests/test_x.py::test_new[a]"))
    pairs = compare(old, new).pairs
    assert [pair.paired_by for pair in pairs] == 2 * ["the same question"]
    assert [change.where for pair in pairs for change in pair.changes] == 2 * ["/test_id"]


def test_of_many_tests_with_one_question_each_finds_its_own() -> None:
    old, new = Files(), Files()
    for parameter in ("a", "b", "c"):
        old.add(ask(reply=f"I am {parameter}", test_id=f"tests/test_x.py::test_old[{parameter}]"))
        new.add(ask(reply=f"I am {parameter}", test_id=f"tests/test_x.py::test_new[{parameter}]"))
    pairs = compare(old, new).pairs
    assert [pair.verdict for pair in pairs] == 3 * [PairVerdict.REQUEST]


def test_of_many_replies_without_text_each_finds_its_own() -> None:
    old, new = Files(), Files()
    for name in ("a", "b", "c", "d"):
        for files, test in ((old, f"test_{name}"), (new, f"test_new_{name}")):
            document = ask(reply="", test_id=f"tests/test_x.py::{test}")
            document["response"]["body"][0]["__data__"]["choices"][0]["delta"]["reasoning"] = f"I am {name}"
            files.add(document)
    pairs = compare(old, new).pairs
    assert [pair.verdict for pair in pairs] == 4 * [PairVerdict.REQUEST]


@pytest.mark.parametrize("renamed", ["tests/test_x.py::test_new_{}", "tests/test_y.py::test_{}"])
def test_tests_that_are_the_same_but_for_their_names_stay_apart(renamed: str) -> None:
    old, new = Files(), Files()
    for name in ("a", "b", "c", "d"):
        old.add(ask(test_id=f"tests/test_x.py::test_{name}"))
        new.add(ask(test_id=renamed.format(name)))
    sides = [(pair.left, pair.right) for pair in compare(old, new).pairs]
    names = {(left.test_id or "")[-1] + (right.test_id or "")[-1] for left, right in sides if left and right}
    assert names == {"aa", "bb", "cc", "dd"}


def test_among_recordings_without_a_test_the_reply_decides() -> None:
    old, new = Files(), Files()
    for tier, reply in (("a", "the capital is Rome"), ("b", "I can't tell")):
        old.add(ask(reply=reply, test_id=None, service_tier=tier))
    for tier, reply in (("c", "I can't tell you"), ("d", "the capital is Rome")):
        new.add(ask(reply=reply, test_id=None, service_tier=tier))
    pairs = compare(old, new).pairs
    assert [(pair.paired_by, pair.verdict) for pair in pairs] == [
        ("the same question", PairVerdict.WORDING),
        ("the same question", PairVerdict.REQUEST),
    ]


def test_a_reworded_question_of_a_test_is_found_by_its_step() -> None:
    old, new = Files(), Files()
    old.add(ask("Where is Rome?"))
    new.add(ask("Where is Oslo?"))
    pair = only(compare(old, new))
    assert pair.paired_by == "the same step of the test, asked something else"
    assert [change.label for change in pair.changes] == ["message 1 (user)"]


def test_of_several_reworded_questions_each_finds_its_own() -> None:
    old, new = Files(), Files()
    for city in ("Rome", "Oslo", "Lima", "Cork"):
        old.add(ask(f"Where on Earth is {city}?"))
        new.add(ask(f"Where on Earth is {city}? Be brief."))
    pairs = compare(old, new).pairs
    assert [pair.paired_by for pair in pairs] == 4 * ["the same step of the test, asked something else"]
    told = [(str(change.left), str(change.right)) for pair in pairs for change in pair.changes]
    assert all(right == f"{left} Be brief." for left, right in told)


def test_what_has_no_counterpart_was_added_or_removed() -> None:
    old, new = Files(), Files()
    old.add(ask("Where is Rome?", test_id="tests/test_x.py::test_a"))
    new.add(ask("What is a fig?", test_id="tests/test_x.py::test_b"))
    added, removed = compare(old, new).pairs
    assert (added.verdict, added.left, added.paired_by, added.name) == (PairVerdict.ADDED, None, None, "kept")
    assert (removed.verdict, removed.right, removed.changes) == (PairVerdict.REMOVED, None, ())


def test_other_endpoints_are_other_recordings() -> None:
    old, new = Files(), Files()
    old.add(ask())
    changed = ask()
    changed["request"] |= {"endpoint": "/v1/completions", "url": "http://localhost/v1/completions"}
    new.add(changed)
    assert [pair.verdict for pair in compare(old, new).pairs] == [PairVerdict.ADDED, PairVerdict.REMOVED]


def ask_model(model: str, parameters: str, reply: str = "Hi", test: str = "test_y") -> dict[str, Any]:
    document = ask(reply=reply, test_id=f"tests/test_x.py::{test}[{parameters}]")
    document["request"]["model"] = document["request"]["body"]["model"] = model
    return document


def test_a_model_in_a_parameter_is_renamed_and_each_provider_finds_its_own() -> None:
    old, new = Files(), Files()
    for provider in ("azure", "openai", "groq"):
        old.add(ask_model("gpt-4o", f"client-txt={provider}/gpt-4o", f"I am at {provider}"))
        new.add(ask_model("gpt-4.1", f"client-txt={provider}/gpt-4.1", f"I live at {provider}"))
    pairs = compare(old, new).pairs
    assert {pair.paired_by for pair in pairs} == {
        "the same question of the test, with another model or parameter"
    }
    told = [
        (change.left, change.right) for pair in pairs for change in pair.changes if change.kind == "wording"
    ]
    assert sorted(told) == [
        (f"I am at {provider}", f"I live at {provider}") for provider in ("azure", "groq", "openai")
    ]


def test_what_was_only_named_anew_was_not_recorded_again() -> None:
    sides = []
    for parameter in ("small-True", "small-1:0-True"):
        files = Files()
        document = ask(test_id=f"tests/test_x.py::test_y[{parameter}]")
        name = files.add(document).rpartition("/")[2]
        for piece in document["response"]["body"]:
            piece["__data__"]["id"] = f"rec-{name[:12]}"
        files.add(document, name)
        sides.append(files)
    pair = only(compare(*sides))
    assert (pair.verdict, pair.reply, pair.noise, pair.is_made_again) == (
        PairVerdict.REQUEST,
        "same",
        1,
        False,
    )


def test_another_model_takes_the_place_of_none_that_stayed() -> None:
    old, new = Files(), Files()
    new.contents[old.add(ask_model("gpt-4o", "gpt-4o"))] = serialise(ask_model("gpt-4o", "gpt-4o"))
    new.add(ask_model("gpt-4.1", "gpt-4.1"))
    assert only(compare(old, new)).verdict is PairVerdict.ADDED


def test_where_parameters_do_not_decide_an_equal_reply_does() -> None:
    old, new = Files(), Files()
    for provider, reply in (("a", "One"), ("b", "Two"), ("c", "Three")):
        old.add(ask_model("small", f"{provider}/small-x", reply))
    for provider, reply in (("a", "Three"), ("b", "One"), ("d", "Two")):
        new.add(ask_model("small", f"{provider}/small-y", reply, "test_z"))
    assert {pair.verdict for pair in compare(old, new).pairs} == {PairVerdict.REQUEST}


def test_a_renamed_test_follows_its_name() -> None:
    old, new = Files(), Files()
    old.add(ask(test_id="tests/test_x.py::test_old[a]"))
    new.add(ask(test_id="tests/test_x.py::test_new[a]"))
    comparison = compare(old, new)
    assert only(comparison).follows == FoundRename("test_old", "test_new", is_other_model=False)
    assert comparison.shared == ()


def test_what_is_alone_is_told_by_its_first_lines() -> None:
    new = Files()
    messages = [{"role": "user", "content": [{"type": "text", "text": "Where\nis Rome?"}]}]
    new.add(ask(reply="\nIn Italy.", messages=[{"role": "system", "content": "Be brief"}, *messages]))
    pair = only(compare(Files(), new))
    assert (pair.asked, pair.answered) == ("Where …", "In Italy.")


# Lists of models


def list_models(*names: str, url: str = "http://localhost/v1/models") -> dict[str, Any]:
    items = [{"id": name, "object": "model", "owned_by": "us", "created": 1} for name in names]
    document = record(items, endpoint="/v1/models")
    document["request"] |= {"url": url, "body": {}, "model": ""}
    return document


def test_a_list_of_models_that_took_the_place_of_another_has_a_verdict_of_its_own() -> None:
    old, new = Files(), Files()
    old.add(list_models("a", "b"), f"models-{64 * 'a'}-{8 * '1'}.json")
    new.add(list_models("b", "c"), f"models-{64 * 'a'}-{8 * '2'}.json")
    pair = only(compare(old, new))
    assert (pair.verdict, pair.reply, pair.paired_by) == (
        PairVerdict.MODELS,
        "models",
        "the same list, of other models",
    )
    assert [(change.left, change.right) for change in pair.changes] == [(["a"], None), (None, ["c"])]


def test_lists_of_models_live_side_by_side() -> None:
    old, new = Files(), Files()
    stayed = old.add(list_models("a", "b"), f"models-{64 * 'a'}-{8 * '1'}.json")
    new.contents[stayed] = old.contents[stayed]
    new.add(list_models("b", "c"), f"models-{64 * 'a'}-{8 * '2'}.json")
    assert only(compare(old, new)).verdict is PairVerdict.ADDED
    assert only(compare(new, old)).verdict is PairVerdict.REMOVED


def test_a_list_of_models_follows_its_test() -> None:
    old, new = Files(), Files()
    for files, test, digit in ((old, "test_old", "a"), (new, "test_new", "b")):
        document = {**list_models("a", "b"), "test_id": f"tests/test_x.py::{test}"}
        files.add(document, f"models-{64 * digit}-{8 * '1'}.json")
    pair = only(compare(old, new))
    assert (pair.verdict, pair.follows) == (PairVerdict.REQUEST, FoundRename("test_old", "test_new", False))


def test_lists_of_other_providers_do_not_pair() -> None:
    old, new = Files(), Files()
    old.add(list_models("a", "b"), f"models-{64 * 'a'}-{8 * '1'}.json")
    new.add(list_models("b", "c", url="http://there/v1/models"), f"models-{64 * 'a'}-{8 * '2'}.json")
    assert [pair.verdict for pair in compare(old, new).pairs] == [PairVerdict.ADDED, PairVerdict.REMOVED]


# What stayed although it was recorded again


def test_a_recording_that_stayed_beside_its_successor_is_superseded() -> None:
    old, new = Files(), Files()
    new.contents[old.add(ask())] = serialise(ask())
    new.add(ask(reply="Ho", service_tier="default"))
    comparison = compare(old, new)
    pair = only(comparison)
    assert (pair.superseded, pair.paired_by, pair.verdict) == (
        True,
        "the same test and turn",
        PairVerdict.WORDING,
    )
    assert comparison.identical == 1


def test_one_that_stayed_is_not_lost_when_its_successor_has_a_wrong_name() -> None:
    old, new = Files(), Files()
    new.contents[old.add(ask())] = serialise(ask())
    new.add(ask(seed=1), "0.json")
    pair = only(compare(old, new))
    assert (pair.superseded, pair.name) == (True, "never")


def test_one_that_was_removed_is_the_predecessor_rather_than_one_that_stayed() -> None:
    old, new = Files(), Files()
    new.contents[old.add(ask(reply="Ho", seed=1))] = serialise(ask(reply="Ho", seed=1))
    old.add(ask(reply="Hi", seed=2))
    new.add(ask(reply="Ho", seed=3))
    pair = only(compare(old, new))
    assert not pair.superseded
    assert pair.verdict is PairVerdict.WORDING


def test_the_next_turn_of_a_test_supersedes_none() -> None:
    old, new = Files(), Files()
    new.contents[old.add(ask())] = serialise(ask())
    said = [{"role": role, "content": "Hello"} for role in ("user", "assistant", "user")]
    new.add(ask(messages=said))
    assert only(compare(old, new)).verdict is PairVerdict.ADDED


def test_another_test_that_asks_the_same_supersedes_none() -> None:
    old, new = Files(), Files()
    new.contents[old.add(ask())] = serialise(ask())
    new.add(ask(test_id="tests/test_other.py::test_hello"))
    assert only(compare(old, new)).verdict is PairVerdict.ADDED


def test_a_recording_from_before_there_were_test_ids_is_superseded_by_its_question() -> None:
    old, new = Files(), Files()
    new.contents[old.add(ask(test_id=None))] = serialise(ask(test_id=None))
    new.add(ask())
    assert only(compare(old, new)).superseded


def cassette(count: int, reply: str) -> bytes:
    """A cassette of several questions, all answered the same."""
    exchanges = [
        {
            "request": {
                "method": "POST",
                "uri": "https://api.openai.com/v1/chat/completions",
                "headers": {},
                "body": json.dumps({"messages": [{"role": "user", "content": f"Question {number}"}]}),
            },
            "response": {"body": {"string": reply}, "headers": {}, "status": {"code": 200, "message": "OK"}},
        }
        for number in range(count)
    ]
    return json.dumps({"interactions": exchanges, "version": 1}).encode()


def test_a_cassette_is_not_read_for_each_of_its_exchanges() -> None:
    old, new = Files(), Files()
    old.contents["tests/cassettes/test_a/test_x.yaml"] = cassette(25, "Hello")
    new.contents["tests/cassettes/test_a/test_y.yaml"] = cassette(25, "Bye")
    reader = Reader(old=old, new=new)
    comparison = compare_sets(old.targets("old"), new.targets("new"), reader)
    assert [pair.paired_by is not None for pair in comparison.pairs] == [True] * 25
    assert sorted(Counter(reader.read).values()) == [2, 2]


def test_what_stayed_is_read_only_where_something_was_added() -> None:
    old, new = Files(blobs=True), Files(blobs=True)
    for folder in ("tests/a/recordings", "tests/b/recordings"):
        new.contents[old.add(ask(), folder=folder)] = serialise(ask())
    added = new.add(ask(seed=1), folder="tests/a/recordings")
    reader = Reader(old=old, new=new)
    assert only(compare_sets(old.targets("old"), new.targets("new"), reader)).superseded
    assert {name.partition("/")[2].rpartition("/")[0] for name in reader.read} == {"tests/a/recordings"}
    assert reader.read.count(f"new/{added}") == 2  # once to find its counterpart, once to compare them


# Names


def edited(document: dict[str, Any]) -> dict[str, Any]:
    document["request"]["body"]["temperature"] = 0.5
    return document


def test_an_edit_without_rehashing_loses_the_recording() -> None:
    old, new = Files(), Files()
    new.add(edited(ask()), old.add(ask()).rpartition("/")[2])
    pair = only(compare(old, new))
    assert (pair.name, pair.verdict, pair.request) == ("lost", PairVerdict.REQUEST, "changed")
    assert only(compare(new, old)).name == "gained"


def test_a_file_that_was_renamed_by_hand_is_told_though_nothing_else_changed() -> None:
    old, new = Files(), Files()
    old.add(ask())
    new.add(ask(), "weather.json")
    pair = only(compare(old, new))
    assert (pair.verdict, pair.name, pair.changes) == (PairVerdict.IDENTICAL, "lost", ())


def test_a_recording_that_leaves_the_folder_of_its_test_is_lost_until_it_is_back() -> None:
    home, elsewhere, nowhere = Files(), Files(), Files()
    home.add(ask())
    elsewhere.add(ask(), folder="tests/elsewhere/recordings")
    nowhere.add(ask(), folder="tests/nowhere/recordings")
    for old, new, name in ((home, elsewhere, "lost"), (elsewhere, home, "gained")):
        pair = only(compare(old, new))
        assert (pair.verdict, pair.name, pair.changes) == (PairVerdict.IDENTICAL, name, ())
    assert compare(elsewhere, nowhere) == Comparison((), 1, (), ())
    renamed = Files()
    renamed.add(
        {**ask(), "request": {**ask()["request"], "url": "http://x/v1/v1/chat/completions"}},
        folder="tests/elsewhere/recordings",
    )
    assert only(compare(home, renamed)).name == "lost"


@pytest.mark.parametrize(
    ("scheme", "name"), [(None, "kept"), ("ogx-2025-07", "kept"), ("ogx-2026-04", "never")]
)
def test_a_scheme_that_is_set_decides_what_is_found(scheme: str | None, name: str) -> None:
    old, new = Files(scheme=scheme), Files(scheme=scheme)
    outdated = identify(read(ask()), Place(FOLDER, "x.json"), RELEASED[0]).wanted
    old.add(ask(), outdated)
    new.add(ask(reply="Ho"), outdated)
    assert only(compare(old, new)).name == name


def test_a_removed_recording_is_never_called_lost() -> None:
    old = Files()
    old.add(ask())
    old.add(edited(ask("Where?")), "0.json")
    names = {
        pair.left.name.rpartition("/")[2]: pair.name for pair in compare(old, Files()).pairs if pair.left
    }
    assert names.pop("0.json") == "never"
    assert [*names.values()] == ["kept"]


# Shared changes, order, errors


def test_a_change_that_many_requests_share_is_told_once() -> None:
    old, new = Files(), Files()
    for number in range(3):
        said = [{"role": "user", "content": "x"}] * number + [{"role": "user", "content": f"{number}"}]
        old.add(ask(messages=[*said, {"role": "system", "content": "old"}]))
        tier = {"service_tier": "default"} if number else {}
        new.add(ask(messages=[*said, {"role": "system", "content": "new"}], **tier))
    assert compare(old, new).shared == (
        SharedChange(Change("/request/body/messages/*/content", "request", "old", "new", ""), 3),
        SharedChange(Change("/request/body/service_tier", "request", None, "default", "service_tier"), 2),
    )


def test_pairs_are_sorted_by_what_is_lost_by_gravity_and_path() -> None:
    old, new = Files(), Files()
    changes = {"c": "Ho", "a": "Ho", "b": "Hi"}
    for name, reply in changes.items():
        old.add(ask(name, "Hi"), f"{name}.json")
        new.add(edited(ask(name, reply)), f"{name}.json")
    lost = old.add(ask("Hello")).rpartition("/")[2]
    new.add(edited(ask("Hello")), lost)
    pairs = compare(old, new).pairs
    assert [pair.right.name[-6:] for pair in pairs if pair.right] == [lost[-6:], "a.json", "c.json", "b.json"]


def test_broken_files_are_reported_and_the_rest_is_compared() -> None:
    old, new = Files(), Files()
    for name in ("sound", "broken now", "broken before", "locked", "broken on both sides"):
        old.add(ask(name), f"{name}.json")
        new.add(ask(name, "Ho"), f"{name}.json")
    old.contents[f"{FOLDER}/broken before.json"] = b"{"
    new.contents[f"{FOLDER}/broken now.json"] = b"[]"
    new.contents[f"{FOLDER}/locked.json"] = b"locked"
    new.contents[f"{FOLDER}/new and broken.json"] = b""
    for files in (old, new):
        files.contents[f"{FOLDER}/broken on both sides.json"] = b"<<<<<<< "
    comparison = compare(old, new)
    assert [pair.verdict for pair in comparison.pairs] == [PairVerdict.WORDING]
    assert comparison.identical == 1
    assert [error.name for error in comparison.errors] == [
        f"new/{FOLDER}/broken now.json",
        f"new/{FOLDER}/locked.json",
        f"new/{FOLDER}/new and broken.json",
    ]
    (past,) = comparison.past_errors
    assert past.name == f"old/{FOLDER}/broken before.json"
    assert past.message.startswith("left side: the file ends before its value does")
    assert past.hint == "it can't be compared"


def test_a_broken_file_that_has_not_changed_is_no_error() -> None:
    old, new = Files(), Files()
    for files in (old, new):
        files.contents[f"{FOLDER}/broken.json"] = b"{"
    new.add(ask())
    comparison = compare(old, new)
    assert (only(comparison).verdict, comparison.errors) == (PairVerdict.ADDED, ())


def test_how_far_it_has_come_is_told() -> None:
    old, new = Files(), Files()
    for files in (old, new):
        files.add(ask("stays"))
    old.add(ask("goes"))
    new.add(ask("comes"))
    told: list[int] = []
    compare_sets(old.targets("old"), new.targets("new"), Reader(old=old, new=new), watch=told.append)
    assert told == [1, 2, 3]


# Any two sets

_documents = st.builds(
    ask,
    text=st.sampled_from(["Hello", "Bye"]),
    reply=st.sampled_from(["Hi", "Ho"]),
    test_id=st.sampled_from([None, "tests/test_x.py::test_a[x]", "tests/test_x.py::test_b[x]"]),
    seed=st.integers(0, 3),
)
_sets = st.dictionaries(
    st.tuples(st.sampled_from(["a", "b"]), st.sampled_from(["0.json", "1.json", "2.json"])),
    _documents,
    max_size=6,
)


@given(_sets, _sets)
def test_every_recording_is_told_once(before: dict[tuple[str, str], Any], after: Any) -> None:
    old, new = Files(), Files()
    for files, documents in ((old, before), (new, after)):
        for (folder, name), document in documents.items():
            files.add(document, name, folder)
    comparison = compare(old, new)
    told = Counter(
        side.name
        for pair in comparison.pairs
        for side in (pair.left, pair.right)
        if side is not None and not (pair.superseded and side is pair.left)
    )
    assert set(told.values()) <= {1}
    total = len(old.contents) + len(new.contents)
    assert sum(told.values()) + 2 * comparison.identical == total
    assert compare(old, new) == comparison


def test_many_recordings_alike_are_paired_all_the_same() -> None:
    old, new = Files(), Files()
    for number in range(300):
        old.add(ask(test_id=f"tests/test_x.py::test_old[{number}]"))
        new.add(ask(test_id=f"tests/test_x.py::test_new[{number}]"))
    pairs = compare(old, new).pairs
    assert [pair.verdict for pair in pairs] == 300 * [PairVerdict.REQUEST]
    assert all(
        pair.left
        and pair.right
        and str(pair.left.test_id).partition("[")[2] == str(pair.right.test_id).partition("[")[2]
        for pair in pairs
    )


def test_too_many_to_be_told_apart_are_paired_in_order() -> None:
    old, new = Files(), Files()
    for number in range(250):
        old.add(ask(test_id=None, seed=number))
        new.add(ask(test_id=None, seed=number, service_tier="default"))
    comparison = compare(old, new)
    assert Counter(pair.paired_by for pair in comparison.pairs) == {"the same question": 250}


def test_what_is_compared_can_be_written_as_json() -> None:
    old, new = Files(), Files()
    old.add(ask(), "0.json")
    new.add(edited(ask()), "0.json")
    assert json.loads(json.dumps(only(compare(old, new))._asdict()))["verdict"] == "request"
