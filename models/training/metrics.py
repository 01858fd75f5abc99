"""How well summaries say what their references say: BERTScore F1 and STS, with the references embedded once.

BERTScore (Zhang et al., 2020, https://arxiv.org/abs/1904.09675): each token of the one text is matched with the most similar
token of the other by the cosine of their contextual states; F1 joins precision and recall. Computed here and not by the
bert-score package because that one embeds the references anew at each call and fails on an empty summary; a test holds both equal.

STS: cosine of the two texts' sentence embeddings, averaged over rows.

A score means nothing without its encoder. Every result carries the encoders' names, and an encoder that is a folder on this
machine is named ``local:<folder>@<hash of its files>``, never by the name of a published model.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field

from models.errors import ConfigurationError
from models.forms import in_order
from models.summarizer.folder import content_hash, read_config


class MetricSettings(BaseModel):
    """Which encoders judge summaries. A local encoder's scores are comparable among themselves only."""

    model_config = ConfigDict(frozen=True, json_schema_extra=in_order())

    enabled: bool = Field(
        True, description="Score BERTScore F1 and STS at every evaluation; without them the loss chooses the best checkpoint"
    )
    bertscore_model: str = Field("bert-base-multilingual-cased", description="Encoder of BERTScore: a hub name or a local folder")
    bertscore_layer: int = Field(9, ge=0, description="Layer whose states BERTScore compares (bert-score's choice for Korean: 9)")
    sts_model: str = Field(
        "sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2",
        description="Sentence encoder of STS: a hub name, a sentence-transformers folder, or any encoder's folder (mean pooling)",
    )
    batch_size: int = Field(64, ge=1, description="Sentences per forward pass of an encoder")

    def named_encoders(self) -> dict[str, str]:
        """Which encoder gives which score; empty when scoring is off."""
        if not self.enabled:
            return {}
        return {"bertscore_f1": encoder_name(self.bertscore_model, self.bertscore_layer), "sts": sentence_encoder_name(self.sts_model)}


class Scores(BaseModel):
    """Means over all rows, each between -1 and 1, with the encoders that gave them. ``score`` is the mean of the two."""

    bertscore_f1: float
    sts: float
    encoders: dict[str, str]

    @property
    def score(self) -> float:
        """Mean of BERTScore F1 and STS: what checkpoints and candidates are ranked by."""
        return (self.bertscore_f1 + self.sts) / 2


def encoder_name(model: str, layer: int | None = None) -> str:
    """``bert-base-multilingual-cased layer 9`` for a published encoder, ``local:bart@1f2e3d4c layer 3`` for a folder."""
    folder = Path(model)
    name = f"local:{folder.name}@{content_hash(folder)[:8]}" if folder.is_dir() else model
    return name if layer is None else f"{name} layer {layer}"


def is_plain_encoder(model: str) -> bool:
    """Whether the name is a folder that is no sentence-transformers model, so that sentences are averaged over their tokens."""
    folder = Path(model)
    return folder.is_dir() and not (folder / "modules.json").is_file()


def sentence_encoder_name(model: str) -> str:
    """The name of a sentence encoder, with how it makes sentences out of tokens where that is our choice."""
    return f"{encoder_name(model)} mean pooling" if is_plain_encoder(model) else encoder_name(model)


def local_encoder(model_dir: Path) -> MetricSettings:
    """Settings that score with the encoder of a model on this machine, for both metrics: no download, no network.

    A summarizer's own encoder, such as the shipped one's, judges how alike two phrases of its domain are well enough to tell
    a better checkpoint from a worse one. It was never trained to embed meaning: unrelated phrases get high cosines, paraphrases
    in words that it has not learnt get low ones, and it knows the summarizer's own blind spots as normal. Its numbers are not
    BERTScore as published and must not be compared with any other encoder's; their name says which encoder it was.
    """
    config = read_config(model_dir)
    layers = config.get("encoder_layers") or config.get("num_hidden_layers")
    if not layers:
        raise ConfigurationError(f"{model_dir / 'config.json'} names no number of layers", remedy="Name a BERT or BART folder")
    return MetricSettings(bertscore_model=str(model_dir), bertscore_layer=int(layers), sts_model=str(model_dir))


