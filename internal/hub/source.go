package hub

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
)

// changedError is a file that is not, or no longer, the one that was listed.
type changedError struct{ why string }

func (e *changedError) Error() string { return e.why }

// errNoRanges is a server that sends the whole file whatever is asked for.
var errNoRanges = errors.New("the server does not send parts of a file")

// source is one file on the server. Where the hub redirects to is remembered until it
// expires, so that a chunk costs one request.
type source struct {
	h    *Hub
	file File
	url  string

	mu     sync.Mutex
	target string // where the hub led; "" when it must be asked
	host   string // of whom etag is
	etag   string
}

func (h *Hub) source(repo, commit string, f File) *source {
	var escaped []string
	for part := range strings.SplitSeq(f.Path, "/") {
		escaped = append(escaped, url.PathEscape(part))
	}
	return &source{h: h, file: f, url: fmt.Sprintf("%s/%s/resolve/%s/%s", h.Endpoint, repo, commit, strings.Join(escaped, "/"))}
}

// open asks for bytes from..to of the file. The answer is checked: its body begins
// with byte from. whole says the server may send everything instead.
func (s *source) open(ctx context.Context, from, to int64, whole bool) (*http.Response, error) {
	s.mu.Lock()
	address, etag := s.target, s.etag
	s.mu.Unlock()
	known := address != ""
	if !known {
		address = s.url
	}
	header := http.Header{}
	if !whole {
		header.Set("Range", fmt.Sprintf("bytes=%d-%d", from, to))
		if etag != "" {
			header.Set("If-Range", etag)
		}
	}
	redirected := known
	var changed error
	resp, err := s.h.get(ctx, address, header, func(r *http.Response) {
		redirected = true
		if linked := plainTag(r.Header.Get("X-Linked-Etag")); linked != "" && linked != s.file.Hash {
			changed = &changedError{"the hub now gives another file of this name"}
		}
	})
	if err != nil {
		if known { // the remembered place may be what fails
			s.forget(address)
		}
		return nil, err
	}
	if changed != nil {
		_ = resp.Body.Close()
		return nil, changed
	}
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusPartialContent && resp.StatusCode != http.StatusRequestedRangeNotSatisfiable {
		s.forget(address)
		return nil, s.h.refusal(resp, s.file.Path, redirected)
	}
	if err := s.check(resp, from, to, whole, etag); err != nil {
		_ = resp.Body.Close()
		return nil, err
	}
	s.remember(resp, redirected)
	return resp, nil
}

// check refuses an answer that is not what was asked for.
func (s *source) check(resp *http.Response, from, to int64, whole bool, etag string) error {
	host := resp.Request.URL.Host
	lie := func(why string, args ...any) error {
		return failed(s.file.Path, "use another mirror: HF_ENDPOINT", "%s", host+" "+fmt.Sprintf(why, args...))
	}
	if enc := resp.Header.Get("Content-Encoding"); enc != "" && enc != "identity" {
		return lie("sends the file encoded as %s", quoted(enc))
	}
	s.mu.Lock()
	sameHost := s.host == host
	s.mu.Unlock()
	if tag := strongTag(resp); sameHost && etag != "" && tag != "" && tag != etag {
		return &changedError{"it changed on the server while it was fetched"}
	}
	switch resp.StatusCode {
	case http.StatusRequestedRangeNotSatisfiable:
		return &changedError{"on the server it is shorter than it was listed"}
	case http.StatusOK:
		if resp.ContentLength >= 0 && resp.ContentLength != s.file.Size {
			return &changedError{fmt.Sprintf("on the server it has %d bytes, not the %d listed", resp.ContentLength, s.file.Size)}
		}
		if !whole && (from != 0 || to != s.file.Size-1) {
			return errNoRanges
		}
		return nil
	}
	if whole {
		return lie("sends a part of the file where all of it was asked for")
	}
	first, last, size, ok := contentRange(resp.Header.Get("Content-Range"))
	if !ok || first != from || last < first || last > to {
		return lie("was asked for bytes %d to %d and says it sends %s", from, to, quoted(resp.Header.Get("Content-Range")))
	}
	if size >= 0 && size != s.file.Size {
		return &changedError{fmt.Sprintf("on the server it has %d bytes, not the %d listed", size, s.file.Size)}
	}
	if resp.ContentLength >= 0 && resp.ContentLength != last-first+1 {
		return lie("sends %d bytes and calls them %s", resp.ContentLength, quoted(resp.Header.Get("Content-Range")))
	}
	return nil
}

func (s *source) remember(resp *http.Response, redirected bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if redirected {
		s.target = resp.Request.URL.String()
	}
	if tag := strongTag(resp); tag != "" && (s.etag == "" || s.host != resp.Request.URL.Host) {
		s.etag, s.host = tag, resp.Request.URL.Host
	}
}

func (s *source) forget(target string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.target == target {
		s.target = ""
	}
}

// strongTag is the ETag if it promises the same bytes.
func strongTag(resp *http.Response) string {
	if tag := resp.Header.Get("ETag"); strings.HasPrefix(tag, `"`) {
		return tag
	}
	return ""
}

func plainTag(tag string) string { return strings.Trim(strings.TrimPrefix(tag, "W/"), `"`) }

// contentRange reads "bytes first-last/size"; an unknown size is -1.
func contentRange(v string) (first, last, size int64, ok bool) {
	rest, isBytes := strings.CutPrefix(v, "bytes ")
	span, all, hasSize := strings.Cut(rest, "/")
	a, b, isSpan := strings.Cut(span, "-")
	first, err1 := strconv.ParseInt(a, 10, 64)
	last, err2 := strconv.ParseInt(b, 10, 64)
	size, err3 := strconv.ParseInt(all, 10, 64)
	if all == "*" {
		size, err3 = -1, nil
	}
	return first, last, size, isBytes && hasSize && isSpan && err1 == nil && err2 == nil && err3 == nil && first >= 0
}
