package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"ossian/internal/keys"
	"ossian/internal/openai"
)

type problem struct {
	Error openai.ErrorObject `json:"error"`
}

func TestErrors(t *testing.T) {
	b := newBench(t, Options{MaxBody: 20000})
	long := strings.Repeat("word ", 3000)
	for _, c := range []struct {
		method, path, body string
		status             int
		code, param        string
	}{
		{"POST", "/v1/chat/completions", `{`, 400, "invalid_json", ""},
		{"POST", "/v1/chat/completions", ``, 400, "invalid_json", ""},
		{"POST", "/v1/chat/completions", `{}`, 400, "missing_parameter", "messages"},
		{"POST", "/v1/chat/completions", user("x", `,"temperature":9`), 400, "invalid_value", "temperature"},
		{"POST", "/v1/chat/completions", user("x", `,"response_format":{"type":"json_schema","json_schema":{"name":"a","schema":{"type":"strange"}}}`), 400, "unsupported_parameter", "response_format.json_schema.schema"},
		{"POST", "/v1/chat/completions", user("x", `,"tools":[{"type":"function","function":{"name":"f","strict":true,"parameters":{"type":"strange"}}}]`), 400, "unsupported_parameter", "tools[0].function.parameters"},
		{"POST", "/v1/chat/completions", user("x", `,"logit_bias":{"300000":1}`), 400, "invalid_value", ""},
		{"POST", "/v1/chat/completions", user("x", `,"tools":[{"type":"function","function":{"name":"a","parameters":{"type":"object","properties":7}}}]`), 400, "", ""},
		{"POST", "/v1/chat/completions", strings.Replace(user("x", ""), "parrot", "gpt-9", 1), 404, "model_not_found", "model"},
		{"POST", "/v1/chat/completions", user(long, ""), 400, "context_length_exceeded", "messages"},
		{"POST", "/v1/chat/completions", user(long, `,"stream":true`), 400, "context_length_exceeded", "messages"},
		{"POST", "/v1/chat/completions", user(long+long, ""), 413, "request_too_large", ""},
		{"GET", "/v1/chat/completions", "", 405, "method_not_allowed", ""},
		{"GET", "/v1/models/gpt-9", "", 404, "model_not_found", "model"},
		{"GET", "/v1/models/", "", 404, "model_not_found", "model"},
		{"GET", "/", "", 404, "unknown_url", ""},
		{"GET", "/etc/passwd", "", 404, "unknown_url", ""},
	} {
		status, head, body := b.ask(t, c.method, c.path, c.body)
		if c.code == "" && status == 200 { // a schema may mean nothing
			continue
		}
		e := into[problem](t, body).Error
		if status != c.status || e.Message == "" || e.Type == "" || c.code != "" && (e.Code == nil || *e.Code != c.code) {
			t.Errorf("%s %s %.80s: %d %s", c.method, c.path, c.body, status, body)
		}
		if param := ""; true {
			if e.Param != nil {
				param = *e.Param
			}
			if param != c.param && c.code != "" {
				t.Errorf("%s %.80s: param %q, want %q", c.path, c.body, param, c.param)
			}
		}
		if head.Get("X-Request-Id") == "" {
			t.Error("no request id")
		}
	}
}

func TestModels(t *testing.T) {
	b := newBench(t, Options{})
	_, _, body := b.ask(t, "GET", "/v1/models", "")
	list := into[openai.List[openai.Model]](t, body)
	if len(list.Data) != 2 || list.Data[0].ID != "parrot" || list.Data[0].ContextLength != 2000 || list.Object != "list" {
		t.Error(body)
	}
	for _, id := range []string{"parrot", "also/parrot:1", "also%2Fparrot%3A1"} {
		status, _, body := b.ask(t, "GET", "/v1/models/"+id, "")
		if status != 200 || into[openai.Model](t, body).Object != "model" {
			t.Error(id, status, body)
		}
	}
}

