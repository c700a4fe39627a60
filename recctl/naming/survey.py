"""The one pass in which all facts about names and places are collected, of each file and of all together."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar
from urllib.parse import urlsplit

import orjson

from recctl.base.parallel import map_files
from recctl.input.sources import OpenedFile
from recctl.naming.engine import (
    CURRENT,
    Scheme,
    find_wanted,
    has_lost_test,
    identify,
)
from recctl.naming.facts import Facts, Identity, NameStatus, judge_name
from recctl.naming.folders import find_expected_folder
from recctl.naming.neighbours import read_neighbours
from recctl.naming.relations import relate
from recctl.naming.turns import find_turn
from recctl.project import Place
from recctl.project.schemes import list_released
from recctl.recordings.attempt import attempt
from recctl.recordings.formats import load_format
from recctl.recordings.load import describe_test, find_file_tests, is_configured
from recctl.recordings.names import is_model_list
from recctl.recordings.recording import JSON, LoadError, Recording
from recctl.recordings.source import Source, Unread
from recctl.wire import read_model

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator
    from pathlib import Path

    from recctl.input.sources import Selection, Target
    from recctl.project import Project, Settings
    from recctl.recordings.formats import Format


class Survey(NamedTuple):
    """The facts about all selected recordings, sorted by path, and what could not be looked at.

    `companions` are those about files that are named after tests and hold no recording, so that they go where
    the recordings of their tests go.
    """

    all_facts: tuple[Facts, ...]
    errors: tuple[Unread | LoadError, ...] = ()
    companions: tuple[Facts, ...] = ()


_Draft = TypeVar("_Draft")

Look = Callable[[OpenedFile, Facts], _Draft]
"""What else is to be found out of a file, now that it is open, given the facts about all that it holds."""


def survey(
    project: Project,
    selection: Selection,
    *,
    to: Scheme | None = None,
    jobs: int | None = None,
    with_digests: bool = False,
) -> Survey:
    """Find out where the selected recordings stand with a scheme: `to`, else the one set for each of them.

    Where neither says, the newest verified scheme is taken. The recordings beside those that were named count
    as what may replace them or want their names. `with_digests` asks for those of the files' contents.
    """
    look = _digest if with_digests else _see_nothing
    surveyed, digests = survey_with(project, selection, look, to=to, jobs=jobs)
    if not with_digests:
        return surveyed
    return surveyed._replace(
        all_facts=tuple(facts._replace(digest=digests[facts.path]) for facts in surveyed.all_facts),
        companions=tuple(facts._replace(digest=digests[facts.path]) for facts in surveyed.companions),
    )


def survey_with(
    project: Project,
    selection: Selection,
    look: Look[_Draft],
    *,
    to: Scheme | None = None,
    jobs: int | None = None,
) -> tuple[Survey, dict[str, _Draft]]:
    """The same, and by path what `look` finds out of each file, which is read once for all of that.

    `look` and what it gives must be such that they can be pickled.
    """
    errors: list[Unread | LoadError] = list(selection.unread)
    all_facts: list[Facts] = []
    companions: dict[str, Facts] = {}
    drafts: dict[str, _Draft] = {}
    examine = partial(_examine, root=project.root, to=to, look=look)
    for target, examined in zip(selection.targets, map_files(examine, selection.targets, jobs), strict=True):
        for item in examined.items:
            if isinstance(item, Facts):
                all_facts.append(item)
            else:
                errors.append(item)
        if examined.companion is not None:
            companions[target.file] = examined.companion
        drafts.update((target.file, draft) for draft in examined.drafts)
    known = {*companions, *(facts.path for facts in all_facts)}
    for target in selection.companions:
        opened = OpenedFile(target)
        found = None if target.file in known else find_companion(target)
        if found is not None:
            companions[target.file], drafts[target.file] = found, look(opened, found)
    wrong = [error for error in errors if not _is_companion(error, companions)]
    neighbours = survey_neighbours(project, selection, {facts.test_id for facts in all_facts}, to=to)
    related = tuple(relate(all_facts, neighbours))
    return Survey(related, tuple(wrong), tuple(companions.values())), drafts


def _see_nothing(opened: OpenedFile, facts: Facts) -> None:
    """Find out nothing else."""


def _digest(opened: OpenedFile, facts: Facts) -> str | None:  # noqa: ARG001  (it is a `Look`)
    from recctl.base.digests import sha256  # which most surveys have no use for

    source = opened.source
    return sha256(source.content) if isinstance(source, Source) else None


def _is_companion(error: Unread | LoadError, companions: Container[str]) -> bool:
    """Whether all that is wrong with a file is that it is none of recordings: a companion need not be one."""
    if not isinstance(error, LoadError) or error.number is not None or error.name not in companions:
        return False
    source = error.source
    return error.rule == "not-a-recording" or (
        source.place is not None and is_configured(source.place, source.settings)
    )


def find_companion(target: Target) -> Facts | None:
    """The facts about a file without recordings that is named after a test; None about any other."""
    path = target.path
    if path is None or target.spec is not None:
        return None
    place = Place.of(path)
    found = find_file_tests(path, target.settings)
    try:
        size = path.stat().st_size
    except OSError:
        return None
    if found is None:
        return None
    return Facts(
        path=target.file,
        folder=place.folder,
        expected_folder=place.folder,
        size=size,
        scheme=CURRENT.name,
        is_held=False,
        identity=Identity(place.name, unjudged="it holds no recording, and is named after its test"),
        status=NameStatus.NOT_APPLICABLE,
        test_id=found.test_ids[0],
        holds_several=True,
        format=found.format.name,
        is_test_open=_is_test_open(place, found.format, target.settings),
    )


def take_files(all_facts: Iterable[Facts]) -> tuple[Facts, ...]:
    """The facts about each file, as those of all that it holds: its recordings share its name and place."""
    files = {facts.path: facts for facts in reversed([*all_facts])}
    return tuple(facts._replace(number=None) for facts in reversed(files.values()))


def survey_neighbours(
    project: Project, selection: Selection, test_ids: set[str | None] | None, *, to: Scheme | None = None
) -> list[Facts]:
    """The facts about recordings of these tests (None: of all) that lie beside files that were named."""
    others = read_neighbours(project, selection, test_ids)
    found = (attempt(other.source.name, find_facts, other, project.root, to) for other in others)
    return [facts for facts in found if isinstance(facts, Facts)]


def find_facts(
    recording: Recording, root: Path, to: Scheme | None = None, *, with_turn: bool = True
) -> Facts:
    """What is known of one recording of the project at `root`, as far as it alone can tell.

    It must lie somewhere. What takes another's place is told by the turn: of files that are named after
    tests, nothing does.
    """
    source, test_id = recording.source, recording.test_id
    assert source.place is not None  # noqa: S101  (standard input is no file that could have a name)
    wanted, is_held = find_wanted(recording.format, source.settings, to)
    identity, status = _identify(recording, source.place, wanted)
    folder = source.place.folder
    is_list = is_model_list(identity.wanted or identity.name)
    turn = cause = None
    form = load_format(recording.format)
    if with_turn and form.is_named_by_hash:
        turn = find_turn(recording, wanted, _name_models(identity) if is_list else None)
    if status is NameStatus.UNEXPLAINED:
        from recctl.naming.engine.causes import explain_name  # for few recordings

        cause = explain_name(recording, source.place, source.settings.renames, identity)
    return Facts(
        path=source.name,
        folder=folder,
        expected_folder=find_expected_folder(folder, root, wanted, test_id),
        size=len(source.content),
        scheme=wanted.name,
        is_held=is_held,
        identity=identity,
        status=status,
        test_id=test_id,
        endpoint=recording.endpoint,
        model=read_model(recording),
        providers=tuple(_list_providers(recording)),
        turn=turn,
        is_model_list=is_list,
        has_lost_test=status is NameStatus.UNEXPLAINED and has_lost_test(recording, source.place),
        quoted=_list_quoted(recording) if form.is_named_by_hash else (),
        cause=cause,
        number=recording.key.number,
        holds_several=not recording.is_alone,
        format=recording.format,
        is_test_open=_is_test_open(source.place, form, source.settings),
    )


def _is_test_open(place: Place, form: Format, settings: Settings) -> bool:
    told = describe_test(form, place, settings) if settings.test_names else None
    return told is not None and told.is_open


def has_right_name(recording: Recording) -> bool | None:
    """Whether the recorder looks for a recording's name; None where nobody can tell."""
    place = recording.source.place
    if place is None:
        return None
    wanted, is_held = find_wanted(recording.format, recording.source.settings)
    _, status = _identify(recording, place, wanted)
    has_lost = status is NameStatus.UNEXPLAINED and has_lost_test(recording, place)
    return judge_name(status, is_held=is_held, has_lost_test=has_lost)


