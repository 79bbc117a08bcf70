"""Write the tiny models of testdata/golden as GGUF files.

The container is written by gguf-py (PyPI: gguf 0.19.0, numpy 2.4.6), which shares no code with
Ossian; names, types and keys are those of llama.cpp's converter for gpt-oss. The same package
takes the MXFP4 blocks and the 8-bit blocks apart again, and the values are compared with
the checkpoint's before a file is kept.

    python testdata/gguf/make.py        # rewrites the .gguf files; then `make generate` records their hashes
"""

import json
import pathlib

import gguf
import numpy as np
from gguf import GGMLQuantizationType as T

HERE = pathlib.Path(__file__).parent
GOLDEN = HERE.parent / "golden"
# model, type of the dense matrices, tensors in a part (0: one file)
FILES = [("wide", T.BF16, 45), ("wide", T.Q8_0, 0), ("window", T.BF16, 0), ("window", T.Q8_0, 0)]
E2M1 = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6], np.float32)


def checkpoint(folder):
    """All tensors of a folder: bytes as uint8, bfloat16 as float32."""
    out = {}
    for file in sorted(folder.glob("*.safetensors")):
        raw = file.read_bytes()
        n = int.from_bytes(raw[:8], "little")
        for name, t in json.loads(raw[8 : 8 + n]).items():
            if name == "__metadata__":
                continue
            a, b = t["data_offsets"]
            data = raw[8 + n + a : 8 + n + b]
            if t["dtype"] == "BF16":
                wide = np.frombuffer(data, "<u2").astype(np.uint32) << 16
                out[name] = wide.view(np.float32).reshape(t["shape"])
            else:
                assert t["dtype"] == "U8", t
                out[name] = np.frombuffer(data, np.uint8).reshape(t["shape"])
    return out


def values(blocks, scales):
    """MXFP4 of the checkpoint as float32: low nibble first."""
    both = np.stack([blocks & 15, blocks >> 4], -1).reshape(*blocks.shape[:-1], 32)
    scaled = E2M1[both] * np.exp2(scales.astype(np.float32) - 127)[..., None]
    return scaled.reshape(*blocks.shape[:-2], -1)


def repack(blocks, scales):
    """The same as ggml's blocks: the scale, then values 0..15 low and 16..31 high."""
    both = np.stack([blocks & 15, blocks >> 4], -1).reshape(*blocks.shape[:-1], 32)
    codes = both[..., :16] | both[..., 16:] << 4
    rows = np.concatenate([scales[..., None], codes], -1).reshape(*blocks.shape[:-2], -1)
    back = gguf.quants.dequantize(rows, T.MXFP4)
    assert np.array_equal(back, values(blocks, scales))
    return rows


def write(model, dense, part):
    folder = GOLDEN / model / "hf"
    cfg = json.loads((folder / "config.json").read_text())
    w = checkpoint(folder)
    path = HERE / f"{model}-{dense.name.lower()}.gguf"
    out = gguf.GGUFWriter(path, "gpt-oss", split_max_tensors=part)
    out.add_type("model")
    out.add_name(model)
    out.add_quantization_version(2)
    out.add_file_type(gguf.LlamaFileType.MOSTLY_MXFP4_MOE)
    out.add_block_count(cfg["num_hidden_layers"])
    out.add_context_length(cfg["max_position_embeddings"])
    out.add_embedding_length(cfg["hidden_size"])
    out.add_feed_forward_length(cfg["intermediate_size"])
    out.add_expert_feed_forward_length(cfg["intermediate_size"])
    out.add_expert_count(cfg["num_local_experts"])
    out.add_expert_used_count(cfg["num_experts_per_tok"])
    out.add_head_count(cfg["num_attention_heads"])
    out.add_head_count_kv(cfg["num_key_value_heads"])
    out.add_key_length(cfg["head_dim"])
    out.add_value_length(cfg["head_dim"])
    out.add_layer_norm_rms_eps(cfg["rms_norm_eps"])
    out.add_sliding_window(cfg["sliding_window"])
    out.add_rope_freq_base(cfg["rope_theta"])
    rope = cfg["rope_scaling"]
    out.add_rope_scaling_type(gguf.RopeScalingType.YARN)
    out.add_rope_scaling_factor(rope["factor"])
    out.add_rope_scaling_orig_ctx_len(rope["original_max_position_embeddings"])
    out.add_tokenizer_model("gpt2")
    out.add_tokenizer_pre("gpt-4o")
    out.add_token_list([f"[PAD{i}]" for i in range(cfg["vocab_size"])])
    out.add_token_types([gguf.TokenType.UNUSED] * cfg["vocab_size"])
    out.add_eos_token_id(cfg["eos_token_id"])

    def vector(name, x):
        out.add_tensor(name, np.ascontiguousarray(x, np.float32))

    def matrix(name, x):
        q = gguf.quants.quantize(np.ascontiguousarray(x), dense)
        back = gguf.quants.dequantize(q, dense)
        step = np.abs(x).max() / 100 if dense == T.Q8_0 else 0
        assert np.abs(back - x).max() <= step, name
        out.add_tensor(name, q, raw_dtype=dense)

    def linear(to, frm):
        matrix(f"{to}.weight", w[f"{frm}.weight"])
        vector(f"{to}.bias", w[f"{frm}.bias"])

    matrix("token_embd.weight", w["model.embed_tokens.weight"])
    matrix("output.weight", w["lm_head.weight"])
    vector("output_norm.weight", w["model.norm.weight"])
    for i in range(cfg["num_hidden_layers"]):
        b, p = f"blk.{i}.", f"model.layers.{i}."
        vector(b + "attn_norm.weight", w[p + "input_layernorm.weight"])
        vector(b + "post_attention_norm.weight", w[p + "post_attention_layernorm.weight"])
        vector(b + "attn_sinks.weight", w[p + "self_attn.sinks"])
        for to, frm in (("attn_q", "q"), ("attn_k", "k"), ("attn_v", "v"), ("attn_output", "o")):
            linear(b + to, f"{p}self_attn.{frm}_proj")
        vector(b + "ffn_gate_inp.weight", w[p + "mlp.router.weight"])
        vector(b + "ffn_gate_inp.bias", w[p + "mlp.router.bias"])
        x = p + "mlp.experts."
        both = repack(w[x + "gate_up_proj_blocks"], w[x + "gate_up_proj_scales"])
        for first, half in enumerate(("gate", "up")):
            out.add_tensor(f"{b}ffn_{half}_exps.weight", np.ascontiguousarray(both[:, first::2]), raw_dtype=T.MXFP4)
            vector(f"{b}ffn_{half}_exps.bias", w[x + "gate_up_proj_bias"][:, first::2])
        down = repack(w[x + "down_proj_blocks"], w[x + "down_proj_scales"])
        out.add_tensor(b + "ffn_down_exps.weight", down, raw_dtype=T.MXFP4)
        vector(b + "ffn_down_exps.bias", w[x + "down_proj_bias"])
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()


if __name__ == "__main__":
    for f in FILES:
        write(*f)