// TestPages: what a page in a browser could send is refused.
func TestPages(t *testing.T) {
	b := newBench(t, Options{Hosts: []string{"llm.example.org"}, Origins: []string{"https://chat.example.org"}})
	own := strings.TrimPrefix(b.url, "http://")
	for _, c := range []struct {
		headers []string
		status  int
	}{
		{nil, 200},
		{[]string{"Host", "localhost:8080"}, 200},
		{[]string{"Host", "10.1.2.3:8080"}, 200},
		{[]string{"Host", "[::1]:8080"}, 200},
		{[]string{"Host", "llm.example.org"}, 200},
		{[]string{"Host", "LLM.example.org:443"}, 200},
		{[]string{"Host", "evil.example.org"}, 403},
		{[]string{"Host", "localhost.evil.org"}, 403},
		{[]string{"Host", "127.0.0.1.evil.org:8080"}, 403},
		{[]string{"Origin", b.url}, 200},
		{[]string{"Origin", "http://" + own}, 200},
		{[]string{"Origin", "https://chat.example.org"}, 200},
		{[]string{"Origin", "https://evil.example.org"}, 403},
		{[]string{"Origin", "null"}, 403},
		{[]string{"Origin", "file://"}, 403},
		{[]string{"Origin", "http://127.0.0.1:1"}, 403},
		{[]string{"Sec-Fetch-Site", "cross-site"}, 403},
		{[]string{"Sec-Fetch-Site", "same-origin"}, 200},
		{[]string{"Sec-Fetch-Site", "none"}, 200},
	} {
		for _, path := range []string{"/v1/models", "/healthz", "/metrics"} {
			if status, _, body := b.ask(t, "GET", path, "", c.headers...); status != c.status {
				t.Errorf("%v: %d %s", c.headers, status, body)
			}
		}
	}
	preflight := func(origin string) (int, http.Header) {
		status, head, _ := b.ask(t, "OPTIONS", "/v1/chat/completions", "", "Origin", origin, "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "content-type")
		return status, head
	}
	if status, head := preflight("https://chat.example.org"); status != 204 || head.Get("Access-Control-Allow-Origin") != "https://chat.example.org" {
		t.Error(status, head)
	}
	if status, head := preflight("https://evil.example.org"); status != 403 || head.Get("Access-Control-Allow-Origin") != "" {
		t.Error(status, head)
	}
}

func TestKeyed(t *testing.T) {
	now := time.Unix(1700000000, 0)
	clock := func() time.Time { return now }
	file := keys.Open(filepath.Join(t.TempDir(), "keys.json"), clock)
	secret, _, err := file.Create("alice", keys.Limits{RequestsPerMinute: 2})
	if err != nil {
		t.Fatal(err)
	}
	thirsty, _, err := file.Create("bob", keys.Limits{TokensPerMinute: 50})
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t, Options{Keys: file, Now: clock})
	for _, path := range []string{"/v1/models", "/v1/models/parrot", "/metrics"} {
		if status, head, body := b.ask(t, "GET", path, ""); status != 401 || head.Get("WWW-Authenticate") == "" || !strings.Contains(body, "missing_api_key") {
			t.Error(path, status, body)
		}
	}
	if status, _, _ := b.ask(t, "GET", "/healthz", ""); status != 200 {
		t.Error("health needs a key")
	}
	if status, _, body := b.ask(t, "GET", "/v1/models", "", "Authorization", "Bearer ossian-wrong"); status != 401 || !strings.Contains(body, "invalid_api_key") {
		t.Error(status, body)
	}
	if status, _, _ := b.ask(t, "GET", "/v1/models", "", "X-Api-Key", secret); status != 200 {
		t.Error(status)
	}
	post := func(key string) (int, string) {
		status, head, _ := b.ask(t, "POST", "/v1/chat/completions", user(answered, ""), "Authorization", "Bearer "+key)
		return status, head.Get("Retry-After")
	}
	for i, want := range []int{200, 200, 429} {
		if status, retry := post(secret); status != want || (want == 429) != (retry != "") {
			t.Errorf("request %d: %d, retry after %q", i, status, retry)
		}
	}
	now = now.Add(31 * time.Second)
	if status, _ := post(secret); status != 200 {
		t.Error("the allowance does not refill:", status)
	}
	// Tokens are counted afterwards: the first request overdraws.
	if status, _ := post(thirsty); status != 200 {
		t.Error(status)
	}
	if status, retry := post(thirsty); status != 429 || retry == "" {
		t.Error(status, retry)
	}
}

