"""The API: ``/api/v1`` in the read models, and Microsoft.Update.Admin 2021-07-01 beside it.

:mod:`pitstop.api.app` composes both; each resource has a file of its own.
"""
