#!/bin/sh
# Prepares this machine to build and run the project: checks the version of Go, and
# installs OpenBLAS and the ECharts library that the report embeds. It prints nothing if
# there is nothing to do. Only a missing Go is an error. Without OpenBLAS everything is
# slower, and without ECharts the charts load it from the web; one line says so.
set -u
cd "$(dirname "$0")/.." || exit 1

go_minor=26 # go.mod asks for Go 1.26
log=bin/setup.log

say() { printf 'setup: %s\n' "$*" >&2; }
has() { command -v "$1" >/dev/null 2>&1; }

check_go() {
	if ! has go; then
		say "error: the command go was not found; install Go 1.$go_minor or newer from https://go.dev/dl/"
		return 1
	fi
	# Go 1.21 or later fetches the version that go.mod names, and GOVERSION then
	# reports that version.
	version=$(go env GOVERSION 2>/dev/null)
	minor=$(printf '%s' "$version" | sed -n 's/.*go1\.\([0-9][0-9]*\).*/\1/p')
	if [ "${minor:-0}" -lt $go_minor ]; then
		say "error: Go is ${version:-too old} here and Go 1.$go_minor or newer is needed; get it from https://go.dev/dl/"
		return 1
	fi
}

# Checks the names and folders that internal/kernel tries. libopenblas64 has another ABI
# and does not count. On Debian, ldconfig is not in the PATH of an ordinary user.
has_openblas() {
	PATH=$PATH:/usr/sbin:/sbin ldconfig -p 2>/dev/null | grep -q 'libopenblasp*\.so' && return
	for library in ${OPENBLAS_PLACES-/usr/lib/libopenblas.so* /usr/local/lib/libopenblas.so* \
		/opt/homebrew/opt/openblas/lib/libopenblas.dylib /usr/local/opt/openblas/lib/libopenblas.dylib}; do
		[ -e "$library" ] && return
	done
	return 1
}

# Prints the command that installs OpenBLAS on this system, or nothing if it is unknown.
openblas_command() {
	if [ "$(uname)" = Darwin ]; then
		has brew && echo "brew install openblas"
	elif has apt-get; then
		echo "apt-get install -y --no-install-recommends libopenblas0-pthread"
	elif has dnf; then
		echo "dnf install -y openblas-threads"
	elif has pacman; then
		echo "pacman -S --noconfirm openblas"
	elif has apk; then
		echo "apk add openblas"
	fi
}

install_openblas() {
	case $1 in
	brew*) as_root= ;; # Homebrew refuses to run as root
	*)
		if [ "$(id -u)" = 0 ]; then
			as_root=
		elif has sudo && sudo -n true 2>/dev/null; then
			as_root="sudo -n"
		else
			return 1
		fi
		;;
	esac
	say "installing OpenBLAS: $1 (output in $log)"
	export DEBIAN_FRONTEND=noninteractive HOMEBREW_NO_AUTO_UPDATE=1
	mkdir -p bin
	# $1 and $as_root are unquoted because they hold several words.
	$as_root $1 >>$log 2>&1 </dev/null && return
	# The usual reason for a failure is missing or outdated package lists.
	case $1 in apt-get*) $as_root apt-get update >>$log 2>&1 </dev/null && $as_root $1 >>$log 2>&1 </dev/null ;; esac
}

setup_openblas() {
	has_openblas && return
	command=$(openblas_command)
	[ -n "$command" ] && install_openblas "$command" && has_openblas && return
	case $(id -u)/$command in 0/* | */ | */brew*) to_install="To install it:" ;; *) to_install="To install it, as root:" ;; esac
	say "OpenBLAS is not installed: gonum's BLAS will be used, about 10 times slower." \
		"$to_install ${command:-use the package manager of your system (the package is called openblas)}"
}

setup_echarts() {
	assets=reports/assets
	[ -e $assets/echarts.min.js ] && return
	[ -e $assets/package-lock.json ] || return 0
	mkdir -p bin
	if ! has npm; then
		why="npm was not found"
	elif ! npm ci --prefix $assets --ignore-scripts --no-audit --no-fund >>$log 2>&1 </dev/null; then
		why="npm ci --prefix $assets failed, see $log"
	else
		# The script comes last, because its presence marks a complete installation. mv
		# is atomic, so that a concurrent build does not embed half of it.
		cp $assets/node_modules/echarts/NOTICE $assets/echarts.NOTICE &&
			mv $assets/node_modules/echarts/dist/echarts.min.js $assets/echarts.min.js && return
		why="node_modules/echarts is incomplete"
	fi
	say "the ECharts library could not be embedded ($why): charts will load it from the web"
}

check_go || exit 1
setup_openblas
setup_echarts
exit 0
