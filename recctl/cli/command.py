"""What `--help` says of a command: its options in groups, and examples of its use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from typer.core import TyperCommand, TyperGroup

if TYPE_CHECKING:
    from collections.abc import Sequence

OWN, SELECTING, SHOWING, COMMON = "Options", "Which recordings", "Output", "Common options"
"""The groups that options stand in, in the order in which the help has them."""

Examples = tuple[tuple[str, str], ...]
"""Command lines, and what each is for in a few words."""


class Command(TyperCommand):
    """A command whose help has groups and examples."""

    examples: Examples = ()

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the arguments and, group by group, the options."""
        write_options(self.get_params(ctx), ctx, formatter)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002  (as its caller calls it)
        """Write the examples."""
        write_examples(self.examples, formatter)


class Group(TyperGroup):
    """A command that has others below it, and whose help has examples."""

    examples: Examples = ()

    def format_epilog(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002  (as above)
        """Write the examples."""
        write_examples(self.examples, formatter)


def write_options(params: Sequence[Any], ctx: Any, formatter: Any) -> None:
    """Write a section of arguments, and one of options for each group that has some."""
    sections: dict[str, list[Any]] = {name: [] for name in ("Arguments", OWN, SELECTING, SHOWING, COMMON)}
    for param in params:
        record = param.get_help_record(ctx)
        if record is None:
            continue
        if param.param_type_name == "argument":
            name = "Arguments"
        else:
            name = COMMON if "--help" in param.opts else getattr(param, "rich_help_panel", None) or OWN
        sections[name].append(record)
    for name, records in sections.items():
        if records:
            with formatter.section(name):
                formatter.write_dl(records)


def write_examples(examples: Examples, formatter: Any) -> None:
    """Write the examples, each with what it is for beside it, or below it where that gets too long."""
    if not examples:
        return
    column = max((len(line) for line, _ in examples if len(line) <= _LONGEST), default=0)
    with formatter.section("Examples"):
        indent = " " * formatter.current_indent
        for line, purpose in examples:
            beside = f"{indent}{line:{column}}  {purpose}"
            fits = len(line) <= column and len(beside) <= formatter.width
            formatter.write(f"{beside}\n" if fits else f"{indent}{line}\n{indent}    {purpose}\n")


_LONGEST = 40
"""How long a command line may be for what it is for to stand beside it."""
