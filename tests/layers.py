"""How the package is laid out, from the command line down to what knows nothing else."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "recctl"

LAYERS = [
    ["__main__", "library"],
    ["cli"],
    ["render"],
    ["rehash", "drift"],
    ["checks", "compare", "evidence", "restore"],
    ["naming", "plan", "gitsetup", "collected", "track"],
    ["wire", "schemes", "testcode"],
    ["completion", "sides"],
    ["sources"],
    ["walk"],
    ["attempt"],
    ["recordings"],
    ["yaml_places"],
    ["tree"],
    ["project", "journal", "yaml_text", "limited"],
    ["git", "parallel", "syntax", "hashing", "state", "abridge", "texts"],
    ["disk", "signature"],
    ["tables", "strict_json", "pointer", "patterns", "templates", "definitions"],
    ["amounts", "digests", "errors", "__init__"],
]
"""The parts of the package, the highest first; each may import from any layer below its own."""
