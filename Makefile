# SPDX-License-Identifier: MIT
# The front door. Meson and Ninja do the work; this needs make and sh alone.
#
#   make            builds libmoult and the command into build/
#   make demo       takes the example application through three versions of its schema
#   make demo-fastapi
#                   takes a FastAPI application through four versions of its models
#   make test       everything that must hold, with its counts as the last line
#   make install    DESTDIR= PREFIX=/usr/local
#   make wheel      the Python package, with the command inside, into build-wheel/dist
#   make bench      speed and memory against raw SQLite; exits non-zero over a limit
#   make torture    the long tests: thousands of random schemas, an apply killed at 10,000 points, 64 processes at once,
#                   WALKS=10 walks through 200 versions and back, from seed WALK_FIRST=0
#   make fuzz       each fuzz target for FUZZ_SECONDS=600
#   make corpus     the histories of real applications, found in CORPUS=../shared/corpus
#   make lint       format, static checks, gates
#   make format     puts the sources into the form that lint asks for
#   make deps       installs all that these need (as root, on Debian)
#   make clean

BUILD ?= build
PREFIX ?= /usr/local
DESTDIR ?=
CORPUS ?= ../shared/corpus
FUZZ_SECONDS ?= 600
WALKS ?= 10
WALK_FIRST ?= 0
BENCH_ARGS ?=

.PHONY: all demo demo-fastapi test install wheel bench torture fuzz corpus lint format deps deps-demo clean

all: $(BUILD)/build.ninja
	@ninja -C $(BUILD)

$(BUILD)/build.ninja:
	@scripts/install-deps --check build
	meson setup $(BUILD)

deps:
	@scripts/install-deps build demo test

deps-demo:
	@scripts/install-deps build demo

# A build that was set up before the example's libraries were there has to look for them again.
demo: deps-demo
	@test ! -e $(BUILD)/build.ninja || meson setup --reconfigure $(BUILD) >/dev/null
	@$(MAKE) --no-print-directory all
	@ninja -C $(BUILD) notes
	@examples/notes/demo $(BUILD)

demo-fastapi: deps-demo
	@$(MAKE) --no-print-directory all
	@examples/fastapi/demo $(BUILD)

test: deps
	@CORPUS='$(CORPUS)' scripts/python scripts/test

install: all
	@meson configure $(BUILD) -Dprefix='$(PREFIX)'
	DESTDIR='$(DESTDIR)' meson install -C $(BUILD)
	@test -n '$(DESTDIR)' || ldconfig 2>/dev/null || :

wheel: deps
	@scripts/wheel

bench: deps
	@$(MAKE) --no-print-directory all
	@ninja -C $(BUILD) bench-programs
	@scripts/python bench/run.py --build $(BUILD) $(BENCH_ARGS)

torture: deps
	@$(MAKE) --no-print-directory all
	@CORPUS='$(CORPUS)' WALKS='$(WALKS)' WALK_FIRST='$(WALK_FIRST)' scripts/python scripts/test --torture

fuzz: deps
	@FUZZ_SECONDS='$(FUZZ_SECONDS)' scripts/python tests/fuzz/run.py

corpus: deps
	@$(MAKE) --no-print-directory all
	@CORPUS='$(CORPUS)' MOULT='$(BUILD)/moult' scripts/python tests/corpus/run.py

lint: deps
	@$(MAKE) --no-print-directory all
	@scripts/python scripts/lint --build $(BUILD)

format: deps
	@find include src tests bench examples -name '*.[ch]' -exec clang-format -i {} +

clean:
	rm -rf $(BUILD) build-*
