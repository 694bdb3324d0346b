#!/usr/bin/env bash
# Runs every fuzz target for FUZZTIME, one after the other, and prints the number of inputs
# tried. It fails if an input causes a crash, violates a property or needs more memory than
# FUZZMEMORY. Go keeps such an input in testdata/fuzz of its package, and `go test` tries it
# from then on.
#
#   FUZZTIME=10m        time per target
#   FUZZ=datasets       only targets whose package or name matches; all if empty
#   FUZZPARALLEL=1      number of inputs tried at the same time
#   FUZZMEMORY=8000000  address space of a process in kilobytes (Linux)
set -uo pipefail
cd "$(dirname "$0")/.."
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
targets=$(find . -name node_modules -prune -o -name '*_test.go' -exec grep -H '^func Fuzz' {} + |
	sed 's|/[^/]*_test.go:func \(Fuzz[A-Za-z0-9_]*\).*| \1|' | grep -E "${FUZZ:-.}" | sort)
[ -n "$targets" ] || { echo "fuzz: no target matches ${FUZZ:-}" >&2; exit 1; }

printf '%-28s %-24s %14s  %s\n' package target inputs outcome
failed=0
while read -r package target; do
	outcome=passed
	(
		ulimit -v "${FUZZMEMORY:-8000000}" 2>/dev/null
		exec nice -n 19 go test -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-10m}" -fuzzminimizetime 2s -parallel "${FUZZPARALLEL:-1}" "$package"
	) </dev/null >"$log" 2>&1 || outcome=FAILED
	# Go before 1.27 may report the end of the time limit as a failure, without a failing
	# input (go.dev/issue/75804).
	if grep -q '^ *context deadline exceeded$' "$log" && ! grep -q 'Failing input written' "$log"; then outcome=passed; fi
	inputs=$(sed -n 's/.*execs: \([0-9]*\).*/\1/p' "$log" | tail -n 1)
	# The inputs in testdata run first; on a busy machine they may take all the time.
	[ "$outcome/${inputs:-0}" != passed/0 ] || outcome="passed, but FUZZTIME was too short to try any"
	printf '%-28s %-24s %14s  %s\n' "$package" "$target" "${inputs:-0}" "$outcome"
	[ "$outcome" != FAILED ] || { failed=$((failed + 1)); sed 's/^/    /' "$log"; }
done <<EOF
$targets
EOF
echo "$(echo "$targets" | wc -l) targets, $failed failed"
[ "$failed" = 0 ]
