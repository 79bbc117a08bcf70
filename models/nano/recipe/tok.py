"""Cuts a small tokenizer out of o200k's ranks. usage: tok.py O200K_FILE OUT.json [ROWS]"""
import base64
import collections
import json
import random
import sys

import gen

SPECIALS = ["<|startoftext|>", "<|endoftext|>", "<|return|>", "<|constrain|>", "<|channel|>", "<|start|>", "<|end|>", "<|message|>", "<|call|>"]
PAT = "|".join([
    r"""[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?""",
    r"""[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?""",
    r"""\p{N}{1,3}""", r""" ?[^\s\p{L}\p{N}]+[\r\n/]*""", r"""\s*[\r\n]+""", r"""\s+(?!\S)""", r"""\s+"""])


def byte_map():
    bs = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    m = {b: chr(b) for b in bs}
    n = 0
    for b in range(256):
        if b not in m:
            m[b] = chr(256 + n)
            n += 1
    return m


def bpe(ranks, piece):
    parts = [bytes([b]) for b in piece]
    while len(parts) > 1:
        best = min(((ranks.get(parts[i] + parts[i + 1], 1 << 60), i) for i in range(len(parts) - 1)))
        if best[0] == 1 << 60:
            break
        i = best[1]
        parts[i:i + 2] = [parts[i] + parts[i + 1]]
    return parts


def main(path, out, rows=3520, base=None):
    import regex
    ranks = {}
    for line in open(path, "rb"):
        t, r = line.split()
        ranks[base64.b64decode(t)] = int(r)
    ranks = {t: r for t, r in ranks.items() if not (len(t) > 1 and any(48 <= b <= 57 for b in t))}
    # usage of tokens over a sample of dialogues
    rnd = random.Random(99)
    pieces = collections.Counter()
    rx = regex.compile(PAT)
    for _ in range(2500):
        p, seqs = gen.scene(rnd)
        for text, w in [(p, 1)] + [(t, 3 if tr else 1) for s in seqs for t, tr in s.parts]:
            for special in SPECIALS:
                text = text.replace(special, "\n")
            for m in rx.findall(text.replace("\ue000", "").replace("\ue001", "")):
                pieces[m.encode()] += w
    # every fact and word must be cheap to write: count them again
    for c in gen.COUNTRIES:
        for w in (c.en, c.fr, c.cap, c.capfr, c.cur, c.curfr, c.lang, c.langfr, c.bare):
            for m in rx.findall(" " + w):
                pieces[m.encode()] += 150
    extra = "the of and to a in is it you that he was for on are with as I his they be at one have this from or had by but some what there we can out other were all your when up use word how said an each she which do their time if will way about many then them would write like so these her long make thing see him two has look more day could go come did my sound no most number who over know water than call first people may down side been now find le de un à être et en avoir que pour dans ce il qui ne sur se pas plus par je avec tout faire son mettre autre on mais nous comme ou si leur"
    for w in extra.split():
        pieces[(" " + w).encode()] += 20
    count = collections.Counter()
    for p, n in pieces.items():
        for t in ([p] if p in ranks else bpe(ranks, p)):
            count[t] += n
    want = (base or rows - len(SPECIALS))
    kept = {bytes([b]) for b in range(256)}
    # parts by rank merging, recursively
    def need(t):
        todo, res = [t], set()
        while todo:
            x = todo.pop()
            if len(x) == 1 or x in kept or x in res:
                continue
            res.add(x)
            todo += bpe({k: ranks[k] for k in subs(x) if k in ranks and ranks[k] < ranks[x]}, x)
        return res

    def subs(x):
        return {x[i:j] for i in range(len(x)) for j in range(i + 1, len(x) + 1)}

    order = [t for t, n in count.most_common() if len(t) > 1 and n >= 8]
    for t in order:
        extra_t = need(t)
        if len(kept) + len(extra_t) <= want:
            kept |= extra_t
    # closure under the cut ranks
    while True:
        cut = {t: ranks[t] for t in kept}
        bad = [t for t in kept if len(t) > 1 and len(bpe(cut, t)) != 1]
        if not bad:
            break
        kept -= set(bad)
    for t, n in sorted(ranks.items(), key=lambda x: x[1]):  # fill up in rank order
        if len(kept) >= want:
            break
        if t not in kept and t.isascii() and all(p in kept for p in bpe({k: ranks[k] for k in subs(t) if k in kept}, t)) and len(bpe({**{k: ranks[k] for k in subs(t) if k in kept}, t: ranks[t]}, t)) == 1:
            kept.add(t)
    cut = {t: ranks[t] for t in kept}
    assert all(len(bpe(cut, t)) == 1 for t in kept)
    print("base", len(kept), "wanted tokens", len(order), "covered share %.4f" % (sum(count[t] for t in kept) / sum(count.values())))
    assert len(kept) == want
    ids = {t: i for i, t in enumerate(sorted(kept, key=ranks.get))}
    m = byte_map()
    s = lambda t: "".join(m[b] for b in t)
    merges = sorted((ids[t], ids[t[:i]], ids[t[i:]], t[:i], t[i:]) for t in kept for i in range(1, len(t)) if t[:i] in ids and t[i:] in ids)
    tok = {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [{"id": len(ids) + i, "content": x, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True} for i, x in enumerate(SPECIALS)],
        "normalizer": None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            {"type": "Split", "pattern": {"Regex": PAT}, "behavior": "Isolated", "invert": False},
            {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}]},
        "post_processor": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False, "use_regex": True},
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None, "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": True,
                  "vocab": {s(t): i for t, i in ids.items()}, "merges": [[s(a), s(b)] for _, _, _, a, b in merges]}}
    json.dump(tok, open(out, "w", encoding="utf-8"), ensure_ascii=False, indent=0, separators=(",", ":"))
    # compare with rank merging
    from tokenizers import Tokenizer
    T = Tokenizer.from_file(out)
    n = diff = 0
    for p in list(pieces) + [bytes(rnd.choice(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ '-_.,!?") for _ in range(rnd.randint(1, 14))) for _ in range(20000)]:
        for q in rx.findall(p.decode()):
            n += 1
            e = [ids[x] for x in bpe(cut, q.encode())]
            diff += T.encode(q, add_special_tokens=False).ids != e
    print("pieces compared with rank merging:", n, "different:", diff, "merges:", len(merges))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], *(int(x) for x in sys.argv[3:]))
