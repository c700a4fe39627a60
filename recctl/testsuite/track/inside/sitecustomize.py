"""Python imports this when it starts, where `recctl track` has put this folder on PYTHONPATH.

Then another `sitecustomize`, if there is one, has its turn, as if this one were not there.
"""

import sys

import recctl_track

_is_installed = recctl_track.install()

_here = __file__[: -len("/sitecustomize.py")]
_own = sys.modules.pop(__name__)
sys.path[:] = [entry for entry in sys.path if entry != _here]
try:
    __import__(__name__)
except ImportError as error:
    if error.name != __name__:
        raise
    sys.modules[__name__] = _own
finally:
    if not _is_installed:
        sys.path.append(_here)  # the last, so that nothing here hides anything of the program's
