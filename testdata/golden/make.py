#!/usr/bin/env python3
"""Makes the golden checkpoints and their expected outputs with transformers.

    python testdata/golden/make.py [folder]        # default: the folder of this file

Everything is seeded; weights are the same bytes on any machine, expected outputs are the
same up to the summation order of the machine's torch build. Needs torch (CPU), transformers, numpy.
What each file holds: README.md beside this script.
"""
import hashlib
import json
import pathlib
import platform
import sys

import numpy as np
import torch
import transformers
from transformers import GptOssConfig, GptOssForCausalLM
from transformers.models.gpt_oss import modeling_gpt_oss as hf

torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)

E2M1 = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6], np.float32)

# name: shape of the tiny model, seed, shards of the HF layout, prompts.
# A prompt: (name, number of tokens, positions or None, rows to keep or None for all).
FAR = list(range(16)) + list(range(4090, 4102)) + list(range(131060, 131072))
MODELS = {
    "wide": dict(
        layers=3, hidden=96, inter=64, heads=4, kv=2, head_dim=64, experts=8, top=4, window=16, vocab=192, seed=11, shards=2,
        prompts=[("one", 1, None, None), ("short", 7, None, None), ("odd", 53, None, None), ("far", len(FAR), FAR, list(range(0, 40, 3)))],
    ),
    "narrow": dict(
        layers=4, hidden=64, inter=96, heads=4, kv=4, head_dim=32, experts=4, top=2, window=8, vocab=128, seed=23, shards=1,
        prompts=[("edge", 9, None, None), ("odd", 71, None, None), ("far", len(FAR), FAR, list(range(0, 40, 3)))],
    ),
    "window": dict(
        layers=3, hidden=64, inter=32, heads=8, kv=1, head_dim=64, experts=6, top=4, window=128, vocab=96, seed=37, shards=1,
        prompts=[("edge", 129, None, list(range(120, 129))), ("odd", 301, None, list(range(0, 301, 30)) + [127, 128, 129, 299])],
    ),
    "long": dict(
        layers=4, hidden=32, inter=32, heads=2, kv=1, head_dim=32, experts=4, top=2, window=128, vocab=64, seed=41, shards=1,
        prompts=[("context", 4703, None, [0, 127, 128, 4095, 4096, 4097] + list(range(4690, 4703))), ("far", len(FAR), FAR, None)],
    ),
}


def bf16(a):
    """float array -> the nearest bf16 values, as float32."""
    return torch.tensor(np.asarray(a, np.float32)).to(torch.bfloat16).float().numpy()


def dense(rng, shape, std, mean=0.0):
    return bf16(rng.standard_normal(shape) * std + mean)


