#!/bin/sh
# Trains and scores the models of docs/findings/local-model.md: local-model.yaml as it is, and
# once for each control with the keys that the control changes. An interrupted run is resumed
# by the same command. About an hour on one core.
#
#   docs/findings/local-model.sh run DATA RUNS [CONTROL...]
#   docs/findings/local-model.sh keep RUNS
#
# DATA holds the books, RUNS receives the results; BENCH is the program (default bin/bench).
# keep copies the results and the training logs to docs/findings/local-model, with those of the
# profile books if RUNS has it, from where
# go test ./cmd/bench -run TestLocalModel -update makes the page's table and figure.
set -eu
usage() { echo "usage: local-model.sh run DATA RUNS [CONTROL...], or local-model.sh keep RUNS" >&2; exit 2; }
here=$(dirname "$0")
case ${1:-} in
run) [ $# -ge 3 ] || usage ;;
keep)
	[ $# = 2 ] || usage
	for result in "$2"/local-model*/*/result.json "$2"/books/perplexity-pg19-*/result.json; do
		cell=$(dirname "$result")
		case $cell in */books/*-full-attention-* | */books/*-memorizing-* | */books/*-rmt-* | */books/*-compressive-* | *'*'*) continue ;; esac
		name=$(basename "$(dirname "$cell")")-$(basename "$cell" | sed 's/perplexity-pg19-//; s/-2048-/-/')
		name=$here/local-model/${name#local-model-}
		gzip -9nc "$result" >"$name.json.gz"
		case $(basename "$name") in # whose lead over training the page shows
		local-only-seed1 | infini-delta-seed1 | local-scaled-seed1 | emptied-infini-delta-seed1 | books-local-only-seed1 | books-infini-delta-seed1 | books-transformer-xl-seed1)
			gzip -9nc "$cell/metrics.jsonl" >"$name.log.gz" ;;
		esac
	done
	exit ;;
*) usage ;;
esac
data=$2 runs=$3
shift 3
bench=${BENCH:-bin/bench}
mkdir -p "$runs"

# control NAME MODELS SED: the profile local-model-NAME with other models, edited.
control() {
	case " $wanted " in "  " | *" $1 "*) ;; *) return 0 ;; esac
	sed -e "s/^name: .*/name: local-model-$1/; s/models: \[.*\]/models: [$2]/" -e "$3" "$here/local-model.yaml" >"$runs/local-model-$1.yaml"
	"$bench" run --profile "$runs/local-model-$1.yaml" --data "$data" --runs "$runs"
}

frozen() { # the gates stay where they start
	echo "s/gate_init: 0 /gate_init: $1 /; s/gate_learning_rate: 2e-2/gate_learning_rate: 0/"
}

memory() { # what a segment reads in training
	echo "s/# memory: .*/memory: $1/"
}

wanted="$*"
case " $wanted " in "  " | *" local-model "*) "$bench" run --profile "$here/local-model.yaml" --data "$data" --runs "$runs" ;; esac
# What the gate does to local attention, without a memory.
control emptied infini-delta "$(memory empty)"
control emptied-10 infini-delta "$(memory empty); $(frozen -2.1972)" # sigmoid(β) = 0.1
control emptied-50 infini-delta "$(memory empty); $(frozen 0)"
control emptied-90 infini-delta "$(memory empty); $(frozen 2.1972)"
control other infini-delta "$(memory other)"
control gates-10 infini-delta "$(frozen -2.1972)" # sigmoid(β) = 0.1
control gates-50 infini-delta "$(frozen 0)"
control gates-90 infini-delta "$(frozen 2.1972)"
# The same without a gate, at other learning rates, for longer, and for as long as Delta takes.
control rate-half local-only "s/ learning_rate: 4e-3/ learning_rate: 2e-3/"
control rate-double local-only "s/ learning_rate: 4e-3/ learning_rate: 8e-3/"
control clock local-only "s/ steps: 180/ steps: 211/" # Delta takes 1.17 times as long for a step
control tokens "local-only, infini-delta, local-scaled" "s/ steps: 180/ steps: 360/"
control segment-64 "local-only, infini-delta, local-scaled" "s/segment: 128/segment: 64/"
control segment-256 "local-only, infini-delta, local-scaled" "s/segment: 128/segment: 256/"
