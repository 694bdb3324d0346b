package experiments

import (
	"math"

	"infinibench/models"
)

// shutGates sets every gate β of a model to -∞, so that it reads nothing but its local
// attention, and returns a function that opens them again.
func shutGates(m *models.Model) (open func()) {
	var saved [][]float32
	var gates []*models.Param
	for _, p := range m.Params {
		if p.Group != models.Gate {
			continue
		}
		gates, saved = append(gates, p), append(saved, append([]float32(nil), p.Data()...))
		for i := range p.Data() {
			p.Data()[i] = float32(math.Inf(-1))
		}
	}
	return func() {
		for i, p := range gates {
			copy(p.Data(), saved[i])
		}
	}
}
