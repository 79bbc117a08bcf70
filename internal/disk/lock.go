package disk

import "errors"

// ErrLocked is a lock that another process holds.
var ErrLocked = errors.New("another process holds the lock")
