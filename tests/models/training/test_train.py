"""Fine-tuning on tiny models: every family and method learns, the best is kept, a killed run goes on, every failure has a remedy."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from models.errors import ConfigurationError, TrainingFailed
from models.summarizer import SHIPPED_MODEL
from models.summarizer.chat import chat_prompt
from models.summarizer.summarizer import Summarizer
from models.summarizer.vocabulary import FILE, Vocabulary
from models.training import FinetuneConfig, FinetuneResult, Progress, finetune
from models.training.base import as_the_base_reads, load_base, load_tokenizer
from models.training.data.pair import Pair
from models.training.examples import IGNORED, ChatExamples, Limits, Seq2SeqExamples
from models.training.hardware import choose_precision, cpu_has_bf16
from models.training.metrics import MetricSettings, local_encoder
from models.training.train import last_complete_checkpoint, training_reader

OFF = MetricSettings(enabled=False)


def config(base: Path, **changes: Any) -> FinetuneConfig:
    chosen = {
        "base": str(base),
        "method": "full",
        "learning_rate": 5e-3,
        "max_steps": 4,
        "batch_size": 8,
        "gradient_accumulation": 1,
        "evaluate_every": 2,
        "log_every": 1,
        "eval_max_tokens": 8,
        "metrics": OFF,
        "device": "cpu",
        "precision": "fp32",
    }
    return FinetuneConfig.model_validate(chosen | changes)


def run(settings: FinetuneConfig, pairs: list[Pair], out: Path, **kwargs: Any) -> FinetuneResult:
    return finetune(settings, pairs[:80], pairs[80:], out, **kwargs)


def test_the_defaults_are_the_table_of_the_requirements() -> None:
    bart, llama = FinetuneConfig(family="bart"), FinetuneConfig(family="llama")
    assert (bart.base_model, bart.batch_size, bart.accumulation, bart.input_limit) == ("hyunwoongko/kobart", 2, 1, None)
    assert (llama.batch_size, llama.accumulation, llama.input_limit, llama.output_limit) == (2, 2, 1024, 1024)
    assert (bart.optimizer, bart.weight_decay, bart.evaluate_every, bart.epochs, bart.learning_rate) == ("adamw_torch", 0.01, 500, 5, 3e-4)
    assert (bart.lora_rank, bart.lora_alpha, bart.lora_dropout, bart.lora_targets) == (8, 32, 0.1, ("q_proj", "v_proj"))


@pytest.mark.parametrize("method", ["full", "lora", "qlora"])
@pytest.mark.parametrize("family", ["bart", "llama"])
def test_every_family_and_method_trains_and_can_be_served(
    family: str, method: str, tiny_bart: Path, tiny_llama: Path, pairs: list[Pair], tmp_path: Path
) -> None:
    base = tiny_bart if family == "bart" else tiny_llama
    result = run(config(base, family=family, method=method, metrics=local_encoder(tiny_bart)), pairs, tmp_path)
    assert result.steps == 4
    assert result.best.score == max(row.score for row in result.history if row.score is not None and row.step)
    assert all(name.startswith("local:tiny-bart@") for name in result.encoders.values())
    if method == "full":
        assert result.trained_parameters == result.parameters
        assert result.merged_dir is None
    else:
        assert result.trained_parameters < result.parameters / 3
        assert (result.model_dir / "adapter_model.safetensors").is_file()
    served = result.merged_dir or result.model_dir
    if family == "bart":
        assert len(Summarizer.load(served, "cpu", 1, cache_dir=tmp_path / "cache").summarize([pairs[0].input])) == 1
    else:
        from transformers import AutoModelForCausalLM

        assert AutoModelForCausalLM.from_pretrained(served).config.model_type == "llama"


def test_dropping_merges_cuts_inquiries_anew_and_never_the_summaries(tiny_bart: Path, pairs: list[Pair]) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tiny_bart)
    reader = training_reader(config(tiny_bart, subword_dropout=0.3), tokenizer)
    examples = Seq2SeqExamples(tokenizer, pairs, Limits(128, 64), reader)
    rows = [examples[0] for _ in range(20)]
    assert len({tuple(row["input_ids"]) for row in rows}) > 1
    assert {tuple(row["labels"]) for row in rows} == {tuple(tokenizer(pairs[0].summary)["input_ids"])}
    assert training_reader(config(tiny_bart), tokenizer) is None


def test_a_llama_learns_only_the_summary_and_its_end(tiny_llama: Path, pairs: list[Pair]) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tiny_llama)
    row = ChatExamples(tokenizer, pairs, Limits(512, 64))[0]
    learnt = [token for token in row["labels"] if token != IGNORED]
    assert tokenizer.decode(learnt) == pairs[0].summary + "<|eot_id|>"
    assert row["input_ids"][: -len(learnt)] == chat_prompt(tokenizer, pairs[0].input)


def test_a_long_inquiry_loses_its_end_and_never_the_chat_template(tiny_llama: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tiny_llama)
    frame = chat_prompt(tokenizer, "")
    examples = ChatExamples(
        tokenizer, [Pair("보험 해지 문의합니다. " * 60, "해지 요청"), Pair("해지", "해지 요청")], Limits(len(frame) + 40, 64)
    )
    prompt = examples.prompt(0)
    assert len(prompt) <= len(frame) + 40
    assert tokenizer.decode(prompt).endswith("<|eot_id|><|start|>assistant\n")
    assert [examples.is_cut(0), examples.is_cut(1)] == [True, False]


def test_a_bart_row_ends_with_its_end_token_however_long_it_is(tiny_bart: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tiny_bart)
    examples = Seq2SeqExamples(tokenizer, [Pair("자동차 보험 해지 " * 30, "해지 요청")], Limits(16, 16))
    assert len(examples[0]["input_ids"]) == 16
    assert examples[0]["input_ids"][-1] == tokenizer.eos_token_id
    assert examples.is_cut(0)


def test_padding_counts_in_no_loss(tiny_bart: Path, pairs: list[Pair]) -> None:
    import torch
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer, DataCollatorForSeq2Seq

    tokenizer, model = AutoTokenizer.from_pretrained(tiny_bart), AutoModelForSeq2SeqLM.from_pretrained(tiny_bart).eval()
    examples = Seq2SeqExamples(tokenizer, [pairs[0], Pair(pairs[1].input * 3, pairs[1].summary * 3)], Limits(64, 64))
    collate = DataCollatorForSeq2Seq(tokenizer, model=model, label_pad_token_id=IGNORED)

    def loss(rows: list[Any]) -> tuple[float, int]:
        batch = collate(rows)
        with torch.no_grad():
            return float(model(**batch).loss), int((batch["labels"] != IGNORED).sum())

    (alone_0, n_0), (alone_1, n_1), (together, n) = loss([examples[0]]), loss([examples[1]]), loss([examples[0], examples[1]])
    assert n == n_0 + n_1
    assert together == pytest.approx((alone_0 * n_0 + alone_1 * n_1) / n, rel=1e-4)


def test_a_quantized_base_on_a_processor_has_the_same_gradients_after_an_evaluation(tiny_llama: Path, pairs: list[Pair]) -> None:
    import torch

    settings = config(tiny_llama, family="llama", method="qlora")
    tokenizer, model = load_tokenizer(settings), load_base(settings, "bf16" if cpu_has_bf16() else "fp32", "cpu", quantized=True)
    ids = torch.tensor([ChatExamples(tokenizer, pairs[:1], Limits(256, 64))[0]["input_ids"]])

    def gradient() -> torch.Tensor:
        embedded = model.get_input_embeddings()(ids).detach().requires_grad_()
        model.train()(inputs_embeds=embedded, labels=ids).loss.backward()
        assert embedded.grad is not None
        return embedded.grad

    before = gradient()
    with torch.no_grad():
        model.eval()(input_ids=ids)
    assert torch.equal(gradient(), before)


def test_a_run_begins_with_its_bases_own_score_and_samples(tiny_bart: Path, pairs: list[Pair], tmp_path: Path) -> None:
    result = run(config(tiny_bart, max_steps=4), pairs, tmp_path)
    assert result.before is not None
    assert result.before.validation_loss is not None
    assert result.gain == pytest.approx(result.before.validation_loss - result.best.validation_loss)
    assert [row.input for row in result.sample_rows] == [pair.input for pair in pairs[80:85]]
    assert [len(row.samples) for row in result.history if row.samples is not None] == [5, 5, 5]
    assert result.memory_mib > 0


def test_fine_tuning_the_shipped_model_starts_from_what_it_ships_with(tmp_path: Path) -> None:
    """Its classifier's marks are in what it learns from, and the classifier lies beside the new weights."""
    rows = [Pair(f"{n}번째 문의입니다. 보험 해지하고 싶어요.", "보험 해지 요청", f"s.csv:{n}") for n in range(8)]
    marked_rows = as_the_base_reads(config(SHIPPED_MODEL), rows)
    assert all(row.input.startswith("[") and row.input.endswith(asked.input) for row, asked in zip(marked_rows, rows, strict=True))
    settings = config(SHIPPED_MODEL, max_steps=1, evaluate_every=1, learning_rate=1e-9)
    result = finetune(settings, rows[:6], rows[6:], tmp_path)
    tuned, shipped = (Summarizer.load(folder, "cpu", cache_dir=tmp_path / "cache") for folder in (result.model_dir, SHIPPED_MODEL))
    asked = ["자동차 보험 해지하고 싶어요", "암 보험금 청구 서류가 뭐예요?", "주소를 바꾸고 싶습니다"]
    assert tuned.summarize(asked) == shipped.summarize(asked)


