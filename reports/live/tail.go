package live

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"infinibench/internal/results"
)

// tail reads a log that grows, each line once.
type tail struct {
	info   fs.FileInfo
	offset int64                 // of the first byte after the whole lines that were read
	lines  int                   // of these
	bad    int                   // of these: damaged
	step   func(results.LogLine) // nil: the lines are only counted

	curve curve
	speed speed
}

const (
	maxLine = 64 << 10 // bytes of a line of a training log; they have about 250
)

// tail reads the current log, nil if it is missing, and adds a warning for each fault.
// Lines of a log that is only counted may have any length.
func (v *view) tail(name string, training bool) *tail {
	t, err := v.follow(name, training)
	if err != nil {
		v.warn(name, err)
		return nil
	}
	if t.bad > 0 {
		v.warn(name, fmt.Errorf("%d damaged lines: left out", t.bad))
	}
	v.logs[name] = t
	return t
}

func (v *view) follow(name string, training bool) (*tail, error) {
	info, err := regular(v.root, name)
	if err != nil {
		return nil, err
	}
	if info.Size() > results.MaxFile {
		return nil, fmt.Errorf("larger than %d MiB, which no log should be", results.MaxFile>>20)
	}
	f, err := v.root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err = f.Stat(); err != nil { // of what was opened, if it has just been replaced
		return nil, err
	}
	t := v.before.logs[name]
	if t == nil || !os.SameFile(t.info, info) || info.Size() < t.offset {
		t = &tail{curve: curve{per: 1}} // another file: a resumed run rewrites its log
		if training {
			t.step = t.add
		}
	}
	t.info = info
	if info.Size() == t.offset {
		return t, nil
	}
	if _, err := f.Seek(t.offset, io.SeekStart); err != nil {
		return nil, err
	}
	return t, t.read(io.LimitReader(f, results.MaxFile))
}

// read consumes the complete lines; the last line may still be being written, or torn by a
// kill.
func (t *tail) read(r io.Reader) error {
	lines := bufio.NewReaderSize(r, maxLine)
	length, long := int64(0), false // of the line at hand
	for {
		part, err := lines.ReadSlice('\n')
		length += int64(len(part))
		if errors.Is(err, bufio.ErrBufferFull) {
			long = true
			continue
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		t.lines++
		t.offset += length
		if t.step != nil {
			if line, err := results.Parse[results.LogLine](part); long || err != nil {
				t.bad++
			} else {
				t.step(line)
			}
		}
		length, long = 0, false
	}
}

func (t *tail) add(line results.LogLine) {
	t.curve.add(line.Step, line.Loss)
	t.speed.add(line.Step, line.Seconds)
}
