"""A pytest plugin, which pytest finds by its entry point: what became of each test, and which one runs.

A session makes a file when it begins, which stays empty until the session has ended. A session that a test of
another one starts says nothing about recordings, and makes none. Types are quoted: not every pytest or Python
that loads this has them.
"""

import atexit
import json
import os
import tempfile

import pytest
import recctl_track

ENDING = ".outcomes"
"""How the names of files with the outcomes of a session end."""

_INSIDE = "RECCTL_TRACK_PYTEST"
"""The variable of the environment by which a session knows that it runs inside another one."""


def pytest_configure(config: "pytest.Config") -> None:
    """Take part in a session, in whole or, in a worker of pytest-xdist, to say which test runs."""
    recctl_track.install()
    folder = os.environ.get(recctl_track.FOLDER)
    if not folder:
        return
    is_worker = hasattr(config, "workerinput")
    if is_worker or not os.environ.get(_INSIDE):
        config.pluginmanager.register(_Attribution())
    if not is_worker and not os.environ.get(_INSIDE):
        os.environ[_INSIDE] = "1"
        config.pluginmanager.register(_Outcomes(folder))


class _Attribution:
    """Says which test runs, from its first fixture to its last."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        atexit.register(recctl_track.release)
        recctl_track.hold()

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        recctl_track.release()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: "pytest.Item") -> None:
        recctl_track.enter(item.nodeid)

    def pytest_runtest_logfinish(self) -> None:
        recctl_track.enter("")


class _Outcomes:
    """Gathers what became of each test, workers' tests included."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.path = ""
        self.outcomes: dict[str, str] = {}

    def pytest_sessionstart(self) -> None:
        file, self.path = tempfile.mkstemp(ENDING, dir=self.folder)
        os.close(file)

    def pytest_runtest_logreport(self, report: "pytest.TestReport") -> None:
        """Once for each step of a test; the worst of them is what became of it."""
        if report.outcome == "passed" and report.when != "call":
            return
        known = self.outcomes.get(report.nodeid, "")
        if report.outcome == "passed":
            outcome = "passed"
        elif report.outcome == "skipped":
            outcome = "skipped"
        else:
            outcome = "error" if report.when in {"setup", "teardown"} else "failed"
        order = ["", "passed", "skipped", "failed", "error"]
        if order.index(outcome) > order.index(known):
            self.outcomes[report.nodeid] = outcome

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: "pytest.Session", exitstatus: int) -> None:
        stopped = getattr(session, "shouldfail", "") or getattr(session, "shouldstop", "")
        facts = {"exit": int(exitstatus), "stopped": str(stopped or ""), "outcomes": self.outcomes}
        with open(self.path, "w", encoding="ascii") as file:  # noqa: PTH123  (as for the others here)
            json.dump(facts, file)

    def pytest_unconfigure(self) -> None:
        os.environ.pop(_INSIDE, None)