def test_it_learns(tiny_bart: Path, pairs: list[Pair], tmp_path: Path) -> None:
    result = run(config(tiny_bart, max_steps=60, evaluate_every=20, warmup_ratio=0.1), pairs, tmp_path)
    losses = [row.validation_loss for row in result.history if row.validation_loss is not None]
    assert losses[-1] < losses[0] - 0.2


def test_the_best_checkpoint_is_the_result_and_not_the_last(tiny_bart: Path, pairs: list[Pair], tmp_path: Path) -> None:
    from safetensors.torch import load_file

    # A learning rate this high makes the model worse again: the best evaluation lies before the end.
    result = run(config(tiny_bart, max_steps=24, learning_rate=0.3, schedule="constant"), pairs, tmp_path)
    losses = {row.step: row.validation_loss for row in result.history if row.validation_loss is not None and row.step}
    assert result.best_step == min(losses, key=lambda step: losses[step])
    assert result.best_step < result.steps
    kept = load_file(result.model_dir / "model.safetensors")
    best = load_file(tmp_path / "checkpoints" / f"checkpoint-{result.best_step}" / "model.safetensors")
    assert all((kept[name] == best[name]).all() for name in best)


def test_early_stopping_ends_a_run_that_no_longer_improves(tiny_bart: Path, pairs: list[Pair], tmp_path: Path) -> None:
    result = run(config(tiny_bart, max_steps=60, learning_rate=0.3, schedule="constant", early_stopping=2), pairs, tmp_path)
    assert result.steps < 60