class TokenEncoder:
    """A transformer encoder cut off after ``layer``. An encoder-decoder gives its encoder."""

    def __init__(self, model: str, layer: int | None, device: str = "cpu", batch_size: int = 64) -> None:
        import torch
        from transformers import AutoModel, AutoTokenizer

        try:
            self._tokenizer = AutoTokenizer.from_pretrained(model, local_files_only=True)
            whole = AutoModel.from_pretrained(model, local_files_only=True, dtype=torch.float32)
        except (OSError, ValueError) as error:
            raise _no_encoder(model, error) from error
        encoder = whole.get_encoder() if whole.config.is_encoder_decoder else whole
        layers = int(getattr(whole.config, "encoder_layers", 0) or whole.config.num_hidden_layers)
        self.layer = layers if layer is None else layer
        if self.layer > layers:
            raise ConfigurationError(f"{model} has {layers} layers, not {self.layer}", remedy=f"Set bertscore_layer to at most {layers}")
        if hasattr(encoder, "encoder") and hasattr(encoder.encoder, "layer"):
            encoder.encoder.layer = encoder.encoder.layer[: self.layer]  # what lies above is never looked at
        self._encoder = encoder.to(device).eval()
        self._device = device
        self._batch_size = batch_size
        self._limit = min(self._tokenizer.model_max_length, positions(encoder))

    def states(self, texts: Sequence[str]) -> list[tuple[Any, Any]]:
        """Per text its states of the layer, float32 (tokens, width), and its weights, float32 (tokens): 0 for [CLS] and [SEP], else 1."""
        import torch

        unweighted = {self._tokenizer.cls_token_id, self._tokenizer.sep_token_id} - {None}
        rows = [self._tokenizer(text.strip(), truncation=True, max_length=self._limit)["input_ids"] for text in texts]
        order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
        found: dict[int, tuple[Any, Any]] = {}
        with torch.inference_mode():
            for start in range(0, len(order), self._batch_size):
                chosen = order[start : start + self._batch_size]
                batch = self._tokenizer.pad({"input_ids": [rows[i] for i in chosen]}, return_tensors="pt").to(self._device)
                output = self._encoder(
                    input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], output_hidden_states=True
                ).hidden_states[self.layer]
                for i, states, mask in zip(chosen, output.float().cpu(), batch["attention_mask"].bool().cpu(), strict=True):
                    weights = torch.tensor([0.0 if token in unweighted else 1.0 for token in rows[i]])
                    found[i] = (states[mask].clone(), weights)
        return [found[i] for i in range(len(texts))]


def positions(encoder: Any) -> int:
    """Longest input of a transformer in tokens. RoBERTa and its kin count positions from behind the padding's: 514 hold 512 tokens."""
    table = getattr(getattr(encoder, "embeddings", None), "position_embeddings", None)
    padding = getattr(table, "padding_idx", None)
    return int(getattr(encoder.config, "max_position_embeddings", 512)) - (0 if padding is None else padding + 1)


def bertscore_f1(candidate: tuple[Any, Any], reference: tuple[Any, Any]) -> float:
    """BERTScore F1 of two texts from their unit states (tokens, width) and weights (tokens); 0 where one has no token of its own."""
    (mine, my_weights), (theirs, their_weights) = candidate, reference
    if not my_weights.any() or not their_weights.any():
        return 0.0
    similarity = mine @ theirs.T
    precision = float((similarity.amax(dim=1) * my_weights).sum() / my_weights.sum())
    recall = float((similarity.amax(dim=0) * their_weights).sum() / their_weights.sum())
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


class SentenceEncoder(Protocol):
    """Unit sentence embeddings."""

    def embed(self, texts: Sequence[str]) -> Any:
        """Float32 (texts, width), rows of length 1."""


class PublishedSentences:
    """A sentence-transformers model, by hub name or folder."""

    def __init__(self, model: str, device: str, batch_size: int) -> None:
        from sentence_transformers import SentenceTransformer

        try:
            self._model = SentenceTransformer(model, device=device, local_files_only=True)
        except (OSError, ValueError) as error:
            raise _no_encoder(model, error) from error
        if encoder := getattr(self._model[0], "auto_model", None):  # a table of words has no positions
            longest = positions(encoder)
            self._model.max_seq_length = min(self._model.max_seq_length or longest, longest)
        self._batch_size = batch_size

    def embed(self, texts: Sequence[str]) -> Any:
        """See SentenceEncoder."""
        return self._model.encode(
            list(texts), batch_size=self._batch_size, convert_to_tensor=True, normalize_embeddings=True, show_progress_bar=False
        ).cpu()


