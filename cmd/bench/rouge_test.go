package main

import (
	"strings"
	"testing"
)

// Any line gives texts or an error.
func FuzzParsePair(f *testing.F) {
	for _, line := range []string{
		`{"target":"a b","prediction":"a"}`, `{"target":null,"prediction":""}`, `{"Target":"a","target":"b","prediction":"\ud800"}`, `[]`, `null`, "", `{"target":["a","b"],"prediction":"a"}`, `{"target":[null],"prediction":1}`, `{"target":{},"prediction":[]}`,
	} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		p, err := parsePair(line)
		if (err == nil) != (len(p.targets) > 0) || err != nil && p.prediction != "" {
			t.Errorf("%q: %q and %q besides %v", line, p.targets, p.prediction, err)
		}
		if err != nil && strings.Contains(err.Error(), "Go ") {
			t.Errorf("%q: %v names a type of Go", line, err)
		}
	})
}
