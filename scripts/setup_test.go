package scripts_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Fakes of the commands that setup.sh calls. What a package manager installs
// shows in the list that the fake ldconfig prints.
const (
	root    = "echo 0"
	user    = "echo 1000"
	linux   = "echo Linux"
	darwin  = "echo Darwin"
	install = `echo "libopenblas.so.0 => /lib/libopenblas.so.0" >>"$FAKE/libraries"`
	// An apt-get whose package lists are missing until update is called.
	aptGet = `case $1 in
	update) touch "$FAKE/lists" ;;
	install) [ -e "$FAKE/lists" ] || exit 100; ` + install + ` ;;
	esac`
	sudo     = `[ "$2" = true ] || { shift; "$@"; }`
	sudoAsks = "exit 1" // sudo -n where a password is needed
	npm      = `d=$3/node_modules/echarts; mkdir -p $d/dist; echo js >$d/dist/echarts.min.js; echo notice >$d/NOTICE`

	aptInstall = "apt-get install -y --no-install-recommends libopenblas0-pthread"
	installing = "setup: installing OpenBLAS: "
	logged     = " (output in bin/setup.log)\n"
	slow       = "setup: OpenBLAS is not installed: gonum's BLAS will be used, about 10 times slower. "
	toInstall  = "To install it: "
	asRoot     = "To install it, as root: "
	fromWeb    = ": charts will load it from the web\n"
)

func TestSetup(t *testing.T) {
	tests := []struct {
		name     string
		id       string            // default root
		uname    string            // default linux
		goTool   string            // default Go 1.26.8; "-" for none
		commands map[string]string // further fakes
		files    []string          // that are there before
		status   int
		output   string
		calls    []string
	}{{
		name:     "everything is there",
		commands: map[string]string{"apt-get": aptGet, "npm": npm},
		files:    []string{"libraries", "reports/assets/package-lock.json", "reports/assets/echarts.min.js"},
	}, {
		name:     "OpenBLAS by apt-get as root",
		commands: map[string]string{"apt-get": aptGet},
		files:    []string{"lists"},
		output:   installing + aptInstall + logged,
		calls:    []string{aptInstall},
	}, {
		name:     "package lists missing",
		commands: map[string]string{"apt-get": aptGet},
		output:   installing + aptInstall + logged,
		calls:    []string{aptInstall, "apt-get update", aptInstall},
	}, {
		name:     "no network",
		commands: map[string]string{"apt-get": "exit 100"},
		output:   installing + aptInstall + logged + slow + toInstall + aptInstall + "\n",
		calls:    []string{aptInstall, "apt-get update"},
	}, {
		name:     "ordinary user without sudo",
		id:       user,
		commands: map[string]string{"apt-get": aptGet},
		output:   slow + asRoot + aptInstall + "\n",
	}, {
		name:     "ordinary user whose sudo asks",
		id:       user,
		commands: map[string]string{"apt-get": aptGet, "sudo": sudoAsks},
		output:   slow + asRoot + aptInstall + "\n",
		calls:    []string{"sudo -n true"},
	}, {
		name:     "ordinary user whose sudo does not ask",
		id:       user,
		commands: map[string]string{"apt-get": aptGet, "sudo": sudo},
		files:    []string{"lists"},
		output:   installing + aptInstall + logged,
		calls:    []string{"sudo -n true", "sudo -n " + aptInstall, aptInstall},
	}, {
		name:     "Homebrew, never with sudo",
		id:       user,
		uname:    darwin,
		commands: map[string]string{"brew": install, "sudo": sudo},
		output:   installing + "brew install openblas" + logged,
		calls:    []string{"brew install openblas"},
	}, {
		name:   "macOS without Homebrew",
		uname:  darwin,
		output: slow + toInstall + "use the package manager of your system (the package is called openblas)\n",
	}, {
		name:     "Fedora",
		commands: map[string]string{"dnf": install},
		output:   installing + "dnf install -y openblas-threads" + logged,
		calls:    []string{"dnf install -y openblas-threads"},
	}, {
		name:     "the manager succeeds and the library is still missing",
		commands: map[string]string{"apk": ""},
		output:   installing + "apk add openblas" + logged + slow + toInstall + "apk add openblas\n",
		calls:    []string{"apk add openblas"},
	}, {
		name:     "ECharts",
		commands: map[string]string{"npm": npm},
		files:    []string{"libraries", "reports/assets/package-lock.json"},
		calls:    []string{"npm ci --prefix reports/assets --ignore-scripts --no-audit --no-fund"},
	}, {
		name:   "no npm",
		files:  []string{"libraries", "reports/assets/package-lock.json"},
		output: "setup: the ECharts library could not be embedded (npm was not found)" + fromWeb,
	}, {
		name:     "npm fails",
		commands: map[string]string{"npm": "exit 1"},
		files:    []string{"libraries", "reports/assets/package-lock.json"},
		output: "setup: the ECharts library could not be embedded" +
			" (npm ci --prefix reports/assets failed, see bin/setup.log)" + fromWeb,
		calls: []string{"npm ci --prefix reports/assets --ignore-scripts --no-audit --no-fund"},
	}, {
		name:   "no Go",
		goTool: "-",
		files:  []string{"libraries"},
		status: 1,
		output: "setup: error: the command go was not found; install Go 1.26 or newer from https://go.dev/dl/\n",
	}, {
		name:   "old Go",
		goTool: "echo go1.25.9",
		files:  []string{"libraries"},
		status: 1,
		output: "setup: error: Go is go1.25.9 here and Go 1.26 or newer is needed; get it from https://go.dev/dl/\n",
	}, {
		name:   "a Go that refuses the go line of go.mod",
		goTool: "exit 1",
		files:  []string{"libraries"},
		status: 1,
		output: "setup: error: Go is too old here and Go 1.26 or newer is needed; get it from https://go.dev/dl/\n",
	}, {
		name:   "development version of Go",
		goTool: "echo devel go1.27-0123456789 Mon Nov 23 2026",
		files:  []string{"libraries"},
	}}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := newFakeMachine(t, "scripts/setup.sh")
			m.quietCommand("id", or(test.id, root))
			m.quietCommand("uname", or(test.uname, linux))
			m.quietCommand("ldconfig", `[ ! -e "$FAKE/libraries" ] || cat "$FAKE/libraries"`)
			if test.goTool != "-" {
				m.quietCommand("go", or(test.goTool, "echo go1.26.8"))
			}
			for name, body := range test.commands {
				m.command(name, body)
			}
			for _, name := range test.files {
				m.write(name, "libopenblas.so.0 => /lib/libopenblas.so.0\n") // only "libraries" is read
			}

			status, output, calls := m.run("scripts/setup.sh")
			if status != test.status {
				t.Errorf("exit status %d, want %d", status, test.status)
			}
			if output != test.output {
				t.Errorf("printed\n%swant\n%s", output, test.output)
			}
			if want := strings.Join(test.calls, "\n"); calls != want {
				t.Errorf("called\n%s\nwant\n%s", calls, want)
			}

			// What has been installed is not asked for again.
			if status == 0 && !strings.Contains(output, slow) && !strings.Contains(output, fromWeb) {
				if _, output, calls := m.run("scripts/setup.sh"); output != "" || calls != "" {
					t.Errorf("the second run printed %q and called %q", output, calls)
				}
			}
		})
	}
}

