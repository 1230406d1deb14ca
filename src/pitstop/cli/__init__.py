"""The ``pitstop`` command: ``pitstop <noun> <verb>``.

Data goes to standard output, everything else to standard error. :mod:`pitstop.cli.main` has the table of
nouns; each noun is a file here, loaded only when it is called for.
"""
