"""Trains Ossian nano on a CPU. Warm-up, constant rate, then linear decay with quantisation-aware weights.

Steps rule: the decay starts at --decay, the rounded weights at --qat, the run ends at --steps; all can be changed while
it runs by writing {"decay": ..., "steps": ..., "qat": ..., "lr": ..., "adam": ..., "copy": ...} to OUT/control.json.
"""
import argparse
import json
import os
import random
import time

import numpy as np
import torch

import model
from prep import Encoder, rows

p = argparse.ArgumentParser()
p.add_argument("--tokenizer", required=True)
p.add_argument("--out", required=True)
p.add_argument("--steps", type=int, required=True)
p.add_argument("--decay", type=int, required=True)
p.add_argument("--qat", type=int, default=0, help="step where fake quantisation starts; default: with the decay")
p.add_argument("--threads", type=int, default=2)
p.add_argument("--float", default="float32", help="dtype of the products")
p.add_argument("--batch", type=int, default=12)
p.add_argument("--length", type=int, default=384)
p.add_argument("--opt", default="muon")
p.add_argument("--lr", type=float, default=0.02)
p.add_argument("--adam", type=float, default=3e-3)
p.add_argument("--topk", type=int, default=2)
p.add_argument("--layers", type=int, default=6)
p.add_argument("--hidden", type=int, default=256)
p.add_argument("--heads", type=int, default=8)
p.add_argument("--kv", type=int, default=2)
p.add_argument("--aux", type=float, default=0.01)
p.add_argument("--seed", type=int, default=1)
p.add_argument("--new", type=float, default=1, help="how much faster the output of grown heads moves")
p.add_argument("--warm", type=int, default=100)
p.add_argument("--every", type=int, default=1, help="the experts' matrices move every so many steps, by the sum of the gradients")
p.add_argument("--copy", type=int, default=0, help="rows of a batch that hold random tokens said twice")
p.add_argument("--init", help="state whose weights and sizes are the start")
p.add_argument("--resume")
args = p.parse_args()
init = torch.load(args.init) if args.init else None
if init:
    vars(args).update(init["args"])
dt = getattr(torch, args.float)
os.makedirs(args.out, exist_ok=True)
torch.set_num_threads(args.threads)
torch.set_flush_denormal(True)
enc = Encoder(args.tokenizer)
V = enc.t.get_vocab_size()
assert V % 32 == 0
base = V - 9
cfg = model.config(V, topk=args.topk, layers=args.layers, hidden=args.hidden, heads=args.heads, kv=args.kv, bos_token_id=base, eos_token_id=base + 2, pad_token_id=base + 1)
hf = model.build(cfg, args.seed)
if init:
    hf.load_state_dict(init["model"])
net = model.Fast(hf, dt)

mu, ad = [], []
for n, q in hf.named_parameters():
    (mu if args.opt == "muon" and q.dim() >= 2 and "embed" not in n and "lm_head" not in n and "router" not in n and "bias" not in n else ad).append(q)
adam = torch.optim.AdamW([{"params": [q for q in ad if q.dim() > 1], "weight_decay": 0.01}, {"params": [q for q in ad if q.dim() == 1], "weight_decay": 0.0}], lr=args.adam, betas=(0.9, 0.98), eps=1e-9, fused=True)


class Muon:
    def __init__(self, ps, lr, momentum=0.95, wd=0.01):
        self.ps, self.lr, self.m, self.wd = ps, lr, momentum, wd
        self.buf = [torch.zeros_like(q) for q in ps]
        self.groups = {}
        for i, q in enumerate(ps):
            self.groups.setdefault(tuple(q.shape[-2:]), []).append(i)

    @torch.no_grad()
    def step(self, f, experts=True):
        for shape, ix in self.groups.items():
            ix = [i for i in ix if experts or self.ps[i].dim() == 2]
            if not ix:
                continue
            us = []
            for i in ix:
                q, b = self.ps[i], self.buf[i]
                b.lerp_(q.grad, 1 - self.m)
                us.append(q.grad.lerp(b, self.m).reshape(-1, *shape))
            sizes = [u.shape[0] for u in us]
            x = torch.cat(us)
            t = shape[0] > shape[1]
            if t:
                x = x.transpose(1, 2)
            x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
            x = x.to(dt)
            for a, b, c in ((4.0848, -6.8946, 2.9270), (3.9505, -6.3029, 2.6377), (3.7418, -5.5913, 2.3037), (2.8769, -3.1427, 1.2046), (2.8366, -3.0525, 1.2012)):
                g = x @ x.transpose(1, 2)
                x = torch.baddbmm(x, torch.baddbmm(g, g, g, beta=b, alpha=c), x, beta=a)
            x = x.float()
            if t:
                x = x.transpose(1, 2)
            for i, u in zip(ix, x.split(sizes)):
                q = self.ps[i]
                # experts are stored [in, out], dense matrices [out, in]
                fan_in, fan_out = (shape if q.dim() == 3 else shape[::-1])
                n = args.every ** 0.5 if q.dim() == 3 else 1.0
                s = self.lr * f * n * max(1.0, fan_out / fan_in) ** 0.5
                q.mul_(1 - self.lr * f * n * self.wd)
                u = u.reshape(q.shape)
                if args.new > 1 and q.dim() == 2 and q.shape[0] == args.hidden:  # the output of the heads that grow.py added
                    u = torch.cat([u[:, :256], u[:, 256:] * args.new], 1)
                q.add_(u, alpha=-s)


