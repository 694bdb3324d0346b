package results

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Owner is the process that a lock file names.
type Owner struct {
	Process int
	Host    string
	Since   time.Time // when it took the lock, to the second
}

// ParseOwner parses the content of a lock file; found is false if it names no owner.
func ParseOwner(text string) (o Owner, found bool) {
	rest, ok := strings.CutPrefix(text, "process ")
	process, rest, ok2 := strings.Cut(rest, " on ")
	host, since, ok3 := strings.Cut(rest, ", since ")
	if !ok || !ok2 || !ok3 {
		return Owner{}, false
	}
	if _, err := fmt.Sscanf(process, "%d", &o.Process); err != nil || o.Process < 1 {
		return Owner{}, false
	}
	var err error
	if o.Since, err = time.Parse(time.RFC3339, since); err != nil {
		return Owner{}, false
	}
	o.Host = host
	return o, true
}

// Gone says that the process has ended without giving the lock back, as after
// SIGKILL. Of a process on another host it cannot be known, and is taken to be false.
// The lock itself is not asked: whoever tries it holds it for a moment.
func (o Owner) Gone() bool {
	host, err := os.Hostname()
	return err == nil && host == o.Host && errors.Is(unix.Kill(o.Process, 0), unix.ESRCH)
}
