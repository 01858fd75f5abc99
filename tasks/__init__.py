"""The only ``@task`` code: thin edges that give Prefect names, retries and limits to plain functions."""

from tasks.one_sentence import tell_refusals_in_one_sentence

# Whatever process runs a flow of ours imports this package before.
tell_refusals_in_one_sentence()
