package live

import (
	"fmt"
	"hash/fnv"
	"sync"
	"time"

	"infinibench/internal/results"
	"infinibench/reports"
)

// cards are the claims of the paper as the results that are there decide them.
type cards struct {
	mutex   sync.Mutex
	html    string
	version string        // of the results they were made from
	at      time.Time     // when they were made
	took    time.Duration // to make them
	ledger  *results.Ledger
}

// cardsRest is how many times as long as making them took, cards are kept in spite of newer
// results, so that a page of many cells does not slow down the run.
const cardsRest = 20

// Cards returns the cards of the report in HTML, and the version of the results they show. It
// reads the results only if there are others than the last time.
func (w *Watch) Cards() (html, version string, err error) {
	newest := w.State().Results
	c := &w.cards
	c.mutex.Lock()
	defer c.mutex.Unlock()
	began := time.Now()
	if c.version == newest || c.version != "" && began.Sub(c.at) < cardsRest*c.took {
		return c.html, c.version, nil
	}
	if c.ledger == nil && w.Ledger != nil {
		if c.ledger, err = w.Ledger(); err != nil {
			return "", "", err
		}
		began = time.Now()
	}
	run := reports.LoadResults(w.dir)
	run.Ledger = c.ledger
	if html, err = reports.Cards(run); err != nil {
		return "", "", err
	}
	c.html, c.version, c.at, c.took = html, newest, time.Now(), time.Since(began)
	return c.html, c.version, nil
}

// resultsVersion changes with the files that hold results.
func (v *view) resultsVersion(cells []*cell) string {
	h := fnv.New64a()
	for _, x := range cells {
		if k := v.files[x.Key()+"/result.json"]; k != nil && k.info != nil {
			fmt.Fprintln(h, x.Key(), k.info.Size(), k.info.ModTime().UnixNano())
		}
	}
	return fmt.Sprintf("%016x", h.Sum64())
}
