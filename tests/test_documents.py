"""The documents keep their promises: settings, links and commands that they name exist."""

import re
import runpy
import sys
from pathlib import Path

import pytest

from models.retention import retention_table
from wiring.configuration import settings_table
from wiring.offers import offers_table

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("models/summarizer/shipped/*.md")])


def test_the_configuration_page_lists_every_setting_as_it_is() -> None:
    assert settings_table() in (ROOT / "docs" / "configuration.md").read_text("utf-8"), "run: python -m wiring.configuration"


def test_the_page_on_terms_lists_every_kind_as_it_is() -> None:
    assert retention_table() in (ROOT / "docs" / "retention.md").read_text("utf-8"), "run: python -m deployments.retention --table"


def test_the_page_on_hearing_lists_every_vendor_as_it_is() -> None:
    assert offers_table() in (ROOT / "docs" / "hearing.md").read_text("utf-8"), "run: python -m wiring.offers"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_local_link_leads_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", document.read_text("utf-8"))
    missing = [target for target in targets if not (document.parent / target).exists()]
    assert missing == []


def test_every_make_target_that_the_readme_names_exists() -> None:
    named = set(re.findall(r"\bmake ([a-z-]+)\b", (ROOT / "README.md").read_text("utf-8")))
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), flags=re.MULTILINE))
    assert named <= targets


@pytest.mark.slow
@pytest.mark.parametrize(
    "module",
    [
        "sandbox.demo",
        "sandbox.up",
        "sandbox.returnzero",
        "sandbox.google_tts",
        "sandbox.google_stt",
        "sandbox.amazon_transcribe",
        "sandbox.language_model",
        "deployments.register",
        "flows.say",
        "console",
        "console.users",
    ],
)
@pytest.mark.filterwarnings("ignore:.*found in sys.modules after import:RuntimeWarning")  # loaded by another test before
def test_every_command_explains_itself(module: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", [module, "--help"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    assert not ended.value.code
    assert "usage:" in capsys.readouterr().out
