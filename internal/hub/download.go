package hub

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"ossian/internal/disk"
)

// download is one file on its way into the cache.
type download struct {
	h    *Hub
	at   folder
	file File
	src  *source
	part *os.File
	log  *journal
	tell func(int64) // bytes that came, or went again
}

// maxRounds is how often a file is fetched when what came is not what was published.
const maxRounds = 3

// fetch brings one file to its place, whatever of it is there already.
func (h *Hub) fetch(ctx context.Context, at folder, commit string, f File, tell func(int64)) (err error) {
	d := &download{h: h, at: at, file: f, src: h.source(at.repo, commit, f), tell: tell}
	if err := d.open(); err != nil {
		return d.local("preparing it", err)
	}
	defer d.close()
	for round := 1; ; round++ {
		err := d.missing(ctx)
		if err != nil {
			return err
		}
		sum, err := d.hash(ctx)
		if err != nil {
			return d.local("checking it", err)
		}
		if sum == f.Hash {
			break
		}
		if round == maxRounds {
			return failed(f.Path, "run the same command again, or use another mirror: HF_ENDPOINT", "%d times what came was not what was published: its hash is %s, not %s", round, sum, f.Hash)
		}
		if err := d.distrust(ctx); err != nil {
			return d.local("looking for what is wrong", err)
		}
	}
	if err := d.place(); err != nil {
		return d.local("putting it in its place", err)
	}
	return nil
}

// local wraps what the machine itself refuses; an interrupt stays an interrupt.
func (d *download) local(doing string, err error) error {
	var typed *Error
	if errors.Is(err, context.Canceled) || errors.As(err, &typed) {
		return err
	}
	return &Error{What: d.file.Path, Why: doing, Next: "see that the disk has room and " + d.at.dir + " is writable, then run the same command again: what is here stays", Err: err}
}

// open takes up what an earlier process left. A journal without its file, or the
// other way round, is of no use.
func (d *download) open() (err error) {
	part, journal := d.at.part(d.file), d.at.journal(d.file)
	if info, err := os.Stat(part); err != nil || info.Size() != d.file.Size {
		if err := errors.Join(removed(journal), removed(part)); err != nil {
			return err
		}
	}
	if d.part, err = os.OpenFile(part, os.O_RDWR|os.O_CREATE, 0o644); err != nil {
		return err
	}
	if err := d.part.Truncate(d.file.Size); err != nil {
		return err
	}
	d.log, err = openJournal(journal, d.file, d.h.Chunk)
	return err
}

