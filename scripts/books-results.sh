#!/bin/sh
# Keeps the finished cells of a run of the profile books in docs/results/books/runs, without
# checkpoints but for the models of seed 1, and puts them back, so that a later run goes on
# from there:
#
#	scripts/books-results.sh save runs/books
#	scripts/books-results.sh restore runs/books
#
# A cell is finished when its result says so; what is there already is overwritten.
set -eu
usage() { echo "usage: scripts/books-results.sh save|restore RUN, the folder with the cells (runs/books)" >&2; exit 2; }
[ $# = 2 ] || usage
kept=$(dirname "$0")/../docs/results/books/runs
case $1 in
save) from=$2 to=$kept ;;
restore) from=$kept to=$2 ;;
*) usage ;;
esac
[ -d "$from" ] || { echo "books-results: $from: no such folder" >&2; exit 1; }

# Copies through a temporary name: a cell counts as finished by its result, which comes last.
copy() {
	mkdir -p "$(dirname "$2")"
	cp "$1" "$2.part"
	mv "$2.part" "$2"
}

cells=0
for result in "$from"/*/result.json; do
	grep -q '"status": "done"' "$result" 2>/dev/null || continue
	cell=$(basename "$(dirname "$result")")
	case $cell in *-seed1) models="checkpoint/model.safetensors checkpoint/tokenizer.json" ;; *) models= ;; esac
	for name in config.yaml metrics.jsonl samples.jsonl timing.json $models result.json; do
		copy "$from/$cell/$name" "$to/$cell/$name"
	done
	cells=$((cells + 1))
done
for tokenizer in "$from"/tokenizers/*; do
	[ ! -f "$tokenizer" ] || copy "$tokenizer" "$to/tokenizers/$(basename "$tokenizer")"
done
echo "$cells finished cells are in $to"
