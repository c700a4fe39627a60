"""What a user can cause, as one exception."""


class RecctlError(Exception):
    """Something that the user can put right; ends the command with exit code 2.

    `message` says in one line what is wrong, `hint` (optional) what to do about it.
    """

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class InterruptError(Exception):
    """Ctrl-C, where there is more to say than that; ends the command with exit code 130.

    `message` says in one line what became of the work, `others` (optional) are lines that belong to it.
    """

    def __init__(self, message: str, *others: str) -> None:
        super().__init__(message)
        self.others = others


def describe_os_error(error: OSError) -> str:
    """What the system says about an error, without the path."""
    return (error.strerror or str(error)).lower()


def did_you_mean(word: str, known: list[str]) -> str | None:
    """The hint for a misspelt word: its nearest among `known`, or None when nothing is near."""
    from difflib import get_close_matches

    near = get_close_matches(word, known, n=1)
    return f"did you mean {near[0]!r}?" if near else None


def suggest(word: str, known: list[str]) -> str:
    """The hint for an unknown word: its nearest among `known`, else all that are known."""
    return did_you_mean(word, known) or f"known are {', '.join(known)}"
