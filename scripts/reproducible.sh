#!/bin/sh
# Builds bench twice, in two folders with different names and from empty build caches, and
# compares the bytes. The binary must not depend on the location of the source or on earlier
# builds. This takes as long as two first builds.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for place in one a/much/longer/path/to/two; do
	mkdir -p "$work/$place"
	# The tracked files, with local changes, and the chart library that setup fetched.
	{
		git ls-files -z
		for fetched in reports/assets/echarts.min.js reports/assets/echarts.NOTICE; do
			[ ! -e "$fetched" ] || printf '%s\0' "$fetched"
		done
	} | xargs -0 tar -cf - | tar -xf - -C "$work/$place"
	(
		cd "$work/$place"
		GOCACHE=$work/cache go build -trimpath -buildvcs=false -ldflags "-X main.version=${VERSION:-dev}" -o bench ./cmd/bench
	)
	rm -rf "$work/cache"
done
one=$(sha256sum <"$work/one/bench")
two=$(sha256sum <"$work/a/much/longer/path/to/two/bench")
echo "one ${one%% *}"
echo "two ${two%% *}"
[ "$one" = "$two" ] || { echo "the two builds differ" >&2; exit 1; }
