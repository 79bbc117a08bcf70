"""Measures an exported checkpoint with transformers (dequantised, f32, greedy).

usage: eval.py CHECKPOINT_FOLDER OUT.json [SCALE] [THREADS]
Held out: number pairs, words and tool names by hash, phrasings of country and definition questions.
"""
import collections
import datetime
import json
import math
import random
import re
import sys
import time

import torch

import export
import gen
from prep import Encoder

folder, out = sys.argv[1:3]
scale = float(sys.argv[3]) if len(sys.argv) > 3 else 1.0
torch.set_num_threads(int(sys.argv[4]) if len(sys.argv) > 4 else 2)
hf = export.load(folder)
enc = Encoder(folder + "/tokenizer.json")
S = {x: enc.t.token_to_id(x) for x in ("<|return|>", "<|call|>", "<|endoftext|>", "<|end|>")}
stops = torch.tensor([S["<|return|>"], S["<|call|>"], S["<|endoftext|>"]])
PAD = S["<|endoftext|>"]


def generate(prompts, limit=190):
    """Greedy, batched with padding on the left; returns texts."""
    ids = [enc(p) for p in prompts]
    res = [None] * len(ids)
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    for k in range(0, len(order), 128):
        ix = order[k:k + 128]
        n = max(len(ids[i]) for i in ix)
        x = torch.tensor([[PAD] * (n - len(ids[i])) + ids[i] for i in ix])
        m = torch.tensor([[0] * (n - len(ids[i])) + [1] * len(ids[i]) for i in ix])
        with torch.no_grad():
            y = hf.generate(x, attention_mask=m, max_new_tokens=limit, do_sample=False, eos_token_id=stops.tolist(), pad_token_id=PAD)
        for i, row in zip(ix, y[:, n:].tolist()):
            cut = next((j + 1 for j, t in enumerate(row) if t in stops), len(row))
            res[i] = enc.t.decode(row[:cut], skip_special_tokens=False)
    return res


def parse(text):
    """(analysis, final, call name, call arguments)"""
    a = re.search(r"<\|channel\|>analysis<\|message\|>(.*?)<\|end\|>", text, re.S)
    f = re.search(r"<\|channel\|>final<\|message\|>(.*?)<\|return\|>", text, re.S)
    c = re.search(r"to=functions\.(\S+?)<\|channel\|>commentary <\|constrain\|>json<\|message\|>(.*?)<\|call\|>", text, re.S)
    return a and a.group(1), f and f.group(1), c and c.group(1), c and c.group(2)


def system(e="medium", tools=False, date="2026-11-24"):
    return gen.msg("system", gen.system_text(date=date, effort=e, tools=tools))


def ask(sysm, user):
    return sysm + gen.msg("user", user) + "<|start|>assistant"


def wilson(k, n, z=1.96):
    if n == 0:
        return [0, 0]
    p = k / n
    c, h = p + z * z / 2 / n, z * math.sqrt(p * (1 - p) / n + z * z / 4 / n / n)
    return [round((c - h) / (1 + z * z / n), 4), round((c + h) / (1 + z * z / n), 4)]


items = []  # (task, lang, prompt, check)
r = random.Random(20261124)
num = lambda n: max(4, int(n * scale))


def contains(key):
    def f(p):
        return p[1] is not None and re.search(r"(?<![\w-])(" + (key if "|" in key else re.escape(key)) + r")(?![\w])", p[1]) is not None
    return f


def loose(key):
    return lambda p: p[1] is not None and any(k in p[1] for k in key.split("|"))


def add_items(task, fn, n, exact=False):
    for lang in ("en", "fr"):
        for _ in range(num(n)):
            e = r.choice(gen.EFFORTS) if task == "effort" else "medium"
            d = datetime.date(2026, 11, 24) if r.random() < 0.5 else datetime.date(2024, 1, 1) + datetime.timedelta(days=r.randrange(1500))
            t = fn(lang, e, d)
            items.append((task, lang, ask(system(e, date=d), gen.clean(t.user)), t.check if hasattr(t, "check") else contains(t.key) if t.key else None, t))


def with_check(t, check):
    t.check = check
    return t


def last_number(t):
    """the number after the last '=' or the last number of the answer"""
    def f(p):
        if p[1] is None:
            return False
        m = re.findall(r"-?\d+", p[1].split("=")[-1])
        return bool(m) and m[0] == t.key
    return with_check(t, f)


