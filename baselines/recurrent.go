package baselines

import (
	"infinibench/models"

	G "gorgonia.org/gorgonia"
)

// Recurrent is the Recurrent Memory Transformer (Bulatov, Kuratov & Burtsev 2022, section
// 3.2): p memory tokens precede each segment, to be read, and follow it, to be written,
//
//	[·; H; M'] = Transformer([M; X; M])
//
// where M' is the memory of the next segment, and the logits come from H. The gradient
// flows through M. The first segment's M is learned. The paper leaves two choices to the
// implementation. Here, as in the authors' later code for decoders, M' is taken after the
// last norm, and memory tokens are under the same causal mask as all others, so that each
// sees only the earlier ones of its group. The authors' language-model code lets the
// memory tokens of a group see each other; their later code does not.
type Recurrent struct {
	// Tokens is p; 0 means 100 for a segment of 2048 tokens and in proportion
	// otherwise, rounded, and at least 1: the best of 50, 100 and 150 in the
	// Infini-attention paper's Table 2.
	Tokens int
}

// Name is "rmt".
func (Recurrent) Name() string { return "rmt" }

// Params: none in the layers. The trunk has the first M.
func (Recurrent) Params(models.Config, int) []models.ParamSpec { return nil }

func (m Recurrent) tokens(c models.Config) int {
	if m.Tokens > 0 {
		return m.Tokens
	}
	return max(1, (100*c.Segment+1024)/2048)
}

// State is M [p, d], once for all layers.
func (m Recurrent) State(c models.Config, layer int) []models.StateSpec {
	if layer > 0 {
		return nil
	}
	return []models.StateSpec{{Name: "memory", Shape: []int{m.tokens(c), c.Width()}, Differentiable: true, Counted: true, Tokens: true}}
}

// Read is attention over memory tokens and segment together.
func (Recurrent) Read(l *models.Layer, qkv *G.Node, _ []*G.Node) *G.Node { return l.Local(qkv) }

// Write is not called: the memory is tokens.
func (Recurrent) Write(*models.Layer, *G.Node, []*G.Node) []*G.Node { return nil }

// Footprint is what is carried. The paper's Table 1 has d_model·p·l·2, without saying why
// each layer should count, and twice; its 2.5M is this formula at p = 100.
func (m Recurrent) Footprint(c models.Config) (string, int64) {
	return "d_model·p", int64(c.Width()) * int64(m.tokens(c))
}
