package reports

import (
	"strings"
	"testing"
)

// By hand: two of the version strings that git describe writes, a pseudo-version of the go
// command, and two without a commit.
func TestCommitOf(t *testing.T) {
	for version, want := range map[string]string{
		"6ee4525": "6ee4525", "v0.1.0-12-g6ee4525-dirty": "6ee4525", "v0.0.0-20261129094512-6ee45250ab12+dirty": "6ee45250ab12", "v0.1.0": "", "unknown": "",
	} {
		got := ""
		if found := commitOf.FindStringSubmatch(version); found != nil {
			got = found[1]
		}
		if got != want {
			t.Errorf("%s: commit %q, want %q", version, got, want)
		}
	}
}

func TestCite(t *testing.T) {
	run := fixture()
	run.Profile = "my_profile & more"
	run.Records[0].Result.Environment.CPU = "Another processor"
	run.Records[3].Timing.Finished, run.Records[1].Timing.Finished = "2026-11-29", "2026-11-28"
	d, err := New(run)
	if err != nil {
		t.Fatal(err)
	}
	c := d.Cite
	if c.Version != "v0.1.0" || c.Date != "2026-11-29" || c.Command != "make reproduce PROFILE=my_profile & more" ||
		c.Machine != "A processor, 2 threads, linux/amd64, OpenBLAS 0.3.21, go1.26.0, and 1 other environment (see Settings)" {
		t.Errorf("%+v", c)
	}
	for _, part := range []string{"@misc{infinibench-" + c.Hash + ",\n", `run my\_profile \& more}`, "year = {2026}", "date = {2026-11-29}"} {
		if !strings.Contains(c.BibTeX, part) {
			t.Errorf("no %q in\n%s", part, c.BibTeX)
		}
	}
	// The hash follows the settings of the cells, not their order, and not their results.
	same, other := fixture(), fixture()
	same.Records[0], same.Records[1] = same.Records[1], same.Records[0]
	same.Records[2].Result.Perplexity.Intact.TokenPPL++
	other.Records[0].Result.ConfigHash = "another"
	if configurations(same.Records) != c.Hash || configurations(other.Records) == c.Hash {
		t.Errorf("hashes %s, %s of other settings, want %s", configurations(same.Records), configurations(other.Records), c.Hash)
	}
}
