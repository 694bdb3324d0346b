package datasets

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"infinibench/internal/machine"
)

// Unreadable is a document that could not be read, and why.
type Unreadable struct {
	Index int    `json:"index"` // in the split; -1 of a line or a file of lines that never became a document
	Error string `json:"error"`
}

// FindUnreadable reads the documents of a split, several at a time, until it has read
// `limit` that are sound, or all for 0, and returns the others that it met, in their
// order. The error is that of the context.
func FindUnreadable(ctx context.Context, c Corpus, split Split, limit int) ([]Unreadable, error) {
	n := c.Len(split)
	end := func(bad int) int {
		if limit <= 0 {
			return n
		}
		return min(n, limit+bad)
	}
	var bad []Unreadable
	for from, to := 0, end(0); from < to; from, to = to, end(len(bad)) {
		found, err := unreadableIn(ctx, c, split, from, to)
		if err != nil {
			return nil, err
		}
		bad = append(bad, found...)
	}
	return bad, nil
}

// unreadableIn is FindUnreadable for the documents from ≤ i < to.
func unreadableIn(ctx context.Context, c Corpus, split Split, from, to int) ([]Unreadable, error) {
	errs := make([]error, to-from)
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), to-from) {
		workers.Go(func() {
			for i := next.Add(1) - 1; int(i) < len(errs) && ctx.Err() == nil; i = next.Add(1) - 1 {
				_, errs[i] = c.Document(split, from+int(i))
			}
		})
	}
	workers.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var bad []Unreadable
	for i, err := range errs {
		if fault := machine.AsFault(err); fault != nil {
			return nil, fault // too many open files say nothing about a text
		}
		if err != nil {
			bad = append(bad, Unreadable{Index: from + i, Error: err.Error()})
		}
	}
	return bad, nil
}

// LeaveOut takes documents out of a split of a corpus that is read from files: Len,
// Document and Certificate no longer count them. Nobody else may use the corpus
// meanwhile.
func LeaveOut(c Corpus, split Split, bad []Unreadable) {
	for _, u := range slices.Backward(bad) {
		if u.Index < 0 {
			continue
		}
		switch c := c.(type) {
		case *PG19:
			c.books[split] = slices.Delete(slices.Clone(c.books[split]), u.Index, u.Index+1)
		case *ArxivMath:
			c.docs[split] = slices.Delete(slices.Clone(c.docs[split]), u.Index, u.Index+1)
		}
	}
}

// Broken lists what a corpus left out when it was opened, since it never became a
// document; see [SalvageArxivMath].
func Broken(c Corpus, split Split) []Unreadable {
	if a, ok := c.(*ArxivMath); ok {
		return a.broken[split]
	}
	return nil
}

// damage is an error about lines or files that SalvageArxivMath would leave out.
type damage struct{ error }

func (d damage) Unwrap() error { return d.error }

// IsDamage says whether an error is about texts, which may be left out, and not about
// the corpus as a whole.
func IsDamage(err error) bool {
	return errors.As(err, new(damage))
}