class _Examined(NamedTuple, Generic[_Draft]):
    """What was found in a file: its recordings or errors, what it is without recordings, one draft if any."""

    items: tuple[Facts | Unread | LoadError, ...]
    companion: Facts | None = None
    drafts: tuple[_Draft, ...] = ()


def _examine(target: Target, root: Path, to: Scheme | None, look: Look[_Draft]) -> _Examined[_Draft]:
    opened = OpenedFile(target)
    examined = attempt(target.name, _find_all_facts, opened, root, to)
    if isinstance(examined, Unread):
        return _Examined((examined,))
    files = take_files(item for item in examined if isinstance(item, Facts))
    companion = None if files else find_companion(target)
    looked_at = (*files, companion) if companion is not None else files
    return _Examined(examined, companion, tuple(look(opened, facts) for facts in looked_at))


def _find_all_facts(
    opened: OpenedFile, root: Path, to: Scheme | None
) -> tuple[Facts | Unread | LoadError, ...]:
    source = opened.source
    if isinstance(source, Unread):
        return (source,)
    if source.place is None:
        hint = "name the file: where it lies decides what it is called"
        return (Unread(source.name, "standard input has no name", hint),)
    return tuple(find_facts(item, root, to) if isinstance(item, Recording) else item for item in opened.items)


def _identify(recording: Recording, place: Place, wanted: Scheme) -> tuple[Identity, NameStatus]:
    """Which schemes give a recording its name, and what that is to the wanted one."""
    if not load_format(recording.format).is_named_by_hash:
        identity = Identity(place.name, unjudged="files of this format are not named after a hash")
    else:
        identity = identify(recording, place, wanted)
    return identity, _judge(identity, wanted)


def _judge(identity: Identity, wanted: Scheme) -> NameStatus:
    if identity.wanted is None:
        return NameStatus.NOT_APPLICABLE
    if wanted.name in identity.schemes:
        return NameStatus.CURRENT
    if not identity.schemes:
        return NameStatus.UNEXPLAINED
    released = [scheme.name for scheme in list_released(wanted.format or "")]
    newer = released[released.index(wanted.name) :] if wanted.name in released else []
    return NameStatus.AHEAD if set(identity.schemes) <= set(newer) else NameStatus.OUTDATED


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
