"""A finished training run as a repository of the Hugging Face hub, with a card made from the run."""

from prefect import flow
from prefect.artifacts import acreate_link_artifact
from pydantic import BaseModel, Field

from models.errors import ModelRefused
from models.forms import FORM
from models.training.outputs import RunName
from tasks.training.hub import find_run, push_run
from tasks.training.watching import artifact_key


class Push(BaseModel):
    """What the launch form asks for."""

    model_config = FORM

    run: str = Field(title="학습 실행 (run)", description="끝난 학습 실행: <계열>/<이름>, 예: bart/minji-1")
    organization: RunName = Field(min_length=1, title="허브 계정 (organization)", description="저장소를 만들 허브의 계정이나 조직")
    repository: RunName = Field("", title="저장소 (repository)", description="비우면 실행의 이름")
    private: bool = Field(True, title="비공개 (private)", description="끄면 누구나 내려받습니다")
    by: str = Field(min_length=1, title="누가 (by)", description="올리는 사람의 이름, 커밋에 남습니다")


@flow(name="push-to-hub", flow_run_name="{push.run}")
async def push_to_hub(push: Push) -> str:
    """Upload a run's serving files and its card; the address of the commit. The token is `HF_TOKEN` of the trainer's environment.

    Pushing the same run again makes a commit only where something changed.

    Args:
        push: which run, where to, and who pushes it
    """
    family, slash, name = push.run.strip().partition("/")
    summary = await find_run(family, name) if slash else None
    if summary is None:
        raise ModelRefused(f"there is no finished training run {push.run!r}", remedy="Name it as family/run, such as bart/minji-1")
    address = await push_run(summary, f"{push.organization}/{push.repository or name}", private=push.private, by=push.by)
    await acreate_link_artifact(address, key=artifact_key("hub", summary.run), description=push.run)
    return address
