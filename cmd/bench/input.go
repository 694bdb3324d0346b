package main

import (
	"errors"
	"io"
	"os"

	"infinibench/datasets"
)

// standardInput is the file name that means standard input.
const standardInput = "-"

// readText reads a whole file, or standard input, as a text.
func readText(env *environment, path string) (string, error) {
	if path != standardInput {
		return datasets.ReadText(path)
	}
	data, err := await(env.ctx, func() ([]byte, error) { return io.ReadAll(env.stdin) })
	if err != nil {
		return "", err
	}
	return datasets.CheckText("standard input", data)
}

// onceStandardInput refuses a list of files that names standard input twice: it would be
// empty the second time.
func onceStandardInput(files []string) error {
	seen := false
	for _, path := range files {
		if path == standardInput && seen {
			return usageError{errors.New("- is listed twice, but standard input can be read only once")}
		}
		seen = seen || path == standardInput
	}
	return nil
}

// openInput opens a file or standard input; name is its name in messages.
func openInput(env *environment, path string) (in io.ReadCloser, name string, err error) {
	if path == standardInput {
		return io.NopCloser(env.stdin), "standard input", nil
	}
	in, err = os.Open(path)
	return in, path, err
}
