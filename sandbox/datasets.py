"""Data sets for the sandbox's bucket, so that a sweep can be launched from the Prefect UI at once."""

import tempfile
from pathlib import Path
from typing import Any

import models.recipe
from models.answers.questions import read_questions
from models.recipe.generator import generate, generate_out_of_domain, write_csv
from models.recipe.signals_recipe import danger_rows, emotion_rows
from models.training.answers import questions_csv
from models.training.outputs import pairs_csv

# Drawn with other seeds than the shipped model's data.
DATA_SETS = {"datasets/data_12000.csv": (12_000, 101), "datasets/data_2000.csv": (2_000, 102)}
REQUESTS = "datasets/requests.csv"  # the first of them again, with the kind of each request
OUT_OF_DOMAIN = "datasets/out_of_domain.csv"
EMOTIONS, DANGERS = "datasets/emotions.csv", "datasets/dangers.csv"
FREE_FORM = "datasets/free_form.csv"
QUESTIONS = "datasets/questions.csv"
UNANSWERABLE = "datasets/unanswerable.csv"
HELD_OUT_QUESTIONS = Path(__file__).parents[1] / "benchmarks" / "questions"  # nothing was tuned on them
RECIPE = Path(models.recipe.__file__).parent


def provide(s3: Any, bucket: str) -> list[str]:
    """Generate the data sets and upload them, the hand-written pairs too; returns their keys."""
    with tempfile.TemporaryDirectory(prefix="readback-data-") as folder:
        path = Path(folder) / "data.csv"
        generated = {key: generate(count, seed) for key, (count, seed) in DATA_SETS.items()}
        for key, rows in generated.items():
            write_csv(rows, path)
            s3.upload_file(str(path), bucket, key)
        write_csv(next(iter(generated.values())), path, labels=True)
        s3.upload_file(str(path), bucket, REQUESTS)
        write_csv(generate_out_of_domain(150, 103), path)
        s3.upload_file(str(path), bucket, OUT_OF_DOMAIN)
    s3.upload_file(str(RECIPE / "free_form.csv"), bucket, FREE_FORM)
    s3.upload_file(str(RECIPE / "answers" / "documents" / "faq.csv"), bucket, QUESTIONS)
    written = {EMOTIONS: pairs_csv(emotion_rows(), "emotion"), DANGERS: pairs_csv(danger_rows(), "danger")}
    written[UNANSWERABLE] = questions_csv(_unanswerable())
    for key, text in written.items():
        s3.put_object(Bucket=bucket, Key=key, Body=text.encode("utf-8"))
    return [*DATA_SETS, REQUESTS, FREE_FORM, QUESTIONS, OUT_OF_DOMAIN, *written]


def _unanswerable() -> list[str]:
    """Questions that none of the bundled documents answers."""
    return [one.text for path in sorted(HELD_OUT_QUESTIONS.glob("*.tsv")) for one in read_questions(path) if not one.gold]
