package experiments

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"infinibench/datasets"
	"infinibench/datasets/booksum"
	"infinibench/internal/results"
)

// skipBadTexts is the setting bad_texts that leaves texts out.
const skipBadTexts = "skip"

// namedTexts is how many bad texts an error or a result names; data verify names all.
const namedTexts = 10

// checkTexts looks for texts that cannot be read among those that a run reads: all of
// the training split, and the scored ones. With bad_texts: skip it takes them out of
// the corpus; else they are an error, before a model has been trained on the others. A
// pass over all texts is kept in the directory cache until a file changes its size.
//
// BookSum finds bad pairs when it is opened. The summary experiment handles them by its
// setting bad_pairs; for other experiments see [stopForPairs].
func checkTexts(ctx context.Context, c datasets.Corpus, s results.CorpusSettings, cache string) ([]results.LeftOut, error) {
	splits := []datasets.Split{datasets.Train, datasets.Split(s.Split)}
	if pairs, ok := c.(booksum.Pairs); ok {
		return leftOutPairs(pairs, splits), nil
	}
	if _, generated := c.(datasets.Generated); generated {
		return nil, nil
	}
	fingerprint, err := datasets.Fingerprint(c)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(cache, fmt.Sprintf("%s-%s-%s-%d-texts.json", c.Name(), fingerprint, s.Split, s.Documents))
	bad, known := knownBad(c, path)
	if !known {
		err := once(ctx, cache, func(ctx context.Context) (err error) {
			if bad, known = knownBad(c, path); known { // another process has looked
				return nil
			}
			if bad, err = findBad(ctx, c, splits, s.Documents); err != nil {
				return err
			}
			if s.BadTexts != skipBadTexts && leftOut(c, splits, bad) != nil {
				return nil // an error, see below
			}
			return results.WriteJSON(path, checkedTexts{bad})
		})
		if err != nil {
			return nil, err
		}
	}
	left := leftOut(c, splits, bad)
	if len(left) > 0 && s.BadTexts != skipBadTexts {
		return nil, stopForTexts(c.Name(), left)
	}
	for _, split := range splits {
		datasets.LeaveOut(c, split, bad[split])
	}
	return left, nil
}

// findBad reads all texts of the first split, and of the second those that are scored.
func findBad(ctx context.Context, c datasets.Corpus, splits []datasets.Split, documents int) (map[datasets.Split][]datasets.Unreadable, error) {
	bad := map[datasets.Split][]datasets.Unreadable{}
	for i, split := range splits {
		limit := 0
		if i > 0 {
			limit = documents
		}
		found, err := datasets.FindUnreadable(ctx, c, split, limit)
		if err != nil {
			return nil, err
		}
		if len(found) > 0 {
			bad[split] = found
		}
	}
	return bad, nil
}

// leftOut counts the bad texts of each split; it is nil if there are none.
func leftOut(c datasets.Corpus, splits []datasets.Split, bad map[datasets.Split][]datasets.Unreadable) []results.LeftOut {
	var left []results.LeftOut
	for _, split := range splits {
		all := slices.Concat(datasets.Broken(c, split), bad[split])
		if len(all) == 0 {
			continue
		}
		l := results.LeftOut{Split: split, Texts: len(all), Of: c.Len(split) + len(datasets.Broken(c, split))}
		for _, u := range all[:min(len(all), namedTexts)] {
			l.Why = append(l.Why, u.Error)
		}
		left = append(left, l)
	}
	return left
}

// checkedTexts is the cache file with the findings of a pass over the texts of a corpus.
type checkedTexts struct {
	Bad map[datasets.Split][]datasets.Unreadable `json:"bad"`
}

// knownBad reads the file of an earlier pass. A file that is damaged, or that lists a
// text which can be read by now, is not used: the texts are then read again.
func knownBad(c datasets.Corpus, path string) (map[datasets.Split][]datasets.Unreadable, bool) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, false
	}
	checked, err := results.Parse[checkedTexts](data)
	if err != nil {
		return nil, false
	}
	for split, bad := range checked.Bad {
		for i, u := range bad {
			if u.Index < 0 || u.Index >= c.Len(split) || i > 0 && u.Index <= bad[i-1].Index {
				return nil, false
			}
			_, err := c.Document(split, u.Index)
			if err == nil {
				return nil, false
			}
			bad[i].Error = err.Error() // the corpus may be in another folder by now
		}
	}
	return checked.Bad, true
}

// leftOutPairs counts the bad pairs of BookSum, whose texts are left out as well.
func leftOutPairs(pairs booksum.Pairs, splits []datasets.Split) []results.LeftOut {
	var left []results.LeftOut
	for _, split := range splits {
		coverage := pairs.Coverage(split)
		l := results.LeftOut{Split: split, Texts: len(coverage.Problems), Of: coverage.Listed}
		for _, p := range coverage.Problems[:min(l.Texts, namedTexts)] {
			l.Why = append(l.Why, p.String())
		}
		if l.Texts > 0 {
			left = append(left, l)
		}
	}
	return left
}

// stopForPairs is an error when pairs of BookSum cannot be used, in a cell that reads
// its books alone and is not to skip any.
func stopForPairs(t *TokenizedCorpus, s results.CorpusSettings) error {
	if _, ok := t.Corpus.(booksum.Pairs); !ok || len(t.LeftOut) == 0 || s.BadTexts == skipBadTexts {
		return nil
	}
	return stopForTexts(t.Corpus.Name(), t.LeftOut)
}

// stopForTexts is the error about texts that cannot be read.
func stopForTexts(corpus string, left []results.LeftOut) error {
	var parts []string
	for _, l := range left {
		why := strings.Join(l.Why, "; ")
		if more := l.Texts - len(l.Why); more > 0 {
			why += fmt.Sprintf("; and %d more, which `bench data verify %s` lists", more, corpus)
		}
		parts = append(parts, fmt.Sprintf("%d of %d %s texts of %s cannot be read: %s", l.Texts, l.Of, l.Adjective(), corpus, why))
	}
	return errors.New("experiments: " + strings.Join(parts, "; ") + fmt.Sprintf("; correct them, or set corpora.%s.bad_texts to skip", corpus))
}
