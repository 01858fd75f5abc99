"""Finding the candidates of a selection."""

from models.lifecycle.candidates import Contest
from models.lines import LineName
from stores.candidates import Candidates
from tasks.in_thread import task_in_thread
from wiring import object_store, settings
from wiring.lines import LINES


def candidates_of(line: LineName) -> Candidates:
    """A line's candidates, as the settings of this process lead to them."""
    chosen = LINES[line]
    return Candidates(object_store(), chosen, shipped=chosen.shipped(settings().model_dir), cache=settings().model_cache / line)


@task_in_thread("find-candidates")
def find_candidates(line: LineName, names: list[str]) -> Contest:
    """The finished runs and versions that the names and patterns mean, and always the model in service."""
    return candidates_of(line).contest(names)
