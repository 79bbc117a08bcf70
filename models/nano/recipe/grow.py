"""Grows a trained checkpoint and builds a copying circuit into it. usage: grow.py CHECKPOINT_FOLDER OUT.pt

Every layer gets four query heads and one key-value head more, the hidden state 64 dimensions more. The old part keeps
computing what it did (up to the new share of the norms). The new part:

* The new columns of the embedding hold a code of the token's spelling: 20 dimensions that are the same for a word with
  and without its space or mark in front, 12 more for the case and the mark.
* Layer 0, two heads: attention to the token before (and the one before that), from the biases of query and key alone:
  turned against each other by one position, they have their peak there. They write its code beside the token's own.
* Layer 1, one head: the query is the code of the token, the key is the code of the token before the one looked at
  (induction), both in the slow rotary pairs, where distance does not matter. It writes the code of the token found to
  where the unembedding reads it. Without a match the sink takes the attention.
* Layers 3 and 5 have the same keys and values with free queries.
"""
import json
import sys

import torch

import export
import model
from prep import Encoder

C, P, W = 256, 288, 32  # first dimensions of the token's own code and of the code found; width of a code
STRIP = 20              # dimensions of the part that names a word without its space
SHARP = 60.0            # score of a full match, in nats


def spread(n, d, gen, steps=60):
    """n unit vectors of d dimensions that keep apart"""
    u = torch.randn(n, d, generator=gen)
    for i in range(steps):
        u = torch.nn.functional.normalize(u, dim=1)
        g = torch.softmax((u @ u.t()).fill_diagonal_(-1) * 20, 1) @ u
        u = u - (0.2 - 0.19 * i / steps) * g
    return torch.nn.functional.normalize(u, dim=1)


def stripped(s):
    """the word of a token without one space or mark in front"""
    return s[1:] if len(s) > 1 and not s[0].isalnum() and s[1:].isalpha() else s


def codes(enc):
    """[V, 32], every dimension of unit size"""
    V, gen = enc.t.get_vocab_size(), torch.Generator().manual_seed(4)
    words = [enc.t.decode([i], skip_special_tokens=False) for i in range(V)]
    words = [w if "\ufffd" not in w else f"\ufffd{i}" for i, w in enumerate(words)]
    strip, low = {}, {}
    for w in words:
        strip.setdefault(stripped(w), len(strip))
        low.setdefault(stripped(w).lower(), len(low))
    a = spread(len(strip), STRIP, gen) * STRIP ** 0.5
    b = spread(len(low), 6, gen, 20) * 6 ** 0.5
    out = torch.zeros(V, W)
    for i, w in enumerate(words):
        s = stripped(w)
        mark = 0 if s == w else 1 if w[0] == " " else 2
        case = 0 if s == s.lower() else 1 if s[1:] == s[1:].lower() else 2
        out[i, :STRIP], out[i, STRIP:STRIP + 6] = a[strip[s]], b[low[s.lower()]]
        out[i, STRIP + 6 + mark] = 1.7
        out[i, STRIP + 9 + case] = 1.7
    return out


def squares(hf, ids):
    """sum of squares of the residual before every norm, median over the tokens: [layer][attention, experts], end"""
    seen, hooks = [], []
    norms = [n for L in hf.model.layers for n in (L.input_layernorm, L.post_attention_layernorm)] + [hf.model.norm]
    for n in norms:
        hooks.append(n.register_forward_pre_hook(lambda m, x: seen.append(x[0].pow(2).sum(-1).flatten().median().item())))
    with torch.no_grad():
        hf(ids)
    for h in hooks:
        h.remove()
    return seen


def rotation(n, seed):
    return torch.linalg.qr(torch.randn(n, n, generator=torch.Generator().manual_seed(seed)))[0]


