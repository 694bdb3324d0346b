//go:build long

package experiments

// long is whether the tests may take hours.
const long = true
