"""Step kinds: what a plan may ask for, one file each, written against the ports alone.

A new kind is one new file here and one row in :data:`pitstop.steps.table.KINDS`; the loop that drives runs
and the table of moves do not change.
"""
