package seal

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
)

type point struct {
	X int     `json:"x"`
	Y float64 `json:"y"`
}

// The sums come from sha256sum: printf '{"x":1,"y":2.5' | sha256sum, and
// printf '{\n  "x": 1,\n  "y": 2.5' | sha256sum.
var forms = []struct {
	make func(any) ([]byte, error)
	want string
}{
	{Line, `{"x":1,"y":2.5,"sum":"174ea92a49dd91e1"}` + "\n"},
	{Indent, "{\n  \"x\": 1,\n  \"y\": 2.5,\n  \"sum\": \"6dba948467c0605c\"\n}\n"},
}

func TestForms(t *testing.T) {
	for _, form := range forms {
		data, err := form.make(point{1, 2.5})
		if err != nil || string(data) != form.want {
			t.Errorf("got %q, want %q; %v", data, form.want, err)
		}
		var p point
		if err := Unmarshal([]byte(form.want), &p); err != nil || p != (point{1, 2.5}) {
			t.Errorf("read %+v, %v", p, err)
		}
		// Other programs need not know of the sum.
		if err := json.Unmarshal([]byte(form.want), &p); err != nil {
			t.Error(err)
		}
	}
}

// TestEveryBit: any flipped bit, any cut, anything added or doubled is damage.
func TestEveryBit(t *testing.T) {
	tried := 0
	for _, form := range forms {
		refused := func(what string, data string) {
			t.Helper()
			tried++
			var p point
			if err := Unmarshal([]byte(data), &p); !errors.As(err, new(*Damage)) || p != (point{}) {
				t.Errorf("%s: %q was read as %+v, %v", what, data, p, err)
			}
		}
		for i := range form.want {
			for bit := range 8 {
				data := []byte(form.want)
				data[i] ^= 1 << bit
				refused("flipped", string(data))
			}
			refused("cut off", form.want[:i])
			refused("cut at the front", form.want[i+1:])
			refused("cut out", form.want[:i]+form.want[i+1:])
			refused("put in", form.want[:i]+" "+form.want[i:])
		}
		refused("added", form.want+"\n")
		refused("doubled", form.want+form.want)
	}
	t.Logf("%d kinds of damage, all refused", tried)
}

// A number that is not finite is null in a sealed object, and NaN when it is read.
func TestNotFinite(t *testing.T) {
	for _, y := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		for _, form := range forms {
			data, err := form.make(point{3, y})
			if err != nil || !strings.Contains(strings.ReplaceAll(string(data), " ", ""), `"y":null`) {
				t.Errorf("%g: %q, %v", y, data, err)
			}
			var p point
			if err := Unmarshal(data, &p); err != nil || p.X != 3 || !math.IsNaN(p.Y) {
				t.Errorf("%g: %q is read as %v, %v", y, data, p, err)
			}
		}
	}
}

func TestRefuses(t *testing.T) {
	for _, test := range []struct {
		value any
		want  string
	}{
		{[]int{1}, "is not an object with fields"},
		{struct{}{}, "is not an object with fields"},
		{struct{ F func() }{}, "unsupported type"},
	} {
		for _, form := range forms {
			if data, err := form.make(test.value); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v: %q, %v, want an error with %q", test.value, data, err, test.want)
			}
		}
	}
}

// Whatever is accepted ends with the checksum of the bytes before it.
func FuzzUnmarshal(f *testing.F) {
	for _, form := range forms {
		f.Add([]byte(form.want))
		f.Add([]byte(form.want[1:]))
	}
	f.Add([]byte(`,"sum":"e3b0c44298fc1c14"}` + "\n")) // of nothing: damaged JSON under a right sum
	f.Fuzz(func(t *testing.T, data []byte) {
		var p point
		if Unmarshal(data, &p) != nil {
			return
		}
		at := strings.LastIndex(string(data), ",")
		if !strings.Contains(string(data[at:]), Sum(data[:at])) {
			t.Errorf("%q was accepted", data)
		}
	})
}
