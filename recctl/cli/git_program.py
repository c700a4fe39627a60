"""The program that git runs to get a recording as text.

It prints the text that is kept for the file, and loads nothing that this does not take. Where none is kept,
it goes on as `recctl.cli.textconv`.
"""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Print the text for the file that the command line names."""
    sys.path.append(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))  # noqa: PTH100, PTH120  (pathlib is slow)
    from recctl.textconv.texts import print_text

    in_build = {
        "GITHUB_ACTIONS",
        "TF_BUILD",
        "TEAMCITY_VERSION",
    } & os.environ.keys()  # see recctl.render.kit.log
    if not in_build and print_text(sys.argv[1]):
        return
    if sys.flags.no_site:
        import site

        site.main()
    from recctl.cli import textconv

    textconv.main()


if __name__ == "__main__":
    main()
