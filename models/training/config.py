"""What one fine-tuning run is told and what it reports. The defaults are the hyperparameter table of the product's requirements."""

import hashlib
import json
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from models.forms import FORM, in_order
from models.training.metrics import MetricSettings, encoder_name

Family = Literal["bart", "llama"]
Method = Literal["full", "lora", "qlora"]

DEFAULT_BASE: dict[Family, str] = {
    "bart": "hyunwoongko/kobart",
    "llama": "torchtorchkimtorch/Llama-3.2-Korean-GGACHI-1B-Instruct-v1",
}
# The table: KoBART accumulates nothing and has no length limit of its own, Llama accumulates 2 and is cut at 1024.
DEFAULT_ACCUMULATION: dict[Family, int] = {"bart": 1, "llama": 2}
DEFAULT_LENGTH: dict[Family, int | None] = {"bart": None, "llama": 1024}


class Basics(BaseModel):
    """What is trained, how, how fast and how long."""

    model_config = FORM

    base: str = Field(
        "",
        title="베이스 모델 (base)",
        description="허브 이름, 작업자의 폴더, 또는 shipped(제품의 작은 BART와 그 분류기). 비우면 KoBART 또는 Llama-3.2-Korean-GGACHI-1B",
    )
    family: Family = Field("bart", title="모델 계열 (family)", description="bart: KoBART 같은 seq2seq, llama: 대화 틀을 쓰는 언어 모델")
    method: Method = Field("lora", title="방법 (method)", description="full: 모든 가중치, lora: 어댑터, qlora: 4비트 베이스 위의 어댑터")
    learning_rate: float = Field(3e-4, gt=0, title="학습률 (learning_rate)", description="가장 높을 때의 값 (요구사항: 3e-4, 5e-5)")
    epochs: float = Field(5, gt=0, title="에폭 (epochs)", description="학습 데이터를 몇 번 보는지 (요구사항: 5, 10, 20)")


class Steps(BaseModel):
    """What one update is made of."""

    model_config = FORM

    batch_size: int = Field(2, ge=1, description="Rows per step and device (table: 2)")
    gradient_accumulation: int | None = Field(None, ge=1, description="Steps joined into one update; empty: bart 1, llama 2")
    max_input_tokens: int | None = Field(None, ge=8, description="Longest input in tokens; empty: bart the model's own limit, llama 1024")
    max_output_tokens: int | None = Field(
        None, ge=2, description="Longest summary in tokens; empty: bart the model's own limit, llama 1024"
    )
    weight_decay: float = Field(0.01, ge=0, description="AdamW's weight decay (table: 0.01)")
    optimizer: Literal["adamw_torch", "adamw_8bit", "adafactor"] = Field(
        "adamw_torch",
        description="adamw_8bit keeps AdamW's two moments in 8 bits (GPU): 2 bytes a trained parameter instead of 8; "
        "adafactor keeps a row and a column of each weight: next to nothing, on processors too",
    )
    schedule: Literal["linear", "cosine", "constant", "constant_with_warmup", "polynomial"] = Field(
        "linear", description="Learning rate over steps"
    )
    warmup_ratio: float = Field(0.0, ge=0, lt=1, description="Share of all steps over which the learning rate rises to its peak")
    label_smoothing: float = Field(
        0.0, ge=0, lt=1, description="Label smoothing of the training loss; the validation loss is never smoothed"
    )
    max_grad_norm: float = Field(1.0, gt=0, description="Gradients are clipped to this norm")
    max_steps: int | None = Field(None, ge=1, description="Stop after this many updates whatever the epochs say")
    group_by_length: bool = Field(True, description="Batch rows of similar length together")
    subword_dropout: float = Field(
        0.0, ge=0, lt=1, description="Share of BPE merges skipped at random in training inputs; needs a BPE tokenizer, helps small models"
    )
    seed: int = Field(42, ge=0, description="Seed of data order, dropout and new weights")


class Adapter(BaseModel):
    """The adapter of lora and qlora."""

    model_config = FORM

    lora_rank: int = Field(8, ge=1, description="LoRA r (table: 8, 16, 32)")
    lora_alpha: int = Field(32, ge=1, description="LoRA alpha (table: 32)")
    lora_dropout: float = Field(0.1, ge=0, lt=1, description="LoRA dropout (table: 0.1)")
    lora_targets: tuple[str, ...] = Field(("q_proj", "v_proj"), description="Layers that get an adapter (table: q_proj, v_proj)")
    merge_adapter: bool = Field(True, description="Also save the adapter merged into its base, ready for serving")


class Evaluation(BaseModel):
    """When and by what a run is judged while it lasts."""

    model_config = FORM

    evaluate_every: int = Field(500, ge=1, description="Updates between two evaluations, each with a checkpoint (table: 500)")
    log_every: int = Field(50, ge=1, description="Updates between two points of the training-loss curve")
    early_stopping: int | None = Field(
        None, ge=1, description="Stop after this many evaluations in a row without a better score; empty: never"
    )
    eval_batch_size: int = Field(32, ge=1, description="Rows per step at evaluation")
    eval_beams: int = Field(1, ge=1, description="Beams of the summaries that are scored while training (serving uses 4)")
    eval_max_tokens: int = Field(128, ge=1, description="Longest generated summary at evaluation, in tokens")
    metrics: MetricSettings = Field(default_factory=MetricSettings, description="Encoders of BERTScore and STS")


