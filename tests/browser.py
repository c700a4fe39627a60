"""The page of recordings in a real browser: `python -m tests.browser PAGE [FOLDER]` tries one.

Tells how long it takes to open and to search, and what does not work; draws it into FOLDER, on a desk, in
the dark and on a phone. Without PAGE, it tries the one of the examples. Needs Chromium, which is spoken to
through a pipe (https://chromedevtools.github.io/devtools-protocol/).
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKOUT = Path(__file__).resolve().parents[1]
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_IS_OPEN = "document.getElementById('count')?.textContent.includes(' of ')"


def find_browser() -> str | None:
    """The program of a browser; None where there is none."""
    return next(filter(None, map(shutil.which, _NAMES)), None)


class Trial(NamedTuple):
    """What came of trying a page: times in milliseconds, what does not work, and pictures by name."""

    opened: float
    searched: float
    conversation: float
    faults: tuple[str, ...]
    pictures: dict[str, bytes]


class Tab:
    """A page in a browser."""

    def __init__(self, reader: int, writer: int) -> None:
        self._reader, self._writer = reader, writer
        self._session: str | None = None
        self._number = 0
        self._rest = b""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """What a method gives. Raises RuntimeError where it fails."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._writer, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                result: dict[str, Any] = answer["result"]
                return result

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            piece = os.read(self._reader, 1 << 20)
            if not piece:
                raise RuntimeError("the browser has ended")
            self._rest += piece
        message, _, self._rest = self._rest.partition(b"\0")
        answer: dict[str, Any] = json.loads(message)
        return answer

    def run(self, script: str) -> Any:
        """What a script gives; of a promise, what it promises."""
        told = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in told:
            raise RuntimeError(f"{script}: {told['exceptionDetails']['text']}")
        return told["result"].get("value")

    def wait_for(self, condition: str) -> float:
        """When a condition came to hold, in milliseconds since the page was asked for."""
        look = f"const look = () => {condition} ? done(performance.now()) : setTimeout(look, 1); look();"
        return float(self.run(f"new Promise((done) => {{ {look} }})"))

    def open(self, address: str) -> float:
        """Open a page of recordings; how many milliseconds that took."""
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url=address)
        return self.wait_for(_IS_OPEN)

    def press(self, key: str) -> None:
        """Press a key."""
        text = {"Enter": "\r"}.get(key, key if len(key) == 1 else "")
        codes = {"Enter": 13, "Escape": 27, "ArrowUp": 38, "ArrowDown": 40}
        for kind in ("keyDown", "keyUp"):
            typed = {"text": text} if text and kind == "keyDown" else {}
            code = codes.get(key, ord(key[0].upper()))
            self.call("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code, **typed)

    def draw(self, width: int, height: int, *, dark: bool = False, phone: bool = False) -> bytes:
        """The page as a PNG, on a screen of that size."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        metrics = {"width": width, "height": height, "deviceScaleFactor": 2 if phone else 1, "mobile": phone}
        self.call("Emulation.setDeviceMetricsOverride", **metrics)
        drawn = self.call("Page.captureScreenshot", format="png")
        return base64.b64decode(drawn["data"])


@contextmanager
def open_tab(program: str) -> Iterator[Tab]:
    """A tab of a browser that shows nothing on a screen, ended afterwards."""
    asked, told = os.pipe(), os.pipe()
    inner = [fcntl.fcntl(descriptor, fcntl.F_DUPFD, 10) for descriptor in (asked[0], told[1])]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")
        process = subprocess.Popen(
            [program, *options, "--remote-debugging-pipe", f"--user-data-dir={profile}", "about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(3, 4),
            preexec_fn=lambda: [os.dup2(each, at) for at, each in enumerate(inner, 3)],  # noqa: PLW1509
        )
        for descriptor in (asked[0], told[1], *inner):
            os.close(descriptor)
        try:
            yield Tab(told[0], asked[1])
        finally:
            process.terminate()
            process.wait()
            os.close(asked[1])
            os.close(told[0])


def try_page(page: Path, program: str) -> Trial:
    """Open a page, search in it, open a conversation, use its keys and links, and draw it."""
    address = page.resolve().as_uri()
    with open_tab(program) as tab:
        tab.draw(1280, 800)
        opened = min(tab.open(address) for _ in range(3))
        pictures = {"page": tab.draw(1280, 800), "page-dark": tab.draw(1280, 800, dark=True)}
        tab.draw(1280, 800)
        word = tab.run("(rows[Math.floor(rows.length / 2)].test || rows[0].key).split('::').pop()")
        searched = float(tab.run(_SEARCH % json.dumps(word)))
        faults = [told for told, holds in _list_checks(tab, address, word) if not holds]
        tab.open(address)
        conversation = float(tab.run(_OPEN))
        pictures["conversation"] = tab.draw(1280, 800)
        pictures["conversation-phone"] = tab.draw(390, 800, phone=True)
        tab.press("Escape")
        pictures["phone"] = tab.draw(390, 800, phone=True)
        if tab.run("document.documentElement.scrollWidth > innerWidth + 1"):
            faults.append("on a phone, the page is wider than the screen")
    return Trial(opened, searched, conversation, tuple(faults), pictures)


_SEARCH = (
    "new Promise((done) => { const start = performance.now();"
    "const field = document.getElementById('search'); field.value = %s;"
    "field.dispatchEvent(new Event('input'));"
    "requestAnimationFrame(() => setTimeout(() => done(performance.now() - start))); })"
)
_OPEN = (
    "new Promise((done) => { const start = performance.now(); document.querySelector('#rows button').click();"
    "const look = () => document.getElementById('conversation').hidden ? setTimeout(look, 1)"
    " : done(performance.now() - start); look(); })"
)
_PANEL = "document.getElementById('conversation').hidden"


def _list_checks(tab: Tab, address: str, word: str) -> Iterator[tuple[str, bool]]:
    """What should work, and whether it does."""
    yield "a search finds what there is", tab.run("shown.length > 0 && shown.length <= rows.length")
    yield "nothing is fetched", tab.run("performance.getEntriesByType('resource').length === 0")
    tab.run("document.activeElement.blur()")
    tab.press("/")
    yield "/ goes to the search", tab.run("document.activeElement.id === 'search'")
    tab.run("document.activeElement.blur()")
    tab.press("ArrowDown")
    yield "arrows go to a recording", tab.run("document.activeElement.closest('tr') !== null")
    tab.press("Enter")
    tab.wait_for(f"!{_PANEL}")
    yield "the address names what is open", tab.run("location.hash.length > 1")
    tab.press("Escape")
    yield "Escape closes it", tab.run(_PANEL)
    yield "and goes back to its row", tab.run("document.activeElement.closest('tr') !== null")
    key = tab.run("rows[0].key")
    tab.open(f"{address}#{tab.run(f'encodeURIComponent({json.dumps(key)})')}")
    tab.wait_for(f"!{_PANEL}")
    yield "a link opens its recording", tab.run(f"chosen.key === {json.dumps(key)}")
    tab.open(f"{address}#test={tab.run(f'encodeURIComponent({json.dumps(word)})')}")
    yield (
        "a link shows its test",
        tab.run(f"shown.every((row) => row.text.includes({json.dumps(word.lower())}))"),
    )


def write_page(page: Path) -> None:
    """Write the page of the examples."""
    command = [sys.executable, "-m", "recctl", "list", "examples/good", "--format", "html", "-o", str(page)]
    subprocess.run(command, cwd=CHECKOUT, check=True, stderr=subprocess.DEVNULL)


def main() -> int:
    """Try a page; 1 where something in it does not work."""
    say = sys.stdout.write
    page, folder = (*sys.argv[1:3], "", "")[:2]
    program = find_browser()
    if program is None:
        say(f"no browser is installed: none of {', '.join(_NAMES)}\n")
        return 2
    with tempfile.TemporaryDirectory() as made:
        path = Path(page or f"{made}/page.html")
        if not page:
            write_page(path)
        trial = try_page(path, program)
    say(f"opened in {trial.opened:.0f} ms, searched in {trial.searched:.0f} ms, ")
    say(f"a conversation in {trial.conversation:.0f} ms\n")
    for fault in trial.faults:
        say(f"does not hold: {fault}\n")
    for name, drawn in trial.pictures.items() if folder else ():
        Path(folder, f"{name}.png").write_bytes(drawn)
    return int(bool(trial.faults))


if __name__ == "__main__":
    sys.exit(main())
