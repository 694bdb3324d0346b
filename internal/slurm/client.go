package slurm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// TimeoutVariable names the environment variable with the time that a command of Slurm may
// take, for controllers that need longer than a minute.
const TimeoutVariable = "INFINIBENCH_SLURM_TIMEOUT"

// Client calls the commands of Slurm.
type Client struct{ limit time.Duration }

// NewClient returns a client with the time limit of the environment.
func NewClient() (Client, error) {
	c := Client{limit: time.Minute}
	if text := os.Getenv(TimeoutVariable); text != "" {
		var err error
		if c.limit, err = time.ParseDuration(text); err != nil || c.limit <= 0 {
			return c, fmt.Errorf("%s is %q, want a time such as 5m", TimeoutVariable, text)
		}
	}
	return c, nil
}

// call runs a command and returns its output. The error is one line: the command's message, or
// that the command is missing or does not answer.
func (c Client) call(ctx context.Context, name string, args ...string) (string, error) {
	within, cancel := context.WithTimeout(ctx, c.limit)
	defer cancel()
	cmd := exec.CommandContext(within, name, args...)
	cmd.WaitDelay = time.Second // its children may hold the pipes
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	err := cmd.Run()
	switch {
	case err == nil:
		return out.String(), nil
	case errors.Is(err, exec.ErrNotFound):
		return "", fmt.Errorf("there is no %s here: this is not a machine of a Slurm cluster, or its module is not loaded", name)
	case ctx.Err() != nil:
		return "", context.Cause(ctx)
	case within.Err() != nil:
		return "", fmt.Errorf("%s did not answer within %v: the controller may be down or busy; try again later", name, c.limit)
	}
	if text := lastLine(said.String() + "\n" + out.String()); text != "" {
		return "", fmt.Errorf("%s refused: %s", name, strings.TrimPrefix(strings.TrimPrefix(text, name+": "), "error: "))
	}
	return "", fmt.Errorf("%s failed: %w", name, err)
}

// lastLine is the last line that says anything: Slurm's commands end with the reason.
func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}

// Submit submits a script and returns the id of its job. The job starts after the given jobs
// have ended, in whatever state.
func (c Client) Submit(ctx context.Context, script string, after []string) (id string, err error) {
	args := []string{"--parsable"}
	if len(after) > 0 {
		args = append(args, "--dependency=afterany:"+strings.Join(after, ":"))
	}
	out, err := c.call(ctx, "sbatch", append(args, script)...)
	if err != nil {
		return "", err
	}
	id, _, _ = strings.Cut(lastLine(out), ";") // ID;CLUSTER
	if _, err := strconv.ParseUint(id, 10, 64); err != nil {
		return "", fmt.Errorf("sbatch printed %q, want the number of a job", lastLine(out))
	}
	return id, nil
}

// Queued returns the user's tasks that are waiting or running, by "JOB_TASK", or "JOB" for a
// job without tasks, with their states.
func (c Client) Queued(ctx context.Context) (map[string]string, error) {
	out, err := c.call(ctx, "squeue", "--noheader", "--array", "--user="+strconv.Itoa(os.Getuid()), "--format=%F|%K|%T")
	if err != nil {
		return nil, err
	}
	tasks := map[string]string{}
	for line := range strings.Lines(out) {
		fields := strings.Split(strings.TrimSpace(line), "|")
		if len(fields) != 3 {
			return nil, fmt.Errorf("squeue printed %q, want JOB|TASK|STATE", strings.TrimSpace(line))
		}
		name := fields[0]
		if fields[1] != "N/A" {
			name += "_" + fields[1]
		}
		tasks[name] = fields[2]
	}
	return tasks, nil
}

// Cancel cancels jobs with all their tasks.
func (c Client) Cancel(ctx context.Context, ids []string) error {
	_, err := c.call(ctx, "scancel", ids...)
	return err
}

// Ended returns how tasks have ended, by "JOB_TASK", as far as accounting knows. Many
// clusters have none, and a task may be missing: nothing depends on it alone.
func (c Client) Ended(ctx context.Context, ids []string) map[string]string {
	ended := map[string]string{}
	if len(ids) == 0 {
		return ended
	}
	out, err := c.call(ctx, "sacct", "--allocations", "--noheader", "--parsable2", "--format=JobID,State", "--jobs="+strings.Join(ids, ","))
	if err != nil {
		return ended
	}
	for line := range strings.Lines(out) {
		if id, state, found := strings.Cut(strings.TrimSpace(line), "|"); found {
			ended[id] = state
		}
	}
	return ended
}
