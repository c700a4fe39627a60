"""Masks: what takes the place of values that must not be there, as long and of the same kind."""

from __future__ import annotations


def make_mask(value: str, number: int = 0) -> str:
    """The mask of that number for a value, counted in the last letters and digits.

    Letters become x, digits 9, all else stays.
    """
    masked = []
    for character in reversed(value):
        if character.isdigit():
            number, step = divmod(number, 10)
            masked.append(str((9 + step) % 10))
        elif character.isalpha():
            number, step = divmod(number, 26)
            letter = chr(ord("a") + (ord("x") - ord("a") + step) % 26)
            masked.append(letter.upper() if character.isupper() else letter)
        else:
            masked.append(character)
    return "".join(reversed(masked))
