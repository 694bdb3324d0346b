package reports

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

// builtOn lists whose files use what another section declares, and why.
var builtOn = map[string]string{
	"ledger": "perplexity", // whose models' memory in this run it shows
}

// roomsOf are the prefixes of the files of each section: its experiment, or what the
// section without one is about.
func roomsOf() []string {
	var rooms []string
	for _, s := range sections {
		room := s.experiment
		if s == ledgerSection {
			room = "ledger"
		}
		rooms = append(rooms, room)
	}
	return rooms
}

// An experiment lives in the files that begin with its name. No other file but sections.go
// uses what those files declare, its field of a result, or its name.
func TestRooms(t *testing.T) {
	rooms := roomsOf()
	if slices.Contains(rooms, "") {
		t.Fatalf("%q: each section has files of its own", rooms)
	}
	set := token.NewFileSet()
	paths, err := filepath.Glob("*.go")
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
	if len(files) < 40 {
		t.Fatalf("%d files; the test looks in the wrong place", len(files))
	}
	// Only names of this package matter, so imported packages may stay empty.
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}}
	check := types.Config{Importer: noImports{}, Error: func(error) {}, DisableUnusedImportCheck: true}
	pkg, _ := check.Check("reports", set, files, info)

	name := func(at token.Pos) string { return filepath.Base(set.Position(at).Filename) }
	var found []string
	add := func(room string, at token.Pos, what string) {
		file := name(at)
		if file == "sections.go" || strings.HasPrefix(file, room) {
			return
		}
		for from, base := range builtOn {
			if base == room && strings.HasPrefix(file, from) {
				return
			}
		}
		found = append(found, room+" is named outside of its files: "+what+" in "+file)
	}
	for ident, object := range info.Uses {
		for _, room := range rooms {
			if object.Pkg() == pkg && strings.HasPrefix(name(object.Pos()), room) {
				add(room, ident.Pos(), object.Name())
			}
		}
	}
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			for _, room := range rooms {
				switch n := n.(type) {
				case *ast.BasicLit:
					if text, _ := strconv.Unquote(n.Value); n.Kind == token.STRING && text == room {
						add(room, n.Pos(), n.Value)
					}
				case *ast.SelectorExpr: // a field of a result, not a type of package results
					of, _ := n.X.(*ast.Ident)
					if strings.EqualFold(n.Sel.Name, room) && (of == nil || of.Name != "results") {
						add(room, n.Sel.Pos(), n.Sel.Name)
					}
				}
			}
			return true
		})
	}
	slices.Sort(found)
	for _, f := range slices.Compact(found) {
		t.Error(f)
	}
}

// noImports imports packages without their content.
type noImports struct{}

func (noImports) Import(path string) (*types.Package, error) {
	p := types.NewPackage(path, filepath.Base(path))
	p.MarkComplete()
	return p, nil
}
