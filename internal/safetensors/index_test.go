package safetensors

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestParseIndex(t *testing.T) {
	x, err := ParseIndex([]byte(`{"metadata":{"total_size":12,"more":[1,{"a":null}]},"weight_map":{"a":"model-2.safetensors","b":"model-1.safetensors","c":"model-2.safetensors"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if x.TotalSize != 12 || x.WeightMap["c"] != "model-2.safetensors" || !slices.Equal(x.Files(), []string{"model-1.safetensors", "model-2.safetensors"}) {
		t.Errorf("%+v", x)
	}
	if x, err := ParseIndex([]byte(`{"metadata":{"total_size":1.5e3},"weight_map":{"a":"f"}}`)); err != nil || x.TotalSize != 0 {
		t.Errorf("a size that is no whole number: %v %+v", err, x)
	}
}

func TestParseIndexRefuses(t *testing.T) {
	for text, want := range map[string]string{
		``:                                 "JSON",
		`{}`:                               "no weight_map",
		`{"weight_map":{}}`:                "no weight_map",
		`{"weight_map":[]}`:                "JSON",
		`{"weight_map":{"a":1}}`:           "JSON",
		`{"weight_map":{"a":"f","a":"f"}}`: "appears twice",
		`{"weight_map":{"a":"f"},"weight_map":{"a":"f"}}`:    "appears twice",
		`{"weight_map":{"a":"f"}} x`:                         "text after",
		`{"weight_map":{"a":"../f"}}`:                        "plain file name",
		`{"weight_map":{"a":"..\\f"}}`:                       "plain file name",
		`{"weight_map":{"a":"/etc/passwd"}}`:                 "plain file name",
		`{"weight_map":{"a":"d/f"}}`:                         "plain file name",
		`{"weight_map":{"a":"C:f"}}`:                         "plain file name",
		`{"weight_map":{"a":""}}`:                            "plain file name",
		`{"weight_map":{"a":"."}}`:                           "plain file name",
		`{"weight_map":{"a":"f\u0000"}}`:                     "plain file name",
		"{\"weight_map\":{\"a\":\"\xff\"}}":                  "UTF-8",
		`{"x":` + strings.Repeat("[", 100000) + `}`:          "nested too deeply",
		`{"x":nul,"weight_map":{"a":"f"}}`:                   "value",
		`{"x":--1,"weight_map":{"a":"f"}}`:                   "number",
		`{"x":{"a" 1},"weight_map":{"a":"f"}}`:               "JSON",
		`{"metadata":{"total_size":-},"weight_map":{"a":1}}`: "number",
	} {
		_, err := ParseIndex([]byte(text))
		var typed *Error
		if !errors.As(err, &typed) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: %v, want %q", text, err, want)
		}
	}
}

func FuzzParseIndex(f *testing.F) {
	f.Add([]byte(`{"metadata":{"total_size":12,"x":[true,null,-1.5e3]},"weight_map":{"a":"m.safetensors","\u00e9\ud83d\ude00":"n"}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		x, err := ParseIndex(data)
		if err != nil {
			return
		}
		for name, file := range x.WeightMap {
			if strings.ContainsAny(file, `/\:`) || strings.Contains(file, "..") || file == "" {
				t.Fatalf("%q leads to %q", name, file)
			}
		}
	})
}
