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
	"cost":   "perplexity", // whose models it measures
	"ledger": "perplexity", // whose training length decides the row of AutoCompressors
}

// Files that hold a field for each experiment.
var declared = []string{"kinds.go", "result.go"}

// Every experiment lives in the files that begin with its name. Outside of them and of
// the slice, nothing is used that they declare, nor its field of ExperimentSettings and of Result, nor its
// name: whatever is needed of each experiment is asked of the slice.
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
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
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
	if len(files) < 20 {
		t.Fatalf("%d files; the test looks in the wrong place", len(files))
	}
	// Only names of this package matter: what is imported may stay unknown.
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}}
	check := types.Config{Importer: nothing{}, Error: func(error) {}, DisableUnusedImportCheck: true}
	pkg, _ := check.Check("experiments", set, files, info)

	name := func(at token.Pos) string { return filepath.Base(set.Position(at).Filename) }
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
		if object.Pkg() != pkg {
			continue
		}
		from := name(object.Pos())
		for _, e := range experiments {
			field := slices.Contains(declared, from) && strings.EqualFold(object.Name(), e.name)
			if field || strings.HasPrefix(from, e.name) {
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

// nothing imports packages without their content.
type nothing struct{}

func (nothing) Import(path string) (*types.Package, error) {
	p := types.NewPackage(path, filepath.Base(path))
	p.MarkComplete()
	return p, nil
}
