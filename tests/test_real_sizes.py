"""The models of the requirements go all the way: in their true shapes at night, by ``make test-large``, and in toy shapes always."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.real_sizes import COMBINATIONS, TINY, measure, section

ROOT = Path(__file__).parents[1]
GIB = 24


@pytest.mark.large
@pytest.mark.timeout(3600)
def test_the_real_sizes_are_trained_merged_converted_served_and_scored_in_little_memory() -> None:
    ran = subprocess.run([sys.executable, "-m", "benchmarks.real_sizes"], cwd=ROOT, capture_output=True, text=True, check=False)
    rows = [json.loads(line) for line in ran.stdout.splitlines() if line.startswith("{")]
    assert ran.returncode == 0, ran.stderr[-4000:]
    assert {row["combination"] for row in rows} == set(COMBINATIONS)
    assert all(row["memory_mib"] <= GIB * 1024 for row in rows)
    assert all(row["summaries_per_second"] > 0 and row["samples_per_second"] > 0 for row in rows)
    sizes = {row["combination"].partition("-")[0]: row["parameters"] for row in rows if "lora" in row["combination"]}
    assert 120e6 < sizes["bart"] < 130e6
    assert 1.2e9 < sizes["llama"] < 1.3e9


@pytest.mark.slow
def test_the_script_of_a_gpu_runs_to_its_end_in_toy_shapes() -> None:
    rows = [
        measure("bart-qlora", steps=1, batch=2, limit_gib=0, shapes=TINY),
        measure("llama-full", steps=1, batch=2, limit_gib=16, shapes=TINY),
    ]
    assert [row["largest_batch"] for row in rows[1:]] == [64]  # all rows that there are: no processor runs out of so little
    assert rows[1]["trained_parameters"] == rows[1]["parameters"] > rows[0]["trained_parameters"]
    told = section(rows).splitlines()
    assert told[0].startswith("## 20")
    assert [line.split(" | ")[0] for line in told[4:]] == ["| bart-qlora", "| llama-full"]
