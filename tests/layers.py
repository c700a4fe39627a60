"""How the package is laid out, from the command line down to what knows nothing else."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "recctl"

LAYERS = [
    ["__init__", "__main__"],
    ["cli", "library"],
    ["render"],
    ["drift"],
    ["inventory", "rehash"],
    ["checks", "diff", "prune"],
    ["naming"],
    ["testsuite", "textconv"],
    ["input", "wire"],
    ["changes", "recordings"],
    ["git", "project"],
    ["base", "manual"],
]
"""The parts of the package, the highest first; each may import from any layer below its own."""
