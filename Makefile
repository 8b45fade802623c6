# `make` alone prints the targets. Two commands matter to a new user: `make demo` and `make test`.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help deps build release lint format test test-xen test-xen-hvm test-api deps-api demo demo-once bench soak simulate man completions install proto test-sanitize fuzz clean

STRICT := --explicit-target-dependency-import-check error
OVM := .build/release/ovm
PREFIX ?= /usr/local
DEMO_DIR ?= $(HOME)/.cache/ovm-demo

help: ## Print these targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | awk -F'\t' '{ printf "  %-14s %s\n", $$1, $$2 }'

deps: ## Install the Debian packages that are missing (root), or name them
	@Deploy/install-packages.sh

build: deps ## Build for debugging, refusing imports that a room has not declared
	swift build $(STRICT)

release: deps ## Build for release
	swift build -c release --product ovm $(STRICT)

lint: ## Check the formatting
	swift format lint --strict --parallel -r Sources Tests Package.swift

format: ## Format the sources
	swift format -i --parallel -r Sources Tests Package.swift

test: deps lint ## Everything that a change must pass: lint, build, all tests (one after the other: some measure patience), a short one on real Xen where it can run, and that it builds for release
	swift build --build-tests $(STRICT)
	swift test --skip-build --no-parallel
	Tests/XenLab/check.sh .build/debug/ovm
	swift build -c release --product ovm $(STRICT)

test-xen: release ## The agent on real Xen, in emulated servers: pools of one, two and three, in ten minutes (THOROUGH=1: in twenty)
	Tests/XenLab/install-packages.sh
	Tests/XenLab/build-image.sh
	THOROUGH=$(THOROUGH) Tests/XenLab/all-hosts.sh $(OVM)

test-xen-hvm: release ## An HVM machine on real Xen, with its device model and screen (PICTURE=hvm-screen.png)
	Tests/XenLab/install-packages.sh
	Tests/XenLab/build-image.sh
	Tests/XenLab/hvm.sh $(OVM) $(or $(PICTURE),.build/hvm-screen.png)

demo: release ## A whole pool of real agents on this machine: the story, then it stays up until Ctrl-C
	$(OVM) pool demo --dir "$(DEMO_DIR)"

demo-once: release ## The same story, once; exit status 0 only if every step held
	$(OVM) pool demo --dir "$(DEMO_DIR)" --once

bench: release ## Median of 20 failovers, SIGKILL of the master to the next accepted write; what hostile clients delay another's write by
	Tests/Benchmarks/failover.sh $(OVM) 20
	Tests/Benchmarks/hostile-clients.sh $(OVM)

soak: deps ## Thousands of kills under load: no acknowledged write may be lost (KILLS=2000)
	swift build --build-tests $(STRICT)
	OVM_KILLS=$(or $(KILLS),2000) swift test --skip-build --no-parallel --filter KillTests

simulate: release ## Simulate pools: SEED=7, or SEEDS=1..1000 (SERVERS=3 SECONDS=30)
	$(OVM) simulate $(if $(SEED),--seed $(SEED),--seeds $(or $(SEEDS),1..200)) --servers $(or $(SERVERS),3) --seconds $(or $(SECONDS),30)

man: release ## Write the manual page to .build/ovm.8
	$(OVM) manual > .build/ovm.8

completions: release ## Write the completion scripts to .build/completions
	mkdir -p .build/completions
	$(OVM) --generate-completion-script bash > .build/completions/ovm
	$(OVM) --generate-completion-script zsh > .build/completions/_ovm
	$(OVM) --generate-completion-script fish > .build/completions/ovm.fish

install: man completions ## Install program, unit, manual page and completion below PREFIX=/usr/local (DESTDIR= for packagers)
	install -D -m 755 $(OVM) $(DESTDIR)$(PREFIX)/bin/ovm
	sed 's|^ExecStart=/usr/local/bin/|ExecStart=$(PREFIX)/bin/|' Deploy/ovm-agent.service > .build/ovm-agent.service
	install -D -m 644 .build/ovm-agent.service $(DESTDIR)$(PREFIX)/lib/systemd/system/ovm-agent.service
	install -D -m 644 .build/ovm.8 $(DESTDIR)$(PREFIX)/share/man/man8/ovm.8
	install -D -m 644 .build/completions/ovm $(DESTDIR)$(PREFIX)/share/bash-completion/completions/ovm
	install -D -m 644 .build/completions/_ovm $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_ovm
	install -D -m 644 .build/completions/ovm.fish $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/ovm.fish

proto: ## Generate the Protocol Buffers code anew (needs protobuf-compiler and protoc-gen-swift)
	protoc --swift_out=Sources/Adapters/WireFormat/Generated --swift_opt=Visibility=Internal \
	  --swift_opt=UseAccessLevelOnImports=true -I Sources/Adapters/WireFormat/Schema Sources/Adapters/WireFormat/Schema/pool.proto

deps-api: ## Install schemathesis (from PyPI) into .build, and python3-venv where it is missing (root)
	@Deploy/install-schemathesis.sh .build/schemathesis

test-api: build deps-api ## schemathesis with all its checks against the query port of a small pool (SEED=7 EXAMPLES=50)
	Tests/API/test-api.sh $(CURDIR)/.build/debug/ovm $(CURDIR)/.build/schemathesis/bin/schemathesis $(SEED)

# The adapters' and services' rooms. Simulated pools are one thread: they have
# nothing for the thread sanitizer; the whole simulations, of checked code alone, would take the address sanitizer half an hour.
SANITIZED := OpenSSLTransportTests|WireFormatTests|SQLiteStorageTests|SimulatedHostTests|ServerEnvironmentTests|AgentRuntimeTests|PeerNetworkTests|QueryServiceTests|PoolCommandsTests

test-sanitize: deps ## The adapters' and services' tests under the thread and the address sanitizer
	TSAN_OPTIONS=suppressions=$(CURDIR)/Tests/Sanitizers/thread.txt \
	  swift test --no-parallel --sanitize=thread --scratch-path .build-thread --filter '$(SANITIZED)'
	ASAN_OPTIONS=detect_leaks=0 swift test --no-parallel --sanitize=address --scratch-path .build-address --filter '$(SANITIZED)|SimulationKitTests' \
	  --skip SimulationKitTests.PoolSimulationTests

fuzz: ## Fuzz with libFuzzer: 10 million vm.cfg texts, or TARGET=DomainConfigurationGrowth RUNS=20000 (half an hour and more)
	Tests/Fuzzing/fuzz.sh $(or $(TARGET),DomainConfiguration) $(or $(RUNS),10000000)

clean: ## Remove what was built
	rm -rf .build .build-thread .build-address .build-fuzz
