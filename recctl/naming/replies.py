"""Whether recordings that want one name have the same reply."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from recctl.base.digests import blake2b
from recctl.input.sources import read
from recctl.recordings.load import load_one

if TYPE_CHECKING:
    from recctl.naming.facts import Facts
    from recctl.project import Project


def digest_reply(facts: Facts, project: Project) -> str | None:
    """What only equal replies have in common; None for one that can't be read.

    The id that a recorder has made from a name does not count. A copy under another name keeps the id of the
    first, so it is no matter whose name that is.
    """
    recording = load_one(read(facts.target(project)))
    if recording is None:
        return None
    text = _MADE_ID.sub("", json.dumps(recording.response, sort_keys=True))
    return blake2b(text.encode(), digest_size=16).hexdigest()


_MADE_ID = re.compile('"id": "rec-[0-9a-f]{12}"')
