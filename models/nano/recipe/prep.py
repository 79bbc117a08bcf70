"""Packs dialogues into rows. usage: prep.py TOKENIZER OUT_FOLDER FIRST LAST [ROWS_PER_SHARD] [LENGTH]

A row holds one system (and developer) prefix and several dialogues that each see the
prefix and themselves only; positions of every dialogue continue from the prefix.
"""
import random
import re
import sys

import numpy as np
from tokenizers import Tokenizer

import gen


class Encoder:
    def __init__(self, path):
        self.t = Tokenizer.from_file(path)
        self.cache = {}

    def __call__(self, text):
        out = []
        for part in re.split("(\ue000.*?\ue001|\ue002.*?\ue003)", text):
            if part[:1] == "\ue000":
                for ch in part[1:-1]:
                    out += self.plain(ch)
            elif part[:1] == "\ue002":
                out += self.copied(part[1:-1])
            else:
                out += self.plain(part)
        return out

    def copied(self, text):
        """The tokens that the text has after a space, the first one without the space."""
        x = self.plain(" " + text)
        first = self.t.decode(x[:1])
        if text == "" or "\ufffd" in first:
            return self.plain(text)
        return self.plain(first[1:]) + x[1:]

    def plain(self, text):
        if not text:
            return []
        if len(text) < 24:
            if text not in self.cache:
                self.cache[text] = self.t.encode(text, add_special_tokens=False).ids
            return self.cache[text]
        return self.t.encode(text, add_special_tokens=False).ids


def seq_tokens(enc, s):
    ids, tr = [], []
    for text, trained in s.parts:
        x = enc(text)
        ids += x
        # the opening "<|start|>assistant" of a follow-up message is generated too
        tr += [int(trained)] * len(x)
    return ids, tr


def rows(enc, r, n, T):
    ids = np.zeros((n, T), np.uint16)
    pos = np.zeros((n, T), np.uint16)
    br = np.full((n, T), 255, np.uint8)
    tr = np.zeros((n, T), np.uint8)
    stats = [0, 0, 0]
    i = 0
    while i < n:
        prefix, seqs = gen.scene(r)
        p = enc(prefix)
        L = len(p)
        if L > T - 80:
            continue
        ids[i, :L], pos[i, :L], br[i, :L] = p, np.arange(L), 0
        at, b = L, 0
        for s in seqs:
            x, t = seq_tokens(enc, s)
            if at + len(x) > T:
                continue
            b += 1
            e = at + len(x)
            ids[i, at:e], tr[i, at:e], br[i, at:e], pos[i, at:e] = x, t, b, np.arange(L, L + len(x))
            at = e
        stats[0] += at
        stats[1] += b
        stats[2] += tr[i].sum()
        i += b > 0
    return ids, pos, br, tr, [s / n for s in stats]


if __name__ == "__main__":
    path, out, first, last = sys.argv[1:5]
    n = int(sys.argv[5]) if len(sys.argv) > 5 else 2000
    T = int(sys.argv[6]) if len(sys.argv) > 6 else 384
    enc = Encoder(path)
    for k in range(int(first), int(last)):
        ids, pos, br, tr, st = rows(enc, random.Random(1000 + k), n, T)
        np.savez(f"{out}/tmp.npz", ids=ids, pos=pos, br=br, tr=tr)
        import os
        os.rename(f"{out}/tmp.npz", f"{out}/{k:04d}.npz")
        print(k, "tokens per row %.0f dialogues %.1f trained %.0f" % tuple(st), flush=True)
