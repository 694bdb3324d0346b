package main

import "testing"

// Whatever a line holds, it is two texts or an error.
func FuzzParsePair(f *testing.F) {
	for _, line := range []string{
		`{"target":"a b","prediction":"a"}`, `{"target":null,"prediction":""}`, `{"Target":"a","target":"b","prediction":"\ud800"}`, `[]`, `null`, "",
	} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		target, prediction, err := parsePair(line)
		if err != nil && (target != "" || prediction != "") {
			t.Errorf("%q: %q and %q besides %v", line, target, prediction, err)
		}
	})
}
