package datasets

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// lineForm ends every error about a JSON line that is not a paper.
const lineForm = `a line is {"text": ..., "meta": {"config": "arxiv"}}`

// lineMeta is what a line's "meta" may say about the collection it comes from. Each
// publisher uses its own key.
type lineMeta struct {
	Config    string `json:"config"`             // proof-pile: arxiv, books, formal, stack-exchange, wiki, math-dataset
	SlimSet   string `json:"redpajama_set_name"` // SlimPajama: RedPajamaArXiv, RedPajamaBook, ...
	PileSet   string `json:"pile_set_name"`      // the Pile: ArXiv, Github, ...
	RedPajama any    `json:"arxiv_id"`           // the arXiv part of RedPajama, also used by proof-pile-2; other parts lack it
}

// arxivPart is the arXiv part of proof-pile. The parts of other collections start with
// the collection's name, as in "RedPajama/arxiv".
const arxivPart = "arxiv"

// part returns the collection a line belongs to and the part of it. subset is the
// line's "red_pajama_subset", which RedPajama's own loader adds.
func (m lineMeta) part(subset string) (string, error) {
	of := func(collection, name, arxiv string) (string, error) {
		if strings.EqualFold(name, arxiv) {
			name = arxivPart
		}
		return collection + "/" + name, nil
	}
	switch {
	case m.Config != "":
		return m.Config, nil
	case subset != "":
		return of("RedPajama", subset, "arxiv")
	case m.SlimSet != "":
		return of("SlimPajama", m.SlimSet, "RedPajamaArXiv")
	case m.PileSet != "":
		return of("the Pile", m.PileSet, "ArXiv")
	case m.RedPajama != nil && m.RedPajama != "":
		return of("RedPajama", arxivPart, arxivPart)
	}
	return "", errors.New(`no "config" or "arxiv_id" in "meta" says that this is a paper; ` + lineForm +
		`; if every line is one, convert the file with jq -c '{text, meta: {config: "arxiv"}}'`)
}

// isArxiv reports whether a part is the arXiv part of its collection.
func isArxiv(part string) bool { return part == arxivPart || strings.HasSuffix(part, "/"+arxivPart) }

// collections describes the collections the arXiv lines come from. proof-pile keeps the
// name it has always had in results.
func collections(parts map[string]bool) string {
	var others []string
	for part := range parts {
		if collection, _, other := strings.Cut(part, "/"); other {
			others = append(others, collection)
		}
	}
	slices.Sort(others)
	switch from := strings.Join(others, " and "); {
	case len(others) == 0:
		return "arXiv-math (proof-pile proxy)"
	case parts[arxivPart]:
		return fmt.Sprintf("arXiv-math (proof-pile proxy) and arXiv papers of %s", from)
	default:
		return fmt.Sprintf("arXiv papers of %s", from)
	}
}
