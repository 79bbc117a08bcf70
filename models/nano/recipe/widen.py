"""Gives words that begin with a space a twin without it. usage: widen.py STATE.pt TOKENIZER.json O200K_FILE OUT.pt OUT.json [TOKENS]

A name copied from running text loses its space: " Norro" becomes "Norro". Where " Nor" is a token and "Nor" is
none, the copy has other tokens than the original ("N", "or"), and copying token by token fails. The twins are
tokens of o200k; a twin's rows are those of the token with the space, moved by the mean difference of the twins that were
there. The most frequent first tokens of names and values come first.
"""
import base64
import collections
import json
import random
import sys

import torch

import gen
import tok
from prep import Encoder


def first_tokens(enc, n=6000):
    r, count = random.Random(17), collections.Counter()
    for _ in range(n):
        t = gen.Wild(r) if r.random() < 0.8 else gen.Known(r)
        _, _, args = t.call(r, "en", "en", "medium")
        for w in [t.name, *(v for v in args.values() if isinstance(v, str))]:
            count[enc(" " + w)[0]] += 1
    for w in gen.WORDS["en"] + gen.WORDS["fr"] + gen.CITIES + gen.NAMES + gen.NOUNS + gen.NOUN_FR:
        count[enc(" " + w)[0]] += 2
    return count


def main(state, old, o200k, out, out_json, more=576):
    ranks = {}
    for line in open(o200k, "rb"):
        t, r = line.split()
        ranks[base64.b64decode(t)] = int(r)
    tj = json.load(open(old, encoding="utf-8"))
    m = tok.byte_map()
    back = {c: b for b, c in m.items()}
    was = {bytes(back[c] for c in s): i for s, i in tj["model"]["vocab"].items()}
    kept = set(was)
    enc = Encoder(old)
    text = {i: t for t, i in was.items()}
    twins = {}
    for i, n in first_tokens(enc).most_common():
        t = text.get(i, b"")
        x = t[1:]
        if t[:1] != b" " or len(x) < 2 or x in kept or x not in ranks or len(twins) == more:
            continue
        cut = {k: ranks[k] for k in kept | {x}}
        if len(tok.bpe(cut, x)) == 1:
            kept.add(x)
            twins[x] = t
    cut = {t: ranks[t] for t in kept}
    for x in [x for x in kept if len(x) > 1 and len(tok.bpe(cut, x)) != 1]:
        print("not reached any more:", x)
        kept.remove(x)
        twins.pop(x, None)
    rest = iter(t for t, _ in sorted(ranks.items(), key=lambda v: v[1]) if t not in kept and t.isascii() and t.isalpha() and len(t) > 1)
    while len(kept) < len(was) + more:
        t = next(rest)
        if len(tok.bpe({**cut, t: ranks[t]}, t)) == 1 and b" " + t in kept:
            kept.add(t)
            cut[t] = ranks[t]
            twins[t] = b" " + t
    ids = {t: i for i, t in enumerate(sorted(kept, key=ranks.get))}
    s = lambda t: "".join(m[b] for b in t)
    merges = sorted((ids[t], ids[t[:i]], ids[t[i:]], t[:i], t[i:]) for t in kept for i in range(1, len(t)) if t[:i] in ids and t[i:] in ids)
    tj["added_tokens"] = [{**a, "id": len(ids) + i} for i, a in enumerate(tj["added_tokens"])]
    tj["model"]["vocab"] = {s(t): i for t, i in ids.items()}
    tj["model"]["merges"] = [[s(a), s(b)] for *_, a, b in merges]
    json.dump(tj, open(out_json, "w", encoding="utf-8"), ensure_ascii=False, indent=0, separators=(",", ":"))

    st = torch.load(state)
    pairs = [(was[t[1:]], was[t]) for t in was if t[:1] == b" " and t[1:] in was and t[1:].isalpha()]
    sd = st["model"]
    for name in ("model.embed_tokens.weight", "lm_head.weight"):
        w = sd[name]
        step = (w[[a for a, _ in pairs]] - w[[b for _, b in pairs]]).mean(0)
        new = torch.zeros(len(ids) + len(tj["added_tokens"]), w.shape[1])
        for t, i in ids.items():
            new[i] = w[was[t]] if t in was else w[was[twins[t]]] + step
        new[len(ids):] = w[len(was):]
        sd[name] = new
    args = {k: st["args"][k] for k in ("layers", "hidden", "heads", "kv", "topk")}
    torch.save({"model": sd, "args": args, "step": 0, "tokens": 0, "trained": 0, "qat": False}, out)
    print("tokens", len(was), "->", len(ids), "pairs there were", len(pairs), "first twins", [t.decode() for t in list(twins)[:40]])


if __name__ == "__main__":
    main(*sys.argv[1:6], *(int(x) for x in sys.argv[6:]))
