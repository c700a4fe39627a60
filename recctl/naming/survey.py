"""The one pass in which all facts about names and places are collected, of each file and of all together."""

from __future__ import annotations

import json
import re
from functools import partial
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

import orjson

from recctl.attempt import attempt
from recctl.hashing import RELEASED
from recctl.naming.facts import Facts, Status, judge_name
from recctl.naming.folders import find_expected_folder
from recctl.naming.neighbours import read_neighbours
from recctl.naming.relations import relate
from recctl.naming.turns import find_turn
from recctl.parallel import map_files
from recctl.project import MODELS, Place
from recctl.recordings.formats import find_format, load_format
from recctl.recordings.load import find_test, load
from recctl.recordings.recording import JSON, LoadError, Recording
from recctl.recordings.source import Unread
from recctl.schemes import CURRENT, Identity, Scheme, explain_name, find_held, has_lost_test, identify
from recctl.sources import read
from recctl.walk import read_head

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from recctl.project import Project
    from recctl.sources import Selection, Target


class Survey(NamedTuple):
    """The facts about all selected recordings, sorted by path, and what could not be looked at.

    `companions` are those about files that are named after tests and hold no recording, so that they go where
    the recordings of their tests go.
    """

    all_facts: tuple[Facts, ...]
    errors: tuple[Unread | LoadError, ...] = ()
    companions: tuple[Facts, ...] = ()


def survey(
    project: Project, selection: Selection, *, to: Scheme | None = None, jobs: int | None = None
) -> Survey:
    """Find out where the selected recordings stand with a scheme: `to`, else the one set for each of them.

    Where neither says, the newest verified scheme is taken. The recordings beside those that were named count
    as what may replace them or want their names.
    """
    errors: list[Unread | LoadError] = list(selection.unread)
    all_facts: list[Facts] = []
    for examined in map_files(partial(_examine, root=project.root, to=to), selection.targets, jobs):
        for item in examined:
            if isinstance(item, Facts):
                all_facts.append(item)
            else:
                errors.append(item)
    neighbours = survey_neighbours(project, selection, {facts.test_id for facts in all_facts}, to=to)
    companions = tuple(_find_companions(selection, {facts.path for facts in all_facts}))
    theirs = {facts.path for facts in companions}
    wrong = [error for error in errors if not (_holds_no_recording(error) and error.name in theirs)]
    return Survey(tuple(relate(all_facts, neighbours)), tuple(wrong), companions)


def _holds_no_recording(error: Unread | LoadError) -> bool:
    """Whether all that is wrong with a file is that it is none of recordings."""
    return isinstance(error, LoadError) and error.rule == "not-a-recording" and error.number is None


def _find_companions(selection: Selection, known: set[str]) -> Iterator[Facts]:
    """The facts about files without recordings that are named after tests; `known` are the other files."""
    for target in (*selection.targets, *selection.companions):
        if target.path is None or target.spec is not None or target.file in known:
            continue
        path = target.path
        place = Place(path.parent.as_posix(), path.name)
        form = find_format(path.name, read_head(path))
        test_id = None if form.is_named_by_hash else find_test(form, place, target.settings.root)
        try:
            size = path.stat().st_size
        except OSError:
            continue
        if test_id is not None:
            yield Facts(
                path=target.file,
                folder=place.folder,
                expected_folder=place.folder,
                size=size,
                scheme=CURRENT.name,
                is_held=False,
                identity=Identity(place.name, unjudged="it holds no recording, and is named after its test"),
                status=Status.NOT_APPLICABLE,
                test_id=test_id,
                holds_several=True,
                format=form.name,
            )


def take_files(all_facts: Iterable[Facts]) -> tuple[Facts, ...]:
    """The facts about each file, as those of all that it holds: its recordings share its name and place."""
    files = {facts.path: facts for facts in reversed([*all_facts])}
    return tuple(facts._replace(number=None) for facts in reversed(files.values()))


def survey_neighbours(
    project: Project, selection: Selection, test_ids: set[str | None] | None, *, to: Scheme | None = None
) -> list[Facts]:
    """The facts about recordings of these tests (None: of all) that lie beside files that were named."""
    others = read_neighbours(selection.neighbours(project), test_ids)
    found = (attempt(other.source.name, find_facts, other, project.root, to) for other in others)
    return [facts for facts in found if isinstance(facts, Facts)]


