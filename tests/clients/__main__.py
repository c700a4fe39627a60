"""Records and replays the suite below `recctl track` with vcrpys and clients that work together.

`python -m tests.clients` makes a virtual environment for each pair, or for those that are named, from PyPI.
It prints what does not hold, and exits with 1 then.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.clients import suite
from tests.clients.provider import serving

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


class Pair(NamedTuple):
    """A vcrpy and clients that work with it. What aiohttp's `json=` sends, vcrpy keeps from 9.4 on."""

    requirements: str
    keeps_json_of_aiohttp: bool


PAIRS = {
    "vcrpy-5.1": Pair(
        "vcrpy==5.1.0 pytest==8.3.5 pytest-recording==0.13.1 pytest-xdist==3.6.1 pytest-rerunfailures==15.0 "
        "requests==2.31.0 urllib3==2.0.7 httpx==0.25.2 aiohttp==3.8.6 botocore==1.34.131",
        keeps_json_of_aiohttp=False,
    ),
    "vcrpy-6.0": Pair(
        "vcrpy==6.0.2 pytest==8.4.2 pytest-recording==0.13.2 pytest-xdist==3.6.1 pytest-rerunfailures==15.0 "
        "requests==2.32.3 urllib3==2.2.3 httpx==0.27.2 aiohttp==3.10.11 botocore==1.35.99",
        keeps_json_of_aiohttp=False,
    ),
    "vcrpy-9.4": Pair(
        "vcrpy==9.4.2 pytest==9.2.0 pytest-recording==0.14.1 pytest-xdist==3.8.0 pytest-rerunfailures==16.7 "
        "requests==2.34.2 urllib3==2.8.0 httpx==0.28.1 httpx2==2.16.2 aiohttp==3.14.5 botocore==1.44.8",
        keeps_json_of_aiohttp=True,
    ),
}
_QUESTION = "And where is the south?"


class Suite(NamedTuple):
    """A folder with the suite, the Python that runs it, and the URL that it was recorded from."""

    folder: Path
    python: Path
    url: str

    def run(
        self, *options: str, track: bool = False, settings: Mapping[str, str] | None = None
    ) -> tuple[int, list[str]]:
        """Run it, below `recctl track` or not: pytest's exit code, and what became of each test."""
        pytest = [str(self.python), "-m", "pytest", "-rA", "--tb=no", "-p", "no:cacheprovider", *options]
        command = [sys.executable, "-m", "recctl", "track", "-q", "--", *pytest] if track else pytest
        # botocore names its features in a user agent in the order of a set
        environment = {**os.environ, "PROVIDER": self.url, "PYTHONHASHSEED": "0", **(settings or {})}
        ran = subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False
        )
        outcomes = [
            line.partition(" - ")[0] for line in ran.stdout.splitlines() if " test_clients.py::" in line
        ]
        return ran.returncode, sorted(line for line in outcomes if line.split()[0].isupper())

    def show_drift(self) -> Any:
        """What `recctl drift` says of the last run that was tracked."""
        command = [sys.executable, "-m", "recctl", "drift", "--format", "json", "--exit-zero"]
        return json.loads(subprocess.run(command, cwd=self.folder, capture_output=True, check=True).stdout)


def main(names: list[str]) -> int:
    """Check the pairs with these names, or all."""
    if unknown := set(names) - PAIRS.keys():
        sys.exit(f"no such pair: {', '.join(sorted(unknown))}; there are {', '.join(PAIRS)}")
    failed = 0
    for name in names or PAIRS:
        with tempfile.TemporaryDirectory(prefix="recctl-clients-") as folder:
            problems = list(_check(PAIRS[name], Path(folder)))
        print(f"{name}: {'; '.join(problems) or 'all as it should be'}", flush=True)  # noqa: T201
        failed += bool(problems)
    return int(failed > 0)


def _check(pair: Pair, folder: Path) -> Iterator[str]:
    """Record and replay: what does not hold, as texts."""
    recorded = _record(pair, folder)
    unseen = set() if pair.keeps_json_of_aiohttp else {"aiohttp_json"}
    for options in ((), ("-n", "2")):
        yield from _compare(recorded, options)
        yield from _find_wrong(recorded.show_drift(), "same", unseen)
    yield from _compare(recorded, (), PROMPT="Be brief.")
    yield from _find_wrong(recorded.show_drift(), "drifted", unseen)
    yield from _compare(recorded, ("--reruns", "1"), FLAKY="1")
    yield from _find_wrong(recorded.show_drift(), "same", unseen)
    yield from _compare(recorded, (), MORE=_QUESTION)
    yield from _find_wrong_misses(recorded.show_drift(), unseen)


def _record(pair: Pair, folder: Path) -> Suite:
    environment = folder / "environment"
    venv.create(environment, with_pip=True)
    python = environment / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    install = [str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    subprocess.run([*install, *pair.requirements.split()], check=True)
    files = {"conftest.py": suite.CONFTEST, "test_clients.py": suite.TESTS, "pytest.ini": "[pytest]\n"}
    place = folder / "suite"
    place.mkdir()
    for name, text in {**files, "recctl.toml": ""}.items():
        (place / name).write_text(text)
    with serving() as url:
        recorded = Suite(place, python, url)
        code, outcomes = recorded.run("--record-mode=once")
    if code:
        raise RuntimeError("\n".join(outcomes))
    return recorded


def _compare(recorded: Suite, options: Iterable[str], **settings: str) -> Iterator[str]:
    """Replay with and without `recctl track`: tests come out the same."""
    settings["REPLAYED"] = "1"
    bare = recorded.run(*options, settings=settings)
    if not bare[1]:
        yield "no test was run"
    if recorded.run(*options, track=True, settings=settings) != bare:
        yield f"tests come out otherwise below track, with {settings}"


def _find_wrong(drift: Any, expected: str, unseen: set[str]) -> Iterator[str]:
    """Recordings without the status that all should have but those whose bodies no vcrpy has seen."""
    if drift["missed"]:
        yield f"{len(drift['missed'])} were missed that were not"
    for recording in drift["recordings"]:
        status = "unseen" if _name_client(recording["test_id"]) in unseen else expected
        if recording["status"] != status:
            yield f"{recording['path']} is {recording['status']}, not {status}"
        if status == "drifted" and not (
            "kind" in str(recording["changes"]) and "brief" in str(recording["changes"])
        ):
            yield f"{recording['path']}: no words in {recording['changes']}"


def _find_wrong_misses(drift: Any, unseen: set[str]) -> Iterator[str]:
    """What is wrong about requests that found no recording: each test that asks does so once."""
    asking = sorted(item["test_id"] for item in drift["recordings"] if "test_asks[" in str(item["test_id"]))
    missed = sorted(miss["test_id"] for miss in drift["missed"])
    if missed != asking:
        yield f"missed: {set(asking) ^ set(missed)}"
    for miss in drift["missed"]:
        if _QUESTION not in json.dumps(miss) and _name_client(miss["test_id"]) not in unseen:
            yield f"{miss['test_id']}: the question is not told"


def _name_client(test_id: str) -> str:
    return test_id.partition("[")[2].removesuffix("]").partition("-")[0]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
