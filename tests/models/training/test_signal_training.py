"""Training classifiers of emotions and dangers, of either form, on rows small enough for a test."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from models.errors import ConfigurationError
from models.recipe.tokenizer import train_tokenizer
from models.signals.classifier import HEAD, Settings, load_classifier
from models.signals.labels import EMOTIONS, Danger
from models.training.augmentation import OPERATIONS, augmented
from models.training.data.pair import Pair
from models.training.data.split import Split, split_dialogues
from models.training.signal_scores import DangerScores, EmotionScores
from models.training.signal_task import SHARES, SignalConfig, danger_task, emotion_task
from models.training.signals import alarm_bounds, surest_bound, train

SAID = {"분노": "정말 화가 나서 못 참겠어", "기쁨": "너무 기뻐서 춤이라도 추고 싶다", "불안": "혹시 잘못될까 봐 가슴이 두근거려"}


def emotional() -> list[Pair]:
    return [
        Pair(f"{said} {n}번째 이야기", label, f"{label}:{n}", dialogue=f"{label}{n // 2}")
        for label, said in SAID.items()
        for n in range(40)
    ]


def dangerous() -> list[Pair]:
    said = {
        "threat": "칼 들고 찾아가서 죽여 버린다",
        "self_harm,threat": "다 죽이고 나도 죽을 거야",
        "none": "주소를 바꾸고 싶어서 전화했어요",
    }
    return [Pair(f"{words} {n}번 말했다", kinds, f"{kinds}:{n}") for kinds, words in said.items() for n in range(40)]


@pytest.fixture(scope="module")
def tiny_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("encoder") / "tiny-bert"
    tokenizer = train_tokenizer([pair.input for pair in (*emotional(), *dangerous())], 400)
    torch.manual_seed(1)
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64, "max_position_embeddings": 64}
    BertModel(BertConfig(vocab_size=len(tokenizer), pad_token_id=tokenizer.pad_token_id, **sizes)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def split_of(pairs: Sequence[Pair]) -> Split:
    return split_dialogues(pairs, SHARES, seed=1)


def test_a_linear_classifier_of_emotions_learns_and_serves(tmp_path: Path) -> None:
    split = split_of(emotional())
    trained = train(SignalConfig(base="ngrams"), emotion_task(emotional()), split, tmp_path, "model")
    scores = EmotionScores.of(trained.classifier, split.test)
    assert (scores.accuracy, scores.top5, scores.six, scores.told_right) == (1.0, 1.0, 1.0, 1.0)
    assert load_classifier(tmp_path / "model").settings == trained.classifier.settings
    assert [sum(map(sum, scores.matrix)), scores.rows] == [len(split.test)] * 2


@pytest.mark.parametrize("layers", [0, 1])
def test_an_encoder_is_fine_tuned_and_serves_in_eight_bits(tiny_encoder: Path, tmp_path: Path, layers: int) -> None:
    split = split_of(emotional())
    config = SignalConfig(base=str(tiny_encoder), layers=layers, learning_rate=5e-3, batch_size=16, epochs=6, max_length=32, device="cpu")
    trained = train(config, emotion_task(emotional()), split, tmp_path, "model")
    assert EmotionScores.of(trained.classifier, split.test).accuracy > 0.9
    assert {path.name for path in (tmp_path / "model").iterdir()} >= {"config.json", "model.safetensors", "tokenizer.json", HEAD}
    assert trained.classifier.settings.form == "encoder"
    assert trained.history[-1].score is not None


def test_a_danger_is_learnt_from_augmented_rows_and_several_at_once(tiny_encoder: Path, tmp_path: Path) -> None:
    split = split_of(dangerous())
    config = SignalConfig(
        base=str(tiny_encoder),
        learning_rate=5e-3,
        batch_size=16,
        epochs=4,
        max_length=32,
        device="cpu",
        augmentation=4.5,
        class_weights=True,
        dropout=0.3,
    )
    trained = train(config, danger_task(dangerous()), split, tmp_path, "model")
    positives = [pair for pair in split.train if pair.summary != "none"]
    assert len(trained.made) + len(positives) == pytest.approx(4.5 * len(positives), rel=0.15)
    scores = DangerScores.of(trained.classifier, split.test)
    assert (scores.recall, scores.missed) == (1.0, [])
    assert scores.alarm_rate < 0.3  # eight rows chose the bounds
    both = trained.classifier.likelihoods(["다 죽이고 나도 죽을 거야 7번 말했다"])[0]
    assert (both[[list(Danger).index(Danger.SELF_HARM), list(Danger).index(Danger.THREAT)]] > 0.5).all()


def test_augmentation_knows_four_operations_and_gives_the_same_rows_for_the_same_seed() -> None:
    rows = [Pair(f"엄마가 갑자기 쓰러져서 숨을 안 쉬어요 {n}", "medical_emergency", f"r:{n}") for n in range(20)]
    made = augmented(rows, 4.5, seed=3)
    assert len(made) == 70
    assert {pair.style for pair in made} == set(OPERATIONS)
    assert {pair.summary for pair in made} == {"medical_emergency"}
    assert not {pair.input for pair in made} & {pair.input for pair in rows}
    assert len({pair.input for pair in made}) == 70
    assert augmented(rows, 4.5, seed=3) == made
    assert augmented(rows, 4.5, seed=4) != made
    assert augmented(rows, 1.0, seed=3) == []


def test_no_augmented_row_of_a_test_row_is_learnt(tmp_path: Path) -> None:
    split = split_of(dangerous())
    made = train(SignalConfig(base="ngrams", augmentation=3), danger_task(dangerous()), split, tmp_path, "model").made
    assert {pair.row.partition("+")[0] for pair in made} <= set(split.record.train)


def test_bounds_find_what_they_can_at_the_alarms_that_are_allowed() -> None:
    rng = np.random.default_rng(1)
    harmless, harmful = rng.beta(1, 6, (300, 5)), rng.beta(1, 6, (60, 5))
    targets = np.zeros((360, 5), dtype=np.float32)
    for row in range(60):
        harmful[row, row % 5], targets[300 + row, row % 5] = rng.beta(5, 2), 1
    likelihoods = np.vstack([harmless, harmful]).astype(np.float32)
    calls = [f"call {row // 3}" for row in range(300)] + [f"danger {row}" for row in range(60)]
    found = []
    for alarms in (0.02, 0.1):
        flagged = likelihoods >= np.array(alarm_bounds(likelihoods, targets, calls, alarms), dtype=np.float32)
        assert len({calls[row] for row in np.flatnonzero(flagged[:300].any(axis=1))}) <= alarms * 100
        found.append(flagged[300:].any(axis=1).sum())
    assert 0 < found[0] < found[1]


def test_only_what_is_right_often_enough_is_told_as_sure() -> None:
    likelihoods = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.6, 0.4]], dtype=np.float32)
    targets = np.array([[1, 0], [1, 0], [0, 1], [0, 1]], dtype=np.float32)
    assert surest_bound(likelihoods, targets, 0.99) == pytest.approx(0.8)
    assert surest_bound(likelihoods, targets, 0.6) == pytest.approx(0.7)
    assert surest_bound(likelihoods, 1 - targets, 0.6) == 1.0


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([pair for pair in emotional() if pair.summary == "분노"], "rows are of one emotion"),
        ([pair for pair in dangerous() if pair.summary == "none"], "all harmless or all dangerous"),
        ([pair for pair in dangerous() if pair.summary != "none"], "all harmless or all dangerous"),
    ],
    ids=["one emotion", "no danger", "danger alone"],
)
def test_rows_from_which_nothing_can_be_learnt_are_refused(rows: list[Pair], told: str, tmp_path: Path) -> None:
    task = emotion_task(rows) if rows[0].summary in EMOTIONS else danger_task(rows)
    with pytest.raises(ConfigurationError, match=told):
        train(SignalConfig(base="ngrams"), task, split_of(rows), tmp_path, "model")


def test_a_base_that_cannot_serve_is_refused_before_training(tiny_bart: Path, tmp_path: Path) -> None:
    split = split_of(emotional())
    with pytest.raises(ConfigurationError, match=r"is of type bart, which cannot serve\. Name an encoder of type bert"):
        train(SignalConfig(base=str(tiny_bart), device="cpu"), emotion_task(emotional()), split, tmp_path, "model")
    with pytest.raises(ConfigurationError, match="is no encoder that can be loaded"):
        train(SignalConfig(base=str(tmp_path), device="cpu"), emotion_task(emotional()), split, tmp_path / "out", "model")


def test_the_defaults_are_those_of_the_requirements() -> None:
    config = SignalConfig()
    assert (config.base, config.max_length, config.batch_size, config.learning_rate) == ("klue/bert-base", 128, 64, 2e-5)
    assert SHARES == (0.6, 0.2, 0.2)


def test_likelihoods_of_one_label_sum_to_one_and_those_of_several_do_not_hang_together() -> None:
    scores = np.array([[2.0, 1.0, 0.0]], dtype=np.float32)
    one = Settings(form="linear", labels=("a", "b", "c"), several=False).likelihoods(scores)
    assert one.sum() == pytest.approx(1)
    several = Settings(form="linear", labels=("a", "b", "c"), several=True, scale=(1, 2, 3), offset=(0, 0, -1)).likelihoods(scores)
    assert several[0] == pytest.approx([0.8808, 0.8808, 0.2689], abs=1e-3)
