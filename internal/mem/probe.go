package mem

// PeakRSS is the most memory the process has held in RAM so far; ok is false where
// the system does not say.
func PeakRSS() (bytes int64, ok bool) { return peakRSS() }

// Available is the memory that can still be taken without swapping or being killed:
// what the system calls available, and no more than what a control group has left.
// ok is false where the system does not say.
func Available() (bytes int64, ok bool) { return available() }

// Survey is what a machine has and what bounds a process on it; zeros are not known.
type Survey struct {
	Total     int64  // the machine's memory
	Available int64  // as Available says
	Limit     int64  // the smallest limit of the control groups that the process is in
	Limited   bool   // that limit, not the machine, is what bounds Available
	HugePages string // the system's policy: always, madvise or never
}

// Look makes a Survey.
func Look() Survey { return look() }
