package download

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/cenkalti/backoff/v5"
)

func TestRepeat(t *testing.T) {
	disk, stopped := errors.New("disk full"), errors.New("stopped by hand")
	tests := []struct {
		reason string
		errs   []error // of the tries, one after the other; then none
		stop   bool    // during the last of them
		tries  int
		want   string
	}{
		{reason: "at once", tries: 1},
		{reason: "third time", errs: []error{disk, disk}, tries: 3},
		{reason: "fifth and last", errs: []error{disk, disk, disk, disk}, tries: 5},
		{reason: "never", errs: []error{disk, disk, disk, disk, disk, disk}, tries: 5, want: "gave up after 5 tries: disk full"},
		{reason: "permanent", errs: []error{disk, backoff.Permanent(disk)}, tries: 2, want: "disk full"},
		{reason: "permanent the last time", errs: []error{disk, disk, disk, disk, backoff.Permanent(disk)}, tries: 5, want: "disk full"},
		// As http.Client wraps an error of its CheckRedirect: the address must not be lost.
		{reason: "permanent, wrapped", errs: []error{fmt.Errorf("Get URL: %w", backoff.Permanent(disk))}, tries: 1, want: "Get URL: disk full"},
		{reason: "stopped", errs: []error{disk, disk}, stop: true, tries: 2, want: "stopped by hand"},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			ctx, stop := context.WithCancelCause(t.Context())
			defer stop(nil)
			tries := 0
			err := (&Client{Pause: time.Microsecond}).Repeat(ctx, func() error {
				tries++
				if test.stop && tries == len(test.errs) {
					stop(stopped)
				}
				if tries > len(test.errs) {
					return nil
				}
				return test.errs[tries-1]
			})
			if got := fmt.Sprint(err); test.want != "" && got != test.want || test.want == "" && err != nil {
				t.Errorf("error %q, want %q", got, test.want)
			}
			if tries != test.tries {
				t.Errorf("%d tries, want %d", tries, test.tries)
			}
		})
	}
}
