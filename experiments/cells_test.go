package experiments

import (
	"slices"

	"infinibench/internal/results"
)

// What the tests ask of a profile by cell: the settings, config.yaml and the hash.

func (p *Profile) planned(c results.Cell) PlannedCell {
	found, err := p.find(c)
	if err != nil {
		panic(err)
	}
	return found
}

func (p *Profile) Settings(c results.Cell) results.CellSettings { return p.planned(c).Settings }
func (p *Profile) Config(c results.Cell) []byte                 { return configOf(p.planned(c).Settings) }
func (p *Profile) Hash(c results.Cell) string                   { return hashOf(p.planned(c).Settings) }

// cellsOf are the profile's cells of one experiment.
func (p *Profile) cellsOf(experiment string) []PlannedCell {
	return slices.DeleteFunc(p.Cells(), func(c PlannedCell) bool { return c.Experiment != experiment })
}

func plain(cells []PlannedCell) []results.Cell {
	var all []results.Cell
	for _, c := range cells {
		all = append(all, c.Cell)
	}
	return all
}
