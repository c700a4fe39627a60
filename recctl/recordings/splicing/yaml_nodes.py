"""Changes of a YAML file's values: of each that differs, and not a character besides."""

from __future__ import annotations

import base64
import json
import re
import textwrap
from typing import TYPE_CHECKING

from recctl.recordings.splicing import Edit, splice_text
from recctl.recordings.splicing.yaml_scalars import splice_scalar, write_scalar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from recctl.base.yaml_places import Node
    from recctl.base.yaml_text import YAML

    _Inner = Mapping[tuple[str, ...], Sequence[Edit]]

_Steps = tuple[str, ...]


class YAMLSplicer:
    """Collects the edits of one file. `whole` says that scalars are written anew, and not inside."""

    def __init__(self, text: str, *, whole: bool = False) -> None:
        self.edits: list[Edit] = []
        self._text = text
        self._whole = whole

    def change(self, node: Node, old: YAML, new: YAML, inner: _Inner, steps: _Steps = ()) -> None:
        """Make a node say `new`, where it says `old`.

        `inner` are edits that are known already, of the texts to which some steps lead.
        """
        if old == new and type(old) is type(new):
            return
        if isinstance(old, dict) and isinstance(new, dict) and node.kind == "mapping" and new:
            self._change_mapping(node, old, new, inner, steps)
        elif isinstance(old, list) and isinstance(new, list) and node.kind == "sequence" and new:
            self._change_sequence(node, old, new, inner, steps)
        elif node.kind == "scalar" and isinstance(new, str) and isinstance(old, str):
            self._change_text(node, new, inner.get(steps) or splice_text(old, new))
        elif node.kind == "scalar":
            self._replace(node, self._write_bytes(node, new) if isinstance(new, bytes) else _write(new))
        else:
            self._rewrite(node, new)

    def remove(self, node: Node, indexes: Sequence[int]) -> None:
        """Remove entries of a collection."""
        gone = set(indexes)
        spans = self._find_spans(node)
        if len(gone) == len(spans):
            self._rewrite(node, [] if node.kind == "sequence" else {})
            return
        kept = max(index for index in range(len(spans)) if index not in gone)
        self.edits += [Edit(spans[index][0], spans[index + 1][0], "") for index in gone if index < kept]
        if kept < len(spans) - 1:
            self.edits.append(Edit(spans[kept][1], spans[-1][1], ""))

    def _change_mapping(
        self, node: Node, old: dict[str, YAML], new: dict[str, YAML], inner: _Inner, steps: _Steps
    ) -> None:
        keys = [key.word for key in node.keys]
        gone = [index for index, key in enumerate(keys) if key not in new]
        added = [key for key in new if key not in old]
        if node.is_flow and (gone or added):
            self._rewrite(node, new)
            return
        if gone and len(gone) == len(keys):
            self._rewrite(node, new)
            return
        last = {key: index for index, key in enumerate(keys)}
        for key, value in new.items():
            if key in old and key in last:
                self.change(node.parts[last[key]], old[key], value, inner, (*steps, key))
        if gone:
            self.remove(node, gone)
        if added:
            kept = max(index for index in range(len(keys)) if index not in gone)
            self._append(node, kept, [f"{write_scalar(key)}: {_write(new[key])}" for key in added])

    def _change_sequence(
        self, node: Node, old: list[YAML], new: list[YAML], inner: _Inner, steps: _Steps
    ) -> None:
        shared = min(len(old), len(new))
        left = next((index for index in range(shared) if old[index] != new[index]), shared)
        right = next((index for index in range(shared - left) if old[~index] != new[~index]), shared - left)
        if len(old) == len(new):
            for index in range(left, len(old) - right):
                self.change(node.parts[index], old[index], new[index], inner, (*steps, str(index)))
        elif not node.is_flow and left + right == len(new):
            self.remove(node, range(left, len(old) - right))
        elif not node.is_flow and left == len(old):
            self._append(node, left - 1, [f"- {_write(value)}" for value in new[left:]])
        else:
            self._rewrite(node, new)

    def _append(self, node: Node, index: int, lines: list[str]) -> None:
        """Write entries behind one of a collection in block style."""
        start, end = self._find_spans(node)[index]
        column = start - (self._text.rfind("\n", 0, start) + 1)
        self.edits.append(Edit(end, end, "".join(f"\n{' ' * column}{line}" for line in lines)))

    def _change_text(self, node: Node, new: str, edits: Sequence[Edit]) -> None:
        spliced = None if self._whole else splice_scalar(self._text, node, edits)
        if spliced is None:
            self._replace(node, write_scalar(new))
        else:
            self.edits += spliced

    def _write_bytes(self, node: Node, data: bytes) -> str:
        """Bytes in base64, laid out as the node is."""
        encoded = base64.b64encode(data).decode()
        written = self._text[node.start : _find_end(self._text, node)]
        if node.style != "|":
            return f"!!binary {encoded}" if encoded else '!!binary ""'
        head, *lines = written.split("\n")
        indent = " " * (len(lines[0]) - len(lines[0].lstrip())) if lines else ""
        width = max((len(line.strip()) for line in lines), default=76) if len(lines) > 1 else 76
        return "\n".join([head, *(indent + line for line in textwrap.wrap(encoded, width))])

    def _replace(self, node: Node, written: str) -> None:
        self.edits.append(Edit(node.start, _find_end(self._text, node), written))

    def _rewrite(self, node: Node, value: YAML) -> None:
        """Write a value anew, on the line of what it belongs to."""
        before = self._text[: node.start].rstrip()
        self.edits.append(Edit(len(before), _find_end(self._text, node), f" {_write(value)}"))

    def _find_spans(self, node: Node) -> list[tuple[int, int]]:
        """From where to where each entry of a block collection, or each document, stands; dashes count."""
        if node.kind == "mapping":
            pairs = zip(node.keys, node.parts, strict=True)
            return [(self._find_start(key), _find_last(self._text, value)) for key, value in pairs]
        if node.kind == "stream":
            return [(item.start, item.end) for item in node.parts]
        return [(self._text.rindex("-", 0, item.start), _find_last(self._text, item)) for item in node.parts]

    def _find_start(self, key: Node) -> int:
        """Where the entry of a key begins: with the question mark of a long one."""
        start = key.start
        line = self._text[self._text.rfind("\n", 0, start) + 1 : start].rstrip(" ")
        return self._text.rindex("?", 0, start) if line.endswith("?") else start


