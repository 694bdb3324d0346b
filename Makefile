# Works with GNU make 3.81 (macOS) and newer. `make help` lists the targets.

PROFILE ?= tiny
DATA    ?=
MODEL   ?=

# The vector loops of internal/kernel need the simd experiment of Go 1.26, which exists
# only on amd64. Elsewhere plain Go code does the same work, more slowly.
GOEXPERIMENT ?= $(shell [ "$$(go env GOARCH 2>/dev/null)" = amd64 ] && echo simd)
export GOEXPERIMENT

VERSION := $(shell git describe --always --dirty 2>/dev/null || echo unknown)

.DEFAULT_GOAL := help
.PHONY: help setup build test test-long lint fuzz vuln licences reproducible reproduce plan report bench-compare clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "  PROFILE=name   the profile to run (now: $(PROFILE)); such as smoke, tiny, passkey, distance, books, small, paper, pretrained, or a .yaml or .yml file"
	@echo "  DATA=dir       the directory of the texts that books, small, paper and pretrained read"
	@echo "  MODEL=dir      the folder of the model that pretrained trains from"
	@echo "  ONLY=passkey   run or plan only this experiment of the profile; several: ONLY=recall,cost"
	@echo "  FUZZTIME=10m   how long fuzz runs each target; FUZZ=datasets selects targets: see scripts/fuzz.sh"
	@echo "  CONFIGS=\"small\", MODES=eval, PAIRS=n   settings of bench-compare: see scripts/bench-compare.sh"

setup: ## install OpenBLAS and ECharts if they are missing; the other targets call it
	@scripts/setup.sh

# The version is set with -X, because -buildvcs fails in a checkout that another user owns.
build: setup ## build bin/bench
	go build -trimpath -buildvcs=false -ldflags "-X main.version=$(VERSION)" -o bin/bench ./cmd/bench

# The time limit catches a package that hangs; on a busy machine, a package may take long.
test: setup ## run the tests; a few minutes on two idle cores
	@scripts/test.sh -timeout 30m ./...

test-long: setup ## run the tests and the slow proofs (build tag long)
	@scripts/test.sh -tags long -timeout 2h ./...

# With the tag, the linters also check the slow proofs.
lint: setup ## check formatting, go vet and staticcheck
	@unformatted=$$(gofmt -l .) || exit 1; if [ -n "$$unformatted" ]; then \
		echo "not formatted, run gofmt -w on:"; echo "$$unformatted"; exit 1; fi
	go vet -tags long ./...
	go tool staticcheck -tags long ./...

fuzz: ## fuzz every parser for FUZZTIME; not part of test
	@FUZZTIME="$(FUZZTIME)" FUZZ="$(FUZZ)" scripts/fuzz.sh

# govulncheck exits with 3 if it finds vulnerabilities.
vuln: ## check for known vulnerabilities that this code reaches; queries vuln.go.dev
	@go tool govulncheck ./... || { code=$$?; [ $$code = 3 ] || \
		echo "vuln: nothing was checked; vuln.go.dev must be reachable" >&2; exit $$code; }

licences: ## list the licence of every dependency
	go run ./cmd/licences

reproducible: ## build twice in two places and compare the bytes
	@VERSION="$(VERSION)" scripts/reproducible.sh

reproduce: build ## run or resume every experiment of PROFILE and write the report
	bin/bench reproduce --profile "$(PROFILE)" $(if $(DATA),--data "$(DATA)") $(if $(MODEL),--model "$(MODEL)") $(if $(ONLY),--only "$(ONLY)")

plan: build ## print what reproduce would run, with time and memory
	bin/bench plan --profile "$(PROFILE)" $(if $(DATA),--data "$(DATA)") $(if $(MODEL),--model "$(MODEL)") $(if $(ONLY),--only "$(ONLY)")

report: build ## rewrite the report from the result files
	bin/bench report --profile "$(PROFILE)"

bench-compare: build ## compare bench speed with PyTorch, if python3-torch is installed
	@CONFIGS="$(CONFIGS)" MODES="$(MODES)" PAIRS="$(PAIRS)" ANCHOR="$(ANCHOR)" scripts/bench-compare.sh

clean: ## remove built and fetched files; keep the results in runs/
	rm -rf bin reports/assets/node_modules reports/assets/echarts.min.js reports/assets/echarts.NOTICE
