package engine

import (
	"cmp"
	"slices"
)

// output is what a generated token weighs beside one of a prompt: it takes a step, though others share that.
const output = 4

// queue holds the requests that wait. Who comes next is decided between keys by what each has been given,
// and within a key by arrival. (Sheng et al., Fairness in Serving Large Language Models, 2024: virtual token counters.)
type queue struct {
	tenants map[string]*tenant
	floor   float64 // what the key that was let in last had been given
	waiting []*sequence
	moved   bool // the order changed since it was told
}

// tenant is a key with its requests.
type tenant struct {
	key    string
	served float64 // tokens it has been given, weighed
	live   int     // requests that wait or run
	turns  int     // scratch of sort
	dealt  bool    // and of deal
}

// arrive lets a request wait. A key that had nothing to do does not save up: it begins where
// the others are.
func (u *queue) arrive(q *sequence) {
	t := u.tenants[q.req.Key]
	if t == nil {
		t = &tenant{key: q.req.Key}
		u.tenants[q.req.Key] = t
	}
	if t.live == 0 {
		t.served = max(t.served, u.floor)
	}
	t.live++
	q.tenant = t
	u.waiting = append(u.waiting, q)
	u.moved = true
}

// back puts a sequence that had to drop its keys and values before all others of its key.
func (u *queue) back(q *sequence) {
	u.waiting = append(u.waiting, q)
	u.moved = true
}

// leave counts a request as over. Keys without requests are forgotten once they would begin at the floor anyway.
func (u *queue) leave(q *sequence) {
	if i := slices.Index(u.waiting, q); i >= 0 {
		u.waiting = slices.Delete(u.waiting, i, i+1)
		u.moved = true
	}
	q.tenant.live--
	for key, t := range u.tenants {
		if t.live == 0 && t.served <= u.floor {
			delete(u.tenants, key)
		}
	}
}

// next is the request to let in, behind so many that cannot be; nil if there is none.
func (u *queue) next(at int) *sequence {
	if at >= len(u.waiting) {
		return nil
	}
	u.sort()
	return u.waiting[at]
}

// admit takes a request out of the queue.
func (u *queue) admit(q *sequence) {
	u.floor = max(u.floor, q.tenant.served)
	i := slices.Index(u.waiting, q)
	u.waiting = slices.Delete(u.waiting, i, i+1)
	u.moved = true
}

// sort brings the queue into the order in which requests would be let in if each key were given the same from
// now on: first requests of every key, the one that was given least in front, then the second ones.
func (u *queue) sort() {
	slices.SortFunc(u.waiting, func(a, b *sequence) int { return cmp.Compare(a.order, b.order) })
	for _, q := range u.waiting {
		q.tenant.turns = 0
	}
	for _, q := range u.waiting {
		q.turn = q.tenant.turns
		q.tenant.turns++
	}
	slices.SortStableFunc(u.waiting, func(a, b *sequence) int {
		return cmp.Or(cmp.Compare(a.turn, b.turn), cmp.Compare(a.tenant.served, b.tenant.served))
	})
}

// tell gives every waiting request its place, if places changed.
func (u *queue) tell() {
	if !u.moved {
		return
	}
	u.moved = false
	u.sort()
	for i, q := range u.waiting {
		if q.place != i+1 {
			q.place = i + 1
			q.news.queued(Event{Queue: i + 1, PromptTokens: len(q.req.Prompt)})
		}
	}
}
