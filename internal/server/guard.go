package server

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"

	"ossian/internal/openai"
)

// guarded refuses what a page in a browser could send: a Host that is a name somebody
// else's name server may have pointed here, and an Origin that is not this server.
func (s *Server) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.hostAllowed(r.Host) {
			fail(w, r, failed(http.StatusForbidden, openai.TypePermission, "host_not_allowed", "",
				"the name %q is not one of this server's; start it with --host %s to allow it", r.Host, hostOf(r.Host)))
			return
		}
		origin := r.Header.Get("Origin")
		switch {
		case origin != "":
			if !s.originAllowed(origin, r.Host) {
				fail(w, r, failed(http.StatusForbidden, openai.TypePermission, "origin_not_allowed", "",
					"pages of %q may not use this server; start it with --origin %s to allow them", origin, origin))
				return
			}
			h := w.Header()
			h.Set("Access-Control-Allow-Origin", origin)
			h.Add("Vary", "Origin")
			h.Set("Access-Control-Expose-Headers", "X-Request-Id, Retry-After, Ossian-Ignored")
			if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
				h.Set("Access-Control-Allow-Methods", "GET, POST, DELETE")
				h.Set("Access-Control-Allow-Headers", r.Header.Get("Access-Control-Request-Headers"))
				h.Set("Access-Control-Max-Age", "600")
				w.WriteHeader(http.StatusNoContent)
				return
			}
		case r.Header.Get("Sec-Fetch-Site") == "cross-site" || r.Header.Get("Sec-Fetch-Site") == "same-site":
			// A picture or a form of another page: browsers name no origin for those.
			fail(w, r, failed(http.StatusForbidden, openai.TypePermission, "origin_not_allowed", "", "other pages may not use this server"))
			return
		}
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// hostOf is a Host without its port.
func hostOf(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return strings.ToLower(strings.Trim(strings.TrimSuffix(host, "."), "[]"))
}

// hostAllowed: a plain address cannot be a name pointed here, and some names are ours.
func (s *Server) hostAllowed(host string) bool {
	name := hostOf(host)
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
	if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return true
	}
	if own, err := os.Hostname(); err == nil && strings.EqualFold(name, own) {
		return true
	}
	return slices.ContainsFunc(s.opt.Hosts, func(h string) bool { return strings.EqualFold(h, name) })
}

// originAllowed: the server's own pages, and those that were named.
func (s *Server) originAllowed(origin, host string) bool {
	if slices.ContainsFunc(s.opt.Origins, func(o string) bool { return strings.EqualFold(o, origin) }) {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && strings.EqualFold(u.Host, host)
}
