package server

import (
	"context"
	"encoding/json"
	"net/http"

	"ossian/internal/chat"
	"ossian/internal/harmony"
	"ossian/internal/openai"
	"ossian/internal/sample"
	"ossian/internal/store"
)

// response is one request for a response.
type response struct {
	s      *Server
	m      *Model
	x      *exchange
	req    *openai.ResponseRequest
	conv   harmony.Conversation
	opt    chat.Options
	id     string
	writer *openai.ResponseWriter
	kept   *kept // nil if it shall not be stored
}

func (s *Server) createResponse(w http.ResponseWriter, r *http.Request) {
	s.work(w, r, func(ctx context.Context, m *Model, body []byte) error {
		exchangeOf(r).subject = "input"
		req, err := openai.ParseResponseRequest(body)
		if err != nil {
			return err
		}
		c, err := s.response(exchangeOf(r), m, req)
		if err != nil {
			return err
		}
		ignored(w, req.Ignored)
		switch {
		case req.Background:
			return c.background(w)
		case req.Stream:
			return c.stream(ctx, w)
		}
		turn, err := c.run(ctx, func(e chat.Event) error { c.writer.Event(e); return nil })
		if err != nil {
			return err
		}
		c.writer.End(turn, s.opt.Now().Unix())
		if err := c.keep(); err != nil {
			return err
		}
		return replyJSON(w, c.writer.Response)
	})
}

// response prepares the answer to a request: everything that can be wrong with it is found here.
func (s *Server) response(x *exchange, m *Model, req *openai.ResponseRequest) (*response, error) {
	name, err := m.called(req.Model)
	if err != nil {
		return nil, err
	}
	if s.opt.Store == nil {
		if req.StoreAsked || req.Background {
			return nil, &openai.Error{Param: "store", Code: openai.CodeUnsupported, Message: "this server keeps nothing; send store: false"}
		}
		req.Store = false
	}
	earlier, date, err := s.chain(x.key, req.Previous)
	if err != nil {
		return nil, err
	}
	if req.Date == "" {
		// A conversation keeps its date, so that its beginning is read once.
		if req.Date = date; req.Previous == "" {
			req.Date = s.opt.Date()
		}
	}
	if err := s.resolve(x.key, req.Input); err != nil {
		return nil, err
	}
	c := &response{s: s, m: m, x: x, req: req, id: "resp_" + s.opt.NewID(),
		opt: chat.Options{MaxTokens: req.Sampling.MaxTokens, Cap: true, Stop: req.Sampling.Stop, Key: x.key,
			Sampling: req.Sampling.Params(m.Sampling, s.opt.Seed(), 0), Drop: harmony.DropCookbook}}
	dropped := 0
	if c.conv, dropped, err = m.fitting(req, earlier); err != nil {
		return nil, err
	}
	if c.opt.Guide, err = m.constrain(req.Constraint()); err != nil {
		return nil, err
	}
	c.writer = req.Writer(c.id, s.opt.Now().Unix(), name, c.opt.Sampling, m.Tokens.Bytes, s.opt.NewID)
	c.writer.Response.DroppedItems = dropped
	if req.Store {
		c.kept = &kept{Owner: x.key, Previous: req.Previous, Date: req.Date}
		for _, raw := range req.Input {
			item, err := openai.StoredItem(raw, s.opt.NewID)
			if err != nil {
				return nil, err
			}
			c.kept.Input = append(c.kept.Input, item)
		}
	}
	return c, check(m, c.opt.Sampling)
}

// check refuses sampling that the model cannot do, before anything is promised.
func check(m *Model, p sample.Params) error { return p.Check(m.Chat.Engine.Vocab()) }

// run lets the model answer.
func (c *response) run(ctx context.Context, event func(chat.Event) error) (chat.Turn, error) {
	turns, err := c.s.generate(ctx, c.x, 1, func(_ int, emit func(chat.Event) error) (chat.Turn, error) {
		return c.m.Chat.Turn(ctx, c.conv, c.opt, emit)
	}, func(_ int, e chat.Event) error { return event(e) })
	return turns[0], err
}

// keep stores the response as it is now. extra goes to the disk with it.
func (c *response) keep(extra ...store.Record) error {
	if c.kept == nil {
		return nil
	}
	res, err := json.Marshal(c.writer.Response)
	if err != nil {
		return err
	}
	c.kept.Response, c.kept.Items = res, nil
	for _, item := range c.kept.Input {
		c.kept.Items = append(c.kept.Items, openai.ItemID(item))
	}
	for _, item := range c.writer.Response.Output {
		c.kept.Items = append(c.kept.Items, item.ID)
	}
	return c.s.keep(c.id, c.kept, extra...)
}

func (c *response) stream(ctx context.Context, w http.ResponseWriter) error {
	out := newStream(w, eventStream, c.s.opt.WriteTime, c.s.opt.KeepAlive)
	defer out.close()
	send := func(events []openai.ResponseEvent) error {
		for i := range events {
			if err := out.event(events[i].Type, events[i]); err != nil {
				return err
			}
		}
		return nil
	}
	started := false
	turn, err := c.run(ctx, func(e chat.Event) error {
		if e.Kind == chat.Queued {
			return out.waiting(e)
		}
		if !started {
			started = true
			if err := send(c.writer.Start()); err != nil {
				return err
			}
		}
		return send(c.writer.Event(e))
	})
	if err == nil {
		last := c.writer.End(turn, c.s.opt.Now().Unix())
		// What is told to be complete must be on the disk.
		if err = c.keep(); err == nil {
			return send(last)
		}
	}
	return broken(ctx, c.x, out, err, func(f *failure) error {
		if !started { // signs of life were sent while it waited
			if err := send(c.writer.Start()); err != nil {
				return err
			}
		}
		return send(c.writer.Fail(f.ErrorObject, turn))
	})
}

// reserve is the least room for an answer that truncation: auto makes.
func reserve(m *Model, req *openai.ResponseRequest) int {
	n := m.Chat.Engine.Context() / 4
	if asked := req.Sampling.MaxTokens; asked > 0 {
		n = min(n, asked)
	}
	return n
}

// fitting builds the conversation; with truncation: auto it leaves out as few of the oldest
// turns as it must, and says how many items that were.
func (m *Model) fitting(req *openai.ResponseRequest, earlier []json.RawMessage) (conv harmony.Conversation, dropped int, err error) {
	if conv, err = req.Conversation(earlier); err != nil || !req.Truncate {
		return conv, 0, err
	}
	fits := func(conv harmony.Conversation) (bool, error) {
		prompt, err := m.Chat.Prompt(conv, harmony.DropCookbook)
		return len(prompt)+reserve(m, req) <= m.Chat.Engine.Context(), err
	}
	if ok, err := fits(conv); ok || err != nil {
		return conv, 0, err
	}
	all := append(append([]json.RawMessage{}, earlier...), req.Input...)
	lead, cuts := openai.Cuts(all)
	// The later the cut, the shorter the prompt: find the earliest that fits.
	low, high := 0, len(cuts)
	shorter := *req
	for low < high {
		mid := (low + high) / 2
		shorter.Input = append(append([]json.RawMessage{}, all[:lead]...), all[cuts[mid]:]...)
		c, err := shorter.Conversation(nil)
		if err != nil {
			return conv, 0, err
		}
		ok, err := fits(c)
		if err != nil {
			return conv, 0, err
		}
		if ok {
			conv, dropped, high = c, cuts[mid]-lead, mid
		} else {
			low = mid + 1
		}
	}
	return conv, dropped, nil // if nothing fits, the whole is refused with the arithmetic
}
