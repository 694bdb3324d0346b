package experiments

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Select returns the names of the cells that a list picks from all of them, in their order.
// A list is INDEX/OF, every OF-th cell from the one at INDEX, or names and positions with
// commas between them, such as "0,4-7". Positions count from 0.
func Select(all []string, list string) ([]string, error) {
	fail := func(format string, args ...any) ([]string, error) {
		return nil, fmt.Errorf("cells %q: "+format, append([]any{list}, args...)...)
	}
	if index, of, found := strings.Cut(list, "/"); found {
		i, err := strconv.Atoi(index)
		n, err2 := strconv.Atoi(of)
		if err != nil || err2 != nil || n < 1 || i < 0 || i >= n {
			return fail("want INDEX/OF with an index from 0 to OF-1, such as 0/3")
		}
		return every(all, i, n), nil
	}
	picked := make([]bool, len(all))
	for item := range strings.SplitSeq(list, ",") {
		first, last, err := positions(all, strings.TrimSpace(item))
		if err != nil {
			return fail("%w", err)
		}
		for i := first; i <= last; i++ {
			picked[i] = true
		}
	}
	var names []string
	for i, name := range all {
		if picked[i] {
			names = append(names, name)
		}
	}
	return names, nil
}

// every is each n-th name from the i-th on; not nil if there is none.
func every(all []string, i, n int) []string {
	names := []string{}
	for ; i < len(all); i += n {
		names = append(names, all[i])
	}
	return names
}

// positions is the range of one item of a list.
func positions(all []string, item string) (first, last int, err error) {
	if i := slices.Index(all, item); i >= 0 {
		return i, i, nil
	}
	low, high, isRange := strings.Cut(item, "-")
	if !isRange {
		high = low
	}
	first, err = strconv.Atoi(low)
	if err == nil {
		last, err = strconv.Atoi(high)
	}
	if err != nil {
		return 0, 0, fmt.Errorf("there is no cell %q; `bench plan` lists them", item)
	}
	if first < 0 || last < first || last >= len(all) {
		return 0, 0, fmt.Errorf("%s is not within 0-%d, the positions of the cells", item, len(all)-1)
	}
	return first, last, nil
}

// SelectTask returns the cells of this task of a Slurm job array, which share all of them.
// getenv looks up Slurm's variables.
func SelectTask(all []string, getenv func(string) string) ([]string, error) {
	number := map[string]int{}
	for _, name := range []string{"SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_STEP", "SLURM_ARRAY_TASK_COUNT"} {
		n, err := strconv.Atoi(getenv(name))
		if err != nil {
			return nil, fmt.Errorf("%s is %q, want a number: Slurm sets it in a job array (sbatch --array=0-9)", name, getenv(name))
		}
		number[name] = n
	}
	id, low, step, count := number["SLURM_ARRAY_TASK_ID"], number["SLURM_ARRAY_TASK_MIN"], max(1, number["SLURM_ARRAY_TASK_STEP"]), number["SLURM_ARRAY_TASK_COUNT"]
	i := (id - low) / step
	if id < low || (id-low)%step != 0 || i >= count {
		return nil, fmt.Errorf("task %d is not one of %d numbers from %d in steps of %d: use an array such as --array=0-9", id, count, low, step)
	}
	return every(all, i, count), nil
}
