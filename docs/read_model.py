#!/usr/bin/env python3
"""Logits of an exported model folder, with NumPy alone.

    python3 docs/read_model.py DIR 1 403 407 261 378

prints, as JSON, the logits after each of the tokens. It reads what "bench export" writes,
and base models of the Llama family as they are published. Everything is computed in
float64, token by token where that is plainer, so it is a check, not an engine.
"""
import json, os, struct, sys
import numpy as np


def load(folder):
    """The tensors of every .safetensors file, as float64."""
    tensors = {}
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".safetensors"):
            continue
        with open(os.path.join(folder, name), "rb") as f:
            (length,) = struct.unpack("<Q", f.read(8))
            header, data = json.loads(f.read(length)), f.read()
        for key, t in header.items():
            if key == "__metadata__":
                continue
            raw = data[t["data_offsets"][0] : t["data_offsets"][1]]
            if t["dtype"] == "BF16":  # the upper half of a float32
                x = (np.frombuffer(raw, "<u2").astype("<u4") << 16).view("<f4")
            else:
                x = np.frombuffer(raw, {"F32": "<f4", "F16": "<f2"}[t["dtype"]])
            tensors[key] = x.astype(np.float64).reshape(t["shape"])
    return tensors


def frequencies(config, size):
    """Radians per position of each pair of a head."""
    rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
    base = config.get("rope_theta") or rope.get("rope_theta") or 10000.0
    f = base ** (-np.arange(0, size, 2) / size)
    if rope.get("rope_type", rope.get("type", "default")) == "llama3":
        low, high = rope["low_freq_factor"], rope["high_freq_factor"]
        turns = rope["original_max_position_embeddings"] * f / (2 * np.pi)
        smooth = np.clip((turns - low) / (high - low), 0, 1)
        f = f * (smooth + (1 - smooth) / rope["factor"])
    return f


def rotate(x, freqs):
    """Rotary positions of x [T, heads, size], element i paired with i + size/2."""
    angle = np.arange(len(x))[:, None, None] * freqs
    a, b = np.split(x, 2, axis=-1)
    return np.concatenate([a * np.cos(angle) - b * np.sin(angle), b * np.cos(angle) + a * np.sin(angle)], -1)


def norm(x, gain, eps):
    return x / np.sqrt(np.mean(x * x, -1, keepdims=True) + eps) * gain


def gelu(x):
    from math import erf

    return x * 0.5 * (1 + np.vectorize(erf)(x / np.sqrt(2)))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def logits(folder, ids):
    with open(os.path.join(folder, "config.json"), encoding="utf-8") as f:
        config = json.load(f)
    w, infini = load(folder), config.get("infini_attention") or {}
    memory_kind = infini.get("memory", "local-only")
    if memory_kind not in ("local-only", "infini-linear", "infini-delta"):
        sys.exit("read_model.py does not know the memory " + memory_kind)
    heads, eps = config["num_attention_heads"], config.get("rms_norm_eps", 1e-6)
    kv_heads = config.get("num_key_value_heads") or heads
    size = config.get("head_dim") or config["hidden_size"] // heads
    segment, freqs = infini.get("segment", len(ids)), frequencies(config, size)
    group = heads // kv_heads
    layers = [f"model.layers.{i}." for i in range(config["num_hidden_layers"])]
    memory = [np.zeros((kv_heads, size, size + 1)) for _ in layers]  # last column: the normaliser
    sigma = lambda x: np.where(x > 0, x + 1, np.exp(np.minimum(x, 0)))  # elu + 1
    head = w["model.embed_tokens.weight" if config.get("tie_word_embeddings") else "lm_head.weight"]

    def read(m, q):  # [T, size] of one head
        return q @ m[:, :size] / (q @ m[:, size:] + infini["memory_epsilon"])

    out = []
    for start in range(0, len(ids), segment):
        x = w["model.embed_tokens.weight"][ids[start : start + segment]]
        causal = np.triu(np.full((len(x), len(x)), -np.inf), 1)
        for i, at in enumerate(layers):
            y = norm(x, w[at + "input_layernorm.weight"], eps)
            q, k, v = (
                (y @ w[at + f"self_attn.{p}_proj.weight"].T + w.get(at + f"self_attn.{p}_proj.bias", 0)).reshape(len(x), -1, size)
                for p in "qkv"
            )
            if at + "self_attn.q_norm.weight" in w:
                q, k = norm(q, w[at + "self_attn.q_norm.weight"], eps), norm(k, w[at + "self_attn.k_norm.weight"], eps)
            turned_q, turned_k = rotate(q, freqs), rotate(k, freqs)
            if infini.get("memory_positions"):
                mem_q, mem_k = sigma(turned_q), sigma(turned_k)
            else:
                mem_q, mem_k = sigma(q), sigma(k)
            attended = np.empty((len(x), heads, size))
            for h in range(heads):
                scores = turned_q[:, h] @ turned_k[:, h // group].T / np.sqrt(size) + causal
                scores = np.exp(scores - scores.max(-1, keepdims=True))
                attended[:, h] = scores @ v[:, h // group] / scores.sum(-1, keepdims=True)
                if memory_kind != "local-only" and not (infini["ungated_start"] and start == 0):
                    g = sigmoid(w[at + "self_attn.beta"][h])
                    attended[:, h] = g * read(memory[i][h // group], mem_q[:, h]) + (1 - g) * attended[:, h]
            if memory_kind != "local-only" and len(x) == segment:  # written after it is read
                for h in range(kv_heads):
                    new = v[:, h] - read(memory[i][h], mem_k[:, h]) if memory_kind == "infini-delta" else v[:, h]
                    memory[i][h] += mem_k[:, h].T @ np.concatenate([new, np.ones((len(x), 1))], -1)
            x = x + attended.reshape(len(x), -1) @ w[at + "self_attn.o_proj.weight"].T
            y = norm(x, w[at + "post_attention_layernorm.weight"], eps)
            up = y @ w[at + "mlp.up_proj.weight"].T
            if at + "mlp.gate_proj.weight" in w:
                gate = y @ w[at + "mlp.gate_proj.weight"].T
                up = gate * sigmoid(gate) * up
            else:
                up = gelu(up)
            x = x + up @ w[at + "mlp.down_proj.weight"].T
        out.append(norm(x, w["model.norm.weight"], eps) @ head.T)
    return np.concatenate(out)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    print(json.dumps(logits(sys.argv[1], [int(i) for i in sys.argv[2:]]).tolist()))
