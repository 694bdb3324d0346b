#!/usr/bin/env bash
# Times bench speed and a PyTorch program that does the same work, alternating, so that
# changes in the machine's load affect both. For each size and mode it prints the medians
# over PAIRS rounds, the ratio of the medians and, in brackets, the smallest and the largest
# ratio in one round. An interval is the value of bench speed --interval.
#
#   CONFIGS   sizes; default: small medium long llama-15m smollm2-135m
#   MODES     default: train eval decode; decode is timed at the last two sizes only
#   PAIRS     rounds; default: 5
#   ANCHOR    the PyTorch program. It takes a size and a mode as arguments and prints one
#             line of JSON with tokens_per_second and peak_rss_mb; default: speed.py or, for
#             the last two sizes, llama_speed.py of ../shared/anchor
#   PYTHON    the Python that runs it; default: /usr/bin/python3
set -euo pipefail
cd "$(dirname "$0")/.."

configs=${CONFIGS:-small medium long llama-15m smollm2-135m}
modes=${MODES:-train eval decode}
pairs=${PAIRS:-5}
python=${PYTHON:-/usr/bin/python3}
anchor=${ANCHOR:-}
say() { echo "bench-compare: $*" >&2; }

if ! [[ $pairs =~ ^[1-9][0-9]*$ ]]; then
	say "PAIRS is \"$pairs\", must be at least 1"
	exit 2
fi
if [ -n "$anchor" ] && ! [ -f "$anchor" ]; then
	say "ANCHOR is $anchor, which is not a file"
	exit 2
fi
torch=yes
if ! "$python" -c 'import torch' 2>/dev/null; then
	torch=""
	echo "PyTorch is not compared: $python cannot import torch (on Debian: apt-get install python3-torch)"
fi

# program CONFIG prints the PyTorch program for a size, or nothing if there is none.
program() {
	local file=$anchor
	if [ -z "$file" ]; then
		file=../shared/anchor/speed.py
		! llama "$1" || file=../shared/anchor/llama_speed.py
	fi
	if [ -f "$file" ]; then
		echo "$file"
	else
		echo "$1: PyTorch is not compared: $file does not exist; name the program with ANCHOR=path" >&2
	fi
}

# llama CONFIG: is it a size of the Llama family?
llama() { case $1 in llama-* | smollm2-*) ;; *) return 1 ;; esac; }

# measure NAME COMMAND... runs a program and prints "NAME SPEED MEMORY THREADS".
measure() {
	local name=$1 line
	shift
	line=$("$@" 2> >(grep -v '^speed: ' >&2)) # progress of many short runs is noise
	field() { sed -n "s/.*\"$1\": *\([0-9.e+]*\).*/\1/p" <<<"$line"; }
	echo "$name $(field tokens_per_second) $(field peak_rss_mb) $(field threads)"
}

for config in $configs; do
	reference="" model=infini-delta
	[ -z "$torch" ] || reference=$(program "$config")
	! llama "$config" || model=infini-linear # as in llama_speed.py
	for mode in $modes; do
		[ "$mode" != decode ] || llama "$config" || continue
		case $mode,$config in
		train,small) intervals="all 4 2 1" ;; # of 8 segments
		train,*) intervals="all 2 1" ;;       # of 4
		*) intervals=- ;;
		esac
		for ((pair = 1; pair <= pairs; pair++)); do
			say "$config $mode, $pair of $pairs"
			[ -z "$reference" ] || measure PyTorch "$python" "$reference" "$config" "$mode"
			for interval in $intervals; do
				options=()
				case $interval in
				-) ;;
				all) options=(--interval 0) ;;
				*) options=(--interval "$interval") ;;
				esac
				measure "$interval" bin/bench speed --config "$config" --mode "$mode" --model "$model" "${options[@]}" --json
			done
		done | awk -v title="$config, $mode" -v mode="$mode" '
			!($1 in runs) { order[++rows] = $1 }
			{ n = ++runs[$1]; speed[$1, n] = $2; memory[$1, n] = $3; threads[$1] = $4 }
			function median(x, name,    n, i, j, t, v) {
				n = runs[name]
				for (i = 1; i <= n; i++) v[i] = x[name, i]
				for (i = 2; i <= n; i++) for (j = i; j > 1 && v[j] < v[j - 1]; j--) { t = v[j]; v[j] = v[j - 1]; v[j - 1] = t }
				return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
			}
			function against(x, name,    i, r, low, high) {
				if (!("PyTorch" in runs)) return ""
				for (i = 1; i <= runs[name]; i++) {
					r = x[name, i] / x["PyTorch", i]
					if (i == 1 || r < low) low = r
					if (i == 1 || r > high) high = r
				}
				return sprintf("%.2f [%.2f, %.2f]", median(x, name) / median(x, "PyTorch"), low, high)
			}
			END {
				compared = "PyTorch" in runs
				printf "%-34s %10s %20s %9s %20s\n", title, "tokens/s", compared ? "over PyTorch" : "", "peak MB", compared ? "over PyTorch" : ""
				for (i = 1; i <= rows; i++) {
					name = label = order[i]
					if (name == "PyTorch") label = "PyTorch, " threads[name] " threads"
					else if (name == "-") label = "bench, " threads[name] " threads"
					else label = "bench, interval " name ", " threads[name] " threads"
					ours = name != "PyTorch"
					printf "  %-32s %10.0f %20s %9.0f %20s\n", label, median(speed, name), ours ? against(speed, name) : "", median(memory, name), ours ? against(memory, name) : ""
					if (ours && (best == "" || median(speed, name) > median(speed, best))) best = name
				}
				if (mode == "train") print "  fastest interval: " best
				if (compared && threads["PyTorch"] != threads[best]) print "  PyTorch does not count the threads of its BLAS, so it may use more"
			}' | sed 's/ *$//'
	done
done