func TestOverload(t *testing.T) {
	b := newBench(t, Options{MaxRequests: 1})
	b.slots <- struct{}{}
	if status, head, body := b.ask(t, "POST", "/v1/chat/completions", user(answered, "")); status != 503 || head.Get("Retry-After") == "" || !strings.Contains(body, "overloaded") {
		t.Error(status, body)
	}
	<-b.slots
	if status, _, _ := b.ask(t, "POST", "/v1/chat/completions", user(answered, "")); status != 200 {
		t.Error(status)
	}
}

func TestLoading(t *testing.T) {
	b := newBench(t, Options{})
	m := b.model.Swap(nil)
	for _, path := range []string{"/readyz", "/v1/models/parrot"} {
		if status, head, _ := b.ask(t, "GET", path, ""); status != 503 || head.Get("Retry-After") == "" {
			t.Error(path, status)
		}
	}
	if status, _, _ := b.ask(t, "POST", "/v1/chat/completions", user(answered, "")); status != 503 {
		t.Error(status)
	}
	if status, _, _ := b.ask(t, "GET", "/healthz", ""); status != 200 {
		t.Error(status)
	}
	b.SetModel(m)
	if status, _, _ := b.ask(t, "GET", "/readyz", ""); status != 200 {
		t.Error(status)
	}
}

// TestClientLeaves: the model stops for a client that has gone, streaming or not.
func TestClientLeaves(t *testing.T) {
	b := newBench(t, Options{})
	b.slow = 5 * time.Millisecond
	said := "<|channel|>final<|message|>" + strings.Repeat("on and ", 400)
	for _, stream := range []string{"", `,"stream":true`} {
		ctx, cancel := context.WithCancel(t.Context())
		req, _ := http.NewRequestWithContext(ctx, "POST", b.url+"/v1/chat/completions", strings.NewReader(user(said, stream)))
		go func() { time.Sleep(60 * time.Millisecond); cancel() }()
		res, err := http.DefaultClient.Do(req)
		if err == nil {
			buf := make([]byte, 1<<20)
			for err == nil {
				_, err = res.Body.Read(buf)
			}
			res.Body.Close()
		}
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		gone := false
		for range 200 {
			if len(b.slots) == 0 {
				gone = true
				break
			}
			time.Sleep(5 * time.Millisecond)
		}
		if !gone {
			t.Error("it computes on")
		}
	}
	if e, _ := b.engine(); b.meter.cancelled.Load() != 2 || e.Running != 0 || e.Waiting != 0 {
		t.Errorf("cut %d, running %d, waiting %d", b.meter.cancelled.Load(), e.Running, e.Waiting)
	}
	if _, _, body := b.ask(t, "GET", "/metrics", ""); !strings.Contains(body, "ossian_stop_seconds_count 2\n") {
		t.Error(body)
	}
}

// TestDrain: told to end, the server finishes what is short and ends what is long with a proper event.
func TestDrain(t *testing.T) {
	for _, c := range []struct {
		drain time.Duration
		words int
		want  string
	}{{5 * time.Second, 20, "[DONE]"}, {50 * time.Millisecond, 400, "shutting_down"}} {
		b := newBench(t, Options{DrainTime: c.drain})
		b.slow = 5 * time.Millisecond
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- b.Serve(ctx, l, nil) }()
		b.url = "http://" + l.Addr().String()
		go func() { time.Sleep(60 * time.Millisecond); cancel() }()
		status, _, body := b.ask(t, "POST", "/v1/chat/completions", user("<|channel|>final<|message|>"+strings.Repeat("on and ", c.words), `,"stream":true`))
		list := events(t, body)
		if last := list[len(list)-1].data; status != 200 || !strings.Contains(last, c.want) {
			t.Errorf("the last event is %s, want %s", last, c.want)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if status, _, _ := b.ask2("GET", "/readyz"); status != 0 {
			t.Error("it still listens")
		}
	}
}

