package reports

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"infinibench/internal/results"
	"infinibench/reports/table"
)

// arithmetic is how a cell was computed: the BLAS library with the kernel that it chose for
// the processor, and the number of threads. Two of them round sums differently, and a
// training makes that more than rounding, so the same seed of two models is a pair only
// where both have the same.
type arithmetic struct {
	blas    string
	threads int
}

func arithmeticOf(r Record) arithmetic {
	return arithmetic{r.Result.Environment.BLAS, r.Result.Environment.Threads}
}

func (a arithmetic) String() string {
	return orNone(a.blas) + ", " + plural(a.threads, "thread")
}

// bySeed gives each seed of a model its cell.
func bySeed(records []Record) map[uint64]Record {
	all := map[uint64]Record{}
	for _, r := range records {
		all[r.Result.Cell.Seed] = r
	}
	return all
}

// unlike lists the seeds that two models share and that were computed differently.
func unlike(a, b map[uint64]Record) []uint64 {
	var seeds []uint64
	for _, seed := range slices.Sorted(maps.Keys(a)) {
		if other, ok := b[seed]; ok && arithmeticOf(a[seed]) != arithmeticOf(other) {
			seeds = append(seeds, seed)
		}
	}
	return seeds
}

// without leaves seeds out of their names.
func without(names []string, seeds []uint64) []string {
	return slices.DeleteFunc(names, func(name string) bool {
		return slices.ContainsFunc(seeds, func(seed uint64) bool { return name == strconv.FormatUint(seed, 10) })
	})
}

// unlikeWords names such seeds, "" for none.
func unlikeWords(seeds []uint64) string {
	if len(seeds) == 0 {
		return ""
	}
	var names []string
	for _, seed := range seeds {
		names = append(names, strconv.FormatUint(seed, 10))
	}
	return "not paired, as the BLAS kernels or threads differ: " + listed(len(seeds), "seed", names)
}

// mixedWarnings warns of each experiment and text whose cells were computed differently.
func mixedWarnings(run *Run) []string {
	type key struct{ experiment, corpus string }
	cells := map[key]map[arithmetic]int{}
	for _, record := range run.Records {
		if record.Result.Status != results.StatusDone {
			continue
		}
		k := key{record.Result.Cell.Experiment, record.Result.Cell.Corpus}
		if cells[k] == nil {
			cells[k] = map[arithmetic]int{}
		}
		cells[k][arithmeticOf(record)]++
	}
	keys := slices.SortedFunc(maps.Keys(cells), func(a, b key) int {
		return cmp.Or(cmp.Compare(a.experiment, b.experiment), cmp.Compare(a.corpus, b.corpus))
	})
	var all []string
	for _, k := range keys {
		if len(cells[k]) < 2 {
			continue
		}
		of := slices.SortedFunc(maps.Keys(cells[k]), func(a, b arithmetic) int {
			return cmp.Or(cells[k][b]-cells[k][a], cmp.Compare(a.blas, b.blas), a.threads-b.threads)
		})
		var parts []string
		for _, a := range of[:min(len(of), maxListed)] {
			parts = append(parts, plural(cells[k][a], "cell")+" with "+table.Clean(a.String()))
		}
		if more := len(of) - maxListed; more > 0 {
			parts = append(parts, fmt.Sprintf("and %d more kinds", more))
		}
		consequence := "differences pair only seeds with the same"
		if s := sectionOf(k.experiment); s != nil && s.timed {
			consequence = "times compare only between the same"
		}
		name := strings.TrimSuffix(k.experiment+", "+k.corpus, ", ")
		all = append(all, table.Clean(name)+": the BLAS kernels or threads differ; "+consequence+": "+strings.Join(parts, ", "))
	}
	return all
}
