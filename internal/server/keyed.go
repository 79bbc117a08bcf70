package server

import (
	"net/http"
	"strings"

	"ossian/internal/openai"
)

// keyed lets in who has a key, where keys are demanded.
func (s *Server) keyed(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if s.opt.Keys == nil {
			next(w, r)
			return
		}
		secret := secretOf(r)
		if secret == "" {
			w.Header().Set("WWW-Authenticate", "Bearer")
			fail(w, r, failed(http.StatusUnauthorized, openai.TypeAuth, "missing_api_key", "", "this server needs an API key: send Authorization: Bearer KEY; ossian keys create makes one"))
			return
		}
		key, ok, err := s.opt.Keys.Check(secret)
		if err != nil {
			s.opt.Log.Error("keys cannot be read", "error", err)
			fail(w, r, failed(http.StatusServiceUnavailable, openai.TypeServer, "keys_unreadable", "", "the server cannot read its keys; its log says why"))
			return
		}
		if !ok {
			w.Header().Set("WWW-Authenticate", "Bearer")
			fail(w, r, failed(http.StatusUnauthorized, openai.TypeAuth, "invalid_api_key", "", "the API key is not one of this server's, or was revoked"))
			return
		}
		x := exchangeOf(r)
		x.key = key.ID
		if r.Method == http.MethodPost {
			done, f := s.shares.begin(key)
			if f != nil {
				fail(w, r, f)
				return
			}
			defer func() { done(x.prompt + x.generated) }()
		}
		next(w, r)
	}
}

// secretOf finds the key in the headers that the APIs use.
func secretOf(r *http.Request) string {
	if scheme, secret, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(secret)
	}
	return r.Header.Get("X-Api-Key")
}
