package experiments

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"infinibench/internal/results"
	"infinibench/models"
	"infinibench/models/pretrained"
	"infinibench/models/pretrained/pretrainedtest"
)

// adaptive is the smoke profile with this experiment alone and one seed.
func adaptive(t *testing.T) *Profile {
	t.Helper()
	p, err := LoadProfile("smoke")
	if err != nil {
		t.Fatal(err)
	}
	p.Seeds, p.SaveEvery = []uint64{1}, 2
	p.Perplexity, p.Passkey, p.Booksum = nil, results.PasskeySettings{}, results.BooksumSettings{}
	p.Recall, p.Cost = results.RecallSettings{}, results.CostSettings{}
	return p
}

// adaptOutcome is every file of a run that must not depend on interruptions.
func adaptOutcome(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, pattern := range []string{"plan.json", "*/result.json", "*/config.yaml", "*/checkpoint/*", "*/checkpoint/*/*", "*/folder/*", "*/own-*"} {
		paths, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			if info, err := os.Stat(path); err == nil && info.IsDir() {
				continue
			}
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			files[strings.TrimPrefix(path, dir)] = string(data)
		}
	}
	return files
}

// TestAdapt runs the cells of a seed with two workers, one of which waits for the base that
// the other trains. It checks the properties of the rows that hold for any weights.
func TestAdapt(t *testing.T) {
	p := adaptive(t)
	o := Options{Profile: p, Runs: shm(t), Version: "test", Workers: 2, Observe: func(e Event) {
		if e.Err != nil {
			t.Error(e.Err)
		}
	}}
	if summary, err := Run(context.Background(), o); err != nil || summary.Done != 3 {
		t.Fatalf("%+v, %v", summary, err)
	}
	all := map[string]*results.Adapt{}
	for _, c := range p.Cells() {
		r, found := cellFiles(filepath.Join(o.Directory(), c.Key())).result(hashOf(c.Settings))
		if !found || r.Adapt == nil {
			t.Fatalf("%s has no result", c.Key())
		}
		all[c.Model] = r.Adapt
	}
	var got []string
	for _, model := range []string{"local-only", "infini-linear", "infini-delta"} {
		for _, r := range all[model].Rows {
			way := ""
			if r.Way != nil {
				way = fmt.Sprintf(" %g %s", r.Way.GateInit, r.Way.Train)
			}
			got = append(got, fmt.Sprintf("%s %s %d%s shut:%t zeroed:%t shuffled:%t", model, r.Kind, r.Segment, way, r.Shut != nil, r.Score.Zeroed != nil, r.Score.Shuffled != nil))
			if n := int64(4 * 255); r.Score.Intact.Tokens != n { // four documents of 256 tokens, the first of each not scored
				t.Errorf("%s %s: %d tokens, want %d", model, r.Kind, r.Score.Intact.Tokens, n)
			}
			if r.Own.Tokens != 4*64 { // own_texts × own_tokens
				t.Errorf("%s %s: %d own tokens", model, r.Kind, r.Own.Tokens)
			}
		}
		if all[model].Base != all["local-only"].Base {
			t.Errorf("%s starts from another base: %+v", model, all[model].Base)
		}
	}
	want := []string{
		"local-only context 32 shut:false zeroed:false shuffled:false",
		"local-only cut 16 shut:false zeroed:false shuffled:false",
		"local-only trained 16 0 all shut:false zeroed:false shuffled:false",
		"local-only trained 16 0 gates-and-norms shut:false zeroed:false shuffled:false",
	}
	for _, model := range []string{"infini-linear", "infini-delta"} {
		for _, row := range []string{"plugged 16 0 ", "plugged 16 -2 "} {
			want = append(want, model+" "+row+" shut:false zeroed:false shuffled:false")
		}
		for _, row := range []string{"trained 16 0 all", "trained 16 -2 gates-and-norms"} {
			want = append(want, model+" "+row+" shut:true zeroed:true shuffled:true")
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	// While the memory is empty an ungated start leaves the gate out, so that a model that
	// reads an empty memory everywhere is one whose gates are shut.
	for _, model := range []string{"infini-linear", "infini-delta"} {
		for _, r := range all[model].Rows {
			if r.Kind == results.AdaptTrained && r.Shut.Intact.NLL != r.Score.Zeroed.NLL {
				t.Errorf("%s: %v with shut gates, %v with an empty memory", model, r.Shut.Intact.NLL, r.Score.Zeroed.NLL)
			}
		}
	}
	adaptShut(t, p, o)
}

// adaptShut plugs a memory in, shuts the gates, and compares with the base cut into
// segments, bit for bit: 1-sigmoid(-∞) is 1, and 0 times the memory adds nothing.
func adaptShut(t *testing.T, p *Profile, o Options) {
	f, err := pretrained.Open(filepath.Join(o.Directory(), "adapt-base-novel-seed1", "folder"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := OpenText(context.Background(), "novel", p.Corpora["novel"], "", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	samples, err := loadSamples(text, p.Corpora["novel"])
	if err != nil {
		t.Fatal(err)
	}
	var want []SampleScore
	for _, model := range []string{"local-only", "infini-linear", "infini-delta"} {
		for _, ungated := range []bool{false, true} {
			c := f.Config
			c.Segment, c.UngatedStart = 16, ungated
			m, err := loadAdapt(f, c, model, results.CellSettings{Seed: 1})
			if err != nil {
				t.Fatal(err)
			}
			open := shutGates(m)
			got, err := newStream(m, false, func(int) {}).scoreSamples(context.Background(), samples, p.Evaluation, nil,
				func([]SampleScore) error { return nil }, func(int, bool) {})
			if err != nil {
				t.Fatal(err)
			}
			if want == nil {
				want = got
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s with shut gates is not the base:\n%s", model, diff)
			}
			open()
			for _, gates := range m.Gates() {
				if slices.Contains(gates, 0) {
					t.Errorf("%s: gates are %v after they were opened again", model, gates)
				}
			}
		}
	}
}

// TestAdaptInterrupted interrupts a run again and again until it is done. Weights, the
// base's folder and its texts, and the results equal an uninterrupted run's, byte for byte.
func TestAdaptInterrupted(t *testing.T) {
	p := adaptive(t)
	quiet := Options{Profile: p, Runs: shm(t), Version: "test"}
	if _, err := Run(context.Background(), quiet); err != nil {
		t.Fatal(err)
	}
	want := adaptOutcome(t, quiet.Directory())
	if len(want) < 1+3*2+6*2 { // plan; config and result of each cell; a model and a tokenizer of each way
		t.Fatalf("%d files: %v", len(want), slices.Sorted(maps.Keys(want)))
	}
	for _, after := range []int{3, 17} {
		o := Options{Profile: p, Runs: shm(t), Version: "test"}
		for interruptions := 0; ; interruptions++ {
			ctx, cancel := context.WithCancel(context.Background())
			events := 0
			o.Observe = func(e Event) {
				if events++; events == after+interruptions {
					cancel()
				}
			}
			_, err := Run(ctx, o)
			cancel()
			if err == nil {
				break
			}
			if !errors.Is(err, context.Canceled) || interruptions > 200 {
				t.Fatalf("after %d interruptions: %v", interruptions, err)
			}
		}
		same(t, fmt.Sprintf("interrupted after %d events", after), want, adaptOutcome(t, o.Directory()))
	}
}

// TestAdaptDamage: a damaged base is rebuilt, from its checkpoint if that is intact.
func TestAdaptDamage(t *testing.T) {
	p := adaptive(t)
	p.Adapt.Models = p.Adapt.Models[:1]
	o := Options{Profile: p, Runs: shm(t), Version: "test"}
	if _, err := Run(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	want := adaptOutcome(t, o.Directory())
	base := filepath.Join(o.Directory(), "adapt-base-novel-seed1")
	for _, name := range []string{"folder/model.safetensors", "folder/config.json", "own-4-64.jsonl"} {
		path := filepath.Join(base, name)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data[:len(data)-5], 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(o.Directory(), p.Cells()[1].Key(), "result.json")); err != nil {
			t.Fatal(err)
		}
		var notes []string
		o.Observe = func(e Event) {
			if e.Kind == Note {
				notes = append(notes, e.Text)
			}
		}
		if summary, err := Run(context.Background(), o); err != nil || summary.Done != 1 {
			t.Fatalf("%s: %+v, %v, %q", name, summary, err, notes)
		}
		if len(notes) != 1 || !strings.HasSuffix(notes[0], "made again") {
			t.Errorf("%s: notes %q", name, notes)
		}
		same(t, name+" was damaged", want, adaptOutcome(t, o.Directory()))
	}
}

// The control trains the same weights as a way, as far as it has them.
func TestAdaptControlWays(t *testing.T) {
	all := results.AdaptWay{Train: results.AdaptAll}
	for _, test := range []struct{ trains, want string }{
		{"all all", "all"}, {"gates", "gates"}, {"gates all gates-and-norms", "all gates-and-norms"},
	} {
		var ways []results.AdaptWay
		for i, train := range strings.Fields(test.trains) {
			w := all
			w.Train, w.GateInit, w.GateLearningRate = train, float64(i), 0.1
			ways = append(ways, w)
		}
		var got []string
		for _, w := range adaptControlWays(ways) {
			if w.GateInit != 0 || w.GateLearningRate != 0 {
				t.Errorf("%s: the control has gates: %+v", test.trains, w)
			}
			got = append(got, w.Train)
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%s: %v, want %s", test.trains, got, test.want)
		}
	}
}

// What each way trains, by the names of the weights.
func TestAdaptTrained(t *testing.T) {
	m := smallModel(t, models.Infini{})
	for train, want := range map[string][]string{
		results.AdaptGates:         {"beta"},
		results.AdaptGatesAndNorms: {"beta", "norm_attention", "norm_ffn", "norm_final"},
	} {
		var got []string
		for _, p := range m.Params {
			name := p.Name[strings.LastIndex(p.Name, ".")+1:]
			if adaptTrained(train)(p) && !slices.Contains(got, name) {
				got = append(got, name)
			}
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", train, got, want)
		}
	}
	if adaptTrained(results.AdaptAll) != nil {
		t.Error("all: not all weights are trained")
	}
}

// TestAdaptFolder adapts a model of a folder: it is not trained first, its own context and
// tokenizer count, and the checkpoint can be exported as such a folder again.
func TestAdaptFolder(t *testing.T) {
	dir := llama(t, 1)
	text := strings.Replace(pretrainedText, "perplexity:\n  - {corpus: pg19, models: [local-only, infini-delta], length: 128}\n", `adapt:
  corpus: pg19
  models: [infini-delta]
  ungated_start: true
  training: {length: 128, batch: 1, steps: 2, warmup_steps: 0, learning_rate: 1e-3}
  ways: [{gate_init: -2, gate_learning_rate: 0.05, train: all}]
  own_texts: 3
  own_tokens: 100
`, 1)
	p := parseProfile(t, strings.ReplaceAll(text, "FOLDER", dir))
	o := Options{Profile: p, Data: writeBooks(t), Runs: shm(t), Version: "test"}
	if summary, err := Run(context.Background(), o); err != nil || summary.Done != 2 {
		t.Fatalf("%+v, %v", summary, err)
	}
	var got []string
	for _, c := range p.Cells() {
		r, _ := cellFiles(filepath.Join(o.Directory(), c.Key())).result(hashOf(c.Settings))
		if r.Adapt.Base.Name != r.Settings.Model.From || r.Adapt.Base.Context != pretrainedtest.Context || r.Adapt.Base.TrainTokens != 0 {
			t.Errorf("%s: base %+v", c.Key(), r.Adapt.Base)
		}
		for _, row := range r.Adapt.Rows {
			got = append(got, fmt.Sprint(c.Model, " ", row.Kind, " ", row.Segment))
		}
	}
	want := []string{"local-only context 128", "local-only cut 64", "local-only trained 64", "infini-delta plugged 64", "infini-delta trained 64"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if _, err := os.Stat(filepath.Join(o.Directory(), "adapt-base-pg19-seed1", "folder")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a base was trained: %v", err)
	}
	out := filepath.Join(t.TempDir(), "out")
	if _, _, err := Export(filepath.Join(o.Directory(), p.Cells()[1].Key(), "checkpoint", "way-1"), out); err != nil {
		t.Fatal(err)
	}
	back, err := pretrained.Open(out)
	if err != nil || back.Plugged.Memory != "infini-delta" || back.ModelType != "llama" || back.Config.Segment != 64 {
		t.Errorf("exported %+v, %v", back, err)
	}
	sameFile(t, filepath.Join(out, "tokenizer.json"), filepath.Join(dir, "tokenizer.json"))

	p.Adapt.Base = results.AdaptTraining{Length: 128, Batch: 1, Steps: 1, LearningRate: 1e-3}
	p.Adapt.Segment = 32
	var problems []string
	for _, problem := range p.Validate() {
		problems = append(problems, problem.String())
	}
	if diff := cmp.Diff([]string{
		"adapt.segment: got 32; leave it out: model.segment is the segment of a pretrained model with a memory",
		"adapt.base: leave it out: the base is the model in model.from",
	}, problems); diff != "" {
		t.Error(diff)
	}
}

func TestAdaptProfiles(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*results.AdaptSettings)
		want   string
	}{
		{"as it is", func(*results.AdaptSettings) {}, ""},
		{"another corpus", func(s *results.AdaptSettings) { s.Corpus = "pg19" }, `adapt.corpus: got "pg19", which corpora does not hold; allowed: chronicle, novel, proof`},
		{"no model", func(s *results.AdaptSettings) { s.Models = nil }, "adapt.models: missing; allowed: a list of length at least 1"},
		{"the control", func(s *results.AdaptSettings) { s.Models[0] = "local-only" }, "adapt.models[0]: got local-only; leave it out: as the control it always runs too"},
		{"no base", func(s *results.AdaptSettings) { s.Base = results.AdaptTraining{} }, "adapt.base: missing; allowed: the training of the base, as it comes from no folder"},
		{"a long segment", func(s *results.AdaptSettings) { s.Segment = 64 }, "adapt.segment: got 64; allowed: at most model.segment, 32, the context of the base"},
		{"a broken segment", func(s *results.AdaptSettings) { s.Training.Length = 120 }, "adapt.training.length: got 120; allowed: a multiple of the segment, 16"},
		{"a long sequence", func(s *results.AdaptSettings) { s.Base.Length = 512 }, "adapt.base.length: got 512; allowed: at most document_tokens of novel, 256"},
		{"a long warm-up", func(s *results.AdaptSettings) { s.Base.WarmupSteps = 11 }, "adapt.base.warmup_steps: got 11; allowed: at most its steps, 10"},
		{"a way twice", func(s *results.AdaptSettings) { s.Ways[1] = s.Ways[0] }, "adapt.ways[1]: is listed twice; list it once"},
		{"gates that do not move", func(s *results.AdaptSettings) { s.Ways[1].Train, s.Ways[1].GateLearningRate = "gates", 0 }, "adapt.ways[1].gate_learning_rate: got 0; allowed: more than 0, as nothing but the gates is trained"},
	} {
		p := adaptive(t)
		test.change(&p.Adapt)
		var got []string
		for _, problem := range p.Validate() {
			got = append(got, problem.String())
		}
		if strings.Join(got, "\n") != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}
