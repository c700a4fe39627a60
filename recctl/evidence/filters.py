"""Which recordings are looked at: by age and by what they say of themselves. No filter is evidence."""

from __future__ import annotations

import re
import time
from functools import partial
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from recctl.attempt import attempt
from recctl.evidence.ages import find_times
from recctl.parallel import map_files
from recctl.project import is_of_test
from recctl.recordings.load import find_recording
from recctl.sources import read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recctl.evidence.protection import GitState
    from recctl.naming.facts import Facts
    from recctl.project import Project
    from recctl.recordings.recording import Recording
    from recctl.recordings.source import Unread
    from recctl.sources import Target


class Filter(NamedTuple):
    """What recordings must be, each as far as it says anything; `min_age` counts in seconds."""

    min_age: int | None = None
    tests: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    endpoints: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()


def parse_age(text: str) -> int:
    """An age in seconds, from a text like "90d" (h, d, w or y). Raises ValueError."""
    match = re.fullmatch(r"([0-9]{1,6}) ?([hdwy])", text)
    if match is None:
        raise ValueError("should be an age, such as 12h, 90d, 6w or 1y")
    return int(match[1]) * 3600 * {"h": 1, "d": 24, "w": 7 * 24, "y": 365 * 24}[match[2]]


def select_facts(
    all_facts: Sequence[Facts], wanted: Filter, project: Project, state: GitState | None
) -> frozenset[str]:
    """The paths of the recordings that a filter lets through."""
    left = list(all_facts)
    if wanted.tests:
        left = [facts for facts in left if any(is_of_test(facts.test_id, word) for word in wanted.tests)]
    if wanted.models or wanted.endpoints or wanted.providers:
        targets = [facts.target(project) for facts in left]
        verdicts = map_files(partial(_passes, wanted=wanted), targets)
        left = [facts for facts, passes in zip(left, verdicts, strict=True) if passes is True]
    if wanted.min_age is not None:
        latest = time.time() - wanted.min_age
        times = find_times(left, project.root, state)
        left = [facts for facts in left if times.get(facts.path, latest) < latest]
    return frozenset(facts.path for facts in left)


def _passes(target: Target, wanted: Filter) -> bool | Unread:
    """Whether a recording is of a model, an endpoint and a provider that are wanted."""
    return attempt(target.name, _fits, target, wanted)


def _fits(target: Target, wanted: Filter) -> bool:
    recording = find_recording(read(target))
    return (
        recording is not None
        and (not wanted.models or recording.model in wanted.models)
        and (not wanted.endpoints or recording.endpoint in wanted.endpoints)
        and (not wanted.providers or any(_is_by(recording, name) for name in wanted.providers))
    )


def _is_by(recording: Recording, provider: str) -> bool:
    """Whether a provider is named by the request, by the url's host, or before a slash in the test's id."""
    metadata = recording.request.get("provider_metadata")
    named = [
        recording.request.get("provider"),
        metadata.get("provider") if isinstance(metadata, dict) else None,
    ]
    try:
        host = urlsplit(recording.url).hostname or ""
    except ValueError:
        host = ""
    parameters = (recording.test_id or "").partition("[")[2]
    in_test = re.search(rf"(?:^|[-=:]){re.escape(provider)}/", parameters)
    return provider in named or host == provider or host.endswith(f".{provider}") or in_test is not None
