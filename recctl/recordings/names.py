"""The names of files that are named after a hash: what they are made of, and what words stand for them."""

from __future__ import annotations

import re

MODELS = "models-"
"""How the name of a list of models begins; its hash comes next."""


def read_hash(name: str) -> str:
    """The hash in the name of a recording's file; "" where there is none."""
    found = re.match(_HASH, name)
    return found[1] if found else ""


_HASH = rf"(?:{MODELS})?([0-9a-f]{{12,64}})(?![0-9A-Za-z])"  # compiled where it is called for, as the next


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
    return name.startswith(start) or name.removeprefix(MODELS).startswith(start)


def read_name(word: str) -> str | None:
    """What a word tells of a name, from the hash on, if it is one or its beginning; None for other words."""
    return word.removeprefix(MODELS) if re.fullmatch(_NAME, word) else None


_NAME = rf"(?:{MODELS})?[0-9a-f]{{4,64}}(?:-[0-9a-f]{{8}})?(?:\.json)?"


def list_beginnings(start: str) -> tuple[str, ...]:
    """How the names may begin in which what `read_name` gave stands."""
    return start, f"{MODELS}{start}"
