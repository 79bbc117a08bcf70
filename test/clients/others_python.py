"""Anthropic's and Ollama's own Python clients against a running server."""
import os
import anthropic
import ollama

url, model = os.environ["OSSIAN_URL"], os.environ.get("OSSIAN_SERVED", "nano")
question = "What is the capital of Japan?"
schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
weather = '{"temperature": 21, "condition": "sunny"}'

a = anthropic.Anthropic(base_url=url, api_key=os.environ.get("OSSIAN_KEY", "none"))
whole = a.messages.create(model=model, max_tokens=200, messages=[{"role": "user", "content": question}])
assert "Tokyo" in whole.content[0].text and whole.stop_reason == "end_turn" and whole.usage.output_tokens
with a.messages.stream(model=model, max_tokens=200, thinking={"type": "enabled", "budget_tokens": 1024}, messages=[{"role": "user", "content": question}]) as stream:
    final = stream.get_final_message()
assert [b.type for b in final.content] == ["thinking", "text"] and final.content[1].text == whole.content[0].text
tools = [{"name": "get_weather", "description": "Get the current weather in a city.", "input_schema": schema}]
messages = [{"role": "user", "content": "What is the weather in Paris?"}]
call = a.messages.create(model=model, max_tokens=200, tools=tools, messages=messages)
use = [b for b in call.content if b.type == "tool_use"][0]
messages += [{"role": "assistant", "content": call.content}, {"role": "user", "content": [{"type": "tool_result", "tool_use_id": use.id, "content": weather}]}]
assert a.messages.create(model=model, max_tokens=200, tools=tools, messages=messages).content[0].text
assert a.messages.count_tokens(model=model, messages=messages[:1]).input_tokens > 50
try:
    a.messages.create(model="claude", max_tokens=5, messages=messages[:1])
    raise AssertionError("there is a claude")
except anthropic.NotFoundError:
    pass
print("ok anthropic")

o = ollama.Client(host=url, headers={"Authorization": "Bearer " + os.environ.get("OSSIAN_KEY", "none")})
assert model in [m.model for m in o.list().models] and "tools" in o.show(model).capabilities
text = "".join(p.message.content or "" for p in o.chat(model=model, messages=[{"role": "user", "content": question}], stream=True))
assert "Tokyo" in text and o.chat(model=model, messages=[{"role": "user", "content": question}]).message.content == text
assert "Tokyo" in o.generate(model=model, prompt=question).response
function = [{"type": "function", "function": {"name": "get_weather", "description": "Get the current weather in a city.", "parameters": schema}}]
messages = [{"role": "user", "content": "What is the weather in Paris?"}]
first = o.chat(model=model, messages=messages, tools=function)
assert first.message.tool_calls[0].function.name == "get_weather"
messages += [first.message, {"role": "tool", "tool_name": "get_weather", "content": weather}]
assert o.chat(model=model, messages=messages, tools=function).message.content
assert [p.status for p in o.pull(model, stream=True)][-1] == "success" and o.ps().models
print("ok ollama")