func removed(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

func (d *download) close() {
	if d.part != nil {
		_ = d.part.Close() // every chunk was synced when it was complete
	}
	if d.log != nil {
		d.log.close()
	}
}

// missing fetches every chunk that is not there, several at a time.
func (d *download) missing(ctx context.Context) error {
	list := d.log.missing()
	if len(list) == 0 {
		return nil
	}
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	queue := make(chan int64, len(list))
	for _, i := range list {
		queue <- i
	}
	close(queue)
	var team sync.WaitGroup
	for range min(d.h.Parallel, len(list)) {
		team.Go(func() {
			for i := range queue {
				if inner.Err() != nil {
					return
				}
				if err := d.chunk(inner, i); err != nil {
					cancel(err)
					return
				}
			}
		})
	}
	team.Wait()
	err := context.Cause(inner)
	if errors.Is(err, errNoRanges) {
		return d.whole(ctx)
	}
	return err
}

// chunk fetches one chunk, going on where a connection broke off.
func (d *download) chunk(ctx context.Context, i int64) error {
	from, to := d.log.span(i)
	sum := sha256.New()
	arrived := int64(0)
	for at, tries := from, 0; at <= to; {
		n, err := d.piece(ctx, at, to, sum)
		at += n
		arrived += n
		if at > to {
			break
		}
		if n > (to-from)/16 {
			tries = 0
		}
		tries++
		if err := d.h.again(ctx, d.file.Path, tries, maxTries, err); err != nil {
			d.tell(-arrived)
			return err
		}
	}
	return d.keep(i, fmt.Sprintf("%x", sum.Sum(nil)))
}

// piece reads one answer's bytes into the file and the hash.
func (d *download) piece(ctx context.Context, from, to int64, sum io.Writer) (int64, error) {
	ctx, guard := watch(ctx, d.h.Stall)
	defer guard.stop()
	resp, err := d.src.open(ctx, from, to, false)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	n, err := d.copy(guard.reader(io.LimitReader(resp.Body, to-from+1)), from, sum)
	if err == nil {
		err = io.ErrUnexpectedEOF // unless it was all
	}
	if refused := (*os.PathError)(nil); errors.As(err, &refused) {
		return n, d.local("writing it", err)
	}
	return n, classify(ctx, err)
}

// copy writes what comes at an offset; the returned count is on the disk and hashed.
func (d *download) copy(r io.Reader, at int64, sum io.Writer) (n int64, err error) {
	buf := make([]byte, 64<<10)
	for {
		m, err := r.Read(buf)
		if m > 0 {
			if _, err := d.part.WriteAt(buf[:m], at+n); err != nil {
				return n, err
			}
			_, _ = sum.Write(buf[:m]) // a hash takes everything
			n += int64(m)
			d.tell(int64(m))
		}
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}

// keep makes a chunk last: first its bytes, then the line that vouches for them.
func (d *download) keep(i int64, sum string) error {
	err := d.h.Sync(d.part)
	if err == nil {
		err = d.log.add(i, sum, d.h.Sync)
	}
	if err != nil {
		return d.local("writing it", err)
	}
	return nil
}

// hash is the published kind of hash over the file as it is on the disk.
func (d *download) hash(ctx context.Context) (string, error) {
	done := int64(0)
	return hashOf(ctx, d.part, 0, d.file.Size, published(d.file), func(n int64) {
		done += n
		d.h.Progress("checking "+d.file.Path, done, d.file.Size)
	})
}

// distrust finds the chunks that are not as they came; if all are, the server sent
// something wrong somewhere, and everything is fetched again.
func (d *download) distrust(ctx context.Context) error {
	bad, err := badChunks(ctx, d.part, d.log)
	if err != nil {
		return err
	}
	if len(bad) == 0 {
		d.h.Note(fmt.Sprintf("%s came complete, but its hash is not the published one; it is fetched again", d.file.Path))
		d.tell(-d.file.Size)
		clear(d.log.sums)
	} else {
		d.h.Note(fmt.Sprintf("%d of %d chunks of %s are damaged on the disk; they are fetched again", len(bad), d.log.chunks(), d.file.Path))
		for _, i := range bad {
			from, to := d.log.span(i)
			d.tell(from - to - 1)
			delete(d.log.sums, i)
		}
	}
	return d.log.rewrite(d.at.journal(d.file))
}

// badChunks lists the chunks whose bytes do not have the hash that is written down.
func badChunks(ctx context.Context, r io.ReaderAt, j *journal) (bad []int64, err error) {
	for i := range j.chunks() {
		from, to := j.span(i)
		sum, err := hashOf(ctx, r, from, to-from+1, sha256.New(), nil)
		if err != nil {
			return nil, err
		}
		if j.sums[i] != sum {
			bad = append(bad, i)
		}
	}
	return bad, nil
}

// place gives the verified file its name, and keeps its chunks' hashes.
func (d *download) place() error {
	if err := d.h.Sync(d.part); err != nil {
		return err
	}
	d.close()
	if err := os.Rename(d.at.part(d.file), d.at.blob(d.file)); err != nil {
		return err
	}
	disk.SyncDir(filepath.Dir(d.at.blob(d.file)))
	return os.Rename(d.at.journal(d.file), d.at.chunks(d.file))
}
