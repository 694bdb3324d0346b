package main

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"infinibench/models/pretrained/pretrainedtest"
)

// stories is a real model; tests skip without it.
func stories(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../../../shared/data/models/stories260K")
	if err == nil {
		_, err = os.Stat(dir)
	}
	if err != nil {
		t.Skipf("the model stories260K is needed: %v", err)
	}
	return dir
}

// story is what the authors' own program computed on stories260K.
type story struct {
	IDs    [][]int32 `json:"ids"`
	Loss   float64   `json:"loss"`
	Text   string    `json:"text"`
	Greedy string    `json:"greedy_text"`
}

func readStory(t *testing.T, model string) story {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(model, "../../../goldens/models/stories260k_base.json"))
	if err != nil {
		t.Skip(err)
	}
	var s story
	if err := json.Unmarshal(data, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// call runs the command and returns what it prints.
func call(t *testing.T, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, messages bytes.Buffer
	code = run(args, strings.NewReader(stdin), &out, &messages)
	return out.String(), messages.String(), code
}

// A pretrained model writes its greedy story word for word, and the loss on a text is the
// reference's.
func TestStories(t *testing.T) {
	model := stories(t)
	want := readStory(t, model)
	const prompt = "Once upon a time"
	got, messages, code := call(t, prompt, "generate", "--checkpoint", model, "--prompt-file", "-", "--temperature", "0", "--tokens", "60")
	if code != 0 || got != strings.TrimPrefix(want.Greedy, prompt)+"\n" {
		t.Errorf("exit code %d, got %q, want %q (%s)", code, got, want.Greedy, messages)
	}
	if text := "LlamaForCausalLM, 260,032 weights in F32; its own context, 512 tokens; a text starts with its tokenizer's template\n"; !strings.Contains(messages, text) {
		t.Errorf("got %q, want %q", messages, text)
	}
	got, messages, code = call(t, want.Text, "eval", "perplexity", "--checkpoint", model, "-")
	var score struct {
		NLL    float64 `json:"nll"`
		Tokens int     `json:"tokens"`
	}
	if err := json.Unmarshal([]byte(got), &score); err != nil || code != 0 {
		t.Fatalf("exit code %d, %v: %s", code, err, messages)
	}
	if score.Tokens != len(want.IDs[0])-1 || math.Abs(score.NLL/float64(score.Tokens)-want.Loss) > 1e-5 {
		t.Errorf("got %g over %d tokens, want a mean of %g over %d", score.NLL, score.Tokens, want.Loss, len(want.IDs[0])-1)
	}
}

// Generation stops at the end tokens of the folder. Here every token is one, so the output is
// only a line end.
func TestGenerateEnds(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "llama")
	if err := pretrainedtest.Write(dir, 1); err != nil {
		t.Fatal(err)
	}
	args := []string{"generate", "--checkpoint", dir, "--prompt-file", "-", "--temperature", "0", "--tokens", "5"}
	if got, messages, code := call(t, "a", args...); code != 0 || len(got) < 2 {
		t.Fatalf("exit code %d, got %q: %s", code, got, messages)
	}
	var all []int
	for id := range 258 {
		all = append(all, id)
	}
	text, err := json.Marshal(map[string]any{"eos_token_id": all})
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "generation_config.json"), text, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	if got, messages, code := call(t, "a", args...); code != 0 || got != "\n" {
		t.Errorf("exit code %d, got %q: %s", code, got, messages)
	}
}

// With permanently shut gates the model equals the base model cut into segments, token by
// token; with a single segment it equals the base model.
func TestShutGates(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "llama")
	if err := pretrainedtest.Write(dir, 1); err != nil {
		t.Fatal(err)
	}
	prompt := strings.Repeat("a b c ", 10)
	generate := func(args ...string) string {
		got, messages, code := call(t, prompt, append([]string{"generate", "--checkpoint", dir, "--prompt-file", "-", "--temperature", "0", "--tokens", "40"}, args...)...)
		if code != 0 {
			t.Fatalf("exit code %d: %s", code, messages)
		}
		return got
	}
	cut, whole := generate("--segment", "16"), generate()
	if cut == whole {
		t.Fatalf("segments of 16 tokens change nothing: %q", cut)
	}
	if got := generate("--memory", "infini-delta", "--segment", "16", "--gate-init", "-inf"); got != cut {
		t.Errorf("shut gates write %q, want the local-only model's %q", got, cut)
	}
	if got := generate("--memory", "infini-linear", "--segment", "128", "--gate-init", "0"); got != whole {
		t.Errorf("one segment writes %q, want the base model's %q", got, whole)
	}
}
