//go:build !linux && !darwin

package machine

import "time"

func peakRSS() int64 { return 0 }

func rss() int64 { return 0 }

func totalMemory() int64 { return 0 }

// Other systems do not enforce these limits, or not as Linux does.
func spaceLimits() []spaceLimit { return nil }

// The system does not say without cgo.
func processorTime() (busy, own time.Duration, known bool) { return 0, 0, false }
