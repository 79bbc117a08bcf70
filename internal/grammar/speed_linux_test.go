package grammar

import (
	"syscall"
	"testing"
	"time"
)

// used is the processor time of this thread: what others do to the machine is not in it.
func used() time.Duration {
	var u syscall.Rusage
	const thread = 1 // RUSAGE_THREAD
	if syscall.Getrusage(thread, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func BenchmarkVocabulary(b *testing.B) {
	tok := tokens()
	b.ResetTimer()
	t0 := used()
	for range b.N {
		NewVocabulary(tok, vocabSize)
	}
	b.ReportMetric(float64((used()-t0).Milliseconds())/float64(b.N), "cpu-ms")
	v := vocabulary()
	b.ReportMetric(float64(len(v.all.Nodes)), "nodes")
	b.ReportMetric(float64(len(v.awkward.Nodes)), "awkward")
	b.ReportMetric(float64(len(v.plain)), "plain")
}
