#!/usr/bin/env bash
# Runs go test with the given arguments and prints its closing line for each package,
# every skipped test with the reason, the whole output of a failing package, and the
# totals. Plain go test hides skipped tests, and go test -v buries them in its output.
set -uo pipefail

go test -v "$@" | awk '
	function print_held(   i) { for (i = 0; i < lines; i++) print held[i] }

	/^=== / { test = $3; next }
	/^ *--- PASS/ { passed += /^---/; next }
	/^--- FAIL/ { failed++ }
	/^ *--- SKIP/ { skipped++; skips = skips $0 "\n" reason[$3] }

	# The closing line of a package; no other line has a tab in this position.
	/^(ok  |FAIL|\?   )\t/ {
		if ($1 == "FAIL") { print_held(); broken++ } else printf "%s", skips
		print
		fflush()
		packages++; lines = 0; skips = ""; split("", reason)
		next
	}

	# The reason for a skip is the last line that the test logged.
	/^ +[A-Za-z0-9_]+\.go:[0-9]+: / { reason[test] = $0 "\n" }
	{ held[lines++] = $0 }
	END {
		print_held()
		printf "%d packages: %d tests passed, %d skipped, %d failed", packages, passed, skipped, failed
		print (broken ? sprintf("; FAILED in %d packages", broken) : "")
	}'
