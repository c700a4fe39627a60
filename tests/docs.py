"""What a program writes of the READMEs, the manual and the hooks: `python -m tests.docs --write`.

Each stands between `<!-- generated: NAME -->` and `<!-- /generated -->`, and says what the code says. Blank
lines keep the comments apart from what they enclose: on GitHub, a comment inside a table would end it.
"""

from __future__ import annotations

import ast
import re
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

from typer.testing import CliRunner

from recctl.checks.run import list_rules
from recctl.cli.app import COMMANDS, app
from recctl.inventory.columns import COLUMNS
from recctl.project.schemes import KEYS
from recctl.recordings.formats import list_places
from recctl.wire.completion import NOTE_CODES
from recctl.wire.protocol import COMMON_NOISE
from recctl.wire.recognition import gather_noise
from tests.layers import LAYERS, PACKAGE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from recctl.checks.finding import Rule

README = Path(__file__).resolve().parents[1] / "README.md"
MAP = PACKAGE / "README.md"
HOOKS = README.with_name(".pre-commit-hooks.yaml")
_WIDTH = 110


def _write_table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [(cell.replace("|", r"\|") for cell in row) for row in (head, *rows)]
    first, *others = (f"| {' | '.join(cells)} |" for cells in lines)
    return "\n".join((first, "|---" * len(head) + "|", *others))


def _write_rules() -> str:
    rows = ((f"`{rule.name}`", rule.severity.label, rule.summary) for rule in list_rules())
    return _write_table(("rule", "severity", "what it finds"), rows)


def _write_notes() -> str:
    return _write_table(
        ("note", "what it says"), ((f"`{code}`", meaning) for code, meaning in NOTE_CODES.items())
    )


def _write_scheme_keys() -> str:
    return _write_table(("key", "what it says"), ((f"`{key}`", each.meaning) for key, each in KEYS.items()))


def _write_noise() -> str:
    return textwrap.fill(", ".join(f"`{key}`" for key in sorted({*COMMON_NOISE, *gather_noise()})), _WIDTH)


def _write_rule_reference() -> str:
    return "\n\n".join(_describe_rule(rule) for rule in list_rules())


def _describe_rule(rule: Rule) -> str:
    told = [f"## {rule.name}", f"*{rule.severity.label}* {rule.summary}", rule.why, rule.fix]
    told += ["```text", f"bad:  {rule.bad}", f"good: {rule.good}", "```"]
    text = "\n\n".join(told[:4]) + "\n\n" + "\n".join(told[4:])
    if rule.kinds:
        rows = ((name, f"`{example}`") for name, example in rule.kinds)
        text += "\n\n" + _write_table(("it knows", "which looks like this"), rows)
    return text


def _write_commands() -> str:
    return "\n\n".join(f"## recctl {name}\n\n```text\n{_read_help(name)}\n```" for name in COMMANDS)


def _read_help(name: str) -> str:
    """What `--help` prints for a command, 80 columns wide, whatever the terminal."""
    outcome = CliRunner(env={"COLUMNS": "80", "TERMINAL_WIDTH": "80"}).invoke(
        app, [name, "--help"], prog_name="recctl", color=False
    )
    return "\n".join(line.rstrip() for line in outcome.stdout.strip("\n").split("\n"))


def _write_wires() -> str:
    rows = []
    for path in sorted((PACKAGE / "wire/protocols").glob("[a-z]*.py")):
        told = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        rows.append((f"`{path.stem}`", " ".join(told.partition("\n\n")[0].split())))
    return _write_table(("protocol", "what it is"), rows)


def _write_columns() -> str:
    return _write_table(("column", "what it tells"), ((f"`{c.name}`", c.meaning) for c in COLUMNS.values()))


def _write_map() -> str:
    rows = (
        (str(number), f"`{part}`", _read_purpose(part))
        for number, parts in enumerate(LAYERS, 1)
        for part in sorted(parts)
    )
    return _write_table(("layer", "part", "what it is for"), rows)


def _read_purpose(part: str) -> str:
    """What a module or a package is for: the first sentence of its docstring."""
    path = PACKAGE / part / "__init__.py"
    source = (path if path.is_file() else PACKAGE / f"{part}.py").read_text(encoding="utf-8")
    told = " ".join((ast.get_docstring(ast.parse(source)) or "").partition("\n\n")[0].split())
    return told.partition(". ")[0].removesuffix(".")


PARTS: dict[str, Callable[[], str]] = {
    "rules": _write_rules,
    "rule reference": _write_rule_reference,
    "commands": _write_commands,
    "wires": _write_wires,
    "columns": _write_columns,
    "notes": _write_notes,
    "noise": _write_noise,
    "keys of a scheme": _write_scheme_keys,
    "map": _write_map,
}
"""What writes each generated part, by its name."""

PART = re.compile(r"(<!-- generated: ([^>]+) -->\n\n).*?(\n\n<!-- /generated -->)", re.DOTALL)


def write_parts(text: str) -> str:
    """The text with its generated parts as they should be. Raises KeyError for one that nothing writes."""
    return PART.sub(lambda part: f"{part[1]}{PARTS[part[2]]()}{part[3]}", text)


def write_hooks(text: str) -> str:
    """The definitions of hooks, with the files that they are for as the formats name them."""

    def write_files(hook: re.Match[str]) -> str:
        places: dict[str, list[str]] = {}
        for folder, start, suffix in list_places(only_hashed=hook["id"] in _HASH_HOOKS):
            above = f"{folder}/(.*/)?{start}" if start else f"{folder}/"
            places.setdefault(above, []).append(re.escape(suffix.removeprefix(".")))
        ways = "|".join(rf"{above}.*\.({'|'.join(suffixes)})" for above, suffixes in places.items())
        return f"{hook['before']}  files: (^|/)({ways})$"

    return _FILES.sub(write_files, text)


_HASH_HOOKS = ("recctl-rehash",)
"""The hooks that are for files named after a hash alone."""

_FILES = re.compile(r"^(?P<before>- id: (?P<id>\S+)\n(?:  .*\n)*?)  files: .*$", re.MULTILINE)

MANUAL = tuple(sorted((PACKAGE / "manual").glob("*.md")))

GENERATED: dict[Path, Callable[[str], str]] = {
    **dict.fromkeys((README, MAP, *MANUAL), write_parts),
    HOOKS: write_hooks,
}
"""The files that a program writes parts of, and what gives the text that they should have."""


def main(words: list[str]) -> int:
    """Write the generated parts with `--write`, else say whether they are as they should be."""
    is_old = False
    for path, write in GENERATED.items():
        before = path.read_text(encoding="utf-8")
        after = write(before)
        if words == ["--write"]:
            path.write_text(after, encoding="utf-8")
        elif before != after:
            is_old = True
            sys.stdout.write(
                f"{path.relative_to(README.parent)}: generated parts are old: python -m tests.docs --write\n"
            )
    return int(is_old)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
