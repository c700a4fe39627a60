"""The names of files that are named after a hash: what they are made of, and what words stand for them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from recctl.base.values import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

MODELS = "models-"
"""How the name of a list of models begins; its hash comes next."""


def read_hash(name: str) -> str:
    """The hash in the name of a recording's file; "" where there is none."""
    found = re.match(_HASH, name)
    return found[1] if found else ""


_HASH = rf"(?:{MODELS})?([0-9a-f]{{12,64}})(?![0-9A-Za-z])"  # compiled where it is called for, as the next


def shorten_name(name: str) -> str:
    """A file's name as people tell it: of one that is named after a hash, how that begins."""
    found = re.match(_HASH, name)
    return name[: found.start(1) + _SHOWN] if found else name


_SHOWN = 12


def is_model_list(name: str) -> bool:
    """Whether a file's name is that of a list of models, which is made of the reply as well."""
    return name.startswith(MODELS)


def is_hash_prefix(word: str) -> bool:
    """Whether a word can be the first digits of a recording's hash, or the start of a model list's name."""
    return re.fullmatch(_HASH_PREFIX, word, re.IGNORECASE) is not None


_HASH_PREFIX = f"[0-9a-f]{{4,64}}|{MODELS}[0-9a-f]{{4,64}}(?:-[0-9a-f]{{0,8}})?"


def is_start(word: str) -> bool:
    """Whether a word can be the beginning of a name, if it is too short to be taken for one."""
    return re.fullmatch(_START, word, re.IGNORECASE) is not None


_START = f"(?:{MODELS})?[0-9a-f]{{1,64}}|{MODELS}[0-9a-f]{{1,64}}-[0-9a-f]{{0,8}}"


def is_named_by(prefix: str, name: str) -> bool:
    """Whether a file's name, or the hash in it, starts so."""
    start = prefix.lower()
    if name.startswith(start) or name.removeprefix(MODELS).startswith(start):
        return True
    parsed = read_proxied_name(name)
    return parsed is not None and parsed.hash.startswith(start)


def read_name(word: str) -> str | None:
    """What a word tells of a name, from the hash on, if it is one or its beginning; None for other words."""
    return word.removeprefix(MODELS) if re.fullmatch(_NAME, word) else None


_NAME = rf"(?:{MODELS})?[0-9a-f]{{4,64}}(?:-[0-9a-f]{{8}})?(?:\.json)?"


def list_beginnings(start: str) -> tuple[str, ...]:
    """How the names may begin in which what `read_name` gave stands."""
    return start, f"{MODELS}{start}"


_PROXIED = r"(?P<stem>.+)_(?P<method>[a-z]+)_(?P<hash>[0-9a-f]{8})(?P<suffix>\.json|\.yaml)"


class ProxiedName(NamedTuple):
    """The name of a proxy's file, `openai_chat_completions_post_35680ba4.json`, taken apart.

    `stem` is a prefix that somebody may have set, and the path that was asked for.
    """

    stem: str
    method: str
    hash: str
    suffix: str

    def find_prefix(self, route: str) -> str | None:
        """What stands before a path; None where the name is not of it."""
        safe = spell_safely(route)
        prefix = self.stem.removesuffix(safe)
        return prefix if self.stem.endswith(safe) and (not prefix or prefix.endswith("_")) else None


def read_proxied_name(name: str) -> ProxiedName | None:
    """A name as dd-apm-test-agent gives it, taken apart; None for other names."""
    found = re.fullmatch(_PROXIED, name)
    return None if found is None else ProxiedName(**found.groupdict())


def spell_safely(text: str) -> str:
    """A text as it is in the name of a file: what is no letter, digit, dot or hyphen is `_`."""
    return "".join(char if char.isalnum() or char in ".-" else "_" for char in text)


def find_route(name: str, provider: str, url: str) -> str:
    """What a proxy was asked for when it sent a request to a url: its name for the provider, and the path.

    How much of the url is the provider's address is told by the file's name, else by the addresses that
    dd-apm-test-agent knows (`ddapm_test_agent/vcr_proxy.py`).
    """
    path = url.partition("://")[2].partition("/")[2]
    parsed = read_proxied_name(name)
    for end in list_ends(path, len(parsed.stem)) if parsed is not None else ():
        route = f"{provider}/{end}"
        if parsed is not None and parsed.find_prefix(route) is not None:
            return route
    return f"{provider}/{path.removeprefix(_ADDRESSES.get(provider, ''))}"


def list_ends(path: str, most: int) -> Iterator[str]:
    """A path, and what stands behind each of its slashes, the longest first: what has so many characters."""
    if len(path) <= most:
        yield path
    place = path.find("/", max(len(path) - most - 1, 0))
    while place >= 0:
        yield path[place + 1 :]
        place = path.find("/", place + 1)


_ADDRESSES = {"openai": "v1/"}
"""How the paths of providers begin whose addresses have one."""


def fill_name(template: str, name: str, hashed: str, route: str, method: str) -> str:
    """The name that a template gives to the file that now has another one."""
    parsed = read_proxied_name(name)
    values = {
        "{prefix}": (parsed.find_prefix(route) if parsed is not None else None) or "",
        "{path}": spell_safely(route),
        "{method}": method.lower(),
        "{hash}": hashed,
        "{suffix}": parsed.suffix if parsed is not None else ".json",
    }
    return re.sub(r"\{[a-z]+\}", lambda word: values.get(word[0], word[0]), template)
