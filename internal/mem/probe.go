package mem

// PeakRSS is the most memory the process has held in RAM so far; ok is false where
// the system does not say.
func PeakRSS() (bytes int64, ok bool) { return peakRSS() }

// Available is the memory that can still be taken without swapping or being killed:
// what the system calls available, and no more than what a control group has left.
// ok is false where the system does not say.
func Available() (bytes int64, ok bool) { return available() }
