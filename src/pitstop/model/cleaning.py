"""Values of plain parts with each text in them cleaned, such as of secrets."""

from __future__ import annotations

from collections.abc import Callable

Clean = Callable[[str], str]


def cleaned(value: object, clean: Clean) -> object:
    """The value with each text in it cleaned; names stay, and say of a text that it may be a secret."""
    match value:
        case str():
            return clean(value) if value else value
        case dict():
            return {
                key: cleaned_by_name(key, inner, clean) if isinstance(inner, str) else cleaned(inner, clean)
                for key, inner in value.items()
            }
        case list() | tuple():
            return [cleaned(inner, clean) for inner in value]
    return value


def cleaned_by_name(name: str, text: str, clean: Clean) -> str:
    """A text that may be a secret by its name alone, such as that of ``bmc_password``."""
    if not text:
        return text
    start = f"{name}="
    said = clean(start + text)
    return said.removeprefix(start) if said.startswith(start) else clean(text)
