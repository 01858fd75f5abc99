"""What the things of this domain are and how they are computed: no network, no Prefect.

The name means both kinds of model: the domain's (a call record, a recording's key, an error) and the learned ones
(the summarizer, how it is trained, scored and chosen). Anything that talks to a vendor lives in ``clients/``; anything
that Prefect must know about lives in ``tasks/`` and ``flows/``.
"""
