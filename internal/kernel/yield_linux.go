package kernel

import "syscall"

// yield lets other threads of this core run. Unlike runtime.Gosched it leaves the goroutine
// on its thread.
func yield() { syscall.RawSyscall(syscall.SYS_SCHED_YIELD, 0, 0, 0) }