class MeanPooledSentences:
    """Any encoder's states averaged over the tokens, for folders that are no sentence-transformers model."""

    def __init__(self, model: str, device: str, batch_size: int) -> None:
        self._encoder = TokenEncoder(model, None, device, batch_size)

    def embed(self, texts: Sequence[str]) -> Any:
        """See SentenceEncoder."""
        import torch

        means = torch.stack([states.mean(dim=0) for states, _ in self._encoder.states(texts)])
        return torch.nn.functional.normalize(means, dim=1)


def sentence_encoder(model: str, device: str, batch_size: int) -> SentenceEncoder:
    """The sentence encoder that a name or folder means."""
    return (MeanPooledSentences if is_plain_encoder(model) else PublishedSentences)(model, device, batch_size)


class SummaryScorer:
    """Scores summaries against references that were embedded once, when the scorer was made."""

    def __init__(self, settings: MetricSettings, references: Sequence[str], device: str = "cpu") -> None:
        """Load both encoders and embed the references; ConfigurationError where an encoder is not on this machine."""
        self._tokens = TokenEncoder(settings.bertscore_model, settings.bertscore_layer, device, settings.batch_size)
        self._sentences = sentence_encoder(settings.sts_model, device, settings.batch_size)
        self.encoders = settings.named_encoders()
        self.embed_references(references)

    def embed_references(self, references: Sequence[str]) -> None:
        """Take other references; the encoders stay loaded."""
        self._reference_states = self._unit_states(references)
        self._reference_sentences = self._sentences.embed(references)

    def _unit_states(self, texts: Sequence[str]) -> list[tuple[Any, Any]]:
        import torch

        # Equal texts are embedded once; summaries repeat a lot.
        distinct = list(dict.fromkeys(texts))
        states = [(torch.nn.functional.normalize(states, dim=-1), weights) for states, weights in self._tokens.states(distinct)]
        by_text = dict(zip(distinct, states, strict=True))
        return [by_text[text] for text in texts]

    def rows(self, summaries: Sequence[str]) -> list[tuple[float, float]]:
        """BERTScore F1 and STS of every summary against its reference, in the references' order; an empty summary has 0 and 0."""
        if len(summaries) != len(self._reference_states):
            raise ConfigurationError(
                f"{len(summaries)} summaries for {len(self._reference_states)} references", remedy="Score one summary for each reference"
            )
        pairs = zip(self._unit_states(summaries), self._reference_states, strict=True)
        cosines = (self._sentences.embed(summaries) * self._reference_sentences).sum(dim=1)
        # Encoders give an empty text a vector too, and its cosine with any phrase is well above 0.
        return [
            (bertscore_f1(mine, theirs), float(cosine)) if summary.strip() else (0.0, 0.0)
            for summary, (mine, theirs), cosine in zip(summaries, pairs, cosines, strict=True)
        ]

    def score(self, summaries: Sequence[str]) -> Scores:
        """Means over all rows."""
        rows = self.rows(summaries)
        return Scores(
            bertscore_f1=sum(f1 for f1, _ in rows) / len(rows), sts=sum(sts for _, sts in rows) / len(rows), encoders=self.encoders
        )

    def named_scores(self, summaries: Sequence[str]) -> dict[str, float]:
        """The means by name, as a Trainer logs them."""
        scores = self.score(summaries)
        return {"bertscore_f1": scores.bertscore_f1, "sts": scores.sts, "score": scores.score}


def _no_encoder(model: str, error: Exception) -> ConfigurationError:
    return ConfigurationError(
        f"The encoder {model!r} is not on this machine: {str(error).splitlines()[0]}",
        remedy="Download it where the hub can be reached, name a local encoder's folder (bertscore_model, bertscore_layer, sts_model), "
        "or set metrics.enabled to false",
    )
