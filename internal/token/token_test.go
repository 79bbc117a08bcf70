package token

import (
	"slices"
	"strings"
	"testing"
)

// vectors are from two independent implementations, Rust tiktoken (through wasm) and
// gpt-tokenizer; where these differ (U+FEFF and U+0085 as white space), Rust's.
var vectors = []struct {
	text string
	ids  []uint32
}{
	{"", nil},
	{"hello world", []uint32{24912, 2375}},
	{"Hello, world!", []uint32{13225, 11, 2375, 0}},
	{" ", []uint32{220}},
	{"  ", []uint32{256}},
	{"   x", []uint32{256, 1215}},
	{"\n", []uint32{198}},
	{"\n\n\n", []uint32{2499}},
	{"a\r\nb", []uint32{64, 370, 65}},
	{"\t\tif x:\n", []uint32{197, 1224, 1215, 734}},
	{"    \n  x", []uint32{1944, 220, 1215}},
	{"x   \n   y", []uint32{87, 10190, 256, 342}},
	{"end.   ", []uint32{419, 13, 271}},
	{"I'll we've DON'T it'S", []uint32{67504, 24716, 153384, 480, 31233}},
	{"'s", []uint32{885}},
	{"don\u2019t", []uint32{22130, 1573}},
	{"1234567890", []uint32{7633, 19354, 29338, 15}},
	{"12345 67", []uint32{7633, 2548, 220, 5462}},
	{"3.14159", []uint32{18, 13, 16926, 4621}},
	{"\u0660\u0661\u0662\u0663\u0664", []uint32{48358, 46600, 53184, 81473, 98713}},
	{"你好，世界", []uint32{177519, 979, 28428}},
	{"こんにちは世界", []uint32{95839, 28428}},
	{"안녕하세요", []uint32{14307, 171731}},
	{"مرحبا שלום", []uint32{158894, 26537, 173283}},
	{"\U0001F468\u200D\U0001F469\u200D\U0001F467\u200D\U0001F466", []uint32{28823, 101, 2524, 28823, 102, 2524, 28823, 100, 2524, 28823, 99}},
	{"\U0001F1FA\U0001F1F8\U0001F44B\U0001F3FE\U0001F496", []uint32{55506, 118, 55506, 116, 28823, 233, 52622, 122, 31446, 244}},
	{"na\u00efve na\u00efve", []uint32{1503, 9954, 737, 153475, 737}},
	{"nai\u0308ve na\u00efve", []uint32{141110, 47565, 737, 153475, 737}},
	{"\ufb01 \u2167 \u00bd", []uint32{79332, 220, 25371, 100, 220, 27124}},
	{"\u01c5 \u01c6 \u01c4", []uint32{131, 227, 220, 131, 228, 220, 131, 226}},
	{"\u00a0x\u3000y", []uint32{5310, 87, 1397, 88}},
	{"\u200bzero", []uint32{3310, 29221}},
	{"\x00\x01", []uint32{188, 189}},
	{"\ufffd", []uint32{3251}},
	{"a \ufeffb", []uint32{64, 71280, 65}},
	{"\ufeff\ufeffx", []uint32{135153, 87}},
	{" \u0085x", []uint32{220, 126, 227, 87}},
	{"\u0301abc", []uint32{13430, 26682}},
	{"a \u0301b", []uint32{64, 220, 13430, 65}},
	{"a1\u0301b", []uint32{64, 16, 13430, 65}},
	{"\uff11\uff12\uff13\uff14", []uint32{101137, 18980, 26248}},
	{"  \n\n  ", []uint32{11691, 256}},
	{"\n \n x", []uint32{47812, 1215}},
	{"\r\n\r\n", []uint32{1414}},
	{"://\r\n\r\nx", []uint32{1684, 1414, 87}},
	{"  !!", []uint32{220, 17131}},
	{"\t!!", []uint32{197, 2618}},
	{"\u00a0!!", []uint32{5310, 2618}},
	{"https://a.b/c?d=e#f", []uint32{4172, 1684, 64, 1292, 4308, 30, 67, 88454, 2, 69}},
	{"foo_bar::baz->qux()", []uint32{16660, 31828, 742, 91457, 609, 351, 87, 416}},
	{"CamelCaseHTTPServer", []uint32{137910, 6187, 17893, 6444}},
	{"a/\n//b\n", []uint32{64, 124040, 65, 198}},
	{"<|start|>", []uint32{27, 91, 5236, 91, 29}},
	{"<|not_special|>", []uint32{27, 91, 2878, 100315, 91, 29}},
	{strings.Repeat(" ", 79), []uint32{82724}},
	{strings.Repeat(" ", 80), []uint32{9344, 408}},
	{strings.Repeat(" ", 127), []uint32{9344, 30319}},
	{strings.Repeat(" ", 128), []uint32{72056}},
	{strings.Repeat(" ", 129), []uint32{72056, 220}},
	{strings.Repeat(" ", 200), []uint32{72056, 88017}},
	// Words of headers.
	{"system", []uint32{17360}},
	{"developer", []uint32{77944}},
	{"user", []uint32{1428}},
	{"assistant", []uint32{173781}},
	{"tool", []uint32{17952}},
	{"functions", []uint32{44580}},
	{"analysis", []uint32{35644}},
	{"commentary", []uint32{12606, 815}},
	{"final", []uint32{17196}},
	{" to=", []uint32{316, 28}},
	{"json", []uint32{4108}},
	{" json", []uint32{5701}},
	{"code", []uint32{3056}},
	{" code", []uint32{3490}},
	{"Chicken", []uint32{132990}},
}

func TestEncodeVectors(t *testing.T) {
	tok := harmony(t)
	for _, v := range vectors {
		if got := tok.Encode(nil, v.text); !slices.Equal(got, v.ids) {
			t.Errorf("Encode(%q) = %d, want %d", v.text, got, v.ids)
		}
		if got := tok.Decode(v.ids); got != v.text {
			t.Errorf("Decode(%d) = %q, want %q", v.ids, got, v.text)
		}
	}
	for _, c := range []string{"a", "^"} {
		if got := tok.Encode(nil, strings.Repeat(c, 5000)); len(got) != 625 {
			t.Errorf("5000 × %q: %d ids, want 625", c, len(got))
		}
	}
}

func TestEncodeSpecial(t *testing.T) {
	tok := harmony(t)
	text := "<|start|>assistant<|channel|>final<|message|>hi<|return|>"
	for _, c := range []struct {
		text    string
		allowed func(string) bool
		want    []uint32
	}{
		{text, nil, []uint32{200006, 173781, 200005, 17196, 200008, 3686, 200002}},
		{text, func(string) bool { return false }, tok.Encode(nil, text)},
		{"<<|end|>|><|endofprompt|><|end", nil, []uint32{27, 200007, 91, 29, 200018, 27, 91, 419}},
		{"<|start|><|end|>", func(s string) bool { return s == "<|end|>" }, []uint32{27, 91, 5236, 91, 29, 200007}},
		{"", nil, nil},
		{"<|reserved_201088|>", nil, []uint32{201088}},
		{"   <|end|>", nil, []uint32{271, 200007}}, // the text before ends there
	} {
		if got := tok.EncodeSpecial(nil, c.text, c.allowed); !slices.Equal(got, c.want) {
			t.Errorf("EncodeSpecial(%q) = %d, want %d", c.text, got, c.want)
		}
	}
}
