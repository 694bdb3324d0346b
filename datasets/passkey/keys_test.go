package passkey

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"

	"infinibench/datasets"
)

// Every key of the whole space is in one split, once, whatever the seed.
func TestKeysPartTheSpace(t *testing.T) {
	home := make([]datasets.Split, keySpace)
	sizes := map[datasets.Split]int{datasets.Train: 7000, datasets.Validation: 1000, datasets.Test: 2000}
	for split, size := range sizes {
		for seed := range uint64(5) {
			keys, err := Keys(split, rand.New(rand.NewPCG(seed, 0)))
			if err != nil || len(keys) != size {
				t.Fatalf("%s has %d keys, %v, want %d", split, len(keys), err, size)
			}
			seen := make([]bool, keySpace)
			for _, k := range keys {
				if seen[k] {
					t.Errorf("%s, seed %d: %v comes twice", split, seed, k)
				}
				seen[k] = true
				if home[k] != "" && home[k] != split {
					t.Errorf("%v is in %s and in %s", k, home[k], split)
				}
				home[k] = split
			}
		}
	}
	if free := slices.Index(home, ""); free >= 0 {
		t.Errorf("%v is in no split", Key(free))
	}
}

// The values come from a PCG-DXSM and a Fisher-Yates shuffle written in Python for this
// test. The keys of a split must not change between versions, or an old model would be
// tested on keys it was trained on.
func TestKeysAreFixed(t *testing.T) {
	tests := []struct {
		split datasets.Split
		first []Key // in order of size
		sum   int
	}{
		{datasets.Train, []Key{1, 2, 3, 4, 6, 7}, 35124114},
		{datasets.Validation, []Key{11, 37, 38, 44, 45, 51}, 4922362},
		{datasets.Test, []Key{0, 5, 8, 20, 21, 25}, 9948524},
	}
	for _, test := range tests {
		keys, err := Keys(test.split, rand.New(rand.NewPCG(7, 0)))
		if err != nil {
			t.Fatal(err)
		}
		if first := []Key{2667, 1331, 8433, 765, 836}; test.split == datasets.Test && !slices.Equal(keys[:5], first) {
			t.Errorf("seed 7 begins with %v, want %v", keys[:5], first)
		}
		sum := 0
		for _, k := range keys {
			sum += int(k)
		}
		slices.Sort(keys)
		if !slices.Equal(keys[:6], test.first) || sum != test.sum {
			t.Errorf("%s begins with %v and sums to %d, want %v and %d", test.split, keys[:6], sum, test.first, test.sum)
		}
	}
}

func TestKeysErrors(t *testing.T) {
	const want = `passkey: unknown split "dev"; use train, validation or test`
	if _, err := Keys("dev", rand.New(rand.NewPCG(1, 0))); err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestKeyIsWrittenInFull(t *testing.T) {
	for key, want := range map[Key]string{0: "0000", 7: "0007", 905: "0905", 9054: "9054"} {
		if key.String() != want {
			t.Errorf("%d is written %s, want %s", int(key), key, want)
		}
		if data, err := json.Marshal(key); err != nil || string(data) != `"`+want+`"` {
			t.Errorf("%d is %s in JSON, %v, want %q", int(key), data, err, want)
		}
		var back Key
		if err := json.Unmarshal([]byte(`"`+want+`"`), &back); err != nil || back != key {
			t.Errorf("%q is read as %v, %v", want, back, err)
		}
	}
	for _, wrong := range []string{`"905"`, `"90540"`, `"9o54"`, `"-054"`, `9054`} {
		var k Key
		if err := json.Unmarshal([]byte(wrong), &k); err == nil {
			t.Errorf("%s is read as %v", wrong, k)
		}
	}
}
