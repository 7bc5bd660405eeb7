# make run    set up, index photographs (the samples, or PHOTOS=folder), search them, show the page's command
# make test   set up and run every check that CI runs
# make screenshots    write pictures of the pages into demo/screenshots, of the library that `make run` made

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
SEARCH = $(BIN)/searchengine
LIBRARY ?= demo/library
PHOTOS ?=

.PHONY: run test setup lint screenshots clean

setup: $(VENV)/.ready

# pip reads the constraints so that torch comes as the build that fits the machine, and everything as it was tested.
$(VENV)/.ready: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt torch
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[demo,dev,raw,train]'
	touch $@

run: export SEARCHENGINE_LIBRARY = $(LIBRARY)
run: setup
ifeq ($(PHOTOS),)
	$(SEARCH) samples demo/photos
	$(SEARCH) index --model builtin demo/photos
	$(SEARCH) search 'a cat' --limit 3
	$(SEARCH) search 'a cup of coffee' --limit 3
	$(SEARCH) search 'a man taking a picture' --limit 3
	$(SEARCH) similar demo/photos/motorcycle_left.png --limit 3
else
	$(SEARCH) index --model builtin "$(PHOTOS)"
	$(SEARCH) search 'people at a table' --limit 5
	$(SEARCH) search 'a dog' --limit 5
	$(SEARCH) search 'the sea' --limit 5
	$(SEARCH) similar "$$($(SEARCH) search --all --limit 1 --paths)" --limit 5
endif
	@echo "Look through them in the browser: SEARCHENGINE_LIBRARY=$(LIBRARY) $(SEARCH) serve"

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

test: lint
	$(BIN)/pytest --numprocesses 2

screenshots: setup
	$(BIN)/python -m tests.web.browser.screenshots $(LIBRARY) demo/screenshots

clean:
	rm -rf $(VENV) demo dist .pytest_cache .mypy_cache .ruff_cache
