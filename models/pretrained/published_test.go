package pretrained

import (
	"testing"

	"infinibench/models"
)

// What is read of the config.json of published models, with the number of weights that the
// hub shows for each: a check of every shape.
func TestPublishedModels(t *testing.T) {
	for _, c := range []struct {
		name, config string
		weights      int64
		window       int
	}{
		{name: "HuggingFaceTB/SmolLM2-135M", weights: 134_515_008, config: `{"architectures": ["LlamaForCausalLM"], "attention_bias": false, "attention_dropout": 0.0,
			"bos_token_id": 0, "eos_token_id": 0, "hidden_act": "silu", "hidden_size": 576, "initializer_range": 0.041666666666666664, "intermediate_size": 1536,
			"is_llama_config": true, "max_position_embeddings": 8192, "mlp_bias": false, "model_type": "llama", "num_attention_heads": 9, "num_hidden_layers": 30,
			"num_key_value_heads": 3, "pretraining_tp": 1, "rms_norm_eps": 1e-05, "rope_interleaved": false, "rope_scaling": null, "rope_theta": 100000,
			"tie_word_embeddings": true, "torch_dtype": "bfloat16", "transformers_version": "4.40.1", "use_cache": true, "vocab_size": 49152}`},
		{name: "TinyLlama/TinyLlama_v1.1", weights: 1_100_048_384, config: `{"architectures": ["LlamaForCausalLM"], "bos_token_id": 1, "eos_token_id": 2, "hidden_act": "silu",
			"hidden_size": 2048, "initializer_range": 0.02, "intermediate_size": 5632, "max_position_embeddings": 2048, "model_type": "llama", "num_attention_heads": 32,
			"num_hidden_layers": 22, "num_key_value_heads": 4, "pretraining_tp": 1, "rms_norm_eps": 1e-05, "rope_scaling": null, "tie_word_embeddings": false,
			"torch_dtype": "float32", "transformers_version": "4.31.0", "use_cache": true, "vocab_size": 32000}`},
		{name: "meta-llama/Llama-3.2-1B", weights: 1_235_814_400, config: `{"architectures": ["LlamaForCausalLM"], "attention_bias": false, "attention_dropout": 0.0,
			"bos_token_id": 128000, "eos_token_id": [128001, 128008, 128009], "head_dim": 64, "hidden_act": "silu", "hidden_size": 2048, "initializer_range": 0.02,
			"intermediate_size": 8192, "max_position_embeddings": 131072, "mlp_bias": false, "model_type": "llama", "num_attention_heads": 32, "num_hidden_layers": 16,
			"num_key_value_heads": 8, "pretraining_tp": 1, "rms_norm_eps": 1e-05, "rope_scaling": {"factor": 32.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0,
			"original_max_position_embeddings": 8192, "rope_type": "llama3"}, "rope_theta": 500000.0, "tie_word_embeddings": true, "torch_dtype": "bfloat16",
			"transformers_version": "4.45.0.dev0", "use_cache": true, "vocab_size": 128256}`},
		{name: "mistralai/Mistral-7B-v0.1", weights: 7_241_732_096, window: 4096, config: `{"architectures": ["MistralForCausalLM"], "bos_token_id": 1, "eos_token_id": 2,
			"hidden_act": "silu", "hidden_size": 4096, "initializer_range": 0.02, "intermediate_size": 14336, "max_position_embeddings": 32768, "model_type": "mistral",
			"num_attention_heads": 32, "num_hidden_layers": 32, "num_key_value_heads": 8, "rms_norm_eps": 1e-05, "rope_theta": 10000.0, "sliding_window": 4096,
			"tie_word_embeddings": false, "torch_dtype": "bfloat16", "transformers_version": "4.34.0.dev0", "use_cache": true, "vocab_size": 32000}`},
		{name: "Qwen/Qwen2.5-0.5B", weights: 494_032_768, config: `{"architectures": ["Qwen2ForCausalLM"], "attention_dropout": 0.0, "bos_token_id": 151643, "eos_token_id": 151643,
			"hidden_act": "silu", "hidden_size": 896, "initializer_range": 0.02, "intermediate_size": 4864, "max_position_embeddings": 32768, "max_window_layers": 24,
			"model_type": "qwen2", "num_attention_heads": 14, "num_hidden_layers": 24, "num_key_value_heads": 2, "rms_norm_eps": 1e-06, "rope_theta": 1000000.0,
			"sliding_window": 32768, "tie_word_embeddings": true, "torch_dtype": "bfloat16", "transformers_version": "4.40.1", "use_cache": true, "use_mrope": false,
			"use_sliding_window": false, "vocab_size": 151936}`},
		{name: "Qwen/Qwen3-0.6B", weights: 596_049_920, config: `{"architectures": ["Qwen3ForCausalLM"], "attention_bias": false, "attention_dropout": 0.0, "bos_token_id": 151643,
			"eos_token_id": 151645, "head_dim": 128, "hidden_act": "silu", "hidden_size": 1024, "initializer_range": 0.02, "intermediate_size": 3072,
			"max_position_embeddings": 40960, "max_window_layers": 28, "model_type": "qwen3", "num_attention_heads": 16, "num_hidden_layers": 28, "num_key_value_heads": 8,
			"rms_norm_eps": 1e-06, "rope_scaling": null, "rope_theta": 1000000, "sliding_window": null, "tie_word_embeddings": true, "torch_dtype": "bfloat16",
			"transformers_version": "4.51.0", "use_cache": true, "use_sliding_window": false, "vocab_size": 151936}`},
	} {
		raw, err := parseConfig([]byte(c.config))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		f := &Folder{tensors: map[string]tensor{}}
		for i := range 100 { // as many tensors as any of them has layers
			f.tensors[string(rune('a'+i))] = tensor{}
		}
		if err := f.configure(raw); err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var weights int64
		for _, p := range Parts(f.Config, nil) {
			n := int64(1)
			for _, d := range p.Shape {
				n *= int64(d)
			}
			weights += n
		}
		if weights != c.weights || f.Window != c.window {
			t.Errorf("%s has %d weights and a window of %d, want %d and %d", c.name, weights, f.Window, c.weights, c.window)
		}
		if err := models.Check(f.Config, models.Infini{Delta: true}); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
