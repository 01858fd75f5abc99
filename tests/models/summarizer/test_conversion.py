"""The form that serves: derived once, anew when the model changes, and light to load."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from models.summarizer.conversion import converted_form
from models.summarizer.folder import content_hash
from models.summarizer.summarizer import model_version


@pytest.mark.slow
def test_the_converted_form_is_made_once_and_anew_when_the_model_changes(model_dir: Path, cache: Path, tmp_path: Path) -> None:
    first = converted_form(model_dir, cache)
    made = (first / "model.bin").stat().st_mtime_ns
    assert converted_form(model_dir, cache) == first
    assert (first / "model.bin").stat().st_mtime_ns == made
    changed = tmp_path / "changed"
    changed.mkdir()
    for file in model_dir.iterdir():
        (changed / file.name).write_bytes(file.read_bytes())
    (changed / "config.json").write_text((model_dir / "config.json").read_text().replace('"dropout": 0.1', '"dropout": 0.2'))
    assert content_hash(changed) != content_hash(model_dir)
    assert converted_form(changed, cache) != first


def test_a_form_beside_the_model_counts_only_while_it_was_made_from_it(model_dir: Path, cache: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    for file in model_dir.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    converted_form(model_dir, cache).rename(folder / "ctranslate2")
    assert converted_form(folder, cache) == folder / "ctranslate2"
    (folder / "ctranslate2" / "source.sha256").write_text("another model")
    assert converted_form(folder, cache).parent == cache


def test_serving_a_converted_model_imports_neither_torch_nor_transformers(model_dir: Path, cache: Path) -> None:
    converted_form(model_dir, cache)
    program = (
        "import sys; from pathlib import Path; from models.summarizer.summarizer import Summarizer\n"
        f"s = Summarizer.load(Path({str(model_dir)!r}), 'cpu', cache_dir=Path({str(cache)!r}), faithful=False)\n"
        "s.engine.hypotheses(['보험 해지'], 4)\n"
        "print(sorted({'torch', 'transformers'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=600)
    assert done.stdout.strip() == "[]"


def exchanged(folder: Path, weights: Path, target: Path) -> Path:
    """The folder with its weights, in PyTorch's own format, replaced by others."""
    import torch
    from safetensors.torch import load_file

    shutil.copytree(folder, target, ignore=shutil.ignore_patterns("*.safetensors"))
    torch.save(load_file(weights / "model.safetensors"), target / "pytorch_model.bin")
    return target


def test_exchanged_weights_do_not_go_on_answering_from_the_cached_form(
    model_dir: Path, other_weights: Path, cache: Path, tmp_path: Path
) -> None:
    first = exchanged(model_dir, model_dir, tmp_path / "first")
    second = exchanged(model_dir, other_weights, tmp_path / "second")
    assert model_version(first) != model_version(second)
    assert converted_form(first, cache) != converted_form(second, cache)


@pytest.mark.parametrize(
    "name",
    [
        "model.safetensors",
        "model.q4_0.safetensors",
        "model.int8.safetensors",
        "pytorch_model-00001-of-00002.bin",
        "pytorch_model.bin.index.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "special_tokens_map.json",
        "added_tokens.json",
        "spiece.model",
        "generation_config.json",
        "chat_template.jinja",
        "additional_chat_templates/short.jinja",
        "request_classifier.npz",
        "vocabulary.json",
    ],
)
def test_every_file_that_can_decide_an_answer_is_part_of_the_hash(name: str, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    before = content_hash(tmp_path)
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("one")
    present = content_hash(tmp_path)
    (tmp_path / name).write_text("two")
    assert len({before, present, content_hash(tmp_path)}) == 3


@pytest.mark.parametrize("name", ["README.md", "training.json", ".complete", "ctranslate2/model.bin", ".cache/lock"])
def test_documents_marks_and_the_derived_form_are_no_part_of_it(name: str, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    before = content_hash(tmp_path)
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("anything")
    assert content_hash(tmp_path) == before
