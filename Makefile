# The verbs of the project. No logic in here: each verb starts one Python module.
# A verb takes the options of its module in ARGS: make run ARGS="--connectors 2". What concerns a
# board has names of its own: make deploy BOARD=virtual PORT=/dev/ttyUSB0 TIER=stock.

PYTHON ?= python3
ARGS ?=
BOARD ?=
READY := .venv/.ready
VERB := .venv/bin/python -m tools.verb
option = $(if $($(1)),--$(2) "$($(1))")

.PHONY: help run demo test quick soak fuzz bench size tidy check image deploy console provision clean
.DEFAULT_GOAL := help

help: ## this list
	@$(PYTHON) tools/verb.py help

run: $(READY) ## a simulated charger, a local central system and the panel
	@$(VERB) tools.run $(ARGS)

demo: $(READY) ## plug, card, charge, stop, unplug, without a person; checks the books
	@$(VERB) tools.demo $(ARGS)

test: $(READY) ## everything that CI runs
	@$(VERB) tests.everything $(ARGS)

quick: $(READY) ## the checks that take less than a minute
	@$(VERB) tests.everything --quick $(ARGS)

soak: $(READY) ## many simulated worlds, for as long as told
	@$(VERB) tests.soak $(ARGS)

fuzz: $(READY) ## malformed input, for as long as told
	@$(VERB) tests.fuzz $(ARGS)

bench: $(READY) ## speed and heap, compared with the figures to hold
	@$(VERB) tools.bench $(ARGS)

size: $(READY) ## bytes of each compiled module and heap after import; gate
	@$(VERB) tools.size $(ARGS)

tidy: $(READY) ## house rules, linter, types
	@$(VERB) tools.tidy $(ARGS)

check: $(READY) ## the description of a board: BOARD=name or path; all without it
	@$(VERB) tools.board $(BOARD) $(ARGS)

image: $(READY) ## a flash image for a board
	@$(VERB) tools.image $(call option,BOARD,board) $(call option,BIN,bin) \
		$(call option,TIER,tier) $(ARGS)

deploy: $(READY) ## copy the firmware to a connected board
	@$(VERB) tools.deploy $(call option,BOARD,board) $(call option,PORT,port) \
		$(call option,TIER,tier) $(ARGS)

console: $(READY) ## the serial console of a connected board
	@$(VERB) tools.console $(if $(PORT),--port $(PORT)) $(ARGS)

provision: $(READY) ## give a board its identity, network and keys
	@$(VERB) tools.provision $(call option,PORT,port) $(call option,SITE,site) $(ARGS)

clean: ## remove everything that was built or fetched
	rm -rf .build .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): tools/requirements.txt tools/venv.py
	@$(PYTHON) tools/venv.py $@
