package hub

import (
	"errors"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

const defaultEndpoint = "https://huggingface.co"

// Settings are where the hub is and where its files are kept, as the official tools
// read them from the environment.
type Settings struct {
	Endpoint string // HF_ENDPOINT
	Cache    string // HF_HUB_CACHE, or hub/ below HF_HOME
	// TokenFile is read when it is needed and HF_TOKEN gave none.
	Token, TokenFile string
}

// Environment reads the settings. home is asked for only if it matters.
func Environment(getenv func(string) string, home func() (string, error)) (Settings, error) {
	s := Settings{Endpoint: strings.TrimRight(getenv("HF_ENDPOINT"), "/"), Token: strings.TrimSpace(getenv("HF_TOKEN"))}
	if s.Endpoint == "" {
		s.Endpoint = defaultEndpoint
	}
	if u, err := url.Parse(s.Endpoint); err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return s, failed("HF_ENDPOINT", "give the mirror's address, as https://host", "%s is not an address", quoted(s.Endpoint))
	}
	hf := getenv("HF_HOME")
	if hf == "" {
		cache := getenv("XDG_CACHE_HOME")
		if cache == "" {
			dir, err := home()
			if err != nil {
				return s, failed("the cache", "set HF_HOME to a folder", "there is no home folder: %v", err)
			}
			cache = filepath.Join(dir, ".cache")
		}
		hf = filepath.Join(cache, "huggingface")
	}
	if s.Cache = getenv("HF_HUB_CACHE"); s.Cache == "" {
		s.Cache = filepath.Join(hf, "hub")
	}
	if s.TokenFile = getenv("HF_TOKEN_PATH"); s.TokenFile == "" {
		s.TokenFile = filepath.Join(hf, "token")
	}
	return s, nil
}

// token is the secret that opens gated repositories, if there is one.
func (s Settings) token() (string, error) {
	if s.Token != "" || s.TokenFile == "" {
		return s.Token, nil
	}
	f, err := os.Open(s.TokenFile)
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", &Error{What: "the hub's token", Why: "reading it", Next: "make the file readable, or set HF_TOKEN", Err: err}
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, 4096))
	if err != nil {
		return "", &Error{What: "the hub's token", Why: "reading it", Next: "make the file readable, or set HF_TOKEN", Err: err}
	}
	return strings.TrimSpace(string(data)), nil
}
