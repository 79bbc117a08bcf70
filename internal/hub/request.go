package hub

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

const (
	maxRedirects = 8
	// maxTries in a row that bring nothing end a file; with the pauses between them
	// this is some three minutes. A person who waits for a listing is told sooner.
	maxTries     = 10
	maxListTries = 5
	// toldAfter so many tries a person learns why nothing happens.
	toldAfter = 4
	maxPause  = 5 * time.Minute
)

// transient is a failure that another try may not meet.
type transient struct {
	err   error
	after time.Duration // how long the server asked to wait
}

func (e *transient) Error() string { return e.err.Error() }
func (e *transient) Unwrap() error { return e.err }

// get sends one request and follows its redirects. The token goes to the endpoint
// only, never to where that leads. visit, if given, sees every redirect.
func (h *Hub) get(ctx context.Context, address string, header http.Header, visit func(*http.Response)) (*http.Response, error) {
	token, err := h.token()
	if err != nil {
		return nil, err
	}
	home, err := url.Parse(h.Endpoint)
	if err != nil {
		return nil, err
	}
	at, err := url.Parse(address)
	if err != nil {
		return nil, failed("the hub", "", "it gave %s, which is no address", quoted(address))
	}
	for range maxRedirects {
		req := (&http.Request{Method: http.MethodGet, URL: at, Host: at.Host, Header: header.Clone()}).WithContext(ctx)
		if req.Header == nil {
			req.Header = http.Header{}
		}
		req.Header.Set("User-Agent", "ossian")
		req.Header.Set("Accept-Encoding", "identity")
		if token != "" && at.Scheme == home.Scheme && at.Host == home.Host {
			req.Header.Set("Authorization", "Bearer "+token)
		}
		resp, err := h.client.Do(req)
		if err != nil {
			return nil, classify(ctx, err)
		}
		switch resp.StatusCode {
		case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		default:
			return resp, nil
		}
		_, _ = io.CopyN(io.Discard, resp.Body, 4096)
		_ = resp.Body.Close()
		if visit != nil {
			visit(resp)
		}
		next, err := resp.Location()
		if err != nil || (next.Scheme != "https" && next.Scheme != "http") || (next.Scheme == "http" && at.Scheme == "https") {
			return nil, failed(at.Host, "use another mirror: HF_ENDPOINT", "it redirects to %s, which is not followed", quoted(resp.Header.Get("Location")))
		}
		at = next
	}
	return nil, failed(home.Host, "use another mirror: HF_ENDPOINT", "it redirects more than %d times", maxRedirects)
}

// classify tells what ends a request for good from what may pass: a guard's refusal
// and an interrupt stay as they are.
func classify(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if final := (interface {
		error
		Final() bool
	})(nil); errors.As(err, &final) && final.Final() {
		return final
	}
	return &transient{err: err}
}

// refusal is what a status that brings no data means. What the hub itself says can be
// acted on; where it redirected to, addresses expire and are asked for again.
func (h *Hub) refusal(resp *http.Response, what string, redirected bool) error {
	_, _ = io.CopyN(io.Discard, resp.Body, 4096)
	_ = resp.Body.Close()
	host := resp.Request.URL.Host
	switch code := resp.StatusCode; {
	case code == http.StatusTooManyRequests || code == http.StatusRequestTimeout || code >= 500:
		return &transient{err: fmt.Errorf("%s answered %s", host, resp.Status), after: h.retryAfter(resp)}
	case redirected:
		return &transient{err: fmt.Errorf("%s answered %s", host, resp.Status)}
	case code == http.StatusUnauthorized:
		return failed(what, "check the name; if it is a private or gated model, set HF_TOKEN to a token that may read it", "%s asks for a token, or has no such model", host)
	case code == http.StatusForbidden:
		return failed(what, "accept the model's conditions on its page, and set HF_TOKEN to a token that may read it", "%s does not allow it", host)
	case code == http.StatusNotFound:
		return failed(what, "check the name and the revision", "%s has no such model, revision or file", host)
	}
	return failed(what, "try later, or another mirror: HF_ENDPOINT", "%s answered %s", host, quoted(resp.Status))
}

// retryAfter is what the server asked for, in seconds or as a date, within reason.
func (h *Hub) retryAfter(resp *http.Response) time.Duration {
	v := resp.Header.Get("Retry-After")
	if n, err := strconv.Atoi(v); err == nil {
		return min(max(0, time.Duration(min(n, 3600))*time.Second), maxPause)
	}
	if at, err := http.ParseTime(v); err == nil {
		return min(max(0, at.Sub(h.Now())), maxPause)
	}
	return 0
}

// again waits before another try, longer each time, or gives up.
func (h *Hub) again(ctx context.Context, what string, tries, most int, err error) error {
	var t *transient
	if !errors.As(err, &t) {
		return err
	}
	if tries >= most {
		return &Error{What: what, Why: fmt.Sprintf("%d tries in a row brought nothing, the last", tries), Next: "run the same command again later: what is here stays", Err: t.err}
	}
	if tries == toldAfter {
		h.Note(fmt.Sprintf("%s: %v; it is tried again", what, t.err))
	}
	d := time.Second << min(max(tries-1, 0), 5)
	return h.Wait(ctx, max(d, t.after))
}
