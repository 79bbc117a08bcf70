"""The official Python SDK against a running server: every call that applications make."""
import os, sys, json
from openai import OpenAI, BadRequestError, NotFoundError

client = OpenAI(base_url=os.environ["OSSIAN_URL"] + "/v1", api_key=os.environ.get("OSSIAN_KEY", "none"))
model = os.environ.get("OSSIAN_SERVED", "nano")
question = "What is the capital of Japan?"
weather = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
seen = []


def step(name):
    seen.append(name)
    print("ok", name, flush=True)


assert model in [m.id for m in client.models.list()]
assert client.models.retrieve(model).id == model
step("models")

whole = client.chat.completions.create(model=model, messages=[{"role": "user", "content": question}], max_tokens=200, seed=7)
assert "Tokyo" in whole.choices[0].message.content and whole.choices[0].finish_reason == "stop"
assert whole.choices[0].message.reasoning and whole.usage.completion_tokens_details.reasoning_tokens > 0
step("chat")

text, reasoning, usage = "", "", None
for chunk in client.chat.completions.create(model=model, messages=[{"role": "user", "content": question}], max_tokens=200, seed=7,
                                            stream=True, stream_options={"include_usage": True}):
    usage = chunk.usage or usage
    for c in chunk.choices:
        text += c.delta.content or ""
        reasoning += getattr(c.delta, "reasoning", None) or ""
assert text == whole.choices[0].message.content and reasoning == whole.choices[0].message.reasoning
assert usage.total_tokens == whole.usage.total_tokens
step("chat stream")

tools = [{"type": "function", "function": {"name": "get_weather", "description": "Get the current weather in a city.", "parameters": weather}}]
messages = [{"role": "user", "content": "What is the weather in Paris?"}]
first = client.chat.completions.create(model=model, messages=messages, tools=tools, max_tokens=200)
call = first.choices[0].message.tool_calls[0]
assert first.choices[0].finish_reason == "tool_calls" and call.function.name == "get_weather" and json.loads(call.function.arguments)
messages += [first.choices[0].message, {"role": "tool", "tool_call_id": call.id, "content": '{"temperature": 21, "condition": "sunny"}'}]
assert client.chat.completions.create(model=model, messages=messages, tools=tools, max_tokens=200).choices[0].message.content
step("chat tools")

with client.chat.completions.stream(model=model, messages=messages[:1], tools=tools, max_tokens=200) as stream:
    for event in stream:
        pass
    assert stream.get_final_completion().choices[0].message.tool_calls[0].function.arguments == call.function.arguments
step("chat tools stream")

probs = client.chat.completions.create(model=model, messages=[{"role": "user", "content": question}], logprobs=True, top_logprobs=3, max_tokens=200, n=2)
for choice in probs.choices:
    assert "".join(t.token for t in choice.logprobs.content) == choice.message.content
step("chat logprobs, n")

r = client.responses.create(model=model, input=question, max_output_tokens=200)
assert "Tokyo" in r.output_text and r.output[0].type == "reasoning" and r.output[0].content[0].text
step("responses")

kinds, text = [], ""
with client.responses.stream(model=model, input=question, max_output_tokens=200) as stream:
    for event in stream:
        kinds.append(event.type)
        if event.type == "response.output_text.delta":
            text += event.delta
    assert stream.get_final_response().output_text == text == r.output_text
assert kinds[:2] == ["response.created", "response.in_progress"] and kinds[-1] == "response.completed"
step("responses stream")

flat = [{"type": "function", "name": "get_weather", "description": "Get the current weather in a city.", "parameters": weather, "strict": False}]
first = client.responses.create(model=model, input="What is the weather in Paris?", tools=flat, max_output_tokens=200)
call = [i for i in first.output if i.type == "function_call"][0]
second = client.responses.create(model=model, previous_response_id=first.id, tools=flat, max_output_tokens=200,
                                 input=[{"type": "function_call_output", "call_id": call.call_id, "output": '{"temperature": 21, "condition": "sunny"}'}])
assert second.output_text and second.previous_response_id == first.id
step("responses tools, previous_response_id")

assert client.responses.retrieve(second.id).output_text == second.output_text
items = client.responses.input_items.list(second.id, order="asc").data
assert [i.type for i in items][-1] == "function_call_output", items
client.responses.delete(first.id)
try:
    client.responses.retrieve(first.id)
    raise AssertionError("a deleted response is there")
except NotFoundError:
    pass
replay = client.responses.create(model=model, store=False, tools=flat, max_output_tokens=200, include=["reasoning.encrypted_content"],
                                 input=[{"role": "user", "content": "What is the weather in Paris?"}] + first.output +
                                       [{"type": "function_call_output", "call_id": call.call_id, "output": '{"temperature": 21, "condition": "sunny"}'}])
assert replay.output_text == second.output_text
step("responses stored, deleted, replayed")

job = client.responses.create(model=model, input=question, background=True)
while job.status in ("queued", "in_progress"):
    job = client.responses.retrieve(job.id)
assert job.status == "completed" and "Tokyo" in job.output_text
step("responses in the background")

lines = [json.dumps({"custom_id": f"r{i}", "method": "POST", "url": "/v1/chat/completions",
                     "body": {"model": model, "max_tokens": 200, "messages": [{"role": "user", "content": f"What is {i} + 25?"}]}}) for i in range(10, 14)]
file = client.files.create(file=("requests.jsonl", "\n".join(lines).encode()), purpose="batch")
batch = client.batches.create(input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h")
while batch.status in ("validating", "in_progress", "finalizing"):
    batch = client.batches.retrieve(batch.id)
answers = [json.loads(line) for line in client.files.content(batch.output_file_id).text.splitlines()]
assert batch.request_counts.completed == 4 and [a["custom_id"] for a in answers] == ["r10", "r11", "r12", "r13"]
assert client.files.delete(file.id).deleted
step("files, batches")

try:
    client.chat.completions.create(model=model, messages=[{"role": "user", "content": "x"}], temperature=9)
    raise AssertionError("temperature 9 was taken")
except BadRequestError as e:
    assert e.param == "temperature" and e.code == "invalid_value"
try:
    client.chat.completions.create(model="gpt-9", messages=[{"role": "user", "content": "x"}])
    raise AssertionError("there is a gpt-9")
except NotFoundError as e:
    assert e.code == "model_not_found"
step("errors")
print(len(seen), "steps")
