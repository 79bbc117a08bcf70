// Package nano holds Ossian nano, a small model of the gpt-oss architecture that
// was trained from nothing for this program.
//
// It has about 16 million parameters (6 layers, 8 experts of which 2 are active,
// MXFP4 experts, attention sinks, alternating sliding-window and full attention,
// YaRN positions) and understands the harmony format. It was trained on synthetic
// English and French dialogues on CPU cores; README.md in this folder is its
// model card, recipe/ repeats the training. It shows that the program works; it is
// not a replacement for gpt-oss-20b or gpt-oss-120b.
//
// The weights are under the Apache License 2.0. Some definitions that the model has
// learnt come from WordNet 3.1; see recipe/WORDNET-LICENSE.txt.
package nano

import "embed"

// Files is the checkpoint in the layout of the published gpt-oss repositories:
// checkpoint/config.json, checkpoint/generation_config.json, checkpoint/tokenizer.json
// and checkpoint/model.safetensors.
//
//go:embed checkpoint
var Files embed.FS
