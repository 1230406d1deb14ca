"""The engine only remembers and repeats: read the run, do what its step says, write down that it is done.

What to do is in the plan (data) and in the step kinds (:mod:`pitstop.steps`); what has happened is in the
journal. In between there is this loop, which does not grow with the kinds.
"""
