#!/bin/sh
# Unpacks Slurm from Debian's packages into a folder of its own (default: bin/slurm), for the
# test of "bench submit" on a real cluster of one machine. It installs nothing, starts
# nothing and needs no root, but the test does. It prints nothing if there is nothing to do.
set -eu
cd "$(dirname "$0")/.."
mkdir -p bin
prefix=$(realpath -m "${1:-bin/slurm}")
packages="libdbus-1-3 libhwloc15 libjson-c5 liblua5.1-0 libmunge2 libnuma1 libyaml-0-2 munge \
	slurm-wlm-basic-plugins slurm-client slurmctld slurmd"

[ -x "$prefix/usr/sbin/slurmctld-wlm" ] && exit 0
if ! command -v apt-get >/dev/null || ! command -v dpkg >/dev/null; then
	echo "setup-slurm: apt-get and dpkg are needed; elsewhere, install Slurm by hand" >&2
	exit 1
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
# The lists of packages may be missing, as in a container, or old.
if ! apt-get download $packages >log 2>&1; then
	if ! { apt-get update && apt-get download $packages; } >>log 2>&1; then
		echo "setup-slurm: the packages cannot be downloaded:" >&2
		tail -n 5 log >&2
		exit 1
	fi
fi
mkdir unpacked
for package in *.deb; do
	dpkg -x "$package" unpacked
done
mkdir -p "$(dirname "$prefix")"
rm -rf "$prefix"
mv unpacked "$prefix" # complete, or not there
echo "setup-slurm: Slurm is in $prefix"
