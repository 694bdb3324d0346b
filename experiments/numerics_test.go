package experiments

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"infinibench/internal/kernel"
	"infinibench/internal/results"
	"infinibench/internal/safetensors"
	"infinibench/internal/seal"
)

// TestDivergedCell: a training that overflows float32 stops, reports the step and the weight,
// keeps the last checkpoint and is recorded as failed. The weights
// of a checkpoint are made so large that the product of a key and a value overflows.
func TestDivergedCell(t *testing.T) {
	p := speck(t)
	o := Options{Profile: p, Runs: shm(t), Version: "test"}
	ctx, cancel := context.WithCancel(t.Context())
	steps := 0
	o.Observe = func(e Event) {
		if e.Kind == Progress && e.Phase == "train" && !e.Before {
			if steps++; steps == 3 {
				cancel()
			}
		}
	}
	if _, err := Run(ctx, o); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	files := cellFiles(filepath.Join(o.Directory(), p.Cells()[0].Key()))
	path := filepath.Join(files.checkpoint(), "training.safetensors")
	metadata, tensors, err := safetensors.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range tensors {
		if x.Name == "weight.layers.0.w_qkv" {
			kernel.Scale(x.Data, 1e30)
		}
	}
	delete(metadata, "sha256")
	if err := safetensors.Write(path, metadata, tensors); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}

	var failure error
	o.Observe = func(e Event) {
		if e.Kind == Failed {
			failure = e.Err
		}
	}
	summary, err := Run(t.Context(), o)
	if err != nil || summary.Failed != 1 || failure == nil {
		t.Fatalf("%+v, %v", summary, err)
	}
	if want := `^train: step 4: segment 0: memory of layer 0, head 0, document 0 of the batch is (NaN|[+-]Inf)$`; !regexp.MustCompile(want).MatchString(failure.Error()) {
		t.Errorf("failed with %v, want %s", failure, want)
	}
	data, err := os.ReadFile(files.path("result.json"))
	var r results.Result
	if err != nil || seal.Unmarshal(data, &r) != nil || r.Status != results.StatusFailed || r.Error != failure.Error() {
		t.Errorf("result %s, %v", data, err)
	}
	if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
		t.Errorf("the checkpoint was touched: %v", err)
	}
}
