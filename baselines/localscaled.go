package baselines

import (
	"infinibench/internal/ops"
	"infinibench/models"

	G "gorgonia.org/gorgonia"
)

// LocalScaled is LocalOnly with a learned scale for each head of local attention. The scale
// takes the place of the factor 1-sigmoid(β) that the gate of an Infini-Transformer puts on
// local attention: a control for what the factor does without a memory.
type LocalScaled struct{ LocalOnly }

// Name is "local-scaled".
func (LocalScaled) Name() string { return "local-scaled" }

// Params is the scale of each head. It starts at 1, which is LocalOnly, and is trained like
// a gate: at the gates' learning rate and without weight decay.
func (LocalScaled) Params(c models.Config, _ int) []models.ParamSpec {
	return []models.ParamSpec{{Name: "scale", Shape: []int{c.Heads}, Group: models.Gate, Init: 1}}
}

// Local is local attention (paper eq. 6), each head times its scale.
func (LocalScaled) Local(l *models.Layer, qkv *G.Node) *G.Node {
	return ops.ScaleHeads(l.Shape, l.Local(qkv), l.Param("scale"))
}

// Read is Local: there is nothing else.
func (m LocalScaled) Read(l *models.Layer, qkv *G.Node, _ []*G.Node) *G.Node { return m.Local(l, qkv) }
