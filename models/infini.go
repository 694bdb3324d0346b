package models

import (
	"infinibench/internal/ops"

	G "gorgonia.org/gorgonia"
)

// Infini is Infini-attention (Munkhdalai, Faruqui & Gopal 2024, section 3): local
// causal attention and a compressive memory per key/value head, mixed by a learned gate
// per query head. All query heads of a group read the memory of their key/value head.
type Infini struct {
	Delta bool // the update rule of eq. 9 instead of eq. 8
}

// Name is "infini-linear" or "infini-delta".
func (m Infini) Name() string {
	if m.Delta {
		return "infini-delta"
	}
	return "infini-linear"
}

// Params is the gate β, one number per head.
func (m Infini) Params(c Config, _ int) []ParamSpec {
	return []ParamSpec{{Name: "beta", Shape: []int{c.Heads}, Group: Gate, Init: c.GateInit}}
}

// State is the memory [K, D, D+1], whose last column is the normaliser z.
func (m Infini) State(c Config, _ int) []StateSpec {
	return []StateSpec{{Name: "memory", Shape: []int{c.KVHeads(), c.HeadSize, c.HeadSize + 1}, Differentiable: true, Counted: true}}
}

// Read mixes memory retrieval with local attention (eqs. 6, 7, 10).
func (m Infini) Read(l *Layer, qkv *G.Node, states []*G.Node) *G.Node {
	dot := l.Local(qkv)
	mem := ops.MemoryRead(l.Shape, l.Config.MemoryEpsilon, l.MemoryView(qkv), states[0])
	if l.Config.UngatedStart {
		return ops.Mix(l.Shape, mem, dot, l.Param("beta"), states[0])
	}
	return ops.Mix(l.Shape, mem, dot, l.Param("beta"), nil)
}

// Write adds the segment's keys and values to the memory (eq. 8 or 9).
func (m Infini) Write(l *Layer, qkv *G.Node, initial []*G.Node) []*G.Node {
	return []*G.Node{ops.MemoryWrite(l.Shape, l.Config.MemoryEpsilon, m.Delta, l.writeCounts, l.MemoryView(qkv), initial[0])}
}

// Footprint is the last row of the paper's Table 1, with one memory for each key/value
// head.
func (m Infini) Footprint(c Config) (string, int64) {
	return "d_key·(d_value+1)·" + c.HeadLetter() + "·l", int64(c.HeadSize) * int64(c.HeadSize+1) * int64(c.KVHeads()) * int64(c.Layers)
}
