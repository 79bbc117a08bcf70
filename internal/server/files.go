package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"ossian/internal/openai"
	"ossian/internal/store"
)

// Kinds of records.
const (
	kindFile    = "file"    // a keptFile
	kindContent = "content" // its bytes
)

// keptFile is what is known of a file, and who may see it.
type keptFile struct {
	Owner string      `json:"owner"`
	File  openai.File `json:"file"`
}

// withStore refuses what needs a store where there is none.
func (s *Server) withStore(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if s.opt.Store == nil {
			fail(w, r, failed(http.StatusBadRequest, openai.TypeRequest, openai.CodeUnsupported, "", "this server keeps nothing (--no-store), so it has no files and no batches"))
			return
		}
		next(w, r)
	}
}

func noSuchFile(id string) *failure {
	return failed(http.StatusNotFound, openai.TypeRequest, "not_found", "file_id", "there is no file %q here", id)
}

// uploadFile takes a file. Its name is kept as a label; nothing on this machine is named by it.
func (s *Server) uploadFile(w http.ResponseWriter, r *http.Request) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(s.opt.ReadTime))
	r.Body = http.MaxBytesReader(w, r.Body, s.opt.MaxBody)
	parts, err := r.MultipartReader()
	if err != nil {
		fail(w, r, failed(http.StatusBadRequest, openai.TypeRequest, openai.CodeValue, "", "a multipart form with file and purpose is expected: %v", err))
		return
	}
	f, content, err := readUpload(parts)
	if err != nil {
		fail(w, r, failureOf(r.Context(), err))
		return
	}
	f.CreatedAt = s.opt.Now().Unix()
	f, err = s.keepFile(exchangeOf(r).key, f, content)
	if err != nil {
		fail(w, r, failureOf(r.Context(), err))
		return
	}
	_ = replyJSON(w, f)
}

// maxPart bounds a field of a form that is no file.
const maxPart = 64 << 10

func readUpload(parts *multipart.Reader) (f openai.File, content []byte, err error) {
	found := false
	for {
		p, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			switch p.FormName() {
			case "file":
				found = true
				f.Filename = path.Base(strings.ReplaceAll(p.FileName(), `\`, "/"))
				content, err = io.ReadAll(p)
			case "purpose":
				var text []byte
				text, err = io.ReadAll(io.LimitReader(p, maxPart))
				f.Purpose = string(text)
			default: // expires_after and what else there may be
				_, err = io.Copy(io.Discard, io.LimitReader(p, maxPart))
			}
		}
		if err != nil {
			if size := (*http.MaxBytesError)(nil); errors.As(err, &size) {
				return f, nil, err
			}
			return f, nil, failed(http.StatusBadRequest, openai.TypeRequest, openai.CodeValue, "", "the form cannot be read: %v", err)
		}
	}
	switch {
	case !found:
		return f, nil, &openai.Error{Param: "file", Code: openai.CodeMissing, Message: "a file is needed"}
	case !slices.Contains([]string{"batch", "user_data", "assistants", "evals"}, f.Purpose):
		return f, nil, &openai.Error{Param: "purpose", Code: openai.CodeValue, Message: fmt.Sprintf("%q is not possible; use batch", f.Purpose)}
	}
	return f, content, nil
}

// keepFile stores a file under a new id.
func (s *Server) keepFile(owner string, f openai.File, content []byte) (openai.File, error) {
	f.ID, f.Object, f.Bytes, f.Status = "file-"+s.opt.NewID(), "file", len(content), "processed"
	meta, err := json.Marshal(keptFile{owner, f})
	if err != nil {
		return f, err
	}
	data, err := json.Marshal(content)
	if err != nil {
		return f, err
	}
	return f, s.opt.Store.Put(store.Record{Kind: kindContent, ID: f.ID, Data: data}, store.Record{Kind: kindFile, ID: f.ID, Data: meta})
}

// file finds a file that a key may see.
func (s *Server) file(owner, id string) (f keptFile, err error) {
	data, ok, err := s.opt.Store.Get(kindFile, id)
	if err == nil && ok {
		err = json.Unmarshal(data, &f)
	}
	if err == nil && (!ok || f.Owner != owner) {
		err = noSuchFile(id)
	}
	return f, err
}

func (s *Server) content(id string) (content []byte, err error) {
	data, ok, err := s.opt.Store.Get(kindContent, id)
	if err == nil && !ok {
		err = noSuchFile(id)
	}
	if err == nil {
		err = json.Unmarshal(data, &content)
	}
	return content, err
}

func (s *Server) getFile(w http.ResponseWriter, r *http.Request) {
	f, err := s.file(exchangeOf(r).key, r.PathValue("id"))
	if err != nil {
		fail(w, r, failureOf(r.Context(), err))
		return
	}
	_ = replyJSON(w, f.File)
}

func (s *Server) fileContent(w http.ResponseWriter, r *http.Request) {
	f, err := s.file(exchangeOf(r).key, r.PathValue("id"))
	var content []byte
	if err == nil {
		content, err = s.content(f.File.ID)
	}
	if err != nil {
		fail(w, r, failureOf(r.Context(), err))
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream") // whatever it is, no browser shall show it
	h.Set("Content-Disposition", "attachment")
	h.Set("Content-Length", strconv.Itoa(len(content)))
	_, _ = w.Write(content)
}

func (s *Server) deleteFile(w http.ResponseWriter, r *http.Request) {
	f, err := s.file(exchangeOf(r).key, r.PathValue("id"))
	if err == nil {
		err = errors.Join(s.opt.Store.Delete(kindFile, f.File.ID), s.opt.Store.Delete(kindContent, f.File.ID))
	}
	if err != nil {
		fail(w, r, failureOf(r.Context(), err))
		return
	}
	_ = replyJSON(w, map[string]any{"id": f.File.ID, "object": "file", "deleted": true})
}

func (s *Server) listFiles(w http.ResponseWriter, r *http.Request) {
	owner, purpose := exchangeOf(r).key, r.URL.Query().Get("purpose")
	var all []openai.File
	for _, id := range s.opt.Store.List(kindFile, time.Time{}) {
		f, err := s.file(owner, id)
		if err == nil && (purpose == "" || f.File.Purpose == purpose) {
			all = append(all, f.File)
		}
	}
	page, err := pageOf(all, r, func(f openai.File) string { return f.ID })
	if err != nil {
		fail(w, r, failureOf(r.Context(), err))
		return
	}
	_ = replyJSON(w, page)
}
