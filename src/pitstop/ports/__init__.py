"""The world, said in the rules' words: small protocols, each with its adapter above and a simulator in tests.

Adapters translate foreign exceptions into :mod:`pitstop.model.errors` at their edge.
"""
