"""A table of a TOML file: reading from it notes what is wrong, and goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping


class TomlTable:
    """One table and its place in the file; the problems of all tables come together in one list."""

    def __init__(self, content: Mapping[str, object], place: str, problems: list[str]) -> None:
        self.content = content
        self.place = place
        self.problems = problems

    def problem(self, key: str, what: str) -> None:
        self.problems.append(f"  {self.place}{key}: {what}")

    def only(self, *known: str) -> None:
        for key in self.content:
            if key not in known:
                self.problem(key, f"is not known here; known are {', '.join(known)}")

    def text(self, key: str, default: str | None = None) -> str:
        value = self.content.get(key, default)
        if isinstance(value, str) and (value.strip() or value == default):
            return value
        self.problem(key, "is missing" if value is None else "must be a text that is not empty")
        return ""

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.content.get(key, [])
        if isinstance(value, list) and all(isinstance(item, str) and item for item in value):
            return tuple(value)
        self.problem(key, "must be a list of texts")
        return ()

    def number(self, key: str, default: int) -> int:
        value = self.content.get(key, default)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        self.problem(key, "must be a whole number")
        return default

    def seconds(self, key: str, default: float) -> float:
        value = self.content.get(key, default)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        self.problem(key, "must be a number of seconds")
        return default

    def table(self, key: str) -> TomlTable:
        value = self.content.get(key, {})
        if not isinstance(value, dict):
            self.problem(key, "must be a table")
            value = {}
        return TomlTable(value, f"{self.place}{key}.", self.problems)

    def checked(self, key: str, default: str | None, holds: Callable[[str], bool], what: str) -> str:
        """A text that must hold to a rule; ``what`` says which."""
        value = self.text(key, default)
        if value and not holds(value):
            self.problem(key, f"{value!r} {what}")
        return value
