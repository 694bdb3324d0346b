package machine

// AddressSpace is the limit on the process's address space, in bytes, as set by ulimit -v
// or -d or by SGE's h_vmem, and how much of it is free; limited is false if there is none.
// Reserved memory counts, whether it is used or not.
func AddressSpace() (limit, free int64, limited bool) { return tightest(spaceLimits()) }

// spaceLimit is a limit on memory that is reserved, and what is reserved, in bytes.
type spaceLimit struct{ limit, used int64 }

// tightest is the limit that leaves least.
func tightest(limits []spaceLimit) (limit, free int64, limited bool) {
	for _, l := range limits {
		if left := max(l.limit-l.used, 0); !limited || left < free {
			limit, free, limited = l.limit, left, true
		}
	}
	return limit, free, limited
}
