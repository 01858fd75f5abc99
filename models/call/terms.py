"""The list of terms that speech-to-text should expect, a file that people maintain."""

from pathlib import Path

from models.errors import ConfigurationError

TERMS = Path(__file__).parent / "terms.txt"


def load_terms(path: Path, *, most: int, longest: int) -> list[str]:
    """Read one term a line, as pronounced in Hangul; ``#`` begins a comment. Repeated terms count once.

    ``most`` terms of ``longest`` characters are what the speech-to-text vendor takes. Raises ConfigurationError naming the file, the line
    and the remedy, for a term that it would refuse.
    """
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"The term list {path} cannot be read: {error}", remedy="Save it as UTF-8 text") from error
    terms: dict[str, int] = {}
    for number, line in enumerate(lines, 1):
        term = line.split("#", 1)[0].strip()
        if not term:
            continue
        if len(term) > longest:
            raise ConfigurationError(f"{path}:{number}: {term} has {len(term)} characters, the limit is {longest}", remedy="Shorten it")
        if not all("가" <= c <= "힣" or c == " " for c in term):
            raise ConfigurationError(
                f"{path}:{number}: {term} is not all Hangul", remedy="Write it as it is pronounced, such as 에이에스 for A/S"
            )
        terms.setdefault(term, number)
    if len(terms) > most:
        line_number = list(terms.values())[most]
        raise ConfigurationError(f"{path}:{line_number}: the list has {len(terms)} terms, the limit is {most}", remedy="Remove rare ones")
    return list(terms)
