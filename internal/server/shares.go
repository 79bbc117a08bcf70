package server

import (
	"net/http"
	"sync"
	"time"

	"ossian/internal/keys"
	"ossian/internal/openai"
)

// shares keeps count of what each key uses. Allowances refill steadily: a key that has
// used its minute's worth may come again as soon as there is some left.
type shares struct {
	now func() time.Time
	mu  sync.Mutex
	of  map[string]*share
}

type share struct {
	running  int
	requests bucket
	tokens   bucket
}

// bucket is an allowance; it may be overdrawn, because tokens are counted afterwards.
type bucket struct {
	left float64
	at   time.Time
}

func newShares(now func() time.Time) *shares { return &shares{now: now, of: map[string]*share{}} }

// refill adds what has come since the last look. It returns how long until there is something.
func (b *bucket) refill(now time.Time, perMinute int) (wait time.Duration) {
	rate := float64(perMinute) / 60
	if b.at.IsZero() {
		b.left = float64(perMinute)
	} else {
		b.left = min(float64(perMinute), b.left+now.Sub(b.at).Seconds()*rate)
	}
	b.at = now
	if b.left >= 1 {
		return 0
	}
	return time.Duration((1 - b.left) / rate * float64(time.Second))
}

// begin takes a request's place in the shares of its key. done gives it back and
// counts its tokens.
func (s *shares) begin(k keys.Key) (done func(tokens int), _ *failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sh := s.of[k.ID]
	if sh == nil {
		sh = &share{}
		s.of[k.ID] = sh
	}
	refuse := func(wait time.Duration, code, format string, args ...any) (func(int), *failure) {
		f := failed(http.StatusTooManyRequests, openai.TypeRate, code, "", format, args...)
		f.retry = max(wait, time.Second)
		return nil, f
	}
	now := s.now()
	if k.Concurrent > 0 && sh.running >= k.Concurrent {
		return refuse(time.Second, "rate_limit_exceeded", "this key may have %d requests at once", k.Concurrent)
	}
	if k.TokensPerMinute > 0 {
		if wait := sh.tokens.refill(now, k.TokensPerMinute); wait > 0 {
			return refuse(wait, "rate_limit_exceeded", "this key may use %d tokens a minute", k.TokensPerMinute)
		}
	}
	if k.RequestsPerMinute > 0 {
		if wait := sh.requests.refill(now, k.RequestsPerMinute); wait > 0 {
			return refuse(wait, "rate_limit_exceeded", "this key may send %d requests a minute", k.RequestsPerMinute)
		}
		sh.requests.left--
	}
	sh.running++
	return func(tokens int) {
		s.mu.Lock()
		defer s.mu.Unlock()
		sh.running--
		sh.tokens.left -= float64(tokens)
	}, nil
}

// spend counts tokens of a request that has ended before its work.
func (s *shares) spend(key string, tokens int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sh := s.of[key]; sh != nil {
		sh.tokens.left -= float64(tokens)
	}
}
