"""A fast training forward pass that is equal to transformers' GptOssForCausalLM.

The parameters stay inside the transformers model; this file only rearranges the
arithmetic: experts are visited once each with sorted tokens, the logits are
computed only where there is a loss, and several dialogues share a row under an
explicit attention mask. `check()` compares both passes.
"""
import math

import torch
import torch.nn.functional as F
from transformers import GptOssConfig, GptOssForCausalLM

FP4 = torch.tensor([0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0])
BLOCK = 96
MID = torch.tensor([0.25, 0.75, 1.25, 1.75, 2.5, 3.5, 5.0])


def config(vocab, hidden=256, layers=6, heads=8, kv=2, head_dim=32, experts=8, topk=2, inter=256, window=64, **kw):
    return GptOssConfig(
        vocab_size=vocab, hidden_size=hidden, num_hidden_layers=layers, num_attention_heads=heads,
        num_key_value_heads=kv, head_dim=head_dim, num_local_experts=experts, num_experts_per_tok=topk,
        intermediate_size=inter, sliding_window=window, max_position_embeddings=131072,
        layer_types=["sliding_attention" if i % 2 == 0 else "full_attention" for i in range(layers)],
        rope_parameters={"rope_type": "yarn", "rope_theta": 150000.0, "factor": 32.0, "beta_fast": 32.0,
                         "beta_slow": 1.0, "truncate": False, "original_max_position_embeddings": 4096},
        rms_norm_eps=1e-5, attention_bias=True, tie_word_embeddings=False, initializer_range=0.02,
        router_aux_loss_coef=0.0, swiglu_limit=7.0, attn_implementation="eager", **kw)


def mxfp4_codes(w, search=True):
    """w [..., 32] -> (codes 0..15 uint8, exponent int). Scale is 2^e."""
    amax = w.abs().amax(-1, keepdim=True)
    e = torch.floor(torch.log2(amax.clamp(min=2.0 ** -100))) - 2
    best = None
    for d in ((0, 1) if search else (0,)):
        s = torch.exp2(e + d)
        m = torch.bucketize(w.abs() / s, MID)
        err = ((FP4[m] * s - w.abs()) ** 2).sum(-1, keepdim=True)
        if best is None:
            best = (m, e + d, err)
        else:
            t = err < best[2]
            best = (torch.where(t, m, best[0]), torch.where(t, e + d, best[1]), torch.minimum(err, best[2]))
    m, e, _ = best
    codes = m.to(torch.uint8) | ((w < 0) & (m > 0)).to(torch.uint8) << 3
    return codes, e.squeeze(-1).to(torch.int32)


