package main

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"testing"

	"infinibench/datasets/booksum"
	"infinibench/datasets/tokenizer"
	"infinibench/internal/train"
	"infinibench/models"
)

// A long prompt gives the same logits read in parts and read at once.
func TestReadAhead(t *testing.T) {
	m, err := tinySpeed.model(models.Infini{})
	if err != nil {
		t.Fatal(err)
	}
	ids := make([]int32, 20_003)
	for i := range ids {
		ids[i] = int32(i * i % 5)
	}
	want, err := m.NewDecoder(1).Feed(ids)
	if err != nil {
		t.Fatal(err)
	}
	d := m.NewDecoder(1)
	rest, err := readAhead(&environment{ctx: t.Context(), stderr: &bytes.Buffer{}}, d, tinySpeed.segment, ids)
	if err != nil || len(rest) != 20_003-2*8192 {
		t.Fatalf("%d tokens are left, %v", len(rest), err)
	}
	got, err := d.Feed(rest)
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if math.Abs(float64(got[i]-want[i])) > 1e-5 {
			t.Errorf("logit %d is %g, want %g", i, got[i], want[i])
		}
	}
}

// If the end marker of summaries is the most likely token, only a line end is printed.
func TestGenerateStops(t *testing.T) {
	c := tinySpeed
	c.vocabulary = 256
	m, err := c.model(models.Infini{})
	if err != nil {
		t.Fatal(err)
	}
	logits, err := m.NewDecoder(1).Feed([]int32{'a'})
	if err != nil {
		t.Fatal(err)
	}
	end := booksum.End[0]
	scale := float32(1e6)
	if logits[end] < 0 {
		scale = -scale
	}
	for i := range c.width {
		m.Param("embedding").Data()[int(end)*c.width+i] *= scale
	}
	dir := t.TempDir()
	if err := train.SaveModel(dir, m, nil); err != nil {
		t.Fatal(err)
	}
	if err := tokenizer.Save(tokenizer.Bytes(), filepath.Join(dir, "tokenizer.json")); err != nil {
		t.Fatal(err)
	}
	prompt := filepath.Join(dir, "prompt.txt")
	if err := os.WriteFile(prompt, []byte("a"), 0o644); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	cmd := generateCommand(&environment{ctx: t.Context(), stdout: &out, stderr: &bytes.Buffer{}})
	cmd.SetArgs([]string{"--checkpoint", dir, "--prompt-file", prompt, "--tokens", "9", "--temperature", "0"})
	if err := cmd.Execute(); err != nil || out.String() != "\n" {
		t.Errorf("printed %q, %v", out.String(), err)
	}
}