def mxfp4(rng, experts, rows, cols, gain):
    """Random codes and scales: every code occurs, the scales spread over a few binary orders around gain/sqrt(cols)."""
    codes = rng.integers(0, 16, (experts, rows, cols // 32, 32), dtype=np.uint8)
    mid = int(round(127 + np.log2(gain / np.sqrt(cols) / 2.93)))
    scales = rng.choice(np.array([mid - 2, mid - 1, mid, mid + 1], np.uint8), (experts, rows, cols // 32), p=[0.1, 0.4, 0.4, 0.1])
    blocks = codes[..., 0::2] | codes[..., 1::2] << 4
    values = E2M1[codes] * np.exp2(scales.astype(np.float32) - 127)[..., None]
    return blocks, scales, values.reshape(experts, rows, cols).astype(np.float32)


def weights(m):
    """The one set of weights, under HF names; expert matrices as (blocks, scales, values [E, out, in])."""
    rng = np.random.Generator(np.random.PCG64(m["seed"]))
    D, I, E, hd = m["hidden"], m["inter"], m["experts"], m["head_dim"]
    H, K = m["heads"] * hd, m["kv"] * hd
    w, x = {}, {}
    w["model.embed_tokens.weight"] = dense(rng, (m["vocab"], D), 1.0)
    for n in range(m["layers"]):
        p = f"model.layers.{n}."
        w[p + "input_layernorm.weight"] = dense(rng, D, 0.3, 1.0)
        for name, out, inp, gain in (("q", H, D, 1.0), ("k", K, D, 1.0), ("v", K, D, 1.0), ("o", D, H, 1.5)):
            w[p + f"self_attn.{name}_proj.weight"] = dense(rng, (out, inp), gain / np.sqrt(inp))
            w[p + f"self_attn.{name}_proj.bias"] = dense(rng, out, 0.4)
        w[p + "self_attn.sinks"] = dense(rng, m["heads"], 1.5, 0.5)
        w[p + "post_attention_layernorm.weight"] = dense(rng, D, 0.3, 1.0)
        w[p + "mlp.router.weight"] = dense(rng, (E, D), 2.0 / np.sqrt(D))
        w[p + "mlp.router.bias"] = dense(rng, E, 0.5)
        x[p + "mlp.experts.gate_up_proj"] = mxfp4(rng, E, 2 * I, D, 3.5)  # a few per cent of the gates reach the clamp
        w[p + "mlp.experts.gate_up_proj_bias"] = dense(rng, (E, 2 * I), 1.0)
        x[p + "mlp.experts.down_proj"] = mxfp4(rng, E, D, I, 0.4)
        w[p + "mlp.experts.down_proj_bias"] = dense(rng, (E, D), 0.4)
    w["model.norm.weight"] = dense(rng, D, 0.3, 1.0)
    w["lm_head.weight"] = dense(rng, (m["vocab"], D), 1.0 / np.sqrt(D))
    return w, x


def to_bf16_bytes(a):
    return torch.tensor(a).to(torch.bfloat16).view(torch.int16).numpy().astype("<i2").tobytes()


def write_safetensors(path, tensors):
    """tensors: list of (name, dtype, shape, bytes), kept in order."""
    header, at = {"__metadata__": {"format": "pt"}}, 0
    for name, dtype, shape, data in tensors:
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [at, at + len(data)]}
        at += len(data)
    head = json.dumps(header, separators=(",", ":")).encode()
    head += b" " * (-len(head) % 8)
    with open(path, "wb") as f:
        f.write(len(head).to_bytes(8, "little") + head)
        for t in tensors:
            f.write(t[3])
    return at


def layer_types(m):
    return ["sliding_attention" if n % 2 == 0 else "full_attention" for n in range(m["layers"])]


def hf_config(m, quantised):
    """config.json: the spelling of the published files, or of transformers 5 for the dequantised variant."""
    c = dict(
        architectures=["GptOssForCausalLM"], model_type="gpt_oss", attention_bias=True, attention_dropout=0.0, eos_token_id=m["vocab"] - 1,
        head_dim=m["head_dim"], hidden_act="silu", hidden_size=m["hidden"], initializer_range=0.02, intermediate_size=m["inter"],
        layer_types=layer_types(m), max_position_embeddings=131072, num_attention_heads=m["heads"], num_experts_per_tok=m["top"],
        num_hidden_layers=m["layers"], num_key_value_heads=m["kv"], num_local_experts=m["experts"], rms_norm_eps=1e-5,
        router_aux_loss_coef=0.9, sliding_window=m["window"], swiglu_limit=7.0, tie_word_embeddings=False, use_cache=True, vocab_size=m["vocab"],
    )
    yarn = dict(rope_type="yarn", factor=32.0, beta_fast=32.0, beta_slow=1.0, truncate=False, original_max_position_embeddings=4096)
    if not quantised:
        return c | dict(dtype="bfloat16", rope_parameters=yarn | dict(rope_theta=150000.0))
    return c | dict(
        experts_per_token=m["top"], initial_context_length=4096, rope_theta=150000, rope_scaling=yarn, torch_dtype="bfloat16",
        quantization_config=dict(quant_method="mxfp4", modules_to_not_convert=["model.layers.*.self_attn", "model.layers.*.mlp.router", "model.embed_tokens", "lm_head"]),
    )


def write_hf(dir, m, w, x, quantised):
    dir.mkdir(parents=True, exist_ok=True)
    (dir / "config.json").write_text(json.dumps(hf_config(m, quantised), indent=2) + "\n")
    ts = [(n, "BF16", a.shape, to_bf16_bytes(a)) for n, a in w.items()]
    for n, (blocks, scales, values) in x.items():
        if quantised:
            ts.append((n + "_blocks", "U8", blocks.shape, blocks.tobytes()))
            ts.append((n + "_scales", "U8", scales.shape, scales.tobytes()))
        else:
            t = np.ascontiguousarray(values.transpose(0, 2, 1))
            ts.append((n, "BF16", t.shape, to_bf16_bytes(t)))
    ts.sort(key=lambda t: t[0])
    k = m["shards"] if quantised else 1
    if k == 1:
        write_safetensors(dir / "model.safetensors", ts)
        return
    index, total = {}, 0
    for i in range(k):  # the published files count from zero and name the last index, not the count
        name = f"model-{i:05d}-of-{k - 1:05d}.safetensors"
        part = ts[i * len(ts) // k : (i + 1) * len(ts) // k]
        total += write_safetensors(dir / name, part)
        index |= {t[0]: name for t in part}
    (dir / "model.safetensors.index.json").write_text(json.dumps(dict(metadata=dict(total_size=total), weight_map=index), indent=1) + "\n")


def write_original(dir, m, w, x):
    dir.mkdir(parents=True, exist_ok=True)
    c = dict(
        num_hidden_layers=m["layers"], num_experts=m["experts"], experts_per_token=m["top"], vocab_size=m["vocab"], hidden_size=m["hidden"],
        intermediate_size=m["inter"], swiglu_limit=7.0, head_dim=m["head_dim"], num_attention_heads=m["heads"], num_key_value_heads=m["kv"],
        sliding_window=m["window"], initial_context_length=4096, rope_theta=150000, rope_scaling_factor=32.0, rope_ntk_alpha=1, rope_ntk_beta=32,
    )
    (dir / "config.json").write_text(json.dumps(c, indent=2) + "\n")
    ts = []

    def put(name, a):
        ts.append((name, "BF16", a.shape, to_bf16_bytes(a)))

    put("embedding.weight", w["model.embed_tokens.weight"])
    for n in range(m["layers"]):
        p, b = f"model.layers.{n}.", f"block.{n}."
        put(b + "attn.norm.scale", w[p + "input_layernorm.weight"])
        for kind in ("weight", "bias"):
            put(b + "attn.qkv." + kind, np.concatenate([w[p + f"self_attn.{t}_proj.{kind}"] for t in "qkv"]))
            put(b + "attn.out." + kind, w[p + "self_attn.o_proj." + kind])
            put(b + "mlp.gate." + kind, w[p + "mlp.router." + kind])
        put(b + "attn.sinks", w[p + "self_attn.sinks"])
        put(b + "mlp.norm.scale", w[p + "post_attention_layernorm.weight"])
        for ours, theirs in (("mlp1", "gate_up_proj"), ("mlp2", "down_proj")):
            blocks, scales, _ = x[p + "mlp.experts." + theirs]
            ts.append((b + f"mlp.{ours}_weight.blocks", "U8", blocks.shape, blocks.tobytes()))
            ts.append((b + f"mlp.{ours}_weight.scales", "U8", scales.shape, scales.tobytes()))
            put(b + f"mlp.{ours}_bias", w[p + f"mlp.experts.{theirs}_bias"])
    put("norm.scale", w["model.norm.weight"])
    put("unembedding.weight", w["lm_head.weight"])
    write_safetensors(dir / "model.safetensors", ts)


def build(m, w, x):
    keys = {f: v for f, v in hf_config(m, False).items() if f not in ("architectures", "model_type", "dtype")}
    config = GptOssConfig(**keys)
    config._attn_implementation = "eager"
    config._experts_implementation = "eager"
    model = GptOssForCausalLM(config).float().eval()
    state = {n: torch.tensor(a) for n, a in w.items()}
    state |= {n: torch.tensor(np.ascontiguousarray(v.transpose(0, 2, 1))) for n, (_, _, v) in x.items()}
    model.load_state_dict(state, strict=True)
    return model


class Exact:
    """Runs the same model in float64, with RMSNorm and the rotary angles in float64 too (transformers keeps both in
    float32: at position 131071 a float32 angle is off by up to 4e-3 rad). This is the truth both sides approximate."""

    def __enter__(self):
        self.saved = hf.GptOssRMSNorm.forward, hf.GptOssRotaryEmbedding.forward

        def norm(s, h):
            return s.weight * (h * torch.rsqrt(h.pow(2).mean(-1, keepdim=True) + s.variance_epsilon))

        def rope(s, h, position_ids):
            inv, c = exact_inv_freq(s.config)
            angle = position_ids[..., None].double() * torch.tensor(inv, dtype=torch.float64)
            return (angle.cos() * c).to(h.dtype), (angle.sin() * c).to(h.dtype)

        hf.GptOssRMSNorm.forward, hf.GptOssRotaryEmbedding.forward = norm, rope

    def __exit__(self, *_):
        hf.GptOssRMSNorm.forward, hf.GptOssRotaryEmbedding.forward = self.saved


def exact_inv_freq(c):
    """The formula of the specification in float64, without rounding the ramp's bounds."""
    d, base, factor, ctx = c.head_dim, 150000.0, 32.0, 4096.0
    low, high = (d / 2 * np.log(ctx / (r * 2 * np.pi)) / np.log(base) for r in (32.0, 1.0))
    i = np.arange(d // 2, dtype=np.float64)
    f = base ** (2 * i / d)
    r = np.clip((i - low) / (high - low), 0, 1)
    return (1 - r) / f + r / (factor * f), 0.1 * np.log(factor) + 1


def run(model, ids, positions):
    """-> logits [n, vocab], residual stream after every layer [layers, n, hidden], smallest routing margin."""
    layers, margin = [], []
    hooks = [l.register_forward_hook(lambda _m, _i, out: layers.append(out[0] if isinstance(out, tuple) else out)) for l in model.model.layers]
    k = model.config.num_experts_per_tok
    for l in model.model.layers:
        def gap(_m, _i, out):
            v = out[0].double().sort(-1, descending=True).values
            margin.append((v[:, k - 1] - v[:, k]).min().item() if v.shape[1] > k else float("inf"))
        hooks.append(l.mlp.router.register_forward_hook(gap))
    with torch.no_grad():
        out = model(input_ids=torch.tensor([ids]), position_ids=torch.tensor([positions]), use_cache=False)
    for h in hooks:
        h.remove()
    return out.logits[0].float().numpy(), np.stack([l[0].float().numpy() for l in layers]), min(margin)


def golden(dir, name, m):
    w, x = weights(m)
    write_hf(dir / name / "hf", m, w, x, True)
    write_hf(dir / name / "bf16", m, w, x, False)
    write_original(dir / name / "original", m, w, x)
    model = build(m, w, x)
    blob, cases = bytearray(), []

    def store(a):
        at = len(blob)
        blob.extend(np.ascontiguousarray(a, "<f4").tobytes())
        return dict(offset=at, shape=list(a.shape))

    inv, concentration = model.model.rotary_emb.inv_freq.numpy(), model.model.rotary_emb.attention_scaling
    exact, c64 = exact_inv_freq(model.config)
    assert abs(concentration - c64) < 1e-12 and np.max(np.abs(inv / exact - 1)) < 1e-6, "rope of transformers is not the specification's"
    head = dict(model=name, shape={k: v for k, v in m.items() if k != "prompts"}, inv_freq=store(inv), concentration=concentration)
    model16 = build(m, w, x).to(torch.bfloat16)
    model16.model.rotary_emb.inv_freq = torch.tensor(inv)  # .to() rounds this buffer too; a loaded bfloat16 model keeps it in float32
    rng = np.random.Generator(np.random.PCG64(m["seed"] + 1000))
    runs = {}
    for prompt, n, positions, rows in m["prompts"]:
        pos = positions or list(range(n))
        bar = 2e-4 if n < 1000 else 5e-6  # routing on a knife's edge tests luck, not arithmetic: draw such a prompt again
        for _ in range(40):
            ids = rng.integers(0, m["vocab"], n).tolist()
            got = run(model, ids, pos)
            if got[2] > bar and (n > 20 or run(model16, ids, pos)[2] > 0):  # torch does not say whom it picks on a tie
                break
        else:
            sys.exit(f"{name}/{prompt}: experts within {bar} of each other in every draw, choose another seed")
        runs[prompt] = (ids, pos, positions is not None, rows or list(range(n)), got)
    model64 = model.double()
    with Exact():
        exact_runs = {p: run(model64, r[0], r[1]) for p, r in runs.items()}
    for prompt, (ids, pos, explicit, rows, (logits, layers, margin)) in runs.items():
        e_logits, e_layers, _ = exact_runs[prompt]
        b_logits, b_layers, _ = run(model16, ids, pos)
        span = float(e_logits.max() - e_logits.min())
        cases.append(dict(
            name=prompt, ids=ids, positions=pos if explicit else None, rows=rows, routing_margin=margin, logit_range=span,
            logits_f32=store(logits[rows]), layers_f32=store(layers[:, rows]),
            logits_exact=store(e_logits[rows]), logits_bf16=store(b_logits[rows]),
        ))
        print(f"{name}/{prompt}: n={len(ids)} range={span:.3f} margin={margin:.1e} f32-exact={np.abs(logits - e_logits)[rows].max() / span:.1e} bf16-exact={np.abs(b_logits - e_logits)[rows].max() / span:.1e}")
    (dir / name / "golden.f32").write_bytes(bytes(blob))
    (dir / name / "golden.json").write_text(json.dumps(head | dict(cases=cases)) + "\n")


def main():
    dir = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent
    for name, m in MODELS.items():
        golden(dir, name, m)
    made = sorted(p for p in dir.rglob("*") if p.is_file() and p.parent != dir)
    versions = dict(python=platform.python_version(), torch=torch.__version__, transformers=transformers.__version__, numpy=np.__version__, cpu_capability=torch.backends.cpu.get_cpu_capability())
    sums = {p.relative_to(dir).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in made}
    (dir / "provenance.json").write_text(json.dumps(dict(command="python testdata/golden/make.py", versions=versions, sha256=sums), indent=1) + "\n")


if __name__ == "__main__":
    main()
