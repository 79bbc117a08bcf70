package server

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ossian/internal/keys"
	"ossian/internal/openai"
	"ossian/internal/store"
)

// upload sends a file and returns its id.
func (b *bench) upload(t *testing.T, content, purpose, key string) openai.File {
	t.Helper()
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	_ = w.WriteField("purpose", purpose)
	part, _ := w.CreateFormFile("file", "../../etc/requests.jsonl")
	_, _ = part.Write([]byte(content))
	_ = w.Close()
	status, _, body := b.ask(t, "POST", "/v1/files", form.String(), "Content-Type", w.FormDataContentType(), "Authorization", "Bearer "+key)
	if status != 200 {
		t.Fatal(status, body)
	}
	return into[openai.File](t, body)
}

func TestFiles(t *testing.T) {
	file := keys.Open(filepath.Join(t.TempDir(), "keys.json"), time.Now)
	alice, _, _ := file.Create("alice", keys.Limits{})
	bob, _, _ := file.Create("bob", keys.Limits{})
	b := newBench(t, Options{Store: keeping(t, filepath.Join(t.TempDir(), "store.log")), Keys: file})
	f := b.upload(t, "one\n\xff\x00two", "batch", alice)
	if f.Filename != "requests.jsonl" || f.Bytes != 9 || f.Object != "file" || f.Status != "processed" {
		t.Errorf("%+v", f)
	}
	get := func(key, method, path string) (int, string) {
		status, _, body := b.ask(t, method, path, "", "Authorization", "Bearer "+key)
		return status, body
	}
	if status, body := get(alice, "GET", "/v1/files/"+f.ID+"/content"); status != 200 || body != "one\n\xff\x00two" {
		t.Errorf("%d %q", status, body)
	}
	if status, body := get(alice, "GET", "/v1/files?purpose=batch"); status != 200 || len(into[openai.List[openai.File]](t, body).Data) != 1 {
		t.Error(status, body)
	}
	for _, path := range []string{"", "/content"} {
		if status, _ := get(bob, "GET", "/v1/files/"+f.ID+path); status != 404 {
			t.Error("another key may read", path)
		}
	}
	if _, body := get(bob, "GET", "/v1/files"); len(into[openai.List[openai.File]](t, body).Data) != 0 {
		t.Error("another key may list")
	}
	if status, _ := get(bob, "DELETE", "/v1/files/"+f.ID); status != 404 {
		t.Error("another key may delete")
	}
	if status, body := get(alice, "DELETE", "/v1/files/"+f.ID); status != 200 || !strings.Contains(body, `"deleted":true`) {
		t.Error(status, body)
	}
	if status, _ := get(alice, "GET", "/v1/files/"+f.ID); status != 404 {
		t.Error(status)
	}
	if status, _, body := b.ask(t, "POST", "/v1/files", "x", "Authorization", "Bearer "+alice); status != 400 {
		t.Error(status, body)
	}
	none := newBench(t, Options{})
	if status, _, _ := none.ask(t, "GET", "/v1/files", ""); status != 400 {
		t.Error(status)
	}
}

// request is one line of a batch.
func request(id, said, more string) string {
	return `{"custom_id":"` + id + `","method":"POST","url":"/v1/chat/completions","body":` + user(said, more) + "}\n"
}

func (b *bench) batch(t *testing.T, content, endpoint string) openai.Batch {
	t.Helper()
	f := b.upload(t, content, "batch", "")
	status, _, body := b.ask(t, "POST", "/v1/batches", `{"input_file_id":"`+f.ID+`","endpoint":"`+endpoint+`","completion_window":"24h","metadata":{"a":"b"}}`)
	if status != 200 {
		t.Fatal(status, body)
	}
	return into[openai.Batch](t, body)
}