// ask2 is ask for a server that may be gone.
func (b *bench) ask2(method, path string) (int, http.Header, string) {
	req, _ := http.NewRequest(method, b.url+path, nil)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, ""
	}
	res.Body.Close()
	return res.StatusCode, res.Header, ""
}

// TestRequestTime: an answer that takes too long is an error, with its status or in the stream.
func TestRequestTime(t *testing.T) {
	b := newBench(t, Options{RequestTime: 40 * time.Millisecond})
	b.slow = 5 * time.Millisecond
	said := "<|channel|>final<|message|>" + strings.Repeat("on and ", 400)
	if status, _, body := b.ask(t, "POST", "/v1/chat/completions", user(said, "")); status != 504 || !strings.Contains(body, "timeout") {
		t.Error(status, body)
	}
	_, _, body := b.ask(t, "POST", "/v1/chat/completions", user(said, `,"stream":true`))
	list := events(t, body)
	if last := list[len(list)-1]; last.name != "error" || !strings.Contains(last.data, `"timeout"`) {
		t.Errorf("%+v", last)
	}
}

// TestSlowReader: a client that does not take what is sent is cut off, and its work ends.
func TestSlowReader(t *testing.T) {
	b := newBench(t, Options{WriteTime: 50 * time.Millisecond})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() { _ = b.Serve(ctx, small{l}, nil) }()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.(*net.TCPConn).SetReadBuffer(1 << 10)
	body := user("<|channel|>final<|message|>"+strings.Repeat("on and ", 700), `,"stream":true,"logprobs":true,"top_logprobs":20`)
	_, _ = c.Write([]byte("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + fmt.Sprint(len(body)) + "\r\n\r\n" + body))
	began := false
	for range 1000 {
		if n := len(b.slots); n > 0 {
			began = true
		} else if began {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	if !began || len(b.slots) > 0 || b.meter.cancelled.Load() != 1 {
		t.Errorf("begun %v, running %d, cut %d", began, len(b.slots), b.meter.cancelled.Load())
	}
}

// small is a listener whose connections hold little that was not read.
type small struct{ net.Listener }

func (s small) Accept() (net.Conn, error) {
	c, err := s.Listener.Accept()
	if err == nil {
		_ = c.(*net.TCPConn).SetWriteBuffer(1 << 10)
	}
	return c, err
}

// TestMetrics: the text is well-formed, and what happened is in it.
func TestMetrics(t *testing.T) {
	b := newBench(t, Options{})
	for range 3 {
		b.ask(t, "POST", "/v1/chat/completions", user(answered, ""))
	}
	b.ask(t, "POST", "/v1/chat/completions", "{")
	_, head, body := b.ask(t, "GET", "/metrics", "")
	typed := map[string]bool{}
	for line := range strings.Lines(body) {
		f := strings.Fields(line)
		switch {
		case strings.HasPrefix(line, "# TYPE "):
			typed[f[2]] = true
		case strings.HasPrefix(line, "# HELP "):
		default:
			name, _, _ := strings.Cut(f[0], "{")
			for _, end := range []string{"_bucket", "_sum", "_count"} {
				if base := strings.TrimSuffix(name, end); typed[base] {
					name = base
				}
			}
			if _, err := strconv.ParseFloat(f[len(f)-1], 64); err != nil || !typed[name] {
				t.Errorf("line %q", line)
			}
		}
	}
	for _, want := range []string{"ossian_ready 1\n", "ossian_first_token_seconds_count 3\n", `ossian_http_requests_total{route="POST /v1/chat/completions",status="200"} 3`,
		`status="400"} 1`, "vllm:num_requests_waiting 0\n", "vllm:kv_cache_usage_perc 0", "ossian_generated_tokens_total 27\n"} {
		if !strings.Contains(body, want) {
			t.Errorf("%q is not in %s", want, body)
		}
	}
	if !strings.HasPrefix(head.Get("Content-Type"), "text/plain; version=0.0.4") {
		t.Error(head)
	}
	_, _, body = b.ask(t, "GET", "/status", "")
	if got := into[Status](t, body); !got.Ready || got.Models[0] != "parrot" || got.Context != 2000 || got.Generated != 27 {
		t.Error(body)
	}
}
