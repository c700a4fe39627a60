"""Looking for secrets in a text, however it is encoded."""

from __future__ import annotations

import re
import sys
from functools import cache, lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from recctl.base.patterns import compile_pattern
from recctl.base.values import NamedTuple
from recctl.checks.secret_decoding import DISGUISE, GATE, TEXT_AFTER, decode, encode_for_gate
from recctl.checks.secret_judges import is_in_data, is_published
from recctl.checks.secret_kinds import KINDS
from recctl.checks.secret_shapes import AFTER_LONG

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from jsonschema_rs import Validator

    from recctl.checks.secret_shapes import SecretKind
    from recctl.project import SecretSettings


class SecretHit(NamedTuple):
    """A secret in a text: its kind, where it stands, whether the project itself looks for it.

    `secret` is what it is once its encoding is taken off, `spelled` what is in the text.
    """

    kind: str
    start: int
    spelled: str
    secret: str
    is_own: bool


class Finder:
    """What looks for secrets in texts, the way that a project wants it.

    A secret is let be when an expression of `allow` is found in it or in what shows it to be one: a url, the
    name of a key. Where a text stands under a key, that is in a line above it, for own patterns too.
    """

    def __init__(self, settings: SecretSettings) -> None:
        self._allow = [compile_pattern(pattern) for pattern in settings.allow]
        self._own = [(name, compile_pattern(pattern, re.MULTILINE)) for name, pattern in settings.patterns]
        self._empty: set[str] = set()
        self._find_once = lru_cache(maxsize=512)(lambda text: tuple(self._find(text)))

    @property
    def has_own_patterns(self) -> bool:
        """Whether it looks for more than the gate of all kinds opens for."""
        return bool(self._own)

    def may_find(self, text: str) -> bool:
        """Whether `find` can find anything in a text, or in one of the lines of it."""
        return may_hold_secret(text) or any(pattern.search(text) for _, pattern in self._own)

    def pick(self, texts: Sequence[str]) -> list[int]:
        """The places in a list of texts of those in which `find` may find something.

        To ask about each by itself would take long: most are asked about together with others, and of short
        ones those that were empty before are not asked about again.
        """
        picked, unknown = [], []
        for place, text in enumerate(texts):
            if len(text) > _ALONE:
                if self.may_find(text):
                    picked.append(place)
            elif text not in self._empty:
                unknown.append(place)
        opened = {*self._halve(texts, unknown)}
        if len(self._empty) > _MOST_EMPTY:
            self._empty.clear()
        self._empty.update(texts[place] for place in unknown if place not in opened)
        return sorted([*picked, *opened])

    def _halve(self, texts: Sequence[str], places: list[int]) -> Iterator[int]:
        if not places or not self.may_find("\n".join([texts[place] for place in places])):
            return
        if len(places) == 1:
            yield from places
            return
        half = len(places) // 2
        yield from self._halve(texts, places[:half])
        yield from self._halve(texts, places[half:])

    def find(self, text: str) -> Iterator[SecretHit]:
        """The secrets of a text, those of the same kind in their order; none is part of another."""
        # the same headers are in recording after recording
        yield from self._find_once(text) if len(text) <= _LONG else self._find(text)

    def _find(self, text: str) -> Iterator[SecretHit]:
        if not self.may_find(text):
            return
        taken = bytearray(len(text))
        for name, is_own, match, (start, end) in self._match_all(text):
            if 1 in taken[start:end]:
                continue
            taken[start:end] = b"\1" * (end - start)
            if not any(pattern.search(_show(match)) for pattern in self._allow):
                secret = match[0] if is_own else match["secret"]
                yield SecretHit(name, start, text[start:end], secret, is_own)

    def _match_all(self, text: str) -> Iterator[tuple[str, bool, re.Match[str], tuple[int, int]]]:
        """What matches, and where; first in what encodings hide, of which a text shows only pieces."""
        for said, locate in decode(text):
            if may_hold_secret(said):
                for name, match in _match_kinds(said):
                    yield name, False, match, locate(*match.span("secret"))
        for name, match in _match_kinds(text):
            yield name, False, match, match.span("secret")
        for name, own in self._own:
            for match in own.finditer(text):
                if match[0]:
                    yield name, True, match, match.span()


def _show(match: re.Match[str]) -> str:
    """A secret with what shows it to be one: with all of its name, where it has one."""
    if not match.re.groupindex.get("name"):
        return match[0]
    before = match.string[max(0, match.start() - _LONGEST_NAME) : match.start()]
    return before[len(before.rstrip(_IN_NAMES)) :] + match[0]


_ALONE = 500  # characters: longer texts are seldom shared, and asked about one by one
_MOST_EMPTY = 20_000
_LONGEST_NAME = 60
_IN_NAMES = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"


def _match_kinds(text: str) -> Iterator[tuple[str, re.Match[str]]]:
    for kind in _list_likely(text):
        for match in _compile(kind.pattern).finditer(text):
            is_new = not is_published(match["secret"]) and not is_in_data(text, *match.span("secret"))
            if kind.is_real(match) and is_new:
                yield kind.name, match


def _list_likely(text: str) -> Iterator[SecretKind]:
    """The kinds that may be in a text: by words for a short one, else by their gates."""
    if len(text) > _LONG:
        yield from (kind for kind in KINDS if _opens(kind.gate, text))
    else:
        yield from _list_hinted(text)


def _list_hinted(text: str) -> list[SecretKind]:
    lowered = text.lower()
    return [
        kind
        for kind, word, others in _HINTS
        if word in lowered or (others and any(other in lowered for other in others.split("|")))
    ]


