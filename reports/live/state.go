package live

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"infinibench/internal/lease"
	"infinibench/internal/results"
	"infinibench/reports"
	"infinibench/reports/table"
)

// State is the progress of a run. All texts in it are clean lines, not yet escaped.
type State struct {
	Profile  string `json:"profile"`
	Phase    string `json:"phase"`    // "none", "running", "stopped", "finished", or "ended" with failures
	Sentence string `json:"sentence"` // the same in words

	Since *time.Time `json:"since"` // the first of the processes that make cells now began
	Total int        `json:"total"` // cells
	Done  int        `json:"done"`
	Fails int        `json:"failed"`

	Share   *float64 `json:"share"`    // of the tokens; null: not known
	Left    *float64 `json:"left"`     // seconds; null: not known
	LeftOut int      `json:"left_out"` // cells to come that Left does not count

	Results  string   `json:"results"` // a version of the results, which the cards show
	Cells    []Row    `json:"cells"`
	Charts   []*Chart `json:"charts"`
	Warnings []string `json:"warnings"`
}

// Row is the progress of a cell.
type Row struct {
	Cell       string `json:"cell"` // its name, also its directory's
	Experiment string `json:"experiment"`
	Text       string `json:"text"`
	Model      string `json:"model"`
	Length     int    `json:"length"` // tokens
	Seed       string `json:"seed"`

	State     string `json:"state"`
	Stage     string `json:"stage"`     // of a cell with several
	Error     string `json:"error"`     // of a failed one
	Evaluated int    `json:"evaluated"` // documents, prompts or summaries

	Share           *float64 `json:"share"`
	Step            int      `json:"step"`
	Steps           int      `json:"steps"` // 0: not known
	Loss            *float64 `json:"loss"`  // of the last step, nats per token
	TokensPerSecond *float64 `json:"tokens_per_second"`
	Left            *float64 `json:"left"` // seconds of a worker

	Where  string   `json:"where,omitempty"`  // the process that makes it, or made it when it was killed
	Silent *float64 `json:"silent,omitempty"` // seconds for which that has shown no sign of life, if longer than a lease
}

// Chart is the training curves of cells that compare.
type Chart struct {
	Title  string  `json:"title"`
	Curves []Curve `json:"curves"`
}

// Curve is the training loss of one cell.
type Curve struct {
	Model  string       `json:"model"`
	Seed   string       `json:"seed"`
	Color  string       `json:"color"`
	Dash   int          `json:"dash"`   // the number of a line style
	Points [][2]float64 `json:"points"` // step, and mean loss since the point before, nats per token
}

// maxCells limits the cells on a page.
const maxCells = 10_000

// look reads what has changed.
func (w *Watch) look() *State {
	profile := table.Clean(w.profile)
	s := &State{Profile: profile, Phase: "none", Cells: []Row{}, Charts: []*Chart{}, Warnings: []string{}}
	s.Sentence = "There is no run here yet; this page waits for one."
	root, err := os.OpenRoot(w.dir)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			s.Sentence = table.Clean(fmt.Sprintf("The run cannot be read: %v", err))
		}
		return s
	}
	defer root.Close()
	v := &view{root: root, before: w, files: map[string]*kept{}, logs: map[string]*tail{}}
	v.fill(s)
	w.files, w.logs = v.files, v.logs
	s.Warnings = append(s.Warnings, v.warnings...)
	return s
}

// maker is the process that works on a cell, or did so when it was killed.
type maker struct {
	lease.Owner
	alive bool
	quiet time.Duration // without a sign of life
}

// clockSkew is how much the clocks of two machines may differ.
const clockSkew = 10 * time.Minute

// maker returns the holder of a directory of the run, or nil if there is none.
func (v *view) maker(dir string) *maker {
	owner, found := lease.Holder(v.root.FS(), dir)
	if !found {
		return nil
	}
	m := &maker{Owner: owner, quiet: lease.Silent(v.root.FS(), dir, v.before.now())}
	m.alive = !owner.Gone() && (owner.SameSystem() || m.quiet < owner.Lease()+clockSkew)
	return m
}

