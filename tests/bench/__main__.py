"""Speed, as ratios within one run: `python -m tests.bench [NAME...]`.

Prints a table of what was measured beside its budget (shared/DESIGN.md, "Budgets"), and exits with 1 when a
budget is missed. Machines differ and so do their moods, so this is no test: CI prints it for information.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tests.bench import assembly, cassettes, commands, growth, hooks, inventory, pruning, renaming, track
from tests.bench.measure import CORPUS, Ratio, Unmeasured

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BENCHES: dict[str, Callable[[], Iterator[Ratio | Unmeasured]]] = {
    "startup": commands.measure_startup,
    "hooks": hooks.measure_hooks,
    "validate": commands.measure_validate,
    "cassettes": cassettes.measure_cassettes,
    "inventory": inventory.measure_inventory,
    "diff": commands.measure_diff,
    "rehash": renaming.measure_rehash,
    "prune": pruning.measure_prune,
    "assembly": assembly.measure_assembly,
    "growth": growth.measure_growth,
    "track": track.measure_track,
}


def main(names: list[str]) -> int:
    """Measure what is named, or everything, and print it as it comes."""
    missed = 0
    if not CORPUS.exists():
        sys.stdout.write(f"{Unmeasured('what goes by the corpus', f'put real recordings into {CORPUS}')}\n")
    for name in names or BENCHES:
        for line in BENCHES[name]():
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()
            missed += isinstance(line, Ratio) and not line.is_kept
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
