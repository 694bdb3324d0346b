// Command licences lists every module used by bench, its tests and its tools, with the
// licence found in its folder, and the npm package embedded in the report. It fails if
// a licence is missing or would restrict the licence of this program.
//
//	go run ./cmd/licences
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

func main() {
	if err := run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "licences:", err)
		os.Exit(1)
	}
}

// permissive are the licences that require only their text and notices to be kept.
// OFL-1.1 covers fonts, which may be distributed with any program; the last five cover
// C++ parts that Apache Arrow's licence file lists but that are not used here.
var permissive = []string{
	"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC-BY-4.0", "FTL", "ISC", "MIT", "OFL-1.1", "Unlicense",
	"BSL-1.0", "HPND", "NCSA", "OpenSSL", "Zlib",
}

// chosen names, for a module that offers several licences, the file of the one used
// here.
var chosen = map[string]string{
	"github.com/golang/freetype": "licenses/ftl.txt", // or the GPL
}

// dependency is one module or package of another project.
type dependency struct {
	name, version, licence string
	use                    string // "program", "tests" or "tools"
}

func run(out io.Writer) error {
	found := map[string]dependency{}
	// The first use counts: what the program needs is not listed again for its tests.
	for _, part := range []struct {
		use  string
		args []string
	}{
		{"program", []string{"-deps", "./cmd/bench"}},
		{"tests", []string{"-deps", "-test", "./..."}},
		{"tools", []string{"-deps", "tool"}},
	} {
		modules, err := list(part.args)
		if err != nil {
			return err
		}
		for _, m := range modules {
			if _, known := found[m.Path]; known {
				continue
			}
			licence, err := ofFolder(m.Dir)
			if file, ok := chosen[m.Path]; ok {
				licence, err = ofFile(filepath.Join(m.Dir, file))
			}
			if err != nil {
				return fmt.Errorf("%s: %w", m.Path, err)
			}
			found[m.Path] = dependency{m.Path, m.Version, licence, part.use}
		}
	}
	all := make([]dependency, 0, len(found))
	for _, d := range found {
		all = append(all, d)
	}
	packages, err := npm("reports/assets/package-lock.json")
	if err != nil {
		return err
	}
	all = append(all, packages...)
	slices.SortFunc(all, func(a, b dependency) int { return strings.Compare(a.use+a.name, b.use+b.name) })
	for _, d := range all {
		fmt.Fprintf(out, "%-8s %-42s %-38s %s\n", d.use, d.name, d.version, d.licence)
	}
	return check(all)
}

// check rejects a dependency that has no licence or a licence that is not permissive.
func check(all []dependency) error {
	var unfit []string
	for _, d := range all {
		for licence := range strings.SplitSeq(d.licence, ", ") {
			if !slices.Contains(permissive, licence) {
				unfit = append(unfit, fmt.Sprintf("%s has %q", d.name, licence))
			}
		}
	}
	if len(unfit) > 0 {
		return errors.New("not among the permissive licences: " + strings.Join(unfit, "; "))
	}
	return nil
}

// module is a module as printed by go list.
type module struct {
	Path, Version, Dir string
	Main               bool
	Replace            *module
}

// list returns the modules of other projects that the packages come from.
func list(args []string) ([]module, error) {
	cmd := exec.Command("go", append([]string{"list", "-json=Module"}, args...)...)
	cmd.Stderr = os.Stderr
	text, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list %s: %w", strings.Join(args, " "), err)
	}
	var all []module
	for d := json.NewDecoder(strings.NewReader(string(text))); ; {
		var p struct{ Module *module }
		if err := d.Decode(&p); err == io.EOF {
			return all, nil
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		m := p.Module
		if m == nil || m.Main { // the standard library, or this project
			continue
		}
		if m.Replace != nil {
			m = m.Replace
		}
		all = append(all, *m)
	}
}

// ofFolder returns the licences whose full text is in the LICENSE or COPYING files of a
// folder, or "" if there are none. Licences quoted in a notice, such as the ones of
// bundled parts that Apache projects list, count too.
func ofFolder(dir string) (string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	var names []string
	for _, e := range entries {
		upper := strings.ToUpper(e.Name())
		if e.IsDir() || !strings.HasPrefix(upper, "LICEN") && !strings.HasPrefix(upper, "COPYING") && !strings.HasPrefix(upper, "UNLICENSE") {
			continue
		}
		found, err := ofFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return "", err
		}
		names = append(names, strings.Split(found, ", ")...)
	}
	return listed(names), nil
}

// ofFile returns the licences whose full text is in a file.
func ofFile(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	var names []string
	for _, match := range licensecheck.Scan(text).Match {
		if !match.IsURL {
			names = append(names, match.ID)
		}
	}
	return listed(names), nil
}

// listed sorts names and drops duplicates and empty ones.
func listed(names []string) string {
	slices.Sort(names)
	return strings.TrimPrefix(strings.Join(slices.Compact(names), ", "), ", ")
}

// npm reads the packages of a lock file, which states their licences.
func npm(path string) ([]dependency, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var lock struct {
		Packages map[string]struct{ Version, License string }
	}
	if err := json.Unmarshal(raw, &lock); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var all []dependency
	for name, p := range lock.Packages {
		if name, ok := strings.CutPrefix(name, "node_modules/"); ok {
			all = append(all, dependency{"npm: " + name, p.Version, p.License, "program"})
		}
	}
	return all, nil
}
