"""Fine-tuning a summarizer: the typed configuration, the examples a family learns from, and one run from base model to best checkpoint."""

from models.training.config import FinetuneConfig, FinetuneResult, HistoryRow, Progress
from models.training.train import finetune

__all__ = ["FinetuneConfig", "FinetuneResult", "HistoryRow", "Progress", "finetune"]
