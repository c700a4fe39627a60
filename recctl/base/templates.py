"""Templates of names that files get from tests, such as `{module}/{class}.{function}[{params}]`.

A test without a class, or without parameters, has a name without that placeholder. With it goes the text
between it and `{function}`, and the bracket behind it where one is opened before it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from recctl.base.errors import suggest


class Parts(NamedTuple):
    """What a name tells of a test; "" is for what it does not have, None for what the name does not tell.

    `parameters` are without their brackets.
    """

    module: str | None
    holder: str | None
    function: str
    parameters: str | None


class Template(NamedTuple):
    """A template, ready for both directions: `fields` are its placeholders, `pieces` its text in order.

    A piece is the text before a placeholder, the placeholder or "", and the text behind it: both texts go
    where the test lacks what the placeholder stands for.
    """

    pattern: re.Pattern[str]
    fields: frozenset[str]
    pieces: tuple[tuple[str, str, str], ...]

    def read(self, name: str) -> Parts | None:
        """What a name tells of its test; None where it is not made by this template."""
        found = self.pattern.fullmatch(name)
        if found is None:
            return None
        told = {field: found[field] or "" for field in self.fields}
        return Parts(told.get("module"), told.get("class"), found["function"], told.get("params"))

    def write(self, module: str, holder: str, function: str, parameters: str) -> str:
        """The name of a test's file."""
        values = {"module": module, "class": holder, "function": function, "params": parameters}
        return "".join(
            f"{before}{values.get(field, '')}{behind}"
            for before, field, behind in self.pieces
            if not field or values[field]
        )


@lru_cache(maxsize=64)
def compile_template(text: str) -> Template:
    """A template. Raises ValueError, whose message says what is wrong, for a broken one."""
    steps = _PLACEHOLDER.split(text)  # text and names of placeholders in turn
    fields = steps[1::2]
    for field in fields:
        if field not in _FIELDS:
            hint = suggest(field, [*_FIELDS])
            raise ValueError(f"has an unknown placeholder, {{{field}}}, in {text!r}: {hint}")
        if fields.count(field) > 1:
            raise ValueError(f"has {{{field}}} twice in {text!r}")
    if "function" not in fields:
        raise ValueError(f"lacks {{function}} in {text!r}")
    if any(brace in step for step in steps[::2] for brace in "{}"):
        raise ValueError(f"has a brace that belongs to no placeholder in {text!r}")
    if not all(steps[2:-1:2]):
        raise ValueError(f"has two placeholders with nothing between them in {text!r}")
    _check_path(text)
    pieces = _make_pieces(steps)
    return Template(re.compile("".join(map(_write_pattern, pieces)), re.DOTALL), frozenset(fields), pieces)


def _check_path(text: str) -> None:
    if not text.isprintable() or "\\" in text or any(part in ("", ".", "..") for part in text.split("/")):
        raise ValueError(f"should be a path below the folder of cassettes, with /, and not {text!r}")


@lru_cache(maxsize=64)
def compile_companion(pattern: str, template: str) -> Template:
    """The template of the files that go with those that another one names.

    In the pattern, `{name}` is the last part of their names, and `{module}` is itself. A pattern without a
    `/` is of files in the same folder. Raises ValueError, as above.
    """
    folder, slash, name = template.rpartition("/")
    steps = _PLACEHOLDER.split(pattern)[1::2]
    if steps.count("name") != 1 or not {*steps} <= {"name", "module"}:
        raise ValueError(f"should have {{name}} once, and beside it no more than {{module}}, in {pattern!r}")
    _check_path(pattern)
    whole = pattern.replace("{name}", name)
    return compile_template(whole if "/" in pattern else f"{folder}{slash}{whole}")


_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")

_FIELDS = {
    "module": r"[A-Za-z_]\w*",
    "class": r"[A-Za-z_]\w*",
    "function": r"test\w*",
    "params": r"[^/]+",
}
"""The placeholders, and what may stand for each."""

_BRACKETS = {"[": "]", "(": ")", "<": ">"}


def _make_pieces(steps: list[str]) -> tuple[tuple[str, str, str], ...]:
    """The pieces of a template, whose texts and placeholders come in turn."""
    texts, fields = steps[::2], steps[1::2]
    middle = fields.index("function")
    before, behind = [""] * len(fields), [""] * len(fields)
    for number, field in enumerate(fields):  # texts[number] stands before it, texts[number + 1] behind it
        close = _BRACKETS.get(texts[number][-1:])
        is_optional = field in ("class", "params")
        if is_optional and close is not None and texts[number + 1].startswith(close):
            texts[number + 1] = texts[number + 1][1:]
            behind[number] = close
            if number < middle:
                before[number], texts[number] = texts[number][-1], texts[number][:-1]
        if is_optional and number < middle:
            behind[number] += texts[number + 1]
            texts[number + 1] = ""
        elif is_optional:
            before[number] = texts[number]
            texts[number] = ""
    pieces = []
    for number, field in enumerate(fields):
        pieces += [(texts[number], "", ""), (before[number], field, behind[number])]
    pieces.append((texts[-1], "", ""))
    return tuple(piece for piece in pieces if any(piece))


def _write_pattern(piece: tuple[str, str, str]) -> str:
    before, field, behind = piece
    value = f"(?P<{field}>{_FIELDS[field]})" if field else ""
    whole = f"{re.escape(before)}{value}{re.escape(behind)}"
    return f"(?:{whole})?" if field in ("class", "params") else whole
