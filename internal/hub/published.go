package hub

// Published lists what is known without asking of files of the catalogue, for copies
// that came another way than from the hub: the weights of the 20b in both layouts, by
// the pointers of its repository. A pulled model does not need it: its hashes come with
// it.
func Published() map[string][]File {
	return map[string][]File{"openai/gpt-oss-20b": {
		{"model-00000-of-00002.safetensors", 4_792_272_488, "16d0f997dcfc4462089d536bffe51b4bcea2f872f5c430be09ef8ed392312427"},
		{"model-00001-of-00002.safetensors", 4_798_702_184, "4fbe328ab445455d6f58dc73852b85873bd626986310abd91cd4d2ce3245eaea"},
		{"model-00002-of-00002.safetensors", 4_170_342_232, "a18106b209e9ab35c3406db4f6f12a927364a058b21e9d1373d682e20674b303"},
		{"original/model.safetensors", 13_761_300_984, "3340a61d1a0391e8c5b5d3463d18d4c48129a84bbc04a554c762c99020aa06ed"},
	}}
}
