package grammar

// items is a set of items, emptied often: a hash table whose slots carry the round in
// which they were filled.
type items struct {
	slots []slot
	round uint32
	used  int
}

type slot struct {
	item
	round uint32
}

func (s *items) clear() {
	s.round++
	s.used = 0
	if s.round == 0 || s.slots == nil { // wrapped round, once in a blue moon
		s.slots = make([]slot, max(64, len(s.slots)))
		s.round = 1
	}
}

// add reports whether the item was not there.
func (s *items) add(it item) bool {
	if 2*s.used >= len(s.slots) {
		s.grow()
	}
	i := s.place(it)
	if s.slots[i].round == s.round {
		return false
	}
	s.slots[i] = slot{it, s.round}
	s.used++
	return true
}

func (s *items) place(it item) uint32 {
	h := (it.state ^ uint64(it.stack)<<32 ^ it.state>>29) * 0x9E3779B97F4A7C15
	for i := uint32(h >> 32); ; i++ {
		i &= uint32(len(s.slots) - 1)
		if s.slots[i].round != s.round || s.slots[i].item == it {
			return i
		}
	}
}

func (s *items) grow() {
	old := s.slots
	s.slots = make([]slot, 2*len(old))
	for _, o := range old {
		if o.round == s.round {
			s.slots[s.place(o.item)] = o
		}
	}
}