_HINTS = [(kind, *kind.hint.lower().partition("|")[::2]) for kind in KINDS]
_LONG = 4_000  # characters: making all gates ready takes as long as reading a few of these by words


def _opens(gate: str, text: str) -> bool:
    try:
        return _compile_one(gate).is_valid(text)
    except ValueError:  # lone surrogates
        return True


@cache
def _compile_one(gate: str) -> Validator:
    from jsonschema_rs import RegexOptions, validator_for

    return validator_for({"pattern": gate}, pattern_options=RegexOptions())


_compile = cache(re.compile)  # most texts have the hints of few kinds


get_finder = lru_cache(maxsize=8)(Finder)


def prepare() -> None:
    """Make ready what is needed for any file, and for the few that name something secret."""
    _compile_gate()
    _compile_encoded()
    for kind in KINDS:
        if kind.is_named:
            _compile(kind.pattern)


def may_hold_secret(text: str, plain: int = 0) -> bool:
    """Whether any kind's gate opens for a text; boundaries and entropy are not looked at.

    The last `plain` characters are not asked for what is in base64.
    """
    if "jsonschema_rs" not in sys.modules and next(_first_few, False) and is_plainly_free(text, plain):
        return False
    try:
        if _compile_gate().is_valid(text) or _compile_encoded().is_valid(text[: len(text) - plain]):
            return True
        return not text.isascii() and _compile_disguise().is_valid(text)
    except ValueError:  # lone surrogates, which they can't read
        return True


_first_few = iter([True] * 4)  # texts of a process: to make all gates ready takes as long as reading these


def is_plainly_free(text: str, plain: int = 0) -> bool:
    """Whether words show that `may_hold_secret` has nothing to find: in a short text without escapes."""
    if len(text) > _MEDIUM or not text.isascii() or any(sign in text for sign in ("%", "\\/", "\\u")):
        return False
    gates = dict.fromkeys(kind.gate for kind in _list_hinted(text))
    may_be_base64 = re.search(TEXT_AFTER[0], text[: len(text) - plain]) is not None
    return not may_be_base64 and not any(re.search(gate, text) for gate in gates)


_MEDIUM = 16_384  # characters; of these, words are found in a tenth of that time


@cache
def _compile_gate() -> Validator:
    """All gates as one. jsonschema-rs finds some dozens of literals a hundred times as fast as `re` does.

    With more than that in one, it takes another way, which is several times as slow.
    """
    from jsonschema_rs import RegexOptions, validator_for

    named = dict.fromkeys(kind.gate for kind in KINDS if kind.is_named)
    shown = [kind for kind in KINDS if not kind.is_named]
    plain = [kind for kind in shown if "(?:" not in kind.gate]
    short = dict.fromkeys(kind.gate for kind in plain if len(kind.hint) <= _SHORT)
    # what another gate opens for needs none of its own
    longer = [kind for kind in plain if len(kind.hint) > _SHORT and not kind.hint.startswith(("sk-", "sk_"))]
    alike = sorted({kind.gate for kind in longer if kind.gate.endswith(AFTER_LONG)})
    apart = [kind.gate for kind in longer if not kind.gate.endswith(AFTER_LONG)]
    other = dict.fromkeys((*(kind.gate for kind in shown if "(?:" in kind.gate), *apart, GATE))
    joined = ["|".join(group) for group in (named, other, *_split(short, 12))]
    starts = _split((gate.removesuffix(AFTER_LONG) for gate in alike), 64)
    joined += [f"(?:{'|'.join(group)}){AFTER_LONG}" for group in starts]
    patterns = [{"pattern": pattern} for pattern in joined]
    return validator_for({"anyOf": patterns}, pattern_options=RegexOptions())


@cache
def _compile_encoded() -> Validator:
    """The gates for what is in base64."""
    from jsonschema_rs import RegexOptions, validator_for

    patterns = [{"pattern": "|".join(group)} for group in _list_encoded()]
    return validator_for({"anyOf": patterns}, pattern_options=RegexOptions())


def _list_encoded() -> Iterator[list[str]]:
    hints = (kind.hint for kind in KINDS if not kind.is_named)
    starts = ((way[:4], 0) for hint in hints for way, _ in islice(encode_for_gate(hint), 1))
    listed = dict.fromkeys((*(way for word in _TELLING for way in encode_for_gate(word)), *starts))
    whole, *cut = ([way for way, rest in listed if rest == over] for over in range(4))
    for group in _split(whole, 64):
        yield [f"(?:{'|'.join(group)}){TEXT_AFTER[0]}"]
    yield [f"(?:{'|'.join(group)}){after}" for group, after in zip(cut, TEXT_AFTER[1:], strict=True) if group]


@cache
def _compile_disguise() -> Validator:
    from jsonschema_rs import RegexOptions, validator_for

    return validator_for({"pattern": DISGUISE}, pattern_options=RegexOptions())


_SHORT = 3  # characters; of literals that are that short, fewer are looked for as fast


def _split(gates: Iterable[str], size: int) -> Iterator[list[str]]:
    listed = [*gates]
    return (listed[start : start + size] for start in range(0, len(listed), size))


# whose base64 opens a gate wherever it starts; other kinds of secrets are found where they are encoded alone
_TELLING = (
    *("sk-ant-", "sk-proj-", "sk-or-v1-", "AKIA", "ghp_", "github_pat_", "glpat-", "xoxb-", "AIza", "gsk_"),
    *("-----BEGIN", "Bearer ", "://", "api_key", "api-key", "apiKey", "password", "secret", "token", '{"'),
)
