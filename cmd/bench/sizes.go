package main

import (
	"fmt"
	"strconv"
	"strings"
)

// tokensFlag is the type of every flag that takes a number of tokens. See parseTokens.
type tokensFlag int

func (f *tokensFlag) String() string { return strconv.Itoa(int(*f)) }
func (f *tokensFlag) Type() string   { return "tokens" }

func (f *tokensFlag) Set(text string) error {
	n, err := parseTokens(text)
	*f = tokensFlag(n)
	return err
}

// parseTokens parses a number of tokens: digits, optionally followed by K for 1,024 or M for
// 1,048,576.
func parseTokens(text string) (int, error) {
	const largest = 1 << 40 // months of work on any machine
	digits, unit := text, 1
	for letter, size := range map[string]int{"K": 1 << 10, "M": 1 << 20} {
		if cut, ok := strings.CutSuffix(strings.ToUpper(text), letter); ok {
			digits, unit = cut, size
		}
	}
	n, err := strconv.ParseUint(digits, 10, 62)
	if err != nil || n < 1 || n > largest/uint64(unit) {
		return 0, fmt.Errorf("%q is not a number of tokens such as 65536, 64K or 1M", text)
	}
	return int(n) * unit, nil
}
