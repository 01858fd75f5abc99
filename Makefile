# Everything a newcomer needs; each target does its own set-up.
PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin
RECORDINGS ?= sandbox/recordings
UI_PORT ?= 4200
CALLS  ?= 1000
SEED   ?= 7
TARGET ?= run
# Where the environment forbids it, hundreds of processes would compile our code anew, and pytest every test.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo up aws summarize test test-fast test-large soak many lint bench check-image clean

help:            ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

# Reinstall only when the pins or the packaging change.
$(VENV)/.installed: requirements.txt $(wildcard requirements/*.txt) pyproject.toml
	@test -x $(BIN)/python || { better=$$($(PYTHON) -m sandbox.interpreter $(if $(filter file,$(origin PYTHON)),,--keep)) && "$$better" -m venv $(VENV); }
	@echo "Installing the pinned requirements into $(VENV) (a few minutes the first time)"
	@$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --prefer-binary -r requirements.txt
	@$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m sandbox.prepared
	@touch $@

setup: $(VENV)/.installed   ## Make the virtual environment

demo: setup      ## Read the bundled recordings back (RECORDINGS=<folder> for others; KEEP=1 stays up; NOISE=4.4 mishears); files in out/
	@$(BIN)/python -m sandbox.demo --recordings "$(RECORDINGS)" $(if $(NOISE),--noise $(NOISE)) $(if $(HEARS),--hears $(HEARS)) $(if $(KEEP),--keep)

up: setup        ## The same stack with the Prefect UI and MLflow, until Ctrl-C (UI_PORT=4200 TRACKING=no: without MLflow; OIDC=1 HUB=1)
	@$(BIN)/python -m sandbox.up --recordings "$(RECORDINGS)" --ui-port $(UI_PORT) $(if $(filter no,$(TRACKING)),--no-tracking) $(if $(OIDC),--oidc) $(if $(HUB),--hub)

aws: setup       ## The containers of deployments/aws as processes, with the bundled recordings through (needs Node); files in out/aws
	@$(BIN)/python -m sandbox.aws --recordings "$(RECORDINGS)"

summarize: setup ## Tell what calls come to: a JSON a line in, a JSON a line out (INPUT=in.jsonl OUTPUT=out.jsonl)
	@$(BIN)/python -m sandbox.summarize "$(INPUT)" "$(OUTPUT)"

# Three processes of one thread each on two cores: much of the time is spent waiting. Without -m the small soak would be left out.
test: setup      ## Run all tests, the small soak among them
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m "not large" -n 3 --no-loadscope-reorder

test-fast: setup ## Run the unit part: no Prefect server, no stack, no training (a minute or two on two cores)
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m "not slow and not soak and not large" -n 2 --no-loadscope-reorder

test-large: setup ## KoBART and Llama 3.2 1B in their true shapes: finetune, merge, convert, serve, score (24 GiB, an hour)
	@$(BIN)/python -m pytest -m large tests/test_real_sizes.py

bench: setup     ## Run every benchmark, each beside its opponent, in fifteen minutes at most; writes benchmarks/results.json
	@$(BIN)/python -m benchmarks

soak: setup      ## Many calls while vendors fail and processes are killed, then an audit (CALLS=1000 SEED=7); report in out/soak
	@$(BIN)/python -m sandbox.soak --calls $(CALLS) --seed $(SEED) --fault-rate 0.2

many: setup      ## The same on the parts of many machines, each killed once and cut off once; report in out/many
	@$(BIN)/python -m sandbox.soak --many --calls 100 --seed $(SEED) --fault-rate 0 --minutes 5 --out out/many

lint: setup      ## Style, types and the direction of imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

check-image: setup  ## Carry the image's steps out in a fresh virtual environment and start its worker (TARGET=run)
	@$(BIN)/python -m sandbox.image --target $(TARGET)

clean:           ## Remove what was built
	rm -rf out build cdk.out .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis *.egg-info
