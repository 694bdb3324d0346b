// Package slurm runs lists of work on a Slurm cluster: it groups them into the tasks of job
// arrays, writes the scripts, and calls sbatch, squeue, scancel and, where accounting is on,
// sacct. It needs no running process: files record the submissions.
package slurm

import (
	"cmp"
	"slices"
	"time"
)

// Cell is a piece of work that runs on its own.
type Cell struct {
	Name    string
	Seconds float64 // estimated
	Bytes   int64   // estimated, all of the process

	// The minimum to request, since an earlier job ran out of less.
	LeastMiB, LeastSeconds int64
}

// Task is what one task of an array does, one cell after the other.
type Task struct {
	Cells   []string `json:"cells"`
	Seconds float64  `json:"seconds"`                 // estimated
	Least   int64    `json:"least_seconds,omitempty"` // the largest LeastSeconds of its cells
}

// Array is a job array: all its tasks request the same resources.
type Array struct {
	Tasks []Task `json:"tasks"`
	Ask
}

// Ask is the resources that each task of an array requests.
type Ask struct {
	CPUs    int   `json:"cpus"`
	MiB     int64 `json:"mib"`
	Limit   int64 `json:"limit_seconds"`
	Workers int   `json:"workers"` // cells at the same time
}

// Time is the time limit.
func (a Ask) Time() time.Duration { return time.Duration(a.Limit) * time.Second }

// Head-room: an estimate may be off, and another machine may be slower.
const (
	timeRoom   = 2
	memoryRoom = 1.3
	startUp    = 10 * time.Minute // for a slow file system, and the two minutes before the end
)

// largestArray is Slurm's default MaxArraySize less one, the highest index.
const largestArray = 1000

// Limits are the user's limits; the zero value has none.
type Limits struct {
	Task    time.Duration // estimated time of a task, into which short cells are grouped
	Time    time.Duration // that each task asks for; 0: from the estimate
	MiB     int64         // the same of memory
	CPUs    int           // of a task
	Workers int           // cells that a task makes at the same time
}

// Pack groups cells into tasks of about one duration, and the tasks into arrays whose cells
// need about the same memory. A longer cell gets its own task. Pack keeps the order of the
// cells where possible.
func Pack(cells []Cell, l Limits) []Array {
	classes := map[int64][]Cell{}
	for _, c := range cells {
		class := l.MiB
		if class == 0 {
			class = memoryClass(max(float64(c.Bytes)*memoryRoom/(1<<20), float64(c.LeastMiB)))
		}
		classes[class] = append(classes[class], c)
	}
	var all []Array
	for class, cells := range classes {
		ask := Ask{CPUs: l.CPUs, MiB: class, Workers: l.Workers}
		if l.MiB == 0 {
			ask.MiB *= int64(l.Workers)
		}
		tasks := pack(cells, l.Task.Seconds()*float64(l.Workers))
		for part := range slices.Chunk(tasks, largestArray) {
			a := Array{Tasks: part, Ask: ask}
			limit := l.Time
			for _, t := range part {
				if l.Time == 0 {
					limit = max(limit, timeFor(t.Seconds/float64(l.Workers)), time.Duration(t.Least)*time.Second)
				}
			}
			a.Limit = int64(limit / time.Second)
			all = append(all, a)
		}
	}
	slices.SortStableFunc(all, func(a, b Array) int { return cmp.Compare(a.MiB, b.MiB) })
	return all
}

func pack(cells []Cell, seconds float64) (tasks []Task) {
	var t Task
	for _, c := range cells {
		if len(t.Cells) > 0 && t.Seconds+c.Seconds > seconds {
			tasks = append(tasks, t)
			t = Task{}
		}
		t.Cells, t.Seconds, t.Least = append(t.Cells, c.Name), t.Seconds+c.Seconds, max(t.Least, c.LeastSeconds)
	}
	if len(t.Cells) > 0 {
		tasks = append(tasks, t)
	}
	return tasks
}

// memoryClass rounds up to 1, 2, 4, 8, … GiB, or to three quarters of these, so that cells
// of about the same size share an array. Both are in MiB.
func memoryClass(mib float64) int64 {
	for class := int64(1024); ; class *= 2 {
		if three := class * 3 / 4; class > 1024 && mib <= float64(three) {
			return three
		}
		if mib <= float64(class) {
			return class
		}
	}
}

// timeFor rounds up to ten minutes.
func timeFor(seconds float64) time.Duration {
	const unit = 10 * time.Minute
	d := time.Duration(seconds*timeRoom*float64(time.Second)) + startUp
	return (d + unit - 1) / unit * unit
}

// Raise requests at least as much as the last task of a cell did, and twice as much of the
// resource that the task ran out of.
func (c *Cell) Raise(w Want, t Task, last Ask) {
	c.LeastMiB, c.LeastSeconds = last.MiB/int64(max(1, last.Workers)), t.Least
	if w.Memory {
		c.LeastMiB *= 2
	}
	if w.Time {
		c.LeastSeconds = 2 * last.Limit
	}
}
