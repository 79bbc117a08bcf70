"""Checks the texts and ids that `go test -run TestDump -dump FILE` wrote against Python
tiktoken, whose matching is Rust's. Usage: referee.py O200K_BASE.TIKTOKEN FILE"""

import json
import sys

import tiktoken
from tiktoken.load import load_tiktoken_bpe

CONTRACTION = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
RULE = "|".join([
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+" + CONTRACTION,
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*" + CONTRACTION,
    r"\p{N}{1,3}",
    r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
    r"\s*[\r\n]+",
    r"\s+(?!\S)",
    r"\s+",
])

encoding = tiktoken.Encoding("o200k_base", pat_str=RULE, mergeable_ranks=load_tiktoken_bpe(sys.argv[1]), special_tokens={})
same = differ = 0
for line in open(sys.argv[2], encoding="utf-8"):
    text, ids = json.loads(line)
    want = encoding.encode_ordinary(text)
    if want == (ids or []):
        same += 1
    else:
        differ += 1
        if differ <= 20:
            print(ascii(text), "ours", ids, "tiktoken", want)
print(same, "same,", differ, "differ")
