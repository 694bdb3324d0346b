package main

import (
	"fmt"
	"slices"

	"github.com/dustin/go-humanize"
	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/tw"

	"infinibench/experiments"
	"infinibench/internal/kernel"
	"infinibench/models"
)

// streamResult is the JSON line that bench speed --stream prints.
type streamResult struct {
	Impl       string                    `json:"impl"`
	Config     string                    `json:"config"`
	Threads    int                       `json:"threads"`
	Precision  string                    `json:"precision"`
	Parameters int64                     `json:"parameters"`
	Model      string                    `json:"model"`
	BLAS       string                    `json:"blas"`
	Points     []experiments.StreamPoint `json:"points"`
	experiments.StreamTrend
}

// streamLengths are the lengths at which a stream of n tokens is measured.
func streamLengths(n, segment int) ([]int, error) {
	lengths := experiments.StreamLengths(n, segment)
	if len(lengths) < 2 {
		return nil, fmt.Errorf("--stream is %d, must be at least %d to show a trend", n, 2*max(segment, 1024))
	}
	return lengths, nil
}

// measureStream evaluates one sequence. A signal takes effect between two segments.
func measureStream(env *environment, c timed, memory models.Memory, lengths []int) (streamResult, error) {
	m, err := c.model(memory)
	if err != nil {
		return streamResult{}, err
	}
	p := env.progress("speed", int64(lengths[len(lengths)-1]))
	p.tokens = true
	defer p.finish()
	points, err := experiments.MeasureStream(env.ctx, m, lengths, func(tokens int) { p.add(int64(tokens), "") })
	if err != nil {
		return streamResult{}, err
	}
	return streamResult{
		Impl: "infinibench " + buildVersion(), Config: c.name, Threads: kernel.Threads(), Precision: kernel.Precision(), Parameters: m.Parameters(),
		Model: memory.Name(), BLAS: kernel.BLAS(), Points: points, StreamTrend: experiments.Trend(points),
	}, nil
}

func (r streamResult) print(env *environment, asJSON bool) error {
	if asJSON {
		return printJSONLine(env, r)
	}
	fmt.Fprintf(env.stdout, "%s, %s, one stream evaluated: %s parameters, %d threads\n",
		r.Model, r.Config, humanize.Comma(r.Parameters), r.Threads)
	table := tablewriter.NewTable(env.stdout, tablewriter.WithHeaderAutoFormat(tw.Off), tablewriter.WithAlignment(tw.MakeAlign(4, tw.AlignRight)))
	table.Header("tokens", "tokens per second", "state, bytes", "resident memory")
	resident := r.Points[0].RSS > 0
	for _, p := range r.Points {
		memory := "unknown"
		if resident {
			memory = humanize.IBytes(uint64(p.RSS))
		}
		if err := table.Append(humanize.Comma(int64(p.Tokens)), humanize.CommafWithDigits(p.TokensPerSecond, 0), humanize.Comma(p.StateBytes), memory); err != nil {
			return err
		}
	}
	if err := table.Render(); err != nil {
		return err
	}
	trend := fmt.Sprintf("fitted: tokens per second change by %+.2f %% with each doubling of the length", 100*r.SpeedPerDoubling)
	if resident {
		trend += fmt.Sprintf(", resident memory by %+.1f MiB per million tokens", r.RSSPerMillion/(1<<20))
	}
	_, err := fmt.Fprintf(env.stdout, "%s%s\nBLAS: %s\n", trend, flatness(r.Points), r.BLAS)
	return err
}

// settled is the length after which speed and memory should be constant.
const settled = 32 << 10

// flatness compares the end of a stream with the settled point; "" if the stream is not
// longer.
func flatness(points []experiments.StreamPoint) string {
	last := points[len(points)-1]
	i := slices.IndexFunc(points, func(p experiments.StreamPoint) bool { return p.Tokens == settled })
	if i < 0 || last.Tokens == settled {
		return ""
	}
	text := fmt.Sprintf("\n%s tokens against %s: %.3f times the speed", humanize.Comma(int64(last.Tokens)), humanize.Comma(settled), last.TokensPerSecond/points[i].TokensPerSecond)
	if points[i].RSS > 0 {
		text += fmt.Sprintf(", %.3f times the resident memory", float64(last.RSS)/float64(points[i].RSS))
	}
	return text
}
