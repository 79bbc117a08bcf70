package egress

import (
	"net"
	"sync"
	"sync/atomic"
)

// counted is a connection that writes down what went through it when it is closed.
type counted struct {
	net.Conn
	sent, received atomic.Int64
	entry          Entry
	guard          *Guard
	once           sync.Once
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.received.Add(int64(n))
	return n, err
}

func (c *counted) Write(p []byte) (int, error) {
	c.sent.Add(int64(len(p))) // before, because the answer may be here and the connection closed before Write returns
	n, err := c.Conn.Write(p)
	c.sent.Add(int64(n - len(p)))
	return n, err
}

func (c *counted) Close() error {
	c.once.Do(func() {
		e := c.entry
		e.Event, e.Sent, e.Received = Closed, c.sent.Load(), c.received.Load()
		_ = c.guard.log.write(e) // it is closed either way, and was written down when it was made
		c.guard.mu.Lock()
		delete(c.guard.open, c) // last, so that Guard.Close waits for the line
		c.guard.mu.Unlock()
	})
	return c.Conn.Close()
}
