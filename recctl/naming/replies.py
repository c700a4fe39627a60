"""Whether recordings that want one name have the same reply."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from recctl.recordings.load import load_one
from recctl.sources import read

if TYPE_CHECKING:
    from recctl.naming.facts import Facts
    from recctl.project import Project


def read_reply(facts: Facts, project: Project) -> str | None:
    """A reply as text, without the id that a recorder has made from a name; None where it can't be read.

    A copy under another name keeps the id of the first, so it is no matter whose name that is.
    """
    recording = load_one(read(facts.target(project)))
    if recording is None:
        return None
    return _MADE_ID.sub("", json.dumps(recording.response, sort_keys=True))


_MADE_ID = re.compile('"id": "rec-[0-9a-f]{12}"')
