package hub

import (
	"errors"
	"path/filepath"
	"testing"
)

func TestNames(t *testing.T) {
	for name, want := range map[string]string{
		"gpt-oss-20b": "openai/gpt-oss-20b main", "gpt-oss-safeguard-120b@v1": "openai/gpt-oss-safeguard-120b v1",
		"me/my.model_2": "me/my.model_2 main", "me/m@feature/x": "me/m feature/x",
		"": "", "x": "", "a/b/c": "", "../x": "", "a/..": "", "a/b@": "", "a/b@../x": "", "a--b/c": "", "a/b c": "", "a/-b": "", "a\\b/c": "", "a/b@x y": "",
	} {
		ref, err := ParseRef(name)
		if got := ref.Repo + " " + ref.Revision; (err == nil) != (want != "") || err == nil && got != want {
			t.Errorf("%q: %q, %v", name, got, err)
		}
	}
	for p, want := range map[string]bool{"a": true, "a/b.c": true, "": false, "/a": false, "a/": false, "a/../b": false, "..": false, `a\b`: false, "c:x": false, "a\x00": false, "nul.": false} {
		if plainPath(p) != want {
			t.Errorf("%q", p)
		}
	}
}

func TestEnvironment(t *testing.T) {
	home := func() (string, error) { return "/home/u", nil }
	for _, c := range []struct {
		env             map[string]string
		cache, endpoint string
	}{
		{nil, "/home/u/.cache/huggingface/hub", "https://huggingface.co"},
		{map[string]string{"XDG_CACHE_HOME": "/c"}, "/c/huggingface/hub", "https://huggingface.co"},
		{map[string]string{"HF_HOME": "/hf", "HF_ENDPOINT": "https://mirror.example/"}, "/hf/hub", "https://mirror.example"},
		{map[string]string{"HF_HOME": "/hf", "HF_HUB_CACHE": "/big"}, "/big", "https://huggingface.co"},
	} {
		s, err := Environment(func(k string) string { return c.env[k] }, home)
		if err != nil || s.Cache != filepath.FromSlash(c.cache) || s.Endpoint != c.endpoint {
			t.Errorf("%v: %+v, %v", c.env, s, err)
		}
	}
	if _, err := Environment(func(k string) string { return map[string]string{"HF_ENDPOINT": "mirror"}[k] }, home); err == nil {
		t.Error("took a word for an address")
	}
	if _, err := Environment(func(string) string { return "" }, func() (string, error) { return "", errors.New("none") }); err == nil {
		t.Error("made a cache of nothing")
	}
}
