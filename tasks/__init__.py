"""The only ``@task`` code: thin edges that give Prefect names, retries and limits to plain functions."""
