package load

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

type chunk struct {
	Choices []struct {
		Delta struct {
			Content   string `json:"content"`
			Reasoning string `json:"reasoning"`
		} `json:"delta"`
		Finish *string `json:"finish_reason"`
	} `json:"choices"`
	Usage *struct {
		Prompt  int `json:"prompt_tokens"`
		Written int `json:"completion_tokens"`
		Details struct {
			Cached int `json:"cached_tokens"`
		} `json:"prompt_tokens_details"`
	} `json:"usage"`
	Error *struct {
		Message string `json:"message"`
		Code    string `json:"code"`
	} `json:"error"`
}

// maxLine bounds a line of a stream.
const maxLine = 1 << 20

// ask sends one request and reads its stream.
func (o *Options) ask(ctx context.Context, client, n int) (s Sample) {
	s.Prompt = o.Prompts[(client+n)%len(o.Prompts)]
	leave := o.Leave > 0 && (client+n)%o.Leave == o.Leave-1
	body, err := json.Marshal(map[string]any{"model": o.Model, "stream": true, "stream_options": map[string]bool{"include_usage": true},
		"max_tokens": o.MaxTokens, "messages": []map[string]string{{"role": "user", "content": o.prompt(client, n, s.Prompt)}}})
	if err != nil {
		s.Err = err
		return s
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, o.URL+"/v1/chat/completions", bytes.NewReader(body))
	if err != nil {
		s.Err = err
		return s
	}
	r.Header.Set("Content-Type", "application/json")
	if o.Key != "" {
		r.Header.Set("Authorization", "Bearer "+o.Key)
	}
	began := o.Now()
	res, err := o.Client.Do(r)
	if err != nil {
		s.Err = err
		return s
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		var c chunk
		text, _ := io.ReadAll(io.LimitReader(res.Body, maxLine))
		e := &StatusError{Status: res.StatusCode}
		if json.Unmarshal(text, &c) == nil && c.Error != nil {
			e.Code = c.Error.Code
		}
		s.Err = e
		return s
	}
	last, done := began, false
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(make([]byte, 0, 4096), maxLine)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		if data == "[DONE]" {
			done = true
			break
		}
		var c chunk
		if err := json.Unmarshal([]byte(data), &c); err != nil {
			s.Err = fmt.Errorf("an event that is no JSON: %w", err)
			return s
		}
		if c.Error != nil {
			s.Err = &StatusError{Status: res.StatusCode, Code: c.Error.Code}
			return s
		}
		if c.Usage != nil {
			s.Read, s.Tokens, s.Cached = c.Usage.Prompt, c.Usage.Written, c.Usage.Details.Cached
		}
		if len(c.Choices) == 0 || c.Choices[0].Delta.Content+c.Choices[0].Delta.Reasoning == "" {
			continue
		}
		now := o.Now()
		if s.First == 0 {
			s.First = now.Sub(began)
		} else {
			s.Gaps = append(s.Gaps, now.Sub(last))
		}
		last = now
		if leave {
			s.Left = true
			cancel()
			return s
		}
	}
	s.finished = o.Now()
	s.Total = s.finished.Sub(began)
	if !done {
		s.Err = errors.Join(errors.New("the stream ended too early"), lines.Err())
	}
	return s
}
