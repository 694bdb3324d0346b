package finite

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"testing"

	"infinibench/internal/jsonread"
)

type inner struct {
	Low *float64 `json:"low,omitempty"`
	P   float32  `json:"p"`
}

type outer struct {
	inner
	X      float64            `json:"x"`
	Rows   [][]float64        `json:"rows"`
	Pair   [2]float64         `json:"pair"`
	Any    any                `json:"any"`
	Named  map[string]float64 `json:"named"`
	Hidden float64            `json:"-"`
	Text   string             `json:"text"`
	N      int64              `json:"n,omitempty"`
}

var nan, inf = math.NaN(), math.Inf(1)

// The expected lines follow from encoding/json's rules, with null for each non-finite
// number.
func TestMarshal(t *testing.T) {
	low := -inf
	for _, test := range []struct {
		value any
		want  string
	}{
		{1.5, "1.5"}, {nan, "null"}, {inf, "null"}, {-inf, "null"}, {float32(inf), "null"}, {[]float64{1, nan}, "[1,null]"},
		{outer{
			inner: inner{Low: &low, P: float32(nan)}, X: inf, Rows: [][]float64{{1, nan}, nil}, Pair: [2]float64{nan, 2},
			Any: []any{inf, "a"}, Named: map[string]float64{"b": nan, "a": 1}, Hidden: nan, Text: "<NaN>",
		}, `{"low":null,"p":null,"x":null,"rows":[[1,null],null],"pair":[null,2],"any":[null,"a"],"named":{"a":1,"b":null},"text":"\u003cNaN\u003e"}`},
	} {
		got, err := Marshal(test.value)
		if err != nil || string(got) != test.want {
			t.Errorf("%v: %s, %v, want %s", test.value, got, err, test.want)
		}
		indented, err := MarshalIndent(test.value)
		var compact bytes.Buffer
		if err == nil {
			err = json.Compact(&compact, indented)
		}
		if err != nil || compact.String() != test.want {
			t.Errorf("%v, indented: %s, %v, want %s", test.value, indented, err, test.want)
		}
	}
}

func TestUnmarshal(t *testing.T) {
	var got outer
	if err := jsonread.Document([]byte(`{"low":null,"x":null,"rows":[[1,null],null],"pair":[null,2],"n":3,"named":{"b":null}}`), &got, NullIsNaN); err != nil {
		t.Fatal(err)
	}
	if got.Low != nil || !math.IsNaN(got.X) || got.Rows[0][0] != 1 || !math.IsNaN(got.Rows[0][1]) || got.Rows[1] != nil ||
		!math.IsNaN(got.Pair[0]) || got.Pair[1] != 2 || got.N != 3 || !math.IsNaN(got.Named["b"]) {
		t.Errorf("%+v", got)
	}
	var absent outer
	if err := jsonread.Document([]byte(`{}`), &absent, NullIsNaN); err != nil || absent.X != 0 {
		t.Errorf("what is absent is %g, %v, want 0", absent.X, err)
	}
}

func TestMissing(t *testing.T) {
	low := nan
	got := Missing(&outer{
		inner: inner{Low: &low}, X: inf, Rows: [][]float64{{1}, {2, nan}}, Pair: [2]float64{0, -inf},
		Any: nan, Named: map[string]float64{"b": nan, "a": nan, "c": 1}, Hidden: nan,
	})
	want := []string{"low", "x", "rows[1][1]", "pair[1]", "any", "named.a", "named.b"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// Finite values have the bytes of encoding/json and read back unchanged; all others are
// null.
func FuzzMarshal(f *testing.F) {
	for _, x := range []float64{0, math.Copysign(0, -1), 1, 1e-7, 1e21, 5e-324, math.MaxFloat64, 0.1, nan, inf} {
		f.Add(math.Float64bits(x), "<a> & \u2028\xff")
	}
	f.Fuzz(func(t *testing.T, bits uint64, text string) {
		x := math.Float64frombits(bits)
		v := outer{X: x, inner: inner{Low: &x, P: math.Float32frombits(uint32(bits))}, Rows: [][]float64{{x}, {}, nil}, Any: map[string]any{text: x}, Text: text}
		got, err := Marshal(v)
		if err != nil || !json.Valid(got) {
			t.Fatalf("%s, %v", got, err)
		}
		var back outer
		if err := jsonread.Document(got, &back, NullIsNaN); err != nil {
			t.Fatal(err)
		}
		if len(Missing(v)) > 0 {
			if Is(x) != Is(back.X) {
				t.Errorf("%g comes back as %g", x, back.X)
			}
			return
		}
		if back.X != x {
			t.Errorf("%g comes back as %g", x, back.X)
		}
		if want, err := json.Marshal(v); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s, encoding/json has %s, %v", got, want, err)
		}
		indented, err := MarshalIndent(v)
		if want, _ := json.MarshalIndent(v, "", "  "); err != nil || !bytes.Equal(indented, want) {
			t.Errorf("%s, %v, encoding/json has %s", indented, err, want)
		}
	})
}
