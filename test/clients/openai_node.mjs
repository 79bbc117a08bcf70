// The official Node SDK against a running server.
import assert from "node:assert/strict";
import OpenAI from "openai";

const client = new OpenAI({ baseURL: process.env.OSSIAN_URL + "/v1", apiKey: process.env.OSSIAN_KEY || "none" });
const model = process.env.OSSIAN_SERVED || "nano";
const question = "What is the capital of Japan?";
const parameters = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
const step = (name) => console.log("ok", name);

assert.equal((await client.models.retrieve(model)).id, model);
step("models");

const whole = await client.chat.completions.create({ model, messages: [{ role: "user", content: question }], max_tokens: 200 });
assert.match(whole.choices[0].message.content, /Tokyo/);
let text = "";
for await (const chunk of await client.chat.completions.create({ model, messages: [{ role: "user", content: question }], max_tokens: 200, stream: true })) {
  text += chunk.choices[0]?.delta?.content ?? "";
}
assert.equal(text, whole.choices[0].message.content);
step("chat, streamed and whole");

const runner = client.chat.completions.runTools({
  model, max_tokens: 200, stream: true, messages: [{ role: "user", content: "What is the weather in Paris?" }],
  tools: [{ type: "function", function: { name: "get_weather", description: "Get the current weather in a city.", parameters, parse: JSON.parse,
    function: async (args) => { assert.ok(args.city); return '{"temperature": 21, "condition": "sunny"}'; } } }],
});
assert.ok(await runner.finalContent());
step("chat tool loop, streamed");

const r = await client.responses.create({ model, input: question, max_output_tokens: 200 });
const stream = client.responses.stream({ model, input: question, max_output_tokens: 200 });
let kinds = 0;
for await (const event of stream) assert.equal(event.sequence_number, kinds++);
assert.equal((await stream.finalResponse()).output_text, r.output_text);
assert.match(r.output_text, /Tokyo/);
step("responses, streamed and whole");

const second = await client.responses.create({ model, previous_response_id: r.id, input: "What is 17 + 25?", max_output_tokens: 200 });
assert.match(second.output_text, /42/);
await client.responses.delete(second.id);
await assert.rejects(client.responses.retrieve(second.id), (e) => e.status === 404);
step("responses stored");

await assert.rejects(client.chat.completions.create({ model, messages: [] }), (e) => e.status === 400 && e.param === "messages");
const leaving = new AbortController();
await assert.rejects(async () => {
  for await (const _ of await client.chat.completions.create({ model, messages: [{ role: "user", content: question }], stream: true }, { signal: leaving.signal })) leaving.abort();
  throw leaving.signal.aborted ? new Error("ended") : new Error("not left");
});
step("errors, leaving");
