"""Killing the service at every point of a run, and seeing that it ends the same."""
