"""Lantern: the product of the demo, its releases, and how its two publishers' sites are made."""
