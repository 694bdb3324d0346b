package reports

import (
	"infinibench/reports/chart"
)

// modelSwitch shows a model in all charts of the page or leaves it out of them.
type modelSwitch struct{ Group, Name, Color string }

// switchesOf lists the models of all charts in the order in which they appear; none for a
// single model.
func switchesOf(charts []*chart.Chart) []modelSwitch {
	var all []modelSwitch
	seen := map[string]bool{"": true}
	for _, c := range charts {
		for _, group := range c.InGroups() {
			if !seen[group] {
				seen[group] = true
				all = append(all, modelSwitch{group, shortName(group), modelColor(group)})
			}
		}
	}
	if len(all) < 2 {
		return nil
	}
	return all
}
