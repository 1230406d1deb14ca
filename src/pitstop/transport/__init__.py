"""Getting verified bytes from a publisher's site: over HTTP, or from a folder or medium with the same files.

:class:`pitstop.transport.feeds.TufFeeds` is the adapter of :mod:`pitstop.ports.feeds`. Fetchers bring bytes
and trust nothing; TUF and the checks of :mod:`pitstop.transport.feed` decide what is believed. Nothing that
tuf, urllib3 or the operating system raises leaves this floor untranslated.
"""
