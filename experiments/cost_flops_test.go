package experiments

import (
	"testing"

	"infinibench/baselines"
	"infinibench/models"
)

// By hand, for a width of 2·4 = 8, in each layer: W_qkv 2·8·24 = 384, W_o 2·8·8 = 128,
// W_up and W_down 2·2·8·32 = 1024, attention over half of 4 keys, twice 2·2·8 = 64, a
// use of the memory of 2·4·5 = 40 numbers 80; at the end logits 2·8·5 = 80.
func TestFLOPs(t *testing.T) {
	c := models.Defaults()
	c.Vocabulary, c.Layers, c.Heads, c.HeadSize, c.FFN, c.Segment = 5, 1, 2, 4, 32, 4
	two := c
	two.Layers = 2
	long := c
	long.Segment = 12 // attention 192
	// Two heads on one key/value head, width 6: W_qkv 2·6·16 = 192, W_o 2·8·6 = 96, W_gate,
	// W_up and W_down 3·2·6·32 = 1152, attention 64, logits 2·6·5 = 60.
	llama := c
	llama.ModelWidth, llama.KeyValueHeads, llama.SwiGLU = 6, 1, true
	for _, test := range []struct {
		reason   string
		config   models.Config
		memory   models.Memory
		training bool
		segments int
		want     float64
	}{
		{"no memory", c, baselines.LocalOnly{}, false, 1, 384 + 128 + 1024 + 64 + 80},
		{"read and write", c, models.Infini{}, false, 1, 1680 + 2*80},
		{"read, read and write", c, models.Infini{Delta: true}, false, 1, 1680 + 3*80},
		{"two layers, one table of logits", two, models.Infini{Delta: true}, false, 1, 2*(1600+240) + 80},
		{"three times the segment", long, baselines.LocalOnly{}, false, 1, 1680 + 128},
		// Two tokens before and after the four: attention 128, twice as many tokens.
		{"memory tokens", c, baselines.Recurrent{Tokens: 2}, false, 1, 2*(1536+128) + 80},
		{"backward", c, models.Infini{}, true, 1, 3 * 1840},
		// Keys and values of 4 tokens, 2·4·8 = 64 numbers, multiplied by each token.
		{"a cache", c, baselines.TransformerXL{T5: true}, false, 1, 1680 + 2*64},
		{"a cache backward", c, baselines.TransformerXL{T5: true}, true, 1, 3*1680 + 2*2*64},
		// Products with 4 and, of 4 more, half of the distances: 2·8·(4+2) = 96. For each
		// segment of 4 W_r times 8 distances, 2·8·8·8/4 = 256.
		{"distances", c, baselines.TransformerXL{}, false, 1, 1808 + 96 + 256},
		{"distances backward, by W_r alone", c, baselines.TransformerXL{}, true, 1, 5296 + 3*96 + 2*256},
		{"a graph of two segments", c, baselines.TransformerXL{}, false, 2, 1808 + 96 + 128},
		{"a longer cache", c, baselines.TransformerXL{Cache: 12}, false, 1, 1680 + 2*192 + 2*8*(12+2) + 512},
		// And 100 keys of 8 numbers, of which the nearest are found.
		{"a search", c, baselines.Memorizing{Entries: 100}, false, 1, 2160 + 2*100*8},
		{"a search is never backward", c, baselines.Memorizing{Entries: 100}, true, 1, 6096 + 2*100*8},
		// Keys and values of 4 slots and 4 tokens, 2·8·8 = 128 numbers; products with the
		// distances to 8 and half of 4, 2·8·(8+2) = 160, and W_r times 12, 2·8·8·12/4 = 384;
		// 2 new slots of 2 tokens, keys and values, for each segment: 2·2·(2·16·8)/4 = 256.
		{"compression", c, baselines.Compressive{}, false, 1, 1680 + 2*128 + 160 + 384 + 256},
		{"two slots of three tokens", c, baselines.Compressive{Rate: 3}, false, 1, 1680 + 2*128 + 160 + 384 + 2*2*(2*24*8)/4},
		// The loss: attention to 4 tokens 4·4·8 = 128, to 2 slots 64; by the slots three
		// products of 2·2·8 = 32, by the weights 256.
		{"compression's own loss", c, baselines.Compressive{}, true, 1, 3*1680 + 2*2*128 + 3*160 + 2*384 + 256 + 128 + 64 + 3*32 + 256},
		{"Llama", llama, baselines.LocalOnly{}, false, 1, 192 + 96 + 1152 + 64 + 60},
		// One memory of 20 numbers, which both heads read and one writes.
		{"Llama, a memory", llama, models.Infini{}, false, 1, 1564 + 3*2*20},
		{"Llama, delta", llama, models.Infini{Delta: true}, false, 1, 1564 + 4*2*20},
		// Keys and values of 4 tokens, 2·4·4 = 32 numbers, for both heads.
		{"Llama, a cache", llama, baselines.TransformerXL{}, false, 1, 1564 + 2*2*32},
		{"Llama, a search", llama, baselines.Memorizing{Entries: 100}, false, 1, 1564 + 2*2*32 + 2*2*100*4},
	} {
		if got := FLOPs(test.config, test.memory, test.training, test.segments); got != test.want {
			t.Errorf("%s: %g, want %g", test.reason, got, test.want)
		}
	}
}
