"""A sweep over questions and answers on a real Prefect server: its models beside quotes, and what is wrong with its tables said first."""

import json
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey, FlowFilter, FlowFilterName

from models.errors import ConfigurationError
from training_flows.grid import SweepGrid, read_grid
from training_flows.sweep import sweep
from wiring import object_store

TABLE, NOTHING_ANSWERS = "datasets/questions.csv", "datasets/unanswerable.csv"
HELD = "자동차보험은 계약일 다음 날 24시부터 효력이 생깁니다."
MATTERS = ("해지", "청구", "가입", "변경", "환급", "납입", "갱신", "특약", "면책", "한도", "서류", "앱")


def questions_table() -> str:
    rows = [f"{n},{m} 어떻게 하나요?,{m} 방법 알려 주세요.,{m},{m} 창구에서 합니다.,{m} 전화로 합니다." for n, m in enumerate(MATTERS)]
    return "\n".join(["id,질문_1,질문_2,category,답변_1,답변_2", *rows])


@pytest.fixture
def company(bucket: str) -> str:
    """A company's table, its terms, and the same table among its documents, where the answers that are held out stand too."""
    store = object_store()
    store.put(TABLE, questions_table().encode())
    store.put(NOTHING_ANSWERS, "question\n달에도 지점이 있나요?\n반려 고래도 되나요?\n".encode())
    store.put("documents/terms.md", f"# 자동차보험 약관\n\n## 제1조 효력\n\n{HELD}\n".encode())
    store.put("documents/faq.csv", questions_table().encode())
    return bucket


def grid(name: str, **changes: Any) -> SweepGrid:
    common = {"max_steps": 2, "evaluate_every": 1, "log_every": 1, "batch_size": 8, "eval_max_tokens": 8, "device": "cpu"}
    chosen: dict[str, Any] = {
        "name": name,
        "data": TABLE,
        "encoders": "shipped",
        "bases": {"bart": "shipped"},
        "methods": ["full", "qlora"],
        "learning_rates": [1e-3],
        "quoted": {"documents": "documents/", "unanswerable": NOTHING_ANSWERS},
        "common": common,
    }
    return SweepGrid.model_validate(chosen | changes)


async def report_of(name: str) -> str:
    async with get_client() as client:
        found = await client.read_artifacts(artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=[f"sweep-best-{name}"])))
    return str(max(found, key=lambda artifact: artifact.created).data)


async def trainings() -> int:
    async with get_client() as client:
        return len(await client.read_flow_runs(flow_filter=FlowFilter(name=FlowFilterName(any_=["finetune"])), limit=200))


def cells(report: str, first: str) -> list[str]:
    row = next(line for line in report.splitlines() if line.startswith(f"| {first} |"))
    return [cell.strip() for cell in row.strip("| ").split("|")]


@pytest.mark.slow
async def test_models_stand_beside_quotes_that_learnt_nothing_on_the_same_questions(company: str) -> None:
    rows = await sweep(grid=grid("beside"), run_in_process=True)
    assert [row.state for row in rows] == ["Finished", "Finished"]
    report = await report_of("beside")
    for row in rows:
        assert row.summary is not None
        epoch, memory = cells(report, f"`{row.run}`")[4:6]
        assert (float(epoch) > 0, memory.endswith(" MiB")) == (True, True)
        assert cells(report, row.run)[1] != "–"
        assert [cell.partition(" / ")[2] for cell in cells(report, row.run)[4:6]] == ["2", "2"]
    quotes = cells(report, "인용 (학습 없음)")
    assert (quotes[4].partition(" / ")[2], quotes[5]) == ("2", "0 / 2")
    assert report.count("data:image/png;base64,") == 1
    assert report.count("문서에 없음") == 2

    split = json.loads(object_store().get(f"models/bart/{rows[0].run}/split.json").body)
    ids = [{row.partition(".")[2].partition(":")[2].partition(".")[0] for row in split[part]} for part in ("train", "validation", "test")]
    assert [len(part) for part in ids] == [10, 1, 1]
    assert len(set.union(*ids)) == len(MATTERS)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"data": "datasets/tiny.csv"}, r"datasets/tiny\.csv is no table of questions and answers"),
        ({"quoted": {"documents": "documents/none/"}}, r"no document below documents/none/ can be read"),
        ({"quoted": {"documents": "datasets/"}}, r"'datasets/' is not below documents/"),
        ({"quoted": {"unanswerable": TABLE}}, r"questions\.csv has no column question; its columns are id, 질문_1"),
    ],
)
async def test_what_is_wrong_with_the_tables_is_said_before_anything_trains(
    company: str, data: str, changes: dict[str, Any], said: str
) -> None:
    before = await trainings()
    with pytest.raises(ConfigurationError, match=said):
        await sweep(grid=grid("refused", **changes), run_in_process=True)
    assert await trainings() == before


def test_several_bases_of_a_family_are_compared() -> None:
    rows = grid("bases", bases={"bart": ["shipped", "hyunwoongko/kobart"]}, quoted=None).rows()
    assert [(row.base, row.method) for row in rows] == [
        ("shipped", "full"),
        ("shipped", "qlora"),
        ("hyunwoongko/kobart", "full"),
        ("hyunwoongko/kobart", "qlora"),
    ]


def test_the_shipped_sweep_of_answers_holds_full_fine_tuning_against_qlora_beside_quotes() -> None:
    grid = read_grid("answers")
    assert {row.method for row in grid.rows()} == {"full", "qlora"}
    assert grid.quoted is not None
