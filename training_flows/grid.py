"""The grid of a sweep: a small typed table of what is varied, from YAML or from the launch form."""

from itertools import product
from pathlib import Path
from typing import Self, TypeVar

import yaml
from pydantic import BaseModel, Field, ValidationError, model_validator

from models.errors import ConfigurationError
from models.forms import FORM
from models.keys import DocumentKeys
from models.training import FinetuneConfig
from models.training.config import Family, Method
from models.training.outputs import RunName
from models.training.signal_task import NGRAMS, SignalConfig
from tasks.training.signals import SignalName
from training_flows.finetune import Encoders, FinetuneRun, Rows

SWEEPS = Path(__file__).parent / "sweeps"


class Quoted(BaseModel):
    """Quotes from the company's documents beside the models of a sweep over questions and answers."""

    model_config = FORM

    documents: str = Field(
        DocumentKeys.UPLOADS, description="Folder of the bucket with documents; its tables (.csv) are left out. Empty: rows learnt alone"
    )
    unanswerable: str = Field("", description="Questions that no document answers: a CSV with the column question, a data set; empty: none")


class SweepGrid(BaseModel):
    """Every combination of the lists is a row; what no list varies stands in ``common``."""

    model_config = FORM

    name: RunName = Field("sweep", min_length=1, description="Name of the sweep")
    data: str = Field("datasets/data_12000.csv", description="Pairs, or a table of questions and answers: a data set, see finetune")
    out_of_domain: str = Field("", description="CSV of pairs from outside insurance; empty: none")
    split_seed: int = Field(42, ge=0, description="Seed of the split, the same for all rows")
    encoders: Encoders = Field("configured", description="Encoders that score; see finetune")
    test_rows: int = Field(0, ge=0, description="Test rows scored for each row; 0: all")
    at_once: int = Field(2, ge=1, description="Rows in flight; more than there are workers only wait")
    row_hours: float = Field(48.0, gt=0, description="A row that takes longer is reported as unfinished")
    families: list[Family] = Field(["bart"], min_length=1, description="Model families")
    bases: dict[Family, str | list[str]] = Field(
        default_factory=dict, description="Base model, or several, of a family; absent: its default"
    )
    methods: list[Method] = Field(["lora"], min_length=1, description="full, lora, qlora")
    learning_rates: list[float] = Field([3e-4, 5e-5], min_length=1, description="Peak learning rates")
    epochs: list[float] = Field([5], min_length=1, description="Epochs")
    ranks: list[int] = Field([8], min_length=1, description="LoRA ranks; a full fine-tuning has none")
    quoted: Quoted | None = Field(None, description="For questions and answers: quotes from the documents as a row beside the models")
    common: FinetuneConfig = Field(default_factory=FinetuneConfig, description="Everything that is the same in all rows")

    @model_validator(mode="after")
    def _rows_are_valid(self) -> Self:
        """Fail when the grid is read, not in its thirtieth row."""
        self.rows()
        return self

    def rows(self) -> list[FinetuneRun]:
        """The runs of the sweep, each once, in the lists' order."""
        found: dict[str, FinetuneRun] = {}
        for (family, base), method, rate, epochs, rank in product(
            self._bases(), self.methods, self.learning_rates, self.epochs, self.ranks
        ):
            chosen: dict[str, object] = {"family": family, "method": method, "learning_rate": rate, "epochs": epochs}
            chosen |= {"base": base} if base else {}
            chosen |= {"lora_rank": rank} if method != "full" else {}
            run = FinetuneRun.of(
                FinetuneConfig.model_validate(dict(self.common) | chosen),
                data=self.data,
                encoders=self.encoders,
                rows=Rows(out_of_domain=self.out_of_domain, split_seed=self.split_seed, test_rows=self.test_rows),
            )
            found.setdefault(run.model_dump_json(), run)
        return list(found.values())

    def _bases(self) -> list[tuple[Family, str]]:
        """Every base with its family; an empty one is what ``common`` or the family says."""
        named = {family: self.bases.get(family, "") for family in self.families}
        return [(family, base) for family, bases in named.items() for base in ([bases] if isinstance(bases, str) else bases)]


class SignalGrid(BaseModel):
    """A sweep of classifiers of emotions or dangers: every combination of the lists is a row."""

    model_config = FORM

    name: RunName = Field("sweep", min_length=1, description="Name of the sweep")
    line: SignalName = Field("emotion", description="What is told apart")
    data: str = Field("datasets/emotions.xlsx", description="The data set: a key of the bucket, or a file on the workers")
    split_seed: int = Field(42, ge=0, description="Seed of the split, the same for all rows")
    at_once: int = Field(2, ge=1, description="Rows in flight; more than there are workers only wait")
    row_hours: float = Field(48.0, gt=0, description="A row that takes longer is reported as unfinished")
    bases: list[str] = Field(["klue/bert-base"], min_length=1, description="Encoders; ngrams for the linear form")
    learning_rates: list[float] = Field([1e-4, 5e-5, 2e-5, 1e-5, 1e-6], min_length=1, description="Peak learning rates")
    batch_sizes: list[int] = Field([64, 32], min_length=1, description="Rows per step")
    dropouts: list[float] = Field([0.1], min_length=1, description="Dropout before the last layer")
    common: SignalConfig = Field(default_factory=SignalConfig, description="Everything that is the same in all rows")

    @model_validator(mode="after")
    def _rows_are_valid(self) -> Self:
        self.rows()
        return self

    def rows(self) -> list[SignalConfig]:
        """The configurations of the sweep, each once, in the lists' order; the linear form knows nothing of rates, batches and dropout."""
        found: dict[str, SignalConfig] = {}
        for base, rate, batch, dropout in product(self.bases, self.learning_rates, self.batch_sizes, self.dropouts):
            varied = {} if base == NGRAMS else {"learning_rate": rate, "batch_size": batch, "dropout": dropout}
            config = SignalConfig.model_validate(self.common.model_dump() | {"base": base} | varied)
            found.setdefault(config.model_dump_json(), config)
        return list(found.values())


Grid = TypeVar("Grid", SweepGrid, SignalGrid)


def read_grid(name: str) -> SweepGrid:
    """Read a grid by the name of a file in ``training_flows/sweeps`` or by path; ConfigurationError says what is wrong in it."""
    return _read(name, SWEEPS, SweepGrid)


def read_signal_grid(name: str) -> SignalGrid:
    """The same for a sweep of emotions or dangers, in ``training_flows/sweeps/signals``."""
    return _read(name, SWEEPS / "signals", SignalGrid)


def _read(name: str, folder: Path, kind: type[Grid]) -> Grid:
    path = Path(name) if name.endswith((".yaml", ".yml")) else folder / f"{name}.yaml"
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        return kind.model_validate(content)
    except OSError as error:
        known = ", ".join(sorted(file.stem for file in folder.glob("*.yaml")))
        raise ConfigurationError(f"There is no sweep {name!r}", remedy=f"Name one of {known}, or a YAML file's path") from error
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{path} is no YAML: {error}", remedy="Correct its indentation and colons") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the whole"
        raise ConfigurationError(f"{path}: {where}: {first['msg']}", remedy=f"See {kind.__name__} for the fields") from error
