"""Scores equal the reference implementation's and never go by another encoder's name."""

from pathlib import Path

import pytest

from models.errors import ConfigurationError
from models.training.metrics import MetricSettings, SummaryScorer, encoder_name, local_encoder

REFERENCES = ["자동차 보험 해지 요청", "암 보험 청구 서류 안내", "가입 문의", "해지", "자동차 보험 해지 요청"]
SUMMARIES = ["자동차 보험 해지", "암 보험 청구 문의 안내 요청", "문의", "가입 가입 문의", "자동차 보험 해지 요청"]


def settings(folder: Path, layer: int = 3, batch_size: int = 64) -> MetricSettings:
    return MetricSettings(bertscore_model=str(folder), bertscore_layer=layer, sts_model=str(folder), batch_size=batch_size)


@pytest.mark.parametrize("batch_size", [2, 64])
@pytest.mark.parametrize("layer", [2, 4])
def test_bertscore_equals_the_bert_score_package(tiny_bert: Path, layer: int, batch_size: int) -> None:
    from bert_score import BERTScorer

    expected = BERTScorer(model_type=str(tiny_bert), num_layers=layer, device="cpu").score(SUMMARIES, REFERENCES)[2].tolist()
    ours = [f1 for f1, _ in SummaryScorer(settings(tiny_bert, layer, batch_size), REFERENCES).rows(SUMMARIES)]
    assert ours == pytest.approx(expected, abs=1e-5)
    assert max(expected) - min(expected) > 0.05


def test_sts_is_the_cosine_that_sentence_transformers_gives(tiny_bert: Path, tmp_path: Path) -> None:
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer

    published = SentenceTransformer(modules=[Transformer(str(tiny_bert)), Pooling(32)])
    published.save(str(tmp_path / "sentences"))
    expected = torch.nn.functional.cosine_similarity(*(published.encode(t, convert_to_tensor=True) for t in (SUMMARIES, REFERENCES)))
    chosen = settings(tiny_bert).model_copy(update={"sts_model": str(tmp_path / "sentences")})
    assert [sts for _, sts in SummaryScorer(chosen, REFERENCES).rows(SUMMARIES)] == pytest.approx(expected.tolist(), abs=1e-5)


def test_a_perfect_summary_scores_one_and_an_empty_one_scores_zero_on_bertscore(tiny_bert: Path) -> None:
    rows = SummaryScorer(settings(tiny_bert), REFERENCES[:2]).rows([REFERENCES[0], ""])
    assert rows[0] == pytest.approx((1.0, 1.0), abs=1e-5)
    assert rows[1][0] == 0.0


def test_an_empty_summary_scores_zero_on_both_and_in_the_mean(tiny_bert: Path, tiny_bart: Path) -> None:
    for chosen in (settings(tiny_bert), local_encoder(tiny_bart)):
        scorer = SummaryScorer(chosen, REFERENCES[:2])
        assert scorer.rows([REFERENCES[0], " \n"])[1] == (0.0, 0.0)
        assert scorer.score(["", ""]).score == 0.0


@pytest.fixture
def tiny_roberta(tmp_path: Path) -> Path:
    """Its 34 positions hold 32 tokens, and its tokenizer states no limit of its own."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast, RobertaConfig, RobertaModel

    folder = tmp_path / "tiny-roberta"
    backend = Tokenizer(models.WordLevel({"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3, "보험": 4, "해지": 5}, unk_token="<unk>"))
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="<unk>", pad_token="<pad>").save_pretrained(folder)
    config = RobertaConfig(
        vocab_size=6,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=34,
        pad_token_id=1,
    )
    RobertaModel(config).save_pretrained(folder)
    return folder


def test_a_text_beyond_the_encoders_positions_is_cut(tiny_bert: Path, tiny_bart: Path, tiny_roberta: Path) -> None:
    endless = "보험 해지 " * 300
    for folder in (tiny_bert, tiny_bart, tiny_roberta):
        ((f1, sts),) = SummaryScorer(settings(folder, layer=1), ["보험 해지"]).rows([endless])
        assert -1 <= min(f1, sts) <= max(f1, sts) <= 1.00001


def test_a_sentence_encoder_without_a_length_of_its_own_cuts_too(tiny_roberta: Path, tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer

    SentenceTransformer(modules=[Transformer(str(tiny_roberta)), Pooling(16)]).save(str(tmp_path / "sentences"))
    chosen = settings(tiny_roberta, layer=1).model_copy(update={"sts_model": str(tmp_path / "sentences")})
    assert len(SummaryScorer(chosen, ["보험 해지"]).rows(["보험 해지 " * 300])) == 1


def test_references_are_embedded_once(tiny_bert: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scorer = SummaryScorer(settings(tiny_bert), REFERENCES)
    seen: list[str] = []
    states = scorer._tokens.states
    monkeypatch.setattr(scorer._tokens, "states", lambda texts: seen.extend(texts) or states(texts))
    first, second = scorer.score(SUMMARIES), scorer.score(SUMMARIES)
    assert first == second
    assert seen == SUMMARIES * 2


def test_a_local_encoder_is_named_by_its_files(tiny_bert: Path, tiny_bart: Path) -> None:
    encoders = SummaryScorer(local_encoder(tiny_bart), REFERENCES).score(SUMMARIES).encoders
    assert encoders["bertscore_f1"].startswith("local:tiny-bart@")
    assert encoders["sts"].endswith("mean pooling")
    assert encoder_name(str(tiny_bart)) != encoder_name(str(tiny_bert))
    assert encoder_name("bert-base-multilingual-cased", 9) == "bert-base-multilingual-cased layer 9"


def test_an_encoder_that_is_not_here_is_an_error_with_a_way_out() -> None:
    missing = MetricSettings(bertscore_model="nobody/has-this-encoder")
    with pytest.raises(ConfigurationError, match=r"nobody/has-this-encoder.*not on this machine.*local encoder"):
        SummaryScorer(missing, REFERENCES)


def test_a_layer_above_the_encoder_is_refused(tiny_bert: Path) -> None:
    with pytest.raises(ConfigurationError, match="has 4 layers, not 9"):
        SummaryScorer(settings(tiny_bert, layer=9), REFERENCES)


def test_one_summary_for_each_reference(tiny_bert: Path) -> None:
    with pytest.raises(ConfigurationError, match="1 summaries for 5 references"):
        SummaryScorer(settings(tiny_bert), REFERENCES).score(["해지"])
