package cli

import (
	"testing"

	"ossian/internal/mem"
)

func TestBestOffer(t *testing.T) {
	for available, want := range map[int64]string{0: "", 8e9: "", 15e9: "gpt-oss-20b", 90e9: "gpt-oss-120b"} {
		w := newWorld(t, "", "")
		w.survey = func() mem.Survey { return mem.Survey{Available: available} }
		probed := false
		w.prober = func(int) (prober, error) { probed = true; return &gauge{}, nil }
		o, ok := w.bestOffer()
		if o.Name != want && w.machine(0).Disk > 100e9 || ok != (o.Name != "") {
			t.Errorf("%d bytes: %+v", available, o)
		}
		if ok && (o.Rate.First <= 0 || o.Context < 2048 || o.Bytes < 1e10) || ok != probed {
			t.Errorf("%+v, probed: %v", o, probed)
		}
	}
}
