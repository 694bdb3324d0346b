package reports

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// object is a JSON object of a result file, read without the program's own types.
type object map[string]any

// at follows a path such as "perplexity.intact.nll"; a number indexes an array.
func (o object) at(path string) any {
	var v any = map[string]any(o)
	for step := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(x) {
				return nil
			}
			v = x[i]
		default:
			return nil
		}
	}
	return v
}

// number is NaN where the file has none.
func (o object) number(path string) float64 {
	if x, ok := o.at(path).(float64); ok {
		return x
	}
	return math.NaN()
}

// find returns the object of an array that has these values.
func (o object) find(path string, want map[string]any) object {
	list, _ := o.at(path).([]any)
	for _, v := range list {
		found := true
		for key, w := range want {
			found = found && object(v.(map[string]any))[key] == w
		}
		if found {
			return v.(map[string]any)
		}
	}
	return nil
}

// sources are the cells that a row of a table sums up, in the order of their seeds.
type sources []object

func (s sources) arithmetic(of func(object) float64) float64 {
	sum := 0.0
	for _, o := range s {
		sum += of(o)
	}
	return sum / float64(len(s))
}

func (s sources) geometric(path string) float64 {
	return math.Exp(s.arithmetic(func(o object) float64 { return math.Log(o.number(path)) }))
}

// limits are the mean of values, of which it returns the exponential, ± t·s/√n. Student's t
// of 95 % with one and two degrees of freedom is 12.7062 and 4.30265, from a table.
func limits(logs []float64) (low, high float64) {
	n := float64(len(logs))
	mean, squares := 0.0, 0.0
	for _, x := range logs {
		mean += x / n
	}
	for _, x := range logs {
		squares += (x - mean) * (x - mean)
	}
	half := map[int]float64{2: 12.7062047364, 3: 4.30265272975}[len(logs)] * math.Sqrt(squares/(n-1)) / math.Sqrt(n)
	return math.Exp(mean - half), math.Exp(mean + half)
}