def _find_end(text: str, node: Node) -> int:
    """Where a node ends, without the blanks and the comments behind it."""
    start, end = node.start, node.end
    if node.kind == "scalar":
        return start + len(text[start:end].rstrip()) if node.style in ("|", ">") else end
    return end if node.is_flow or not node.parts else _find_end(text, node.parts[-1])


def _find_last(text: str, node: Node) -> int:
    """Where the last line of a node ends, blank ones of a block that keeps them (`|+`) included."""
    while node.kind != "scalar" and node.parts and not node.is_flow:
        node = node.parts[-1]
    is_block = node.kind == "scalar" and node.style in ("|", ">")
    head = text[node.start : text.find("\n", node.start)] if is_block else ""
    if re.search(r"[|>][0-9]?\+", head) and text[node.end - 1] == "\n":
        return node.end - 1
    return _find_end(text, node)


def _write(value: YAML) -> str:
    """A value on one line."""
    if isinstance(value, str):
        return write_scalar(value)
    if isinstance(value, bytes):
        return f'!!binary "{base64.b64encode(value).decode()}"'
    if isinstance(value, dict):
        return f"{{{', '.join(f'{write_scalar(key)}: {_write(item)}' for key, item in value.items())}}}"
    return f"[{', '.join(map(_write, value))}]" if isinstance(value, list) else json.dumps(value)
