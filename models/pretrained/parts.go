package pretrained

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"infinibench/models"
)

// Part is a tensor of a folder: rows From, From+1, … of a weight of the model.
type Part struct {
	Tensor string // name in the folder
	Param  string // name in the model
	From   int    // row of Param that is the tensor's first
	Shape  []int  // of the tensor
	Memory bool   // a weight of the memory, which base models lack
}

const (
	embeddingTensor = "model.embed_tokens.weight"
	headTensor      = "lm_head.weight"
)

// Parts lists the tensors of a model's folder in layer order, with the memory's tensors
// last. m may be nil.
func Parts(c models.Config, m models.Memory) []Part {
	d, q, kv := c.Width(), c.Heads*c.HeadSize, c.KVHeads()*c.HeadSize
	parts := []Part{{Tensor: embeddingTensor, Param: "embedding", Shape: []int{c.Vocabulary, d}}}
	for i := range c.Layers {
		add := func(tensor, param string, from int, shape ...int) {
			parts = append(parts, Part{Tensor: fmt.Sprintf("model.layers.%d.%s", i, tensor), Param: fmt.Sprintf("layers.%d.%s", i, param), From: from, Shape: shape})
		}
		add("input_layernorm.weight", "norm_attention", 0, d)
		add("self_attn.q_proj.weight", "w_qkv", 0, q, d)
		add("self_attn.k_proj.weight", "w_qkv", q, kv, d)
		add("self_attn.v_proj.weight", "w_qkv", q+kv, kv, d)
		if c.QKVBias {
			add("self_attn.q_proj.bias", "b_qkv", 0, q)
			add("self_attn.k_proj.bias", "b_qkv", q, kv)
			add("self_attn.v_proj.bias", "b_qkv", q+kv, kv)
		}
		if c.QKNorm {
			add("self_attn.q_norm.weight", "norm_q", 0, c.HeadSize)
			add("self_attn.k_norm.weight", "norm_k", 0, c.HeadSize)
		}
		add("self_attn.o_proj.weight", "w_o", 0, d, q)
		add("post_attention_layernorm.weight", "norm_ffn", 0, d)
		if c.SwiGLU {
			add("mlp.gate_proj.weight", "w_gate", 0, c.FFN, d)
		}
		add("mlp.up_proj.weight", "w_up", 0, c.FFN, d)
		add("mlp.down_proj.weight", "w_down", 0, d, c.FFN)
	}
	parts = append(parts, Part{Tensor: "model.norm.weight", Param: "norm_final", Shape: []int{d}})
	if c.UntiedHead {
		parts = append(parts, Part{Tensor: headTensor, Param: "head", Shape: []int{c.Vocabulary, d}})
	}
	if m == nil {
		return parts
	}
	trunk := map[string]bool{}
	for _, p := range parts {
		trunk[p.Param] = true
	}
	shapes := models.Shapes(c, m)
	for _, name := range slices.Sorted(maps.Keys(shapes)) {
		if !trunk[name] {
			parts = append(parts, Part{Tensor: memoryTensor(name), Param: name, Shape: shapes[name], Memory: true})
		}
	}
	return parts
}

// memoryTensor names the weight of a memory: layers.3.beta is
// model.layers.3.self_attn.beta.
func memoryTensor(param string) string {
	rest, ofLayer := strings.CutPrefix(param, "layers.")
	layer, name, _ := strings.Cut(rest, ".")
	if !ofLayer {
		return "model." + param
	}
	return fmt.Sprintf("model.layers.%s.self_attn.%s", layer, name)
}
