package mem

// Holder is a program and the memory that ending it would free, over all its processes.
type Holder struct {
	Name  string `json:"name"`
	Bytes int64  `json:"bytes"`
}

// Holders are the programs that hold most, this one left out; at most n, and none where the
// system does not say.
func Holders(n int) []Holder { return holders(n) }
