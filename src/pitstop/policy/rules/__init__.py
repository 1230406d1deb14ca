"""One file for each rule that says whether a release may go on a system.

A rule takes a release and a situation and yields words; it writes nothing and asks nobody. The lists in
:mod:`pitstop.policy.applicability` say which rules there are and in which order their words stand.
"""
