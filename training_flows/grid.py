"""The grid of a sweep: a small typed table of what is varied, from YAML or from the launch form."""

from itertools import product
from pathlib import Path
from typing import Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from models.errors import ConfigurationError
from models.training import FinetuneConfig
from models.training.config import Family, Method
from training_flows.finetune import FinetuneRun

SWEEPS = Path(__file__).parent / "sweeps"


class SweepGrid(BaseModel):
    """Every combination of the lists is a row; what no list varies stands in ``common``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field("sweep", pattern=r"^[a-z0-9-]{1,40}$", description="Name of the sweep: lowercase letters, digits, dashes")
    data: str = Field("datasets/data_12000.csv", description="CSV of pairs: a key of the bucket, or a file on the workers")
    out_of_domain: str = Field("", description="CSV of pairs from outside insurance; empty: none")
    split_seed: int = Field(42, ge=0, description="Seed of the split, the same for all rows")
    encoders: str = Field("configured", pattern="^(configured|shipped)$", description="Encoders that score; see finetune")
    test_rows: int = Field(0, ge=0, description="Test rows scored for each row; 0: all")
    at_once: int = Field(2, ge=1, description="Rows in flight; more than there are workers only wait")
    row_hours: float = Field(48.0, gt=0, description="A row that takes longer is reported as unfinished")
    families: list[Family] = Field(["bart"], min_length=1, description="Model families")
    bases: dict[Family, str] = Field(default_factory=dict, description="Base model of a family; absent: its default")
    methods: list[Method] = Field(["lora"], min_length=1, description="full, lora, qlora")
    learning_rates: list[float] = Field([3e-4, 5e-5], min_length=1, description="Peak learning rates")
    epochs: list[float] = Field([5], min_length=1, description="Epochs")
    ranks: list[int] = Field([8], min_length=1, description="LoRA ranks; a full fine-tuning has none")
    common: FinetuneConfig = Field(default_factory=FinetuneConfig, description="Everything that is the same in all rows")

    @model_validator(mode="after")
    def _rows_are_valid(self) -> Self:
        """Fail when the grid is read, not in its thirtieth row."""
        self.rows()
        return self

    def rows(self) -> list[FinetuneRun]:
        """The runs of the sweep, each once, in the lists' order."""
        found: dict[str, FinetuneRun] = {}
        for family, method, rate, epochs, rank in product(self.families, self.methods, self.learning_rates, self.epochs, self.ranks):
            chosen: dict[str, object] = {"family": family, "method": method, "learning_rate": rate, "epochs": epochs}
            chosen |= {"base": self.bases[family]} if family in self.bases else {}
            chosen |= {"lora_rank": rank} if method != "full" else {}
            run = FinetuneRun(
                data=self.data,
                out_of_domain=self.out_of_domain,
                split_seed=self.split_seed,
                encoders=self.encoders,
                test_rows=self.test_rows,
                config=FinetuneConfig.model_validate(self.common.model_dump() | chosen),
            )
            found.setdefault(run.model_dump_json(), run)
        return list(found.values())


def read_grid(name: str) -> SweepGrid:
    """Read a grid by the name of a file in ``training_flows/sweeps`` or by path; ConfigurationError says what is wrong in it."""
    path = Path(name) if name.endswith((".yaml", ".yml")) else SWEEPS / f"{name}.yaml"
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        return SweepGrid.model_validate(content)
    except OSError as error:
        known = ", ".join(sorted(file.stem for file in SWEEPS.glob("*.yaml")))
        raise ConfigurationError(f"There is no sweep {name!r}", remedy=f"Name one of {known}, or a YAML file's path") from error
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{path} is no YAML: {error}", remedy="Correct its indentation and colons") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the whole"
        raise ConfigurationError(f"{path}: {where}: {first['msg']}", remedy="See SweepGrid for the fields") from error
