# One word for each job. Two of them are all that a learner needs: python3 course.py lab, python3 course.py test.
BIN = .venv/bin/
COMPILE = $(BIN)uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
    --no-annotate --no-header --no-strip-extras --quiet

.PHONY: lab test edit refresh exercises site portability lowest mutants lint format lock clean
lab test:
	python3 course.py $@

edit:  ## opens the sources of the notebooks, where lab opens copies
	python3 course.py lab --LabApp.default_url=/lab/tree/notebooks

refresh:  ## runs the notebooks that were changed by hand, and makes what is made from them
	$(BIN)python -m tools.refresh

exercises:
	$(BIN)python -m tools.exercises

site:  ## builds the pages for readers, and JupyterLite beside them, in build/site
	$(BIN)python -m tools.site

portability:  ## runs the notebooks as an old processor would
	$(BIN)python -m tools.portability

lowest:  ## runs tests and notebooks with the oldest packages that pyproject.toml allows
	$(BIN)python -m tools.lowest

mutants:  ## changes one place in each solution and asks its check; some minutes
	$(BIN)python -m tools.mutants

lint:
	$(BIN)ruff check
	$(BIN)ruff format --check
	$(BIN)mypy

format:
	$(BIN)ruff check --fix
	$(BIN)ruff format

lock: FULL := $(shell mktemp)
lock:  ## keeps the versions it finds; make lock NEW=--upgrade takes the newest
	cat requirements.lock requirements-dev.lock > $(FULL)
	$(COMPILE) $(NEW) pyproject.toml --group dev --output-file $(FULL)
	$(COMPILE) pyproject.toml --group lab --constraint $(FULL) --output-file requirements.lock
	awk 'NR == FNR { if (/==/) seen[$$1] = 1; next } /==/ { keep = !seen[$$1] } keep' requirements.lock $(FULL) > requirements-dev.lock
	rm $(FULL)
	$(COMPILE) $(NEW) --group site --output-file requirements-site.lock
	$(BIN)python -m tools.site --wheels > $(FULL)
	$(COMPILE:3.11=3.14) --no-deps $(FULL) --output-file tools/web/wheels.lock
	rm $(FULL)

clean:
	rm -rf .venv .venv.old .venv.lock .mypy_cache .pytest_cache .ruff_cache .hypothesis build
	find . -name __pycache__ -o -name .ipynb_checkpoints | xargs rm -rf
