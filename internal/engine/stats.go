package engine

// Stats are figures of an engine: two that move, and counts since it began.
type Stats struct {
	Running, Waiting int

	Steps     int
	Read      int // tokens of prompts, and of what had to be read again
	Cached    int // tokens of prompts that did not have to be read
	Generated int
	Ended     int // requests
	Left      int // of these, their callers had gone
	PutBack   int // times that a sequence had to give its room to others

	KVBytes int64 // taken or promised
	KVLimit int64 // most of these; 0: no limit
}

// Stats gives the figures of now.
func (e *Engine) Stats() Stats {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := e.stats
	s.Waiting = e.waiting // beside a step requests arrive
	s.KVLimit = e.memory
	return s
}
