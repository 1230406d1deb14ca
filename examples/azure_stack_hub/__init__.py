"""The release history of one real integrated system, as catalogues in Pitstop's own format.

``history.json`` holds facts from public release notes, ``repairs.toml`` what an import needs beyond them,
each with its reason. ``python -m azure_stack_hub`` makes the catalogues of the two: the platform's in
``microsoft/``, an OEM's in ``dell/``. Of no release is there a package here, nor its digest or size.
"""
