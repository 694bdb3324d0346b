package main

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"

	"infinibench/experiments"
	"infinibench/models"
)

func TestParseTokens(t *testing.T) {
	for text, want := range map[string]int{"1": 1, "65536": 65536, "64K": 65536, "64k": 65536, "1M": 1048576, "1048576M": 1 << 40} {
		if n, err := parseTokens(text); n != want || err != nil {
			t.Errorf("%s is %d, %v, want %d", text, n, err, want)
		}
	}
	for _, text := range []string{"", "K", "0", "-1", "+1", "1.5K", "1KM", "1 K", "1G", "1_000", "1048577M", "99999999999999999999"} {
		if n, err := parseTokens(text); err == nil || !strings.HasPrefix(err.Error(), strconv.Quote(text)+" is not a number of tokens") {
			t.Errorf("%q is %d, %v, want an error that quotes it", text, n, err)
		}
	}
}

func FuzzParseTokens(f *testing.F) {
	f.Add("64K")
	f.Add("1048577M")
	f.Fuzz(func(t *testing.T, text string) {
		if n, err := parseTokens(text); err == nil && (n < 1 || n > 1<<40) || err != nil && n != 0 {
			t.Errorf("%q is %d, %v", text, n, err)
		}
	})
}

// The state of the tiny size is d_key·(d_value+1)·H·l = 4·5·2·1 numbers of 4 bytes.
func TestMeasureStream(t *testing.T) {
	lengths, err := streamLengths(4<<10, tinySpeed.segment)
	if err != nil || !slices.Equal(lengths, []int{1024, 2048, 4096}) {
		t.Fatalf("lengths %v, %v", lengths, err)
	}
	var out, progress bytes.Buffer
	env := &environment{ctx: t.Context(), stdout: &out, stderr: &progress}
	r, err := measureStream(env, tinySpeed.timed(), models.Infini{}, lengths)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Points) != 3 || r.Points[2].Tokens != 4096 || r.Points[2].StateBytes != 160 || r.Model != "infini-linear" || r.Config != "tiny" {
		t.Errorf("got %+v", r)
	}
	if err := r.print(env, true); err != nil {
		t.Fatal(err)
	}
	var back streamResult
	if err := json.Unmarshal(out.Bytes(), &back); err != nil || bytes.Count(out.Bytes(), []byte("\n")) != 1 || !slices.Equal(back.Points, r.Points) {
		t.Errorf("printed %q (%v)", out.String(), err)
	}
}

// Each column of the table has one unit, and unknown memory is not shown as 0.
func TestStreamTable(t *testing.T) {
	r := streamResult{
		Config: "small", Threads: 2, Parameters: 834, Model: "infini-delta", BLAS: "b",
		Points:      []experiments.StreamPoint{{Tokens: 1024, TokensPerSecond: 9000.4, StateBytes: 160, RSS: 90 << 20}, {Tokens: 2048, TokensPerSecond: 9001, StateBytes: 160, RSS: 91 << 20}},
		StreamTrend: experiments.StreamTrend{SpeedPerDoubling: -0.0123, RSSPerMillion: 1.5 * (1 << 20)},
	}
	var out bytes.Buffer
	if err := r.print(&environment{stdout: &out}, false); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"infini-delta, small, one stream evaluated: 834 parameters, 2 threads\n",
		"│  1,024 │             9,000 │          160 │          90 MiB │\n",
		"by -1.23 % with each doubling of the length, resident memory by +1.5 MiB per million tokens\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("printed\n%swant %q in it", out.String(), want)
		}
	}
	for i := range r.Points {
		r.Points[i].RSS = 0
	}
	out.Reset()
	if err := r.print(&environment{stdout: &out}, false); err != nil || strings.Count(out.String(), "unknown") != 2 || strings.Contains(out.String(), "MiB") {
		t.Errorf("without a known memory (%v) printed\n%s", err, out.String())
	}
}
