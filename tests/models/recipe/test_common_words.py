"""The list of common words is what the recipe makes of its writers."""

from models.call.common_words import common_words
from models.recipe.common_words import counted


def test_the_list_that_ships_is_the_recipes() -> None:
    assert sorted(common_words()) == counted()