func (v *view) fill(s *State) {
	plan, _, found := read(v, "plan.json", results.Parse[results.Plan])
	if !found {
		return
	}
	if len(plan.Cells) > maxCells {
		v.warn("plan.json", fmt.Errorf("%d cells; the first %d are shown", len(plan.Cells), maxCells))
		plan.Cells = plan.Cells[:maxCells]
	}
	makers := []*maker{v.maker("."), v.maker("tokenizers")}
	var cells []*cell
	active := 0
	for i, c := range plan.Cells {
		var size results.Size
		if len(plan.Sizes) >= len(plan.Cells) {
			size = plan.Sizes[i]
		}
		x := v.cell(c, size)
		cells, makers = append(cells, x), append(makers, x.maker)
		if x.active() {
			active++
		}
	}
	each, left, leftOut := estimate(cells, max(plan.Workers, active))
	var now, total float64
	for i, x := range cells {
		s.Cells = append(s.Cells, x.row(each[i]))
		switch x.state {
		case done:
			s.Done++
		case failed:
			s.Fails++
		}
		n, of := x.tokens()
		now, total = now+n, total+of
	}
	s.Total = len(cells)
	s.Results = v.resultsVersion(cells)
	if total > 0 {
		s.Share = known(now / total)
	}
	s.LeftOut = leftOut
	s.Charts = charts(cells)
	s.say(makers, active)
	if s.Phase == "running" {
		s.Left = known(left)
	} else {
		for i := range s.Cells {
			s.Cells[i].Left = nil
		}
	}
}

// say describes the phase. Of the makers, `active` are working now.
func (s *State) say(makers []*maker, active int) {
	var one, dead *maker
	processes, machines := map[string]bool{}, map[string]bool{}
	for _, m := range makers {
		switch {
		case m == nil:
		case !m.alive:
			dead = m
		default:
			one = m
			processes[fmt.Sprint(m.Host, m.Boot, m.Namespace, m.ID)], machines[m.Host] = true, true
			if s.Since == nil || m.Began.Before(*s.Since) {
				s.Since = &m.Began
			}
		}
	}
	switch {
	case len(processes) == 1:
		s.Phase = "running"
		s.Sentence = table.Clean(fmt.Sprintf("Running, as process %d on %s.", one.ID, one.Host))
	case len(processes) > 1:
		s.Phase = "running"
		on := table.Clean(one.Host)
		if len(machines) > 1 {
			on = fmt.Sprintf("%d machines", len(machines))
		}
		s.Sentence = fmt.Sprintf("Running: %d cells in %d processes on %s.", active, len(processes), on)
	case s.Done == s.Total:
		s.Phase = "finished"
		s.Sentence = "Finished: every cell has its result, and bench report makes a report of them."
	case s.Done+s.Fails == s.Total:
		s.Phase = "ended"
		s.Sentence = fmt.Sprintf("Ended: %d of %d cells failed; bench reproduce tries them again.", s.Fails, s.Total)
	case dead != nil:
		s.Phase = "stopped"
		s.Sentence = table.Clean(fmt.Sprintf("Stopped: process %d on %s was killed. Its work is kept, and bench reproduce resumes from there.", dead.ID, dead.Host))
	default:
		s.Phase = "stopped"
		s.Sentence = "Not running. The work so far is kept, and bench reproduce resumes from there."
	}
}

// charts groups the curves of cells that compare, in the order of the plan.
func charts(cells []*cell) []*Chart {
	all := []*Chart{}
	byTitle := map[string]*Chart{}
	styles := map[[2]string]map[string]int{} // by title and colour: the line style of each model
	for _, x := range cells {
		for _, name := range x.order {
			points := x.logs[name].curve.drawn()
			if len(points) == 0 {
				continue
			}
			title := strings.Join([]string{table.Clean(x.Experiment), table.Clean(x.Corpus), humanize.Comma(int64(x.Length)) + " tokens"}, ", ")
			if stage := stageOf(name); stage != "" {
				title += ": " + stage
			}
			chart := byTitle[title]
			if chart == nil {
				chart = &Chart{Title: title}
				byTitle[title] = chart
				all = append(all, chart)
			}
			color := reports.ModelColor(x.Model)
			if styles[[2]string{title, color}] == nil {
				styles[[2]string{title, color}] = map[string]int{}
			}
			models := styles[[2]string{title, color}]
			if _, seen := models[x.Model]; !seen {
				models[x.Model] = len(models)
			}
			chart.Curves = append(chart.Curves, Curve{
				Model: reports.ModelName(x.Model), Seed: fmt.Sprint(x.Seed), Color: color, Dash: models[x.Model], Points: points,
			})
		}
	}
	return all
}
