"""The product on AWS as code: what runs (``processes``), what it may do (``roles``), what is kept (``retention``), and the stacks."""
