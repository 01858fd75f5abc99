"""A language model behind an address as a candidate, launched from the Prefect UI and known like a training run."""

from prefect import flow
from pydantic import BaseModel, Field

from models.forms import FORM
from models.summarizer.language_model import Endpoint
from models.training.outputs import RunName
from tasks.training.language_model import LanguageModelSummary, connect


class LanguageModelRun(BaseModel):
    """What the launch form asks for."""

    model_config = FORM

    name: RunName = Field(min_length=1, description="Name of the candidate; another prompt wants another name")
    endpoint: Endpoint = Field(description="Where the model is asked, and how; its key stands in READBACK_LANGUAGE_MODEL_KEY alone")
    prompt: str = Field("", description="What the model is told; empty: the prompt that ships")


@flow(name="connect-language-model", flow_run_name="{run.name}")
async def connect_language_model(run: LanguageModelRun) -> LanguageModelSummary:
    """Try a language model's address and keep it as `models/openai-compatible/<name>/`, ready to be scored and promoted.

    Refused where the endpoint gives no answer, and where the name is taken by other settings.

    Args:
        run: address, settings and prompt
    """
    return await connect(run.name, run.endpoint, run.prompt)