def test_a_killed_run_goes_on_from_its_last_checkpoint_to_the_same_weights(tiny_bart: Path, pairs: list[Pair], tmp_path: Path) -> None:
    from safetensors.torch import load_file

    settings = config(tiny_bart, max_steps=6)
    whole = run(settings, pairs, tmp_path / "whole")

    def die(progress: Progress) -> None:
        if progress.step == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(settings, pairs, tmp_path / "killed", on_progress=die)
    # A kill in the middle of writing leaves a checkpoint without its state; it must not be gone on from.
    broken = tmp_path / "killed" / "checkpoints" / "checkpoint-5"
    shutil.copytree(tmp_path / "killed" / "checkpoints" / "checkpoint-4", broken)
    (broken / "trainer_state.json").write_text('{"global_', encoding="utf-8")
    resumed = run(settings, pairs, tmp_path / "killed")
    assert (whole.resumed_from, resumed.resumed_from, resumed.steps) == (0, 4, 6)
    ours, theirs = (load_file(result.model_dir / "model.safetensors") for result in (resumed, whole))
    assert all(ours[name].allclose(theirs[name], atol=1e-6) for name in theirs)
    assert [row.step for row in resumed.history] == [row.step for row in whole.history]


def test_a_resumed_run_goes_on_counting_its_patience(tiny_bart: Path, pairs: list[Pair], tmp_path: Path) -> None:
    # The learning rate spoils the model from the first step on, so no evaluation after the first is better.
    settings = config(tiny_bart, max_steps=60, learning_rate=0.5, schedule="constant", early_stopping=4)
    whole = run(settings, pairs, tmp_path / "whole")

    def die(progress: Progress) -> None:
        if progress.step == whole.steps - 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(settings, pairs, tmp_path / "killed", on_progress=die)
    resumed = run(settings, pairs, tmp_path / "killed")
    assert resumed.resumed_from > 0
    assert (resumed.steps, resumed.best_step) == (whole.steps, whole.best_step)


def test_a_run_that_was_killed_after_its_patience_was_used_up_learns_nothing_more(
    tiny_bart: Path, pairs: list[Pair], tmp_path: Path
) -> None:
    settings = config(tiny_bart, max_steps=60, learning_rate=0.5, schedule="constant", early_stopping=2)
    first = run(settings, pairs, tmp_path)
    again = run(settings, pairs, tmp_path)
    assert again.steps <= first.steps + 1
    assert again.best_step == first.best_step


def test_summaries_that_are_scored_while_training_end_where_the_decoder_does(tiny_bart: Path, pairs: list[Pair], tmp_path: Path) -> None:
    # 64 positions, and a model that knows no end yet: 128 tokens would be an IndexError.
    result = run(config(tiny_bart, max_steps=1, eval_max_tokens=128, metrics=local_encoder(tiny_bart)), pairs[:90], tmp_path)
    assert result.best.score is not None


