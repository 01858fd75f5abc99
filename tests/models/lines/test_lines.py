"""What every line of models promises to the code that knows none of them by name."""

from typing import Any

import pytest
from prefect.utilities.callables import parameter_schema

from models.keys import line_root
from models.lifecycle.line import Line
from models.lifecycle.smoke import smoke_test
from models.lifecycle.versions import SHIPPED
from models.lines import LINES, NAMES
from models.summarizer import SHIPPED_READER
from training_flows.promote import promote
from training_flows.rollback import rollback
from training_flows.scoring import score_candidate
from training_flows.select_model import select_model
from training_flows.vote import vote

each_line = pytest.mark.parametrize("line", LINES.values(), ids=LINES)


def test_every_line_stands_in_the_table_under_its_name() -> None:
    assert {name: line.name for name, line in LINES.items()} == {name: name for name in NAMES}


@each_line
def test_no_lines_folder_is_that_of_another_lines_runs_registry_or_votes(line: Line[Any]) -> None:
    taken = {"registry", "selections", "votes"}
    taken |= {family for other in LINES.values() if line_root(other.name) == "models/" for family in other.families}
    assert line.name not in taken
    assert not set(line.families) & {"registry", "selections", "votes", *NAMES}


@each_line
def test_a_line_ranks_by_a_metric_of_its_own_and_asks_several_things_in_its_smoke_test(line: Line[Any]) -> None:
    assert line.primary in line.metrics
    assert len({metric.name for metric in line.metrics}) == len(line.metrics)
    assert len(set(line.smoke_texts)) > 1


@pytest.mark.parametrize("flow", [promote, rollback, score_candidate, select_model, vote], ids=lambda flow: flow.name)
def test_the_launch_forms_offer_every_line_and_begin_with_the_summarizer(flow: Any) -> None:
    field = parameter_schema(flow).properties["line"]
    assert (field["enum"], field["default"]) == (list(NAMES), "summarizer")


@pytest.mark.slow
@each_line
def test_the_model_that_ships_passes_its_own_smoke_test(line: Line[Any]) -> None:
    assert smoke_test(line, line.shipped(SHIPPED_READER), SHIPPED, "cpu", 600.0).answers
