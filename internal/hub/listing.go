package hub

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

const maxPage = 8 << 20

// commit is what a revision stands for now.
func (h *Hub) commit(ctx context.Context, ref Ref) (string, error) {
	var info struct {
		SHA string `json:"sha"`
	}
	if _, err := h.json(ctx, ref.Repo, fmt.Sprintf("%s/api/models/%s/revision/%s", h.Endpoint, ref.Repo, url.PathEscape(ref.Revision)), &info); err != nil {
		return "", err
	}
	if !isHex(info.SHA, 40) {
		return "", failed(ref.Repo, "use another mirror: HF_ENDPOINT", "the hub gives %s as its commit", quoted(info.SHA))
	}
	return info.SHA, nil
}

// list gives all files of a commit, checked.
func (h *Hub) list(ctx context.Context, repo, commit string) ([]File, error) {
	var files []File
	seen := map[string]bool{}
	next := fmt.Sprintf("%s/api/models/%s/tree/%s?recursive=true", h.Endpoint, repo, commit)
	for page := 0; next != ""; page++ {
		var entries []struct {
			Type string `json:"type"`
			Path string `json:"path"`
			OID  string `json:"oid"`
			Size int64  `json:"size"`
			LFS  *struct {
				OID  string `json:"oid"`
				Size int64  `json:"size"`
			} `json:"lfs"`
		}
		header, err := h.json(ctx, repo, next, &entries)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if e.Type != "file" {
				continue
			}
			f := File{Path: e.Path, Size: e.Size, Hash: e.OID}
			ok := isHex(f.Hash, 40)
			if e.LFS != nil {
				f.Size, f.Hash = e.LFS.Size, strings.TrimPrefix(e.LFS.OID, "sha256:")
				ok = isHex(f.Hash, 64)
			}
			if !ok || !plainPath(f.Path) || f.Size < 0 || f.Size > maxFileSize || seen[f.Path] {
				return nil, failed(repo, "use another mirror: HF_ENDPOINT", "the hub's list has an entry that makes no sense: %s, %d bytes, hash %s", quoted(f.Path), f.Size, quoted(f.Hash))
			}
			seen[f.Path] = true
			files = append(files, f)
		}
		if len(files) > maxFiles || page == 100 {
			return nil, failed(repo, "", "it has more than %d files, which no model needs", maxFiles)
		}
		if next, err = h.nextPage(header, next); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// nextPage reads the Link header; a page elsewhere is none of ours.
func (h *Hub) nextPage(header http.Header, from string) (string, error) {
	for _, link := range strings.Split(header.Get("Link"), ",") {
		address, rest, ok := strings.Cut(strings.TrimSpace(link), ">")
		if !ok || !strings.HasPrefix(address, "<") || !strings.Contains(rest, `rel="next"`) {
			continue
		}
		base, err := url.Parse(from)
		if err != nil {
			return "", err
		}
		next, err := base.Parse(address[1:])
		if err != nil || next.Host != base.Host || next.Scheme != base.Scheme || next.String() == from {
			return "", failed(base.Host, "use another mirror: HF_ENDPOINT", "its list continues at %s, which is not followed", quoted(address[1:]))
		}
		return next.String(), nil
	}
	return "", nil
}

func (h *Hub) json(ctx context.Context, what, address string, into any) (http.Header, error) {
	for tries := 1; ; tries++ {
		header, err := h.jsonOnce(ctx, what, address, into)
		if err == nil {
			return header, nil
		}
		if err := h.again(ctx, what, tries, maxListTries, err); err != nil {
			return nil, err
		}
	}
}

func (h *Hub) jsonOnce(ctx context.Context, what, address string, into any) (http.Header, error) {
	ctx, guard := watch(ctx, h.Stall)
	defer guard.stop()
	resp, err := h.get(ctx, address, nil, nil)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, h.refusal(resp, what, false)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(guard.reader(io.LimitReader(resp.Body, maxPage+1)))
	if err != nil {
		return nil, classify(ctx, err)
	}
	if len(body) > maxPage {
		return nil, failed(what, "use another mirror: HF_ENDPOINT", "the hub's answer has more than %d bytes", maxPage)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return nil, &Error{What: what, Why: "the hub's answer is not the JSON it should be", Next: "check HF_ENDPOINT", Err: err}
	}
	return resp.Header, nil
}
