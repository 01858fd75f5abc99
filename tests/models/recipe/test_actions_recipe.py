"""The weights that ship are those that the recipe makes of today's code and calls."""

import json

from models.actions.extraction import WEIGHTS
from models.recipe.actions_recipe import made_of


def test_the_weights_that_ship_were_made_of_the_code_and_the_calls_that_are_here() -> None:
    stored = json.loads(WEIGHTS.read_text("utf-8"))
    assert stored["made_of"] == made_of(), "run python -m models.recipe.actions_recipe (four minutes), commit models/actions/weights.json"
