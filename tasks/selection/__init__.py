"""The steps of choosing and promoting a model."""
