package load

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestRun: what a server says and does is counted.
func TestRun(t *testing.T) {
	var n, left atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Header.Get("Authorization") != "Bearer k" || !bytes.Contains(body, []byte(`"max_tokens":7`)) {
			t.Errorf("%s", body)
		}
		if n.Add(1)%5 == 0 {
			w.WriteHeader(503)
			fmt.Fprint(w, `{"error":{"message":"m","code":"overloaded"}}`)
			return
		}
		for _, text := range []string{": comment", `data: {"choices":[{"delta":{"role":"assistant","reasoning":"a"}}]}`, `data: {"choices":[{"delta":{"content":"b"}}]}`} {
			fmt.Fprint(w, text+"\n\n")
		}
		w.(http.Flusher).Flush()
		select {
		case <-r.Context().Done():
			left.Add(1)
			return
		case <-time.After(20 * time.Millisecond):
		}
		fmt.Fprint(w, `data: {"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":3,"prompt_tokens_details":{"cached_tokens":4}}}`+"\n\ndata: [DONE]\n\n")
	}))
	defer server.Close()
	r, err := Run(t.Context(), Options{Client: server.Client(), URL: server.URL, Key: "k", Clients: 4, Requests: 5, Prompts: []int{5, 50}, MaxTokens: 7, Leave: 4, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	whole := r.Requests - r.Failed - r.Left
	if r.Requests != 20 || r.Failed != 4 || r.Errors["status 503 overloaded"] != 4 || r.Left < 3 || r.Written != 3*whole || r.Cached != 4*whole || r.Total.N != whole || r.Gap.N != whole {
		t.Errorf("%+v", r)
	}
	if len(r.First) != 2 || r.First[5].Max == 0 {
		t.Errorf("%+v", r.First)
	}
	var out bytes.Buffer
	if err := r.Write(&out); err != nil || !strings.Contains(out.String(), "prompt of 50") || !strings.Contains(out.String(), "4 × status 503 overloaded") {
		t.Error(out.String(), err)
	}
}

func TestEnds(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "data: {\"choices\":[{\"delta\":{\"content\":\"b\"}}]}\n\n") // and no end
	}))
	defer server.Close()
	opt := Options{Client: server.Client(), URL: server.URL, Clients: 2, Time: 30 * time.Millisecond, Prompts: []int{5}, MaxTokens: 7, Now: time.Now}
	r, err := Run(t.Context(), opt)
	if err != nil || r.Requests == 0 || r.Failed != r.Requests {
		t.Errorf("%+v %v", r, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Run(ctx, opt); err == nil {
		t.Error("no error")
	}
	if _, err := Run(t.Context(), Options{}); err == nil {
		t.Error("no error")
	}
}

func TestPrompts(t *testing.T) {
	o := Options{Shared: 10}
	a, b := o.prompt(1, 2, 50), o.prompt(1, 3, 50)
	if len(strings.Fields(a)) != 50 || a == b || a[:40] != b[:40] || a != o.prompt(1, 2, 50) {
		t.Errorf("%q\n%q", a, b)
	}
}
