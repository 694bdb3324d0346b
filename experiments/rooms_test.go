package experiments

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// builtOn lists whose files use what another experiment declares, and why.
var builtOn = map[string]string{
	"adapt":  "perplexity", // as which its models are scored
	"cost":   "perplexity", // whose models it measures
	"ledger": "perplexity", // whose training length decides the row of AutoCompressors
}

// Files that hold a field for each experiment.
var declared = []string{"kinds.go", "results/settings.go", "results/result.go"}

// Every experiment lives in the files that begin with its name. Apart from the slice, no other
// file uses their declarations, the experiment's fields of ExperimentSettings and Result, or
// its name: other code reaches an experiment only through the slice.
func TestRooms(t *testing.T) {
	uses := map[string][]string{}
	for _, u := range crossings(t, ".") {
		uses[u.experiment] = append(uses[u.experiment], u.text)
	}
	for _, e := range experiments {
		slices.Sort(uses[e.name])
		for _, u := range slices.Compact(uses[e.name]) {
			t.Errorf("%s is named outside of its files: %s", e.name, u)
		}
	}
}

type crossing struct{ experiment, text string }

// crossings finds the uses of each experiment outside of its files.
func crossings(t *testing.T, dir string) []crossing {
	t.Helper()
	set := token.NewFileSet()
	files := parse(t, set, dir)
	if len(files) < 20 {
		t.Fatalf("%d files; the test looks in the wrong place", len(files))
	}
	// Only names of this package and of internal/results matter: what else is imported may
	// stay unknown.
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}}
	check := types.Config{Importer: importer{}, Error: func(error) {}, DisableUnusedImportCheck: true}
	results, _ := check.Check(resultsPath, set, parse(t, set, filepath.Join(dir, "../internal/results")), nil)
	check.Importer = importer{resultsPath: results}
	pkg, _ := check.Check("experiments", set, files, info)

	name := func(at token.Pos) string { // results/settings.go of a file of internal/results
		path := set.Position(at).Filename
		if filepath.Base(filepath.Dir(path)) == "results" {
			return "results/" + filepath.Base(path)
		}
		return filepath.Base(path)
	}
	var all []crossing
	add := func(of string, at token.Pos, what string) {
		file := name(at)
		own := slices.Contains(declared, file) || strings.HasPrefix(file, of)
		for room, base := range builtOn {
			own = own || base == of && strings.HasPrefix(file, room)
		}
		if own {
			return
		}
		all = append(all, crossing{of, what + " in " + file})
	}
	for ident, object := range info.Uses {
		if object.Pkg() != pkg && object.Pkg() != results {
			continue
		}
		from := name(object.Pos())
		for _, e := range experiments {
			field := slices.Contains(declared, from) && strings.EqualFold(object.Name(), e.name)
			if field || strings.HasPrefix(strings.TrimPrefix(from, "results/"), e.name) {
				add(e.name, ident.Pos(), object.Name())
			}
		}
	}
	corpora := slices.Concat(generatedCorpora, readCorpora)
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				text, _ := strconv.Unquote(lit.Value)
				for _, e := range experiments {
					if text == e.name && !slices.Contains(corpora, text) { // the corpus of that name is meant
						add(e.name, lit.Pos(), lit.Value)
					}
				}
			}
			return true
		})
	}
	return all
}

// parse reads the files of a package, tests left out.
func parse(t *testing.T, set *token.FileSet, dir string) (files []*ast.File) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(set, path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	return files
}

const resultsPath = "infinibench/internal/results"

// importer knows some packages; it imports others without their content.
type importer map[string]*types.Package

func (i importer) Import(path string) (*types.Package, error) {
	if p := i[path]; p != nil {
		return p, nil
	}
	p := types.NewPackage(path, filepath.Base(path))
	p.MarkComplete()
	return p, nil
}
