package server

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"ossian/internal/openai"
	"ossian/internal/store"
)

// Kinds of records.
const (
	kindResponse = "response" // a kept
	kindItem     = "item"     // the id of the response that an item belongs to
	kindRunning  = "running"  // a response that runs in the background: it ends with the process
)

// kept is a response as it is stored: what it added to its conversation, and nothing of
// what came before, so that a long conversation takes room once.
type kept struct {
	Owner    string            `json:"owner"` // id of the key that may see it; "" where nobody needs one
	Previous string            `json:"previous,omitempty"`
	Date     string            `json:"date,omitempty"`
	Input    []json.RawMessage `json:"input"`
	Response json.RawMessage   `json:"response"`
	Items    []string          `json:"items"` // ids of all its items
}

// output is the items that the model wrote.
func (k *kept) output() ([]json.RawMessage, error) {
	var r struct {
		Output []json.RawMessage `json:"output"`
	}
	err := json.Unmarshal(k.Response, &r)
	return r.Output, err
}

func noSuchResponse(id string) *failure {
	return failed(http.StatusNotFound, openai.TypeRequest, "not_found", "response_id", "there is no response %q here; it may have been deleted, or not stored", id)
}

// load reads a response that a key may see.
func (s *Server) load(owner, id string) (*kept, error) {
	if s.opt.Store == nil {
		return nil, noSuchResponse(id)
	}
	data, ok, err := s.opt.Store.Get(kindResponse, id)
	if err != nil {
		return nil, err
	}
	k := &kept{}
	if ok {
		if err := json.Unmarshal(data, k); err != nil {
			return nil, fmt.Errorf("the stored response %s: %w", id, err)
		}
	}
	if !ok || k.Owner != owner {
		return nil, noSuchResponse(id)
	}
	return k, nil
}

// keep stores a response with an index of its items. extra goes to the disk with it.
func (s *Server) keep(id string, k *kept, extra ...store.Record) error {
	data, err := json.Marshal(k)
	if err != nil {
		return err
	}
	records := append(extra, store.Record{Kind: kindResponse, ID: id, Data: data})
	of, err := json.Marshal(id)
	if err != nil {
		return err
	}
	for _, item := range k.Items {
		records = append(records, store.Record{Kind: kindItem, ID: item, Data: of})
	}
	s.forgetOld()
	return s.opt.Store.Put(records...)
}

func (s *Server) forget(id string, k *kept) error {
	if err := s.opt.Store.Delete(kindItem, k.Items...); err != nil {
		return err
	}
	return s.opt.Store.Delete(kindResponse, id)
}

// forgetOld removes what has been kept long enough, once an hour.
func (s *Server) forgetOld() {
	now := s.opt.Now()
	s.mu.Lock()
	due := now.Sub(s.forgot) >= time.Hour
	if due {
		s.forgot = now
	}
	s.mu.Unlock()
	if !due {
		return
	}
	for _, kind := range []string{kindResponse, kindItem} {
		old := s.opt.Store.List(kind, now.Add(-s.opt.KeepTime))
		if err := s.opt.Store.Delete(kind, old...); err != nil {
			s.opt.Log.Error("old responses could not be removed", "error", err)
		}
	}
}

// maxChain bounds how many responses a conversation may go back.
const maxChain = 10000

// chain collects the items of a conversation up to a response, oldest first, and the date
// that the model was told at its beginning.
func (s *Server) chain(owner, id string) (items []json.RawMessage, date string, err error) {
	var all [][]json.RawMessage
	for n := 0; id != ""; n++ {
		if n == maxChain {
			return nil, "", failed(http.StatusBadRequest, openai.TypeRequest, openai.CodeValue, "previous_response_id", "the conversation goes back more than %d responses", maxChain)
		}
		k, err := s.load(owner, id)
		if f, ok := err.(*failure); ok {
			f = failed(http.StatusBadRequest, openai.TypeRequest, "previous_response_not_found", "previous_response_id", "%s", f.Message)
			return nil, "", f
		}
		if err != nil {
			return nil, "", err
		}
		output, err := k.output()
		if err != nil {
			return nil, "", err
		}
		all = append(all, output, k.Input)
		id, date = k.Previous, k.Date
	}
	for i := len(all) - 1; i >= 0; i-- {
		items = append(items, all[i]...)
	}
	return items, date, nil
}

// resolve puts stored items in the place of references to them.
func (s *Server) resolve(owner string, items []json.RawMessage) error {
	for i, raw := range items {
		var ref struct {
			Type string `json:"type"`
			ID   string `json:"id"`
			// A reference may come without a type: then it is an id and nothing else.
			Role    *string         `json:"role"`
			Content json.RawMessage `json:"content"`
			CallID  *string         `json:"call_id"`
		}
		if json.Unmarshal(raw, &ref) != nil || ref.ID == "" {
			continue // what is wrong with it is said when it is read
		}
		if ref.Type != "item_reference" && !(ref.Type == "" && ref.Role == nil && ref.Content == nil && ref.CallID == nil) {
			continue
		}
		found, err := s.item(owner, ref.ID)
		if err != nil {
			return err
		}
		if found == nil {
			return failed(http.StatusBadRequest, openai.TypeRequest, "item_not_found", fmt.Sprintf("input[%d].id", i), "there is no stored item %q; send the item itself", ref.ID)
		}
		items[i] = found
	}
	return nil
}

// item finds a stored item; nil if there is none that the key may see.
func (s *Server) item(owner, id string) (json.RawMessage, error) {
	if s.opt.Store == nil {
		return nil, nil
	}
	data, ok, err := s.opt.Store.Get(kindItem, id)
	if !ok || err != nil {
		return nil, err
	}
	var of string
	if err := json.Unmarshal(data, &of); err != nil {
		return nil, err
	}
	k, err := s.load(owner, of)
	if _, ok := err.(*failure); ok {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	output, err := k.output()
	if err != nil {
		return nil, err
	}
	for _, raw := range append(output, k.Input...) {
		if openai.ItemID(raw) == id {
			return raw, nil
		}
	}
	return nil, nil
}