muon = Muon(mu, args.lr) if mu else None
step, tokens, trained = 0, 0, 0
if args.resume:
    st = torch.load(args.resume)
    hf.load_state_dict(st["model"])
    adam.load_state_dict(st["adam"])
    if muon:
        for b, c in zip(muon.buf, st["muon"]):
            b.copy_(c)
    step, tokens, trained = st["step"], st["tokens"], st["trained"]


def save(name):
    torch.save({"model": hf.state_dict(), "adam": adam.state_dict(), "muon": muon.buf if muon else [], "step": step, "tokens": tokens, "trained": trained, "qat": net.qat, "args": vars(args)}, args.out + "/tmp.pt")
    os.replace(args.out + "/tmp.pt", args.out + "/" + name)


def copy_rows(r, n, T):
    """Random tokens said two or three times: teaches copying of any token. Loss on the repetitions."""
    ids = np.zeros((n, T), np.int64)
    tr = np.zeros((n, T), np.int64)
    for i in range(n):
        at = 0
        while at < T:
            m = int(r.integers(6, 60))
            x = r.integers(0, base, m)
            for k in range(r.integers(2, 4)):
                e = min(T, at + m)
                ids[i, at:e] = x[:e - at]
                if k and e > at + 1:
                    tr[i, at + 1:e] = 1
                at = e
    return ids, np.tile(np.arange(T), (n, 1)), np.ones((n, T), np.int64), tr


class Data:
    def __init__(self, n=480):
        self.n, self.k, self.i, self.a = n, 0, 0, None

    def batch(self, B):
        if self.a is None or self.i + B > self.n:
            self.a = rows(enc, random.Random(args.seed * 100003 + step), self.n, args.length)
            self.i = 0
        s = slice(self.i, self.i + B)
        self.i += B
        return [torch.from_numpy(x[s].astype(np.int64)) for x in self.a[:4]]


data = Data()
tri = torch.ones(args.length, args.length, dtype=torch.bool).tril()
start = last = saved = time.time()
clock = {"decay": args.decay, "steps": args.steps, "qat": args.qat or args.decay, "lr": args.lr, "adam": args.adam, "copy": args.copy}
run_loss = run_hit = n_run = 0
while step < clock["steps"]:
    if step % 20 == 0:
        try:
            clock.update(json.load(open(args.out + "/control.json")))
        except FileNotFoundError:
            pass
    f = min(1.0, (step + 1) / args.warm)
    if step > clock["decay"]:
        f *= (clock["steps"] - step) / (clock["steps"] - clock["decay"])
    net.qat = step > clock["qat"]
    c = int(clock["copy"])
    ids, pos, br, tr = data.batch(args.batch - c)
    if c:
        ids, pos, br, tr = (torch.cat([a, torch.from_numpy(b)]) for a, b in zip((ids, pos, br, tr), copy_rows(np.random.default_rng((args.seed, step)), c, args.length)))
    B, T = ids.shape
    mask = tri & ((br[:, None, :] == 0) | (br[:, None, :] == br[:, :, None]))
    # token t+1 of the same dialogue is the target of token t; the first token of a dialogue is never trained
    want = (tr[:, 1:] > 0)
    idx = (want.nonzero() * torch.tensor([T, 1])).sum(1)
    tgt = ids[:, 1:][want]
    loss, hit, bal = net(ids, pos, mask, idx, tgt)
    (loss + args.aux * bal).backward()
    torch.nn.utils.clip_grad_norm_(ad, 1.0)
    for g in adam.param_groups:
        g["lr"] = clock["adam"] * f
    adam.step()
    if muon:
        muon.lr = clock["lr"]
        muon.step(f, step % args.every == 0)
    for q in hf.parameters():
        if q.dim() < 3 or step % args.every == 0:
            q.grad = None
    step += 1
    tokens += int((br != 255).sum())
    trained += idx.numel()
    run_loss += loss.item()
    run_hit += hit.item()
    n_run += 1
    if step % 25 == 0 and c:
        with torch.no_grad():
            k = 2
            i2, p2, b2, t2 = (torch.from_numpy(x) for x in copy_rows(np.random.default_rng((7, step)), k, T))
            w2 = t2[:, 1:] > 0
            l2, h2, _ = net(i2, p2, tri.expand(k, T, T), (w2.nonzero() * torch.tensor([T, 1])).sum(1), i2[:, 1:][w2])
            print(f"copy loss {l2.item():.3f} hit {h2.item():.3f}", end=" ")
    if step % 25 == 0:
        print(f"step {step} t {time.time() - start:.0f} loss {run_loss / n_run:.4f} hit {run_hit / n_run:.4f} bal {bal.item():.3f} lr {f:.3f} qat {int(net.qat)} tokens {tokens / 1e6:.3f}M trained {trained / 1e6:.3f}M tok/s {25 * B * T / (time.time() - last):.0f}", flush=True)
        run_loss = run_hit = n_run = 0
        last = time.time()
    if time.time() - saved > 180:
        save("last.pt")
        saved = time.time()
save("final.pt")
print("done", step, tokens, trained, f"{time.time() - start:.0f} s", flush=True)