func (b *bench) ended(t *testing.T, id string) openai.Batch {
	t.Helper()
	for range 1000 {
		_, _, body := b.ask(t, "GET", "/v1/batches/"+id, "")
		if got := into[openai.Batch](t, body); got.Status != "validating" && got.Status != "in_progress" && got.Status != "finalizing" {
			return got
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("it never ends")
	return openai.Batch{}
}

func TestBatch(t *testing.T) {
	b := newBench(t, Options{Store: keeping(t, filepath.Join(t.TempDir(), "store.log"))})
	lines := ""
	for i := range 9 {
		lines += request(fmt.Sprint("r", i), strings.Replace(answered, "42", fmt.Sprint(100+i), 1), "")
	}
	lines += "\n" + request("bad", "x", `,"temperature":9`)
	made := b.batch(t, lines, "/v1/chat/completions")
	if made.Status != "validating" || made.Metadata["a"] != "b" {
		t.Errorf("%+v", made)
	}
	got := b.ended(t, made.ID)
	if got.Status != "completed" || got.Counts != (openai.BatchCounts{Total: 10, Completed: 9, Failed: 1}) || got.OutputFileID == nil || got.ErrorFileID == nil || got.CompletedAt == nil {
		t.Fatalf("%+v", got)
	}
	_, _, content := b.ask(t, "GET", "/v1/files/"+*got.OutputFileID+"/content", "")
	out := strings.Split(strings.TrimSpace(content), "\n")
	if len(out) != 9 {
		t.Fatal(content)
	}
	for i, raw := range out {
		o := into[openai.BatchOutput](t, raw)
		if o.CustomID != fmt.Sprint("r", i) || o.Response.StatusCode != 200 || !strings.Contains(string(o.Response.Body), fmt.Sprint(100+i)) {
			t.Error(raw)
		}
	}
	_, _, content = b.ask(t, "GET", "/v1/files/"+*got.ErrorFileID+"/content", "")
	if o := into[openai.BatchOutput](t, content); o.CustomID != "bad" || o.Response.StatusCode != 400 || !strings.Contains(string(o.Response.Body), "temperature") {
		t.Error(content)
	}
	if _, _, body := b.ask(t, "GET", "/v1/batches", ""); len(into[openai.List[openai.Batch]](t, body).Data) != 1 {
		t.Error(body)
	}
	if status, _, body := b.ask(t, "POST", "/v1/batches/"+made.ID+"/cancel", ""); status != 409 {
		t.Error(status, body)
	}

	bad := b.batch(t, request("a", "x", "")+request("a", "x", "")+"{\n"+request("b", "x", `,"stream":true`)+strings.Replace(request("c", "x", ""), "chat/completions", "responses", 1), "/v1/chat/completions")
	failed := b.ended(t, bad.ID)
	if failed.Status != "failed" || failed.Errors == nil || len(failed.Errors.Data) != 4 || failed.Errors.Data[1].Line != 3 {
		t.Errorf("%+v %+v", failed, failed.Errors)
	}
	for body, want := range map[string]int{`{`: 400, `{}`: 400, `{"input_file_id":"file-x","endpoint":"/v1/responses"}`: 404, `{"input_file_id":"file-x","endpoint":"/v1/embeddings"}`: 400,
		`{"input_file_id":"file-x","endpoint":"/v1/responses","completion_window":"1h"}`: 400} {
		if status, _, answer := b.ask(t, "POST", "/v1/batches", body); status != want {
			t.Error(body, status, answer)
		}
	}
}

// TestBatchCrash: a batch goes on after the process has ended without a word, and answers
// that were on the disk are not computed again.
func TestBatchCrash(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.log")
	var n atomic.Int64
	id := func() string { return fmt.Sprint("id", n.Add(1)) }
	b := newBench(t, Options{Store: keeping(t, path), NewID: id})
	b.slow = 3 * time.Millisecond
	lines := ""
	for i := range 24 {
		lines += request(fmt.Sprint("r", i), answered, "")
	}
	made := b.batch(t, lines, "/v1/chat/completions")
	for range 1000 {
		_, _, body := b.ask(t, "GET", "/v1/batches/"+made.ID, "")
		if into[openai.Batch](t, body).Counts.Completed >= 6 {
			break
		}
		time.Sleep(2 * time.Millisecond)
	}
	again, err := store.Open(copyOf(t, path), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { again.Close() })
	before := len(again.List(kindLine, time.Time{}))
	b = newBench(t, Options{Store: again, NewID: id})
	got := b.ended(t, made.ID)
	if before < 6 || before == 24 || got.Status != "completed" || got.Counts.Completed != 24 {
		t.Errorf("%d answers were kept; %+v", before, got)
	}
	if asked := b.asked(); asked != int64(24-before) {
		t.Errorf("%d requests were computed, %d were left", asked, 24-before)
	}
	if left := again.List(kindLine, time.Time{}); len(left) != 0 {
		t.Error(left)
	}
}

func TestBatchCancel(t *testing.T) {
	b := newBench(t, Options{Store: keeping(t, filepath.Join(t.TempDir(), "store.log"))})
	b.slow = 3 * time.Millisecond
	lines := ""
	for i := range 50 {
		lines += request(fmt.Sprint("r", i), answered, "")
	}
	made := b.batch(t, lines, "/v1/chat/completions")
	time.Sleep(100 * time.Millisecond)
	_, _, body := b.ask(t, "POST", "/v1/batches/"+made.ID+"/cancel", "")
	if got := into[openai.Batch](t, body); got.Status != "cancelled" || got.CancelledAt == nil || got.Counts.Completed == 50 || got.Counts.Completed > 0 && got.OutputFileID == nil {
		t.Errorf("%+v", got)
	}
}

// asked is how many requests the model has begun to answer.
func (b *bench) asked() (n int64) {
	b.meter.mu.Lock()
	defer b.meter.mu.Unlock()
	for _, c := range b.meter.first.counts {
		n += c
	}
	return n
}