def find_facts(recording: Recording, root: Path, to: Scheme | None = None) -> Facts:
    """What is known of one recording of the project at `root`, as far as it alone can tell.

    It must lie somewhere.
    """
    source, test_id = recording.source, recording.test_id
    assert source.place is not None  # noqa: S101  (standard input is no file that could have a name)
    held = to or find_held(source.settings)
    wanted = held or CURRENT
    identity, status = _identify(recording, source.place, wanted)
    folder = source.place.folder
    is_model_list = (identity.wanted or identity.name).startswith(MODELS)
    cause = None
    if status is Status.UNEXPLAINED:
        cause = explain_name(recording, source.place, source.settings.renames, identity)
    return Facts(
        path=source.name,
        folder=folder,
        expected_folder=find_expected_folder(folder, root, wanted, test_id),
        size=len(source.content),
        scheme=wanted.name,
        is_held=held is not None,
        identity=identity,
        status=status,
        test_id=test_id,
        endpoint=recording.endpoint,
        model=recording.model if isinstance(recording.model, str) else None,
        providers=tuple(_list_providers(recording)),
        turn=find_turn(recording, wanted, _name_models(identity) if is_model_list else None),
        is_model_list=is_model_list,
        names_test=status not in _MOVED or _names_test(recording, identity, wanted),
        has_lost_test=status is Status.UNEXPLAINED and has_lost_test(recording, source.place),
        quoted=_list_quoted(recording),
        cause=cause,
        number=recording.key.number,
        holds_several=not recording.is_alone,
        format=recording.format,
    )


_MOVED = (Status.OUTDATED, Status.UNEXPLAINED)
"""What may be given another name."""


def has_right_name(recording: Recording) -> bool | None:
    """Whether the recorder looks for a recording's name; None where nobody can tell."""
    place, held = recording.source.place, find_held(recording.source.settings)
    if place is None:
        return None
    _, status = _identify(recording, place, held or CURRENT)
    has_lost = status is Status.UNEXPLAINED and has_lost_test(recording, place)
    return judge_name(status, is_held=held is not None, has_lost_test=has_lost)


def _examine(target: Target, root: Path, to: Scheme | None) -> tuple[Facts | Unread | LoadError, ...]:
    examined = attempt(target.name, _find_all_facts, target, root, to)
    return (examined,) if isinstance(examined, Unread) else examined


def _find_all_facts(target: Target, root: Path, to: Scheme | None) -> tuple[Facts | Unread | LoadError, ...]:
    source = read(target)
    if isinstance(source, Unread):
        return (source,)
    if source.place is None:
        hint = "name the file: where it lies decides what it is called"
        return (Unread(source.name, "standard input has no name", hint),)
    return tuple(find_facts(item, root, to) if isinstance(item, Recording) else item for item in load(source))


def _identify(recording: Recording, place: Place, wanted: Scheme) -> tuple[Identity, Status]:
    """Which schemes give a recording its name, and what that is to the wanted one."""
    if not load_format(recording.format).is_named_by_hash:
        identity = Identity(place.name, unjudged="files of this format are not named after a hash")
    else:
        identity = identify(recording, place, wanted)
    return identity, _judge(identity, wanted)


def _judge(identity: Identity, wanted: Scheme) -> Status:
    if identity.wanted is None:
        return Status.NOT_APPLICABLE
    if wanted.name in identity.schemes:
        return Status.CURRENT
    if not identity.schemes:
        return Status.UNEXPLAINED
    released = [scheme.name for scheme in RELEASED]
    newer = released[released.index(wanted.name) :] if wanted.name in released else []
    return Status.AHEAD if set(identity.schemes) <= set(newer) else Status.OUTDATED


def _names_test(recording: Recording, identity: Identity, wanted: Scheme) -> bool:
    """Whether a recording names its test, be it null, or the wanted name does not hang on that."""
    place, document = recording.source.place, recording.loaded
    if "test_id" in document or "test_id" in recording.request or place is None:
        return True
    request = {**recording.request, "test_id": "?"}
    with_test = recording.with_document({**document, "test_id": "?", "request": request})
    return identify(with_test, place, wanted).wanted == identity.wanted


def _list_quoted(recording: Recording) -> tuple[str, ...]:
    """The ids of replies, as recorders make them, that a request repeats."""
    content = recording.source.content
    end = content.find(_RESPONSE) if recording.is_alone else -1
    if end < 0:
        content = _write(recording.request)
        end = len(content)
    if content.find(_REPLY, 0, end) < 0:
        return ()
    return tuple(sorted(set(_REPLY_ID.findall(content[:end].decode("utf-8", "replace")))))


def _write(request: JSON) -> bytes:
    try:
        return orjson.dumps(request)
    except orjson.JSONEncodeError:  # big integers, lone surrogates, deep nesting
        return json.dumps(request).encode()


_RESPONSE = b'\n  "response": '
_REPLY = b"rec-"
_REPLY_ID = re.compile("rec-[0-9a-f]{12}")


def _list_providers(recording: Recording) -> Iterator[str]:
    """The providers that a request names, and its url's host."""
    metadata = recording.request.get("provider_metadata")
    named = (
        recording.request.get("provider"),
        metadata.get("provider") if isinstance(metadata, dict) else None,
    )
    yield from (name for name in named if isinstance(name, str))
    try:
        host = urlsplit(recording.url).hostname
    except ValueError:
        host = None
    if host:
        yield host


def _name_models(identity: Identity) -> str:
    """What stands for the ids of a list of models in its name."""
    return (identity.wanted or identity.name).rpartition("-")[2]