add_items("addition, two digits", lambda q, e, d: last_number(gen.t_add(r, q, q, e, test=True)), 150)
add_items("subtraction", lambda q, e, d: last_number(gen.t_sub(r, q, q, e, test=True)), 60)
add_items("multiplication", lambda q, e, d: last_number(gen.t_mul(r, q, q, e, test=True)), 60)
add_items("chains of additions", lambda q, e, d: last_number(gen.t_chain(r, q, q, e, test=True)), 60)
add_items("word problems", lambda q, e, d: gen.t_story(r, q, q, e, test=True), 40)
add_items("units", lambda q, e, d: last_number(gen.t_units(r, q, q, e, test=True)), 50)
add_items("days and months", lambda q, e, d: gen.t_days(r, q, q, e), 50)
add_items("today's date", lambda q, e, d: gen.t_today(r, q, q, e, date=d), 40)
for kind, name, n in (("cap", "capitals, unseen phrasings", 150), ("caprev", "country of a capital, unseen phrasings", 50), ("cur", "currencies, unseen phrasings", 50), ("lang", "languages, unseen phrasings", 50)):
    def one(q, e, d, kind=kind):
        t = gen.t_country(r, q, q, e, test=True, kind=kind)
        return with_check(t, lambda p, t=t: p[1] is not None and gen.strip_accents(t.key).lower() in gen.strip_accents(p[1]).lower())
    add_items(name, one, n)
add_items("words: letters, order, case", lambda q, e, d: (lambda t: with_check(t, lambda p: p[1] is not None and (contains(t.key)(p))))(gen.t_string(r, q, q, e, test=True)), 70)
add_items("definitions, unseen phrasings", lambda q, e, d: (lambda t: with_check(t, lambda p: p[1] is not None and t.key in p[1]))(gen.t_def(r, q, q, e, test=True)), 50)
add_items("talk", lambda q, e, d: (lambda t: with_check(t, lambda p: p[1] in [x for row in gen.TALK for x in row[2] + row[3] if t.final in row[2] + row[3]]))(gen.t_talk(r, q, q, e)), 30)
add_items("refusals, unseen requests", lambda q, e, d: (lambda t: with_check(t, loose(t.key)))(gen.t_refuse(r, q, q, e, test=True)), 30)
add_items("repeats a text", lambda q, e, d: (lambda t: with_check(t, lambda p: p[1] == t.key))(gen.t_repeat(r, q, q, e, test=True)), 40)
add_items("does not know", lambda q, e, d: (lambda t: with_check(t, loose(t.key)))(gen.t_unknown(r, q, q, e)), 30)


def calls(tool, args):
    """The answer is one call of the tool with exactly these arguments."""
    def f(p):
        try:
            return p[2] == tool.name and json.loads(p[3]) == args
        except Exception:
            return False
    return f


# tools
for lang in ("en", "fr"):
    # get_weather and get_time are left out of the known ones: the usual tools of training have these names too
    for task, tool in (("single tool call, unseen pairs of tool and value", lambda: gen.Known(r, True, r.choice([x for x in gen.KNOWN if x[1] not in ("get_weather", "get_time")]))),
                       ("single tool call, unseen tools", lambda: gen.Tool(r, True))):
        for k in range(num(110)):
            T = tool()
            u, th, a = T.call(r, lang, lang, "medium")
            pre = system("medium", True) + gen.msg("developer", gen.tools_text([(T.name, T.desc, T.schema())]))
            items.append((task, lang, pre + gen.msg("user", u) + "<|start|>assistant", calls(T, a), None))
    for k in range(num(50)):
        while True:
            T, U = gen.Tool(r, True), gen.Tool(r, True)
            if T.name != U.name and T.noun != U.noun:
                break
        u, th, a = T.call(r, lang, lang, "medium")
        tl = [(x.name, x.desc, x.schema()) for x in (T, U)]
        r.shuffle(tl)
        pre = system("medium", True) + gen.msg("developer", gen.tools_text(tl))
        items.append(("choice between two unseen tools", lang, pre + gen.msg("user", u) + "<|start|>assistant", calls(T, a), None))
    for k in range(num(50)):
        T = gen.Tool(r, True)
        u, th, a = T.call(r, lang, lang, "medium")
        o, th2, f, key = T.result(r, a, lang, lang, "medium")
        s = gen.Seq().user(u).past_call(r, T.name, json.dumps(a, ensure_ascii=False)).result(T.name, o)
        pre = system("medium", True) + gen.msg("developer", gen.tools_text([(T.name, T.desc, T.schema())])) + "".join(t for t, _ in s.parts)
        items.append(("answer from a tool result", lang, pre + "<|start|>assistant", lambda p, key=key: p[1] is not None and key in p[1], None))
    for k in range(num(40)):
        T = gen.Tool(r, True)
        t = r.choice([gen.t_add, gen.t_country, gen.t_days])(r, lang, lang, "medium", test=True)
        pre = system("medium", True) + gen.msg("developer", gen.tools_text([(T.name, T.desc, T.schema())]))
        items.append(("tool present but not needed", lang, pre + gen.msg("user", t.user) + "<|start|>assistant", lambda p, t=t: p[2] is None and p[1] is not None and gen.strip_accents(t.key).lower() in gen.strip_accents(p[1]).lower(), None))
    # structured answers, follow-ups, styles
    for k in range(num(50)):
        kind = r.choice(gen.JS_KINDS)
        t = gen.json_turn(r, kind, lang, "medium", None)
        keys = [list(t.data)[-1]]
        sc = json.dumps(gen.json_schema({k: t.data[k] for k in keys}))
        pre = system() + gen.msg("developer", "# Instructions\n\n" + ("Answer in JSON." if lang == "en" else "Réponds en JSON.") + "\n\n# Response Formats\n\n## answer\n\n// The answer\n" + sc)

        def check(p, t=t, keys=keys):
            try:
                return json.loads(p[1]) == {k: t.data[k] for k in keys}
            except Exception:
                return False
        items.append(("JSON answers", lang, pre + gen.msg("user", t.user) + "<|start|>assistant", check, None))
    for k in range(num(50)):
        s = gen.Seq()
        st = r.getstate()
        while True:
            s = gen.Seq()
            t = gen.follow(r, s, "medium", None)
            if t.q == lang:
                break
        cut = max(i for i, (x, tr) in enumerate(s.parts) if x == "<|start|>assistant" and not tr)
        pre = system() + "".join(x for x, _ in s.parts[:cut + 1])
        items.append(("follow-up questions", lang, pre, contains(t.key), t))
    for k in range(num(40)):
        style, texts = gen.STYLES[0] if lang == "fr" else gen.STYLES[2]
        q = "en"
        t = r.choice([gen.t_add, gen.t_country])(r, q, "fr" if style == "french" else q, "medium", test=True)
        want = gen.finish(t, style)
        items.append(("style: answer in French" if lang == "fr" else "style: one word", "en", system() + gen.msg("developer", "# Instructions\n\n" + texts[0]) + gen.msg("user", t.user) + "<|start|>assistant", lambda p, want=want: p[1] == want, None))

