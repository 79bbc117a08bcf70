package egress

import "fmt"

// OfflineError is a connection that was not made because there are to be none.
type OfflineError struct {
	Host    string
	Purpose string
	By      string // what forbids it: "--offline", "OSSIAN_OFFLINE"
}

func (e *OfflineError) Error() string {
	return fmt.Sprintf("%s would connect to %s, but %s forbids connections; leave it out to allow this one", e.Purpose, e.Host, e.By)
}

// Final says that another try meets the same answer.
func (*OfflineError) Final() bool { return true }

// PrivateError is an address that a fetch steered from outside may not reach.
type PrivateError struct {
	Host string
	Addr string // "" where the host is a number in disguise
}

func (e *PrivateError) Error() string {
	if e.Addr == "" {
		return fmt.Sprintf("%s is neither a name nor a plainly written address; write it as 192.0.2.1", e.Host)
	}
	return fmt.Sprintf("%s is at %s, inside this machine or its network; a page or a model may only lead to public addresses", e.Host, e.Addr)
}

// Final says that another try meets the same answer.
func (*PrivateError) Final() bool { return true }

// LogError is a connection that was not made because it could not be written down.
type LogError struct {
	Path string
	Err  error
}

func (e *LogError) Error() string {
	return fmt.Sprintf("the log of connections %s cannot be written, so none is made: %v; make it writable, or set OSSIAN_HOME to a folder that is", e.Path, e.Err)
}

// Final says that another try meets the same answer.
func (*LogError) Final() bool { return true }

func (e *LogError) Unwrap() error { return e.Err }
