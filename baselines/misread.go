package baselines

import (
	"infinibench/internal/ops"
	"infinibench/models"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Misread is an Infini-Transformer's memory that is written as usual, but whose segments
// read an empty memory, or the one that the next document of the batch has written. Models
// are trained with it as controls. The documents of a batch then depend on each other, so it
// serves training alone; a trained model is evaluated with Infini.
type Misread struct {
	models.Infini
	Empty bool
}

// Read is Infini's from other states.
func (m Misread) Read(l *models.Layer, qkv *G.Node, states []*G.Node) *G.Node {
	other := ops.NextDocument
	if m.Empty {
		other = emptied
	}
	return m.Infini.Read(l, qkv, []*G.Node{other(states[0])})
}

// emptied is zeros in the shape of states.
func emptied(states *G.Node) *G.Node {
	zeros := tensor.New(tensor.WithShape(states.Shape()...), tensor.Of(tensor.Float32))
	return G.NodeFromAny(states.Graph(), zeros, G.WithName(states.Name()+".emptied"))
}