def grow(old, enc, ids, size=0.7, big=60.0, out_size=60.0, boost=10.0):
    """the grown model; size is that of the codes in the embedding, big after layer 0, boost the logit of a token found"""
    c0 = old.config
    cfg = model.config(c0.vocab_size, hidden=320, layers=c0.num_hidden_layers, heads=12, kv=3,
                       bos_token_id=c0.bos_token_id, eos_token_id=c0.eos_token_id, pad_token_id=c0.pad_token_id)
    hf = model.build(cfg, 7)
    D0, D, F = c0.hidden_size, cfg.hidden_size, 0.3
    S = squares(old, ids)
    code = codes(enc)
    freq = hf.model.rotary_emb.inv_freq
    unit = hf.model.rotary_emb.attention_scaling ** 2 * cfg.head_dim ** -0.5  # score of two unit vectors
    Q, R = rotation(W, 1), rotation(STRIP, 2)
    slow = list(range(6, 16)) + list(range(22, 32))
    q8, k2 = slice(256, 384), slice(64, 96)
    own, found = slice(C, C + W), slice(P, P + W)
    with torch.no_grad():
        o, n = old.model, hf.model
        n.embed_tokens.weight[:, :D0] = o.embed_tokens.weight
        n.embed_tokens.weight[:, D0:] = 0
        n.embed_tokens.weight[:, own] = size * code
        more = [W * size ** 2] + [W * big ** 2 * 2.05] * 2 + [W * (big ** 2 * 2.05 + out_size ** 2 / 2)] * (len(S) - 3)
        rms = [((s + m) / D) ** 0.5 for s, m in zip(S, more)]

        def gain(new, was, i):
            new.weight.fill_(1)
            new.weight[:D0] = was.weight * rms[i] / (S[i] / D0) ** 0.5

        gain(n.norm, o.norm, len(S) - 1)
        hf.lm_head.weight.zero_()
        hf.lm_head.weight[:, :D0] = old.lm_head.weight
        hf.lm_head.weight[:, found] = code @ Q.t() * (boost * rms[-1] / (out_size * W))
        for i, (a, b) in enumerate(zip(n.layers, o.layers)):
            gain(a.input_layernorm, b.input_layernorm, 2 * i)
            gain(a.post_attention_layernorm, b.post_attention_layernorm, 2 * i + 1)
            A, B = a.self_attn, b.self_attn
            for x, y, h in ((A.q_proj, B.q_proj, 256), (A.k_proj, B.k_proj, 64), (A.v_proj, B.v_proj, 64)):
                x.weight[:h] = 0
                x.weight[:h, :D0], x.bias[:h] = y.weight, y.bias
            A.o_proj.weight.zero_()
            A.o_proj.bias.zero_()
            A.o_proj.weight[:D0, :256], A.o_proj.bias[:D0] = B.o_proj.weight, B.o_proj.bias
            A.sinks.fill_(3)
            A.sinks[:8] = B.sinks
            a.mlp.router.weight.zero_()
            a.mlp.router.weight[:, :D0], a.mlp.router.bias[:] = b.mlp.router.weight, b.mlp.router.bias
            x, y = a.mlp.experts, b.mlp.experts
            for w in (x.gate_up_proj, x.down_proj, x.down_proj_bias):
                w.zero_()
            x.gate_up_proj[:, :D0], x.gate_up_proj_bias[:] = y.gate_up_proj, y.gate_up_proj_bias
            x.down_proj[:, :, :D0], x.down_proj_bias[:, :D0] = y.down_proj, y.down_proj_bias
            r = rms[2 * i]
            if i in (0, 1, 3, 5):
                A.v_proj.weight[k2] = 0
                A.v_proj.weight[k2, own] = torch.eye(W) * (r / (big if i else size))
            if i == 0:
                A.q_proj.weight[q8] = 0
                A.k_proj.weight[k2] = 0
                peak = torch.tensor([24.0, 16.0, 12.0, 12.0]).div(unit)
                f = freq[:4]
                qb, kb = A.q_proj.bias[q8].view(4, 32), A.k_proj.bias[k2]
                kb[:4] = peak.sqrt()
                for j in range(4):  # head j looks j tokens back
                    qb[j, :4], qb[j, 16:20] = peak.sqrt() * (f * j).cos(), -peak.sqrt() * (f * j).sin()
                A.sinks[8:] = peak.sum() * unit - 5
                A.o_proj.weight[own, 256:288] = A.o_proj.weight[found, 288:320] = torch.eye(W) * big
                A.o_proj.weight[P:P + STRIP, 320:320 + STRIP] = F * big * R
            elif i in (1, 3, 5):
                g = (SHARP / unit / STRIP) ** 0.5 * r / big
                A.k_proj.weight[k2] = 0
                k = A.k_proj.weight[k2]
                for j, s in enumerate(slow):
                    k[s, P + j] = g if i == 1 else g / 3
                for h in range(4):
                    A.o_proj.weight[found, 256 + 32 * h:288 + 32 * h] = Q * (out_size if (i, h) == (1, 0) else 0.125 * out_size)
                if i == 1:
                    q = A.q_proj.weight[256:288]
                    q.zero_()
                    for j, s in enumerate(slow):
                        q[s, C + j] = g
                        q[s, P:P + STRIP] += F * g * R[j]
                    A.sinks[8] = SHARP * 0.75
    return hf


def repeats(n, T, V, seed, lo=10, hi=100):
    """random tokens, said twice; returns ids and where the second time starts"""
    g = torch.Generator().manual_seed(seed)
    ids, at = torch.randint(0, V, (n, T), generator=g), []
    for i in range(n):
        m = torch.randint(lo, hi, (1,), generator=g).item()
        ids[i, m:2 * m] = ids[i, :m].clone()
        at.append((m, min(T, 2 * m)))
    return ids, at


def hits(hf, n=24, T=200, seed=11):
    """share of the second saying that is predicted, greedy"""
    ids, at = repeats(n, T, hf.config.vocab_size - 9, seed)
    with torch.no_grad():
        best = hf(ids).logits.argmax(-1)
    right = sum((best[i, a:b - 1] == ids[i, a + 1:b]).sum().item() for i, (a, b) in enumerate(at))
    return right / sum(b - 1 - a for a, b in at)


def main(folder, out):
    import random
    import gen
    enc = Encoder(folder + "/tokenizer.json")
    old = export.load(folder)
    r = random.Random(3)
    text = []
    while len(text) < 12:
        p, seqs = gen.scene(r)
        x = enc(p + "".join(t for t, _ in seqs[0].parts))
        if len(x) >= 160:
            text.append(x[:160])
    ids = torch.tensor(text)
    hf = grow(old, enc, ids).eval()
    with torch.no_grad():
        a, b = old(ids).logits, hf(ids).logits
        loss = lambda y: torch.nn.functional.cross_entropy(y[:, :-1].flatten(0, 1), ids[:, 1:].flatten()).item()
        print("loss on dialogues, old and grown", round(loss(a), 3), round(loss(b), 3))
        print("random tokens repeated: old", round(hits(old), 3), "grown", round(hits(hf), 3))
    args = {"layers": 6, "hidden": 320, "heads": 12, "kv": 3, "topk": 2}
    torch.save({"model": hf.state_dict(), "args": args, "step": 0, "tokens": 0, "trained": 0, "qat": False}, out)


if __name__ == "__main__":
    main(*sys.argv[1:3])
