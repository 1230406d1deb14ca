"""The package format: bytes in, values out, and back. Pure; nothing here opens a file by its name.

A package is a set of files: ``Metadata.xml``, ``manifest.json``, ``plan.json`` and payload volumes
``<Name>-<n>.zip``. Whatever is read is taken as hostile: sizes and counts are bounded, unknown fields and
unsafe paths are refused, and the message names the place. Whatever is written is deterministic.
"""