class Machine(BaseModel):
    """On what a run computes, and in what."""

    model_config = FORM

    precision: Literal["auto", "fp32", "fp16", "bf16"] = Field("auto", description="auto: what the hardware really has")
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="Where to train")
    gradient_checkpointing: bool = Field(False, description="Recompute activations: about a third slower, far less memory")


class FinetuneConfig(Machine, Evaluation, Adapter, Steps, Basics):
    """One row of a sweep: everything that decides what a run learns. Forms show the parts that it is made of."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra=in_order(*Basics.model_fields))

    @property
    def base_model(self) -> str:
        """The base's hub name or folder, the family's default where none is given."""
        return self.base or DEFAULT_BASE[self.family]

    @property
    def accumulation(self) -> int:
        """Steps joined into one update."""
        return self.gradient_accumulation or DEFAULT_ACCUMULATION[self.family]

    @property
    def input_limit(self) -> int | None:
        """Longest input in tokens, None for the model's own limit."""
        return self.max_input_tokens or DEFAULT_LENGTH[self.family]

    @property
    def output_limit(self) -> int | None:
        """Longest summary in tokens, None for the model's own limit."""
        return self.max_output_tokens or DEFAULT_LENGTH[self.family]

    @property
    def criterion(self) -> str:
        """What makes a checkpoint the best, in words."""
        return "highest mean of BERTScore F1 and STS" if self.metrics.enabled else "lowest validation loss"

    def fingerprint(self) -> str:
        """16 hexadecimal digits that change with anything that changes what is learnt or how it is scored, on any machine alike."""
        from models.summarizer.classifier import FILE as CLASSIFIER  # loads numpy, which a worker of calls can do without

        choices = self.model_dump(mode="json", exclude={"metrics", "base", "device"})
        named = {"base": encoder_name(self.base_model), "encoders": self.metrics.named_encoders()}
        if self.family == "bart" and (Path(self.base_model) / CLASSIFIER).is_file():
            choices["marks"] = True  # earlier releases trained such a base on inquiries without its classifier's marks
        return hashlib.sha256(json.dumps(choices | named, sort_keys=True).encode()).hexdigest()[:16]


class HistoryRow(BaseModel):
    """What was measured at one step; training loss and evaluation come at their own intervals, so fields are optional."""

    step: int
    epoch: float = 0.0
    train_loss: float | None = None
    learning_rate: float | None = None
    validation_loss: float | None = None
    bertscore_f1: float | None = None
    sts: float | None = None
    score: float | None = None
    samples: list[str] | None = Field(None, description="What the model wrote for the sample rows; only where it was evaluated")


class SampleRow(BaseModel):
    """One validation row that every evaluation is shown on: what was asked, and what is right."""

    input: str
    reference: str


class Progress(BaseModel):
    """One message of a running fine-tuning: where it stands and what was just measured."""

    step: int
    total_steps: int
    row: HistoryRow

    @property
    def percent(self) -> float:
        """Share of the updates that are done, 0 to 100."""
        return 100.0 * self.step / max(1, self.total_steps)


class FinetuneResult(BaseModel):
    """What a run made: folders, scores, and how it went. Times are in seconds."""

    family: Family
    method: Method
    base: str
    model_dir: Path = Field(description="Best weights, or the adapter, with the tokenizer")
    merged_dir: Path | None = Field(None, description="The adapter merged into its base, with the tokenizer")
    criterion: str
    best_step: int
    best: HistoryRow
    steps: int
    history: list[HistoryRow]
    precision: str
    device: str
    parameters: int
    trained_parameters: int
    train_rows: int
    validation_rows: int
    truncated_rows: int = Field(description="Training and validation rows that were longer than the limits and lost their end")
    seconds: float
    samples_per_second: float = Field(description="Training rows per second of this process, evaluation not counted")
    resumed_from: int = Field(0, description="Step of the checkpoint that this process went on from; 0: from the start")
    encoders: dict[str, str] = Field(default_factory=dict, description="Which encoder gave which score")
    sample_rows: list[SampleRow] = Field(default_factory=list, description="The rows of the history's samples")
    memory_mib: float = Field(0.0, description="Memory at its highest: the GPU's, or this process's where it computed on processors")

    @property
    def seconds_an_epoch(self) -> float | None:
        """How long the training rows take once, evaluation not counted; None where this process trained no step."""
        return self.train_rows / self.samples_per_second if self.samples_per_second else None

    @property
    def before(self) -> HistoryRow | None:
        """The base on the same validation rows, before the first update; None in runs of before that was measured."""
        return next((row for row in self.history if row.step == 0), None)

    @property
    def gain(self) -> float | None:
        """What the run added to its base, in its own criterion: above 0 is better. None where one of the two was not measured."""
        before = self.before
        if before is None:
            return None
        if self.best.score is not None and before.score is not None:
            return self.best.score - before.score
        if self.best.validation_loss is None or before.validation_loss is None:
            return None
        return before.validation_loss - self.best.validation_loss
