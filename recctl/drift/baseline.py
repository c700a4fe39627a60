"""Baselines of drift: what has drifted already, so that a suite can start today and let nothing more in.

A change is known by its test, its recording, the place in the request, and what stood there and was sent: one
that goes on to change is new. Values are kept as digests; ids in them count for nothing. The file is JSON,
sorted, made to be committed.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from recctl.base.errors import RecctlError, describe_os_error
from recctl.diff.differences import generalise
from recctl.diff.ids import write_without_ids
from recctl.drift.outcomes import DriftStatus, JudgedRecording, MissedRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from recctl.diff import Change
    from recctl.drift.report import DriftReport
    from recctl.recordings.recording import JSON

KIND = "drift_baseline"
_VERSION = f"recctl.{KIND}.v1"


class KnownDrift(NamedTuple):
    """What a baseline remembers of a change. `path` is relative to the baseline's folder.

    Of a request that found no recording, `path` is the cassette's, or "", and `where` names the request.
    """

    test: str
    path: str
    number: int | None
    where: str
    before: str
    now: str

    @property
    def is_miss(self) -> bool:
        """Whether it is a request that found no recording."""
        return not self.where.startswith("/")


def read_known(path: Path) -> frozenset[KnownDrift]:
    """The drift that a baseline remembers. Raises RecctlError for a file that is none."""
    try:
        document = json.loads(path.read_bytes())
        if document["version"] != _VERSION:
            raise ValueError(document["version"])
        return frozenset(map(_parse, document["drift"]))
    except OSError as error:
        raise RecctlError(
            f"{path}: {describe_os_error(error)}", f"write one: recctl drift --write-baseline {path}"
        ) from None
    except (ValueError, KeyError, TypeError, RecursionError):
        hint = f"write it anew: recctl drift --write-baseline {path}"
        raise RecctlError(f"{path}: not a baseline of drift", hint) from None


def dump_known(report: DriftReport, folder: Path) -> tuple[bytes, int]:
    """The content of a baseline in a folder that knows all that has drifted or was missed.

    Beside it, how many recordings and requests those are.
    """
    told: list[JudgedRecording | MissedRequest] = [*report.select(DriftStatus.DRIFTED), *report.missed]
    known = sorted({item for each in told for item in _remember(each, folder)}, key=_order)
    document = {"version": _VERSION, "drift": [_dump(item) for item in known]}
    return json.dumps(document, indent=2).encode() + b"\n", len(told)


def leave_out_known(report: DriftReport, path: Path) -> DriftReport:
    """The report with what a baseline has marked as known, and with how much of the baseline is no longer so.

    Of a recording that went on to drift, only what is new is left. That something is no longer so can only be
    said of what was played, of tests that ran, and of files that are gone.
    Raises RecctlError for a file that is no baseline.
    """
    known = read_known(path)
    folder = path.parent
    found: set[KnownDrift] = set()
    recordings = []
    for recording in report.recordings:
        items = [*_remember(recording, folder)] if recording.status is DriftStatus.DRIFTED else []
        found.update(items)
        recordings.append(_mark(recording, {item[3:] for item in items if item not in known}, bool(items)))
    missed = []
    for miss in report.missed:
        (item,) = _remember(miss, folder)
        found.add(item)
        missed.append(replace(miss, is_known=item in known))
    played = _list_played(report.recordings, folder)
    gone = sum(_is_gone(item, report, played, folder) for item in known - found)
    return replace(report, recordings=tuple(recordings), missed=tuple(missed), gone=gone)


def _mark(recording: JudgedRecording, new: set[tuple[str, ...]], has_drifted: bool) -> JudgedRecording:
    if not has_drifted:
        return recording
    if not new:
        return replace(recording, is_known=True)
    changes = (change for change in recording.changes if change.kind == "noise" or _describe(change) in new)
    return replace(recording, changes=tuple(changes))


def _remember(told: JudgedRecording | MissedRequest, folder: Path) -> Iterator[KnownDrift]:
    if isinstance(told, JudgedRecording):
        path = _relative(told.key.path, folder)
        for test in told.all_tests or ("",):
            yield from (KnownDrift(test, path, told.key.number, *_describe(change)) for change in told.drift)
    else:
        path = "" if told.cassette is None else _relative(told.cassette, folder)
        substance = [change for change in told.changes if change.kind != "noise"]
        before, now = [change.left for change in substance], [change.right for change in substance]
        where = f"{told.method} {told.url}"
        yield KnownDrift(told.test_id, path, None, where, _digest(before), _digest(now))


def _describe(change: Change) -> tuple[str, str, str]:
    return generalise(change.where), _digest(change.left), _digest(change.right)


def _digest(value: JSON) -> str:
    """What is known of a value: not the ids in it."""
    return blake2b(write_without_ids(value).encode(), digest_size=8).hexdigest()


def _is_gone(
    item: KnownDrift, report: DriftReport, played: set[tuple[str, int | None]], folder: Path
) -> bool:
    """Whether what a baseline has would have been found if it were still so."""
    if item.is_miss:
        return item.test in report.tests_run
    return (item.path, item.number) in played or not os.path.lexists(folder / item.path)


def _list_played(recordings: Iterable[JudgedRecording], folder: Path) -> set[tuple[str, int | None]]:
    played = (DriftStatus.SAME, DriftStatus.NOISE, DriftStatus.DRIFTED)
    return {
        (_relative(each.key.path, folder), each.key.number) for each in recordings if each.status in played
    }


_KEYS = ("test", "path", "index", "where", "before", "now")


def _dump(item: KnownDrift) -> dict[str, Any]:
    return dict(zip(_KEYS, item, strict=True))


def _parse(item: dict[str, Any]) -> KnownDrift:
    known = KnownDrift(*(item[key] for key in _KEYS))
    texts = (known.test, known.path, known.where, known.before, known.now)
    if not all(isinstance(text, str) for text in texts) or type(known.number) not in (int, type(None)):
        raise TypeError("not of these types")
    return known


def _order(item: KnownDrift) -> tuple[object, ...]:
    return (item.test, item.path, item.number or 0, *item[3:])


def _relative(name: str, folder: Path) -> str:
    return Path(os.path.relpath(name, folder)).as_posix()
