package server

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

// histogram counts observations in buckets, as Prometheus wants them: cumulative when written.
type histogram struct {
	bounds []float64
	counts []int64 // one more than bounds
	sum    float64
}

func newHistogram(bounds ...float64) *histogram {
	return &histogram{bounds: bounds, counts: make([]int64, len(bounds)+1)}
}

func (h *histogram) observe(x float64) {
	i, _ := slices.BinarySearch(h.bounds, x)
	h.counts[i]++
	h.sum += x
}

func (h *histogram) write(b *bytes.Buffer, name, help string) {
	head(b, name, "histogram", help)
	total := int64(0)
	for i, n := range h.counts {
		total += n
		le := "+Inf"
		if i < len(h.bounds) {
			le = strconv.FormatFloat(h.bounds[i], 'g', -1, 64)
		}
		fmt.Fprintf(b, "%s_bucket{le=%q} %d\n", name, le, total)
	}
	fmt.Fprintf(b, "%s_sum %v\n%s_count %d\n", name, h.sum, name, total)
}

func head(b *bytes.Buffer, name, kind, help string) {
	fmt.Fprintf(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

// metrics writes the text format of Prometheus. It is small enough that a library,
// which would double the time to build the program, is not worth it.
func (s *Server) metrics(w http.ResponseWriter, r *http.Request) {
	var b bytes.Buffer
	one := func(name, kind, help string, v any) {
		head(&b, name, kind, help)
		fmt.Fprintf(&b, "%s %v\n", name, v)
	}
	m := s.meter
	ready := 0
	if s.model.Load() != nil && !s.draining.Load() {
		ready = 1
	}
	one("ossian_ready", "gauge", "1 while requests are answered.", ready)
	one("ossian_uptime_seconds", "gauge", "Since the server began.", s.opt.Now().Sub(s.started).Seconds())
	e, use := s.engine()
	one("ossian_requests_running", "gauge", "Requests that the model works on.", e.Running)
	one("ossian_requests_waiting", "gauge", "Requests that wait for the model.", e.Waiting)
	one("ossian_requests_limit", "gauge", "Requests that may run and wait together.", cap(s.slots))
	one("ossian_kv_bytes", "gauge", "Memory that keys and values take or were promised.", e.KVBytes)
	one("ossian_kv_limit_bytes", "gauge", "Most memory that keys and values may take.", e.KVLimit)
	one("ossian_engine_steps_total", "counter", "Steps of the model; those of several requests are one.", e.Steps)
	one("ossian_engine_put_back_total", "counter", "Times that a request had to give its memory to others and wait again.", e.PutBack)
	one("ossian_prompt_tokens_total", "counter", "Tokens of prompts.", m.prompt.Load())
	one("ossian_prompt_tokens_cached_total", "counter", "Tokens of prompts that were known from earlier requests.", m.cached.Load())
	one("ossian_generated_tokens_total", "counter", "Tokens of answers.", m.generated.Load())
	one("ossian_requests_cut_total", "counter", "Requests that ended before their answer: the client left, time was up, or an error.", m.cancelled.Load())
	// The Kubernetes inference gateway looks for these names.
	one("vllm:num_requests_running", "gauge", "As ossian_requests_running.", e.Running)
	one("vllm:num_requests_waiting", "gauge", "As ossian_requests_waiting.", e.Waiting)
	one("vllm:kv_cache_usage_perc", "gauge", "Share of the memory for keys and values that is taken or promised.", use)
	m.mu.Lock()
	head(&b, "ossian_http_requests_total", "counter", "Requests by route and status.")
	outcomes := make([]outcome, 0, len(m.requests))
	for o := range m.requests {
		outcomes = append(outcomes, o)
	}
	slices.SortFunc(outcomes, func(a, b outcome) int {
		if a.path != b.path {
			return bytes.Compare([]byte(a.path), []byte(b.path))
		}
		return a.status - b.status
	})
	for _, o := range outcomes {
		fmt.Fprintf(&b, "ossian_http_requests_total{route=%q,status=\"%d\"} %d\n", o.path, o.status, m.requests[o])
	}
	m.took.write(&b, "ossian_request_seconds", "From a request to the end of its answer.")
	m.first.write(&b, "ossian_first_token_seconds", "From a request to the first word of its answer.")
	m.between.write(&b, "ossian_between_tokens_seconds", "From one piece of an answer to the next.")
	m.stopped.write(&b, "ossian_stop_seconds", "From a client's leaving to the end of its work.")
	m.mu.Unlock()
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_, _ = w.Write(b.Bytes())
}
