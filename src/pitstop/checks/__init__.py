"""Kinds of checks, written against the ports: a file each, and a row in :mod:`pitstop.checks.table`.

A check changes nothing. What it is asked of, it asks at low priority and apart from what runs do.
"""
