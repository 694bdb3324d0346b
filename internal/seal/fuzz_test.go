package seal

import (
	"encoding/json"
	"testing"
)

// What passes for sealed is an object with its right sum, and what is sealed passes.
func FuzzCheck(f *testing.F) {
	for _, form := range forms {
		f.Add([]byte(form.want), form.want)
	}
	f.Add([]byte(`,"sum":"`), "\"}\n")
	f.Fuzz(func(t *testing.T, data []byte, text string) {
		if Check(data) == nil {
			for _, e := range []ending{line, indented} {
				if at := len(data) - e.size(); at >= 0 && string(data[at:]) == e.before+Sum(data[:at])+e.after {
					return
				}
			}
			t.Errorf("%q has no sum of its own", data)
		}
		for _, seal := range []func(any) ([]byte, error){Line, Indent} {
			sealed, err := seal(map[string]string{"text": text})
			if err != nil || Check(sealed) != nil {
				t.Errorf("%q: %v, %v", sealed, err, Check(sealed))
			}
			if !json.Valid(sealed) {
				t.Errorf("%q is not JSON", sealed)
			}
		}
	})
}
