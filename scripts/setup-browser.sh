#!/bin/sh
# Installs the browser in which the report's test opens the page. It is not part of setup,
# because nothing else needs a browser. Exits with 0 if a browser is installed.
set -u

has_browser() {
	for name in chromium chromium-browser google-chrome; do
		command -v $name >/dev/null 2>&1 && return
	done
	return 1
}

has_browser && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
	echo "setup-browser: no browser found; install chromium (this script does so only as root on a Debian system)" >&2
	exit 1
fi
echo "setup-browser: installing chromium" >&2
export DEBIAN_FRONTEND=noninteractive
install="apt-get install -y -qq --no-install-recommends -o Acquire::Retries=3 chromium"
# The usual reason for a failure is missing or outdated package lists.
$install </dev/null >/dev/null 2>&1 || { apt-get update -qq && $install </dev/null >/dev/null; }
has_browser
