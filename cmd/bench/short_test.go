//go:build !long

package main

// long is whether the tests may take hours.
const long = false
