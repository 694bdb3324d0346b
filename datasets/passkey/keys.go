package passkey

import (
	"fmt"
	"math/rand/v2"

	"infinibench/datasets"
)

// Digits is the length of a key. The paper's example has four digits; it does not say
// how long its other keys are.
const Digits = 4

const keySpace = 10_000 // 10^Digits

// Key is the number to find. It is written with leading zeros: 0 is 0000. Every digit
// of a uniformly drawn key is therefore uniform, and the chance of guessing it is
// exactly one in ten.
type Key int

// String returns all digits.
func (k Key) String() string { return fmt.Sprintf("%0*d", Digits, int(k)) }

// MarshalText writes all digits, also in JSON.
func (k Key) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (k *Key) UnmarshalText(text []byte) error {
	n := 0
	for _, c := range text {
		if c < '0' || c > '9' {
			return fmt.Errorf("passkey: key %q is not all digits", text)
		}
		n = 10*n + int(c-'0')
	}
	if len(text) != Digits {
		return fmt.Errorf("passkey: key %q does not have %d digits", text, Digits)
	}
	*k = Key(n)
	return nil
}

// Keys returns all keys of a split, each once, in an order drawn from r. The splits are
// disjoint and fixed: 7,000 keys for training, 1,000 for validation and 2,000 for
// tests.
//
// One fixed shuffle assigns them. A rule on the digits, such as their sum, would let a
// model that has seen the training keys rule out the right answer to a test.
func Keys(split datasets.Split, r *rand.Rand) ([]Key, error) {
	all := rand.New(rand.NewPCG(0x70617373, 0x6b6579)).Perm(keySpace)
	var part []int
	switch split {
	case datasets.Train:
		part = all[:7000]
	case datasets.Validation:
		part = all[7000:8000]
	case datasets.Test:
		part = all[8000:]
	default:
		return nil, fmt.Errorf("passkey: unknown split %q; use train, validation or test", split)
	}
	keys := make([]Key, len(part))
	for i, place := range r.Perm(len(part)) {
		keys[i] = Key(part[place])
	}
	return keys, nil
}
