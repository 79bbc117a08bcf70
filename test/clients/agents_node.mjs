// The Agents SDK against a running server, over both APIs.
import assert from "node:assert/strict";
import OpenAI from "openai";
import { Agent, run, tool, setDefaultOpenAIClient, setOpenAIAPI, setTracingDisabled } from "@openai/agents";

setTracingDisabled(true);
setDefaultOpenAIClient(new OpenAI({ baseURL: process.env.OSSIAN_URL + "/v1", apiKey: process.env.OSSIAN_KEY || "none" }));
const parameters = { type: "object", properties: { city: { type: "string" } }, required: ["city"], additionalProperties: false };
for (const api of ["chat_completions", "responses"]) {
  setOpenAIAPI(api);
  let called = 0;
  const weather = tool({ name: "get_weather", description: "Get the current weather in a city.", strict: process.env.OSSIAN_STRICT !== "0", parameters: process.env.OSSIAN_STRICT !== "0" ? parameters : { ...parameters, additionalProperties: true },
    execute: async () => { called++; return '{"temperature": 21, "condition": "sunny"}'; } });
  const agent = new Agent({ name: "Weather", model: process.env.OSSIAN_SERVED || "nano", tools: [weather], modelSettings: { maxTokens: 200 } });
  const whole = await run(agent, "What is the weather in Paris?");
  assert.ok(called === 1 && whole.finalOutput);
  const streamed = await run(agent, "What is the weather in Paris?", { stream: true });
  for await (const _ of streamed.toStream()) ;
  await streamed.completed;
  assert.ok(called === 2 && streamed.finalOutput === whole.finalOutput);
  console.log("ok agents over", api);
}
