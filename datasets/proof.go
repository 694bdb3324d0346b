package datasets

import (
	"fmt"
	"strings"
)

// NewProof returns the built-in replacement for arXiv-math: a long argument that fixes
// the notation of its objects at first use and keeps it. words and documents are as in
// NewNovel.
func NewProof(words, documents int) Generated {
	g := &grammar{}
	for i, line := range []string{
		"space X", "group G", "ring R", "field K", "module M", "ideal I", "function f", "measure m",
		"graph E", "tree T", "matrix A", "norm p", "cover U", "path c", "kernel N", "bundle B",
		"lattice L", "metric d", "sheaf F", "degree n", // these four once in two thousand words
	} {
		role, letter, _ := strings.Cut(line, " ")
		var symbols []string
		for index := range 8 {
			symbols = append(symbols, fmt.Sprintf("%s_%d", letter, index+1))
		}
		value := fmt.Sprintf("VALUE:%d", i)
		g.values = append(g.values, symbols)
		often := 1.0
		if i >= 16 {
			often = 1. / 30
		}
		g.sentence(2*often, "the", role, value, "is", "FREE:open,closed,finite,dense", ".")
		g.sentence(often, "by", "FREE:induction,symmetry,duality,density", "the", role, value, "exists", ".")
	}
	g.sentence(6, "hence", "the", "FREE:sum,product,limit,integral", "FREE:vanishes,converges,commutes,splits", ".")
	return &generator{
		name: "proof", grammar: g.finish(), words: words,
		standIn: "generated text in place of arXiv-math",
		sizes:   map[Split]int{Train: trainDocuments, Validation: documents, Test: documents},
	}
}
