"""Pitstop: patch and update for integrated systems."""

__version__ = "0.1.0"
