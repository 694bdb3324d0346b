package experiments

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"infinibench/internal/config"
	"infinibench/internal/snapshot"
)

// Every key has a sentence, every declaration has a key, and they come in the order of the
// structs, so that both read alike.
func TestEveryKeyIsDescribed(t *testing.T) {
	var paths []string
	for _, k := range ProfileKeys() {
		paths = append(paths, k.Path)
		if k.About == "" {
			t.Errorf("%s is not described; add it to the keys beside its experiment, or to profileKeys", k.Path)
		}
		if !isBlock(k.Type) && k.Required == (k.Absent != "") {
			t.Errorf("%s: required is %v, and what holds if it is left out is %q", k.Path, k.Required, k.Absent)
		}
	}
	if len(slices.Compact(slices.Sorted(slices.Values(paths)))) != len(paths) {
		t.Error("a key is listed twice")
	}
	lists := map[string][]keyDoc{"": profileKeys}
	for _, e := range experiments {
		lists[e.name] = e.keys
	}
	for experiment, list := range lists {
		last := -1
		for _, d := range list {
			at := slices.Index(paths, experiment+d.path)
			if at < 0 {
				t.Errorf("%s%s is described, and a profile has no such key", experiment, d.path)
			} else if at <= last {
				t.Errorf("%s%s is described out of order", experiment, d.path)
			}
			last = max(last, at)
		}
	}
}

// profiles/paper.yaml marks each value "Paper" or "ours", which was written from the paper
// before the declarations were: both say the same.
func TestPaperValues(t *testing.T) {
	data, err := builtin.ReadFile("profiles/paper.yaml")
	if err != nil {
		t.Fatal(err)
	}
	settings, err := ProfileSettings("paper")
	if err != nil {
		t.Fatal(err)
	}
	marked := regexp.MustCompile(`^ *\w+: ([^{}]*?) +# (Paper|ours)\b`)
	lines := strings.Split(string(data), "\n")
	count := 0
	for _, s := range settings {
		if s.Line == 0 {
			continue
		}
		m := marked.FindStringSubmatch(lines[s.Line-1])
		switch {
		case m == nil:
			continue
		case m[2] == "ours" && s.Paper != "":
			t.Errorf("%s: ours in paper.yaml, declared as the paper's %s", s.Key, s.Paper)
		case m[2] == "Paper" && (s.Paper == "" || s.Differs):
			t.Errorf("%s: the paper's %s in paper.yaml, declared as %q", s.Key, m[1], s.Paper)
		}
		count++
	}
	if count < 25 {
		t.Errorf("only %d marked values were found", count)
	}
}

