// The AI SDK against a running server: its provider for compatible servers and its own for OpenAI.
import assert from "node:assert/strict";
import { generateText, streamText, tool, stepCountIs } from "ai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { createOpenAI } from "@ai-sdk/openai";
import { z } from "zod";

const at = { baseURL: process.env.OSSIAN_URL + "/v1", apiKey: process.env.OSSIAN_KEY || "none" };
const name = process.env.OSSIAN_SERVED || "nano";
for (const [provider, model] of [["openai-compatible", createOpenAICompatible({ name: "ossian", ...at, includeUsage: true })(name)], ["openai responses", createOpenAI(at).responses(name)]]) {
  const whole = await generateText({ model, prompt: "What is the capital of Japan?", maxOutputTokens: 200 });
  assert.match(whole.text, /Tokyo/);
  const stream = streamText({ model, prompt: "What is the capital of Japan?", maxOutputTokens: 200, onError: ({ error }) => { throw error; } });
  let text = "";
  for await (const part of stream.textStream) text += part;
  assert.equal(text, whole.text);
  assert.ok((await stream.usage).totalTokens > 0);
  let called = 0;
  const loop = await generateText({ model, prompt: "What is the weather in Paris?", maxOutputTokens: 200, stopWhen: stepCountIs(3),
    tools: { get_weather: tool({ description: "Get the current weather in a city.", inputSchema: z.object({ city: z.string() }), execute: async () => { called++; return { temperature: 21, condition: "sunny" }; } }) } });
  assert.ok(called > 0 && loop.text);
  console.log("ok AI SDK,", provider);
}
