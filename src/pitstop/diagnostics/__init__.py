"""Collecting logs: from the service, its runs and the nodes, with secrets removed, into one file.

:mod:`~pitstop.diagnostics.collecting` brings everything together; what a secret looks like is in
:mod:`~pitstop.diagnostics.secrets`, how it is removed from a stream in :mod:`~pitstop.diagnostics.redaction`.
"""