def test_a_finetuned_model_carries_its_vocabulary_and_may_use_its_own_words(tiny_bart: Path, pairs: list[Pair], tmp_path: Path) -> None:
    base = tmp_path / "base"
    shutil.copytree(tiny_bart, base)
    Vocabulary({"새상품": ("새 상품",)}, ("해지",), frozenset(["문의"])).save(base)
    result = run(config(base, max_steps=1, method="lora"), pairs, tmp_path / "run")
    assert result.merged_dir
    for folder in (result.model_dir, result.merged_dir):
        assert Vocabulary.load(folder) == Vocabulary({"새상품": ("새 상품",)}, ("해지",))
    other = run(config(tiny_bart, max_steps=1), pairs, tmp_path / "other")
    assert Vocabulary.load(other.model_dir) == Vocabulary.load(SHIPPED_MODEL).with_own_words()
    assert (other.model_dir / FILE).is_file()


def test_a_folder_of_another_run_is_refused(tiny_bart: Path, pairs: list[Pair], tmp_path: Path) -> None:
    run(config(tiny_bart, max_steps=1), pairs, tmp_path)
    with pytest.raises(ConfigurationError, match="holds another run: config differ"):
        run(config(tiny_bart, max_steps=1, seed=7), pairs, tmp_path)
    with pytest.raises(ConfigurationError, match="holds another run: train differ"):
        finetune(config(tiny_bart, max_steps=1), pairs[:70], pairs[80:], tmp_path)


def test_progress_tells_steps_and_measurements(tiny_bart: Path, pairs: list[Pair], tmp_path: Path) -> None:
    seen: list[Progress] = []
    run(config(tiny_bart), pairs, tmp_path, on_progress=seen.append)
    assert [p.step for p in seen if p.row.train_loss is not None] == [1, 2, 3, 4]
    assert [p.percent for p in seen if p.row.validation_loss is not None] == [0.0, 50.0, 100.0]


def test_a_diverged_loss_stops_the_run_with_a_remedy(tiny_bart: Path, pairs: list[Pair], tmp_path: Path) -> None:
    with pytest.raises(TrainingFailed, match=r"loss became (nan|inf) at step \d+.*Lower learning_rate"):
        run(config(tiny_bart, learning_rate=1e30, max_steps=12, max_grad_norm=1e30), pairs, tmp_path)


def test_out_of_memory_says_what_to_change(tiny_bart: Path, pairs: list[Pair], tmp_path: Path) -> None:
    def exhaust(progress: Progress) -> None:
        import torch

        torch.empty(2**60)

    with pytest.raises(TrainingFailed, match=r"Out of memory.*batch_size.*gradient_checkpointing"):
        run(config(tiny_bart), pairs, tmp_path, on_progress=exhaust)


def test_an_unknown_base_is_named(pairs: list[Pair], tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"'nobody/no-such-model'.*folder with config\.json"):
        run(config(Path("nobody/no-such-model")), pairs, tmp_path)


def test_a_base_of_the_other_family_is_refused(tiny_bart: Path, pairs: list[Pair], tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="bart"):
        run(config(tiny_bart, family="llama"), pairs, tmp_path)


def test_layers_that_do_not_exist_are_named(tiny_bart: Path, pairs: list[Pair], tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"no layer to adapt among nothing_proj.*q_proj"):
        run(config(tiny_bart, method="lora", lora_targets=("nothing_proj",)), pairs, tmp_path)


def test_empty_data_is_refused(tiny_bart: Path, pairs: list[Pair], tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="0 training and 1 validation"):
        finetune(config(tiny_bart), [], pairs[:1], tmp_path)


@pytest.mark.parametrize(("capability", "precision"), [((7, 5), "fp16"), ((8, 0), "bf16"), ((9, 0), "bf16")])
def test_a_t4_trains_in_fp16_and_an_ampere_in_bf16(capability: tuple[int, int], precision: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: capability)
    assert choose_precision("auto", "cuda") == precision
    if capability < (8, 0):
        with pytest.raises(ConfigurationError, match="T4 has fp16 only"):
            choose_precision("bf16", "cuda")


def test_the_last_complete_checkpoint_is_the_highest_number(tmp_path: Path) -> None:
    for step in (9, 10, 100):
        (tmp_path / f"checkpoint-{step}").mkdir()
    for step in (9, 10):
        (tmp_path / f"checkpoint-{step}" / "trainer_state.json").write_text(json.dumps({}), encoding="utf-8")
    assert last_complete_checkpoint(tmp_path) == tmp_path / "checkpoint-10"
    assert last_complete_checkpoint(tmp_path / "nothing") is None
