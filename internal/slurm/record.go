package slurm

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"infinibench/internal/atomicfile"
	"infinibench/internal/seal"
)

// Submission is what one call has submitted, as its folder keeps it.
type Submission struct {
	Folder    string    `json:"-"`
	Submitted time.Time `json:"submitted"`
	Jobs      []Job     `json:"jobs"`
	Report    string    `json:"report"` // id of the job that writes the report; "" if it was not submitted
}

// Job is a submitted array.
type Job struct {
	ID string `json:"id"`
	Array
}

const recordFile = "submission.json"

// Save writes a submission to its folder.
func (s *Submission) Save() error {
	data, err := seal.Indent(s)
	if err != nil {
		return err
	}
	return atomicfile.Write(filepath.Join(s.Folder, recordFile), data)
}

// Submissions reads all submissions below a folder, which need not exist, in their order.
func Submissions(dir string) ([]*Submission, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	numbers := map[*Submission]int{}
	var all []*Submission
	for _, e := range entries {
		n, err := strconv.Atoi(e.Name())
		if err != nil || !e.IsDir() {
			continue
		}
		path := filepath.Join(dir, e.Name(), recordFile)
		data, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue // its call was killed before it submitted anything
		}
		if err != nil {
			return nil, err
		}
		s := &Submission{Folder: filepath.Join(dir, e.Name())}
		if err := seal.Unmarshal(data, s); err != nil {
			return nil, fmt.Errorf("slurm: %s: %w; its jobs are unknown: see squeue, and delete the file", path, err)
		}
		numbers[s] = n
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b *Submission) int { return cmp.Compare(numbers[a], numbers[b]) })
	return all, nil
}

// NewFolder makes the folder of the next submission: 1, 2, 3, …
func NewFolder(dir string) (string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	last := 0
	for _, e := range entries {
		if n, err := strconv.Atoi(e.Name()); err == nil {
			last = max(last, n)
		}
	}
	path := filepath.Join(dir, strconv.Itoa(last+1))
	return path, os.Mkdir(path, 0o755)
}

// Task is the name of an array's n-th task, as in "123_4".
func (j Job) Task(n int) string { return fmt.Sprintf("%s_%d", j.ID, n) }

// Want is the resources that a task ran out of.
type Want struct{ Memory, Time bool }

// What slurmstepd, the kernel and Go write to the log of a job, and what sacct says.
var (
	memoryWanted = regexp.MustCompile(`(?i)oom.?kill|out of memory|exceeded (job|step|its)? ?memory limit|OUT_OF_ME`)
	timeWanted   = regexp.MustCompile(`(?i)DUE TO TIME LIMIT|^TIMEOUT`)
)

// logTail bounds what is read of a log, in bytes.
const logTail = 64 << 10

// Wanted returns the resources that a task ran out of, according to its log since its last
// start and its accounting state, "" if there is none.
func (s *Submission) Wanted(task, state string) Want {
	text := tail(filepath.Join(s.Folder, task+".log"))
	if i := strings.LastIndex(text, " start "); i >= 0 {
		text = text[i:]
	}
	return Want{
		Memory: memoryWanted.MatchString(text) || memoryWanted.MatchString(state),
		Time:   timeWanted.MatchString(text) || timeWanted.MatchString(state),
	}
}

// tail is the end of a file, "" if it cannot be read.
func tail(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return ""
	}
	data := make([]byte, min(info.Size(), logTail))
	if _, err := f.ReadAt(data, info.Size()-int64(len(data))); err != nil {
		return ""
	}
	return string(data)
}
