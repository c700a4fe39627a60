"""Whether recordings that want one name have the same reply."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from recctl.project import read_hash
from recctl.recordings.load import find_recording
from recctl.sources import read

if TYPE_CHECKING:
    from recctl.naming.facts import Facts
    from recctl.project import Project


def read_reply(facts: Facts, project: Project) -> str | None:
    """A reply as text, without the id in it that hangs on the name; None where it can't be read."""
    recording = find_recording(read(facts.target(project)))
    if recording is None:
        return None
    text = json.dumps(recording.response, sort_keys=True)
    own = read_hash(facts.identity.name)[:_ID_DIGITS]
    return text.replace(f"rec-{own}", "") if own else text


_ID_DIGITS = 12