// What the paper states of the passkey task, which paper.yaml leaves to another profile:
// arXiv 2404.07143v2, section 4.2: 1B model, 30K steps of 4K tokens, batch 64, 400 steps of
// 5K, segments of 2K, rate 1e-4 (appendix A); Table 3's lengths.
func TestPaperPasskey(t *testing.T) {
	want := map[string]string{
		"passkey.models": "[infini-linear, infini-delta]", "passkey.model.segment": "2048",
		"passkey.language.steps": "30000", "passkey.language.batch": "64", "passkey.language.segments": "2", "passkey.language.learning_rate": "0.0001",
		"passkey.paper.steps": "400", "passkey.paper.segments": "2.5", "passkey.paper.learning_rate": "0.0001",
		"passkey.lengths": "[32768, 131072, 262144, 524288, 1048576]",
	}
	got := map[string]string{}
	for _, k := range ProfileKeys() {
		if strings.HasPrefix(k.Path, "passkey.") && k.Paper != "" {
			got[k.Path] = k.Paper
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Values are shown with the line that sets them, and marked if the paper has another.
func TestProfileSettings(t *testing.T) {
	path := t.TempDir() + "/mine.yaml"
	text := strings.Replace(validProfile, "perplexity:", "baselines: {memorizing: {entries: 65536}}\nperplexity:", 1)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	settings, err := ProfileSettings(path)
	if err != nil {
		t.Fatal(err)
	}
	line := func(of string) int {
		before, _, found := strings.Cut(text, of)
		if !found {
			t.Fatalf("the profile has no %q", of)
		}
		return 1 + strings.Count(before, "\n")
	}
	for _, want := range []Setting{
		{Key: "model.segment", Value: "64", Origin: "profile", Line: line("segment: 64"), Paper: "2048", Differs: true},
		{Key: "model.memory_positions", Value: "false", Origin: "default", Paper: "false"},
		{Key: "training.steps", Value: "100", Origin: "profile", Line: line("steps: 100")},
		{Key: "baselines.memorizing.entries", Value: "65536", Origin: "profile", Line: line("baselines: "), Paper: "65536"},
		{Key: "baselines.transformer-xl.cache", Value: "one segment", Origin: "default", Paper: "2048"},
		{Key: "perplexity[0].steps", Value: "training.steps", Origin: "default"},
	} {
		i := slices.IndexFunc(settings, func(s Setting) bool { return s.Key == want.Key })
		if i < 0 {
			t.Errorf("%s is not shown", want.Key)
		} else if diff := cmp.Diff(want, settings[i]); diff != "" {
			t.Errorf("%s: %s", want.Key, diff)
		}
	}
	for _, s := range settings {
		if strings.HasPrefix(s.Key, "booksum") || strings.HasPrefix(s.Key, "cost") {
			t.Errorf("%s is shown, and the profile has no such block", s.Key)
		}
	}
	if _, err := ProfileSettings("tinny"); err == nil || !strings.Contains(err.Error(), `no profile "tinny" (did you mean tiny?)`) {
		t.Errorf("a misspelt profile: %v", err)
	}
}

func TestNewProfile(t *testing.T) {
	for _, from := range ProfileNames() {
		data, err := NewProfile("mine", from)
		if err != nil {
			t.Fatal(err)
		}
		original, err := builtin.ReadFile("profiles/" + from + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		// All but one line is as it was, comments included.
		if back := strings.Replace(string(data), "\nname: mine\n", "\nname: "+from+"\n", 1); back != string(original) {
			t.Error(cmp.Diff(string(original), back))
		}
	}
	for _, bad := range []struct{ name, from, want string }{
		{"../mine", "tiny", `got the name "../mine"; allowed: up to 64 of a-z, 0-9 and -`},
		{`a\b`, "tiny", "allowed: "},
		{"", "tiny", "allowed: "},
		{"mine\nabout: x", "tiny", "allowed: "},
		{"$1", "tiny", "allowed: "},
		{strings.Repeat("a", 65), "tiny", "allowed: "},
		{"tiny", "smoke", "tiny is a built-in profile"},
		{"mine", "tinny", `no profile "tinny" (did you mean tiny?); the built-in ones are books, distance, `},
		{"mine", "profiles/tiny", `no profile "profiles/tiny"; `},
	} {
		if _, err := NewProfile(bad.name, bad.from); err == nil || !strings.Contains(err.Error(), bad.want) {
			t.Errorf("%q from %q: %v, want %s", bad.name, bad.from, err, bad.want)
		}
	}
}

// docs/profile.md ends with the reference generated from the declarations.
func TestProfileReference(t *testing.T) {
	const page, mark = "../docs/profile.md", "<!-- Generated: go test ./experiments -run TestProfileReference -update -->\n"
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	head, _, found := strings.Cut(string(data), mark)
	if !found {
		t.Fatalf("%s has no line %q", page, mark)
	}
	reference := ProfileReference()
	snapshot.Check(t, page, []byte(head+mark+reference))
	for _, k := range config.Keys(Profile{}) {
		if !isBlock(k.Type) && !strings.Contains(reference, "\n| `"+k.Path+"` |") {
			t.Errorf("%s is not in %s", k.Path, page)
		}
	}
}
