package machine

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// Process identifies a process across machines. Machines may share a host name, and
// processes of one machine may run in different containers.
type Process struct {
	ID        int    `json:"process"`
	Start     string `json:"start,omitempty"` // of the process, in clock ticks after the start of the system; "" if unknown
	Host      string `json:"host"`
	Boot      string `json:"boot,omitempty"`      // identifies one start of one machine; "" if unknown
	Namespace string `json:"namespace,omitempty"` // in which ID counts; "" if unknown
}

// ThisProcess identifies the process that calls it.
var ThisProcess = sync.OnceValue(func() Process {
	p := Process{ID: os.Getpid(), Host: "an unknown host"}
	if host, err := os.Hostname(); err == nil {
		p.Host = host
	}
	p.Start = startOf(p.ID)
	if boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id"); err == nil {
		p.Boot = strings.TrimSpace(string(boot))
	}
	p.Namespace, _ = os.Readlink("/proc/self/ns/pid")
	return p
})

// SameSystem reports whether a process runs, or ran, on the running system that this one
// runs on, if perhaps in another container.
func (p Process) SameSystem() bool {
	this := ThisProcess()
	return p.Boot == this.Boot && (p.Boot != "" || p.Host == this.Host)
}

// Gone reports whether a process has ended. Of one on another machine or in another
// container it is not known, and taken to be false.
func (p Process) Gone() bool {
	this := ThisProcess()
	if p.ID < 1 || !p.SameSystem() || p.Host != this.Host || p.Namespace != this.Namespace {
		return false
	}
	if errors.Is(unix.Kill(p.ID, 0), unix.ESRCH) {
		return true
	}
	start := startOf(p.ID) // another process may have its number by now
	return start != "" && p.Start != "" && start != p.Start
}

// startOf is the 22nd field of /proc/PID/stat (man 5 proc); the second is a name in
// parentheses, which may hold anything.
func startOf(id int) string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", id))
	if err != nil {
		return ""
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < 20 {
		return ""
	}
	return fields[19]
}
