package lease

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"

	"infinibench/internal/jsonread"
	"infinibench/internal/machine"
)

// Owner is the process that holds a directory.
type Owner struct {
	machine.Process
	Job          string    `json:"job,omitempty"` // of a batch system, such as "slurm 123_4"
	Began        time.Time `json:"began"`         // the process began, by its own clock
	Since        time.Time `json:"since"`         // it has held the directory, by the same
	LeaseSeconds float64   `json:"lease_seconds"`
	Device       uint64    `json:"device,omitempty"` // where it holds a kernel lock as well; 0 if it does not
}

// began is when this process began.
var began = time.Now().Truncate(time.Second)

// self is this process.
func self(period time.Duration, device uint64) Owner {
	return Owner{
		Process: machine.ThisProcess(), Job: job(os.Getenv),
		Began: began, Since: time.Now().Truncate(time.Second), LeaseSeconds: period.Seconds(), Device: device,
	}
}

// String names the owner in messages.
func (o Owner) String() string {
	if o.ID == 0 {
		return "which does not say who it is"
	}
	job := ""
	if o.Job != "" {
		job = ", job " + o.Job
	}
	return fmt.Sprintf("process %d on %s%s, since %s", o.ID, o.Host, job, o.Since.Format(time.RFC3339))
}

// Lease is the time without a sign of life after which it counts as dead.
func (o Owner) Lease() time.Duration {
	return time.Duration(min(max(0, o.LeaseSeconds), 24*3600) * float64(time.Second))
}

// dead reports whether the holder is known to have ended. If this process has just got the
// kernel lock that the holder took on the same mount of the same running system, the holder
// must have ended, even in another container.
func (o Owner) dead(device uint64) bool {
	return device != 0 && o.Device == device && o.SameSystem() || o.Gone()
}

// job is the name of the batch job that this process runs in, or "".
func job(env func(string) string) string {
	if id := env("SLURM_ARRAY_JOB_ID"); id != "" {
		return "slurm " + id + "_" + env("SLURM_ARRAY_TASK_ID")
	}
	for _, v := range []struct{ variable, system string }{
		{"SLURM_JOB_ID", "slurm"}, {"PBS_JOBID", "pbs"}, {"LSB_JOBID", "lsf"}, {"JOB_ID", "sge"}, {"JOB_COMPLETION_INDEX", "kubernetes index"},
	} {
		if id := env(v.variable); id != "" {
			return v.system + " " + id
		}
	}
	return ""
}

// maxOwner bounds what is read of an owner's file, in bytes.
const maxOwner = 64 << 10

// Holder returns the holder of a directory; found is false if there is none. An unreadable
// owner is zero. Holder does not check whether the owner is still alive: see [Owner.Gone].
func Holder(fsys fs.FS, dir string) (o Owner, found bool) {
	o, token, err := holder(fsys, dir)
	return o, err == nil && token != ""
}

func holder(fsys fs.FS, dir string) (o Owner, token string, err error) {
	entries, err := fs.ReadDir(fsys, path.Join(dir, ownerDir))
	if errors.Is(err, fs.ErrNotExist) {
		return Owner{}, "", nil
	}
	if err != nil {
		return Owner{}, "", err
	}
	for _, e := range entries {
		token = e.Name()
		break
	}
	if token == "" {
		return Owner{}, "", nil
	}
	name := path.Join(dir, ownerDir, token, ownFile)
	info, err := fs.Stat(fsys, name)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxOwner {
		return Owner{}, token, nil
	}
	data, err := fs.ReadFile(fsys, name)
	if err != nil || jsonread.Document(data, &o) != nil || o.ID < 1 { // kill(0) would ask about the whole group
		return Owner{}, token, nil
	}
	o.Host, o.Job = strings.TrimSpace(o.Host), strings.TrimSpace(o.Job)
	return o, token, nil
}

// Silent is how long the holder of a directory has shown no sign of life. The times that
// are compared may be of two clocks.
func Silent(fsys fs.FS, dir string, now time.Time) time.Duration {
	_, token, err := holder(fsys, dir)
	if err != nil || token == "" {
		return 0
	}
	info, err := fs.Stat(fsys, path.Join(dir, ownerDir, token, beatFile))
	if err != nil {
		return 0
	}
	return max(0, now.Sub(info.ModTime()))
}