# asked last, so that the questions before stay the same
for lang in ("en", "fr"):
    for k in range(num(50)):
        T = gen.Tool(r, True, invented=True)
        u, th, a = T.call(r, lang, lang, "medium")
        pre = system("medium", True) + gen.msg("developer", gen.tools_text([(T.name, T.desc, T.schema())]))
        items.append(("single tool call, unseen tool, argument and value", lang, pre + gen.msg("user", u) + "<|start|>assistant", calls(T, a), None))

t0 = time.time()
effort = {}
same = [gen.turn(r, "medium", datetime.date(2026, 11, 24), only=n) for n in ("add", "country", "units", "days", "mul", "string") for _ in range(num(10))]
for e in gen.EFFORTS:
    effort[e] = generate([ask(system(e), t.user) for t in same])
# the four questions of the demonstration, every year-end date style
demo = ["What is the capital of Japan?", "Quelle est la capitale du Japon ?", "What is 17 + 25?", "Combien font 17 + 25 ?"]
dates = [None, "2026-11-24"] + [(datetime.date(2025, 1, 1) + datetime.timedelta(days=r.randrange(1400))).isoformat() for _ in range(num(23))]
demo_items = [("demo", d, q, ask(system(date=d), q)) for q in demo for d in dates]
texts = generate([x[2] for x in items])
dtexts = generate([x[3] for x in demo_items])
table, wrong = collections.OrderedDict(), collections.defaultdict(list)
for it, text in zip(items, texts):
    p = parse(text)
    ok = bool(it[3](p))
    for lang in (it[1], "all"):
        k = table.setdefault(it[0], {}).setdefault(lang, [0, 0])
        k[0] += ok
        k[1] += 1
    if not ok:
        wrong[it[0]].append((it[2].split("<|start|>user<|message|>")[-1].split("<|end|>")[0], text))
result = {"steps": None, "tasks": {}, "effort": {}, "demo": {}}
for task, v in table.items():
    result["tasks"][task] = {lang: {"right": k, "n": n, "accuracy": round(k / n, 4), "ci95": wilson(k, n)} for lang, (k, n) in v.items()}
    a = result["tasks"][task]
    print(f"{task:42s} " + "  ".join(f"{lang} {x['accuracy']:.3f} ({x['right']}/{x['n']}, {x['ci95'][0]:.3f}-{x['ci95'][1]:.3f})" for lang, x in a.items()))
for e in gen.EFFORTS:
    ps = [parse(x) for x in effort[e]]
    result["effort"][e] = {"n": len(ps), "mean analysis tokens": round(sum(len(enc(p[0] or "")) for p in ps) / len(ps), 1),
                           "accuracy": round(sum(t.key is not None and p[1] is not None and gen.strip_accents(t.key).lower() in gen.strip_accents(p[1]).lower() for p, t in zip(ps, same)) / len(ps), 4)}
print(result["effort"])
for q in demo:
    hit = [(parse(t)[1] or "") for (_, d, qq, _), t in zip(demo_items, dtexts) if qq == q]
    result["demo"][q] = {"right": sum(("Tokyo" in x or "42" in x) for x in hit), "n": len(hit), "example": hit[1]}
print(result["demo"])
result.pop("steps")
result["method"] = "transformers GptOssForCausalLM, weights dequantised from the exported file, f32, greedy, effort medium"
json.dump(result, open(out, "w"), indent=1, ensure_ascii=False)
with open(sys.argv[5] if len(sys.argv) > 5 else "/dev/null", "w") as f:
    for t, ws in wrong.items():
        for u, x in ws[:12]:
            f.write(f"[{t}] {u!r}\n    {x!r}\n")
print(f"{len(items)} questions, {time.time() - t0:.0f} s")
