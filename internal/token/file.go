package token

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Bounds of a tokenizer.json. The models' own is 27.9 MB with 446,189 merges and a
// longest token of 128 bytes.
const (
	maxFile   = 128 << 20
	maxMerges = 1 << 23
	maxToken  = 1 << 12 // bytes
	maxAdded  = 1 << 16
)

// splitRule is the one pre-tokenizer regex the scanner implements.
const splitRule = `[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?` +
	`|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?` +
	`|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`

// file is what matters of a tokenizer.json, as it is written there.
type file struct {
	added  []addedToken
	vocab  []entry
	merges [][2]string
	whole  bool // ignore_merges

	sawSplit, sawModel bool
}

type entry struct {
	text string // in the byte-level alphabet
	id   uint32
}

type addedToken struct {
	ID         *uint32 `json:"id"`
	Content    string  `json:"content"`
	SingleWord bool    `json:"single_word"`
	LStrip     bool    `json:"lstrip"`
	RStrip     bool    `json:"rstrip"`
	Special    bool    `json:"special"`
}

// step is a pre-tokenizer.
type step struct {
	Type    string `json:"type"`
	Pattern struct {
		Regex string `json:"Regex"`
	} `json:"pattern"`
	Behavior       string `json:"behavior"`
	Invert         bool   `json:"invert"`
	AddPrefixSpace bool   `json:"add_prefix_space"`
	UseRegex       *bool  `json:"use_regex"`
	Steps          []step `json:"pretokenizers"`
}

// reader walks through the JSON once, without a copy of it.
type reader struct{ dec *json.Decoder }

func readFile(data []byte) (*file, error) {
	if len(data) > maxFile {
		return nil, unsupported("the file", "%d bytes, more than %d", len(data), maxFile)
	}
	r := reader{json.NewDecoder(bytes.NewReader(data))}
	f := &file{}
	if err := r.object("the file", func(key string) error { return f.field(r, key) }); err != nil {
		return nil, err
	}
	if _, err := r.dec.Token(); err != io.EOF {
		return nil, damaged("the file", "something follows the end")
	}
	if !f.sawModel {
		return nil, damaged("the file", "no model")
	}
	if !f.sawSplit {
		return nil, unsupported("pre_tokenizer", "missing")
	}
	return f, nil
}

func (f *file) field(r reader, key string) error {
	switch key {
	case "version", "truncation", "padding", "post_processor":
		// What is added to, or cut from, a whole prompt is never this package's business.
		return r.decode(key, new(json.RawMessage))
	case "normalizer":
		return r.null(key)
	case "pre_tokenizer":
		f.sawSplit = true
		return readSplit(r)
	case "decoder":
		var d *step
		if err := r.decode(key, &d); err != nil {
			return err
		}
		if d != nil && d.Type != "ByteLevel" {
			return unsupported(key, "type %q instead of ByteLevel", d.Type)
		}
		return nil
	case "added_tokens":
		return r.array(key, func(i int) error {
			if i == maxAdded {
				return unsupported(key, "more than %d", maxAdded)
			}
			var a addedToken
			where := fmt.Sprintf("%s[%d]", key, i)
			if err := r.decode(where, &a); err != nil {
				return err
			}
			f.added = append(f.added, a)
			return nil
		})
	case "model":
		f.sawModel = true
		return r.object(key, func(key string) error { return f.model(r, key) })
	}
	return unsupported(key, "an unknown field")
}

func readSplit(r reader) error {
	const where = "pre_tokenizer"
	var s step
	if err := r.decode(where, &s); err != nil {
		return err
	}
	if s.Type != "Sequence" || len(s.Steps) != 2 || s.Steps[0].Type != "Split" || s.Steps[1].Type != "ByteLevel" {
		return unsupported(where, "not a Split followed by ByteLevel")
	}
	split, level := s.Steps[0], s.Steps[1]
	switch {
	case split.Pattern.Regex != splitRule:
		return unsupported(where, "the Split regex is not that of o200k but %.300q", split.Pattern.Regex)
	case split.Behavior != "Isolated" || split.Invert:
		return unsupported(where, "Split behavior %q, invert %v instead of Isolated, false", split.Behavior, split.Invert)
	case level.AddPrefixSpace:
		return unsupported(where, "add_prefix_space is true")
	case level.UseRegex == nil || *level.UseRegex:
		return unsupported(where, "ByteLevel splits by a regex of its own (use_regex)")
	}
	return nil
}

