"""What the words of Pitstop mean: frozen values and pure functions, the standard library alone.

Nothing in here reads a clock, a file, a socket or a database, and nothing logs. Every other floor
speaks in these words; ``docs/words.md`` is their glossary.
"""
