package engine

import (
	"errors"
	"io"
)

// ErrRunning says that what is kept can be saved or restored only while no request runs.
var ErrRunning = errors.New("engine: requests are running; wait until they have ended")

// Save writes what is kept for later requests, the latest used of it, up to most bytes of keys and values. Owner names
// the model and all settings that its numbers depend on: Restore takes nothing from another.
func (e *Engine) Save(to io.Writer, owner string, most int64) error {
	return e.still(func() error { return e.s.cache.Save(to, owner, most) })
}

// Restore takes in what Save wrote, as far as there is room, each block checked before it is used. An error is a
// *kv.FileError and says what is missing; the engine works all the same.
func (e *Engine) Restore(from io.Reader, owner string) error {
	return e.still(func() error { return e.s.cache.Restore(from, owner) })
}

// Close lets go of all that is kept. None may run.
func (e *Engine) Close() error {
	return e.still(func() error { e.s.cache.Clear(); return nil })
}

// still does something with the cache while nobody runs, and keeps it so.
func (e *Engine) still(do func() error) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.alive {
		return ErrRunning
	}
	if e.s.cache == nil {
		return nil
	}
	return do()
}