// The test recomputes the numbers of the tables from the files of the run, cell by cell: it
// works on the JSON of result.json and timing.json.
func TestTablesHoldTheResults(t *testing.T) {
	dir, out := save(t, everything()), t.TempDir()
	run, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := writeReport(run, out); err != nil {
		t.Fatal(err)
	}
	cells := readCells(t, dir)
	of := func(experiment, corpus, model string) (s sources) {
		for _, o := range cells {
			if o.at("status") == "done" && o.at("cell.experiment") == experiment && (o.at("cell.corpus") == corpus || corpus == "") &&
				(modelName(o.at("cell.model").(string)) == model || shortName(o.at("cell.model").(string)) == model) {
				s = append(s, o)
			}
		}
		return s
	}
	compared := 0
	// check compares the columns of a table's rows with what want computes for a row.
	check := func(name string, want func(row map[string]string) map[string]float64) {
		t.Helper()
		for i, row := range readCSV(t, filepath.Join(out, "tables", name+".csv")) {
			for column, w := range want(row) {
				got, err := strconv.ParseFloat(row[column], 64)
				if row[column] == "" {
					got, err = math.NaN(), nil
				}
				if compared++; err != nil || math.IsNaN(got) != math.IsNaN(w) || math.Abs(got-w) > 1e-9*max(1, math.Abs(w)) {
					t.Errorf("%s, row %d (%s): %s is %s, want %v", name, i+1, row["model"], column, row[column], w)
				}
			}
		}
	}
	for _, corpus := range []string{"novel", "proof"} {
		check("perplexity-"+corpus, func(row map[string]string) map[string]float64 {
			s := of("perplexity", corpus, row["model"])
			if len(s) == 0 { // the paper's alone, or a bound
				return nil
			}
			want := map[string]float64{"perplexity": s.geometric("perplexity.intact.token_perplexity"), "seeds": float64(len(s))}
			var own, ratios []float64
			for _, o := range s {
				loss := math.Log(o.number("perplexity.intact.token_perplexity"))
				own = append(own, loss)
				for _, c := range of("perplexity", corpus, modelName(localOnly)) {
					if c.number("cell.seed") == o.number("cell.seed") {
						ratios = append(ratios, loss-math.Log(c.number("perplexity.intact.token_perplexity")))
					}
				}
			}
			want["perplexity_low"], want["perplexity_high"] = limits(own)
			if row["model"] != modelName(localOnly) {
				want["ratio_to_local_only"] = math.Exp(mean(ratios))
				want["ratio_to_local_only_low"], want["ratio_to_local_only_high"] = limits(ratios)
			}
			return want
		})
		check("ablation-"+corpus, func(row map[string]string) map[string]float64 {
			s := of("perplexity", corpus, row["model"])
			return map[string]float64{
				"perplexity_memory_zeroed": s.geometric("perplexity.zeroed.token_perplexity"), "perplexity_memory_shuffled": s.geometric("perplexity.shuffled.token_perplexity"),
				"ratio_zeroed_to_intact": s.geometric("perplexity.zeroed.token_perplexity") / s.geometric("perplexity.intact.token_perplexity"),
				"word_perplexity":        s.geometric("perplexity.intact.word_perplexity"), "byte_perplexity": s.geometric("perplexity.intact.byte_perplexity"),
				"bits_per_byte": s.arithmetic(func(o object) float64 { return o.number("perplexity.intact.bits_per_byte") }),
			}
		})
		check("classes-"+corpus, func(row map[string]string) map[string]float64 {
			s := of("perplexity", corpus, row["model"])
			per := func(path string) float64 {
				return s.arithmetic(func(o object) float64 {
					class := o.find("perplexity.classes", map[string]any{"class": row["kind_of_word"]})
					return class.number(path) / class.number("tokens")
				})
			}
			return map[string]float64{"loss_nats_per_token": per("nll"), "ideal_full_history_nats_per_token": per("ideal_full"), "ideal_last_segment_nats_per_token": per("ideal_segment")}
		})
		check("scale-"+corpus, func(row map[string]string) map[string]float64 {
			s := of("perplexity", corpus, row["model"])
			if len(s) == 0 { // the paper's
				return nil
			}
			return map[string]float64{"parameters": s[0].number("scale.parameters"), "layers": s[0].number("scale.layers"), "d_model": s[0].number("scale.d_model"), "training_tokens": s[0].number("scale.train_tokens")}
		})
		check("gates-"+corpus, func(row map[string]string) map[string]float64 {
			want := map[string]float64{"heads": 0, "heads_near_0": 0, "heads_near_half": 0, "heads_near_1": 0}
			for _, o := range of("perplexity", corpus, row["model"]) {
				for _, layer := range o.at("gates").([]any) {
					for _, gate := range layer.([]any) {
						want["heads"]++
						for near, column := range map[float64]string{0: "heads_near_0", 0.5: "heads_near_half", 1: "heads_near_1"} {
							if math.Abs(gate.(float64)-near) < 0.1 {
								want[column]++
							}
						}
					}
				}
			}
			return want
		})
	}
	check("memory", func(row map[string]string) map[string]float64 {
		s := of("perplexity", "novel", row["model"])
		return map[string]float64{"numbers_carried": s[0].number("footprint.entries"), "live_state_bytes": s[0].number("footprint.measured_bytes")}
	})
	check("passkey-scores-novel", func(row map[string]string) map[string]float64 {
		stage := row["training"]
		if name, ok := map[string]string{"fine-tuned as in the paper": "fine-tuned", "our recipe": "recipe"}[stage]; ok {
			stage = name
		}
		o := of("passkey", "novel", row["model"])[0].find("passkey.stages", map[string]any{"stage": stage})
		score, _ := o["last_segment"].(map[string]any)
		if kind := map[string]string{"grid": "grid", "against writes": "writes"}[row["kind"]]; kind != "" {
			length, _ := strconv.ParseFloat(row["tokens"], 64)
			score = o.find(kind, map[string]any{"length": length, "position": row["position"]})
		}
		number := object(score).number
		return map[string]float64{
			"digits_right_share": number("tokens.value"), "digits_right_share_low": number("tokens.low"), "digits_right_share_high": number("tokens.high"),
			"whole_keys_share": number("exact.value"), "memory_emptied_share": number("zeroed.value"), "n": number("samples"), "memory_writes": number("writes"),
		}
	})
	check("booksum-lengths-chronicle", func(row map[string]string) map[string]float64 {
		tokens, _ := strconv.ParseFloat(row["tokens_read"], 64)
		o := of("booksum", "chronicle", row["model"])[0].find("booksum.lengths", map[string]any{"tokens": tokens})
		return map[string]float64{
			"share_of_the_book_percent": 100 * o.number("share"), "rouge1_points": 100 * o.number("rouge.mid.rouge1.f"), "overall_points": 100 * o.number("rouge.mid.overall"),
			"overall_points_low": 100 * o.number("rouge.low.overall"), "bound_points": 100 * o.number("bound.overall"), "lead_points": 100 * o.number("lead.mid.overall"),
			"facts_stated_percent": 100 * o.number("facts_hit"), "words": o.number("words"),
		}
	})
	check("recall", func(row map[string]string) map[string]float64 {
		want := map[string]any{"keys": row["keys"]}
		for column, key := range map[string]string{"head_size": "head_size", "segment_tokens": "segment", "pairs": "pairs"} {
			want[key], _ = strconv.ParseFloat(row[column], 64)
		}
		o := of("recall", "", row["model"])[0].find("recall", want)
		return map[string]float64{"error": o.number("error"), "expected_error": o.number("expected"), "error_tolerance": o.number("tolerance"), "found_share": o.number("identified"), "found_share_by_chance": 1 / o.number("pairs")}
	})
	check("cost-length", func(row map[string]string) map[string]float64 {
		tokens, _ := strconv.ParseFloat(row["tokens"], 64)
		timing := object(of("cost", "", row["model"])[0]["timing"].(map[string]any))
		o := timing.find("lengths", map[string]any{"tokens": tokens})
		if o["evaluation"] == nil { // not measured
			o = nil
		}
		return map[string]float64{
			"evaluation_tokens_per_second": o.number("evaluation.tokens_per_second"), "evaluation_share_of_peak_percent": 100 * o.number("evaluation.flops") / timing.number("peak_flops"),
			"training_memory_mib": o.number("training.live_bytes") / (1 << 20), "state_bytes": o.number("state_bytes"),
		}
	})
	check("cost", func(row map[string]string) map[string]float64 {
		i := slices.IndexFunc(cells, func(o object) bool { return o["key"] == row["cell"] })
		o := object(cells[i]["timing"].(map[string]any))
		return map[string]float64{"training_seconds": o.number("train_seconds"), "training_tokens_per_second": o.number("train_tokens") / o.number("train_seconds"), "peak_memory_mib": o.number("peak_rss_bytes") / (1 << 20)}
	})
	if compared < 1000 {
		t.Errorf("only %d numbers were compared", compared)
	}
}

func mean(values []float64) float64 {
	sum := 0.0
	for _, x := range values {
		sum += x
	}
	return sum / float64(len(values))
}

// readCells reads every result.json of a run, with its timing.json and the name of its
// directory.
func readCells(t *testing.T, dir string) (cells []object) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*", "result.json"))
	if err != nil {
		t.Fatal(err)
	}
	read := func(path string) (o object) {
		raw, err := os.ReadFile(path)
		if err == nil {
			err = json.Unmarshal(raw, &o)
		}
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	for _, path := range paths {
		o := read(path)
		o["key"] = filepath.Base(filepath.Dir(path))
		if timing := filepath.Join(filepath.Dir(path), "timing.json"); fileExists(timing) {
			o["timing"] = map[string]any(read(timing))
		}
		cells = append(cells, o)
	}
	return cells
}

func fileExists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// readCSV reads a table as one map of columns for each row.
func readCSV(t *testing.T, path string) (rows []map[string]string) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(raw, []byte("\xEF\xBB\xBF")))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, column := range lines[0] {
			row[column] = line[i]
		}
		rows = append(rows, row)
	}
	return rows
}