def mxfp4_round(w):
    """Fake quantisation of expert weights [E, in, out] in blocks of 32 along `in`."""
    E, I, O = w.shape
    b = w.reshape(E, I // 32, 32, O).transpose(2, 3)
    c, e = mxfp4_codes(b)
    v = FP4[(c & 7).long()] * torch.where(c > 7, -1.0, 1.0) * torch.exp2(e.float())[..., None]
    return v.transpose(2, 3).reshape(E, I, O)


def ste(w, q):
    return w + (q - w).detach()


class Linear(torch.autograd.Function):
    """x W' + b; products in the dtype dt with f32 outside."""

    @staticmethod
    def forward(ctx, x, w, b, dt):
        x, w = x.to(dt), w.to(dt)
        ctx.save_for_backward(x, w)
        ctx.bias = b is not None
        y = (x @ w.t()).float()
        return y.add_(b) if b is not None else y

    @staticmethod
    def backward(ctx, dy):
        x, w = ctx.saved_tensors
        d = dy.to(x.dtype)
        return (d @ w).float(), (d.t() @ x).float(), dy.sum(0) if ctx.bias else None, None


class Experts(torch.autograd.Function):
    """All tokens of one expert: swiglu(x W1 + b1) W2 + b2, W1 with [gate | up] columns."""

    @staticmethod
    def forward(ctx, x, w1, b1, w2, b2, alpha, limit, dt):
        x, w1, w2 = x.to(dt), w1.to(dt), w2.to(dt)
        h = (x @ w1).float().add_(b1)
        n = h.shape[1] // 2
        g = h[:, :n].clamp(max=limit)
        u = h[:, n:].clamp(-limit, limit)
        s = torch.sigmoid(g * alpha)
        a = (g * s * (u + 1)).to(dt)
        ctx.save_for_backward(x, w1, w2, h, a, s)
        ctx.k = (alpha, limit)
        return (a @ w2).float().add_(b2)

    @staticmethod
    def backward(ctx, dy):
        x, w1, w2, h, a, s = ctx.saved_tensors
        alpha, limit = ctx.k
        n = h.shape[1] // 2
        db2 = dy.sum(0)
        dy = dy.to(x.dtype)
        dw2 = (a.t() @ dy).float()
        da = (dy @ w2.t()).float()
        hg, hu = h[:, :n], h[:, n:]
        g = hg.clamp(max=limit)
        u1 = hu.clamp(-limit, limit) + 1
        dh = torch.empty_like(h)
        gs = g * s
        torch.mul(da, gs, out=dh[:, n:])
        dh[:, n:].mul_(hu.abs() <= limit)
        t = (1 - s).mul_(alpha).mul_(gs).add_(s)
        torch.mul(da, u1, out=dh[:, :n])
        dh[:, :n].mul_(t).mul_(hg <= limit)
        db1 = dh.sum(0)
        dh = dh.to(x.dtype)
        return (dh @ w1.t()).float(), (x.t() @ dh).float(), db1, dw2, db2, None, None, None


class Fast(torch.nn.Module):
    def __init__(self, hf, dt=torch.bfloat16):
        super().__init__()
        self.dt = dt
        self.hf = hf
        self.cfg = hf.config
        self.qat = False
        self.off = {}
        self.calls = 0

    def offset(self, w):
        """rounded weight minus weight, computed again every eighth pass"""
        if w not in self.off or self.calls % 8 == 0:
            self.off[w] = mxfp4_round(w.detach()) - w.detach()
        return self.off[w]

    def dense(self, w):
        return ste(w, w.detach().bfloat16().float()) if self.qat else w

    def forward(self, ids, pos, mask, idx, tgt):
        """mask: bool [B,T,T] of allowed keys; idx: flat positions with a loss; tgt: their targets.
        Returns mean loss, argmax hits, balance loss."""
        c, m, d = self.cfg, self.hf.model, self.dense
        self.calls += 1
        B, T = ids.shape
        H, K, hd, D = c.num_attention_heads, c.num_key_value_heads, c.head_dim, c.hidden_size
        x = F.embedding(ids, d(m.embed_tokens.weight))
        cos, sin = m.rotary_emb(x, pos)
        cos, sin = cos[:, None], sin[:, None]
        dist = pos[:, :, None] - pos[:, None, :]
        neg = -1e30
        zero = torch.zeros((), dtype=torch.float32)
        full = F.pad(torch.where(mask, zero, neg)[:, None], (1, 0))
        slide = F.pad(torch.where(mask & (dist < c.sliding_window), zero, neg)[:, None], (1, 0))
        sink_k = x.new_zeros(B, K, 1, hd + 8)
        sink_k[..., hd] = 1
        pad_q = x.new_zeros(B, H, T, 7)
        half = hd // 2

        def rot(t):
            a, b = t[..., :half], t[..., half:]
            return torch.cat((a * cos - b * sin, b * cos + a * sin), -1)

        balance = x.new_zeros(())
        for L in m.layers:
            h = F.rms_norm(x, (D,), d(L.input_layernorm.weight), c.rms_norm_eps)
            A = L.self_attn
            wq = torch.cat([d(A.q_proj.weight), d(A.k_proj.weight), d(A.v_proj.weight)])
            bq = torch.cat([d(A.q_proj.bias), d(A.k_proj.bias), d(A.v_proj.bias)])
            qkv = Linear.apply(h.view(B * T, D), wq, bq, self.dt).view(B, T, -1)
            q, k, v = qkv.split([H * hd, K * hd, K * hd], -1)
            q = rot(q.view(B, T, H, hd).transpose(1, 2)) * A.scaling
            k = rot(k.view(B, T, K, hd).transpose(1, 2))
            v = v.view(B, T, K, hd).transpose(1, 2)
            bias = slide if A.layer_type == "sliding_attention" else full
            # the sink is a key before the others with no value; its logit travels in one more dimension
            q = torch.cat([q, d(A.sinks).view(1, H, 1, 1).expand(B, H, T, 1), pad_q], -1)
            k = torch.cat([sink_k, F.pad(k, (0, 8))], 2).repeat_interleave(H // K, 1)
            v = F.pad(v, (0, 8, 1, 0)).repeat_interleave(H // K, 1)
            # blocks of queries, so that most keys of the future are not looked at
            o = torch.cat([F.scaled_dot_product_attention(q[:, :, i:i + BLOCK], k[:, :, :i + BLOCK + 1], v[:, :, :i + BLOCK + 1], attn_mask=bias[:, :, i:i + BLOCK, :i + BLOCK + 1], scale=1.0)
                           for i in range(0, T, BLOCK)], 2)[..., :hd]
            x = x + Linear.apply(o.transpose(1, 2).reshape(B * T, H * hd), d(A.o_proj.weight), d(A.o_proj.bias), self.dt).view(B, T, D)
            h = F.rms_norm(x, (D,), d(L.post_attention_layernorm.weight), c.rms_norm_eps).view(B * T, D)
            R, E = L.mlp.router, L.mlp.experts
            logits = F.linear(h, d(R.weight), d(R.bias))
            top, ind = torch.topk(logits, c.num_experts_per_tok, -1)
            w = torch.softmax(top, -1).reshape(-1)
            flat = ind.reshape(-1)
            order = torch.argsort(flat)
            counts = torch.bincount(flat, minlength=c.num_local_experts)
            probs = torch.softmax(logits, -1).mean(0)
            balance = balance + c.num_local_experts * (probs * (counts / flat.numel()).detach()).sum()
            tok = order // c.num_experts_per_tok
            w1, w2 = E.gate_up_proj, E.down_proj
            if self.qat:
                w1, w2 = w1 + self.offset(w1), w2 + self.offset(w2)
            w1 = torch.cat([w1[..., ::2], w1[..., 1::2]], -1)
            b1 = d(E.gate_up_proj_bias)
            b1 = torch.cat([b1[..., ::2], b1[..., 1::2]], -1)
            b2 = d(E.down_proj_bias)
            xs = h.to(self.dt).index_select(0, tok).split(counts.tolist())
            ys = [Experts.apply(xe, w1[e], b1[e], w2[e], b2[e], E.alpha, E.limit, self.dt) for e, xe in enumerate(xs)]
            y = torch.cat(ys) * w.index_select(0, order)[:, None]
            x = x.view(B * T, D).index_add(0, tok, y).view(B, T, D)
        x = F.rms_norm(x.view(B * T, D).index_select(0, idx), (D,), d(m.norm.weight), c.rms_norm_eps)
        logits = Linear.apply(x, d(self.hf.lm_head.weight), None, self.dt)
        loss = F.cross_entropy(logits, tgt)
        with torch.no_grad():
            hit = (logits.argmax(-1) == tgt).float().mean()
        return loss, hit, balance / len(m.layers)


def build(cfg, seed=0):
    torch.manual_seed(seed)
    hf = GptOssForCausalLM(cfg).float()
    D, L = cfg.hidden_size, cfg.num_hidden_layers
    with torch.no_grad():
        for n, p in hf.named_parameters():
            if n.endswith("bias") or n.endswith("sinks"):
                p.zero_()
            elif p.dim() == 1:
                p.fill_(1)
            elif "embed_tokens" in n:
                p.normal_(0, 0.5)
            elif "lm_head" in n:
                p.normal_(0, 0.02)
            elif "down_proj" in n or "o_proj" in n:
                fan = p.shape[1]
                p.normal_(0, 1 / math.sqrt(fan) / math.sqrt(2 * L))
            elif "router" in n:
                p.normal_(0, 0.5 / math.sqrt(D))
            else:
                p.normal_(0, 0.7 / math.sqrt(D))
    return hf


def check():
    torch.manual_seed(1)
    hf = build(config(512, layers=3, window=16))
    for n, p in hf.named_parameters():
        if n.endswith("bias") or n.endswith("sinks"):
            torch.nn.init.normal_(p, 0, 0.3)
    hf.eval()
    ids = torch.randint(0, 512, (2, 50))
    ref = hf(ids).logits
    pos = torch.arange(50).expand(2, 50)
    mask = torch.ones(50, 50, dtype=torch.bool).tril().expand(2, 50, 50)
    f = Fast(hf, torch.float32)
    tgt = torch.randint(0, 512, (100,))
    want = F.cross_entropy(ref.view(100, -1), tgt)
    hf.zero_grad(); want.backward()
    g0 = {n: p.grad.clone() for n, p in hf.named_parameters()}
    hf.zero_grad()
    got, _, _ = f(ids, pos, mask, torch.arange(100), tgt)
    got.backward()
    worst = max((((p.grad - g0[n]).norm() / (g0[n].norm() + 1e-9)).item(), n) for n, p in hf.named_parameters())
    print("loss", want.item(), got.item(), "worst relative gradient difference", worst)
    # shared prefix: prefix + two branches equals two separate rows
    P, a, b = ids[:1, :20], ids[:1, 20:40], ids[1:, :10]
    row = torch.cat([P, a, b], 1)
    pos = torch.cat([torch.arange(40), torch.arange(20, 30)])[None]
    br = torch.tensor([0] * 20 + [1] * 20 + [2] * 10)
    mk = torch.ones(50, 50, dtype=torch.bool).tril() & ((br[None] == 0) | (br[None] == br[:, None]))
    with torch.no_grad():
        r2 = hf(torch.cat([P, b], 1)).logits[0, 20:]
        t2 = r2.argmax(-1)
        l2, hit, _ = f(row, pos, mk[None], torch.arange(40, 50), t2)
        print("branch", F.cross_entropy(r2, t2).item(), l2.item(), hit.item())


if __name__ == "__main__":
    check()
