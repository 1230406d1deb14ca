"""The publisher's side: build packages from sources, sign them, lay them on a static site.

Nothing of the operator's side is needed on the machine that holds the signing keys. A publisher is a folder:
``publisher.toml`` (who it is), ``root.json`` (its root of trust, what customers pin), ``keys/`` (encrypted)
and ``site/`` (what any web server, object store or medium then serves).
"""
