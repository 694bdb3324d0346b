package reports

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"infinibench/internal/results"
)

// Load must return what was written, in the order of the directories' names.
func TestLoadReadsBack(t *testing.T) {
	want := fixture()
	got, err := Load(save(t, want))
	if err != nil {
		t.Fatal(err)
	}
	keys := func(run *Run) (keys []string) {
		for _, r := range run.Records {
			keys = append(keys, r.Key)
		}
		return keys
	}
	if !strings.HasPrefix(keys(got)[0], "cost-full-attention") {
		t.Errorf("first record is %s, want the first name in sorted order", keys(got)[0])
	}
	byKey := map[string]Record{}
	for _, r := range got.Records {
		byKey[r.Key] = r
	}
	for _, w := range want.Records {
		if diff := cmp.Diff(w, byKey[w.Key]); diff != "" {
			t.Fatalf("%s (-want +got):\n%s", w.Key, diff)
		}
	}
	if len(got.Records) != len(want.Records) || got.Profile != "quick" || len(got.Warnings) != 0 {
		t.Errorf("%d records, profile %q, warnings %q", len(got.Records), got.Profile, got.Warnings)
	}
	if diff := cmp.Diff(want.Planned, got.Planned); diff != "" {
		t.Error(diff)
	}
}

func TestLoadWarnsOfDamage(t *testing.T) {
	run := fixture()
	dir := save(t, run)
	cell := func(i int, name string) string { return filepath.Join(dir, run.Records[i].Key, name) }
	putFile(t, cell(0, "result.json"), []byte("{"))
	putFile(t, cell(1, "result.json"), sealed(`{"version": 9}`))
	putFile(t, cell(2, "result.json"), sealed(`{"version": 1, "status": "done", "cell": {"experiment": "perplexity"}}`))
	putFile(t, cell(3, "result.json"), sealed(`{"version": 1, "status": "done", "cell": {"experiment": "perplexity"}, "perplexity": {"intact": {"token_perplexity": 0}}}`))
	putFile(t, cell(4, "result.json"), sealed(`{"version": 1, "status": "half"}`))
	putFile(t, cell(7, "result.json"), sealed(`{"version": 1, "status": "done", "cell": {"experiment": "dictation"}}`))
	putFile(t, cell(5, "timing.json"), sealed(`{"train_seconds":"1"}`))
	putFile(t, cell(6, "metrics.jsonl"), sealed("{\"step\":1}\nrubbish\n{\"step\":2}\n{\"step\":3,\"lo"))
	putFile(t, filepath.Join(dir, "plan.json"), []byte("no"))
	raw, err := os.ReadFile(cell(8, "result.json"))
	if err != nil {
		t.Fatal(err)
	}
	putFile(t, filepath.Join(dir, "zz-copy", "result.json"), raw)

	got, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"plan.json: damaged: it does not end with its checksum",
		"perplexity-novel-infini-delta-1024-1/metrics.jsonl: line 2 is damaged: left out",
		"perplexity-novel-infini-delta-1024-2/result.json: experiment \"dictation\": this program has none of that name",
		"perplexity-novel-infini-linear-1024-1/result.json: perplexity.intact.token_perplexity 0: want a positive number",
		"perplexity-novel-infini-linear-1024-2/result.json: status \"half\": want \"done\" or \"failed\"",
		"perplexity-novel-infini-linear-1024-3/timing.json: column 18: \"train_seconds\": got a string, want a number",
		"perplexity-novel-local-only-1024-1/result.json: damaged: it does not end with its checksum",
		"perplexity-novel-local-only-1024-2/result.json: version 9: this program reads version 1",
		"perplexity-novel-local-only-1024-3/result.json: status is done but there is no perplexity",
		"zz-copy/result.json: the same cell as perplexity-novel-infini-delta-1024-3: left out",
	}
	if diff := cmp.Diff(want, got.Warnings); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
	if len(got.Records) != len(run.Records)-6 {
		t.Errorf("%d records, want %d: the sound ones must stay", len(got.Records), len(run.Records)-6)
	}
}

func TestLoadNothing(t *testing.T) {
	dir := t.TempDir()
	_, err := Load(dir)
	if want := "reports: " + dir + " holds no <cell>/result.json: run the experiments first"; err == nil || err.Error() != want {
		t.Errorf("empty directory: error %v, want %s", err, want)
	}
	if _, err := Load(filepath.Join(dir, "absent")); err == nil || !strings.HasPrefix(err.Error(), "reports: no run to report on: ") {
		t.Errorf("absent directory: error %v", err)
	}
}

// A bracket is a pattern character; a run may still lie in such a directory.
func TestLoadDirectoryWithPatternCharacters(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a[b]*")
	putFile(t, filepath.Join(dir, "cell", "result.json"), sealed(`{"version":1,"status":"failed"}`))
	run, err := Load(dir)
	if err != nil || len(run.Records) != 1 {
		t.Fatalf("Load = %+v, %v", run, err)
	}
}

// Whatever parses as a result must also go through the report.
func FuzzParseResult(f *testing.F) {
	f.Add([]byte(`{"version":1,"status":"failed","cell":{"experiment":"perplexity","corpus":"novel"},"error":"x"}`))
	f.Add([]byte(`{"version":1,"status":"done","cell":{"experiment":"perplexity"},"gates":[[],[0.5]],"perplexity":{"intact":{"token_perplexity":3},"positions":[{"tokens":0}],"classes":[{"class":"a"}]}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		result, err := parseResult(sealed(string(raw)))
		if err != nil {
			return
		}
		run := &Run{Records: []Record{{Key: "k", Result: result}}, Planned: []results.Cell{result.Cell, {}}}
		if _, err := pageOf(run, nil); err != nil {
			t.Fatal(err)
		}
	})
}
