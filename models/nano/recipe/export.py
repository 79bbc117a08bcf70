"""Writes a trained state as an official-layout checkpoint. usage: export.py STATE.pt TOKENIZER OUT_FOLDER"""
import json
import os
import shutil
import sys

import torch
from safetensors.torch import load_file, save_file

import model


def pack(w):
    """float experts [E, in, out] -> blocks [E, out, in/32, 16], scales [E, out, in/32]"""
    E, I, O = w.shape
    c, e = model.mxfp4_codes(w.transpose(1, 2).reshape(E, O, I // 32, 32))
    s = e + 127
    assert s.min() >= 1 and s.max() <= 254
    return (c[..., 0::2] | c[..., 1::2] << 4).contiguous(), s.to(torch.uint8).contiguous()


def unpack(blocks, scales):
    """inverse of pack, float [E, in, out]"""
    c = torch.stack([blocks & 15, blocks >> 4], -1).flatten(-2)
    v = model.FP4[(c & 7).long()] * torch.where(c > 7, -1.0, 1.0) * torch.exp2(scales.float() - 127)[..., None]
    return v.flatten(-2).transpose(1, 2).contiguous()


def tensors(sd):
    out = {}
    for n, w in sd.items():
        if n.endswith("gate_up_proj") or n.endswith("down_proj"):
            b, s = pack(w.float())
            out[n + "_blocks"], out[n + "_scales"] = b, s
        else:
            out[n] = w.to(torch.bfloat16).contiguous()
    return out


def config_json(V, a):
    base = V - 9
    L = a["layers"]
    skip = [x for i in range(L) for x in (f"model.layers.{i}.self_attn", f"model.layers.{i}.mlp.router")] + ["model.embed_tokens", "lm_head"]
    return {
        "architectures": ["GptOssForCausalLM"], "attention_bias": True, "attention_dropout": 0.0, "bos_token_id": base, "eos_token_id": base + 2, "pad_token_id": base + 1,
        "experts_per_token": a["topk"], "head_dim": 32, "hidden_act": "silu", "hidden_size": a["hidden"], "initial_context_length": 4096, "initializer_range": 0.02,
        "intermediate_size": 256, "layer_types": ["sliding_attention" if i % 2 == 0 else "full_attention" for i in range(L)], "max_position_embeddings": 131072, "model_type": "gpt_oss",
        "num_attention_heads": a["heads"], "num_experts_per_tok": a["topk"], "num_hidden_layers": L, "num_key_value_heads": a["kv"], "num_local_experts": 8, "output_router_logits": False,
        "quantization_config": {"modules_to_not_convert": skip, "quant_method": "mxfp4"}, "rms_norm_eps": 1e-05,
        "rope_scaling": {"beta_fast": 32.0, "beta_slow": 1.0, "factor": 32.0, "original_max_position_embeddings": 4096, "rope_type": "yarn", "truncate": False},
        "rope_theta": 150000, "router_aux_loss_coef": 0.0, "sliding_window": 64, "swiglu_limit": 7.0, "tie_word_embeddings": False, "torch_dtype": "bfloat16", "use_cache": True, "vocab_size": V}


def load(folder):
    """The exported checkpoint, dequantised, in transformers' own model, f32."""
    from transformers import GptOssConfig, GptOssForCausalLM
    c = json.load(open(folder + "/config.json"))
    c.pop("quantization_config")
    c.pop("torch_dtype")
    cfg = GptOssConfig(**c, attn_implementation="eager")
    assert cfg.rope_parameters["rope_theta"] == 150000 and cfg.rope_parameters["rope_type"] == "yarn" and cfg.rope_parameters["truncate"] is False, cfg.rope_parameters
    raw = load_file(folder + "/model.safetensors")
    sd = {}
    for n, w in raw.items():
        if n.endswith("_blocks"):
            sd[n[:-7]] = unpack(w, raw[n[:-7] + "_scales"])
        elif not n.endswith("_scales"):
            sd[n] = w.float()
    hf = GptOssForCausalLM(cfg).float()
    hf.load_state_dict(sd, strict=True)
    return hf.eval()


def main(state, tokenizer, out):
    st = torch.load(state, map_location="cpu")
    os.makedirs(out, exist_ok=True)
    sd = st["model"]
    V = sd["lm_head.weight"].shape[0]
    save_file(tensors(sd), out + "/model.safetensors", metadata={"format": "pt"})
    base = V - 9
    put = lambda name, o: open(f"{out}/{name}", "w").write(json.dumps(o, indent=2) + "\n")
    put("config.json", config_json(V, st["args"]))
    put("generation_config.json", {"bos_token_id": base, "do_sample": False, "eos_token_id": [base + 2, base + 1, base + 8], "pad_token_id": base + 1, "transformers_version": "5.23.0"})
    shutil.copy(tokenizer, out + "/tokenizer.json")
    # the file read back equals the state rounded the way training rounds it
    hf = load(out)
    worst = 0.0
    for n, p in hf.named_parameters():
        w = sd[n].float()
        q = model.mxfp4_round(w) if n.endswith(("gate_up_proj", "down_proj")) else w.bfloat16().float()
        worst = max(worst, (p - q).abs().max().item())
    print("step", st["step"], "tokens", st["tokens"], "qat", st["qat"], "largest difference to training-time rounding", worst, "bytes", os.path.getsize(out + "/model.safetensors"))
    assert worst == 0


if __name__ == "__main__":
    main(*sys.argv[1:4])
