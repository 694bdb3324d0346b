#!/bin/sh
# Installs the browser that the report's own test opens the page in. Not part of
# setup: nothing but that test needs one. Exits 0 when a browser is there.
set -u

has_browser() {
	for name in chromium chromium-browser google-chrome; do
		command -v $name >/dev/null 2>&1 && return
	done
	return 1
}

has_browser && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
	echo "setup-browser: no browser found, and only root on a Debian system is served here; install chromium yourself" >&2
	exit 1
fi
echo "setup-browser: installing chromium" >&2
export DEBIAN_FRONTEND=noninteractive
install="apt-get install -y -qq --no-install-recommends -o Acquire::Retries=3 chromium"
# Package lists that are missing or out of date are the usual reason to fail.
$install </dev/null >/dev/null 2>&1 || { apt-get update -qq && $install </dev/null >/dev/null; }
has_browser
