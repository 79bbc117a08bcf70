package plan

import "fmt"

// Machine is what a plan must fit into. Zeros are for what is not known.
type Machine struct {
	Available int64  // memory that can be taken now; 0: not known, and everything fits
	Within    string // what bounds Available, for people: "are free", "are left of the container's limit of 8 GB"
	Limited   bool   // by a container, not by the machine
	Disk      int64  // free where models are kept

	Read     float64 // bytes a second from memory
	Int8     float64 // operations a second on 8-bit integers
	F32      float64 // and on float32
	DiskRead float64 // bytes a second from the files
	Threads  int     // of the team
}

// gb is a size as the program writes it everywhere.
func gb(n int64) string {
	if n < 999_500_000 {
		return fmt.Sprintf("%.0f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.2f GB", float64(n)/1e9)
}
