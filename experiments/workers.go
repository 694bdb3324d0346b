package experiments

import (
	"fmt"

	"github.com/dustin/go-humanize"

	"infinibench/internal/machine"
)

// Overhead is the memory of a run without its tensors, in bytes, as measured on the built-in
// profiles: the program, the corpora and uncollected garbage.
const Overhead = 500 << 20

// Workers returns how many cells of a profile to run concurrently here: the profile's
// number, or fewer where the machine, a container or a batch system limits cores or memory;
// why names the limit. Memory counts only if the plan estimates a cell's need. Results do
// not depend on the number.
func Workers(p *Profile, plan []Estimate) (n int, why string) {
	bytes := int64(0)
	for _, c := range plan {
		if !c.Done && !c.alone {
			bytes = max(bytes, c.Bytes)
		}
	}
	return workers(p.Workers, machine.Cores(), bytes, machine.Memory())
}

func workers(wanted, cores int, bytes, memory int64) (n int, why string) {
	n = wanted
	if cores < n {
		n, why = cores, fmt.Sprintf("of the profile's %d workers only %s can run at the same time on this machine", wanted, counted(cores, "one", "%d"))
	}
	if bytes == 0 || memory == 0 {
		return n, why
	}
	if fit := int(max(memory-Overhead, 0) / bytes); fit < n {
		n = max(fit, 1)
		why = fmt.Sprintf("of the profile's %d workers only %s: each may take %s, and this process may take %s",
			wanted, counted(n, "one runs", "%d run"), humanize.IBytes(uint64(bytes)), humanize.IBytes(uint64(memory)))
		if fit < 1 {
			why = fmt.Sprintf("a cell may take %s and everything else %s, but this process may take only %s: it may run out of memory",
				humanize.IBytes(uint64(bytes)), humanize.IBytes(Overhead), humanize.IBytes(uint64(memory)))
		}
	}
	return n, why
}

func counted(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return fmt.Sprintf(many, n)
}