func TestSetupCopiesEChartsAndItsNotice(t *testing.T) {
	m := newFakeMachine(t, "scripts/setup.sh")
	m.quietCommand("id", root)
	m.quietCommand("ldconfig", "echo libopenblas.so.0")
	m.quietCommand("go", "echo go1.26.8")
	m.command("npm", npm)
	m.write("reports/assets/package-lock.json", "{}")
	if _, output, _ := m.run("scripts/setup.sh"); output != "" {
		t.Fatalf("printed %q", output)
	}
	for name, want := range map[string]string{"echarts.min.js": "js\n", "echarts.NOTICE": "notice\n"} {
		got, err := os.ReadFile(filepath.Join(m.dir, "reports/assets", name))
		if err != nil || string(got) != want {
			t.Errorf("%s holds %q, %v; want %q", name, got, err, want)
		}
	}
}

// A library with 64-bit integers would be called with the wrong argument sizes.
func TestSetupDoesNotCount64BitOpenBLAS(t *testing.T) {
	m := newFakeMachine(t, "scripts/setup.sh")
	m.quietCommand("id", user)
	m.quietCommand("uname", linux)
	m.quietCommand("ldconfig", "echo 'libopenblas64_.so.0 => /lib/libopenblas64_.so.0'")
	m.quietCommand("go", "echo go1.26.8")
	m.command("apt-get", aptGet)
	if _, output, _ := m.run("scripts/setup.sh"); output != slow+asRoot+aptInstall+"\n" {
		t.Errorf("printed %q", output)
	}
}

func or(value, standard string) string {
	if value == "" {
		return standard
	}
	return value
}
