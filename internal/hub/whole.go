package hub

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
)

// whole fetches from a server that does not send parts: from the beginning each time,
// but what is there already is only skipped.
func (d *download) whole(ctx context.Context) error {
	d.h.Note(d.file.Path + " is fetched in one piece, because the server does not send parts")
	for tries := 0; ; {
		kept, err := d.stream(ctx)
		if err == nil {
			return nil
		}
		if kept > 0 {
			tries = 0
		}
		tries++
		if err := d.h.again(ctx, d.file.Path, tries, maxTries, err); err != nil {
			return err
		}
	}
}

// stream reads the file once and keeps the chunks that are missing.
func (d *download) stream(ctx context.Context) (kept int, err error) {
	left := len(d.log.missing())
	ctx, guard := watch(ctx, d.h.Stall)
	defer guard.stop()
	resp, err := d.src.open(ctx, 0, d.file.Size-1, true)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	body := guard.reader(resp.Body)
	for i := int64(0); left > 0; i++ {
		from, to := d.log.span(i)
		want := to - from + 1
		r := io.LimitReader(body, want)
		if d.log.sums[i] != "" {
			if n, err := io.Copy(io.Discard, r); n < want {
				return kept, broken(ctx, err)
			}
			continue
		}
		sum := sha256.New()
		n, err := d.copy(r, from, sum)
		if n < want {
			d.tell(-n)
			return kept, broken(ctx, err)
		}
		if err := d.keep(i, fmt.Sprintf("%x", sum.Sum(nil))); err != nil {
			return kept, err
		}
		kept++
		left--
	}
	return kept, nil
}

func broken(ctx context.Context, err error) error {
	if err == nil {
		err = io.ErrUnexpectedEOF
	}
	return classify(ctx, err)
}
