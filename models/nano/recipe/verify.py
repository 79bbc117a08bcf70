"""Compares the renderer of gen.py with openai-harmony, token by token. Needs TIKTOKEN_ENCODINGS_BASE."""
import json
import random
import re
import sys

import gen
from openai_harmony import (Author, Conversation, DeveloperContent, HarmonyEncodingName, Message, ReasoningEffort, RenderConversationConfig, Role, SystemContent, ToolDescription, load_harmony_encoding)

enc = load_harmony_encoding(HarmonyEncodingName.HARMONY_GPT_OSS)
E = {"low": ReasoningEffort.LOW, "medium": ReasoningEffort.MEDIUM, "high": ReasoningEffort.HIGH}
r = random.Random(4)
bad = 0
N = 300
for k in range(N):
    test = k % 2 == 0
    tl = []
    for _ in range(r.choice([0, 1, 1, 2])):
        if r.random() < 0.4:
            nm, d, sc, _ = r.choice(gen.std_tools(r))
        else:
            T = gen.Tool(r)
            nm, d, sc = T.name, T.desc, T.schema()
        if nm not in [t[0] for t in tl]:
            tl.append((nm, d or "x", sc))
    e, date = r.choice(gen.EFFORTS), r.choice([None, "2026-11-24"])
    ins = r.choice([None, "Answer in French."])
    s = SystemContent.new().with_reasoning_effort(E[e])
    if date:
        s = s.with_conversation_start_date(date)
    msgs = [Message.from_role_and_content(Role.SYSTEM, s)]
    mine = gen.msg("system", gen.system_text(date=date, effort=e, tools=bool(tl)))
    if ins or tl:
        d = DeveloperContent.new()
        body = []
        if ins:
            d = d.with_instructions(ins)
            body.append("# Instructions\n\n" + ins)
        if tl:
            d = d.with_function_tools([ToolDescription.new(n, x, parameters=p) for n, x, p in tl])
            body.append(gen.tools_text(tl))
        msgs.append(Message.from_role_and_content(Role.DEVELOPER, d))
        mine += gen.msg("developer", "\n\n".join(body))
    msgs.append(Message.from_role_and_content(Role.USER, "Hi 17 + 25 ?"))
    seq = gen.Seq().user("Hi 17 + 25 ?")
    if tl:
        nm = tl[0][0]
        msgs.append(Message.from_role_and_content(Role.ASSISTANT, "I need it.").with_channel("analysis"))
        msgs.append(Message.from_role_and_content(Role.ASSISTANT, '{"a":1}').with_channel("commentary").with_recipient(f"functions.{nm}").with_content_type("<|constrain|>json"))
        msgs.append(Message.from_author_and_content(Author.new(Role.TOOL, f"functions.{nm}"), '{"r": 2}').with_channel("commentary").with_recipient("assistant"))
        seq.call("I need it.", nm, '{"a":1}').result(nm, '{"r": 2}')
    msgs.append(Message.from_role_and_content(Role.ASSISTANT, "So 42.").with_channel("analysis"))
    msgs.append(Message.from_role_and_content(Role.ASSISTANT, "42").with_channel("final"))
    seq.answer("So 42.", "42")
    want = enc.render_conversation_for_training(Conversation.from_messages(msgs), config=RenderConversationConfig(auto_drop_analysis=False))
    text = mine + gen.clean("".join(t for t, _ in seq.parts))
    got = enc.encode(text, allowed_special="all")
    if got != want:
        bad += 1
        if bad < 4:
            print("WANT", enc.decode(want))
            print("GOT ", text)
print("conversations", N, "different", bad)
sys.exit(bad > 0)
