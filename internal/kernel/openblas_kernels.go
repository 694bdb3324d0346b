package kernel

import (
	"slices"
	"strings"

	"golang.org/x/sys/cpu"
)

// narrowKernels are the kernels of OpenBLAS for processors without AVX2. A library that does
// not know a processor, because the processor is newer, may choose one of them: before version
// 0.3.25, a Prescott's, from 2004, for most Intel processors (OpenBLAS, issue 4267).
var narrowKernels = []string{
	"Atom", "Banias", "Barcelona", "Bobcat", "Bulldozer", "Core2", "Dunnington", "Nano", "Nehalem",
	"Opteron", "Opteron_SSE3", "Penryn", "Piledriver", "Prescott", "Sandybridge", "Steamroller",
}

// NarrowKernels returns the processor whose kernels OpenBLAS uses, if they lack the vector
// instructions that this processor has, and "" otherwise.
func NarrowKernels() string {
	l, err := library()
	if err != nil || !cpu.X86.HasAVX2 || !cpu.X86.HasFMA {
		return ""
	}
	return narrowKernel(l.config)
}

// AVX512 reports whether this processor has the instructions that OpenBLAS's kernels for
// SkylakeX need.
func AVX512() bool {
	return cpu.X86.HasAVX512F && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512VL
}

// narrowKernel finds the name in the library's description of itself, where it comes last but
// for the number of threads: "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH NO_AFFINITY Prescott
// MAX_THREADS=64".
func narrowKernel(config string) string {
	for _, word := range strings.Fields(config) {
		if slices.ContainsFunc(narrowKernels, func(k string) bool { return strings.EqualFold(k, word) }) {
			return word
		}
	}
	return ""
}
