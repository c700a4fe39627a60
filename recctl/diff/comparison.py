"""What a comparison finds: values, for those who show them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from recctl.diff.differences import fingerprint, generalise

if TYPE_CHECKING:
    from recctl.recordings.recording import JSON, LoadError
    from recctl.recordings.source import Unread


class PairVerdict(StrEnum):
    """What became of a recording; the gravest first. The reply counts before the request."""

    ERROR = "error"
    TOOL_CALLS = "tool-calls"
    FINISH_REASON = "finish-reason"
    WORDING = "wording"
    MODELS = "models"
    REQUEST = "request"
    NOISE = "noise"
    IDENTICAL = "identical"
    ADDED = "added"
    REMOVED = "removed"


class Change(NamedTuple):
    """One difference. `left` and `right` are None where there is nothing (or null).

    `where` is a JSON pointer: for requests into the document (`/request/body/service_tier`), for replies
    into the assembled form as `show --format json` prints it (`/response/choices/0/message/content`). Indexes
    are those of the right side where something stands there, else of the left one. `kind` is one of
    `REPLY_KINDS`, "request" or "noise". `label` is what people call the place: "get_weather.city",
    "message 3 (user)" for the third, "tool get_weather".

    An id that has another one in its place throughout the request is told once, with where it stands first;
    `places` says how often, and is 0 for other changes.

    A vector is told as `{"dimension": 768}`, on the right with its `"cosine_distance"` from the left one.
    """

    where: str
    kind: str
    left: JSON
    right: JSON
    label: str = ""
    places: int = 0

    @property
    def gist(self) -> tuple[str, str, bytes]:
        """What this has in common with the same change elsewhere, wherever in a list it happened."""
        where = "" if self.places else generalise(self.where)
        return self.kind, where, fingerprint([self.left, self.right])


REPLY_KINDS = {
    "error": PairVerdict.ERROR,
    "tool-call": PairVerdict.TOOL_CALLS,
    "tool-name": PairVerdict.TOOL_CALLS,
    "tool-argument": PairVerdict.TOOL_CALLS,
    "finish-reason": PairVerdict.FINISH_REASON,
    "wording": PairVerdict.WORDING,
    "reasoning": PairVerdict.WORDING,
    "refusal": PairVerdict.WORDING,
    "role": PairVerdict.WORDING,
    "vector": PairVerdict.WORDING,
    "other": PairVerdict.WORDING,
    "model-list": PairVerdict.MODELS,
}
"""What can change in a reply, with the verdict that it calls for. "other" is all that has no channel of its
own and is no known noise: it is shown with the wording, since it may be just that."""


class ComparedSide(NamedTuple):
    """One recording of a pair. `name` is its path as shown.

    `found` is whether the recorder would find it under that name; None where that can't be told.
    """

    name: str
    test_id: str | None
    endpoint: str
    model: str | None
    found: bool | None


class FoundRename(NamedTuple):
    """What got another name: a test, its file or folder, a parameter, a model.

    `is_other_model` is true where another model replied, or a test was given another parameter: then another
    reply is what was to be expected.
    """

    old: str
    new: str
    is_other_model: bool


class ComparedPair(NamedTuple):
    """Two recordings that belong together, or one that is alone.

    `request` is "same" or "changed"; `reply` is "same", "noise", "models", "wording", "finish-reason",
    "tool-calls" or "error". `name` says whether the recorder finds the file, before and now: "kept", "lost",
    "gained" or "never"; a recording that is alone is "kept" when it is (or was) found. `paired_by` is a
    phrase that says why the two were paired, None for one that is alone. `changes` hold noise only when that
    was asked for; `noise` counts it in any case. `superseded` is true when the left one is still there on the
    right although the right one has taken its place. `ids` are those of the request that have become
    others; differences of the reply that come to no more are noise. `follows` is what was renamed from one to
    the other. `asked` and `answered` are the first lines of a recording that is alone.
    """

    left: ComparedSide | None
    right: ComparedSide | None
    verdict: PairVerdict
    request: str
    reply: str
    name: str
    paired_by: str | None
    changes: tuple[Change, ...]
    noise: int
    superseded: bool = False
    ids: tuple[tuple[str, str], ...] = ()
    follows: FoundRename | None = None
    asked: str = ""
    answered: str = ""

    @property
    def is_made_again(self) -> bool:
        """Whether it was recorded again as another one: beside the old one, or by another model."""
        is_other = self.follows is not None and self.follows.is_other_model and self.reply != "same"
        return self.superseded or is_other

    def is_renaming(self, change: Change) -> bool:
        """Whether a change of the request comes to what was renamed: the id of the test, the model."""
        left, right = self.left, self.right
        if self.follows is None or left is None or right is None or change.kind != "request":
            return False
        if change.where == "/test_id":
            return True
        if not (isinstance(change.left, str) and left.model and right.model):
            return False
        return bool(change.left.replace(left.model, right.model) == change.right)

    def replace_ids(self, change: Change) -> Change:
        """A change with the ids of its left side called as those are that are in their places now."""
        text = change.left
        if not isinstance(text, str) or change.places:
            return change
        for one, other in self.ids:
            text = text.replace(one, other)
        return change._replace(left=text)


@dataclass(frozen=True, slots=True)
class SharedChange:
    """A change of the request that is the same in several pairs, and in how many."""

    change: Change
    count: int


class SchemeChange(NamedTuple):
    """Another hash scheme in the configuration: for how many recordings, and how many it leaves behind.

    Left behind are those that the recorder found by their names before, and looks for under others now.
    """

    old: str | None
    new: str | None
    total: int
    left_behind: int


class Comparison(NamedTuple):
    """Two sets of recordings, compared.

    `pairs` are sorted: those that can no longer be found first, those that were made again as another one
    last; by verdict, the gravest first; by path. Those that are identical are only counted; where a whole
    file is, and its format holds several, the file counts as one of `identical_files`. `errors` are files
    that hold no recording or can't be read, sorted by name; of those in `past_errors` only the left side is
    so.
    """

    pairs: tuple[ComparedPair, ...]
    identical: int
    shared: tuple[SharedChange, ...]
    errors: tuple[Unread | LoadError, ...] = ()
    past_errors: tuple[Unread | LoadError, ...] = ()
    scheme_changes: tuple[SchemeChange, ...] = ()
    identical_files: int = 0
