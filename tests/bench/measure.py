"""Taking times, and setting them against each other."""

from __future__ import annotations

import compileall
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

CHECKOUT = Path(__file__).resolve().parents[2]
CORPUS = CHECKOUT.parent / "shared" / "corpus"


@dataclass(frozen=True)
class Ratio:
    """How much something costs, as a multiple of something else, and how much it may."""

    what: str
    measured: float
    budget: float
    at_least: bool = False

    @property
    def is_kept(self) -> bool:
        """Whether the measured ratio is within its budget."""
        return self.measured >= self.budget if self.at_least else self.measured <= self.budget

    def __str__(self) -> str:
        bound = "at least" if self.at_least else "at most"
        verdict = "ok" if self.is_kept else "MISSED"
        return f"{self.what:<72} {self.measured:7.2f}   {bound} {self.budget:<5g} {verdict}"


@dataclass(frozen=True)
class Unmeasured:
    """What could not be measured here, and what to do so that it can be."""

    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.what:<72} not measured: {self.remedy}"


def time_calls(*functions: Callable[[], object], rounds: int = 7) -> list[float]:
    """The best time, in seconds, of each function; they take turns, so that a slow spell hits all of them."""
    best = [float("inf")] * len(functions)
    for _ in range(rounds):
        for number, function in enumerate(functions):
            start = time.perf_counter()
            function()
            best[number] = min(best[number], time.perf_counter() - start)
    return best


def process(*command: str, folder: Path = CHECKOUT) -> Callable[[], object]:
    """A function that runs a process to its end; one that fails would be quick, and so is an error."""

    def run() -> None:
        finished = subprocess.run(command, cwd=folder, capture_output=True, check=False)
        if finished.returncode not in (0, 1):  # 1: findings, differences
            raise subprocess.CalledProcessError(finished.returncode, command, stderr=finished.stderr)

    return run


def python(code: str, folder: Path = CHECKOUT) -> Callable[[], object]:
    """A function that runs Python code in a process of its own, in a folder."""
    return process(sys.executable, "-c", code, folder=folder)


def recctl(*arguments: str, folder: Path = CHECKOUT) -> Callable[[], object]:
    """A function that runs the installed `recctl`, with its bytecode made as an installation makes it."""
    compileall.compile_dir(CHECKOUT / "recctl", quiet=1)
    return process(str(Path(sys.executable).with_name("recctl")), *arguments, folder=folder)