// model reads a field of the model object.
func (f *file) model(r reader, key string) error {
	where := "model." + key
	switch key {
	case "type":
		var kind string
		if err := r.decode(where, &kind); err != nil {
			return err
		}
		if kind != "BPE" {
			return unsupported(where, "%.100q instead of BPE", kind)
		}
		return nil
	case "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix":
		return r.null(where)
	case "fuse_unk", "byte_fallback":
		// Without unknown tokens, which every byte's being a token excludes, these say nothing.
		return r.decode(where, new(bool))
	case "ignore_merges":
		return r.decode(where, &f.whole)
	case "vocab":
		return r.object(where, func(text string) error {
			if len(f.vocab) == maxIDs {
				return unsupported(where, "more than %d tokens", maxIDs)
			}
			v, err := r.dec.Token()
			if err != nil {
				return broken(where, err)
			}
			id, ok := v.(float64)
			if !ok || id != float64(uint32(id)) || id >= maxIDs {
				return damaged(where, "the id of %.100q, %v, is no number from 0 to %d", text, v, maxIDs-1)
			}
			f.vocab = append(f.vocab, entry{text, uint32(id)})
			return nil
		})
	case "merges":
		return r.array(where, func(i int) error {
			if i == maxMerges {
				return unsupported(where, "more than %d", maxMerges)
			}
			m, err := r.merge(i)
			f.merges = append(f.merges, m)
			return err
		})
	}
	return unsupported(where, "an unknown field")
}

// merge reads "a b" or ["a", "b"].
func (r reader) merge(i int) (m [2]string, err error) {
	var v any
	if v, err = r.dec.Token(); err != nil {
		return m, broken("model.merges", err)
	}
	if s, ok := v.(string); ok {
		m[0], m[1], _ = strings.Cut(s, " ")
	} else if v == json.Delim('[') {
		for k := range m {
			if v, err = r.dec.Token(); err != nil {
				return m, broken("model.merges", err)
			}
			m[k], _ = v.(string)
		}
		if v, err = r.dec.Token(); err != nil {
			return m, broken("model.merges", err)
		}
		if v != json.Delim(']') {
			m[0] = ""
		}
	}
	if m[0] == "" || m[1] == "" {
		return m, damaged(fmt.Sprintf("model.merges[%d]", i), "not two tokens")
	}
	return m, nil
}

func broken(where string, err error) error {
	var e *Error
	if errors.As(err, &e) {
		return err
	}
	return &Error{Where: where, Problem: "not the JSON expected", Remedy: remedyFile, Err: err}
}

func (r reader) decode(where string, v any) error {
	if err := r.dec.Decode(v); err != nil {
		return broken(where, err)
	}
	return nil
}

// null refuses anything but null, "" and 0.
func (r reader) null(where string) error {
	var raw json.RawMessage
	if err := r.decode(where, &raw); err != nil {
		return err
	}
	switch string(raw) {
	case "null", `""`, "0", "0.0":
		return nil
	}
	return unsupported(where, "set to %.100s", raw)
}

func (r reader) delim(where string, d json.Delim) error {
	v, err := r.dec.Token()
	if err != nil {
		return broken(where, err)
	}
	if v != d {
		return damaged(where, "%.100v instead of %v", v, d)
	}
	return nil
}

// object calls field after each key, to read the value.
func (r reader) object(where string, field func(key string) error) error {
	if err := r.delim(where, '{'); err != nil {
		return err
	}
	for r.dec.More() {
		v, err := r.dec.Token()
		if err != nil {
			return broken(where, err)
		}
		key, _ := v.(string)
		if err := field(key); err != nil {
			return err
		}
	}
	return r.delim(where, '}')
}

// array calls element before each element, to read it.
func (r reader) array(where string, element func(i int) error) error {
	if err := r.delim(where, '['); err != nil {
		return err
	}
	for i := 0; r.dec.More(); i++ {
		if err := element(i); err != nil {
			return err
		}
	}
	return r.delim(where, ']')
}
